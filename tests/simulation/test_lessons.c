/* What an answer teaches of a usage point, and what is asked after that: floors, absence, refusals (docs/design.md,
 * Floors and Retries). */
#include "desk.h"

#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE

static releve_day accepted_from; /* upstream accepts ranges that begin then */

static enum releve_verdict judge(const struct sending *sending)
{
    return sending->span.first < accepted_from ? RELEVE_BEFORE_ACTIVATION : RELEVE_DATA;
}

static const struct releve_lesson *last_lesson(enum releve_lesson_type type)
{
    for (size_t i = desk.lessons_count; i-- > 0;)
        if (desk.lessons[i].type == type)
            return &desk.lessons[i];
    return NULL;
}

/* The store knows the days from `first` on. */
static void know_days_from(releve_day first)
{
    releve_coverage_init(&desk.known, (struct releve_span){first, TODAY});
    releve_coverage_replace(&desk.known, desk.known.span, RELEVE_DAY_MISSING, RELEVE_DAY_COMPLETE);
}

/* --- an activation ---------------------------------------------------------------------------------------------- */

static struct releve_point_facts doubtful;

static void doubt_what_lies_before(releve_day first)
{
    doubtful = releve_facts_unknown;
    doubtful.directions[RELEVE_CONSUMPTION].activation = (struct releve_floor){first - 1, first, .doubted = true};
    desk.facts = &doubtful;
    know_days_from(first);
}

static void test_a_doubted_activation_costs_one_request_where_it_still_holds(void **state)
{
    (void)state;
    doubt_what_lies_before(TODAY - 50);
    accepted_from = TODAY - 50;
    desk.judge = judge;
    desk_submit(1, CURVE, TODAY - 80, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 1);
    assert_int_equal(desk.results[0].complete, 50);
    assert_int_equal(desk.results[0].cut, 30);
    assert_non_null(last_lesson(RELEVE_LESSON_ACTIVATION)); /* it is believed again */
}

static void test_a_doubted_activation_that_is_gone_cuts_nothing_any_more(void **state)
{
    (void)state;
    doubt_what_lies_before(TODAY - 50);
    accepted_from = TODAY - 1000;
    desk.judge = judge;
    desk_submit(1, CURVE, TODAY - 80, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results[0].complete, 80);
    assert_int_equal(desk.results[0].cut, 0);
    const struct releve_lesson *lesson = last_lesson(RELEVE_LESSON_ACTIVATION);
    assert_non_null(lesson);
    assert_int_equal(lesson->floor.after, RELEVE_DAY_NONE);
}

/* A refresh asks before the activation all the same, and what it finds there is kept. */
static void test_a_refresh_that_is_answered_takes_an_activation_back(void **state)
{
    (void)state;
    doubt_what_lies_before(TODAY - 50);
    doubtful.directions[RELEVE_CONSUMPTION].activation.doubted = false;
    desk_submit_job(&(struct releve_job){
        .prm = FIRST_PRM, .kind = CURVE, .span = {TODAY - 80, TODAY}, .refresh = true, .id = "a-job"});
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results[0].complete, 80);
    assert_non_null(last_lesson(RELEVE_LESSON_ACTIVATION));
    assert_int_equal(last_lesson(RELEVE_LESSON_ACTIVATION)->floor.after, RELEVE_DAY_NONE);
}

/* Two answers contradict each other: the later one counts, for all kinds of the direction. */
static void test_a_wider_answer_takes_an_activation_back_in_the_same_run(void **state)
{
    (void)state;
    know_days_from(TODAY - 14);
    desk_submit(1, CURVE, TODAY - 42, TODAY, RELEVE_NORMAL);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 42, TODAY, RELEVE_LOW);
    desk_get_token();
    const struct sending *newer = desk_grant(0), *older = desk_grant(0);
    assert_int_equal(newer->span.first, TODAY - 21);
    assert_int_equal(older->span.first, TODAY - 28);
    desk_answer(newer, RELEVE_BEFORE_ACTIVATION);
    assert_int_equal(last_lesson(RELEVE_LESSON_ACTIVATION)->floor.after, TODAY - 21);
    desk_answer(older, RELEVE_DATA);
    assert_int_equal(last_lesson(RELEVE_LESSON_ACTIVATION)->floor.after, RELEVE_DAY_NONE);
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(desk.results[i].complete, 42);
        assert_int_equal(desk.results[i].cut, 0);
    }
}

