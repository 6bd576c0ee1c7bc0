/* A part of the store is away: what is about usage points there waits, and the others go on (law 5; docs/design.md,
 * Scheduling). Here every third usage point is there. */
#include "desk.h"
#include <string.h>

#define POINTS 600
#define CONCURRENCY 16

static bool is_third(releve_prm prm)
{
    return (prm - FIRST_PRM) % 3 == 0;
}

/* The replica of that part is away: it can be read, and nothing is stored. */
static bool stores_nothing(releve_prm prm, enum releve_event_type reply)
{
    return is_third(prm) && reply == RELEVE_EVENT_STORED;
}

static bool says_nothing(releve_prm prm, enum releve_event_type reply)
{
    (void)reply;
    return is_third(prm);
}

static void submit_days(unsigned point, int days)
{
    desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - days, TODAY, RELEVE_NORMAL);
}

static size_t sends_of_thirds(void)
{
    size_t count = 0;
    for (size_t i = 0; i < desk.sends_count; i++)
        count += is_third(desk.sends[i].prm);
    return count;
}

static size_t held_up(void)
{
    size_t counts[RELEVE_CLASSES];
    releve_core_count_held_up(desk.core, desk.now, counts);
    return counts[RELEVE_NORMAL];
}

static void let_pass(releve_time length_ms)
{
    desk.now += length_ms;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
}

static void test_answers_that_cannot_be_stored_delay_no_other_usage_point(void **state)
{
    (void)state;
    for (unsigned i = 0; i < POINTS; i++)
        submit_days(i, 7);
    desk_get_token();
    desk.is_away = stores_nothing;
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, POINTS);
    assert_int_equal(desk.results_count, POINTS - POINTS / 3);
    desk_come_back();
    assert_int_equal(desk.results_count, POINTS);
}

static void test_a_usage_point_whose_answer_waits_is_asked_for_nothing_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 90; i++)
        submit_days(i, 70);
    desk_get_token();
    desk.is_away = stores_nothing;
    desk_serve(SENDS_MAX);
    for (unsigned i = 0; i < 90; i++)
        assert_int_equal(desk_sends_of(i), i % 3 == 0 ? 1 : 10);
    desk_come_back();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 900);
    assert_int_equal(desk.results_count, 90);
}

static void test_answers_that_wait_to_be_stored_have_a_limit(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RELEVE_CORE_JOBS_MAX; i++)
        submit_days(3 * i, 7);
    desk_get_token();
    desk.is_away = stores_nothing;
    desk_serve(SENDS_MAX);
    assert_in_range(desk.sends_count, RELEVE_LATE_ANSWERS_MAX, RELEVE_LATE_ANSWERS_MAX + 2 * CONCURRENCY);
    desk_come_back();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, RELEVE_CORE_JOBS_MAX);
}

static void test_so_have_the_days_in_them(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RELEVE_CORE_JOBS_MAX; i++)
        desk_submit(3 * i, RELEVE_DAILY_CONSUMPTION, TODAY - 365, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk.is_away = stores_nothing;
    desk_serve(SENDS_MAX);
    assert_in_range(desk.sends_count, RELEVE_LATE_DAYS_MAX / 365, RELEVE_LATE_DAYS_MAX / 365 + CONCURRENCY);
    desk_come_back();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, RELEVE_CORE_JOBS_MAX);
}

