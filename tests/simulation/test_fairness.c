/* Who gets the next permit, and what a usage point that cannot be served costs (docs/design.md,
 * Scheduling and Retries).
 */
#include "desk.h"
#include <string.h>

/* --- classes ------------------------------------------------------------------------------------------------ */

static void test_a_high_job_gets_the_next_permit_in_a_deep_backfill(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RELEVE_CORE_JOBS_MAX - 10; i++)
        desk_submit(i, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    desk_get_token();
    for (unsigned i = 0; i < 10; i++) {
        desk_serve(101 + i);
        desk_submit(5000 + i, RELEVE_DAILY_CONSUMPTION, TODAY - 1, TODAY, RELEVE_HIGH);
        struct sending *sending = desk_grant(0);
        assert_non_null(sending);
        assert_int_equal(sending->prm, FIRST_PRM + 5000 + i);
        desk_answer(sending, RELEVE_DATA);
    }
}

static void test_a_high_job_about_a_point_of_the_backfill_gets_the_next_permit_too(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        desk_submit(i, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    desk_get_token();
    desk_serve(120);
    desk_submit(7, RELEVE_DAILY_CONSUMPTION, TODAY - 1, TODAY, RELEVE_HIGH);
    struct sending *sending = desk_grant(0);
    assert_int_equal(sending->prm, FIRST_PRM + 7);
    assert_int_equal(sending->kind, RELEVE_DAILY_CONSUMPTION);
}

static void test_each_class_with_work_gets_one_permit_in_ten(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60; i++)
        desk_submit(i, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, (enum releve_class)(i % RELEVE_CLASSES));
    desk_get_token();
    desk_serve(600);
    assert_int_equal(desk.sends_count, 600);
    for (size_t begin = 0; begin + 10 <= 600; begin++) {
        int of_class[RELEVE_CLASSES] = {0};
        for (size_t i = begin; i < begin + 10; i++)
            of_class[desk.sends[i].class_]++;
        for (int i = 0; i < RELEVE_CLASSES; i++)
            if (of_class[i] == 0)
                fail_msg("class %s has none of the permits %zu to %zu", releve_class_name((enum releve_class)i), begin,
                         begin + 9);
        assert_true(of_class[RELEVE_HIGH] >= 7); /* they are served one permit early, so twice in some windows */
    }
}

/* --- turns -------------------------------------------------------------------------------------------------- */

