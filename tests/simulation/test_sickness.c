/* Who is sick, who is not, and what that costs (docs/design.md, Retries). */
#include "desk.h"

static const struct releve_core_options worker = {
    .concurrency = 16, .days_min = 1, .buckets_count = 1, .seed = 1, .queued = true, .patient = true};

/* Usage points 1 to 3 answer once and never again; 4 answers always. */
static enum releve_verdict first_three_fall_sick(const struct sending *sending)
{
    unsigned point = (unsigned)(sending->prm - FIRST_PRM);
    return point > 3 || desk_sends_of(point) <= 1 ? RELEVE_DATA : RELEVE_TRANSIENT;
}

static void test_usage_points_that_fail_while_others_answer_are_no_outage_when_they_are_left(void **state)
{
    (void)state;
    desk.judge = first_three_fall_sick;
    for (unsigned point = 1; point <= 4; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 40, TODAY, RELEVE_NORMAL);
    desk_get_token();
    releve_time since = desk.now;
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 4);
    for (unsigned point = 1; point <= 3; point++) /* and one failure that passed for an outage, before 4 was answered */
        assert_in_range(desk_sends_of(point), 2, 1 + RELEVE_SICK_REQUESTS_MAX + 1);
    assert_in_range(desk.now - since, 0, RELEVE_MINUTE_MS + 40 * 200); /* a minute behind the last good answer */
}

/* What was never tried goes first, however urgent those that fail are. */
static void test_usage_points_that_fail_go_behind_the_others_of_all_classes(void **state)
{
    (void)state;
    desk.judge = first_three_fall_sick;
    for (unsigned point = 1; point <= 2; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 100, TODAY, RELEVE_HIGH);
    desk_get_token();
    desk_serve(4);
    for (unsigned point = 1; point <= 2; point++)
        assert_int_equal(desk_sends_of(point), 2); /* each has failed once: two are no outage */
    desk.now += 2 * RELEVE_BACKOFF_MIN_MS;         /* and may be tried again */
    for (unsigned point = 4; point <= 13; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7, TODAY, RELEVE_LOW);
    desk_serve(10);
    for (unsigned point = 4; point <= 13; point++)
        assert_int_equal(desk_sends_of(point), 1);
}

static void test_the_only_usage_point_of_a_command_that_falls_sick_ends_it_within_a_minute(void **state)
{
    (void)state;
    desk.judge = first_three_fall_sick;
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 40, TODAY, RELEVE_NORMAL);
    desk_submit(1, RELEVE_DAILY_PRODUCTION, TODAY - 7 * 40, TODAY, RELEVE_NORMAL);
    desk_get_token();
    releve_time since = desk.now;
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 2);
    assert_in_range(desk_sends_of(1), 2, 1 + RELEVE_SICK_REQUESTS_MAX);
    assert_in_range(desk.now - since, 0, RELEVE_MINUTE_MS);
}

static enum releve_verdict daily_falls_sick(const struct sending *sending)
{
    return sending->kind == RELEVE_DAILY_CONSUMPTION && sending->span.end < TODAY ? RELEVE_TRANSIENT : RELEVE_DATA;
}

/* Its siblings go on answering, so the usage point never fails often in a row. */
static void test_a_kind_that_falls_sick_while_others_answer_is_given_up_too(void **state)
{
    (void)desk_close(state);
    desk_open_with(&worker);
    desk.judge = daily_falls_sick;
    desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 1000, TODAY, RELEVE_NORMAL);
    desk_submit(2, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 3);
    size_t sends_of_daily = desk.sends_count - 200;
    assert_in_range(sends_of_daily, 2, 1 + RELEVE_SICK_REQUESTS_MAX);
    for (size_t i = 0; i < 3; i++)
        if (desk.results[i].job.kind == RELEVE_CONSUMPTION_LOAD_CURVE)
            assert_int_equal(desk.results[i].complete, 700);
}

static enum releve_verdict nobody_answers_twice(const struct sending *sending)
{
    size_t same = 0;
    for (size_t i = 0; i < desk.sends_count; i++)
        same += desk.sends[i].prm == sending->prm && desk.sends[i].kind == sending->kind;
    return same <= 1 ? RELEVE_DATA : RELEVE_TRANSIENT;
}

/* Over all its kinds, whoever of them fails. */
static void test_a_usage_point_that_fails_costs_eight_requests_over_all_its_kinds(void **state)
{
    (void)desk_close(state);
    desk_open_with(&worker);
    desk.judge = nobody_answers_twice;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        desk_submit(1, kind, TODAY - 1000, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, RELEVE_MEASURES);
    assert_int_equal(desk.sends_count, RELEVE_MEASURES + RELEVE_SICK_REQUESTS_MAX);
}

