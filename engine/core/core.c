/* The step function: takes one event, lets the part that it concerns react, then asks for what is missing next.
 * Carries no rule itself; see react.c, schedule.c, work.c. */
#include "state.h"
#include <assert.h>
#include <stdlib.h>

struct releve_core *releve_core_new(const struct releve_core_options *options)
{
    assert(options->concurrency >= 1 && options->concurrency <= RELEVE_CONCURRENCY_MAX);
    assert(options->days_min >= 1 && options->days_min <= 7);
    assert(options->buckets_count >= 1 && options->buckets_count <= RELEVE_BUCKETS_MAX);
    assert(options->token_bucket < options->buckets_count);
    assert(options->closed_ms >= 0 && options->closed_ms <= RELEVE_CLOSED_MAX_MS);
    struct releve_core *core = calloc(1, sizeof *core);
    if (core == NULL)
        return NULL;
    core->options = *options;
    core->random = options->seed;
    core->deadline = RELEVE_TIME_NEVER;
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        assert(options->bucket_of[kind] < options->buckets_count);
    return core;
}

void releve_core_free(struct releve_core *core)
{
    if (core == NULL)
        return;
    for (size_t i = 0; i < CHUNKS_MAX; i++)
        free(core->chunks[i].outcomes);
    free(core);
}

/* A permit is worth one request at once: the token where it is missing, else the best chunk. */
static void use_permit(struct releve_core *core, unsigned bucket)
{
    bool open = !core->draining && core->upstream.paused_until <= core->now;
    if (open && core->token.phase == TOKEN_NONE && bucket == core->options.token_bucket &&
        core->token.not_before <= core->now) {
        core->token.phase = TOKEN_ASKED;
        core->in_flight++;
        core->requests++;
        releve_emit(core, RELEVE_ACTION_SEND_TOKEN)->bucket = bucket;
        return;
    }
    struct chunk *chunk = NULL;
    if (open && core->token.phase == TOKEN_VALID)
        chunk = releve_schedule_choose(core, bucket);
    if (chunk == NULL) {
        releve_emit(core, RELEVE_ACTION_RETURN)->bucket = bucket;
        return;
    }
    chunk->phase = CHUNK_SENT;
    chunk->token = core->token.generation;
    chunk->series->point->in_flight++;
    chunk->job->requests++;
    core->in_flight++;
    core->requests++;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_SEND);
    action->handle = releve_emit_chunk_handle(core, chunk);
    action->bucket = bucket;
    action->job = &chunk->job->submitted;
    action->span = chunk->span.asked;
    action->wanted = chunk->span.wanted;
    action->searching = chunk->searching;
    action->refresh = releve_series_refreshes(chunk);
}

static void take_permit(struct releve_core *core, const struct releve_event *event)
{
    assert(event->bucket < core->options.buckets_count);
    struct bucket *bucket = &core->buckets[event->bucket];
    assert(bucket->asking);
    bucket->asking = false;
    if (event->wait_ms > 0) {
        releve_time told = core->now + event->wait_ms;
        bucket->ask_at = told < bucket->due_at ? told : bucket->due_at;
        return;
    }
    bucket->urgent = false;
    bucket->ask_at = core->now;
    use_permit(core, event->bucket);
}

static void take_stored(struct releve_core *core, const struct releve_event *event)
{
    assert(event->handle < CHUNKS_MAX);
    struct chunk *chunk = &core->chunks[event->handle];
    assert(chunk->phase == CHUNK_STORING);
    if (event->error == NULL || event->error->code == RELEVE_OK) {
        releve_series_conclude(core, chunk);
        return;
    }
    struct releve_reason reason;
    releve_reason_set(&reason, "redis", event->error->text);
    releve_series_fail(core, chunk, &reason);
}

static void take_event(struct releve_core *core, const struct releve_event *event)
{
    switch (event->type) {
    case RELEVE_EVENT_TICK:
        break;
    case RELEVE_EVENT_JOB:
        assert(releve_core_room(core) > 0);
        releve_job_arrive(core, event->job);
        break;
    case RELEVE_EVENT_KNOWN:
        assert(event->handle < RELEVE_CORE_JOBS_MAX);
        releve_job_known(core, &core->jobs[event->handle], event);
        break;
    case RELEVE_EVENT_PERMIT:
        take_permit(core, event);
        break;
    case RELEVE_EVENT_DUE:
        assert(event->bucket < core->options.buckets_count);
        if (core->buckets[event->bucket].asking)
            core->buckets[event->bucket].due_at = core->now + event->wait_ms;
        else
            core->buckets[event->bucket].ask_at = core->now + event->wait_ms;
        break;
    case RELEVE_EVENT_ANSWER:
        assert(event->handle < CHUNKS_MAX);
        releve_react_answer(core, &core->chunks[event->handle], event->answer);
        break;
    case RELEVE_EVENT_TAKEN:
        assert(event->handle < CHUNKS_MAX);
        releve_react_taken(core, &core->chunks[event->handle], event);
        break;
    case RELEVE_EVENT_TOKEN:
        releve_react_token(core, event->answer);
        break;
    case RELEVE_EVENT_STORED:
        take_stored(core, event);
        break;
    case RELEVE_EVENT_FINISHED:
        assert(event->handle < RELEVE_CORE_JOBS_MAX);
        assert(core->jobs[event->handle].phase == JOB_FINISHING);
        releve_job_forget(core, &core->jobs[event->handle]);
        break;
    case RELEVE_EVENT_DRAIN:
        core->draining = true;
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
    core->facts_next = 0;
    out->count = 0;

    take_event(core, event);
    releve_jobs_settle(core);
    releve_schedule_ask(core);
}

releve_time releve_core_deadline(const struct releve_core *core)
{
    return core->deadline;
}

size_t releve_core_room(const struct releve_core *core)
{
    return core->draining ? 0 : RELEVE_CORE_JOBS_MAX - core->jobs_count;
}

bool releve_core_idle(const struct releve_core *core)
{
    bool asking = false;
    for (unsigned i = 0; i < core->options.buckets_count; i++)
        asking = asking || core->buckets[i].asking;
    return core->jobs_count == 0 && core->in_flight == 0 && core->storing_count == 0 && !asking;
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

struct releve_core_view releve_core_look(const struct releve_core *core)
{
    struct releve_core_view view = {
        .jobs = core->jobs_count,
        .in_flight = core->in_flight,
        .requests = core->requests,
        .throttled = core->throttled,
        .retries = core->retries,
    };
    for (unsigned i = 0; i < core->options.buckets_count; i++) {
        releve_time wait = core->buckets[i].ask_at - core->now;
        view.next_permit_ms = wait > view.next_permit_ms ? wait : view.next_permit_ms;
    }
    for (size_t i = 0; i < core->jobs_end; i++)
        if (core->jobs[i].phase != JOB_FREE)
            tally_job(&core->jobs[i], &view.kinds[core->jobs[i].submitted.kind]);
    return view;
}