static void test_usage_points_take_turns(void **state)
{
    (void)state;
    enum { POINTS = 40 };
    for (unsigned i = 0; i < POINTS; i++)
        for (unsigned kind = 0; kind < 1 + i % RELEVE_MEASURES; kind++) /* some want more than others */
            desk_submit(i, (enum releve_kind)kind, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_submit(0, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    /* Those with a load curve stay longer than three rounds. */
    desk_serve(POINTS * 2);
    int turns[POINTS] = {0};
    for (size_t i = 0; i < (size_t)POINTS; i++)
        turns[desk.sends[i].prm - FIRST_PRM]++;
    for (int i = 0; i < POINTS; i++)
        assert_int_equal(turns[i], 1); /* nobody twice before everybody once */
    for (size_t i = POINTS; i < desk.sends_count; i++)
        turns[desk.sends[i].prm - FIRST_PRM]++;
    for (int i = 0; i < POINTS; i++)
        assert_true(turns[i] <= 2 + (POINTS / RELEVE_MEASURES > 0));
}

static void test_the_jobs_of_a_usage_point_take_turns(void **state)
{
    (void)state;
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_submit(1, RELEVE_PRODUCTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(40);
    for (size_t i = 0; i + 1 < desk.sends_count; i++)
        assert_int_not_equal(desk.sends[i].kind, desk.sends[i + 1].kind);
}

static void test_newest_days_come_first(void **state)
{
    (void)state;
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 100);
    assert_int_equal(desk.sends[0].span.end, TODAY);
    for (size_t i = 1; i < desk.sends_count; i++)
        assert_int_equal(desk.sends[i].span.end, desk.sends[i - 1].span.first);
}

/* --- what brings nothing --------------------------------------------------------------------------------------- */

static enum releve_verdict first_point_is_empty(const struct sending *sending)
{
    return sending->prm == FIRST_PRM ? RELEVE_NO_DATA : RELEVE_DATA;
}

static void test_a_job_whose_four_newest_chunks_are_empty_goes_on_in_class_low(void **state)
{
    (void)state;
    desk.judge = first_point_is_empty;
    desk_submit(0, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 350, TODAY, RELEVE_NORMAL);
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(8); /* in turn: four each */
    assert_int_equal(desk.demoted, 1);
    desk_serve(50);
    int after = 0;
    for (size_t i = 8; i < 58; i++)
        after += desk.sends[i].prm == FIRST_PRM;
    assert_int_equal(after, 5); /* one in ten */
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 2); /* it is done in full all the same */
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(desk.results[i].holes + desk.results[i].pending,
                         desk.results[i].job.prm == FIRST_PRM ? 350 : 0);
    assert_int_equal(desk.demoted, 1);
}

static void test_three_empty_chunks_demote_nobody(void **state)
{
    (void)state;
    desk.judge = first_point_is_empty;
    desk_submit(0, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 21, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 3);
    assert_int_equal(desk.demoted, 0);
}

static enum releve_verdict refuse(const struct sending *sending)
{
    (void)sending;
    return RELEVE_POINT_REFUSED;
}

static void test_a_refused_usage_point_costs_one_request(void **state)
{
    (void)state;
    desk.judge = refuse;
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        desk_submit(1, (enum releve_kind)kind, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 1);
    assert_int_equal(desk.results_count, RELEVE_MEASURES);
    for (size_t i = 0; i < desk.results_count; i++)
        assert_int_equal(desk.results[i].state, RELEVE_JOB_FAILED);
}

static enum releve_verdict no_production(const struct sending *sending)
{
    return releve_kind_facts(sending->kind)->direction == RELEVE_PRODUCTION ? RELEVE_NOT_APPLICABLE : RELEVE_DATA;
}

/* What upstream says of a range says nothing of the consent. */
static void test_a_refused_range_opens_no_usage_point(void **state)
{
    static const enum releve_verdict verdicts[] = {RELEVE_TOO_LONG, RELEVE_END_TOO_RECENT};
    for (size_t i = 0; i < 2; i++) {
        (void)desk_close(state);
        (void)desk_open(state);
        desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 70, TODAY, RELEVE_NORMAL);
        desk_get_token();
        desk_answer(desk_grant(0), verdicts[i]);
        const struct sending *second = desk_grant(0);
        assert_non_null(second);
        assert_false(desk.asked[0]);
        desk_answer(second, RELEVE_DIRECTION_REFUSED);
        assert_int_equal(desk.results_count, 1);
        assert_int_equal(desk.sends_count, 2);
    }
}

static void test_a_kind_that_a_usage_point_does_not_have_costs_one_request(void **state)
{
    (void)state;
    desk.judge = no_production;
    desk_submit(1, RELEVE_PRODUCTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 1 + 2);
    assert_int_equal(desk.results_count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(desk.results[i].state, desk.results[i].job.kind == RELEVE_DAILY_CONSUMPTION
                                                    ? RELEVE_JOB_DONE
                                                    : RELEVE_JOB_NOT_APPLICABLE);
}

static releve_day activation;

static enum releve_verdict since_activation(const struct sending *sending)
{
    return sending->span.first < activation ? RELEVE_BEFORE_ACTIVATION : RELEVE_DATA;
}

static void test_an_activation_inside_a_chunk_of_seven_days_costs_four_requests_at_most(void **state)
{
    for (int days_min = 1; days_min <= 2; days_min++) {
        for (activation = TODAY - 35; activation <= TODAY; activation++) {
            const struct releve_core_options options = {
                .concurrency = 16, .days_min = days_min, .buckets_count = 1, .seed = 1};
            (void)desk_close(state);
            desk_open_with(&options);
            desk.judge = since_activation;
            desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 35, TODAY, RELEVE_NORMAL);
            desk_get_token();
            desk_serve(SENDS_MAX);
            int days = TODAY - activation;
            size_t needed = (size_t)(days + 6) / 7;
            if (desk.sends_count > needed + 1 + 3)
                fail_msg("activated %d days ago: %zu requests where %zu would do", days, desk.sends_count, needed);
            assert_int_equal(desk.results_count, 1);
            /* Where two days are the least that can be asked, the last day alone cannot be: it looks as if there were
             * nothing at all, until tomorrow. */
            bool absent = days < days_min;
            assert_int_equal(desk.results[0].state, absent ? RELEVE_JOB_NOT_APPLICABLE : RELEVE_JOB_DONE);
            assert_int_equal(desk.results[0].complete, absent ? 0 : days);
            assert_int_equal(desk.results[0].cut, absent ? 35 : 35 - days);
        }
    }
}

/* --- what comes along ------------------------------------------------------------------------------------------- */

