/* The calendar against the system's tzdata, every day and every hour around a change, 1990 to 2060. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <releve/calendar.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_YEAR 1990
#define LAST_YEAR 2060

static releve_day day_of(const char *text)
{
    releve_day day = RELEVE_DAY_NONE;
    assert_true(releve_day_parse(text, strlen(text), &day));
    return day;
}

static void test_each_hour_has_the_offset_and_the_day_that_tzdata_gives(void **state)
{
    (void)state;
    releve_time first = (releve_time)releve_day_from_civil(FIRST_YEAR, 1, 1) * 86400;
    releve_time end = (releve_time)releve_day_from_civil(LAST_YEAR + 1, 1, 1) * 86400;
    for (releve_time second = first; second < end; second += 1800) {
        time_t at = (time_t)second;
        struct tm tm;
        assert_non_null(localtime_r(&at, &tm));
        assert_int_equal(releve_paris_offset_minutes(second * 1000), tm.tm_gmtoff / 60);
        releve_day day = releve_day_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
        assert_int_equal(releve_paris_day(second * 1000), day);
        assert_int_equal(releve_day_weekday(day), (tm.tm_wday + 6) % 7);
    }
}

static void test_each_day_begins_and_lasts_as_in_tzdata(void **state)
{
    (void)state;
    int lengths[3] = {0};
    for (releve_day day = releve_day_from_civil(FIRST_YEAR, 1, 1); day < releve_day_from_civil(LAST_YEAR, 12, 31);
         day++) {
        int year, month, day_of_month;
        releve_day_to_civil(day, &year, &month, &day_of_month);
        struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day_of_month, .tm_isdst = -1};
        struct tm next = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day_of_month + 1, .tm_isdst = -1};
        time_t begin = mktime(&tm), end = mktime(&next);
        assert_int_equal(releve_paris_midnight(day), (releve_time)begin * 1000);
        int minutes = releve_paris_day_minutes(day);
        assert_int_equal(minutes, (end - begin) / 60);
        lengths[(minutes - 1380) / 60]++;
    }
    assert_int_equal(lengths[0], LAST_YEAR - FIRST_YEAR + 1); /* one day of 23 hours a year */
    assert_int_equal(lengths[2], LAST_YEAR - FIRST_YEAR + 1); /* one of 25 */
}

static void test_a_label_of_the_doubled_hour_has_two_instants_and_one_of_the_skipped_hour_none(void **state)
{
    (void)state;
    releve_time at[2];
    releve_day autumn = day_of("2026-10-25"), spring = day_of("2026-03-29");
    assert_int_equal(releve_paris_instants(autumn, 2 * 3600 + 1800, at), 2);
    assert_int_equal(at[1] - at[0], RELEVE_HOUR_MS);
    assert_int_equal(at[0], releve_paris_midnight(autumn) + 150 * RELEVE_MINUTE_MS);
    assert_int_equal(releve_paris_instants(autumn, 3 * 3600, at), 1);
    assert_int_equal(at[0], releve_paris_midnight(autumn) + 240 * RELEVE_MINUTE_MS);
    assert_int_equal(releve_paris_instants(spring, 2 * 3600 + 1800, at), 0);
    assert_int_equal(releve_paris_instants(spring, 3 * 3600, at), 1);
    assert_int_equal(at[0], releve_paris_midnight(spring) + 120 * RELEVE_MINUTE_MS);
}

static void test_every_wall_label_comes_back_from_its_instants(void **state)
{
    (void)state;
    const char *const days[] = {"2026-03-29", "2026-10-25", "2026-07-14", "2025-12-31"};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        for (int second = 0; second < 86400; second += 300) {
            releve_time at[2];
            int count = releve_paris_instants(day_of(days[i]), second, at);
            for (int n = 0; n < count; n++) {
                releve_time wall = at[n] + releve_paris_offset_minutes(at[n]) * RELEVE_MINUTE_MS;
                assert_int_equal(wall, (releve_time)day_of(days[i]) * 24 * RELEVE_HOUR_MS + second * RELEVE_SECOND_MS);
            }
        }
    }
}

