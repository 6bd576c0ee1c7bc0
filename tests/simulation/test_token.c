/* The token where nothing else is asked: somebody wants to know whether it can be had. */
#include "desk.h"

static void want(void)
{
    desk_step((struct releve_event){.type = RELEVE_EVENT_WANT_TOKEN});
}

static void test_it_is_asked_for_without_a_job(void **state)
{
    (void)state;
    assert_true(releve_core_idle(desk.core));
    want();
    assert_false(releve_core_idle(desk.core));
    assert_int_equal(desk.tokens, 0);
    desk_get_token();
    assert_int_equal(desk.tokens, 1);
    assert_true(releve_core_idle(desk.core));
    want(); /* there is one */
    assert_true(releve_core_idle(desk.core));
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 5, TODAY, RELEVE_NORMAL);
    desk_serve_to_the_end();
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.tokens, 1);
}

/* In both forms: then it is over. */
static void test_credentials_that_are_refused_end_it(void **state)
{
    (void)state;
    desk.refuses_token = true;
    want();
    desk_get_token();
    assert_int_equal(desk.stops, 0);
    desk_get_token();
    assert_int_equal(desk.stops, 1);
    assert_true(releve_core_idle(desk.core));
}

static void test_it_is_tried_again_and_given_up(void **state)
{
    (void)state;
    desk.fails_token = true;
    want();
    for (int try = 0; try < RELEVE_TOKEN_TRIES_MAX; try++) {
        assert_int_equal(desk.stops, 0);
        desk_get_token();
        desk.now += RELEVE_BACKOFF_MAX_MS;
        desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
    assert_int_equal(desk.stops, 1);
    assert_true(releve_core_idle(desk.core));
}

static void test_who_looks_sees_for_how_long_there_is_none_and_when_it_is_tried_again(void **state)
{
    (void)state;
    desk.fails_token = true;
    want();
    assert_int_equal(releve_core_look(desk.core, desk.now).away_ms, 0);
    desk_get_token();
    releve_time next = releve_core_deadline(desk.core);
    struct releve_core_view view = releve_core_look(desk.core, desk.now + 7);
    assert_int_equal(view.away_ms, 7);
    assert_int_equal(view.retry_ms, next > desk.now + 7 ? next - desk.now - 7 : 0);
    assert_int_equal(releve_core_look(desk.core, next + 5).retry_ms, 0);
    desk.now = next;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    desk.fails_token = false;
    desk_get_token();
    assert_int_equal(releve_core_look(desk.core, desk.now).away_ms, 0);
}

static void test_a_drain_ends_the_wish(void **state)
{
    (void)state;
    want();
    desk_step((struct releve_event){.type = RELEVE_EVENT_DRAIN});
    (void)desk_grant(0);
    assert_int_equal(desk.tokens, 0);
    assert_true(releve_core_idle(desk.core));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_asked_for_without_a_job, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_credentials_that_are_refused_end_it, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_it_is_tried_again_and_given_up, desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_who_looks_sees_for_how_long_there_is_none_and_when_it_is_tried_again,
                                        desk_open, desk_close),
        cmocka_unit_test_setup_teardown(test_a_drain_ends_the_wish, desk_open, desk_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