static size_t spurious; /* the number of the request that is refused by mistake */

static enum releve_verdict one_mistake(const struct sending *sending)
{
    (void)sending;
    return desk.sends_count == spurious ? RELEVE_BEFORE_ACTIVATION : RELEVE_DATA;
}

/* It would cut all that is older, for 30 days. */
static void test_one_wrong_refusal_cuts_nothing(void **state)
{
    static const enum releve_kind kinds[] = {CURVE, RELEVE_DAILY_CONSUMPTION};
    for (size_t i = 0; i < 2; i++) {
        for (spurious = 1; spurious <= 4; spurious++) {
            (void)desk_close(state);
            (void)desk_open(state);
            desk.judge = one_mistake;
            desk_submit(1, kinds[i], TODAY - 700, TODAY, RELEVE_NORMAL);
            desk_get_token();
            desk_serve(SENDS_MAX);
            assert_int_equal(desk.results_count, 1);
            assert_int_equal(desk.results[0].complete, 700);
            assert_int_equal(desk.results[0].cut, 0);
        }
    }
}

/* --- a direction that is not there, or refused ----------------------------------------------------------------- */

/* Consumption keeps the usage point at hand while its production is asked again and again. */
static void test_a_direction_that_is_not_there_is_asked_once_and_learned(void **state)
{
    (void)state;
    desk_submit(1, CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    desk_get_token();
    desk_serve(1);
    accepted_from = TODAY + 1;
    desk.judge = judge;
    desk_submit(1, RELEVE_DAILY_PRODUCTION, TODAY - 100, TODAY, RELEVE_HIGH);
    desk_serve(2); /* the range, and the newest day alone */
    assert_int_equal(desk.results_count, 1);
    assert_non_null(last_lesson(RELEVE_LESSON_ABSENT));
    assert_null(last_lesson(RELEVE_LESSON_REFUSED));
    size_t sends = desk.sends_count;
    desk_submit(1, RELEVE_PRODUCTION_LOAD_CURVE, TODAY - 100, TODAY, RELEVE_HIGH);
    desk_submit(1, RELEVE_DAILY_PRODUCTION, TODAY - 50, TODAY - 10, RELEVE_HIGH);
    assert_int_equal(desk.results_count, 3);
    assert_int_equal(desk.sends_count, sends);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(desk.results[i].state, RELEVE_JOB_NOT_APPLICABLE);
}

static void test_a_refused_direction_is_asked_once_and_the_other_for_itself(void **state)
{
    (void)state;
    desk_submit(1, CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    desk_get_token();
    desk_serve(1);
    desk_submit(1, RELEVE_DAILY_PRODUCTION, TODAY - 100, TODAY, RELEVE_HIGH);
    desk_answer(desk_grant(0), RELEVE_DIRECTION_REFUSED);
    assert_non_null(last_lesson(RELEVE_LESSON_REFUSED));
    size_t sends = desk.sends_count;
    desk_submit(1, RELEVE_PRODUCTION_LOAD_CURVE, TODAY - 100, TODAY, RELEVE_HIGH);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.sends_count, sends);
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 3);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_FAILED);
    assert_int_equal(desk.results[1].state, RELEVE_JOB_FAILED);
    assert_int_equal(desk.results[2].complete, 700);
}

static void test_an_unknown_usage_point_is_asked_once_over_all_its_kinds(void **state)
{
    (void)state;
    desk_submit(2, CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    desk_get_token();
    desk_submit(1, RELEVE_DAILY_PRODUCTION, TODAY - 100, TODAY, RELEVE_HIGH);
    desk.silent_store = true;
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY, RELEVE_HIGH);
    desk_answer(desk_grant(0), RELEVE_POINT_REFUSED);
    assert_non_null(last_lesson(RELEVE_LESSON_UNKNOWN));
    size_t sends = desk.sends_count;
    struct releve_coverage nothing;
    releve_coverage_init(&nothing, (struct releve_span){TODAY - 100, TODAY});
    desk_step((struct releve_event){
        .type = RELEVE_EVENT_KNOWN, .handle = desk.begun, .coverage = &nothing, .facts = &releve_facts_unknown});
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.sends_count, sends);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(desk.results[i].state, RELEVE_JOB_FAILED);
}

