/* Cuts: days that upstream cannot have. They lie before a floor, before upstream's history or before what is kept, or
 * there is no such kind or direction. A floor or an absence concerns every job of its series, and is taken back where
 * upstream shows that it was wrong (law 3; docs/design.md, Floors). What a floor is by itself: floor.c. */
#include "calls.h"
#include <assert.h>

/* --- where data begins --------------------------------------------------------------------------------------- */

static struct releve_floor *floor_of(struct series *series, enum floor_cause cause)
{
    switch (cause) {
    case FLOOR_ACTIVATION:
        return &series->direction->activation;
    case FLOOR_CONSENT:
        return &series->direction->consent;
    default:
        assert(cause == FLOOR_HISTORY);
        return &series->history;
    }
}

const struct releve_floor *releve_cut_floor(const struct series *series)
{
    const struct releve_floor *const floors[FLOORS] = {&series->direction->activation, &series->direction->consent,
                                                       &series->history};
    const struct releve_floor *highest = NULL;
    for (int i = 0; i < FLOORS; i++)
        if (floors[i]->after != RELEVE_DAY_NONE &&
            (highest == NULL || releve_floor_earliest(floors[i]) >= releve_floor_earliest(highest)))
            highest = floors[i];
    return highest;
}

void releve_cut_job(struct releve_core *core, struct job *job)
{
    const struct releve_floor *floor = releve_cut_floor(job->series);
    struct releve_span span = job->coverage.span;
    struct releve_span early = {span.first, releve_limits_history(core, job->series->kind).first};
    struct releve_span late = {releve_limits_latest(core), span.end};
    if (releve_floor_forbids(floor, early.end))
        early.end = releve_floor_earliest(floor);
    int changed = releve_coverage_replace(&job->coverage, early, RELEVE_DAY_MISSING, RELEVE_DAY_CUT);
    changed += releve_coverage_replace(&job->coverage, late, RELEVE_DAY_MISSING, RELEVE_DAY_PENDING);
    job->touched = job->touched || changed > 0;
}

/* Chunks that wait for another try and now begin too early are planned anew. */
static void dissolve_early(struct releve_core *core, struct series *series)
{
    const struct releve_floor *floor = releve_cut_floor(series);
    for (struct chunk *chunk = TAILQ_FIRST(&series->open), *next; chunk != NULL; chunk = next) {
        next = TAILQ_NEXT(chunk, link);
        if (chunk->phase == CHUNK_WAITING && releve_floor_forbids(floor, chunk->span.asked.first))
            releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    }
}

static void cut_all(struct releve_core *core, struct series *series)
{
    struct job *job;
    dissolve_early(core, series);
    TAILQ_FOREACH(job, &series->jobs, link)
        releve_cut_job(core, job);
}

/* A floor was wrong: what was cut because of it is missing again, but for what the others cut. */
static void restore_all(struct releve_core *core, struct series *series)
{
    struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link) {
        if (job->absent)
            continue;
        releve_coverage_replace(&job->coverage, job->coverage.span, RELEVE_DAY_CUT, RELEVE_DAY_MISSING);
        job->touched = true;
    }
    cut_all(core, series);
}

/* For each series that a floor of that cause concerns. */
static void for_concerned(struct releve_core *core, struct series *series, enum floor_cause cause,
                          void (*apply)(struct releve_core *core, struct series *series))
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        struct series *other = &series->point->series[kind];
        if (other == series || (cause != FLOOR_HISTORY && other->direction == series->direction))
            apply(core, other);
    }
}

/* Keeps the floor that changed, and no other: each has an age of its own. */
static void keep_floor(struct releve_core *core, const struct job *job, enum floor_cause cause,
                       struct releve_span asked)
{
    if (cause != FLOOR_HISTORY)
        releve_emit_lesson(core, cause == FLOOR_ACTIVATION ? RELEVE_LESSON_ACTIVATION : RELEVE_LESSON_CONSENT, job,
                           asked)
            ->floor = *floor_of(job->series, cause);
}

