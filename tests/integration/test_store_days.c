/* Days in a real Redis: what is written is found again, as other programs are promised it. */
#include "store_redis.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(test_every_state_of_a_day_comes_back_as_its_letter),
        with_store(test_a_better_day_is_never_replaced_by_a_worse_one),
        with_store(test_a_partial_day_is_never_replaced_by_one_that_covers_less_time),
        with_store(test_a_partial_day_of_registers_is_never_replaced_by_one_with_fewer),
        with_store(test_a_partial_day_that_was_asked_again_in_vain_keeps_its_values_and_waits_anew),
        with_store(test_the_longest_batch_is_one_step_among_days_that_stand),
        with_store(test_a_key_that_is_not_a_day_counts_as_missing),
        with_store(test_the_script_names_the_same_dates_as_the_calendar),
        with_store(test_days_are_read_in_order_whatever_lies_between),
    };
    return run_with_redis(tests);
}