/* The consent was revoked between two requests: what was answered before it says nothing against the refusal. */
static void test_an_older_answer_does_not_take_a_refusal_back(void **state)
{
    (void)state;
    know_days_from(TODAY - 14);
    desk_submit(1, CURVE, TODAY - 42, TODAY, RELEVE_NORMAL);
    desk_get_token();
    const struct sending *first = desk_grant(0), *second = desk_grant(0);
    desk_answer(second, RELEVE_DIRECTION_REFUSED);
    desk_answer(first, RELEVE_DATA);
    assert_null(last_lesson(RELEVE_LESSON_REFUTED));
    size_t sends = desk.sends_count;
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, sends);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_PARTIAL);
    assert_int_equal(desk.results[0].complete, 14 + 7);
}

static void test_a_refresh_asks_what_was_refused_and_takes_it_back(void **state)
{
    (void)state;
    static struct releve_point_facts refused;
    refused = releve_facts_unknown;
    refused.directions[RELEVE_CONSUMPTION].standing = RELEVE_STANDING_REFUSED;
    desk.facts = &refused;
    desk_submit(1, CURVE, TODAY - 7, TODAY, RELEVE_NORMAL);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_FAILED);
    desk_submit_job(&(struct releve_job){
        .prm = FIRST_PRM, .kind = CURVE, .span = {TODAY - 7, TODAY}, .refresh = true, .id = "a-job"});
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.results[1].complete, 7);
    assert_non_null(last_lesson(RELEVE_LESSON_REFUTED));
}

/* "No such kind" is an answer too: whoever refused before does not any more. */
static void test_a_kind_that_is_not_there_takes_a_refusal_back(void **state)
{
    (void)state;
    static struct releve_point_facts refused;
    refused = releve_facts_unknown;
    refused.directions[RELEVE_PRODUCTION].standing = RELEVE_STANDING_REFUSED;
    desk.facts = &refused;
    desk_submit_job(&(struct releve_job){
        .prm = FIRST_PRM, .kind = RELEVE_DAILY_PRODUCTION, .span = {TODAY - 7, TODAY}, .refresh = true, .id = "a-job"});
    desk_get_token();
    desk_answer(desk_grant(0), RELEVE_NOT_APPLICABLE);
    assert_int_equal(desk.lessons_count, 2);
    assert_int_equal(desk.lessons[0].type, RELEVE_LESSON_REFUTED);
    assert_int_equal(desk.lessons[1].type, RELEVE_LESSON_NO_KIND);
}

static void test_data_take_it_back_that_there_is_no_such_kind(void **state)
{
    (void)state;
    know_days_from(TODAY - 14);
    desk_submit(1, CURVE, TODAY - 42, TODAY, RELEVE_NORMAL);
    desk_get_token();
    const struct sending *first = desk_grant(0), *second = desk_grant(0);
    desk_answer(first, RELEVE_NOT_APPLICABLE);
    assert_non_null(last_lesson(RELEVE_LESSON_NO_KIND));
    desk_answer(second, RELEVE_DATA);
    assert_non_null(last_lesson(RELEVE_LESSON_REFUTED));
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 42);
}

/* An ordinary job beside it brings what the store has, which the refresh does not believe. */
static void test_a_refresh_is_not_undone_by_a_job_beside_it(void **state)
{
    (void)state;
    doubt_what_lies_before(TODAY - 50);
    doubtful.directions[RELEVE_CONSUMPTION].activation.doubted = false;
    desk_submit(1, CURVE, TODAY - 60, TODAY, RELEVE_NORMAL); /* loads the floor */
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 3, TODAY, RELEVE_LOW);
    desk_submit_job(&(struct releve_job){
        .prm = FIRST_PRM + 1, .kind = CURVE, .span = {TODAY - 200, TODAY}, .refresh = true, .id = "refresh"});
    desk_submit(1, CURVE, TODAY - 61, TODAY, RELEVE_NORMAL);
    if (desk.asked[0])
        desk_get_token();
    desk_serve_to_the_end();
    for (size_t i = 0; i < desk.results_count; i++)
        if (desk.results[i].job.refresh)
            assert_int_equal(desk.results[i].complete, 200);
    assert_int_equal(desk.results_count, 4);
}

static enum releve_verdict always_too_long(const struct sending *sending)
{
    (void)sending;
    return RELEVE_TOO_LONG;
}

