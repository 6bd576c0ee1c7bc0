/* The step function: an event comes in, the part that it concerns reacts, then what is missing next is asked for. What
 * a permit is used for is decided here; all else in react.c, claim.c, schedule.c and job.c. */
#include "calls.h"
#include <assert.h>
#include <releve/memory.h>

struct releve_core *releve_core_new(const struct releve_core_options *options)
{
    assert(options->concurrency >= 1 && options->concurrency <= RELEVE_CONCURRENCY_MAX);
    assert(options->days_min >= 1 && options->days_min <= 7);
    assert(options->buckets_count >= 1 && options->buckets_count <= RELEVE_BUCKETS_MAX);
    assert(options->token_bucket < options->buckets_count);
    assert(options->closed_ms >= 0 && options->closed_ms <= RELEVE_CLOSED_MAX_MS);
    struct releve_core *core = releve_alloc(1, sizeof *core);
    core->options = *options;
    core->random = options->seed;
    core->deadline = core->write_again_at = core->sick_alone_since = core->claims_late_at = RELEVE_TIME_NEVER;
    core->begins_refused_since = core->claims_refused_since = core->stores_refused_since = RELEVE_TIME_NEVER;
    for (unsigned i = 0; i < options->buckets_count; i++)
        core->buckets[i].refused_since = RELEVE_TIME_NEVER;
    assert(options->preflight_bucket < options->buckets_count);
    assert(!options->tells_activation || options->activation_bucket < options->buckets_count);
    if (options->token_given)
        core->token = (struct token){.phase = TOKEN_VALID, .generation = 1, .expires_at = RELEVE_TIME_NEVER};
    core->upstream.end_refused = RELEVE_DAY_NONE;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        assert(options->bucket_of[kind] < options->buckets_count &&
               options->supplement_bucket_of[kind] < options->buckets_count);
        if ((options->unserved & RELEVE_KIND_BIT(kind)) != 0)
            releve_refuse_unserved(core, (enum releve_kind)kind);
    }
    return core;
}

void releve_core_free(struct releve_core *core)
{
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX; i++)
        releve_series_free_chunk(&core->chunks[i]);
    free(core);
}

static void send_token(struct releve_core *core, unsigned bucket)
{
    struct token *token = &core->token;
    token->phase = TOKEN_ASKED;
    token->permit = core->buckets[bucket].permit;
    core->in_flight++;
    core->requests++;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_SEND_TOKEN);
    action->bucket = bucket;
    action->permit = token->permit.number;
    action->deadline = releve_permit_deadline(core, token->permit);
    action->token_form = token->form;
}

/* A permit is worth one request at once: the token where it is missing, else the best chunk. */
static void use_permit(struct releve_core *core, unsigned index)
{
    struct permit permit = core->buckets[index].permit;
    bool open = !core->draining && !releve_series_are_refused(core) && core->upstream.paused_until <= core->now &&
                !releve_permit_is_late(core, permit);
    if (open && core->token.phase == TOKEN_VALID && releve_preflight_is_due(core) &&
        index == core->options.preflight_bucket) {
        releve_preflight_send(core, permit);
        return;
    }
    if (open && core->token.phase == TOKEN_NONE && index == core->options.token_bucket &&
        core->token.not_before <= core->now) {
        send_token(core, index);
        return;
    }
    struct chunk *chunk = NULL;
    if (open && core->token.phase == TOKEN_VALID)
        chunk = releve_schedule_choose(core, index);
    if (chunk != NULL)
        releve_claim_days(core, chunk, permit);
    else
        releve_emit_return(core, index, permit);
}

/* Redis has answered and refused, or has not. What is in flight is stored all the same: it may be a part of Redis that
 * refuses, and the rest may be sound. */
static void note_refusal(struct releve_core *core, releve_time *since, const struct releve_error *error)
{
    if (!releve_failed(error)) {
        *since = RELEVE_TIME_NEVER;
        return;
    }
    if (*since == RELEVE_TIME_NEVER)
        *since = core->now;
    if (core->now - *since < RELEVE_REFUSED_MAX_MS || core->draining || core->options.patient || core->options.queued)
        return;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_STOP);
    action->code = RELEVE_E_REDIS;
    action->error = error;
    core->draining = true;
}

/* Requests that only save others are not waited for for long. */
static void go_without(struct releve_core *core, const struct releve_event *event)
{
    if (core->options.tells_activation && event->bucket == core->options.activation_bucket &&
        core->activation_refused_until != RELEVE_TIME_NEVER)
        core->activation_refused_until = core->now + event->wait_ms;
    if (event->bucket == core->options.preflight_bucket)
        releve_preflight_end(core);
}

