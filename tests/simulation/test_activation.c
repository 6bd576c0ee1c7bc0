/* Before deep history, another API is asked when the usage point was activated (docs/design.md, Floors). */
#include "desk.h"

#define TELLS 1 /* the bucket of the API that tells */
#define DEEP 60 /* days: several requests of a load curve */
#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE

static int setup(void **state)
{
    (void)state;
    const struct releve_core_options options = {.concurrency = 16,
                                                .days_min = 1,
                                                .buckets_count = 2,
                                                .tells_activation = true,
                                                .activation_bucket = TELLS,
                                                .closed_ms = RELEVE_HOUR_MS,
                                                .seed = 1};
    desk_open_with(&options);
    return 0;
}

static void submit(unsigned point, enum releve_kind kind, int days)
{
    desk_submit(point, kind, TODAY - days, TODAY, RELEVE_NORMAL);
}

static const struct sending *inquire(void)
{
    const struct sending *sending = desk_grant(TELLS);
    assert_non_null(sending);
    assert_int_equal(sending->request, RELEVE_REQUEST_ACTIVATION);
    return sending;
}

static void tell(const struct sending *sending, releve_day consumption, releve_day production)
{
    struct releve_answer answer = {
        .verdict = RELEVE_DATA,
        .retry_after_ms = RELEVE_RETRY_UNKNOWN,
        .activations = {[RELEVE_CONSUMPTION] = consumption, [RELEVE_PRODUCTION] = production}};
    desk_step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &answer});
}

/* What upstream refuses as too early, by day. */
static releve_day activation;

static enum releve_verdict judge(const struct sending *sending)
{
    return sending->span.first < activation ? RELEVE_BEFORE_ACTIVATION : RELEVE_DATA;
}

static void test_what_is_told_is_planned_exactly_and_nothing_is_refused(void **state)
{
    (void)state;
    activation = TODAY - 20;
    desk.judge = judge;
    submit(1, CURVE, DEEP);
    desk_get_token();
    assert_false(desk.asked[0]); /* nothing of measures before that */
    tell(inquire(), activation, RELEVE_DAY_NONE);
    assert_int_equal(desk.lessons_count, 1);
    assert_int_equal(desk.lessons[0].type, RELEVE_LESSON_TOLD);
    assert_int_equal(desk.lessons[0].floor.after, activation - 1);
    assert_int_equal(desk.lessons[0].floor.first, activation);
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, 1 + 3);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.results[0].complete, 20);
    assert_int_equal(desk.results[0].cut, DEEP - 20);
    assert_int_equal(desk.results[0].requests, 3);
    assert_int_equal(releve_core_look(desk.core, desk.now).inquiries, 1);
}

static void test_one_request_tells_both_directions(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    submit(1, RELEVE_PRODUCTION_LOAD_CURVE, DEEP);
    desk_get_token();
    tell(inquire(), TODAY - 40, TODAY - 10);
    assert_false(desk.asked[TELLS]);
    assert_int_equal(desk.lessons_count, 2);
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, 1 + 6 + 2);
}

static void test_while_it_is_asked_its_other_kinds_wait_and_other_usage_points_do_not(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    submit(1, RELEVE_DAILY_CONSUMPTION, 5);
    desk_get_token();
    const struct sending *sending = inquire();
    assert_null(desk_grant(0)); /* asked for before, and of no use now */
    assert_false(desk.asked[0]);
    submit(2, CURVE, 5);
    assert_int_equal(desk_grant(0)->prm, FIRST_PRM + 2);
    tell(sending, TODAY - 40, RELEVE_DAY_NONE);
    assert_true(desk.asked[0]);
}

static void test_what_one_request_brings_and_what_is_known_to_go_on_is_not_worth_it(void **state)
{
    (void)state;
    submit(1, CURVE, 7);
    desk_get_token();
    assert_int_equal(desk_grant(0)->request, RELEVE_REQUEST_MAIN);
    releve_coverage_init(&desk.known, (struct releve_span){TODAY - DEEP, TODAY});
    releve_coverage_set(&desk.known, TODAY - DEEP, RELEVE_DAY_COMPLETE);
    submit(2, CURVE, DEEP);
    assert_int_equal(desk_grant(0)->prm, FIRST_PRM + 2);
    assert_false(desk.asked[TELLS]);
}