static enum releve_verdict always_too_recent(const struct sending *sending)
{
    (void)sending;
    return RELEVE_END_TOO_RECENT;
}

static enum releve_verdict always_beyond_history(const struct sending *sending)
{
    (void)sending;
    return RELEVE_BEYOND_HISTORY;
}

/* What is said of every range says nothing: it ends, and not as a success. */
static void test_a_refusal_that_makes_no_sense_is_a_failure(void **state)
{
    static enum releve_verdict (*const judges[])(const struct sending *) = {always_too_long, always_too_recent,
                                                                            always_beyond_history};
    for (size_t i = 0; i < 3; i++) {
        const struct releve_core_options options = {
            .concurrency = 16, .days_min = 1, .buckets_count = 1, .seed = 1, .queued = true, .patient = true};
        (void)desk_close(state);
        desk_open_with(&options);
        desk.judge = judges[i];
        desk_submit(1, CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
        desk_get_token();
        desk_serve_to_the_end();
        assert_int_equal(desk.results_count, 1);
        assert_true(desk.results[0].failed > 0);
        assert_in_range(desk.sends_count, 1, 1 + RELEVE_SICK_REQUESTS_MAX + 1);
    }
}

static void test_nothing_is_sent_while_redis_takes_no_days(void **state)
{
    (void)state;
    static const struct releve_error full = {.code = RELEVE_E_REDIS, .text = "OOM"};
    desk.slow_store = true;
    for (unsigned point = 1; point <= 3; point++)
        desk_submit(point, CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_answer(desk_grant(0), RELEVE_DATA);
    assert_true(desk.asked[0]);
    desk_step((struct releve_event){.type = RELEVE_EVENT_STORED, .handle = desk.storing, .error = &full});
    assert_null(desk_grant(0)); /* asked for before the refusal */
    assert_int_equal(desk.returns, 1);
    assert_false(desk.asked[0]);
    desk.now += RELEVE_WRITE_AGAIN_MS; /* they are written again: it is not known yet whether they stand */
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    assert_false(desk.asked[0]);
    desk_step((struct releve_event){.type = RELEVE_EVENT_STORED, .handle = desk.storing});
    assert_true(desk.asked[0]);
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

/* Yesterday waits; what was refused at night is asked in the morning. */
static void test_an_end_that_is_too_recent_is_asked_again_in_the_morning(void **state)
{
    (void)state;
    desk.civil = releve_paris_midnight(TODAY) + RELEVE_HOUR_MS;
    know_days_from(TODAY - 30);
    releve_coverage_set(&desk.known, TODAY - 1, RELEVE_DAY_MISSING);
    releve_coverage_set(&desk.known, TODAY - 2, RELEVE_DAY_MISSING);
    desk_submit(1, CURVE, TODAY - 30, TODAY, RELEVE_NORMAL);
    desk_submit(2, CURVE, TODAY - 30, TODAY, RELEVE_LOW);
    desk_get_token();
    desk_answer(desk_grant(0), RELEVE_END_TOO_RECENT);
    const struct sending *without = desk_grant(0);
    assert_int_equal(without->span.end, TODAY - 1);
    desk_answer(without, RELEVE_DATA);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].pending, 1);
    desk.civil = releve_paris_midnight(TODAY) + 9 * RELEVE_HOUR_MS;
    desk_submit(3, CURVE, TODAY - 30, TODAY, RELEVE_HIGH);
    assert_int_equal(desk_grant(0)->span.end, TODAY);
}

/* Such an answer has been gone the next day: a job that looks at the last days cannot know. */
static void test_a_job_of_the_last_days_does_not_conclude_that_there_is_nothing(void **state)
{
    (void)state;
    accepted_from = TODAY + 1;
    desk.judge = judge;
    desk_submit(1, CURVE, TODAY - RELEVE_SETTLED_DAYS, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_in_range(desk.results[0].pending, 1, RELEVE_SETTLED_DAYS);
    assert_null(last_lesson(RELEVE_LESSON_ABSENT));
}

static void test_a_direction_with_days_is_there_whatever_its_newest_day_says(void **state)
{
    (void)state;
    releve_coverage_init(&desk.known, (struct releve_span){TODAY - 90, TODAY});
    releve_coverage_replace(&desk.known, (struct releve_span){TODAY - 90, TODAY - 3}, RELEVE_DAY_MISSING,
                            RELEVE_DAY_COMPLETE);
    accepted_from = TODAY + 1;
    desk.judge = judge;
    desk_submit(1, CURVE, TODAY - 120, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_PARTIAL);
    assert_int_equal(desk.results[0].complete, 87);
    assert_int_equal(desk.results[0].pending, 3);
    assert_int_equal(desk.results[0].failed, 30); /* of them nobody knows: they are not "not yet" */
    assert_null(last_lesson(RELEVE_LESSON_ABSENT));
}

static enum releve_reading_state read_three_days(releve_day day)
{
    return (day + 1) % 7 < 3 ? RELEVE_READING_UNSAID : RELEVE_READING_USABLE;
}

static void test_of_a_day_that_an_answer_leaves_out_nothing_is_known_but_that_a_young_one_is_not_there_yet(void **state)
{
    (void)state;
    desk.read = read_three_days;
    desk_submit(1, CURVE, TODAY - 28, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, 16);
    assert_int_equal(desk.results[0].failed + desk.results[0].pending, 12);
    assert_int_equal(desk.results[0].holes, 0);
    int young = 0;
    for (releve_day day = TODAY - RELEVE_SETTLED_DAYS; day < TODAY; day++)
        young += read_three_days(day) == RELEVE_READING_UNSAID;
    assert_int_equal(desk.results[0].pending, young);
}

/* Of three days one is said, and that cannot be true. */
static void answer_with_nonsense(const struct sending *sending)
{
    const struct releve_reading reading = {.day = sending->span.first, .state = RELEVE_READING_UNUSABLE};
    const struct releve_answer answer = {.verdict = RELEVE_DATA,
                                         .reason = {.code = "bad-body", .text = "a text"},
                                         .retry_after_ms = RELEVE_RETRY_UNKNOWN,
                                         .readings = &reading,
                                         .readings_count = 1};
    desk_step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &answer});
}

