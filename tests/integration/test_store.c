/* The store against a real Redis: what is written is found again, as other programs are promised it. */
#include <adapters/redis/result_json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_server.h"
#include "store_fixture.h"

#define PRM 12345678901234u
#define NOW ((releve_time)1790755200000) /* 2026-09-30T08:00:00Z */

static struct redis_server server;
static struct store_fixture f;

static int start(void **state)
{
    (void)state;
    redis_server_start(&server, NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    redis_server_end(&server);
    return 0;
}

static int open_store(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "FLUSHALL"));
    fixture_open(&f, server.url, 0);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    return 0;
}

static int close_store(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

static void expect(const char *command, const char *text)
{
    redisReply *reply = redis_server_command(&server, command);
    assert_true(reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
    assert_string_equal(reply->str, text);
    freeReplyObject(reply);
}

static long long integer(const char *command)
{
    redisReply *reply = redis_server_command(&server, command);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}

static struct releve_job job_of(const char *id, releve_day first, releve_day end_)
{
    struct releve_job job = {
        .prm = PRM, .kind = RELEVE_DAILY_CONSUMPTION, .span = {first, end_}, .created_at = NOW - RELEVE_HOUR_MS};
    (void)snprintf(job.id, sizeof job.id, "%s", id);
    return job;
}

static struct answer begin(const struct releve_job *job, releve_time now)
{
    struct answer answer = {.calls = 0};
    releve_store_begin(f.store, job, now, on_known, &answer);
    assert_int_equal(answer.calls, 0);
    await_ok(&f, &answer);
    return answer;
}

#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE

static void put_kind(enum releve_kind kind, const struct releve_day_entry *entries, size_t count)
{
    struct answer answer = {.calls = 0};
    struct releve_day_batch batch = {PRM, kind, "v5", "BRUT", NOW, entries, count, {1, 1}, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, &answer);
    assert_int_equal(answer.calls, 0);
    await_ok(&f, &answer);
}

static void put(const struct releve_day_entry *entries, size_t count)
{
    put_kind(RELEVE_DAILY_CONSUMPTION, entries, count);
}

static void learn(const struct releve_lesson *lesson, releve_time now)
{
    struct answer answer = {.calls = 0};
    releve_store_learn(f.store, PRM, lesson, now, on_done, &answer);
    await_ok(&f, &answer);
}

/* --- coverage --------------------------------------------------------------------------------------- */

static void test_every_state_of_a_day_comes_back_as_its_letter(void **state)
{
    (void)state;
    releve_day first = releve_day_from_civil(2026, 9, 20);
    struct releve_reading readings[] = {{.day = first, .complete = true, .value = 1}, {.day = first + 1, .value = 2}};
    const struct releve_day_entry entries[] = {
        {first, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &readings[0]},
        {first + 1, RELEVE_DAY_PARTIAL, RELEVE_TIME_NEVER, &readings[1]},
        {first + 2, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL},
        {first + 3, RELEVE_DAY_PENDING, NOW + RELEVE_HOUR_MS, NULL},
        {first + 4, RELEVE_DAY_PENDING, NOW, NULL},
        {first + 5, RELEVE_DAY_PENDING, NOW - RELEVE_SECOND_MS, NULL},
    };
    put(entries, 6);
    struct releve_job job = job_of("", first - 1, first + 7);
    struct answer answer = begin(&job, NOW);
    assert_int_equal(answer.coverage.span.first, first - 1);
    assert_int_equal(answer.coverage.span.end, first + 7);
    assert_memory_equal(answer.coverage.states, ".cphww..", 8);
    answer = begin(&job, NOW + RELEVE_HOUR_MS + RELEVE_SECOND_MS);
    assert_memory_equal(answer.coverage.states, ".cph....", 8);
    assert_int_equal(integer("EXISTS {t}:job:"), 0);
    assert_int_equal(integer("TTL t:day:{12345678901234}:daily_consumption:2026-09-20"), -1);
}

/* Two answers about one day, the better one first or last: what stands at the end. */
static void assert_stays(enum releve_day_state first, enum releve_day_state second, enum releve_day_state stays)
{
    releve_day day = releve_day_from_civil(2026, 9, 20);
    const enum releve_day_state states[] = {first, second};
    freeReplyObject(redis_server_command(&server, "FLUSHALL"));
    for (int i = 0; i < 2; i++) {
        struct releve_reading reading = {.day = day, .value = i + 1};
        bool valued = states[i] == RELEVE_DAY_COMPLETE || states[i] == RELEVE_DAY_PARTIAL;
        reading.complete = states[i] == RELEVE_DAY_COMPLETE;
        struct releve_day_entry entry = {day, states[i], RELEVE_TIME_NEVER, valued ? &reading : NULL};
        put(&entry, 1);
    }
    struct releve_job job = job_of("", day, day + 1);
    struct answer answer = begin(&job, NOW);
    if (answer.coverage.states[0] != (char)stays)
        fail_msg("%c after %c is %c", (char)second, (char)first, answer.coverage.states[0]);
    bool valued = stays == RELEVE_DAY_COMPLETE || stays == RELEVE_DAY_PARTIAL;
    redisReply *reply = redis_server_command(&server, "GET t:day:{12345678901234}:daily_consumption:2026-09-20");
    const char *value = strstr(reply->str, "\"value\":");
    assert_true((value != NULL) == valued);
    if (valued) /* that of the last one that was let in */
        assert_int_equal(atoi(value + 8), stays == second ? 2 : 1);
    freeReplyObject(reply);
}

static void test_a_better_day_is_never_replaced_by_a_worse_one(void **state)
{
    (void)state;
    static const enum releve_day_state all[] = {RELEVE_DAY_COMPLETE, RELEVE_DAY_PARTIAL, RELEVE_DAY_HOLE,
                                                RELEVE_DAY_PENDING};
    static const int worth[] = {3, 2, 1, 1};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            assert_stays(all[i], all[j], worth[j] >= worth[i] ? all[j] : all[i]);
}

/* A partial day of a load curve with that many intervals from midnight on, the last of them of another length where
 * that is not 0, stored where `put` would store it. */
static void put_curve(releve_day day, int count, int minutes, int last_minutes, int32_t value_w)
{
    struct releve_interval intervals[RELEVE_INTERVALS_MAX];
    for (int i = 0; i < count; i++)
        intervals[i] = (struct releve_interval){(int16_t)(minutes * i), (int16_t)minutes, value_w};
    if (last_minutes > 0)
        intervals[count - 1].length_minutes = (int16_t)last_minutes;
    struct releve_reading reading = {.day = day, .intervals = intervals, .intervals_count = (size_t)count};
    struct releve_day_entry entry = {day, RELEVE_DAY_PARTIAL, RELEVE_TIME_NEVER, &reading};
    put_kind(CURVE, &entry, 1);
}

static void test_a_partial_day_is_never_replaced_by_one_that_covers_less_time(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 20);
    const char *key = "t:day:{12345678901234}:consumption_load_curve:2026-09-20";
    static const struct {
        int count, minutes, last_minutes;
        int32_t value_w;
        const char *stands;
    } steps[] = {{20, 30, 0, 111, "111"},  {10, 30, 0, 222, "111"},  {20, 30, 0, 333, "333"}, {30, 30, 0, 444, "444"},
                 {29, 30, 0, 555, "444"},  {80, 10, 0, 666, "444"},  {90, 10, 0, 777, "777"}, {16, 60, 0, 888, "888"},
                 {32, 30, 15, 999, "888"}, {17, 60, 10, 123, "123"}, {96, 10, 0, 234, "123"}, {98, 10, 0, 345, "345"},
                 {17, 60, 15, 456, "345"}, {17, 60, 30, 567, "567"}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        put_curve(day, steps[i].count, steps[i].minutes, steps[i].last_minutes, steps[i].value_w);
        redisReply *reply = redis_server_command(&server, "GET %s", key);
        if (strstr(reply->str, steps[i].stands) == NULL)
            fail_msg("step %zu: %s", i, reply->str);
        freeReplyObject(reply);
    }
}

static void test_a_partial_day_of_registers_is_never_replaced_by_one_with_fewer(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 20);
    static const struct {
        int valued;
        int32_t value_wh;
        const char *stands;
    } steps[] = {{2, 111, "111"}, {1, 222, "111"}, {2, 333, "333"}, {3, 444, "444"}, {2, 555, "444"}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct releve_register registers[4];
        for (int j = 0; j < 4; j++)
            registers[j] =
                (struct releve_register){"IDX", j == 0 ? NULL : "[7]", NULL,
                                         "1 \"value\":", j < steps[i].valued ? steps[i].value_wh : RELEVE_NO_VALUE};
        struct releve_reading reading = {.day = day, .registers = registers, .registers_count = 4};
        struct releve_day_entry entry = {day, RELEVE_DAY_PARTIAL, RELEVE_TIME_NEVER, &reading};
        put_kind(RELEVE_INDEX_CONSUMPTION, &entry, 1);
        redisReply *reply = redis_server_command(&server, "GET t:day:{12345678901234}:index_consumption:2026-09-20");
        if (strstr(reply->str, steps[i].stands) == NULL)
            fail_msg("step %zu: %s", i, reply->str);
        freeReplyObject(reply);
    }
}

