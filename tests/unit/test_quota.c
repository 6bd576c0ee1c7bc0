/* Quotas: their text, and the time that the ledger's rule makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <releve/quota.h>
#include <string.h>

static struct releve_quota quota_of(const char *text)
{
    struct releve_quota quota;
    struct releve_error error;
    assert_int_equal(releve_quota_parse(text, &quota, &error), RELEVE_OK);
    return quota;
}

static void test_a_quota_is_written_as_it_was_read(void **state)
{
    (void)state;
    const char *const texts[] = {"5/1s,1000/1h",       "none", "200/1s", "1/250ms", "10000/20s", "7/90m,50/1d",
                                 "1/1s,2/2s,3/3s,4/4s"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct releve_quota quota = quota_of(texts[i]);
        char text[RELEVE_QUOTA_TEXT];
        releve_quota_format(&quota, text);
        assert_string_equal(text, texts[i]);
    }
}

static void test_a_malformed_quota_is_refused_with_what_is_allowed(void **state)
{
    (void)state;
    const char *const wrong[] = {"",
                                 "5",
                                 "5/",
                                 "/1s",
                                 "0/1s",
                                 "5/0s",
                                 "5/1x",
                                 "-5/1s",
                                 "5/1s,",
                                 ",5/1s",
                                 "5/1s 1",
                                 "5/1.5s",
                                 "5 /1s",
                                 "none,5/1s",
                                 "1000001/1s",
                                 "5/25h",
                                 "5/2d",
                                 "1/1s,1/1s,1/1s,1/1s,1/1s",
                                 "5/99999999999999999999s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct releve_quota quota = {.windows_count = 77};
        struct releve_error error;
        assert_int_equal(releve_quota_parse(wrong[i], &quota, &error), RELEVE_E_CONFIG);
        assert_int_equal(quota.windows_count, 77);
        assert_non_null(strstr(error.text, "5/1s,1000/1h"));
    }
}

static void test_a_refusal_is_one_line_whatever_was_written(void **state)
{
    (void)state;
    struct releve_quota quota;
    struct releve_error error;
    assert_int_equal(releve_quota_parse("5/1s\n\x1b[2Jfoo\x7f", &quota, &error), RELEVE_E_CONFIG);
    assert_non_null(strstr(error.text, "\"5/1s??[2Jfoo?\""));
}

static void test_the_makespan_follows_the_tightest_window(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("5/1s,1000/1h");
    assert_int_equal(releve_quota_makespan_ms(&quota, 0, 0, NULL, 0), 0);
    assert_int_equal(releve_quota_makespan_ms(&quota, 5, 0, NULL, 0), 0);
    assert_int_equal(releve_quota_makespan_ms(&quota, 6, 0, NULL, 0), 1000);
    assert_int_equal(releve_quota_makespan_ms(&quota, 1000, 0, NULL, 0), 199000);
    assert_int_equal(releve_quota_makespan_ms(&quota, 1001, 0, NULL, 0), 3600000);
    assert_int_equal(releve_quota_makespan_ms(&quota, 24000, 0, NULL, 0), 23 * 3600000 + 199000);
}

static void test_a_round_trip_stretches_each_window(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("5/1s");
    assert_int_equal(releve_quota_makespan_ms(&quota, 501, 300, NULL, 0), 100 * 1300);
}

static void test_what_is_used_already_is_waited_for(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("5/1s");
    const releve_time used[] = {-900, -800, -400, -300, -200};
    assert_int_equal(releve_quota_makespan_ms(&quota, 1, 0, used, 5), 100);
    assert_int_equal(releve_quota_makespan_ms(&quota, 2, 0, used, 5), 200);
    assert_int_equal(releve_quota_makespan_ms(&quota, 6, 0, used, 5), 1100);
    const releve_time in_flight[] = {-10, 40000}; /* one is not over yet, and will be like ours */
    quota = quota_of("2/1s");
    assert_int_equal(releve_quota_makespan_ms(&quota, 2, 50, in_flight, 2), 1050);
}

static void test_no_quota_takes_no_time(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("none");
    assert_int_equal(releve_quota_makespan_ms(&quota, 1000000, 300, NULL, 0), 0);
    assert_int_equal(releve_quota_longest_ms(&quota), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quota_is_written_as_it_was_read),
        cmocka_unit_test(test_a_malformed_quota_is_refused_with_what_is_allowed),
        cmocka_unit_test(test_a_refusal_is_one_line_whatever_was_written),
        cmocka_unit_test(test_the_makespan_follows_the_tightest_window),
        cmocka_unit_test(test_a_round_trip_stretches_each_window),
        cmocka_unit_test(test_what_is_used_already_is_waited_for),
        cmocka_unit_test(test_no_quota_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