static enum releve_verdict only_the_curve_answers(const struct sending *sending)
{
    return sending->kind == RELEVE_CONSUMPTION_LOAD_CURVE ? RELEVE_DATA : RELEVE_TRANSIENT;
}

/* Kinds that never answered share one number, though their sibling's answers end every row of failures. */
static void test_kinds_that_never_answer_share_eight_requests(void **state)
{
    (void)desk_close(state);
    desk_open_with(&worker);
    desk.judge = only_the_curve_answers;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        desk_submit(1, kind, TODAY - 1000, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, RELEVE_MEASURES);
    size_t unanswered = 0;
    for (size_t i = 0; i < desk.sends_count; i++)
        unanswered += desk.sends[i].kind != RELEVE_CONSUMPTION_LOAD_CURVE;
    assert_int_equal(unanswered, RELEVE_SICK_REQUESTS_MAX);
}

/* Each may hang until the time-out: they leave the others three of four requests in flight. */
static void test_usage_points_that_fail_have_a_quarter_of_the_requests_in_flight(void **state)
{
    (void)state;
    desk.judge = first_three_fall_sick;
    for (unsigned point = 1; point <= 12; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 3, TODAY, RELEVE_NORMAL);
    desk_get_token();
    for (unsigned point = 1; point <= 12; point++) /* each fails once, but for a few that are answered between */
        desk_answer(desk_grant(0), point % 2 == 0 ? RELEVE_DATA : RELEVE_TRANSIENT);
    desk.now += 2 * RELEVE_BACKOFF_MIN_MS;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    size_t failing = 0, before = desk.sends_count;
    while (desk.asked[0])
        if (desk_grant(0) == NULL)
            break;
    for (size_t i = before; i < desk.sends_count; i++)
        failing += (desk.sends[i].prm - FIRST_PRM) % 2 == 1;
    assert_int_equal(failing, 16 / RELEVE_SICK_SLOTS);
}

static enum releve_verdict answers_at_last(const struct sending *sending)
{
    (void)sending;
    return desk.sends_count <= 2 ? RELEVE_TRANSIENT : RELEVE_DATA;
}

/* What cannot be tried, as the quota is used up, is not given up for that. */
static void test_the_time_of_those_that_fail_does_not_run_while_the_quota_is_used_up(void **state)
{
    (void)state;
    desk.judge = answers_at_last;
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 10, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_answer(desk_grant(0), RELEVE_TRANSIENT);
    desk.now += RELEVE_BACKOFF_MIN_MS;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    assert_true(desk.asked[0]);
    desk.asked[0] = false;
    desk_step((struct releve_event){.type = RELEVE_EVENT_PERMIT, .wait_ms = RELEVE_HOUR_MS / 2});
    desk.now += RELEVE_HOUR_MS / 2;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 10);
}

/* Nobody is excused for ever: else a worker would hold such jobs until somebody looks. */
static void test_an_outage_that_lasts_longer_than_an_hour_is_one_no_more(void **state)
{
    (void)desk_close(state);
    desk_open_with(&worker);
    desk.judge = nobody_answers_twice;
    for (unsigned point = 1; point <= 4; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 10, TODAY, RELEVE_NORMAL);
    desk_get_token();
    releve_time since = desk.now;
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 4);
    assert_in_range(desk.now - since, RELEVE_OUTAGE_MAX_MS, 4 * RELEVE_OUTAGE_MAX_MS);
    assert_int_equal(releve_core_look(desk.core, desk.now).away_ms, 0); /* who wants nothing waits for nobody */
}

static releve_time away_seen_ms;

static enum releve_verdict nobody_is_served(const struct sending *sending)
{
    (void)sending;
    away_seen_ms = releve_core_look(desk.core, desk.now).away_ms;
    return RELEVE_TRANSIENT;
}

