/* Documents in the core: one after the other, with a supplement where another API has one, and apart from measures
 * (docs/design.md, Documents). */
#include "desk.h"

#define SUPPLEMENTS 1 /* the bucket of the API that adds to contracts */

static int setup(void **state)
{
    (void)state;
    const struct releve_core_options options = {.concurrency = 16,
                                                .days_min = 2, /* as in v5: of measures only */
                                                .buckets_count = 2,
                                                .supplement_bucket_of = {[RELEVE_CONTRACTS] = SUPPLEMENTS},
                                                .seed = 1};
    desk_open_with(&options);
    return 0;
}

static void submit(unsigned point, enum releve_kind kind)
{
    desk_submit(point, kind, RELEVE_DOCUMENT_SPAN.first, RELEVE_DOCUMENT_SPAN.end, RELEVE_NORMAL);
}

/* A document came. `supplement`: another API adds to it. `reason`: what that API said, where it adds nothing. */
static void answer_document(const struct sending *sending, bool supplement, enum releve_verdict reason)
{
    static const struct releve_reading reading = {.day = RELEVE_DOCUMENT_DAY, .complete = true};
    static struct releve_answer answer; /* the core keeps it until the supplement has come */
    answer = (struct releve_answer){.verdict = RELEVE_DATA,
                                    .reason = {.verdict = reason},
                                    .retry_after_ms = RELEVE_RETRY_UNKNOWN,
                                    .readings = &reading,
                                    .readings_count = 1,
                                    .documents = {{sending->kind, ""}},
                                    .documents_count = 1,
                                    .wants_supplement = supplement};
    desk_step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &answer});
}

static void test_a_document_is_one_request_and_one_day(void **state)
{
    (void)state;
    submit(1, RELEVE_IDENTITY);
    desk_get_token();
    const struct sending *sending = desk_grant(0);
    assert_int_equal(sending->span.first, RELEVE_DOCUMENT_SPAN.first);
    assert_int_equal(sending->span.end, RELEVE_DOCUMENT_SPAN.end);
    answer_document(sending, false, RELEVE_DATA);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.results[0].days, 1);
    assert_int_equal(desk.results[0].complete, 1);
}

static void test_documents_of_a_usage_point_are_asked_one_after_the_other(void **state)
{
    (void)state;
    submit(1, RELEVE_CONTRACTS);
    submit(1, RELEVE_IDENTITY);
    submit(2, RELEVE_IDENTITY);
    desk_get_token();
    const struct sending *first = desk_grant(0), *second = desk_grant(0);
    assert_int_not_equal(first->prm, second->prm);
    assert_false(desk.asked[0]); /* what is left is of the first usage point */
    answer_document(first, true, RELEVE_DATA);
    assert_false(desk.asked[0]); /* also while a supplement is awaited */
    const struct sending *supplement = desk_grant(SUPPLEMENTS);
    assert_int_equal(supplement->request, RELEVE_REQUEST_SUPPLEMENT);
    answer_document(supplement, false, RELEVE_DATA);
    assert_int_equal(desk.results_count, 1);
    assert_true(desk.asked[0]);
}

static void test_an_api_that_is_not_subscribed_adds_nothing_and_is_not_asked_again(void **state)
{
    (void)state;
    submit(1, RELEVE_CONTRACTS);
    submit(2, RELEVE_CONTRACTS);
    desk_get_token();
    answer_document(desk_grant(0), true, RELEVE_DATA);
    answer_document(desk_grant(SUPPLEMENTS), false, RELEVE_API_REFUSED);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    answer_document(desk_grant(0), true, RELEVE_DATA);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.results[1].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.sends_count, 3);
}

static void test_a_supplement_that_fails_for_now_is_tried_again_and_not_the_document(void **state)
{
    (void)state;
    submit(1, RELEVE_CONTRACTS);
    desk_get_token();
    answer_document(desk_grant(0), true, RELEVE_DATA);
    desk_answer(desk_grant(SUPPLEMENTS), RELEVE_TRANSIENT);
    assert_int_equal(desk.results_count, 0);
    desk.now += RELEVE_SICK_ALONE_WAIT_MS;
    desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    const struct sending *again = desk_grant(SUPPLEMENTS);
    assert_int_equal(again->request, RELEVE_REQUEST_SUPPLEMENT);
    answer_document(again, false, RELEVE_DATA);
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.results[0].requests, 3);
}

