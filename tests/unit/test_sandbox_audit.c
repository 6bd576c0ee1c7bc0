/* The audit of arrivals against the definition, counted by brute force. */
#include "adapters/sandbox/audit.h"
#include "adapters/sandbox/chance.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define ARRIVALS 5000
#define BUCKET SANDBOX_BUCKET_V5

static struct releve_quota quota_of(const char *text)
{
    struct releve_quota quota;
    struct releve_error error;
    assert_int_equal(releve_quota_parse(text, &quota, &error), RELEVE_OK);
    return quota;
}

/* How many of the arrivals before number n are in ]at[n] - span, at[n]]. */
static uint64_t held_by_force(const int64_t *at_us, size_t n, releve_time span_ms)
{
    uint64_t held = 0;
    for (size_t i = 0; i < n; i++)
        held += at_us[i] > at_us[n] - span_ms * 1000 && at_us[i] <= at_us[n];
    return held;
}

static void check_against_force(const char *text, uint64_t seed)
{
    static int64_t at_us[ARRIVALS];
    struct releve_quota quota = quota_of(text);
    struct sandbox_audit audit;
    uint64_t violations = 0, max[RELEVE_QUOTA_WINDOWS_MAX] = {0};
    int64_t now_us = 1000000;
    sandbox_audit_init(&audit, &quota);
    for (size_t n = 0; n < ARRIVALS; n++) {
        /* Bunches, gaps, and often the very length of a window, where an error by one shows. */
        uint64_t chance = sandbox_chance(seed, 99, n);
        now_us += chance % 4 == 0 ? 0 : chance % 4 == 1 ? 10000 : (int64_t)(chance >> 8) % 30000;
        at_us[n] = now_us;
        bool violated = false;
        for (size_t i = 0; i < quota.windows_count; i++) {
            uint64_t held = held_by_force(at_us, n, quota.windows[i].span_ms);
            violated = violated || held >= quota.windows[i].limit;
            max[i] = held + 1 > max[i] ? held + 1 : max[i];
        }
        violations += violated;
        assert_int_equal(sandbox_audit_arrive(&audit, BUCKET, now_us) != NULL, violated);
    }
    assert_true(violations > 0 && violations < ARRIVALS);
    assert_int_equal(audit.violations, violations);
    for (size_t i = 0; i < quota.windows_count; i++)
        assert_int_equal(audit.max_in_window[i], max[i]);
    sandbox_audit_free(&audit);
}

static void test_sliding_windows_count_as_the_definition_does(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        check_against_force("5/50ms", seed);
        check_against_force("5/40ms,150/2s", seed);
        check_against_force("3/10ms,8/100ms,60/1s,2000/1m", seed);
    }
}

static void test_an_arrival_exactly_one_window_later_is_outside_of_it(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("1/1s");
    struct sandbox_audit audit;
    sandbox_audit_init(&audit, &quota);
    assert_null(sandbox_audit_arrive(&audit, BUCKET, 5000000));
    assert_null(sandbox_audit_arrive(&audit, BUCKET, 6000000));
    assert_non_null(sandbox_audit_arrive(&audit, BUCKET, 6999999));
    sandbox_audit_free(&audit);
}

static void test_refused_arrivals_count_too(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("2/1s");
    struct sandbox_audit audit;
    sandbox_audit_init(&audit, &quota);
    for (int64_t i = 0; i < 100; i++) {
        bool refused = sandbox_audit_arrive(&audit, BUCKET, 1000000 + i * 400000) != NULL;
        assert_int_equal(refused, i >= 2); /* three in any 1 s, for ever */
    }
    assert_int_equal(audit.violations, 98);
    assert_int_equal(audit.max_in_window[0], 3);
    sandbox_audit_free(&audit);
}

static void test_buckets_do_not_share_a_quota(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("1/1h");
    struct sandbox_audit audit;
    sandbox_audit_init(&audit, &quota);
    for (int bucket = 0; bucket < SANDBOX_BUCKETS; bucket++)
        assert_null(sandbox_audit_arrive(&audit, (enum sandbox_bucket)bucket, 1000000));
    assert_non_null(sandbox_audit_arrive(&audit, SANDBOX_BUCKET_OAUTH2, 1000001));
    assert_int_equal(audit.violations, 1);
    for (int bucket = 0; bucket < SANDBOX_BUCKETS; bucket++) {
        unsigned expected = bucket == SANDBOX_BUCKET_OAUTH2 ? 2 : 1;
        assert_int_equal(audit.arrivals[bucket].requests, expected);
        assert_int_equal(audit.arrivals[bucket].max_in_window[0], expected);
        assert_int_equal(audit.arrivals[bucket].violations, expected - 1);
    }
    sandbox_audit_free(&audit);
}

static void test_the_longest_violated_window_is_named(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("1/1s,1/1h");
    struct sandbox_audit audit;
    sandbox_audit_init(&audit, &quota);
    assert_null(sandbox_audit_arrive(&audit, BUCKET, 0));
    assert_int_equal(sandbox_audit_arrive(&audit, BUCKET, 1)->span_ms, RELEVE_HOUR_MS);
    sandbox_audit_free(&audit);
}

static void test_no_window_means_no_violation(void **state)
{
    (void)state;
    struct releve_quota quota = quota_of("none");
    struct sandbox_audit audit;
    sandbox_audit_init(&audit, &quota);
    for (int i = 0; i < 1000; i++)
        assert_null(sandbox_audit_arrive(&audit, BUCKET, 1));
    sandbox_audit_free(&audit);
}

static void test_a_new_quota_judges_what_is_remembered(void **state)
{
    (void)state;
    struct releve_quota wide = quota_of("100/1h"), narrow = quota_of("3/1h");
    struct sandbox_audit audit;
    sandbox_audit_init(&audit, &wide);
    for (int64_t i = 0; i < 3; i++)
        assert_null(sandbox_audit_arrive(&audit, BUCKET, i));
    sandbox_audit_set_quota(&audit, &narrow);
    assert_int_equal(audit.max_in_window[0], 3);
    assert_non_null(sandbox_audit_arrive(&audit, BUCKET, 4));
    sandbox_audit_reset(&audit);
    assert_null(sandbox_audit_arrive(&audit, BUCKET, 5));
    assert_int_equal(audit.violations, 0);
    sandbox_audit_free(&audit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sliding_windows_count_as_the_definition_does),
        cmocka_unit_test(test_an_arrival_exactly_one_window_later_is_outside_of_it),
        cmocka_unit_test(test_refused_arrivals_count_too),
        cmocka_unit_test(test_buckets_do_not_share_a_quota),
        cmocka_unit_test(test_the_longest_violated_window_is_named),
        cmocka_unit_test(test_no_window_means_no_violation),
        cmocka_unit_test(test_a_new_quota_judges_what_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