static void on_permit(struct releve_core *core, const struct releve_event *event)
{
    struct bucket *bucket = &core->buckets[event->bucket];
    assert(bucket->asking);
    bucket->asking = false;
    note_refusal(core, &bucket->refused_since, event->error);
    if (releve_failed(event->error) || event->wait_ms > 0)
        bucket->open_until = 0;
    if (releve_failed(event->error)) {
        bucket->ask_at = core->now + RELEVE_LEDGER_REFUSED_MS;
        releve_emit_notice(core, RELEVE_NOTICE_REDIS_REFUSED, NULL, NULL, RELEVE_LEDGER_REFUSED_MS)->error =
            event->error;
    } else if (event->wait_ms > 0) {
        if (event->wait_ms > RELEVE_SAVING_WAIT_MAX_MS)
            go_without(core, event);
        bucket->ask_at = releve_earlier(core->now + event->wait_ms, bucket->due_at);
    } else {
        bucket->urgent = false;
        bucket->ask_at = core->now;
        use_permit(core, event->bucket);
    }
}

/* News that come while the ledger is being asked may be newer than its reply. */
static void on_due(struct releve_core *core, const struct releve_event *event)
{
    struct bucket *bucket = &core->buckets[event->bucket];
    *(bucket->asking ? &bucket->due_at : &bucket->ask_at) = core->now + event->wait_ms;
}

static struct job *job_of(struct releve_core *core, const struct releve_event *event)
{
    assert(event->handle < RELEVE_CORE_JOBS_MAX);
    return &core->jobs[event->handle];
}

static struct chunk *chunk_of(struct releve_core *core, const struct releve_event *event)
{
    assert(event->handle < RELEVE_CORE_CHUNKS_MAX);
    return &core->chunks[event->handle];
}

static void dispatch(struct releve_core *core, const struct releve_event *event)
{
    assert(event->bucket < core->options.buckets_count);
    switch (event->type) {
    case RELEVE_EVENT_TICK:
        break;
    case RELEVE_EVENT_JOB:
        assert(releve_core_room(core) > 0);
        releve_job_arrive(core, event->job);
        break;
    case RELEVE_EVENT_KNOWN:
        note_refusal(core, &core->begins_refused_since, event->error);
        releve_job_known(core, job_of(core, event), event);
        break;
    case RELEVE_EVENT_PERMIT:
        on_permit(core, event);
        break;
    case RELEVE_EVENT_DUE:
        on_due(core, event);
        break;
    case RELEVE_EVENT_CLAIMED:
        note_refusal(core, &core->claims_refused_since, event->error);
        releve_react_claimed(core, chunk_of(core, event), event);
        break;
    case RELEVE_EVENT_ANSWER:
        releve_react_answer(core, chunk_of(core, event), event->answer);
        break;
    case RELEVE_EVENT_TOKEN:
        releve_reach_token(core, event->answer);
        if (core->token.failures > 0 || core->upstream.failures > 0)
            releve_preflight_end(core); /* who has nothing to ask needs no token */
        break;
    case RELEVE_EVENT_STORED:
        note_refusal(core, &core->stores_refused_since, event->error);
        releve_react_stored(core, chunk_of(core, event), event);
        break;
    case RELEVE_EVENT_FINISHED:
        releve_job_finished(core, job_of(core, event), event->error);
        break;
    case RELEVE_EVENT_PREFLIGHT:
        releve_preflight_begin(core);
        break;
    case RELEVE_EVENT_PREFLIGHTED:
        releve_preflight_answer(core, event->answer, event->more);
        break;
    case RELEVE_EVENT_WANT_TOKEN:
        core->token.wanted = core->token.phase != TOKEN_VALID;
        break;
    case RELEVE_EVENT_DRAIN:
        core->draining = true;
        releve_series_store_again(core); /* the last time */
        releve_jobs_begin_none(core);
        break;
    }
}

void releve_core_step(struct releve_core *core, const struct releve_event *event, struct releve_actions *out)
{
    assert(event->now >= core->now);
    core->now = event->now;
    core->civil = event->civil;
    core->today = releve_paris_day(core->civil);
    core->out = out;
    core->lessons_count = 0;
    out->count = 0;

    dispatch(core, event);
    if (core->draining) {
        releve_preflight_end(core);
        core->token.wanted = false;
    }
    releve_claims_look(core);
    releve_time alone_until = releve_fail_alone(core);
    releve_jobs_settle(core);
    if (core->write_again_at <= core->now) {
        core->write_again_at = RELEVE_TIME_NEVER;
        releve_series_store_again(core);
        releve_jobs_try_again(core);
    }
    releve_schedule_ask(core);
    core->deadline = releve_earlier(releve_earlier(core->deadline, core->write_again_at), alone_until);
    core->deadline = releve_earlier(core->deadline, core->claims_late_at);
}

