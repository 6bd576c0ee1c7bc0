/* Who gets the next permit, and what a usage point that cannot be served costs (docs/design.md,
 * Scheduling and Retries).
 *
 * A desk at which the test hands out permits one by one. The store answers at once; upstream says what the test says.
 */
#include <assert.h>
#include <releve/core.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TODAY 20636 /* 2026-07-02 */
#define NOON (releve_paris_midnight(TODAY) + 12 * RELEVE_HOUR_MS)
#define FIRST_PRM UINT64_C(30000000000000)
#define SENDS_MAX 4096
#define RESULTS_MAX 2048

struct sending {
    releve_handle handle;
    releve_prm prm;
    enum releve_kind kind;
    enum releve_class class_; /* as submitted */
    struct releve_span span;
};

static struct desk {
    struct releve_core *core;
    struct releve_actions actions;
    releve_time now;
    struct releve_event pending[RELEVE_CORE_JOBS_MAX * 2];
    size_t pending_count;
    bool asked[RELEVE_BUCKETS_MAX];
    bool silent_store; /* begun jobs hear nothing, until the test tells them */
    releve_handle begun;
    bool slow_store; /* stored days hear nothing, until the test tells them */
    releve_handle storing;
    releve_time claim_takes_ms; /* until its reply */
    int returns, unclaims;
    struct sending sends[SENDS_MAX];
    size_t sends_count;
    struct releve_result results[RESULTS_MAX];
    size_t results_count;
    int demoted;
    struct releve_coverage known; /* told to each job that begins */
    const struct releve_point_facts *facts;
    enum releve_verdict (*judge)(const struct sending *sending);
} desk;

/* --- the desk --------------------------------------------------------------------------------------------- */

static void put_off(struct releve_event event)
{
    assert_true(desk.pending_count < sizeof desk.pending / sizeof desk.pending[0]);
    desk.pending[desk.pending_count++] = event;
}

static void take_action(const struct releve_action *action)
{
    struct sending *sending = &desk.sends[desk.sends_count];
    switch (action->type) {
    case RELEVE_ACTION_BEGIN:
        desk.begun = action->handle;
        if (!desk.silent_store)
            put_off((struct releve_event){.type = RELEVE_EVENT_KNOWN, .handle = action->handle, .job = action->job});
        break;
    case RELEVE_ACTION_ASK:
        assert_false(desk.asked[action->bucket]);
        desk.asked[action->bucket] = true;
        break;
    case RELEVE_ACTION_CLAIM:
        put_off((struct releve_event){.type = RELEVE_EVENT_CLAIMED, .handle = action->handle});
        break;
    case RELEVE_ACTION_UNCLAIM:
        desk.unclaims++;
        break;
    case RELEVE_ACTION_RETURN:
        desk.returns++;
        break;
    case RELEVE_ACTION_SEND:
        assert_true(desk.sends_count < SENDS_MAX);
        *sending =
            (struct sending){action->handle, action->job->prm, action->job->kind, action->job->class_, action->span};
        desk.sends_count++;
        break;
    case RELEVE_ACTION_STORE:
        desk.storing = action->handle;
        if (!desk.slow_store)
            put_off((struct releve_event){.type = RELEVE_EVENT_STORED, .handle = action->handle});
        break;
    case RELEVE_ACTION_FINISH:
        assert_true(desk.results_count < RESULTS_MAX);
        desk.results[desk.results_count++] = *action->result;
        put_off((struct releve_event){.type = RELEVE_EVENT_FINISHED, .handle = action->handle});
        break;
    case RELEVE_ACTION_NOTICE:
        desk.demoted += action->notice == RELEVE_NOTICE_DEMOTED;
        break;
    default:
        break;
    }
}

static void step_once(struct releve_event *event)
{
    event->now = desk.now;
    event->civil = NOON;
    releve_core_step(desk.core, event, &desk.actions);
    for (size_t i = 0; i < desk.actions.count; i++)
        take_action(&desk.actions.items[i]);
}