/* An outage that began before: a command ends, and a worker waits, without a try of each usage point. */
static void test_where_nobody_is_served_from_the_start_upstream_is_to_blame(void **state)
{
    (void)state;
    desk.judge = nobody_is_served;
    for (unsigned point = 1; point <= 200; point++)
        desk_submit(point, RELEVE_DAILY_CONSUMPTION, TODAY - 10, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve_to_the_end();
    assert_int_equal(desk.stops, 1);
    assert_in_range(desk.sends_count, RELEVE_OUTAGE_POINTS_MIN, RELEVE_OUTAGE_POINTS_MIN + RELEVE_UNREACHED_FIRST_MAX);
    assert_true(away_seen_ms > 0);
    assert_int_equal(releve_core_look(desk.core, desk.now).away_ms, 0);
}

static enum releve_verdict first_one_is_never_let_in(const struct sending *sending)
{
    return sending->prm == FIRST_PRM + 1 ? RELEVE_TOKEN_STALE : RELEVE_DATA;
}

/* A fresh token is not to blame for a second 401: it is the usage point's failure, and no token is renewed for it. */
static void test_a_usage_point_that_refuses_every_token_is_sick(void **state)
{
    (void)desk_close(state);
    desk_open_with(&worker);
    desk.judge = first_one_is_never_let_in;
    for (unsigned point = 1; point <= 2; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 5, TODAY, RELEVE_NORMAL);
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 2);
    assert_in_range(desk_sends_of(1), 2, 2 + RELEVE_SICK_REQUESTS_MAX);
    assert_in_range(desk.tokens, 1, 3);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(desk.results[i].failed, desk.results[i].job.prm == FIRST_PRM + 1 ? 35 : 0);
}

/* Fails so often in a row, and answers then; all else has been answered long before. */
#define SPOILED_IN_A_ROW 7
static enum releve_verdict one_chunk_is_spoiled_often(const struct sending *sending)
{
    bool spoiled = sending->prm == FIRST_PRM + 1 && sending->span.end == TODAY - 14;
    size_t tries = 0;
    for (size_t i = 0; i < desk.sends_count; i++)
        tries += desk.sends[i].prm == sending->prm && desk.sends[i].span.end == sending->span.end;
    return spoiled && tries <= SPOILED_IN_A_ROW ? RELEVE_TRANSIENT : RELEVE_DATA;
}

/* Where nothing else is left, waiting long helps nobody: it is tried as often as it may be before the command ends. */
static void test_what_fails_is_tried_at_short_intervals_when_nothing_else_is_left(void **state)
{
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct releve_core_options options = {.concurrency = 16, .days_min = 1, .buckets_count = 1, .seed = seed};
        (void)desk_close(state);
        desk_open_with(&options);
        desk.judge = one_chunk_is_spoiled_often;
        desk_submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 3, TODAY, RELEVE_NORMAL);
        desk_submit(2, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 3, TODAY, RELEVE_NORMAL);
        desk_get_token();
        releve_time since = desk.now;
        desk_serve_to_the_end();
        assert_int_equal(desk.results_count, 2);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(desk.results[i].complete, 21);
        assert_in_range(desk.now - since, 0, RELEVE_MINUTE_MS);
    }
}

/* All answer once, and then nobody for a while. */
static releve_time outage_ends;
static enum releve_verdict all_fail_for_a_while(const struct sending *sending)
{
    (void)sending;
    return desk.sends_count <= 8 || desk.now >= outage_ends ? RELEVE_DATA : RELEVE_TRANSIENT;
}

static void test_an_outage_is_waited_for_and_costs_no_day(void **state)
{
    (void)state;
    desk.judge = all_fail_for_a_while;
    for (unsigned point = 1; point <= 4; point++)
        desk_submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 10, TODAY, RELEVE_NORMAL);
    desk_get_token();
    outage_ends = desk.now + 50 * RELEVE_MINUTE_MS;
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(desk.results[i].failed, 0);
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, desk_open, desk_close)
    const struct CMUnitTest tests[] = {
        LAW(test_usage_points_that_fail_while_others_answer_are_no_outage_when_they_are_left),
        LAW(test_usage_points_that_fail_go_behind_the_others_of_all_classes),
        LAW(test_the_only_usage_point_of_a_command_that_falls_sick_ends_it_within_a_minute),
        LAW(test_a_kind_that_falls_sick_while_others_answer_is_given_up_too),
        LAW(test_a_usage_point_that_fails_costs_eight_requests_over_all_its_kinds),
        LAW(test_kinds_that_never_answer_share_eight_requests),
        LAW(test_usage_points_that_fail_have_a_quarter_of_the_requests_in_flight),
        LAW(test_the_time_of_those_that_fail_does_not_run_while_the_quota_is_used_up),
        LAW(test_an_outage_that_lasts_longer_than_an_hour_is_one_no_more),
        LAW(test_where_nobody_is_served_from_the_start_upstream_is_to_blame),
        LAW(test_a_usage_point_that_refuses_every_token_is_sick),
        LAW(test_what_fails_is_tried_at_short_intervals_when_nothing_else_is_left),
        LAW(test_an_outage_is_waited_for_and_costs_no_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