static void test_a_partial_day_that_was_asked_again_in_vain_keeps_its_values_and_waits_anew(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 20);
    struct releve_reading reading = {.day = day, .value = 7};
    struct releve_day_entry entry = {day, RELEVE_DAY_PARTIAL, NOW - RELEVE_HOUR_MS, &reading};
    struct releve_job job = job_of("", day, day + 1);
    put(&entry, 1);
    assert_int_equal(begin(&job, NOW).coverage.states[0], '.');
    entry = (struct releve_day_entry){day, RELEVE_DAY_PENDING, NOW + RELEVE_HOUR_MS, NULL};
    put(&entry, 1);
    assert_int_equal(begin(&job, NOW).coverage.states[0], 'p');
    assert_int_equal(begin(&job, NOW + 2 * RELEVE_HOUR_MS).coverage.states[0], '.');
    entry = (struct releve_day_entry){day, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    put(&entry, 1);
    assert_int_equal(begin(&job, NOW + 2 * RELEVE_HOUR_MS).coverage.states[0], 'p');
    expect(
        "GET t:day:{12345678901234}:daily_consumption:2026-09-20",
        "{\"prm\":\"12345678901234\",\"kind\":\"daily_consumption\",\"date\":\"2026-09-20\",\"state\":\"partial\","
        "\"unit\":\"Wh\",\"value\":7,\"quality\":\"BRUT\",\"source\":\"v5\",\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
}

static void test_the_longest_batch_is_one_step_among_days_that_stand(void **state)
{
    (void)state;
    static struct releve_day_entry entries[RELEVE_JOB_DAYS_MAX];
    static struct releve_reading readings[RELEVE_JOB_DAYS_MAX];
    releve_day first = releve_day_from_civil(2023, 9, 1);
    size_t count = 0;
    for (int i = 0; i < RELEVE_JOB_DAYS_MAX; i += 2) {
        readings[i] = (struct releve_reading){.day = first + i, .complete = true, .value = 1};
        entries[count++] = (struct releve_day_entry){first + i, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &readings[i]};
    }
    put(entries, count);
    /* What lies under a key of ours and is no day does not stand in the way. */
    freeReplyObject(redis_server_command(&server, "SET t:day:{12345678901234}:daily_consumption:2023-09-02 hello"));
    freeReplyObject(redis_server_command(&server, "LPUSH t:day:{12345678901234}:daily_consumption:2023-09-04 x"));
    for (int i = 0; i < RELEVE_JOB_DAYS_MAX; i++)
        entries[i] = (struct releve_day_entry){first + i, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    put(entries, RELEVE_JOB_DAYS_MAX);
    struct releve_job job = job_of("", first, first + RELEVE_JOB_DAYS_MAX);
    struct answer answer = begin(&job, NOW);
    for (int i = 0; i < RELEVE_JOB_DAYS_MAX; i++)
        assert_int_equal(answer.coverage.states[i], i % 2 == 0 ? 'c' : 'h');
}

static void test_a_key_that_is_not_a_day_counts_as_missing(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "LPUSH t:day:{12345678901234}:daily_consumption:2026-09-20 x"));
    freeReplyObject(redis_server_command(&server, "SET t:day:{12345678901234}:daily_consumption:2026-09-21 hello"));
    freeReplyObject(redis_server_command(&server, "SET t:day:{12345678901234}:daily_consumption:2026-09-22 %s",
                                         "{\"state\":\"splendid\"}"));
    freeReplyObject(redis_server_command(&server, "SET t:day:{12345678901234}:daily_consumption:2026-09-23 %s",
                                         "{\"state\":\"compl"));
    freeReplyObject(redis_server_command(&server, "SET t:point:{12345678901234} hello"));
    releve_day first = releve_day_from_civil(2026, 9, 20);
    struct releve_job job = job_of("", first, first + 4);
    struct answer answer = begin(&job, NOW);
    assert_memory_equal(answer.coverage.states, "....", 4);
    assert_false(answer.facts.unknown);
}

