/* Chunks under way: one upstream request each, from the moment it is planned until its days are stored or given up.
 * Jobs of the same usage point and kind share the outcome (law 2). Does not decide what is asked. */
#include "state.h"
#include <assert.h>
#include <stdlib.h>

/* A job that is still beginning is left alone: what the store tells it counts, and it joins the chunks that are under
 * way by then. */
static bool wants_same(const struct job *job, const struct job *other)
{
    return other->phase == JOB_RUNNING && other->point == job->point && other->wish.kind == job->wish.kind;
}

/* Changes the days of `part` that are in state `from`, in every job that has them. */
static void spread(struct releve_core *core, const struct chunk *chunk, struct releve_span part,
                   enum releve_day_state from, enum releve_day_state to)
{
    for (size_t i = 0; i < core->jobs_end; i++) {
        struct job *job = &core->jobs[i];
        if (!wants_same(chunk->job, job))
            continue;
        job->touched = true;
        releve_coverage_replace(&job->coverage, part, from, to);
    }
}

/* Is another chunk under way for that day too? Chunks overlap where one reaches over asked days, or was widened. */
static bool is_elsewhere(const struct releve_core *core, const struct chunk *chunk, releve_day day)
{
    for (size_t i = 0; i < core->chunks_end; i++) {
        const struct chunk *other = &core->chunks[i];
        if (other != chunk && other->phase != CHUNK_FREE && other->job->point == chunk->job->point &&
            other->job->wish.kind == chunk->job->wish.kind && releve_span_has(other->span.asked, day))
            return true;
    }
    return false;
}

/* The next stretch, after part->end, of days that only this chunk has under way. */
static bool next_own(const struct releve_core *core, const struct chunk *chunk, struct releve_span *part)
{
    releve_day end = chunk->span.asked.end;
    part->first = part->end;
    while (part->first < end && is_elsewhere(core, chunk, part->first))
        part->first++;
    part->end = part->first;
    while (part->end < end && !is_elsewhere(core, chunk, part->end))
        part->end++;
    return part->end > part->first;
}

struct chunk *releve_chunk_open(struct releve_core *core, struct job *job, const struct releve_chunk_span *span,
                                bool searching)
{
    assert(core->chunks_count < CHUNKS_MAX && job->open_count < RELEVE_JOB_CHUNKS_MAX);
    size_t slot = 0;
    while (core->chunks[slot].phase != CHUNK_FREE)
        slot++;
    if (slot >= core->chunks_end)
        core->chunks_end = slot + 1;
    core->chunks_count++;
    struct chunk *chunk = &core->chunks[slot];
    *chunk = (struct chunk){.phase = CHUNK_WAITING, .job = job, .span = *span, .searching = searching};
    job->open[job->open_count++] = chunk;
    job->point->chunks++;
    job->point->searching += searching;
    spread(core, chunk, span->asked, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
    return chunk;
}

static void release(struct releve_core *core, struct chunk *chunk)
{
    struct job *job = chunk->job;
    unsigned i = 0;
    while (job->open[i] != chunk)
        i++;
    assert(i < job->open_count);
    job->open[i] = job->open[--job->open_count];
    assert(job->point->chunks > 0);
    job->point->chunks--;
    job->point->searching -= chunk->searching;
    core->storing_count -= chunk->phase == CHUNK_STORING;
    core->chunks_count--;
    free(chunk->outcomes);
    *chunk = (struct chunk){.phase = CHUNK_FREE};
    while (core->chunks_end > 0 && core->chunks[core->chunks_end - 1].phase == CHUNK_FREE)
        core->chunks_end--;
}

void releve_chunk_dissolve(struct releve_core *core, struct chunk *chunk, enum releve_day_state state)
{
    assert(chunk->phase != CHUNK_SENT);
    struct releve_span part = {chunk->span.asked.first, chunk->span.asked.first};
    while (next_own(core, chunk, &part))
        spread(core, chunk, part, RELEVE_DAY_ASKED, state);
    release(core, chunk);
}

void releve_chunk_replan_overtaken(struct releve_core *core, struct chunk *chunk)
{
    assert(chunk->phase == CHUNK_WAITING);
    struct releve_span wanted = chunk->span.wanted;
    bool last = releve_chunk_wants(core, chunk, wanted.end - 1);
    bool first = chunk->searching || releve_chunk_wants(core, chunk, wanted.first);
    if (!last || !first)
        releve_chunk_dissolve(core, chunk, RELEVE_DAY_MISSING);
}

void releve_chunks_replan_overtaken(struct releve_core *core, const struct job *job)
{
    for (size_t i = core->chunks_end; i-- > 0;) {
        struct chunk *chunk = &core->chunks[i];
        if (chunk->phase == CHUNK_WAITING && chunk->job->point == job->point && chunk->job->wish.kind == job->wish.kind)
            releve_chunk_replan_overtaken(core, chunk);
    }
}

void releve_chunk_conclude(struct releve_core *core, struct chunk *chunk)
{
    assert(chunk->phase == CHUNK_STORING && chunk->outcomes != NULL);
    const struct job *job = chunk->job;
    struct releve_span known = chunk->span.asked;
    for (releve_day day = known.first; day < known.end; day++)
        spread(core, chunk, (struct releve_span){day, day + 1}, RELEVE_DAY_ASKED,
               (enum releve_day_state)chunk->outcomes[day - known.first]);
    release(core, chunk);
    releve_chunks_replan_overtaken(core, job);
}

void releve_chunk_fail(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason)
{
    assert(chunk->phase != CHUNK_SENT);
    struct releve_span part = {chunk->span.asked.first, chunk->span.asked.first};
    while (next_own(core, chunk, &part))
        for (size_t i = 0; i < core->jobs_end; i++)
            if (wants_same(chunk->job, &core->jobs[i]))
                releve_job_fail(&core->jobs[i], part, RELEVE_DAY_ASKED, reason);
    release(core, chunk);
}

bool releve_chunk_wants(const struct releve_core *core, const struct chunk *chunk, releve_day day)
{
    for (size_t i = 0; i < core->jobs_end; i++)
        if (wants_same(chunk->job, &core->jobs[i]) &&
            releve_coverage_get(&core->jobs[i].coverage, day) == RELEVE_DAY_ASKED)
            return true;
    return false;
}

bool releve_chunk_refreshes(const struct releve_core *core, const struct chunk *chunk)
{
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        if (!wants_same(chunk->job, job) || !job->wish.refresh)
            continue;
        for (releve_day day = chunk->span.wanted.first; day < chunk->span.wanted.end; day++)
            if (releve_coverage_get(&job->coverage, day) == RELEVE_DAY_ASKED)
                return true;
    }
    return false;
}
