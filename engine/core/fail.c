/* What failed and may work again: chunks, usage points that fail, and when they are given up (docs/design.md, Retries).
 * Law 5: a usage point that fails delays no other. */
#include "calls.h"
#include <stdio.h>

void releve_fail_end(struct job *job)
{
    struct series *series = job->series;
    struct point *point = series->point;
    job->given_up = 0;
    series->answered = true;
    series->failures = 0;
    series->sick_until = 0;
    point->distrusted = false;
    point->failures = 0;
    point->inquiry_failed = false;
    point->pauses = 0;
    point->paused_until = 0;
}

void releve_fail_end_heard(struct job *job)
{
    releve_fail_end(job);
    job->series->heard = job->series->direction->heard = true;
}

void releve_fail_give_up(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason)
{
    struct job *job = chunk->job;
    releve_emit_notice(core, RELEVE_NOTICE_GIVEN_UP, job, reason, 0);
    releve_series_fail(core, chunk, reason);
    if (++job->given_up >= RELEVE_GIVEN_UP_MAX) {
        job->hopeless = true;
        releve_series_give_up(core, job, reason);
    }
}

/* With its own last failure, or where it has none, that of the usage point. */
static void give_up_sick(struct releve_core *core, struct series *series, const struct releve_reason *reason)
{
    series->sick_until = core->now + RELEVE_BACKOFF_MAX_MS;
    series->sickness = *reason;
    if (series->failures > 0) {
        series->sickness = series->last_failure;
    } else {
        char text[RELEVE_REASON_TEXT_BYTES];
        (void)snprintf(text, sizeof text, "the usage point fails; last: %.150s", reason->text);
        releve_reason_set(&series->sickness, reason->code, text);
    }
    releve_series_give_up_all(core, series, &series->sickness);
}

/* A request by which it was to tell its activation counts too. */
static bool fails_for_all(const struct point *point)
{
    return point->failures + point->inquiry_failed >= RELEVE_SICK_REQUESTS_MAX;
}

/* A usage point that fails costs so many requests in a run, over all its kinds (law 5): in a row; or of the kinds that
 * never answered in this run, where others do; or of one kind that answered before. */
static bool is_sick(const struct series *series)
{
    const struct point *point = series->point;
    unsigned unanswered = 0;
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        unanswered += point->series[kind].answered ? 0 : point->series[kind].failures;
    return fails_for_all(point) || series->failures >= RELEVE_SICK_REQUESTS_MAX ||
           (!series->answered && unanswered >= RELEVE_SICK_REQUESTS_MAX);
}

/* `all` its kinds; else this one, and with it those that never answered either. */
static void end_sick(struct releve_core *core, struct series *series, const struct job *job, bool all,
                     const struct releve_reason *reason)
{
    struct point *point = series->point;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        struct series *other = &point->series[kind];
        if (all || other == series || (!series->answered && !other->answered && other->failures > 0))
            give_up_sick(core, other, reason);
    }
    releve_emit_notice(core, RELEVE_NOTICE_SICK, job, &series->sickness, 0);
}

/* Where only usage points that fail are left, a long wait helps nobody: they are tried as often as the time allows. */
static releve_time hurried(const struct releve_core *core, releve_time wait)
{
    return core->sick_alone_since == RELEVE_TIME_NEVER ? wait : releve_earlier(wait, RELEVE_SICK_ALONE_WAIT_MS);
}

void releve_fail_for_now(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason)
{
    struct job *job = chunk->job;
    struct series *series = chunk->series;
    struct point *point = series->point;
    core->retries++;
    series->failures++;
    point->failures++;
    point->last_failure = series->last_failure = *reason;
    if (is_sick(series)) {
        end_sick(core, series, job, fails_for_all(point), reason);
        return;
    }
    if (point->failures % RELEVE_POINT_FAILURES_MAX == 0) {
        releve_time pause = hurried(core, releve_emit_doubled(RELEVE_POINT_PAUSE_MIN_MS, point->pauses++));
        point->paused_until = core->now + pause;
        releve_emit_notice(core, RELEVE_NOTICE_PAUSED, job, reason, pause);
    }
    if (++chunk->tries >= RELEVE_CHUNK_TRIES_MAX) {
        releve_fail_give_up(core, chunk, reason);
        return;
    }
    releve_time wait = hurried(core, releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, chunk->tries - 1));
    chunk->phase = CHUNK_WAITING;
    chunk->not_before = core->now + wait;
    job->touched = true;
    releve_emit_notice(core, RELEVE_NOTICE_RETRY, job, reason, wait);
}

/* Redis refuses the claim: that is no failure of the usage point. Whoever runs Redis has to look. */
void releve_fail_wait_for_redis(struct releve_core *core, struct chunk *chunk, const struct releve_error *error)
{
    struct job *job = chunk->job;
    releve_reason_set(&core->redis_refusal, "redis", error->text);
    if (++chunk->tries >= RELEVE_CHUNK_TRIES_MAX) {
        releve_fail_give_up(core, chunk, &core->redis_refusal);
        return;
    }
    chunk->not_before = core->now + RELEVE_LEDGER_REFUSED_MS;
    releve_emit_notice(core, RELEVE_NOTICE_REDIS_REFUSED, job, NULL, RELEVE_LEDGER_REFUSED_MS)->error = error;
}

/* --- when nothing else is left ---------------------------------------------------------------------- */

/* Is every job that runs one of a usage point that fails, and upstream itself in reach? */
static bool only_sick_left(const struct releve_core *core)
{
    bool any = false;
    if (core->options.queued || core->upstream.failures > 0 || core->token.failures > 0)
        return false;
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        const struct series *series = job->series; /* it may fail while other kinds of the usage point answer */
        bool fails = series->failures > 0 || series->point->failures > 0;
        if (job->phase == JOB_BEGINNING || job->phase == JOB_UNBEGUN || (job->phase == JOB_RUNNING && !fails))
            return false;
        const struct bucket *bucket = &core->buckets[releve_demand_bucket(core, job)];
        if (job->phase == JOB_RUNNING && bucket->ask_at > core->now + RELEVE_SICK_PERMIT_MS)
            return false; /* it cannot be tried: the quota is used up */
        any = any || job->phase == JOB_RUNNING;
    }
    return any;
}

/* What waits already waits for the short time. */
static void hurry(struct releve_core *core)
{
    releve_time soon = core->now + RELEVE_SICK_ALONE_WAIT_MS;
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX; i++) {
        struct chunk *chunk = &core->chunks[i];
        if (chunk->phase != CHUNK_WAITING)
            continue;
        struct point *point = chunk->series->point;
        chunk->not_before = releve_earlier(chunk->not_before, soon);
        point->paused_until = releve_earlier(point->paused_until, soon);
    }
}

releve_time releve_fail_alone(struct releve_core *core)
{
    if (!only_sick_left(core)) {
        core->sick_alone_since = RELEVE_TIME_NEVER;
        return RELEVE_TIME_NEVER;
    }
    if (core->sick_alone_since == RELEVE_TIME_NEVER) {
        core->sick_alone_since = core->now;
        hurry(core);
    }
    releve_time until = releve_permit_alone_until(core);
    if (core->now < until)
        return until;
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        if (job->phase == JOB_RUNNING && job->series->sick_until <= core->now)
            end_sick(core, job->series, job, true, &job->series->point->last_failure);
    }
    return RELEVE_TIME_NEVER;
}