static void test_the_script_names_the_same_dates_as_the_calendar(void **state)
{
    (void)state;
    /* 1128 days over two leap years, one day in three known. */
    static struct releve_day_entry entries[RELEVE_JOB_DAYS_MAX];
    releve_day first = releve_day_from_civil(2023, 12, 30);
    size_t count = 0;
    for (releve_day day = first; day < first + RELEVE_JOB_DAYS_MAX; day += 3)
        entries[count++] = (struct releve_day_entry){day, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    put(entries, count);
    struct releve_job job = job_of("", first, first + RELEVE_JOB_DAYS_MAX);
    struct answer answer = begin(&job, NOW);
    for (int i = 0; i < RELEVE_JOB_DAYS_MAX; i++)
        assert_int_equal(answer.coverage.states[i], i % 3 == 0 ? 'h' : '.');
    job.span = (struct releve_span){first, first};
    (void)begin(&job, NOW); /* no days: nothing is known of them */
}

static void test_a_begun_job_is_marked_running_and_does_not_stay_for_ever(void **state)
{
    (void)state;
    releve_day first = releve_day_from_civil(2026, 9, 20);
    struct releve_job job = job_of("j1", first, first + 4);
    (void)begin(&job, NOW);
    expect("HGET {t}:job:j1 state", "running");
    expect("HGET {t}:job:j1 prm", "12345678901234");
    expect("HGET {t}:job:j1 kind", "daily_consumption");
    expect("HGET {t}:job:j1 start", "2026-09-20");
    expect("HGET {t}:job:j1 end", "2026-09-24");
    expect("HGET {t}:job:j1 created_at", "2026-09-30T07:00:00Z");
    long long left_s = integer("TTL {t}:job:j1");
    assert_true(left_s > 7 * 24 * 3600 - 60 && left_s <= 7 * 24 * 3600);
}

/* --- facts ------------------------------------------------------------------------------------------ */

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

/* --- claims ------------------------------------------------------------------------------------------- */

struct claimed {
    struct answer answer;
    enum releve_claim claim;
};

static void on_claimed(void *data, const struct releve_error *error, enum releve_claim claim,
                       const struct releve_coverage *coverage)
{
    struct claimed *claimed = data;
    on_done(&claimed->answer, error);
    claimed->answer.coverage = *coverage;
    claimed->claim = claim;
}

static const struct releve_permit mine = {1, 0x2f}, my_next = {1, 0x30}, yours = {2, 1};

static enum releve_claim claim(struct releve_span span, enum releve_claim_ends ends, struct releve_permit name)
{
    struct claimed claimed = {.answer = {.calls = 0}};
    struct releve_job job = job_of("", span.first, span.end);
    releve_store_claim(f.store, &job, span, ends, name, NOW, on_claimed, &claimed);
    await_ok(&f, &claimed.answer);
    return claimed.claim;
}

static void test_days_end_the_claim_under_which_they_were_asked_for(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    releve_day day = releve_day_from_civil(2026, 9, 20);
    struct releve_span two = {day, day + 2}, next = {day + 1, day + 3};
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED);
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED); /* a reply was lost */
    assert_int_equal(integer("HEXISTS t:claim:{12345678901234}:daily_consumption 1.2f"), 1);
    assert_int_equal(claim(next, RELEVE_CLAIM_ANY, yours), RELEVE_CLAIM_BUSY);
    struct releve_day_entry entries[] = {{day, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL},
                                         {day + 1, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL}};
    struct releve_day_batch batch = {PRM, RELEVE_DAILY_CONSUMPTION, "v5", "BRUT", NOW, entries, 2, mine, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(integer("EXISTS t:claim:{12345678901234}:daily_consumption"), 0);
    assert_int_equal(claim(next, RELEVE_CLAIM_BOTH_MISSING, yours), RELEVE_CLAIM_KNOWN);
    assert_int_equal(claim(next, RELEVE_CLAIM_LAST_MISSING, yours), RELEVE_CLAIM_GRANTED);
    assert_int_equal(claim(two, RELEVE_CLAIM_ANY, mine), RELEVE_CLAIM_BUSY);
    answer.calls = 0;
    releve_store_unclaim(f.store, PRM, RELEVE_DAILY_CONSUMPTION, yours, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(claim(two, RELEVE_CLAIM_LAST_MISSING, mine), RELEVE_CLAIM_KNOWN);
    assert_int_equal(claim(two, RELEVE_CLAIM_ANY, mine), RELEVE_CLAIM_GRANTED);
}

/* Complete days are written by a command of their own: who sees the claim gone finds them, and a claim whose days Redis
 * refused stands. */
static void test_a_claim_ends_behind_complete_days_and_not_without_them(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 20);
    struct releve_span one = {day, day + 1};
    struct releve_reading reading = {.day = day, .complete = true, .value = 33495};
    struct releve_day_entry entry = {day, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &reading};
    struct releve_day_batch batch = {PRM, RELEVE_DAILY_CONSUMPTION, "v5", "BRUT", NOW, &entry, 1, mine, NULL, 0, 0};
    assert_int_equal(claim(one, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED);
    expect("ACL SETUSER default -mset", "OK");
    struct answer refused = {.calls = 0}, answer = {.calls = 0};
    releve_store_put_days(f.store, &batch, on_done, &refused);
    await_answer(&f, &refused);
    assert_int_equal(refused.error.code, RELEVE_E_REDIS);
    expect("ACL SETUSER default +mset", "OK");
    assert_int_equal(integer("HEXISTS t:claim:{12345678901234}:daily_consumption 1.2f"), 1);
    releve_store_put_days(f.store, &batch, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(integer("EXISTS t:day:{12345678901234}:daily_consumption:2026-09-20"), 1);
    struct releve_job job = job_of("", day, day + 1);
    (void)begin(&job, NOW); /* behind the end of the claim */
    assert_int_equal(integer("EXISTS t:claim:{12345678901234}:daily_consumption"), 0);
}

static void test_a_process_is_not_kept_off_its_own_days_and_a_claim_has_a_life(void **state)
{
    (void)state;
    struct releve_span two = {20000, 20002};
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, mine), RELEVE_CLAIM_GRANTED);
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, my_next), RELEVE_CLAIM_GRANTED);
    assert_int_equal(integer("HLEN t:claim:{12345678901234}:daily_consumption"), 2);
    long long life_ms = integer("PTTL t:claim:{12345678901234}:daily_consumption");
    assert_true(life_ms > 0 && life_ms <= RELEVE_CLAIM_LIFE_MS);
    /* What has run out keeps nobody. */
    freeReplyObject(redis_server_command(&server,
                                         "HSET t:claim:{12345678901234}:daily_consumption 1.2f 20000%b20002%b1", " ",
                                         (size_t)1, " ", (size_t)1));
    freeReplyObject(redis_server_command(&server, "HDEL t:claim:{12345678901234}:daily_consumption 1.30"));
    assert_int_equal(claim(two, RELEVE_CLAIM_BOTH_MISSING, yours), RELEVE_CLAIM_GRANTED);
    assert_int_equal(integer("HLEN t:claim:{12345678901234}:daily_consumption"), 1);
}