void releve_cut_early(struct releve_core *core, struct job *job, enum floor_cause cause, struct releve_span asked)
{
    releve_floor_refuse(floor_of(job->series, cause), asked.first);
    for_concerned(core, job->series, cause, cut_all);
    keep_floor(core, job, cause, asked);
}

void releve_cut_told(struct releve_core *core, struct job *job, enum releve_direction which, releve_day first)
{
    struct direction *direction = &job->series->point->directions[which];
    struct releve_floor *floor = &direction->activation;
    bool accepted = floor->first != RELEVE_DAY_NONE && floor->first < first;
    if (first == RELEVE_DAY_NONE || first > core->today || accepted || !releve_floor_is_bottomless(floor))
        return;
    /* What was believed for long, or is not believed at all, is looked at once: that API may be wrong for ever. */
    bool doubted = floor->doubted || job->submitted.refresh;
    *floor = (struct releve_floor){.after = first - 1, .first = first, .doubted = doubted};
    direction->unbelieved[FLOOR_ACTIVATION] = RELEVE_DAY_NONE;
    struct releve_lesson *lesson = releve_emit_lesson(core, RELEVE_LESSON_TOLD, job, job->coverage.span);
    lesson->floor = *floor;
    for (enum releve_kind kind = RELEVE_MEASURES; kind-- > 0;) {
        struct series *series = &job->series->point->series[kind];
        if (series->direction != direction)
            continue;
        lesson->kind = kind;
        restore_all(core, series);
    }
}

void releve_cut_accept(struct releve_core *core, struct job *job, struct releve_span asked)
{
    for (enum floor_cause cause = FLOOR_ACTIVATION; cause < FLOORS; cause++) {
        struct releve_floor *floor = floor_of(job->series, cause);
        releve_day *unbelieved = &job->series->direction->unbelieved[cause];
        bool forbade = floor->after != RELEVE_DAY_NONE;
        bool contradicts = asked.first <= *unbelieved; /* NONE is before all days */
        bool news = releve_floor_accept(floor, asked.first) && forbade;
        if (!news && !contradicts)
            continue;
        *unbelieved = contradicts ? RELEVE_DAY_NONE : *unbelieved;
        keep_floor(core, job, cause, asked);
        if (floor->after == RELEVE_DAY_NONE)
            for_concerned(core, job->series, cause, restore_all);
    }
}

/* --- what there is not --------------------------------------------------------------------------------------- */

void releve_cut_absent_job(struct releve_core *core, struct job *job, const struct releve_reason *reason)
{
    releve_series_stop_waiting(core, job->series, job);
    releve_coverage_replace(&job->coverage, job->coverage.span, RELEVE_DAY_MISSING, RELEVE_DAY_CUT);
    releve_coverage_replace(&job->coverage, job->coverage.span, RELEVE_DAY_FAILED, RELEVE_DAY_CUT);
    job->result.failures_count = 0; /* days that do not exist cannot fail */
    job->absent = true;
    job->result.reason = *reason;
    job->touched = true;
}

void releve_cut_absent(struct releve_core *core, struct series *series, const struct releve_reason *reason)
{
    struct job *job;
    releve_series_stop_waiting(core, series, NULL); /* a chunk of one job may hold days of another */
    TAILQ_FOREACH(job, &series->jobs, link)
        releve_cut_absent_job(core, job, reason);
}

void releve_cut_present(struct releve_core *core, struct series *series)
{
    struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link)
        job->absent = false;
    restore_all(core, series);
}

void releve_cut_put_off(struct releve_core *core, struct direction *direction, releve_day end,
                        const struct releve_reason *reason)
{
    releve_day settled = core->today - RELEVE_SETTLED_DAYS;
    struct job *job;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        struct series *series = &direction->point->series[kind];
        if (series->direction != direction)
            continue;
        restore_all(core, series);
        TAILQ_FOREACH(job, &series->jobs, link) {
            struct releve_span old = {job->coverage.span.first, settled}, recent = {settled, end};
            releve_result_fail(&job->result, &job->coverage, old, RELEVE_DAY_MISSING, reason);
            releve_coverage_replace(&job->coverage, recent, RELEVE_DAY_MISSING, RELEVE_DAY_PENDING);
        }
    }
}