static void test_days_survive_being_written_and_read(void **state)
{
    (void)state;
    for (releve_day day = releve_day_from_civil(1981, 1, 1); day <= releve_day_from_civil(2099, 12, 31); day++) {
        char text[RELEVE_DAY_TEXT];
        releve_day_format(day, text);
        assert_int_equal(day_of(text), day);
    }
}

static void test_days_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {"2026-02-30", "2026-13-01", "2026-00-10", "2026-04-31", "2025-02-29",
                                 "2026-1-01",  "26-01-01",   "2026/01/01", "2026-01-0a", "2026-01-01 ",
                                 "",           "1980-12-31", "2100-01-01", "+026-01-01", "2026-01-00"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        releve_day day = 7;
        assert_false(releve_day_parse(wrong[i], strlen(wrong[i]), &day));
        assert_int_equal(day, 7);
    }
    assert_int_equal(day_of("2024-02-29") + 1, day_of("2024-03-01"));
}

static void test_adding_months_keeps_to_the_end_of_a_short_month(void **state)
{
    (void)state;
    assert_int_equal(releve_day_add_months(day_of("2026-11-21"), -24), day_of("2024-11-21"));
    assert_int_equal(releve_day_add_months(day_of("2026-03-31"), -1), day_of("2026-02-28"));
    assert_int_equal(releve_day_add_months(day_of("2024-02-29"), -12), day_of("2023-02-28"));
    assert_int_equal(releve_day_add_months(day_of("2025-11-30"), 3), day_of("2026-02-28"));
}

static void test_instants_are_written_with_their_offset(void **state)
{
    (void)state;
    char text[RELEVE_TIME_TEXT];
    releve_time at[2];
    assert_int_equal(releve_paris_instants(day_of("2026-10-25"), 2 * 3600 + 5 * 60 + 7, at), 2);
    releve_paris_format(at[0], text);
    assert_string_equal(text, "2026-10-25T02:05:07+02:00");
    releve_paris_format(at[1], text);
    assert_string_equal(text, "2026-10-25T02:05:07+01:00");
    releve_utc_format(at[1], text);
    assert_string_equal(text, "2026-10-25T01:05:07Z");
}

static void test_instants_that_are_written_are_read_and_nothing_else(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "2026-10-25",
                                        "2026-10-25T01:05:07",
                                        "2026-10-25T01:05:07+00:00",
                                        "2026-10-25 01:05:07Z",
                                        "2026-13-25T01:05:07Z",
                                        "2026-10-25T24:05:07Z",
                                        "2026-10-25T01:60:07Z",
                                        "2026-10-25T-1:05:07Z",
                                        "2026-10-25T01:05:7ZZ"};
    char text[RELEVE_TIME_TEXT];
    releve_time at = 0, read = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(releve_utc_parse(wrong[i], &read));
    assert_int_equal(read, 7);
    for (at = 1793000000000; at < 1900000000000; at += 7654321000) {
        releve_utc_format(at, text);
        assert_true(releve_utc_parse(text, &read));
        assert_int_equal(read, at);
    }
}

int main(void)
{
    (void)setenv("TZ", "Europe/Paris", 1); /* of this test's own localtime; the calendar must not need it */
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_hour_has_the_offset_and_the_day_that_tzdata_gives),
        cmocka_unit_test(test_each_day_begins_and_lasts_as_in_tzdata),
        cmocka_unit_test(test_a_label_of_the_doubled_hour_has_two_instants_and_one_of_the_skipped_hour_none),
        cmocka_unit_test(test_every_wall_label_comes_back_from_its_instants),
        cmocka_unit_test(test_days_survive_being_written_and_read),
        cmocka_unit_test(test_days_that_do_not_exist_are_refused),
        cmocka_unit_test(test_adding_months_keeps_to_the_end_of_a_short_month),
        cmocka_unit_test(test_instants_are_written_with_their_offset),
        cmocka_unit_test(test_instants_that_are_written_are_read_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