/* Days that may have changed since they were asked cost no request of their own where one that is due reaches them. */
static void test_a_request_takes_pending_and_unsettled_partial_days_along(void **state)
{
    (void)state;
    releve_coverage_init(&desk.known, (struct releve_span){TODAY - 40, TODAY});
    for (releve_day day = TODAY - 40; day < TODAY - 1; day++)
        releve_coverage_set(&desk.known, day, RELEVE_DAY_COMPLETE);
    releve_coverage_set(&desk.known, TODAY - 6, RELEVE_DAY_PENDING);
    releve_coverage_set(&desk.known, TODAY - 4, RELEVE_DAY_PARTIAL);
    releve_coverage_set(&desk.known, TODAY - 30, RELEVE_DAY_PARTIAL); /* it stays so: settled */
    releve_coverage_set(&desk.known, TODAY - 31, RELEVE_DAY_MISSING);
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 40, TODAY, RELEVE_NORMAL);
    desk_get_token();
    const struct sending *newest = desk_grant(0);
    assert_int_equal(newest->span.first, TODAY - 6);
    assert_int_equal(newest->span.end, TODAY);
    desk_answer(newest, RELEVE_DATA);
    const struct sending *oldest = desk_grant(0);
    assert_int_equal(oldest->span.first, TODAY - 31);
    assert_int_equal(oldest->span.end, TODAY - 30);
    desk_answer(oldest, RELEVE_DATA);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 39);
    assert_int_equal(desk.results[0].partial, 1);
}

/* --- found by the simulation ------------------------------------------------------------------------------------ */

static void test_permits_that_are_asked_for_count_as_requests_in_flight(void **state)
{
    const struct releve_core_options options = {
        .concurrency = 1, .days_min = 1, .buckets_count = 2, .bucket_of = {[RELEVE_DAILY_CONSUMPTION] = 1}, .seed = 1};
    (void)desk_close(state);
    desk_open_with(&options);
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 70, TODAY, RELEVE_NORMAL);
    desk_submit(2, RELEVE_DAILY_CONSUMPTION, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    size_t of_bucket[2] = {0};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(desk.asked[0] + desk.asked[1], 1);
        unsigned bucket = desk.asked[1] ? 1 : 0;
        struct sending *sending = desk_grant(bucket);
        assert_non_null(sending);
        assert_false(desk.asked[0] || desk.asked[1]);
        of_bucket[bucket]++;
        desk_answer(sending, RELEVE_DATA);
    }
    assert_int_equal(of_bucket[1], 2); /* and neither bucket starves the other */
}

static void test_a_known_day_does_not_fail_with_a_chunk_around_it(void **state)
{
    (void)state;
    releve_coverage_init(&desk.known, (struct releve_span){TODAY - 10, TODAY - 7});
    releve_coverage_set(&desk.known, TODAY - 9, RELEVE_DAY_COMPLETE);
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 10, TODAY - 7, RELEVE_NORMAL);
    desk.silent_store = true;
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 10, TODAY - 7, RELEVE_NORMAL);
    releve_handle second = desk.begun;
    desk.silent_store = false;
    desk_get_token();
    desk_answer(desk_grant(0), RELEVE_BAD_REQUEST); /* given up at once */
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 1);
    assert_int_equal(desk.results[0].failed, 2);
    desk_step((struct releve_event){
        .type = RELEVE_EVENT_KNOWN, .handle = second, .coverage = &desk.known, .facts = &releve_facts_unknown});
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.results[1].complete, 3);
}

static void test_a_day_that_another_chunk_brought_is_not_asked_again(void **state)
{
    (void)state;
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 1000, TODAY - 490, RELEVE_LOW); /* so that it is heard of */
    desk_get_token();
    desk_serve(1);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY - 90, RELEVE_HIGH);
    struct sending *inner = desk_grant(0);
    assert_int_equal(inner->span.first, TODAY - 100);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 200, TODAY - 50, RELEVE_NORMAL);
    struct sending *outer = desk_grant(0);
    assert_int_equal(outer->span.first, TODAY - 200);
    assert_int_equal(outer->span.end, TODAY - 50);
    desk_answer(outer, RELEVE_DATA);
    desk_answer(inner, RELEVE_TRANSIENT);
    desk.now += RELEVE_BACKOFF_MIN_MS;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 4); /* two for the first job, outer, inner */
    assert_int_equal(desk.results_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(desk.results[i].state, RELEVE_JOB_DONE);
}

