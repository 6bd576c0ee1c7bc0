/* What is remembered of a usage point, in a real Redis: by direction, and for its time. */
#include "store_redis.h"

static void learn_floor(enum releve_lesson_type type, enum releve_kind kind, releve_day after, releve_day first)
{
    learn(
        &(struct releve_lesson){
            .type = type, .kind = kind, .span = {after, after + 7}, .floor = {.after = after, .first = first}},
        NOW);
}

static void learn_reason(enum releve_lesson_type type, enum releve_kind kind, const char *code, const char *text)
{
    struct releve_lesson lesson = {.type = type, .kind = kind, .span = {20700, 20707}};
    releve_reason_set(&lesson.reason, code, text);
    learn(&lesson, NOW);
}

static void test_what_was_learned_of_one_direction_says_nothing_of_the_other(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 8, 1);
    learn_floor(RELEVE_LESSON_ACTIVATION, RELEVE_DAILY_PRODUCTION, day, RELEVE_DAY_NONE);
    learn_reason(RELEVE_LESSON_REFUSED, RELEVE_DAILY_PRODUCTION, "ADAM-DC-0008", "no consent");
    struct releve_job job = job_of("", day, day + 2);
    struct answer answer = begin(&job, NOW);
    const struct releve_direction_facts *consumption = &answer.facts.directions[RELEVE_CONSUMPTION];
    const struct releve_direction_facts *production = &answer.facts.directions[RELEVE_PRODUCTION];
    assert_int_equal(production->activation.after, day);
    assert_int_equal(production->standing, RELEVE_STANDING_REFUSED);
    assert_string_equal(production->reason.code, "ADAM-DC-0008");
    assert_string_equal(production->reason.text, "no consent");
    assert_int_equal(consumption->activation.after, RELEVE_DAY_NONE);
    assert_int_equal(consumption->standing, RELEVE_STANDING_OPEN);
    assert_int_equal(releve_facts_standing(&answer.facts, CURVE, NULL), RELEVE_STANDING_OPEN);
    expect("HGET t:point:{12345678901234} production:activation_from", "daily_production 2026-08-01 2026-08-08");
    expect("HGET t:point:{12345678901234} production:refused_from", "daily_production 2026-09-04 2026-09-11");
}

static void test_what_was_learned_holds_for_its_time_and_no_longer(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 8, 1);
    learn_floor(RELEVE_LESSON_ACTIVATION, CURVE, day, day + 1);
    learn_floor(RELEVE_LESSON_CONSENT, CURVE, day + 20, RELEVE_DAY_NONE);
    learn_reason(RELEVE_LESSON_NO_KIND, CURVE, "ADAM-ERR0075", "objected: no curve");
    learn_reason(RELEVE_LESSON_REFUSED, CURVE, "ADAM-DC-0008", "no consent");
    learn_reason(RELEVE_LESSON_ABSENT, RELEVE_DAILY_PRODUCTION, "ADAM-ERR0123", "before");
    learn_reason(RELEVE_LESSON_UNKNOWN, CURVE, "STM-ERR-0000019", "unknown");
    struct releve_job job = job_of("", day, day + 2);

    struct answer answer = begin(&job, NOW + 24 * RELEVE_HOUR_MS - RELEVE_SECOND_MS);
    const struct releve_direction_facts *consumption = &answer.facts.directions[RELEVE_CONSUMPTION];
    const struct releve_direction_facts *production = &answer.facts.directions[RELEVE_PRODUCTION];
    assert_int_equal(consumption->activation.after, day);
    assert_int_equal(consumption->activation.first, day + 1);
    assert_int_equal(consumption->consent.after, day + 20);
    assert_int_equal(consumption->consent.first, RELEVE_DAY_NONE);
    assert_int_equal(answer.facts.absent_kinds, RELEVE_KIND_BIT(CURVE));
    assert_string_equal(answer.facts.absent[CURVE].code, "ADAM-ERR0075");
    assert_string_equal(answer.facts.absent[CURVE].text, "objected: no curve");
    assert_int_equal(consumption->standing, RELEVE_STANDING_REFUSED);
    assert_int_equal(production->standing, RELEVE_STANDING_ABSENT);
    assert_true(answer.facts.unknown);
    assert_string_equal(answer.facts.unknown_reason.code, "STM-ERR-0000019");

    answer = begin(&job, NOW + 24 * RELEVE_HOUR_MS);
    assert_false(answer.facts.unknown);
    assert_int_equal(consumption->standing, RELEVE_STANDING_OPEN);
    assert_int_equal(consumption->consent.after, RELEVE_DAY_NONE);
    assert_int_equal(answer.facts.absent_kinds, RELEVE_KIND_BIT(CURVE));
    assert_int_equal(production->standing, RELEVE_STANDING_ABSENT);
    assert_false(consumption->activation.doubted);

    answer = begin(&job, NOW + 30 * 24 * RELEVE_HOUR_MS);
    assert_int_equal(answer.facts.absent_kinds, 0);
    assert_int_equal(production->standing, RELEVE_STANDING_OPEN);
    assert_int_equal(consumption->activation.after, day);
    assert_true(consumption->activation.doubted);
}

