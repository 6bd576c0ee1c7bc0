/* The preflight in the core: jobs wait for it, and it is waited for no longer than it is worth (docs/design.md,
 * Preflight). */
#include "desk.h"

#define PREFLIGHTS 1 /* the bucket of its own */

static int setup(void **state)
{
    (void)state;
    const struct releve_core_options options = {.concurrency = 16,
                                                .days_min = 1,
                                                .buckets_count = 2,
                                                .preflight_bucket = PREFLIGHTS,
                                                .closed_ms = RELEVE_HOUR_MS,
                                                .seed = 1};
    desk_open_with(&options);
    return 0;
}

static void begin(void)
{
    desk_step((struct releve_event){.type = RELEVE_EVENT_PREFLIGHT});
    assert_int_equal(releve_core_room(desk.core), 0);
    assert_false(releve_core_idle(desk.core));
    desk_get_token();
}

static void ask(void)
{
    int before = desk.preflights;
    (void)desk_grant(PREFLIGHTS);
    assert_int_equal(desk.preflights, before + 1);
}

static void answer(enum releve_verdict verdict, bool more)
{
    struct releve_answer answer = {
        .verdict = verdict, .reason = {.code = "a code", .text = "a text"}, .retry_after_ms = RELEVE_RETRY_UNKNOWN};
    desk_step((struct releve_event){.type = RELEVE_EVENT_PREFLIGHTED, .answer = &answer, .more = more});
}

static void assert_is_over(void)
{
    assert_true(releve_core_idle(desk.core));
    assert_int_equal(releve_core_room(desk.core), RELEVE_CORE_JOBS_MAX);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 5, TODAY, RELEVE_NORMAL);
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 1);
}

static void test_jobs_wait_until_all_of_it_is_told(void **state)
{
    (void)state;
    begin();
    for (int part = 0; part < 3; part++) {
        ask();
        assert_false(desk.asked[PREFLIGHTS]);
        answer(RELEVE_DATA, part < 2);
    }
    assert_is_over();
    assert_int_equal(releve_core_look(desk.core, desk.now).preflights, 3);
}

static void test_what_it_is_refused_for_ends_it(void **state)
{
    (void)state;
    static const enum releve_verdict verdicts[] = {RELEVE_API_REFUSED, RELEVE_THROTTLED,         RELEVE_BAD_REQUEST,
                                                   RELEVE_BLOCKED,     RELEVE_DIRECTION_REFUSED, RELEVE_NO_DATA};
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        begin();
        ask();
        answer(verdicts[i], false);
        assert_is_over();
        (void)desk_close(state);
        (void)setup(state);
    }
}

static void test_it_is_tried_three_times(void **state)
{
    (void)state;
    begin();
    for (int try = 0; try < RELEVE_PREFLIGHT_TRIES_MAX; try++) {
        ask();
        answer(RELEVE_TRANSIENT, false);
        desk.now += 10 * RELEVE_SECOND_MS;
        desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
    assert_false(desk.asked[PREFLIGHTS]);
    assert_is_over();
}

static void test_a_stale_token_is_renewed(void **state)
{
    (void)state;
    begin();
    ask();
    answer(RELEVE_TOKEN_STALE, false);
    desk.now += 10 * RELEVE_SECOND_MS;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    desk_get_token();
    assert_int_equal(desk.tokens, 2);
    ask();
    answer(RELEVE_DATA, false);
    assert_is_over();
}

static void test_a_permit_that_is_far_away_is_not_waited_for(void **state)
{
    (void)state;
    begin();
    desk.asked[PREFLIGHTS] = false;
    desk_step((struct releve_event){
        .type = RELEVE_EVENT_PERMIT, .bucket = PREFLIGHTS, .wait_ms = RELEVE_SAVING_WAIT_MAX_MS + 1});
    assert_is_over();
}

static void test_it_takes_a_minute_at_most(void **state)
{
    (void)state;
    begin();
    ask();
    desk.now += RELEVE_PREFLIGHT_MAX_MS;
    answer(RELEVE_DATA, true); /* there is more, and it is left */
    assert_is_over();
}

static void test_without_a_token_it_ends_and_jobs_begin(void **state)
{
    (void)state;
    desk_step((struct releve_event){.type = RELEVE_EVENT_PREFLIGHT});
    desk.fails_token = true;
    desk_get_token();
    assert_true(releve_core_idle(desk.core)); /* who has nothing to ask needs none */
    assert_int_equal(releve_core_room(desk.core), RELEVE_CORE_JOBS_MAX);
}

static void test_the_end_ends_it_whether_it_is_asked_or_not(void **state)
{
    (void)state;
    begin();
    desk_step((struct releve_event){.type = RELEVE_EVENT_DRAIN});
    assert_null(desk_grant(PREFLIGHTS)); /* was asked for, and goes back */
    assert_true(releve_core_idle(desk.core));
    (void)desk_close(state);
    (void)setup(state);
    begin();
    ask();
    desk_step((struct releve_event){.type = RELEVE_EVENT_DRAIN});
    assert_false(releve_core_idle(desk.core));
    answer(RELEVE_DATA, true);
    assert_true(releve_core_idle(desk.core));
}

static void test_credentials_that_are_refused_end_it_too(void **state)
{
    (void)state;
    desk_step((struct releve_event){.type = RELEVE_EVENT_PREFLIGHT});
    desk.refuses_token = true;
    desk_get_token(); /* in either form */
    desk_get_token();
    assert_int_equal(desk.stops, 1);
    assert_true(releve_core_idle(desk.core));
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, setup, desk_close)
    const struct CMUnitTest tests[] = {
        LAW(test_jobs_wait_until_all_of_it_is_told),
        LAW(test_what_it_is_refused_for_ends_it),
        LAW(test_it_is_tried_three_times),
        LAW(test_a_stale_token_is_renewed),
        LAW(test_a_permit_that_is_far_away_is_not_waited_for),
        LAW(test_it_takes_a_minute_at_most),
        LAW(test_without_a_token_it_ends_and_jobs_begin),
        LAW(test_the_end_ends_it_whether_it_is_asked_or_not),
        LAW(test_credentials_that_are_refused_end_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