static void test_an_activation_that_is_known_is_not_asked_until_it_is_doubted(void **state)
{
    (void)state;
    static struct releve_point_facts facts;
    facts = releve_facts_unknown;
    facts.directions[RELEVE_CONSUMPTION].activation = (struct releve_floor){.after = TODAY - 41, .first = TODAY - 40};
    desk.facts = &facts;
    submit(1, CURVE, DEEP);
    desk_get_token();
    assert_false(desk.asked[TELLS]);
    facts.directions[RELEVE_CONSUMPTION].activation.doubted = true;
    submit(2, CURVE, DEEP);
    assert_int_equal(inquire()->prm, FIRST_PRM + 2);
}

static void test_what_days_have_shown_counts_more_than_what_is_told(void **state)
{
    (void)state;
    activation = TODAY - 20;
    desk.judge = judge;
    submit(1, CURVE, DEEP);
    desk_get_token();
    tell(inquire(), TODAY - 50, RELEVE_DAY_NONE); /* too early */
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, 20);
    assert_int_equal(desk.results[0].failed, 0);
    const struct releve_lesson *last = &desk.lessons[desk.lessons_count - 1];
    assert_int_equal(last->type, RELEVE_LESSON_ACTIVATION);
    assert_int_equal(last->floor.after, activation - 1);
}

static void test_what_is_told_of_the_future_is_not_believed(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    desk_get_token();
    tell(inquire(), TODAY + 1, TODAY + 1);
    assert_int_equal(desk.lessons_count, 0);
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, DEEP);
}

static void test_an_api_that_is_not_subscribed_is_asked_once(void **state)
{
    (void)state;
    for (unsigned point = 1; point <= 5; point++)
        submit(point, CURVE, DEEP);
    desk_get_token();
    desk_answer(inquire(), RELEVE_API_REFUSED);
    desk.now += 48 * RELEVE_HOUR_MS;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    desk_serve_to_the_end();
    assert_false(desk.asked[TELLS] && desk_grant(TELLS) != NULL);
    assert_int_equal(desk.results_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(desk.results[i].complete, DEEP);
}

static void test_a_full_or_closed_quota_of_its_own_holds_up_no_measure(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    submit(2, CURVE, DEEP);
    desk_get_token();
    desk_answer(inquire(), RELEVE_THROTTLED);
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.sends_count, 1 + 2 * 9);
    desk.now += 2 * RELEVE_HOUR_MS;
    submit(3, CURVE, DEEP); /* open again, and somebody else has used it up */
    assert_true(desk.asked[TELLS]);
    desk.asked[TELLS] = false;
    desk_step(
        (struct releve_event){.type = RELEVE_EVENT_PERMIT, .bucket = TELLS, .wait_ms = RELEVE_SAVING_WAIT_MAX_MS + 1});
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 3);
}

static void test_where_it_fails_the_first_day_is_searched_for(void **state)
{
    (void)state;
    activation = TODAY - 20;
    desk.judge = judge;
    submit(1, CURVE, DEEP);
    desk_get_token();
    desk_answer(inquire(), RELEVE_TRANSIENT);
    assert_false(desk.asked[TELLS]);
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, 20);
}

static enum releve_verdict judge_as_failed(const struct sending *sending)
{
    (void)sending;
    return RELEVE_TRANSIENT;
}

static void test_one_that_fails_in_all_costs_eight_requests_with_that_one(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    submit(1, RELEVE_PRODUCTION_LOAD_CURVE, DEEP);
    desk_get_token();
    desk_answer(inquire(), RELEVE_TRANSIENT);
    desk.judge = judge_as_failed;
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, RELEVE_SICK_REQUESTS_MAX);
}

static void test_an_api_that_fails_is_left_alone_for_all(void **state)
{
    (void)state;
    for (unsigned point = 1; point <= 20; point++)
        submit(point, CURVE, DEEP);
    desk_get_token();
    for (int i = 0; i < RELEVE_ACTIVATION_FAILURES_MAX; i++)
        desk_answer(inquire(), RELEVE_TRANSIENT);
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 20);
    assert_int_equal(releve_core_look(desk.core, desk.now).inquiries, RELEVE_ACTIVATION_FAILURES_MAX);
}

