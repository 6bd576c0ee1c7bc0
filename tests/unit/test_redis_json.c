/* Day and result JSON to the byte: other programs rely on them. */
#include <adapters/redis/day_json.h>
#include <adapters/redis/result_json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PRM 12345678901234u
#define FETCHED ((releve_time)1790755200000) /* 2026-09-30T08:00:00Z */

static struct releve_interval intervals[RELEVE_INTERVALS_MAX];

static struct releve_day_batch batch_of(enum releve_kind kind)
{
    return (struct releve_day_batch){
        .prm = PRM, .kind = kind, .source = "2026", .quality = "BRUT", .fetched_at = FETCHED};
}

/* freed by the caller */
static char *day_json(const struct releve_day_batch *batch, const struct releve_day_entry *entry)
{
    struct releve_text json = {.length = 0};
    releve_day_json_write(&json, batch, entry);
    releve_text_add(&json, "", 1);
    return json.bytes;
}

static void expect_day(enum releve_kind kind, const struct releve_day_entry *entry, const char *expected)
{
    struct releve_day_batch batch = batch_of(kind);
    char *text = day_json(&batch, entry);
    assert_string_equal(text, expected);
    free(text);
}

/* How many values the curve of a day has when upstream gave every interval of that length. */
static int slots(releve_day day, int length)
{
    int count = releve_paris_day_minutes(day) / length, found = 1;
    for (int i = 0; i < count; i++)
        intervals[i] = (struct releve_interval){(int16_t)(i * length), (int16_t)length, 100 + i};
    struct releve_reading reading = {
        .day = day, .complete = true, .intervals = intervals, .intervals_count = (size_t)count};
    struct releve_day_entry entry = {day, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &reading};
    struct releve_day_batch batch = batch_of(RELEVE_CONSUMPTION_LOAD_CURVE);
    char *text = day_json(&batch, &entry);
    const char *from = strstr(text, "\"values\":[");
    assert_non_null(from);
    assert_null(strstr(text, "null"));
    for (; *from != ']'; from++)
        found += *from == ',';
    free(text);
    return found;
}

static void test_a_day_of_energy_is_one_value(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 29);
    struct releve_reading reading = {.day = day, .complete = true, .value = 33495};
    struct releve_day_entry entry = {day, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &reading};
    expect_day(RELEVE_DAILY_CONSUMPTION, &entry,
               "{\"prm\":\"12345678901234\",\"kind\":\"daily_consumption\",\"date\":\"2026-09-29\","
               "\"state\":\"complete\",\"unit\":\"Wh\",\"value\":33495,\"quality\":\"BRUT\",\"source\":\"2026\","
               "\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
}

static void test_a_peak_carries_its_paris_time(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 29);
    struct releve_reading reading = {.day = day,
                                     .complete = true,
                                     .value = 4680,
                                     .at = releve_paris_midnight(day) + 13 * RELEVE_HOUR_MS + 215 * RELEVE_SECOND_MS};
    struct releve_day_entry entry = {day, RELEVE_DAY_COMPLETE, RELEVE_TIME_NEVER, &reading};
    expect_day(RELEVE_DAILY_CONSUMPTION_MAX_POWER, &entry,
               "{\"prm\":\"12345678901234\",\"kind\":\"daily_consumption_max_power\",\"date\":\"2026-09-29\","
               "\"state\":\"complete\",\"unit\":\"VA\",\"value\":4680,\"at\":\"2026-09-29T13:03:35+02:00\","
               "\"quality\":\"BRUT\",\"source\":\"2026\",\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
}