static void test_a_chunk_that_is_given_up_leaves_days_alone_that_another_has_under_way(void **state)
{
    (void)state;
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 1000, TODAY - 490, RELEVE_LOW); /* so that it is heard of */
    desk_get_token();
    desk_serve(1);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY - 90, RELEVE_HIGH);
    struct sending *inner = desk_grant(0);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 200, TODAY - 50, RELEVE_NORMAL);
    struct sending *outer = desk_grant(0);
    desk_answer(outer, RELEVE_BAD_REQUEST); /* given up at once */
    assert_int_equal(desk.results_count, 0);
    desk_answer(inner, RELEVE_DATA);
    assert_int_equal(desk.results_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(desk.results[i].complete, 10);
        assert_int_equal(desk.results[i].failed, desk.results[i].job.class_ == RELEVE_HIGH ? 0 : 140);
    }
}

/* A request was widened, its neighbour came in part, and nobody wanted that: it is not stored. */
static void test_a_job_that_comes_while_days_are_stored_counts_no_day_that_is_not(void **state)
{
    const struct releve_core_options options = {.concurrency = 16, .days_min = 2, .buckets_count = 1, .seed = 1};
    (void)desk_close(state);
    desk_open_with(&options);
    desk.slow_store = true;
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 30, TODAY - 29, RELEVE_NORMAL);
    desk_get_token();
    struct sending *sending = desk_grant(0);
    assert_int_equal(sending->span.first, TODAY - 31);
    struct releve_reading readings[] = {{.day = TODAY - 31}, {.day = TODAY - 30, .complete = true}};
    struct releve_answer partly = {.verdict = RELEVE_DATA, .readings = readings, .readings_count = 2};
    desk_step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &partly});
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 31, TODAY - 29, RELEVE_NORMAL);
    desk.slow_store = false;
    desk_step((struct releve_event){.type = RELEVE_EVENT_STORED, .handle = desk.storing});
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 2);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.results[1].complete, 2);
}

/* By the time that the reply comes, the days may be somebody else's. */
static void test_nothing_is_sent_under_a_claim_that_may_have_run_out(void **state)
{
    (void)state;
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY - 90, RELEVE_NORMAL);
    desk_get_token();
    desk.claim_takes_ms = RELEVE_CLAIM_LIFE_MS;
    assert_null(desk_grant(0));
    assert_int_equal(desk.unclaims, 1);
    assert_int_equal(desk.returns, 1);
    desk.claim_takes_ms = RELEVE_CLAIM_LIFE_MS - 1;
    assert_non_null(desk_grant(0));
}

/* --- where there is no quota ------------------------------------------------------------------------------------ */

static void test_without_a_quota_the_door_is_looked_at_once_a_second(void **state)
{
    (void)state;
    releve_core_free(desk.core);
    const struct releve_core_options options = {
        .concurrency = 1, .days_min = 1, .buckets_count = 1, .unlimited = true, .seed = 1};
    desk_open_with(&options);
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    assert_int_equal(desk.looks, 1);
    releve_time begin = desk.now;
    while (desk.now < begin + 10 * RELEVE_SECOND_MS) {
        desk.now += 150;
        desk_answer(desk_grant(0), RELEVE_DATA);
    }
    assert_in_range(desk.looks, 9, 11);
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, desk_open, desk_close)
    const struct CMUnitTest tests[] = {
        LAW(test_a_high_job_gets_the_next_permit_in_a_deep_backfill),
        LAW(test_a_high_job_about_a_point_of_the_backfill_gets_the_next_permit_too),
        LAW(test_each_class_with_work_gets_one_permit_in_ten),
        LAW(test_usage_points_take_turns),
        LAW(test_the_jobs_of_a_usage_point_take_turns),
        LAW(test_newest_days_come_first),
        LAW(test_a_job_whose_four_newest_chunks_are_empty_goes_on_in_class_low),
        LAW(test_three_empty_chunks_demote_nobody),
        LAW(test_a_refused_usage_point_costs_one_request),
        LAW(test_a_refused_range_opens_no_usage_point),
        LAW(test_a_kind_that_a_usage_point_does_not_have_costs_one_request),
        LAW(test_an_activation_inside_a_chunk_of_seven_days_costs_four_requests_at_most),
        LAW(test_a_request_takes_pending_and_unsettled_partial_days_along),
        LAW(test_permits_that_are_asked_for_count_as_requests_in_flight),
        LAW(test_a_known_day_does_not_fail_with_a_chunk_around_it),
        LAW(test_a_day_that_another_chunk_brought_is_not_asked_again),
        LAW(test_a_chunk_that_is_given_up_leaves_days_alone_that_another_has_under_way),
        LAW(test_nothing_is_sent_under_a_claim_that_may_have_run_out),
        LAW(test_a_job_that_comes_while_days_are_stored_counts_no_day_that_is_not),
        LAW(test_without_a_quota_the_door_is_looked_at_once_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
