/* The simulator's values: pure, exact, and shaped like days in Paris. */
#include "adapters/sandbox/household.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SEED 1
#define POPULATION 100
#define CLIENT_0 UINT64_C(22516914714270)
#define PRODUCER UINT64_C(24880057139941) /* client 5 */
#define BOTH UINT64_C(12655648759651)     /* client 6 */
#define TEN_MINUTES UINT64_C(30000000000007)
#define SWITCHED UINT64_C(30000000000008)

static struct sandbox_client client_of(releve_prm prm)
{
    struct sandbox_client client;
    assert_true(sandbox_client_find(prm, POPULATION, &client));
    return client;
}

static size_t curve_of(uint64_t seed, releve_prm prm, releve_day day, enum releve_direction direction,
                       struct releve_interval curve[RELEVE_INTERVALS_MAX])
{
    struct sandbox_client client = client_of(prm);
    return sandbox_household_curve(seed, &client, day, direction, curve);
}

static void test_values_are_a_pure_function_of_seed_prm_and_instant(void **state)
{
    (void)state;
    struct releve_interval once[RELEVE_INTERVALS_MAX], again[RELEVE_INTERVALS_MAX];
    releve_day day = releve_day_from_civil(2026, 9, 29);
    size_t count = curve_of(SEED, CLIENT_0, day, RELEVE_CONSUMPTION, once);
    (void)curve_of(SEED, BOTH, day + 5, RELEVE_PRODUCTION, again); /* whatever was asked in between */
    assert_int_equal(curve_of(SEED, CLIENT_0, day, RELEVE_CONSUMPTION, again), count);
    assert_memory_equal(once, again, count * sizeof once[0]);

    (void)curve_of(SEED + 1, CLIENT_0, day, RELEVE_CONSUMPTION, again);
    assert_memory_not_equal(once, again, count * sizeof once[0]);
    (void)curve_of(SEED, SANDBOX_POPULATION_FIRST, day, RELEVE_CONSUMPTION, again);
    assert_memory_not_equal(once, again, count * sizeof once[0]);
}

static void test_a_day_has_46_48_or_50_half_hours(void **state)
{
    (void)state;
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    releve_day spring = releve_day_from_civil(2026, 3, 29);
    releve_day autumn = releve_day_from_civil(2026, 10, 25);
    releve_day plain = releve_day_from_civil(2026, 9, 29);
    assert_int_equal(curve_of(SEED, CLIENT_0, spring, RELEVE_CONSUMPTION, curve), 46);
    assert_int_equal(curve_of(SEED, CLIENT_0, autumn, RELEVE_CONSUMPTION, curve), 50);
    assert_int_equal(curve_of(SEED, CLIENT_0, plain, RELEVE_CONSUMPTION, curve), 48);
    assert_int_equal(curve_of(SEED, TEN_MINUTES, autumn, RELEVE_CONSUMPTION, curve), 150);
}

static void test_the_intervals_fill_the_day_without_gap_or_overlap(void **state)
{
    (void)state;
    static const releve_prm prms[] = {CLIENT_0, TEN_MINUTES, SWITCHED};
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    for (size_t p = 0; p < sizeof prms / sizeof prms[0]; p++) {
        for (releve_day day = releve_day_from_civil(2026, 1, 1); day < releve_day_from_civil(2027, 1, 1); day++) {
            size_t count = curve_of(SEED, prms[p], day, RELEVE_CONSUMPTION, curve);
            int minute = 0;
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(curve[i].minute, minute);
                minute += curve[i].length_minutes;
            }
            assert_int_equal(minute, releve_paris_day_minutes(day));
        }
    }
}

static void test_the_interval_changes_at_noon_of_the_day_of_the_switch(void **state)
{
    (void)state;
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    releve_day day = releve_day_from_civil(SANDBOX_SWITCH_YEAR, SANDBOX_SWITCH_MONTH, SANDBOX_SWITCH_DAY);
    assert_int_equal(curve_of(SEED, SWITCHED, day - 1, RELEVE_CONSUMPTION, curve), 48);
    assert_int_equal(curve_of(SEED, SWITCHED, day + 1, RELEVE_CONSUMPTION, curve), 144);
    assert_int_equal(curve_of(SEED, SWITCHED, day, RELEVE_CONSUMPTION, curve), 24 + 72);
    assert_int_equal(curve[23].length_minutes, 30);
    assert_int_equal(curve[24].minute, 720);
    assert_int_equal(curve[24].length_minutes, 10);
}

static void test_every_interval_is_a_whole_number_of_wh_and_the_day_is_their_sum(void **state)
{
    (void)state;
    static const releve_prm prms[] = {CLIENT_0, TEN_MINUTES, SWITCHED, BOTH, PRODUCER};
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    for (size_t p = 0; p < sizeof prms / sizeof prms[0]; p++) {
        struct sandbox_client client = client_of(prms[p]);
        enum releve_direction direction = client.consumption ? RELEVE_CONSUMPTION : RELEVE_PRODUCTION;
        for (releve_day day = releve_day_from_civil(2025, 11, 1); day < releve_day_from_civil(2026, 11, 21); day++) {
            size_t count = sandbox_household_curve(SEED, &client, day, direction, curve);
            int64_t sum = 0;
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(curve[i].value_w * curve[i].length_minutes % 60, 0);
                sum += curve[i].value_w * curve[i].length_minutes / 60;
            }
            assert_int_equal(sandbox_household_energy_wh(SEED, &client, day, direction), sum);
        }
    }
}