static void test_holes_and_pending_days_say_only_that(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 29);
    struct releve_day_entry hole = {day, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
    expect_day(RELEVE_DAILY_PRODUCTION, &hole,
               "{\"prm\":\"12345678901234\",\"kind\":\"daily_production\",\"date\":\"2026-09-29\",\"state\":\"hole\","
               "\"source\":\"2026\",\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
    struct releve_day_entry pending = {day, RELEVE_DAY_PENDING, FETCHED + RELEVE_HOUR_MS, NULL};
    expect_day(RELEVE_DAILY_PRODUCTION, &pending,
               "{\"prm\":\"12345678901234\",\"kind\":\"daily_production\",\"date\":\"2026-09-29\","
               "\"state\":\"pending\",\"recheck_after\":\"2026-09-30T09:00:00Z\",\"source\":\"2026\","
               "\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
}

static void test_the_curve_has_a_slot_for_each_elapsed_half_hour(void **state)
{
    (void)state;
    assert_int_equal(slots(releve_day_from_civil(2026, 9, 29), 30), 48);
    assert_int_equal(slots(releve_day_from_civil(2026, 3, 29), 30), 46);
    assert_int_equal(slots(releve_day_from_civil(2026, 10, 25), 30), 50);
    assert_int_equal(slots(releve_day_from_civil(2026, 10, 25), 60), 25);
    assert_int_equal(slots(releve_day_from_civil(2026, 10, 25), 5), 300);
}

static void test_what_upstream_did_not_give_is_null_in_its_own_slot(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 29);
    const struct releve_interval some[] = {{60, 60, 7}, {180, 60, RELEVE_NO_VALUE}, {1380, 60, 0}};
    struct releve_reading reading = {.day = day, .intervals = some, .intervals_count = 3};
    struct releve_day_entry entry = {day, RELEVE_DAY_PARTIAL, FETCHED + RELEVE_HOUR_MS, &reading};
    expect_day(RELEVE_PRODUCTION_LOAD_CURVE, &entry,
               "{\"prm\":\"12345678901234\",\"kind\":\"production_load_curve\",\"date\":\"2026-09-29\","
               "\"state\":\"partial\",\"recheck_after\":\"2026-09-30T09:00:00Z\",\"unit\":\"W\","
               "\"interval\":\"PT60M\",\"values\":[null,7,null,null,null,null,null,null,null,null,null,null,null,"
               "null,null,null,null,null,null,null,null,null,null,0],\"quality\":\"BRUT\",\"source\":\"2026\","
               "\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
}

static void test_a_curve_without_a_grid_is_a_list_of_points(void **state)
{
    (void)state;
    releve_day day = releve_day_from_civil(2026, 9, 29);
    const struct releve_interval mixed[] = {{0, 30, 10}, {30, 10, RELEVE_NO_VALUE}, {40, 10, 30}};
    const struct releve_interval shifted[] = {{15, 30, 10}};
    struct releve_reading reading = {.day = day, .intervals = mixed, .intervals_count = 3};
    struct releve_day_entry entry = {day, RELEVE_DAY_PARTIAL, RELEVE_TIME_NEVER, &reading};
    expect_day(RELEVE_CONSUMPTION_LOAD_CURVE, &entry,
               "{\"prm\":\"12345678901234\",\"kind\":\"consumption_load_curve\",\"date\":\"2026-09-29\","
               "\"state\":\"partial\",\"unit\":\"W\",\"points\":[[0,30,10],[30,10,null],[40,10,30]],"
               "\"quality\":\"BRUT\",\"source\":\"2026\",\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
    reading.intervals = shifted;
    reading.intervals_count = 1;
    expect_day(RELEVE_CONSUMPTION_LOAD_CURVE, &entry,
               "{\"prm\":\"12345678901234\",\"kind\":\"consumption_load_curve\",\"date\":\"2026-09-29\","
               "\"state\":\"partial\",\"unit\":\"W\",\"points\":[[15,30,10]],"
               "\"quality\":\"BRUT\",\"source\":\"2026\",\"fetched_at\":\"2026-09-30T08:00:00Z\"}");
}

static struct releve_result result_of(void)
{
    struct releve_result result = {
        .job = {.id = "job-1",
                .prm = 1,
                .kind = RELEVE_DAILY_CONSUMPTION,
                .span = {releve_day_from_civil(2026, 9, 1), releve_day_from_civil(2026, 9, 11)},
                .created_at = FETCHED},
        .state = RELEVE_JOB_DONE,
        .days = 9,
        .complete = 5,
        .partial = 1,
        .holes = 2,
        .pending = 1,
        .failed = 0,
        .cut = 1,
        .requests = 3,
        .finished_at = FETCHED + RELEVE_SECOND_MS,
    };
    return result;
}

static void test_a_result_without_error_has_null_there(void **state)
{
    (void)state;
    struct releve_result result = result_of();
    char *text = releve_result_json(&result);
    assert_string_equal(text, "{\"id\":\"job-1\",\"state\":\"done\",\"prm\":\"00000000000001\","
                              "\"kind\":\"daily_consumption\",\"start\":\"2026-09-01\",\"end\":\"2026-09-11\","
                              "\"days\":9,\"complete\":5,\"partial\":1,\"holes\":2,\"pending\":1,\"failed\":0,"
                              "\"cut\":1,\"requests\":3,\"error\":null,\"created_at\":\"2026-09-30T08:00:00Z\","
                              "\"finished_at\":\"2026-09-30T08:00:01Z\",\"failures\":[]}");
    free(text);
}

static void test_a_failed_result_says_why_and_which_days(void **state)
{
    (void)state;
    struct releve_result result = result_of();
    result.state = RELEVE_JOB_FAILED;
    result.reason = (struct releve_reason){.code = "http-502", .text = "bad \"gateway\""};
    result.failures_count = 1;
    result.failures[0] = (struct releve_failure){result.job.span, {.code = "timeout", .text = "no answer"}};
    char *text = releve_result_json(&result);
    assert_non_null(strstr(text, "\"state\":\"failed\""));
    assert_non_null(strstr(text, "\"error\":\"http-502: bad \\\"gateway\\\"\""));
    assert_non_null(strstr(text, "\"failures\":[{\"start\":\"2026-09-01\",\"end\":\"2026-09-11\",\"code\":\"timeout\","
                                 "\"message\":\"no answer\"}]}"));
    free(text);
}

static void test_a_text_in_json_is_escaped_as_cjson_does_it(void **state)
{
    (void)state;
    for (int c = 1; c < 256; c++) {
        char plain[8];
        (void)snprintf(plain, sizeof plain, "a%c%cb", c, c);
        cJSON *string = cJSON_CreateString(plain);
        char *expected = cJSON_PrintUnformatted(string);
        struct releve_text json = {.length = 0};
        releve_text_json(&json, plain);
        releve_text_add(&json, "", 1);
        assert_string_equal(json.bytes, expected);
        releve_text_free(&json);
        cJSON_free(expected);
        cJSON_Delete(string);
    }
}

static void test_numbers_are_written_as_they_are(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 1, -1, 9, 10, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char expected[32];
        (void)snprintf(expected, sizeof expected, "%lld", (long long)numbers[i]);
        struct releve_text text = {.length = 0};
        releve_text_number(&text, numbers[i]);
        releve_text_add(&text, "", 1);
        assert_string_equal(text.bytes, expected);
        releve_text_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_text_in_json_is_escaped_as_cjson_does_it),
        cmocka_unit_test(test_numbers_are_written_as_they_are),
        cmocka_unit_test(test_a_day_of_energy_is_one_value),
        cmocka_unit_test(test_a_peak_carries_its_paris_time),
        cmocka_unit_test(test_holes_and_pending_days_say_only_that),
        cmocka_unit_test(test_the_curve_has_a_slot_for_each_elapsed_half_hour),
        cmocka_unit_test(test_what_upstream_did_not_give_is_null_in_its_own_slot),
        cmocka_unit_test(test_a_curve_without_a_grid_is_a_list_of_points),
        cmocka_unit_test(test_a_result_without_error_has_null_there),
        cmocka_unit_test(test_a_failed_result_says_why_and_which_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
