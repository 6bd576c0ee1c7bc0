/* What is older than days are kept is not asked for, whatever a job wants (docs/design.md, Floors). Law 2. */
#include "desk.h"

#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE
#define KEPT 40 /* days */

static int setup(void **state)
{
    (void)state;
    const struct releve_core_options options = {
        .concurrency = 16, .days_min = 2, .buckets_count = 1, .keep = {.days = {[CURVE] = KEPT}}, .seed = 1};
    desk_open_with(&options);
    return 0;
}

static releve_day oldest_asked(void)
{
    releve_day oldest = TODAY;
    for (size_t i = 0; i < desk.sends_count; i++)
        oldest = desk.sends[i].span.first < oldest ? desk.sends[i].span.first : oldest;
    return oldest;
}

static void test_a_job_of_the_whole_history_asks_for_what_is_kept(void **state)
{
    (void)state;
    desk_submit(0, CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.results[0].complete, KEPT);
    assert_int_equal(desk.results[0].cut, 700 - KEPT);
    assert_int_equal(desk.sends_count, (KEPT + 6) / 7);
    assert_int_equal(oldest_asked(), TODAY - KEPT);
}

static void test_another_kind_is_asked_for_whole(void **state)
{
    (void)state;
    desk_submit(0, RELEVE_DAILY_CONSUMPTION, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, 700);
}

static void test_a_refresh_asks_for_nothing_older_either(void **state)
{
    (void)state;
    const struct releve_job job = {
        .prm = FIRST_PRM, .kind = CURVE, .span = {TODAY - 100, TODAY}, .class_ = RELEVE_NORMAL, .refresh = true};
    desk_submit_job(&job);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, KEPT);
    assert_int_equal(oldest_asked(), TODAY - KEPT);
}

static void test_the_oldest_day_alone_is_widened_into_what_is_kept(void **state)
{
    (void)state;
    desk_submit(0, CURVE, TODAY - KEPT, TODAY - KEPT + 1, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, 1);
    assert_int_equal(desk.sends[0].span.first, TODAY - KEPT);
    assert_int_equal(desk.sends[0].span.end, TODAY - KEPT + 2);
}

static void test_a_job_of_nothing_that_is_kept_says_so(void **state)
{
    (void)state;
    desk_submit(0, CURVE, TODAY - 100, TODAY - KEPT, RELEVE_NORMAL);
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, 0);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_FAILED);
    assert_string_equal(desk.results[0].reason.code, "not-kept");
    assert_string_equal(
        desk.results[0].reason.text,
        "days of this kind are kept for 40 days (RELEVE_KEEP), now from 2026-05-23 on, and none of them "
        "was asked for");
    assert_int_equal(desk.results[0].cut, 60);
}

static void test_what_is_known_is_known_however_old(void **state)
{
    (void)state;
    desk.known = (struct releve_coverage){.span = {TODAY - 100, TODAY - 90}};
    releve_coverage_init(&desk.known, desk.known.span);
    releve_coverage_replace(&desk.known, desk.known.span, RELEVE_DAY_MISSING, RELEVE_DAY_COMPLETE);
    desk_submit(0, CURVE, TODAY - 100, TODAY - 80, RELEVE_NORMAL);
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, 0);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.results[0].complete, 10);
    assert_int_equal(desk.results[0].cut, 10);
}

int main(void)
{
#define at_desk(test) cmocka_unit_test_setup_teardown(test, setup, desk_close)
    const struct CMUnitTest tests[] = {
        at_desk(test_a_job_of_the_whole_history_asks_for_what_is_kept),
        at_desk(test_another_kind_is_asked_for_whole),
        at_desk(test_a_refresh_asks_for_nothing_older_either),
        at_desk(test_the_oldest_day_alone_is_widened_into_what_is_kept),
        at_desk(test_a_job_of_nothing_that_is_kept_says_so),
        at_desk(test_what_is_known_is_known_however_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