static void step(struct releve_event event)
{
    step_once(&event);
    for (size_t i = 0; i < desk.pending_count; i++) {
        struct releve_event next = desk.pending[i];
        static struct releve_coverage coverage;
        if (next.type == RELEVE_EVENT_KNOWN) {
            releve_coverage_init(&coverage, next.job->span);
            for (releve_day day = next.job->span.first; day < next.job->span.end; day++)
                if (releve_span_has(desk.known.span, day))
                    releve_coverage_set(&coverage, day, releve_coverage_get(&desk.known, day));
            next.coverage = &coverage;
            next.facts = desk.facts;
        }
        if (next.type == RELEVE_EVENT_CLAIMED)
            desk.now += desk.claim_takes_ms;
        step_once(&next);
    }
    desk.pending_count = 0;
}

static void open_desk_with(const struct releve_core_options *options)
{
    memset(&desk, 0, sizeof desk);
    desk.facts = &releve_facts_unknown;
    desk.core = releve_core_new(options);
    assert_non_null(desk.core);
}

static int open_desk(void **state)
{
    (void)state;
    const struct releve_core_options options = {.concurrency = 16, .days_min = 1, .buckets_count = 1, .seed = 1};
    open_desk_with(&options);
    return 0;
}

static int close_desk(void **state)
{
    (void)state;
    releve_core_free(desk.core);
    releve_actions_free(&desk.actions);
    return 0;
}

static void submit(unsigned point, enum releve_kind kind, releve_day first, releve_day end, enum releve_class class_)
{
    struct releve_job job = {
        .prm = FIRST_PRM + point, .kind = kind, .span = {first, end}, .class_ = class_, .id = "a-job"};
    step((struct releve_event){.type = RELEVE_EVENT_JOB, .job = &job});
}

/* Grants the permit that is asked for; the sending that it led to, or NULL where it was not needed. */
static struct sending *grant(unsigned bucket)
{
    assert_true(desk.asked[bucket]);
    desk.asked[bucket] = false;
    size_t before = desk.sends_count;
    step((struct releve_event){.type = RELEVE_EVENT_PERMIT, .bucket = bucket});
    return desk.sends_count > before ? &desk.sends[before] : NULL;
}

static void answer(const struct sending *sending, enum releve_verdict verdict)
{
    static struct releve_reading readings[RELEVE_JOB_DAYS_MAX];
    size_t count = 0;
    for (releve_day day = sending->span.first; verdict == RELEVE_DATA && day < sending->span.end; day++)
        readings[count++] = (struct releve_reading){.day = day, .complete = true};
    struct releve_answer answer = {.verdict = verdict,
                                   .reason = {"a code", "a text"},
                                   .retry_after_ms = RELEVE_RETRY_UNKNOWN,
                                   .readings = readings,
                                   .readings_count = count};
    step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &answer});
}

static void get_token(void)
{
    (void)grant(0);
    struct releve_answer token = {.verdict = RELEVE_TOKEN, .expires_in_s = 12600};
    step((struct releve_event){.type = RELEVE_EVENT_TOKEN, .answer = &token});
}

/* Permit after permit, each answered at once, until `sends` more have left or nobody asks for one. */
static void serve(size_t sends)
{
    for (size_t i = 0; i < sends && desk.asked[0]; i++) {
        desk.now += 200;
        struct sending *sending = grant(0);
        if (sending != NULL)
            answer(sending, desk.judge != NULL ? desk.judge(sending) : RELEVE_DATA);
    }
}

/* --- classes ------------------------------------------------------------------------------------------------ */

static void test_a_high_job_gets_the_next_permit_in_a_deep_backfill(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RELEVE_CORE_JOBS_MAX - 10; i++)
        submit(i, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    get_token();
    for (unsigned i = 0; i < 10; i++) {
        serve(101 + i);
        submit(5000 + i, RELEVE_DAILY_CONSUMPTION, TODAY - 1, TODAY, RELEVE_HIGH);
        struct sending *sending = grant(0);
        assert_non_null(sending);
        assert_int_equal(sending->prm, FIRST_PRM + 5000 + i);
        answer(sending, RELEVE_DATA);
    }
}

