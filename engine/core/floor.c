/* Floors: where the data of a usage point begins (activation, consent), and how deep upstream's history really is.
 *
 * Upstream refuses a whole range that begins too early and does not say which day would do. What is newer than the
 * refused start is searched by halving, and every accepted half brings its data along: 7 days take at most 3 more
 * requests. Only one such search is under way for a usage point. */
#include "state.h"
#include <assert.h>

struct releve_floor *releve_floor_of(struct job *job, enum floor_cause cause)
{
    switch (cause) {
    case FLOOR_ACTIVATION:
        return &job->point->activation;
    case FLOOR_CONSENT:
        return &job->point->consent;
    default:
        assert(cause == FLOOR_HISTORY);
        return &job->history;
    }
}

releve_day releve_floor_after(struct job *job, struct releve_floor **which)
{
    releve_day after = RELEVE_DAY_NONE;
    *which = NULL;
    for (enum floor_cause cause = FLOOR_ACTIVATION; cause < FLOORS; cause++) {
        struct releve_floor *floor = releve_floor_of(job, cause);
        if (floor->after != RELEVE_DAY_NONE && floor->after >= after) {
            after = floor->after;
            *which = floor;
        }
    }
    return after;
}

void releve_floor_cut(struct releve_core *core, struct job *job)
{
    struct releve_floor *which;
    releve_day after = releve_floor_after(job, &which);
    struct releve_span history = releve_kind_history(job->wish.kind, core->today);
    releve_day first = which != NULL && after >= history.first ? after + 1 : history.first;
    if (first <= job->coverage.span.first)
        return;
    struct releve_span early = {job->coverage.span.first, first};
    if (releve_coverage_replace(&job->coverage, early, RELEVE_DAY_MISSING, RELEVE_DAY_CUT) > 0)
        job->touched = true;
}

/* Chunks that wait for another try and now begin too early are planned anew. */
static void dissolve_early(struct releve_core *core, struct job *job)
{
    struct releve_floor *which;
    releve_day after = releve_floor_after(job, &which);
    for (unsigned i = job->open_count; i-- > 0;) {
        struct chunk *chunk = job->open[i];
        if (which != NULL && chunk->phase == CHUNK_WAITING && chunk->span.asked.first <= after)
            releve_chunk_dissolve(core, chunk, RELEVE_DAY_MISSING);
    }
}

/* Keeps the floor that changed, and no other: each has an age of its own. */
static void learn(struct releve_core *core, struct job *job, enum floor_cause cause)
{
    struct releve_point_facts *facts = releve_core_learn(core, job);
    if (cause == FLOOR_ACTIVATION)
        facts->activation = job->point->activation;
    else
        facts->consent = job->point->consent;
}

void releve_floor_refused(struct releve_core *core, struct job *job, enum floor_cause cause, releve_day first)
{
    struct releve_floor *floor = releve_floor_of(job, cause);
    if (floor->after == RELEVE_DAY_NONE || floor->after < first)
        floor->after = first;
    if (floor->first != RELEVE_DAY_NONE && floor->first <= floor->after)
        floor->first = RELEVE_DAY_NONE; /* upstream changed its mind: what it says now counts */
    for (size_t i = 0; i < core->jobs_end; i++) {
        struct job *other = &core->jobs[i];
        bool same = cause == FLOOR_HISTORY ? other == job : other->point == job->point;
        if (other->phase != JOB_RUNNING || !same)
            continue;
        dissolve_early(core, other);
        releve_floor_cut(core, other);
    }
    if (cause != FLOOR_HISTORY)
        learn(core, job, cause);
}

void releve_floor_accepted(struct releve_core *core, struct job *job, releve_day first)
{
    for (enum floor_cause cause = FLOOR_ACTIVATION; cause < FLOORS; cause++) {
        struct releve_floor *floor = releve_floor_of(job, cause);
        if (floor->first != RELEVE_DAY_NONE && floor->first <= first)
            continue;
        floor->first = first;
        if (floor->after != RELEVE_DAY_NONE && floor->after >= first)
            floor->after = RELEVE_DAY_NONE; /* as above */
        if (cause != FLOOR_HISTORY && floor->after != RELEVE_DAY_NONE)
            learn(core, job, cause);
    }
}
