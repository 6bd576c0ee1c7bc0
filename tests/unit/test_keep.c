/* How long days are kept: its text, and what it makes of a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <releve/keep.h>
#include <string.h>

#define TODAY 20776 /* 2026-11-19 */
#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE

static struct releve_keep keep_of(const char *text)
{
    struct releve_keep keep;
    struct releve_error error;
    assert_int_equal(releve_keep_parse(text, &keep, &error), RELEVE_OK);
    return keep;
}

static void test_kinds_and_groups_are_kept_as_they_are_named_and_the_later_one_holds(void **state)
{
    (void)state;
    struct releve_keep keep = keep_of("all:1200d,curves:800d,index_consumption:30d");
    char text[RELEVE_KEEP_TEXT];
    releve_keep_format(&keep, text);
    assert_string_equal(text, "daily_consumption:1200d,consumption_load_curve:800d,daily_consumption_max_power:1200d,"
                              "daily_production:1200d,production_load_curve:800d,index_consumption:30d");
    struct releve_keep again = keep_of(text);
    assert_memory_equal(&again, &keep, sizeof keep);
}

static void test_the_longest_text_has_room(void **state)
{
    (void)state;
    struct releve_keep keep = keep_of("all:3660d,index_consumption:3660d,index_production:3660d");
    char text[RELEVE_KEEP_TEXT];
    releve_keep_format(&keep, text);
    keep = keep_of(text);
    assert_int_equal(keep.days[RELEVE_INDEX_PRODUCTION], 3660);
}

static void test_what_is_no_setting_is_refused_with_what_is_allowed(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "800d",      "curves",       "curves:",       "curves:d",
        "curves:800", "curves:0d", "curves:29d",   "curves:3661d",  "curves:99999999999d",
        "curves:-1d", "gas:800d",  "curves:800d,", ",curves:800d",  "curves:800d daily:900d",
        "curves:8 d", "curves=9d", "identity:90d", "contracts:90d", "curves:800d,gas:1d",
        "curves:2y"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct releve_keep keep = keep_of("curves:77d"), before = keep;
        struct releve_error error;
        assert_int_equal(releve_keep_parse(wrong[i], &keep, &error), RELEVE_E_CONFIG);
        assert_non_null(strstr(error.text, "KIND:DAYSd"));
        assert_memory_equal(&keep, &before, sizeof keep);
    }
}

static void test_so_many_days_are_kept_and_each_outlives_the_last_one_that_wants_it(void **state)
{
    (void)state;
    struct releve_keep keep = keep_of("consumption_load_curve:90d");
    struct releve_span history = releve_keep_history(&keep, CURVE, TODAY);
    assert_int_equal(releve_span_days(history), 90);
    assert_int_equal(history.end, TODAY);
    assert_int_equal(releve_keep_first(&keep, CURVE, TODAY), history.first);
    /* On the day on which it is the oldest one it is there all day long, and an hour more. */
    assert_int_equal(releve_keep_until(90, history.first), releve_paris_midnight(TODAY + 1) + RELEVE_HOUR_MS);
    assert_int_equal(releve_keep_first(&keep, RELEVE_DAILY_CONSUMPTION, TODAY), RELEVE_DAY_NONE);
}

static void test_what_is_kept_for_longer_than_upstream_has_it_begins_where_upstream_does(void **state)
{
    (void)state;
    struct releve_keep keep = keep_of("curves:3000d");
    struct releve_span all = releve_kind_history(CURVE, TODAY), kept = releve_keep_history(&keep, CURVE, TODAY);
    assert_memory_equal(&all, &kept, sizeof all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_and_groups_are_kept_as_they_are_named_and_the_later_one_holds),
        cmocka_unit_test(test_the_longest_text_has_room),
        cmocka_unit_test(test_what_is_no_setting_is_refused_with_what_is_allowed),
        cmocka_unit_test(test_so_many_days_are_kept_and_each_outlives_the_last_one_that_wants_it),
        cmocka_unit_test(test_what_is_kept_for_longer_than_upstream_has_it_begins_where_upstream_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