static void test_where_nothing_makes_sense_no_day_is_a_hole(void **state)
{
    (void)state;
    desk_submit(1, CURVE, TODAY - 60, TODAY - 57, RELEVE_NORMAL);
    desk_get_token();
    for (int i = 0; i < RELEVE_SPOILED_TRIES_MAX; i++) {
        answer_with_nonsense(desk_grant(0));
        desk.now += RELEVE_BACKOFF_MAX_MS;
        desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].holes, 0);
    assert_int_equal(desk.results[0].failed, 3);
    assert_int_equal(desk.sends_count, RELEVE_SPOILED_TRIES_MAX);
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, desk_open, desk_close)
    const struct CMUnitTest tests[] = {
        LAW(test_a_doubted_activation_costs_one_request_where_it_still_holds),
        LAW(test_a_doubted_activation_that_is_gone_cuts_nothing_any_more),
        LAW(test_a_refresh_that_is_answered_takes_an_activation_back),
        LAW(test_a_wider_answer_takes_an_activation_back_in_the_same_run),
        LAW(test_one_wrong_refusal_cuts_nothing),
        LAW(test_a_direction_that_is_not_there_is_asked_once_and_learned),
        LAW(test_a_refused_direction_is_asked_once_and_the_other_for_itself),
        LAW(test_an_older_answer_does_not_take_a_refusal_back),
        LAW(test_an_unknown_usage_point_is_asked_once_over_all_its_kinds),
        LAW(test_a_refresh_asks_what_was_refused_and_takes_it_back),
        LAW(test_a_kind_that_is_not_there_takes_a_refusal_back),
        LAW(test_data_take_it_back_that_there_is_no_such_kind),
        LAW(test_a_refresh_is_not_undone_by_a_job_beside_it),
        LAW(test_a_refusal_that_makes_no_sense_is_a_failure),
        LAW(test_nothing_is_sent_while_redis_takes_no_days),
        LAW(test_an_end_that_is_too_recent_is_asked_again_in_the_morning),
        LAW(test_a_job_of_the_last_days_does_not_conclude_that_there_is_nothing),
        LAW(test_a_direction_with_days_is_there_whatever_its_newest_day_says),
        LAW(test_where_nothing_makes_sense_no_day_is_a_hole),
        LAW(test_of_a_day_that_an_answer_leaves_out_nothing_is_known_but_that_a_young_one_is_not_there_yet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