static void test_a_high_job_about_a_point_of_the_backfill_gets_the_next_permit_too(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        submit(i, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_LOW);
    get_token();
    serve(120);
    submit(7, RELEVE_DAILY_CONSUMPTION, TODAY - 1, TODAY, RELEVE_HIGH);
    struct sending *sending = grant(0);
    assert_int_equal(sending->prm, FIRST_PRM + 7);
    assert_int_equal(sending->kind, RELEVE_DAILY_CONSUMPTION);
}

static void test_each_class_with_work_gets_one_permit_in_ten(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60; i++)
        submit(i, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, (enum releve_class)(i % RELEVE_CLASSES));
    get_token();
    serve(600);
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
            submit(i, (enum releve_kind)kind, TODAY - 700, TODAY, RELEVE_NORMAL);
    submit(0, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    /* Those with a load curve stay longer than three rounds. */
    serve(POINTS * 2);
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
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    submit(1, RELEVE_PRODUCTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    serve(40);
    for (size_t i = 0; i + 1 < desk.sends_count; i++)
        assert_int_not_equal(desk.sends[i].kind, desk.sends[i + 1].kind);
}

static void test_newest_days_come_first(void **state)
{
    (void)state;
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    serve(SENDS_MAX);
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
    submit(0, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 350, TODAY, RELEVE_NORMAL);
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    serve(8); /* in turn: four each */
    assert_int_equal(desk.demoted, 1);
    serve(50);
    int after = 0;
    for (size_t i = 8; i < 58; i++)
        after += desk.sends[i].prm == FIRST_PRM;
    assert_int_equal(after, 5); /* one in ten */
    serve(SENDS_MAX);
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
    submit(0, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 21, TODAY, RELEVE_NORMAL);
    get_token();
    serve(SENDS_MAX);
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
        submit(1, (enum releve_kind)kind, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    serve(SENDS_MAX);
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
        (void)close_desk(state);
        (void)open_desk(state);
        submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 70, TODAY, RELEVE_NORMAL);
        get_token();
        answer(grant(0), verdicts[i]);
        const struct sending *second = grant(0);
        assert_non_null(second);
        assert_false(desk.asked[0]);
        answer(second, RELEVE_DIRECTION_REFUSED);
        assert_int_equal(desk.results_count, 1);
        assert_int_equal(desk.sends_count, 2);
    }
}

static void test_a_kind_that_a_usage_point_does_not_have_costs_one_request(void **state)
{
    (void)state;
    desk.judge = no_production;
    submit(1, RELEVE_PRODUCTION_LOAD_CURVE, TODAY - 700, TODAY, RELEVE_NORMAL);
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    serve(SENDS_MAX);
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
            (void)close_desk(state);
            open_desk_with(&options);
            desk.judge = since_activation;
            submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 35, TODAY, RELEVE_NORMAL);
            get_token();
            serve(SENDS_MAX);
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
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 40, TODAY, RELEVE_NORMAL);
    get_token();
    const struct sending *newest = grant(0);
    assert_int_equal(newest->span.first, TODAY - 6);
    assert_int_equal(newest->span.end, TODAY);
    answer(newest, RELEVE_DATA);
    const struct sending *oldest = grant(0);
    assert_int_equal(oldest->span.first, TODAY - 31);
    assert_int_equal(oldest->span.end, TODAY - 30);
    answer(oldest, RELEVE_DATA);
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 39);
    assert_int_equal(desk.results[0].partial, 1);
}

/* --- found by the simulation ------------------------------------------------------------------------------------ */