/* All places are taken by claims without a reply; some time later they are free. */
static void test_claims_without_a_reply_delay_no_other_usage_point_for_long(void **state)
{
    (void)state;
    for (unsigned i = 0; i < POINTS; i++)
        submit_days(i, 7);
    desk_get_token();
    desk.is_away = says_nothing;
    releve_time begin = desk.now, longest = 0;
    while (desk.results_count < POINTS - POINTS / 3) {
        desk_serve(SENDS_MAX);
        releve_time deadline = releve_core_deadline(desk.core);
        assert_int_not_equal(deadline, RELEVE_TIME_NEVER);
        longest = deadline - desk.now > longest ? deadline - desk.now : longest;
        let_pass(deadline - desk.now);
    }
    assert_true(longest <= RELEVE_CLAIM_LATE_MS);
    assert_true(desk.now - begin < POINTS / 3 * RELEVE_CLAIM_LATE_MS / CONCURRENCY + POINTS * 400);
    assert_int_equal(sends_of_thirds(), 0);
    let_pass(RELEVE_CLAIM_LATE_MS);
    assert_int_equal(releve_core_look(desk.core, desk.now).in_flight, 0);
    assert_int_equal(desk.returns, desk.owed_count); /* each permit once */
    desk_come_back();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, POINTS);
    assert_int_equal(sends_of_thirds(), POINTS / 3);
}

static void test_a_claim_that_is_granted_late_is_given_up_and_asked_for_anew(void **state)
{
    (void)state;
    submit_days(0, 7);
    desk_get_token();
    desk.is_away = says_nothing;
    assert_null(desk_grant(0));
    let_pass(RELEVE_CLAIM_LATE_MS - 1);
    assert_int_equal(desk.returns, 0);
    let_pass(1);
    assert_int_equal(desk.returns, 1);
    assert_int_equal(held_up(), 1);
    assert_false(desk.asked[0]); /* its usage point waits */
    desk_come_back();
    assert_int_equal(desk.unclaims, 1);
    assert_int_equal(desk.returns, 1);
    assert_int_equal(held_up(), 0);
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 7);
}

static void test_a_job_is_held_up_where_nobody_says_what_is_known(void **state)
{
    (void)state;
    desk.is_away = says_nothing;
    submit_days(0, 7);
    submit_days(1, 7);
    let_pass(RELEVE_HELD_UP_MS - 1);
    assert_int_equal(held_up(), 0);
    let_pass(1);
    assert_int_equal(held_up(), 1);
    desk_come_back();
    assert_int_equal(held_up(), 0);
}

static void test_a_held_up_job_counts_for_the_queue_that_it_came_from(void **state)
{
    (void)state;
    desk.is_away = says_nothing;
    desk_submit_job(&(struct releve_job){.prm = FIRST_PRM,
                                         .kind = RELEVE_DAILY_CONSUMPTION,
                                         .span = {TODAY - 7, TODAY},
                                         .class_ = RELEVE_LOW,
                                         .queue = RELEVE_NORMAL,
                                         .id = "names-another-class"});
    let_pass(RELEVE_HELD_UP_MS);
    assert_int_equal(held_up(), 1);
    desk_come_back();
}

static void test_all_jobs_of_a_usage_point_whose_answer_waits_for_long_are_held_up(void **state)
{
    (void)state;
    submit_days(0, 7);
    desk_submit(0, RELEVE_DAILY_CONSUMPTION, TODAY - 7, TODAY, RELEVE_NORMAL);
    submit_days(1, 7);
    desk_get_token();
    desk.is_away = stores_nothing;
    desk_answer(desk_grant(0), RELEVE_DATA);
    assert_int_equal(held_up(), 0);
    let_pass(RELEVE_HELD_UP_MS);
    assert_int_equal(held_up(), 2);
    desk_come_back();
    assert_int_equal(held_up(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_that_cannot_be_stored_delay_no_other_usage_point, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(test_a_usage_point_whose_answer_waits_is_asked_for_nothing_more, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(test_answers_that_wait_to_be_stored_have_a_limit, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_so_have_the_days_in_them, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_claims_without_a_reply_delay_no_other_usage_point_for_long, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(test_a_claim_that_is_granted_late_is_given_up_and_asked_for_anew, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(test_a_job_is_held_up_where_nobody_says_what_is_known, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_a_held_up_job_counts_for_the_queue_that_it_came_from, desk_open,
                                        desk_close),
        cmocka_unit_test_setup_teardown(test_all_jobs_of_a_usage_point_whose_answer_waits_for_long_are_held_up,
                                        desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
