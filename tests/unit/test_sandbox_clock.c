/* The simulator's clock: what is published when, and a day that the user chose. */
#include "adapters/sandbox/clock.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static releve_time at_eight(releve_day day)
{
    releve_time at[2];
    assert_int_equal(releve_paris_instants(day, 8 * 3600, at), 1);
    return at[0];
}

static void test_yesterday_is_published_at_eight_in_paris_summer_and_winter(void **state)
{
    (void)state;
    const releve_day days[] = {releve_day_from_civil(2026, 1, 15), releve_day_from_civil(2026, 7, 15),
                               releve_day_from_civil(2026, 3, 29), releve_day_from_civil(2026, 10, 25)};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        assert_int_equal(sandbox_published_end(releve_paris_midnight(days[i])), days[i] - 1);
        assert_int_equal(sandbox_published_end(at_eight(days[i]) - 1), days[i] - 1);
        assert_int_equal(sandbox_published_end(at_eight(days[i])), days[i]);
        assert_int_equal(sandbox_published_end(releve_paris_midnight(days[i] + 1) - 1), days[i]);
    }
}

static void test_a_chosen_day_is_at_its_noon_and_all_before_it_is_published(void **state)
{
    (void)state;
    struct sandbox_clock clock;
    releve_day day = releve_day_from_civil(2026, 10, 25);
    sandbox_clock_set(&clock, day);
    assert_int_equal(sandbox_clock_today(&clock), day);
    assert_int_equal(sandbox_clock_published_end(&clock), day);
    assert_true(sandbox_clock_now(&clock) >= at_eight(day) + 4 * RELEVE_HOUR_MS);
    assert_int_equal(releve_paris_day(sandbox_clock_now(&clock)), day);
}

static void test_a_chosen_day_stays_however_long_the_simulator_runs(void **state)
{
    (void)state;
    struct sandbox_clock clock;
    releve_day day = releve_day_from_civil(2026, 11, 21);
    sandbox_clock_set(&clock, day);
    clock.set_at -= 100 * RELEVE_HOUR_MS; /* as if it had been chosen four days ago */
    assert_int_equal(sandbox_clock_today(&clock), day);
    assert_int_equal(sandbox_clock_published_end(&clock), day);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yesterday_is_published_at_eight_in_paris_summer_and_winter),
        cmocka_unit_test(test_a_chosen_day_is_at_its_noon_and_all_before_it_is_published),
        cmocka_unit_test(test_a_chosen_day_stays_however_long_the_simulator_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