static void test_consumption_stays_between_nothing_and_the_contracted_power(void **state)
{
    (void)state;
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    for (uint64_t n = 0; n < POPULATION; n++) {
        struct sandbox_client client = client_of(SANDBOX_POPULATION_FIRST + n);
        size_t count =
            sandbox_household_curve(SEED, &client, releve_day_from_civil(2026, 1, 15), RELEVE_CONSUMPTION, curve);
        for (size_t i = 0; i < count; i++)
            assert_in_range(curve[i].value_w, 1, client.contracted_va);
    }
}

static void test_the_peak_is_not_below_the_curve_and_inside_its_highest_interval(void **state)
{
    (void)state;
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    struct sandbox_client client = client_of(CLIENT_0);
    for (releve_day day = releve_day_from_civil(2026, 1, 1); day < releve_day_from_civil(2027, 1, 1); day++) {
        size_t count = sandbox_household_curve(SEED, &client, day, RELEVE_CONSUMPTION, curve);
        releve_time at;
        int32_t peak_va = sandbox_household_peak_va(SEED, &client, day, &at);
        int minute = (int)((at - releve_paris_midnight(day)) / RELEVE_MINUTE_MS);
        for (size_t i = 0; i < count; i++) {
            assert_true(peak_va >= curve[i].value_w);
            if (minute < curve[i].minute || minute >= curve[i].minute + curve[i].length_minutes)
                continue;
            for (size_t j = 0; j < count; j++)
                assert_true(curve[i].value_w >= curve[j].value_w);
        }
    }
}

static void test_a_roof_makes_nothing_at_night_and_more_in_june_than_in_december(void **state)
{
    (void)state;
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    struct sandbox_client client = client_of(PRODUCER);
    int64_t june_wh = 0, december_wh = 0;
    for (int i = 0; i < 31; i++) {
        releve_day day = releve_day_from_civil(2025, 12, 1) + i;
        size_t count = sandbox_household_curve(SEED, &client, day, RELEVE_PRODUCTION, curve);
        assert_int_equal(count, 48);
        for (size_t j = 0; j < count; j++) {
            if (curve[j].minute < 6 * 60 || curve[j].minute >= 19 * 60)
                assert_int_equal(curve[j].value_w, 0);
        }
        december_wh += sandbox_household_energy_wh(SEED, &client, day, RELEVE_PRODUCTION);
        june_wh += sandbox_household_energy_wh(SEED, &client, releve_day_from_civil(2026, 6, 1) + i, RELEVE_PRODUCTION);
    }
    assert_true(december_wh > 0);
    assert_true(june_wh > 2 * december_wh);
}

static void test_self_consumption_is_netted_in_each_interval(void **state)
{
    (void)state;
    struct releve_interval drawn[RELEVE_INTERVALS_MAX], fed[RELEVE_INTERVALS_MAX];
    bool drew = false, fed_in = false;
    releve_day day = releve_day_from_civil(2026, 6, 21);
    size_t count = curve_of(SEED, BOTH, day, RELEVE_CONSUMPTION, drawn);
    assert_int_equal(curve_of(SEED, BOTH, day, RELEVE_PRODUCTION, fed), count);
    for (size_t i = 0; i < count; i++) {
        assert_true(drawn[i].value_w == 0 || fed[i].value_w == 0);
        drew = drew || drawn[i].value_w > 0;
        fed_in = fed_in || fed[i].value_w > 0;
    }
    assert_true(drew);
    assert_true(fed_in);
}

static void test_the_population_ends_where_it_was_told_to(void **state)
{
    (void)state;
    struct sandbox_client client;
    assert_true(sandbox_client_find(SANDBOX_POPULATION_FIRST + 9, 10, &client));
    assert_false(sandbox_client_find(SANDBOX_POPULATION_FIRST + 10, 10, &client));
    assert_false(sandbox_client_find(SANDBOX_POPULATION_FIRST - 1, 10, &client));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_a_pure_function_of_seed_prm_and_instant),
        cmocka_unit_test(test_a_day_has_46_48_or_50_half_hours),
        cmocka_unit_test(test_the_intervals_fill_the_day_without_gap_or_overlap),
        cmocka_unit_test(test_the_interval_changes_at_noon_of_the_day_of_the_switch),
        cmocka_unit_test(test_every_interval_is_a_whole_number_of_wh_and_the_day_is_their_sum),
        cmocka_unit_test(test_consumption_stays_between_nothing_and_the_contracted_power),
        cmocka_unit_test(test_the_peak_is_not_below_the_curve_and_inside_its_highest_interval),
        cmocka_unit_test(test_a_roof_makes_nothing_at_night_and_more_in_june_than_in_december),
        cmocka_unit_test(test_self_consumption_is_netted_in_each_interval),
        cmocka_unit_test(test_the_population_ends_where_it_was_told_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