static void test_an_api_that_refuses_good_tokens_costs_one(void **state)
{
    (void)state;
    for (unsigned point = 1; point <= 20; point++)
        submit(point, CURVE, DEEP);
    desk_get_token();
    desk_answer(inquire(), RELEVE_TOKEN_STALE);
    desk_get_token();
    while (desk.asked[TELLS]) {
        const struct sending *sending = desk_grant(TELLS);
        if (sending != NULL)
            desk_answer(sending, RELEVE_TOKEN_STALE);
        if (desk.asked[0] && desk.tokens > 5)
            break;
        if (desk.asked[0])
            (void)desk_grant(0);
    }
    assert_in_range(desk.tokens, 2, 3);
}

static void test_permits_of_its_own_do_not_starve_a_class(void **state)
{
    (void)state;
    for (unsigned point = 1; point <= 60; point++)
        submit(point, CURVE, DEEP);
    desk_submit(100, CURVE, TODAY - 5, TODAY, RELEVE_LOW);
    desk_get_token();
    int permits = 0;
    for (; desk_sends_of(100) == 0 && permits < 200; permits++) {
        const struct sending *sending = desk.asked[TELLS] ? desk_grant(TELLS) : NULL;
        if (sending != NULL)
            tell(sending, TODAY - 40, RELEVE_DAY_NONE);
        sending = desk.asked[0] ? desk_grant(0) : NULL;
        if (sending != NULL)
            desk_answer(sending, RELEVE_DATA);
    }
    assert_in_range(permits, 1, 2 * RELEVE_CLASS_WAIT_MAX);
}

static void test_a_usage_point_that_does_not_exist_costs_that_request_only(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    submit(1, RELEVE_DAILY_CONSUMPTION, 5);
    desk_get_token();
    desk_answer(inquire(), RELEVE_POINT_REFUSED);
    desk_serve_to_the_end();
    assert_int_equal(desk.sends_count, 1);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.lessons[0].type, RELEVE_LESSON_UNKNOWN);
}

static void test_what_it_refuses_is_no_refusal_of_measures(void **state)
{
    (void)state;
    static const enum releve_verdict refusals[] = {RELEVE_DIRECTION_REFUSED, RELEVE_NO_DATA, RELEVE_NOT_APPLICABLE,
                                                   RELEVE_BAD_REQUEST, RELEVE_BLOCKED};
    size_t count = sizeof refusals / sizeof refusals[0];
    desk_submit(0, CURVE, TODAY - 1, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    for (unsigned i = 0; i < count; i++) {
        submit(1 + i, CURVE, DEEP);
        desk_answer(inquire(), refusals[i]);
        desk_serve_to_the_end();
        assert_int_equal(desk.results[1 + i].complete, DEEP);
    }
    assert_int_equal(desk.lessons_count, 0);
}

static void test_a_stale_token_is_renewed_and_it_is_asked_again(void **state)
{
    (void)state;
    submit(1, CURVE, DEEP);
    desk_get_token();
    desk_answer(inquire(), RELEVE_TOKEN_STALE);
    desk_get_token();
    tell(inquire(), TODAY - 20, RELEVE_DAY_NONE);
    assert_int_equal(desk.tokens, 2);
    desk_serve_to_the_end();
    assert_int_equal(desk.results[0].complete, 20);
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, setup, desk_close)
    const struct CMUnitTest tests[] = {
        LAW(test_what_is_told_is_planned_exactly_and_nothing_is_refused),
        LAW(test_one_request_tells_both_directions),
        LAW(test_while_it_is_asked_its_other_kinds_wait_and_other_usage_points_do_not),
        LAW(test_what_one_request_brings_and_what_is_known_to_go_on_is_not_worth_it),
        LAW(test_an_activation_that_is_known_is_not_asked_until_it_is_doubted),
        LAW(test_what_days_have_shown_counts_more_than_what_is_told),
        LAW(test_what_is_told_of_the_future_is_not_believed),
        LAW(test_an_api_that_is_not_subscribed_is_asked_once),
        LAW(test_a_full_or_closed_quota_of_its_own_holds_up_no_measure),
        LAW(test_where_it_fails_the_first_day_is_searched_for),
        LAW(test_one_that_fails_in_all_costs_eight_requests_with_that_one),
        LAW(test_an_api_that_fails_is_left_alone_for_all),
        LAW(test_an_api_that_refuses_good_tokens_costs_one),
        LAW(test_permits_of_its_own_do_not_starve_a_class),
        LAW(test_a_usage_point_that_does_not_exist_costs_that_request_only),
        LAW(test_what_it_refuses_is_no_refusal_of_measures),
        LAW(test_a_stale_token_is_renewed_and_it_is_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
