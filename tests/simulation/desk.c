/* See desk.h. */
#include "desk.h"
#include <string.h>

struct desk desk;

static const struct releve_answer token = {.verdict = RELEVE_TOKEN, .expires_in_s = 12600};

static const struct releve_answer failure = {.verdict = RELEVE_TRANSIENT};
static const struct releve_answer refusal = {.verdict = RELEVE_CREDENTIALS_REFUSED};

static void put_off(struct releve_event event)
{
    assert_true(desk.pending_count < sizeof desk.pending / sizeof desk.pending[0]);
    desk.pending[desk.pending_count++] = event;
}

/* A reply of the store about the action's job; later, where that part of the store is away. */
static void reply(enum releve_event_type type, const struct releve_action *action)
{
    struct releve_event event = {.type = type, .handle = action->handle, .job = action->job};
    if (desk.is_away == NULL || !desk.is_away(action->job->prm, type)) {
        put_off(event);
        return;
    }
    assert_true(desk.owed_count < RELEVE_CORE_CHUNKS_MAX);
    desk.owed_jobs[desk.owed_count] = *action->job;
    event.job = &desk.owed_jobs[desk.owed_count];
    desk.owed[desk.owed_count++] = event;
}

void desk_come_back(void)
{
    size_t count = desk.owed_count;
    desk.is_away = NULL;
    for (size_t i = 0; i < count; i++) {
        put_off(desk.owed[i]);
        desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
    desk.owed_count = 0;
}

static void take_action(const struct releve_action *action)
{
    struct sending *sending = &desk.sends[desk.sends_count];
    switch (action->type) {
    case RELEVE_ACTION_BEGIN:
        desk.begun = action->handle;
        if (!desk.silent_store)
            reply(RELEVE_EVENT_KNOWN, action);
        break;
    case RELEVE_ACTION_ASK:
        assert_false(desk.asked[action->bucket]);
        desk.asked[action->bucket] = true;
        desk.looks += !action->granted;
        break;
    case RELEVE_ACTION_CLAIM:
        reply(RELEVE_EVENT_CLAIMED, action);
        break;
    case RELEVE_ACTION_UNCLAIM:
        desk.unclaims++;
        break;
    case RELEVE_ACTION_RETURN:
        desk.returns++;
        break;
    case RELEVE_ACTION_SEND:
        assert_true(desk.sends_count < SENDS_MAX);
        *sending = (struct sending){action->handle,      action->job->prm, action->job->kind,
                                    action->job->class_, action->span,     action->request};
        desk.sends_count++;
        break;
    case RELEVE_ACTION_STOP:
        desk.stops++;
        break;
    case RELEVE_ACTION_SEND_PREFLIGHT:
        desk.preflights++;
        break;
    case RELEVE_ACTION_SEND_TOKEN:
        desk.tokens++;
        put_off((struct releve_event){.type = RELEVE_EVENT_TOKEN,
                                      .answer = desk.refuses_token ? &refusal
                                                : desk.fails_token ? &failure
                                                                   : &token});
        break;
    case RELEVE_ACTION_STORE:
        desk.storing = action->handle;
        if (!desk.slow_store)
            reply(RELEVE_EVENT_STORED, action);
        break;
    case RELEVE_ACTION_FINISH:
        assert_true(desk.results_count < RESULTS_MAX);
        desk.results[desk.results_count++] = *action->result;
        put_off((struct releve_event){.type = RELEVE_EVENT_FINISHED, .handle = action->handle});
        break;
    case RELEVE_ACTION_LEARN:
        assert_true(desk.lessons_count < LESSONS_MAX);
        desk.lessons[desk.lessons_count++] = *action->lesson;
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
    event->civil = desk.civil;
    releve_core_step(desk.core, event, &desk.actions);
    for (size_t i = 0; i < desk.actions.count; i++)
        take_action(&desk.actions.items[i]);
}

void desk_step(struct releve_event event)
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

void desk_open_with(const struct releve_core_options *options)
{
    memset(&desk, 0, sizeof desk);
    desk.facts = &releve_facts_unknown;
    desk.civil = NOON;
    desk.core = releve_core_new(options);
    assert_non_null(desk.core);
}

int desk_open(void **state)
{
    (void)state;
    const struct releve_core_options options = {.concurrency = 16, .days_min = 1, .buckets_count = 1, .seed = 1};
    desk_open_with(&options);
    return 0;
}

int desk_close(void **state)
{
    (void)state;
    releve_core_free(desk.core);
    releve_actions_free(&desk.actions);
    return 0;
}

void desk_submit_job(const struct releve_job *job)
{
    desk_step((struct releve_event){.type = RELEVE_EVENT_JOB, .job = job});
}

void desk_submit(unsigned point, enum releve_kind kind, releve_day first, releve_day end, enum releve_class class_)
{
    desk_submit_job(&(struct releve_job){.prm = FIRST_PRM + point,
                                         .kind = kind,
                                         .span = {first, end},
                                         .class_ = class_,
                                         .queue = class_,
                                         .id = "a-job"});
}

struct sending *desk_grant(unsigned bucket)
{
    assert_true(desk.asked[bucket]);
    desk.asked[bucket] = false;
    size_t before = desk.sends_count;
    desk_step((struct releve_event){.type = RELEVE_EVENT_PERMIT, .bucket = bucket});
    return desk.sends_count > before ? &desk.sends[before] : NULL;
}

void desk_answer(const struct sending *sending, enum releve_verdict verdict)
{
    static struct releve_reading readings[RELEVE_JOB_DAYS_MAX];
    size_t count = 0;
    for (releve_day day = sending->span.first; verdict == RELEVE_DATA && day < sending->span.end; day++)
        readings[count++] = (struct releve_reading){
            .day = day, .complete = true, .state = desk.read != NULL ? desk.read(day) : RELEVE_READING_USABLE};
    struct releve_answer answer = {.verdict = verdict,
                                   .reason = {.code = "a code", .text = "a text"},
                                   .retry_after_ms = RELEVE_RETRY_UNKNOWN,
                                   .readings = readings,
                                   .readings_count = count};
    desk_step((struct releve_event){.type = RELEVE_EVENT_ANSWER, .handle = sending->handle, .answer = &answer});
}

void desk_get_token(void)
{
    (void)desk_grant(0);
}

void desk_serve(size_t sends)
{
    for (size_t i = 0; i < sends && desk.asked[0]; i++) {
        desk.now += 200;
        struct sending *sending = desk_grant(0);
        if (sending != NULL)
            desk_answer(sending, desk.judge != NULL ? desk.judge(sending) : RELEVE_DATA);
    }
}

void desk_serve_to_the_end(void)
{
    while (releve_core_look(desk.core, desk.now).jobs > 0) {
        desk_serve(SENDS_MAX);
        if (releve_core_deadline(desk.core) == RELEVE_TIME_NEVER)
            return;
        desk.now = releve_core_deadline(desk.core) > desk.now ? releve_core_deadline(desk.core) : desk.now;
        desk_step((struct releve_event){.type = RELEVE_EVENT_TICK});
    }
}

size_t desk_sends_of(unsigned point)
{
    size_t count = 0;
    for (size_t i = 0; i < desk.sends_count; i++)
        count += desk.sends[i].prm == FIRST_PRM + point;
    return count;
}