static void test_a_full_redis_grants_no_claim_though_others_have_run_out(void **state)
{
    (void)state;
    const struct releve_job job = job_of("", 20000, 20002);
    struct claimed claimed = {.answer = {.calls = 0}};
    freeReplyObject(redis_server_command(&server, "HSET t:claim:{12345678901234}:daily_consumption 9.1 %s", "1 2 1"));
    freeReplyObject(redis_server_command(&server, "CONFIG SET maxmemory 1"));
    releve_store_claim(f.store, &job, job.span, RELEVE_CLAIM_BOTH_MISSING, mine, NOW, on_claimed, &claimed);
    await_answer(&f, &claimed.answer);
    freeReplyObject(redis_server_command(&server, "CONFIG SET maxmemory 0"));
    assert_int_equal(claimed.answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(claimed.answer.error.text, "is full: raise maxmemory"));
}

static void test_what_lies_where_claims_should_keeps_no_day_from_being_stored(void **state)
{
    (void)state;
    struct claimed claimed = {.answer = {.calls = 0}};
    struct answer answer = {.calls = 0};
    struct releve_job job = job_of("", 20000, 20001);
    freeReplyObject(redis_server_command(&server, "SET t:claim:{12345678901234}:daily_consumption x"));
    releve_store_claim(f.store, &job, job.span, RELEVE_CLAIM_BOTH_MISSING, mine, NOW, on_claimed, &claimed);
    await_answer(&f, &claimed.answer);
    assert_int_equal(claimed.answer.error.code, RELEVE_E_REDIS);
    struct releve_day_entry entry = {20000, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    struct releve_day_batch batch = {PRM, RELEVE_DAILY_CONSUMPTION, "v5", "BRUT", NOW, &entry, 1, mine, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, &answer);
    await_ok(&f, &answer);
    assert_int_equal(begin(&job, NOW).coverage.states[0], 'h');
}

/* --- results ---------------------------------------------------------------------------------------- */

static struct releve_result result_of(const struct releve_job *job)
{
    struct releve_result result = {.job = *job, .state = RELEVE_JOB_PARTIAL, .days = 4, .complete = 3, .failed = 1};
    result.requests = 2;
    result.reason = (struct releve_reason){.code = "http-500", .text = "later"};
    result.finished_at = NOW;
    return result;
}

static void finish(const struct releve_result *result)
{
    struct answer answer = {.calls = 0};
    releve_store_finish(f.store, result, on_done, &answer);
    await_ok(&f, &answer);
}

static void test_a_job_ends_once_in_hash_stream_and_reply_list(void **state)
{
    (void)state;
    struct releve_job job = job_of("j2", 20000, 20004);
    (void)snprintf(job.reply_to, sizeof job.reply_to, "answers here");
    (void)begin(&job, NOW);
    struct releve_result result = result_of(&job);
    char *json = releve_result_json(&result);
    finish(&result);
    result.state = RELEVE_JOB_DONE; /* a second worker comes late */
    finish(&result);
    (void)begin(&job, NOW); /* and a third */

    expect("HGET {t}:job:j2 state", "partial");
    expect("HGET {t}:job:j2 complete", "3");
    expect("HGET {t}:job:j2 failed", "1");
    expect("HGET {t}:job:j2 cut", "0");
    expect("HGET {t}:job:j2 requests", "2");
    expect("HGET {t}:job:j2 error", "http-500: later");
    expect("HGET {t}:job:j2 finished_at", "2026-09-30T08:00:00Z");
    expect("HGET {t}:job:j2 pending", "0");
    assert_int_equal(integer("HLEN {t}:job:j2"), 17);
    assert_true(integer("TTL {t}:job:j2") > 7 * 24 * 3600 - 60);
    assert_int_equal(integer("XLEN {t}:results"), 1);
    redisReply *reply = redis_server_command(&server, "XRANGE {t}:results - +");
    assert_string_equal(reply->element[0]->element[1]->element[0]->str, "json");
    assert_string_equal(reply->element[0]->element[1]->element[1]->str, json);
    freeReplyObject(reply);
    reply = redis_server_command(&server, "LRANGE %s 0 -1", "answers here");
    assert_int_equal(reply->elements, 1);
    assert_string_equal(reply->element[0]->str, json);
    freeReplyObject(reply);
    free(json);
}

static void test_a_reply_list_that_is_no_list_keeps_nobody_from_the_result(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "SET broken x"));
    struct releve_job job = job_of("j3", 20000, 20004);
    (void)snprintf(job.reply_to, sizeof job.reply_to, "broken");
    struct releve_result result = result_of(&job);
    finish(&result);
    expect("HGET {t}:job:j3 state", "partial");
    assert_int_equal(integer("XLEN {t}:results"), 1);
}

