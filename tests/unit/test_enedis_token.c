/* Tokens: what a body of no use says of itself, and what the core does where a token is refused or not given
 * (docs/enedis.md, Token). */
#include "test_enedis_bodies.h"
#include <releve/core.h>

/* --- bodies ------------------------------------------------------------------------------------------------ */

static struct releve_answer judge_token(int status, const char *body)
{
    char token[RELEVE_TOKEN_BYTES];
    struct releve_exchange_response response = answered(status, body);
    struct releve_answer answer;
    releve_dialect_judge_token(&response, 0, &answer, token);
    return answer;
}

static void test_a_body_without_a_token_says_what_is_wrong_with_it(void **state)
{
    (void)state;
#define NO_USE "the token endpoint answered a body of no use: "
    static const struct {
        const char *body, *text;
    } bodies[] = {
        {"", NO_USE "the body is empty"},
        {"{", NO_USE "the body is not complete JSON"},
        {"<html>s3cr3t</html>", NO_USE "it is a web page"},
        {"\"s3cr3t\"", NO_USE "it is no object"},
        {"[]", NO_USE "it is no object"},
        {"{}", NO_USE "it has no access_token"},
        {"{\"token\":\"s3cr3t\",\"expires_in\":1}", NO_USE "it has no access_token; it has token, expires_in"},
        {"{\"s3cr3t\":1,\"kid@home\":2,\"a_name_too_long_for_a_name\":3,\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}",
         NO_USE "it has no access_token; it has a, b, c, d"},
        {"{\"access_token\":17}", NO_USE "its access_token is no text; it has access_token"},
        {"{\"access_token\":\"\"}", NO_USE "its access_token is empty; it has access_token"},
        {"{\"access_token\":\"s3cr3t s3cr3t\"}",
         NO_USE "its access_token holds a character that no header may have; it has access_token"},
        {"{\"access_token\":\"s3cr3t\"}", NO_USE "it has no expires_in; it has access_token"},
        {"{\"access_token\":\"s3cr3t\",\"expires_in\":\"s3cr3t\"}",
         NO_USE "its expires_in is no number of seconds; it has access_token, expires_in"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct releve_answer answer = judge_token(200, bodies[i].body);
        assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
        assert_string_equal(answer.reason.code, "bad-body");
        assert_string_equal(answer.reason.text, bodies[i].text);
    }
}

static void test_credentials_are_refused_in_a_list_of_errors_too(void **state)
{
    (void)state;
    struct releve_answer answer = judge_token(401, "[{\"code\":\"invalid_client\",\"libelle\":\"Client inconnu\"}]");
    assert_int_equal(answer.verdict, RELEVE_CREDENTIALS_REFUSED);
    assert_non_null(strstr(answer.reason.text, "Client inconnu"));
    assert_int_equal(judge_token(400, "[{\"code\":\"odd\"}]").verdict, RELEVE_CREDENTIALS_REFUSED);
}

/* --- the core ------------------------------------------------------------------------------------------------ */

#define STEPS_MAX 64
#define DAY 20000 /* in 2024 */

static struct {
    struct releve_core *core;
    struct releve_actions actions;
    releve_time now;
    uint64_t permits[2]; /* of the last two token requests: the older one first */
    int token_requests;
    enum releve_token_form form; /* of the last one */
    int stops;
    enum releve_code stop_code;
    struct releve_reason stop_reason;
} desk;

static void step(struct releve_event event)
{
    event.now = desk.now;
    event.civil = (DAY + 1) * RELEVE_DAY_MINUTES_MAX * RELEVE_MINUTE_MS + desk.now;
    releve_core_step(desk.core, &event, &desk.actions);
}

/* Carries the actions out until upstream is asked for a token, or nothing more happens. */
static bool run_to_token_request(void)
{
    static const struct releve_point_facts nothing_known;
    for (int i = 0; i < STEPS_MAX; i++) {
        struct releve_event next = {.type = RELEVE_EVENT_TICK};
        static struct releve_coverage coverage;
        for (size_t j = 0; j < desk.actions.count; j++) {
            const struct releve_action *action = &desk.actions.items[j];
            if (action->type == RELEVE_ACTION_BEGIN) {
                releve_coverage_init(&coverage, action->job->span);
                next = (struct releve_event){.type = RELEVE_EVENT_KNOWN,
                                             .handle = action->handle,
                                             .coverage = &coverage,
                                             .facts = &nothing_known};
            } else if (action->type == RELEVE_ACTION_ASK) {
                next = (struct releve_event){.type = RELEVE_EVENT_PERMIT, .bucket = action->bucket};
            } else if (action->type == RELEVE_ACTION_SEND_TOKEN) {
                desk.permits[0] = desk.permits[1];
                desk.permits[1] = action->permit;
                desk.form = action->token_form;
                desk.token_requests++;
                return true;
            } else if (action->type == RELEVE_ACTION_STOP) {
                desk.stops++;
                desk.stop_code = action->code;
                desk.stop_reason = *action->reason;
            }
        }
        if (next.type == RELEVE_EVENT_TICK) {
            releve_time deadline = releve_core_deadline(desk.core);
            if (desk.stops > 0 || deadline == RELEVE_TIME_NEVER)
                return false;
            desk.now = deadline > desk.now ? deadline : desk.now;
        }
        step(next);
    }
    fail_msg("no token request, and no end");
    return false;
}

/* The answer to the token request that is under way; true where it leads to another one. */
static bool answer_token(enum releve_verdict verdict, const char *code)
{
    struct releve_answer answer = {.verdict = verdict, .retry_after_ms = RELEVE_RETRY_UNKNOWN, .expires_in_s = 12600};
    releve_reason_set(&answer.reason, code, "a text");
    step((struct releve_event){.type = RELEVE_EVENT_TOKEN, .answer = &answer});
    bool again = run_to_token_request();
    memset(&answer, 0xa5, sizeof answer); /* what the core wants to say of it later, it has copied */
    return again;
}

static void open_desk(bool patient)
{
    memset(&desk, 0, sizeof desk);
    const struct releve_core_options options = {.concurrency = 1,
                                                .days_min = 1,
                                                .buckets_count = 1,
                                                .closed_ms = RELEVE_MINUTE_MS,
                                                .patient = patient,
                                                .seed = 1};
    desk.core = releve_core_new(&options);
    struct releve_job job = {
        .prm = PRM, .kind = RELEVE_DAILY_CONSUMPTION, .span = {DAY - 5, DAY}, .class_ = RELEVE_NORMAL, .id = "a-job"};
    step((struct releve_event){.type = RELEVE_EVENT_JOB, .job = &job});
    assert_true(run_to_token_request());
    assert_int_equal(desk.form, RELEVE_TOKEN_BASIC);
}

static void close_desk(void)
{
    releve_core_free(desk.core);
    releve_actions_free(&desk.actions);
}

static void assert_stopped(enum releve_code code, const char *reason, int requests)
{
    assert_int_equal(desk.stops, 1);
    assert_int_equal(desk.stop_code, code);
    assert_string_equal(desk.stop_reason.code, reason);
    assert_int_equal(desk.token_requests, requests);
    close_desk();
}

static void test_refused_basic_credentials_are_tried_once_in_the_form(void **state)
{
    (void)state;
    for (int patient = 0; patient < 2; patient++) {
        open_desk(patient);
        assert_true(answer_token(RELEVE_CREDENTIALS_REFUSED, "first"));
        assert_int_equal(desk.form, RELEVE_TOKEN_IN_FORM);
        assert_true(desk.permits[1] != desk.permits[0]); /* law 1: a permit of its own */
        assert_false(answer_token(RELEVE_CREDENTIALS_REFUSED, "second"));
        assert_stopped(RELEVE_E_CREDENTIALS, "first", 2);
    }
}

static void test_the_form_that_works_is_used_from_then_on(void **state)
{
    (void)state;
    open_desk(false);
    assert_true(answer_token(RELEVE_CREDENTIALS_REFUSED, "first"));
    /* The token is good; the claim that follows is answered late enough for it to have expired, and was for nothing. */
    struct releve_answer token = {.verdict = RELEVE_TOKEN, .expires_in_s = 12600};
    step((struct releve_event){.type = RELEVE_EVENT_TOKEN, .answer = &token});
    step((struct releve_event){.type = RELEVE_EVENT_PERMIT, .bucket = 0});
    releve_handle claimed = 0;
    bool claims = false;
    for (size_t i = 0; i < desk.actions.count; i++) {
        claims = claims || desk.actions.items[i].type == RELEVE_ACTION_CLAIM;
        claimed = desk.actions.items[i].type == RELEVE_ACTION_CLAIM ? desk.actions.items[i].handle : claimed;
    }
    assert_true(claims);
    desk.now += 12600 * RELEVE_SECOND_MS;
    step((struct releve_event){.type = RELEVE_EVENT_CLAIMED, .handle = claimed, .claim = RELEVE_CLAIM_GRANTED});
    assert_true(run_to_token_request());
    assert_int_equal(desk.form, RELEVE_TOKEN_IN_FORM);
    assert_false(answer_token(RELEVE_CREDENTIALS_REFUSED, "much later")); /* it had worked: this refusal counts */
    assert_stopped(RELEVE_E_CREDENTIALS, "much later", 3);
}

static void test_a_transient_failure_of_the_other_form_is_tried_again_in_that_form(void **state)
{
    (void)state;
    open_desk(false);
    assert_true(answer_token(RELEVE_CREDENTIALS_REFUSED, "first"));
    assert_true(answer_token(RELEVE_TRANSIENT, "http-503"));
    assert_int_equal(desk.form, RELEVE_TOKEN_IN_FORM);
    assert_true(answer_token(RELEVE_THROTTLED, "900804"));
    assert_int_equal(desk.form, RELEVE_TOKEN_IN_FORM);
    assert_false(answer_token(RELEVE_CREDENTIALS_REFUSED, "second"));
    assert_stopped(RELEVE_E_CREDENTIALS, "first", 4);
}

/* What the other form comes to says less than the first refusal, for a worker too: it would wait for ever. */
static void test_where_the_other_form_fails_for_good_the_refusal_is_what_counts(void **state)
{
    (void)state;
    for (int patient = 0; patient < 2; patient++) {
        open_desk(patient);
        assert_true(answer_token(RELEVE_CREDENTIALS_REFUSED, "first"));
        assert_false(answer_token(RELEVE_BLOCKED, "http-403"));
        assert_stopped(RELEVE_E_CREDENTIALS, "first", 2);
    }
}

static void test_a_command_stops_at_once_where_there_is_no_token_endpoint(void **state)
{
    (void)state;
    open_desk(false);
    assert_false(answer_token(RELEVE_BLOCKED, "http-404"));
    assert_stopped(RELEVE_E_UPSTREAM, "http-404", 1);
}

static void test_a_body_of_no_use_is_asked_for_three_times_and_a_failure_six_times(void **state)
{
    (void)state;
    open_desk(false);
    for (int i = 1; i < RELEVE_TOKEN_BAD_BODIES_MAX; i++)
        assert_true(answer_token(RELEVE_TRANSIENT, "bad-body"));
    assert_false(answer_token(RELEVE_TRANSIENT, "bad-body"));
    assert_stopped(RELEVE_E_UPSTREAM, "bad-body", RELEVE_TOKEN_BAD_BODIES_MAX);
    assert_int_equal(RELEVE_TOKEN_BAD_BODIES_MAX, 3);

    open_desk(false);
    for (int i = 1; i < RELEVE_TOKEN_TRIES_MAX; i++)
        assert_true(answer_token(RELEVE_TRANSIENT, "http-503"));
    assert_false(answer_token(RELEVE_TRANSIENT, "http-503"));
    assert_stopped(RELEVE_E_UPSTREAM, "http-503", RELEVE_TOKEN_TRIES_MAX);
}

static void test_a_worker_goes_on_asking_an_endpoint_that_gives_no_token(void **state)
{
    (void)state;
    open_desk(true);
    for (int i = 0; i < 2 * RELEVE_TOKEN_TRIES_MAX; i++)
        assert_true(answer_token(i % 2 ? RELEVE_BLOCKED : RELEVE_TRANSIENT, i % 3 ? "bad-body" : "http-404"));
    assert_int_equal(desk.stops, 0);
    assert_int_equal(desk.form, RELEVE_TOKEN_BASIC);
    close_desk();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_without_a_token_says_what_is_wrong_with_it),
        cmocka_unit_test(test_credentials_are_refused_in_a_list_of_errors_too),
        cmocka_unit_test(test_refused_basic_credentials_are_tried_once_in_the_form),
        cmocka_unit_test(test_the_form_that_works_is_used_from_then_on),
        cmocka_unit_test(test_a_transient_failure_of_the_other_form_is_tried_again_in_that_form),
        cmocka_unit_test(test_where_the_other_form_fails_for_good_the_refusal_is_what_counts),
        cmocka_unit_test(test_a_command_stops_at_once_where_there_is_no_token_endpoint),
        cmocka_unit_test(test_a_body_of_no_use_is_asked_for_three_times_and_a_failure_six_times),
        cmocka_unit_test(test_a_worker_goes_on_asking_an_endpoint_that_gives_no_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
