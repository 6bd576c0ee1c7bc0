/* What a process counts has a name, and by that name it is found again. */
#include <engine/runtime/meter.h>
#include <engine/runtime/state.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNTS (sizeof(struct releve_meter) / sizeof(uint64_t))

/* Each count is another one. */
static struct releve_meter numbered(void)
{
    uint64_t counts[COUNTS] = {0};
    struct releve_meter meter;
    for (size_t i = 0; i < COUNTS; i++)
        counts[i] = 1000 + i;
    memcpy(&meter, counts, sizeof meter);
    memset(meter.granted, 0, sizeof meter.granted); /* of buckets: the runtime has their names */
    return meter;
}

static void set(void *data, const char *name, uint64_t count)
{
    assert_true(releve_meter_set(data, name, count));
}

static void test_each_count_is_found_again_by_its_name(void **state)
{
    (void)state;
    static struct releve_runtime runtime; /* without a ledger */
    struct releve_meter meter = numbered(), read = {.granted = {0}};
    releve_meter_each(&meter, &runtime, set, &read);
    assert_memory_equal(&read, &meter, sizeof meter);
}

static void test_what_is_no_name_sets_nothing(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        ":",
                                        "requests",
                                        "requests:token",
                                        "requests:token:",
                                        "requests:token:tokens",
                                        "requests:token:token:token",
                                        "requests::token",
                                        "days:token:complete",
                                        "days:daily_consumption:missing",
                                        "jobs:daily_consumption:complete",
                                        "upstream",
                                        "upstream:",
                                        "upstream:19",
                                        "upstream:-1",
                                        "upstream: 1",
                                        "upstream:1x",
                                        "upstream:99999999999999999999999",
                                        "granted:oauth2@1"};
    const struct releve_meter nothing = {.granted = {0}};
    struct releve_meter meter = nothing;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_false(releve_meter_set(&meter, names[i], 7));
    assert_memory_equal(&meter, &nothing, sizeof meter);
}

static void test_what_is_new_is_the_difference(void **state)
{
    (void)state;
    struct releve_meter before = numbered(), meter = before;
    meter.jobs[1][RELEVE_JOB_DONE] += 5;
    releve_latencies_add(&meter.redis, 251);
    struct releve_meter since = releve_meter_since(&meter, &before), expected = {.granted = {0}};
    expected.jobs[1][RELEVE_JOB_DONE] = 5;
    expected.redis.counts[1] = 1; /* up to 0.5 ms */
    expected.redis.sum_us = 251;
    assert_memory_equal(&since, &expected, sizeof since);
}

static void test_a_latency_falls_below_its_bound(void **state)
{
    (void)state;
    static const struct {
        uint64_t us;
        unsigned at;
    } cases[] = {{0, 0},
                 {250, 0},
                 {251, 1},
                 {500, 1},
                 {501, 2},
                 {1000, 2},
                 {UINT64_C(32768000), 17},
                 {UINT64_C(32768001), 18},
                 {UINT64_C(1) << 60, 18}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct releve_latencies latencies = {.sum_us = 0};
        releve_latencies_add(&latencies, cases[i].us);
        assert_int_equal(latencies.counts[cases[i].at], 1);
        assert_int_equal(latencies.sum_us, cases[i].us);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_count_is_found_again_by_its_name),
        cmocka_unit_test(test_what_is_no_name_sets_nothing),
        cmocka_unit_test(test_what_is_new_is_the_difference),
        cmocka_unit_test(test_a_latency_falls_below_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