static void test_permits_that_are_asked_for_count_as_requests_in_flight(void **state)
{
    const struct releve_core_options options = {
        .concurrency = 1, .days_min = 1, .buckets_count = 2, .bucket_of = {[RELEVE_DAILY_CONSUMPTION] = 1}, .seed = 1};
    (void)close_desk(state);
    open_desk_with(&options);
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 70, TODAY, RELEVE_NORMAL);
    submit(2, RELEVE_DAILY_CONSUMPTION, TODAY - 700, TODAY, RELEVE_NORMAL);
    get_token();
    size_t of_bucket[2] = {0};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(desk.asked[0] + desk.asked[1], 1);
        unsigned bucket = desk.asked[1] ? 1 : 0;
        struct sending *sending = grant(bucket);
        assert_non_null(sending);
        assert_false(desk.asked[0] || desk.asked[1]);
        of_bucket[bucket]++;
        answer(sending, RELEVE_DATA);
    }
    assert_int_equal(of_bucket[1], 2); /* and neither bucket starves the other */
}

static void test_a_known_day_does_not_fail_with_a_chunk_around_it(void **state)
{
    (void)state;
    releve_coverage_init(&desk.known, (struct releve_span){TODAY - 10, TODAY - 7});
    releve_coverage_set(&desk.known, TODAY - 9, RELEVE_DAY_COMPLETE);
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 10, TODAY - 7, RELEVE_NORMAL);
    desk.silent_store = true;
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 10, TODAY - 7, RELEVE_NORMAL);
    releve_handle second = desk.begun;
    desk.silent_store = false;
    get_token();
    answer(grant(0), RELEVE_BAD_REQUEST); /* given up at once */
    assert_int_equal(desk.results_count, 1);
    assert_int_equal(desk.results[0].complete, 1);
    assert_int_equal(desk.results[0].failed, 2);
    step((struct releve_event){
        .type = RELEVE_EVENT_KNOWN, .handle = second, .coverage = &desk.known, .facts = &releve_facts_unknown});
    serve(SENDS_MAX);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.results[1].complete, 3);
}

static void test_a_day_that_another_chunk_brought_is_not_asked_again(void **state)
{
    (void)state;
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 1000, TODAY - 490, RELEVE_LOW); /* so that it is heard of */
    get_token();
    serve(1);
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY - 90, RELEVE_HIGH);
    struct sending *inner = grant(0);
    assert_int_equal(inner->span.first, TODAY - 100);
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 200, TODAY - 50, RELEVE_NORMAL);
    struct sending *outer = grant(0);
    assert_int_equal(outer->span.first, TODAY - 200);
    assert_int_equal(outer->span.end, TODAY - 50);
    answer(outer, RELEVE_DATA);
    answer(inner, RELEVE_TRANSIENT);
    desk.now += RELEVE_BACKOFF_MIN_MS;
    step((struct releve_event){.type = RELEVE_EVENT_TICK});
    serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 4); /* two for the first job, outer, inner */
    assert_int_equal(desk.results_count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(desk.results[i].state, RELEVE_JOB_DONE);
}

static void test_a_chunk_that_is_given_up_leaves_days_alone_that_another_has_under_way(void **state)
{
    (void)state;
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 1000, TODAY - 490, RELEVE_LOW); /* so that it is heard of */
    get_token();
    serve(1);
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY - 90, RELEVE_HIGH);
    struct sending *inner = grant(0);
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 200, TODAY - 50, RELEVE_NORMAL);
    struct sending *outer = grant(0);
    answer(outer, RELEVE_BAD_REQUEST); /* given up at once */
    assert_int_equal(desk.results_count, 0);
    answer(inner, RELEVE_DATA);
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
    (void)close_desk(state);
    open_desk_with(&options);
    desk.slow_store = true;
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 30, TODAY - 29, RELEVE_NORMAL);
    get_token();
    struct sending *sending = grant(0);
    assert_int_equal(sending->span.first, TODAY - 31);
    struct releve_reading readings[] = {{.day = TODAY - 31}, {.day = TODAY - 30, .complete = true}};
    struct releve_answer partly = {.verdict = RELEVE_DATA, .readings = readings, .readings_count = 2};
    step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &partly});
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 31, TODAY - 29, RELEVE_NORMAL);
    desk.slow_store = false;
    step((struct releve_event){.type = RELEVE_EVENT_STORED, .handle = desk.storing});
    serve(SENDS_MAX);
    assert_int_equal(desk.sends_count, 2);
    assert_int_equal(desk.results_count, 2);
    assert_int_equal(desk.results[1].complete, 2);
}