static void test_learning_one_thing_leaves_the_others(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 8, 1);
    learn_floor(RELEVE_LESSON_ACTIVATION, CURVE, day, day + 30);
    learn_reason(RELEVE_LESSON_NO_KIND, RELEVE_DAILY_PRODUCTION, "ADAM-ERR0069", "not a producer");
    struct releve_job job = job_of("", day, day + 2);
    struct answer answer = begin(&job, NOW);
    const struct releve_floor *activation = &answer.facts.directions[RELEVE_CONSUMPTION].activation;
    assert_int_equal(activation->first, day + 30);
    assert_int_equal(answer.facts.absent_kinds, RELEVE_KIND_BIT(RELEVE_DAILY_PRODUCTION));
    /* A new floor replaces both ends of the old one: the old first may have become untrue. */
    learn_floor(RELEVE_LESSON_ACTIVATION, CURVE, day + 30, RELEVE_DAY_NONE);
    answer = begin(&job, NOW);
    assert_int_equal(activation->after, day + 30);
    assert_int_equal(activation->first, RELEVE_DAY_NONE);
}

/* A direction that does not exist has no activation either: it was the same answer. */
static void test_an_answer_takes_back_what_was_learned_before(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 8, 1);
    learn_floor(RELEVE_LESSON_ACTIVATION, CURVE, day, RELEVE_DAY_NONE);
    learn_reason(RELEVE_LESSON_ABSENT, CURVE, "ADAM-ERR0123", "before");
    struct releve_job job = job_of("", day, day + 2);
    struct answer answer = begin(&job, NOW);
    assert_int_equal(answer.facts.directions[RELEVE_CONSUMPTION].standing, RELEVE_STANDING_ABSENT);
    assert_int_equal(answer.facts.directions[RELEVE_CONSUMPTION].activation.after, RELEVE_DAY_NONE);
    learn_reason(RELEVE_LESSON_REFUSED, CURVE, "ADAM-DC-0008", "no consent");
    learn_reason(RELEVE_LESSON_NO_KIND, CURVE, "ADAM-ERR0075", "objected");
    learn_reason(RELEVE_LESSON_UNKNOWN, CURVE, "STM-ERR-0000019", "unknown");
    learn_reason(RELEVE_LESSON_REFUTED, CURVE, "", "");
    answer = begin(&job, NOW);
    assert_int_equal(releve_facts_standing(&answer.facts, CURVE, NULL), RELEVE_STANDING_OPEN);
    assert_int_equal(answer.facts.absent_kinds, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(test_what_was_learned_holds_for_its_time_and_no_longer),
        with_store(test_what_was_learned_of_one_direction_says_nothing_of_the_other),
        with_store(test_learning_one_thing_leaves_the_others),
        with_store(test_an_answer_takes_back_what_was_learned_before),
    };
    return run_with_redis(tests);
}