releve_time releve_core_deadline(const struct releve_core *core)
{
    return core->deadline;
}

size_t releve_core_room(const struct releve_core *core)
{
    bool closed = core->draining || core->preflight.phase != PREFLIGHT_NONE;
    return closed ? 0 : RELEVE_CORE_JOBS_MAX - core->jobs_count;
}

/* Does it wait for Redis, and for long? Its jobs wait with it. */
static bool is_held_up(const struct point *point, releve_time now)
{
    const struct chunk *chunk;
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        TAILQ_FOREACH(chunk, &point->series[kind].open, link)
            if (chunk->phase == CHUNK_LATE ||
                (chunk->phase == CHUNK_STORING && now - chunk->storing_since >= RELEVE_HELD_UP_MS))
                return true;
    return false;
}

void releve_core_count_held_up(const struct releve_core *core, releve_time now, size_t counts[RELEVE_CLASSES])
{
    for (int i = 0; i < RELEVE_CLASSES; i++)
        counts[i] = 0;
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        bool unknown = job->phase == JOB_BEGINNING && now - job->begun_at >= RELEVE_HELD_UP_MS;
        counts[job->submitted.queue] += unknown || (job->phase == JOB_RUNNING && is_held_up(job->series->point, now));
    }
}

bool releve_core_idle(const struct releve_core *core)
{
    bool asking = false;
    for (unsigned i = 0; i < core->options.buckets_count; i++)
        asking = asking || core->buckets[i].asking;
    return core->jobs_count == 0 && core->preflight.phase == PREFLIGHT_NONE && !core->token.wanted &&
           core->in_flight == 0 && core->storing_count == 0 && !asking;
}

static void tally_job(const struct job *job, struct releve_tally *tally)
{
    const struct releve_coverage *coverage = &job->coverage;
    if (job->phase != JOB_RUNNING)
        return; /* not known yet, or counted by whoever has the result */
    uint64_t counts[256] = {0};
    for (int i = 0; i < releve_span_days(coverage->span); i++)
        counts[(unsigned char)coverage->states[i]]++;
    tally->complete += counts[RELEVE_DAY_COMPLETE];
    tally->partial += counts[RELEVE_DAY_PARTIAL];
    tally->holes += counts[RELEVE_DAY_HOLE];
    tally->pending += counts[RELEVE_DAY_PENDING];
    tally->failed += counts[RELEVE_DAY_FAILED];
    tally->cut += counts[RELEVE_DAY_CUT];
    tally->left += counts[RELEVE_DAY_MISSING] + counts[RELEVE_DAY_ASKED];
    uint64_t per_call = (uint64_t)releve_kind_facts(job->submitted.kind)->call_days_max;
    tally->requests_left += (counts[RELEVE_DAY_MISSING] + per_call - 1) / per_call + job->open;
}

/* Nothing is served without a token either. Who wants nothing waits for nobody. */
static void look_at_upstream(const struct releve_core *core, releve_time now, struct releve_core_view *view)
{
    const struct upstream *upstream = &core->upstream;
    const struct token *token = &core->token;
    releve_time since = now, next = now;
    if (upstream->failures > 0) {
        since = releve_earlier(since, upstream->since);
        next = releve_later(next, upstream->paused_until);
    }
    if (token->failures > 0) {
        since = releve_earlier(since, token->since);
        next = releve_later(next, token->not_before);
    }
    if ((upstream->failures > 0 || token->failures > 0) &&
        (core->jobs_count > 0 || core->token.wanted || core->preflight.phase != PREFLIGHT_NONE)) {
        view->away_ms = releve_later(now - since, 1);
        view->retry_ms = next - now;
    }
}

struct releve_core_view releve_core_look(const struct releve_core *core, releve_time now)
{
    struct releve_core_view view = {
        .jobs = core->jobs_count,
        .in_flight = core->in_flight,
        .requests = core->requests,
        .inquiries = core->inquiries,
        .preflights = core->preflights,
        .throttled = core->throttled,
        .retries = core->retries,
    };
    for (size_t i = 0; i < POINTS_MAX && core->sick_alone_since != RELEVE_TIME_NEVER; i++)
        view.sick_left += core->points[i].jobs > 0;
    for (size_t i = 0; i < core->jobs_end; i++)
        if (core->jobs[i].phase != JOB_FREE)
            tally_job(&core->jobs[i], &view.kinds[core->jobs[i].submitted.kind]);
    look_at_upstream(core, now, &view);
    if (core->jobs_count > 0 && core->in_flight == 0 && core->deadline != RELEVE_TIME_NEVER)
        view.quiet_ms = releve_later(core->deadline - now, 0);
    return view;
}