static void test_a_supplement_that_goes_on_failing_costs_three_requests_and_not_the_document(void **state)
{
    (void)state;
    submit(1, RELEVE_CONTRACTS);
    desk_get_token();
    answer_document(desk_grant(0), true, RELEVE_DATA);
    for (int i = 0; i < RELEVE_SUPPLEMENT_TRIES_MAX; i++) {
        assert_int_equal(desk.results_count, 0);
        desk_answer(desk_grant(SUPPLEMENTS), RELEVE_TRANSIENT);
        desk.now += 2 * RELEVE_BACKOFF_MIN_MS; /* as long as it can wait between these tries */
        desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
    assert_int_equal(desk.results[0].state, RELEVE_JOB_DONE);
    assert_int_equal(desk.sends_count, 1 + RELEVE_SUPPLEMENT_TRIES_MAX);
}

static enum releve_verdict refuse_documents(const struct sending *sending)
{
    return releve_kind_is_document(sending->kind) ? RELEVE_DIRECTION_REFUSED : RELEVE_DATA;
}

static void test_what_is_refused_of_documents_is_not_refused_of_measures(void **state)
{
    (void)state;
    desk.judge = refuse_documents;
    submit(1, RELEVE_IDENTITY);
    submit(1, RELEVE_CONTRACTS);
    desk_submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 10, TODAY, RELEVE_NORMAL);
    desk_get_token();
    desk_serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 2); /* of the second document it is known by then */
    assert_int_equal(desk.results_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(desk.results[i].complete, releve_kind_is_document(desk.results[i].job.kind) ? 0 : 10);
}

static void test_a_document_has_no_range_that_could_be_refused(void **state)
{
    (void)state;
    static const enum releve_verdict verdicts[] = {RELEVE_BEFORE_ACTIVATION, RELEVE_BEFORE_CONSENT,
                                                   RELEVE_BEYOND_HISTORY, RELEVE_END_TOO_RECENT, RELEVE_TOO_LONG};
    submit(0, RELEVE_ADDRESSES);
    desk_get_token();
    for (unsigned i = 0; i < 5; i++) {
        desk_answer(desk_grant(0), verdicts[i]);
        assert_int_equal(desk.results[i].state, RELEVE_JOB_FAILED);
        submit(i + 1, RELEVE_ADDRESSES);
    }
    assert_int_equal(desk.sends_count, 5);
    assert_int_equal(desk.lessons_count, 0);
}

static void test_a_document_that_waits_for_its_supplement_is_given_back(void **state)
{
    (void)state;
    submit(1, RELEVE_CONTRACTS);
    desk_get_token();
    answer_document(desk_grant(0), true, RELEVE_DATA);
    desk_step((struct releve_event){.type = RELEVE_EVENT_DRAIN});
    assert_null(desk_grant(SUPPLEMENTS));
    assert_true(releve_core_idle(desk.core));
    assert_int_equal(desk.results_count, 0);
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, setup, desk_close)
    const struct CMUnitTest tests[] = {
        LAW(test_a_document_is_one_request_and_one_day),
        LAW(test_documents_of_a_usage_point_are_asked_one_after_the_other),
        LAW(test_an_api_that_is_not_subscribed_adds_nothing_and_is_not_asked_again),
        LAW(test_a_supplement_that_fails_for_now_is_tried_again_and_not_the_document),
        LAW(test_a_supplement_that_goes_on_failing_costs_three_requests_and_not_the_document),
        LAW(test_what_is_refused_of_documents_is_not_refused_of_measures),
        LAW(test_a_document_has_no_range_that_could_be_refused),
        LAW(test_a_document_that_waits_for_its_supplement_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