static void test_a_result_that_redis_refuses_leaves_the_job_unfinished(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "SET {t}:results x"));
    struct releve_job job = job_of("j4", 20000, 20004);
    (void)begin(&job, NOW);
    struct releve_result result = result_of(&job);
    struct answer answer = {.calls = 0};
    releve_store_finish(f.store, &result, on_done, &answer);
    await_answer(&f, &answer);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(answer.error.text, "{t}:results holds a string instead of a stream (results)"));
    expect("HGET {t}:job:j4 state", "running");
}

/* --- reading ---------------------------------------------------------------------------------------- */

struct seen {
    struct answer done; /* first: on_done takes it for an answer */
    int count;
    releve_day last;
    char json[512];
};

static void on_day(void *data, releve_day day, const char *json, size_t json_bytes)
{
    struct seen *seen = data;
    assert_true(seen->count == 0 || day > seen->last);
    assert_int_equal(strlen(json), json_bytes);
    seen->last = day;
    seen->count++;
    (void)snprintf(seen->json, sizeof seen->json, "%s", json);
}

static struct seen seen;

static void test_days_are_read_in_order_whatever_lies_between(void **state)
{
    (void)state;
    static struct releve_day_entry entries[350];
    for (int i = 0; i < 350; i++)
        entries[i] = (struct releve_day_entry){20000 + 2 * i, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    put(entries, 350);
    put(entries, 0);
    memset(&seen, 0, sizeof seen);
    releve_store_read_days(f.store, PRM, RELEVE_DAILY_CONSUMPTION, (struct releve_span){19990, 20700}, on_day, on_done,
                           &seen);
    await_ok(&f, &seen.done);
    assert_int_equal(seen.count, 350);
    assert_int_equal(seen.last, 20698);
    assert_non_null(strstr(seen.json, "\"state\":\"hole\""));
}

/* --- permits and news ------------------------------------------------------------------------------- */

static const struct releve_quota two_a_minute = {1, {{2, 60 * RELEVE_SECOND_MS}}};

static releve_time ask(struct releve_store *store, uint64_t number)
{
    struct answer answer = {.calls = 0};
    releve_store_permit_ask(store, "b", &two_a_minute, false, (struct releve_permit){1, number}, on_permit, &answer);
    await_ok(&f, &answer);
    return answer.wait_ms;
}

static void test_permits_are_granted_refused_settled_and_given_back(void **state)
{
    (void)state;
    struct answer settled = {.calls = 0}, returned = {.calls = 0}, closed = {.calls = 0}, usage = {.calls = 0};
    assert_int_equal(ask(f.store, 1), 0);
    assert_int_equal(ask(f.store, 2), 0);
    assert_true(ask(f.store, 3) > 60 * RELEVE_SECOND_MS);
    releve_store_permit_settle(f.store, "b", &two_a_minute, (struct releve_permit){1, 1}, 0, on_permit, &settled);
    await_ok(&f, &settled);
    assert_true(settled.wait_ms > 0 && settled.wait_ms <= 60 * RELEVE_SECOND_MS + 2);
    releve_store_bucket_usage(f.store, "b", &two_a_minute, on_usage, &usage);
    await_ok(&f, &usage);
    assert_int_equal(usage.usage.used[0], 2);
    assert_int_equal(usage.usage.closed_ms, 0);
    assert_true(usage.usage.next_ms > 0);
    releve_store_permit_return(f.store, "b", &two_a_minute, (struct releve_permit){1, 2}, on_permit, &returned);
    await_ok(&f, &returned);
    assert_int_equal(returned.wait_ms, 0);
    releve_store_bucket_close(f.store, "b", 30 * RELEVE_SECOND_MS, on_done, &closed);
    await_ok(&f, &closed);
    releve_time wait_ms = ask(f.store, 4);
    assert_true(wait_ms > 0 && wait_ms <= 30 * RELEVE_SECOND_MS);
}

struct news {
    int calls;
    releve_time wait_ms;
};

static void on_due(void *data, const char *bucket, releve_time wait_ms)
{
    struct news *news = data;
    assert_string_equal(bucket, "b");
    news->calls++;
    news->wait_ms = wait_ms;
}

static void test_a_refused_asker_hears_when_somebody_elses_permit_comes_back(void **state)
{
    (void)state;
    struct news news = {.calls = 0}, other = {.calls = 0};
    struct answer returned = {.calls = 0};
    releve_store_bucket_watch(f.store, "b", on_due, &other);
    releve_store_bucket_watch(f.store, "b", on_due, &news); /* in its place */
    assert_int_equal(news.calls, 0);
    await_calls(&f, &news.calls, 1); /* the subscription begins */
    assert_int_equal(news.wait_ms, 0);
    assert_int_equal(ask(f.store, 1), 0);
    assert_int_equal(ask(f.store, 2), 0);
    assert_true(ask(f.store, 3) > 0);
    news.wait_ms = -1;
    releve_store_permit_return(f.store, "b", &two_a_minute, (struct releve_permit){1, 1}, on_permit, &returned);
    await_calls(&f, &news.calls, 2);
    assert_int_equal(news.wait_ms, 0);
    await_ok(&f, &returned);
    assert_int_equal(other.calls, 0);
}

/* Asks two things, closes, and returns what both came to; Redis's news are watched too. */
static enum releve_code close_after_asking(void)
{
    struct answer answers[2] = {{.calls = 0}};
    releve_store_permit_ask(f.store, "b", &two_a_minute, false, (struct releve_permit){1, 1}, on_permit, &answers[0]);
    struct releve_job job = job_of("", 20000, 20001);
    releve_store_begin(f.store, &job, NOW, on_known, &answers[1]);
    struct news news = {.calls = 0};
    releve_store_bucket_watch(f.store, "b", on_due, &news);
    fixture_close(&f);
    for (int i = 0; i < 2; i++)
        assert_int_equal(answers[i].calls, 1);
    assert_int_equal(answers[0].error.code, answers[1].error.code);
    return answers[0].error.code;
}

static void test_closing_lets_redis_answer_what_was_asked(void **state)
{
    (void)state;
    assert_int_equal(close_after_asking(), RELEVE_OK);
}

static void test_closing_waits_for_no_redis_that_stands_still_and_tells_everybody_who_waits(void **state)
{
    (void)state;
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    assert_int_equal(close_after_asking(), RELEVE_E_INTERRUPTED);
    assert_int_equal(kill(server.pid, SIGCONT), 0);
}

/* --- what Redis is like ------------------------------------------------------------------------------ */

static bool is_durable(const char *url)
{
    struct store_fixture fixture;
    fixture_open(&fixture, url, 0);
    if (fixture.ready.error.code != RELEVE_OK)
        fail_msg("%s", fixture.ready.error.text);
    bool durable = releve_store_is_durable(fixture.store);
    fixture_close(&fixture);
    return durable;
}

static void test_a_redis_that_keeps_nothing_on_disk_is_told_from_one_that_does(void **state)
{
    (void)state;
    struct redis_server other;
    static const char *const neither[] = {"--appendonly", "no", NULL};
    redis_server_start(&other, neither);
    assert_true(is_durable(server.url)); /* an append-only file, no save points */
    assert_false(is_durable(other.url));
    freeReplyObject(redis_server_command(&other, "CONFIG SET save %s", "3600 1"));
    assert_true(is_durable(other.url));
    freeReplyObject(redis_server_command(&other, "CONFIG SET save %s", ""));
    assert_false(is_durable(other.url));
    /* Who may not ask is not told, and works all the same. */
    freeReplyObject(redis_server_command(&other, "ACL SETUSER ada on >s3cret allkeys allchannels +@all -config"));
    char url[256];
    (void)snprintf(url, sizeof url, "unix://ada:s3cret@%s", other.socket);
    assert_true(is_durable(url));
    redis_server_end(&other);
}

static void test_a_socket_takes_its_password_from_the_address(void **state)
{
    (void)state;
    struct redis_server other;
    static const char *const secret[] = {"--requirepass", "s3cret/@", NULL};
    redis_server_start(&other, secret);
    struct store_fixture fixture;
    char url[256];
    static const char *const users[] = {":", "default:"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(url, sizeof url, "unix://%ss3cret%%2F%%40@%s?db=3", users[i], other.socket);
        assert_true(is_durable(url));
    }
    fixture_open(&fixture, other.url, 0);
    assert_int_equal(fixture.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(fixture.ready.error.text, "unix://:password@/path"));
    fixture_close(&fixture);
    (void)snprintf(url, sizeof url, "unix://:s3cret%%2F%%40@%s?db=99", other.socket);
    fixture_open(&fixture, url, 0);
    assert_int_equal(fixture.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(fixture.ready.error.text, "?db="));
    assert_null(strstr(fixture.ready.error.text, "s3cret"));
    fixture_close(&fixture);
    redis_server_end(&other);
}

int main(void)
{
#define with_store(test) cmocka_unit_test_setup_teardown(test, open_store, close_store)
    const struct CMUnitTest tests[] = {
        with_store(test_every_state_of_a_day_comes_back_as_its_letter),
        with_store(test_a_better_day_is_never_replaced_by_a_worse_one),
        with_store(test_a_partial_day_is_never_replaced_by_one_that_covers_less_time),
        with_store(test_a_partial_day_of_registers_is_never_replaced_by_one_with_fewer),
        with_store(test_a_partial_day_that_was_asked_again_in_vain_keeps_its_values_and_waits_anew),
        with_store(test_the_longest_batch_is_one_step_among_days_that_stand),
        with_store(test_a_key_that_is_not_a_day_counts_as_missing),
        with_store(test_the_script_names_the_same_dates_as_the_calendar),
        with_store(test_a_begun_job_is_marked_running_and_does_not_stay_for_ever),
        with_store(test_what_was_learned_holds_for_its_time_and_no_longer),
        with_store(test_what_was_learned_of_one_direction_says_nothing_of_the_other),
        with_store(test_learning_one_thing_leaves_the_others),
        with_store(test_an_answer_takes_back_what_was_learned_before),
        with_store(test_days_end_the_claim_under_which_they_were_asked_for),
        with_store(test_a_claim_ends_behind_complete_days_and_not_without_them),
        with_store(test_a_process_is_not_kept_off_its_own_days_and_a_claim_has_a_life),
        with_store(test_a_full_redis_grants_no_claim_though_others_have_run_out),
        with_store(test_what_lies_where_claims_should_keeps_no_day_from_being_stored),
        with_store(test_a_job_ends_once_in_hash_stream_and_reply_list),
        with_store(test_a_reply_list_that_is_no_list_keeps_nobody_from_the_result),
        with_store(test_a_result_that_redis_refuses_leaves_the_job_unfinished),
        with_store(test_days_are_read_in_order_whatever_lies_between),
        with_store(test_permits_are_granted_refused_settled_and_given_back),
        with_store(test_a_refused_asker_hears_when_somebody_elses_permit_comes_back),
        cmocka_unit_test(test_a_redis_that_keeps_nothing_on_disk_is_told_from_one_that_does),
        cmocka_unit_test(test_a_socket_takes_its_password_from_the_address),
        cmocka_unit_test_setup(test_closing_lets_redis_answer_what_was_asked, open_store),
        cmocka_unit_test_setup(test_closing_waits_for_no_redis_that_stands_still_and_tells_everybody_who_waits,
                               open_store),
    };
    return cmocka_run_group_tests(tests, start, end);
}