/* --- who is sick, and who is not ------------------------------------------------------------------------------- */

/* Until all jobs have ended: where nobody asks for a permit, time goes on to the core's next deadline. */
static void serve_to_the_end(void)
{
    while (releve_core_look(desk.core).jobs > 0) {
        serve(SENDS_MAX);
        if (releve_core_deadline(desk.core) == RELEVE_TIME_NEVER)
            return;
        desk.now = releve_core_deadline(desk.core) > desk.now ? releve_core_deadline(desk.core) : desk.now;
        step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
}

static size_t sends_of(unsigned point)
{
    size_t count = 0;
    for (size_t i = 0; i < desk.sends_count; i++)
        count += desk.sends[i].prm == FIRST_PRM + point;
    return count;
}

/* Usage points 1 to 3 answer once and never again; 4 answers always. */
static enum releve_verdict first_three_fall_sick(const struct sending *sending)
{
    unsigned point = (unsigned)(sending->prm - FIRST_PRM);
    return point > 3 || sends_of(point) <= 1 ? RELEVE_DATA : RELEVE_TRANSIENT;
}

static void test_usage_points_that_fail_while_others_answer_are_no_outage_when_they_are_left(void **state)
{
    (void)state;
    desk.judge = first_three_fall_sick;
    for (unsigned point = 1; point <= 4; point++)
        submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 40, TODAY, RELEVE_NORMAL);
    get_token();
    releve_time since = desk.now;
    serve_to_the_end();
    assert_int_equal(desk.results_count, 4);
    for (unsigned point = 1; point <= 3; point++)
        assert_in_range(sends_of(point), 2, 1 + RELEVE_SICK_REQUESTS_MAX);
    assert_in_range(desk.now - since, 0, RELEVE_MINUTE_MS + 40 * 200); /* a minute behind the last good answer */
}

static void test_the_only_usage_point_of_a_command_that_falls_sick_ends_it_within_a_minute(void **state)
{
    (void)state;
    desk.judge = first_three_fall_sick;
    submit(1, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 40, TODAY, RELEVE_NORMAL);
    submit(1, RELEVE_DAILY_PRODUCTION, TODAY - 7 * 40, TODAY, RELEVE_NORMAL);
    get_token();
    releve_time since = desk.now;
    serve_to_the_end();
    assert_int_equal(desk.results_count, 2);
    assert_in_range(sends_of(1), 2, 1 + RELEVE_SICK_REQUESTS_MAX);
    assert_in_range(desk.now - since, 0, RELEVE_MINUTE_MS);
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
        submit(point, RELEVE_CONSUMPTION_LOAD_CURVE, TODAY - 7 * 10, TODAY, RELEVE_NORMAL);
    get_token();
    outage_ends = desk.now + 50 * RELEVE_MINUTE_MS;
    serve_to_the_end();
    assert_int_equal(desk.results_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(desk.results[i].failed, 0);
}

/* By the time that the reply comes, the days may be somebody else's. */
static void test_nothing_is_sent_under_a_claim_that_may_have_run_out(void **state)
{
    (void)state;
    submit(1, RELEVE_DAILY_CONSUMPTION, TODAY - 100, TODAY - 90, RELEVE_NORMAL);
    get_token();
    desk.claim_takes_ms = RELEVE_CLAIM_LIFE_MS;
    assert_null(grant(0));
    assert_int_equal(desk.unclaims, 1);
    assert_int_equal(desk.returns, 1);
    desk.claim_takes_ms = RELEVE_CLAIM_LIFE_MS - 1;
    assert_non_null(grant(0));
}

int main(void)
{
#define LAW(test) cmocka_unit_test_setup_teardown(test, open_desk, close_desk)
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
        LAW(test_usage_points_that_fail_while_others_answer_are_no_outage_when_they_are_left),
        LAW(test_the_only_usage_point_of_a_command_that_falls_sick_ends_it_within_a_minute),
        LAW(test_an_outage_is_waited_for_and_costs_no_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
