/* Series: one kind of one usage point, whose jobs and open chunks share its days. Here is a chunk's life, from its plan
 * until its days are stored or given up. What becomes of them concerns every job of the series (law 2: two jobs that
 * want the same days share one request). Does not decide what is asked, nor which days upstream cannot have (cut.c). */
#include "calls.h"
#include <assert.h>
#include <stdlib.h>

/* --- open chunks --------------------------------------------------------------------------------------------- */

/* Changes the days of `part` that are in state `from`, in every job that has them. What a job that is not applicable
 * had under way with another is cut, and not missing again. */
static void spread(struct series *series, struct releve_span part, enum releve_day_state from, enum releve_day_state to)
{
    struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link) {
        job->touched = true;
        releve_coverage_replace(&job->coverage, part, from,
                                to == RELEVE_DAY_MISSING && job->absent ? RELEVE_DAY_CUT : to);
    }
}

/* Is another chunk under way for that day too? Chunks overlap where one reaches over asked days, or was widened. */
static bool is_elsewhere(const struct chunk *chunk, releve_day day)
{
    const struct chunk *other;
    TAILQ_FOREACH(other, &chunk->series->open, link)
        if (other != chunk && releve_span_has(other->span.asked, day))
            return true;
    return false;
}

/* The next stretch, after part->end, of days that only this chunk has under way. */
static bool next_own(const struct chunk *chunk, struct releve_span *part)
{
    releve_day end = chunk->span.asked.end;
    part->first = part->end;
    while (part->first < end && is_elsewhere(chunk, part->first))
        part->first++;
    part->end = part->first;
    while (part->end < end && !is_elsewhere(chunk, part->end))
        part->end++;
    return part->end > part->first;
}

struct chunk *releve_series_open(struct releve_core *core, struct job *job, const struct releve_chunk_span *span,
                                 bool searching)
{
    struct series *series = job->series;
    assert(core->chunks_count < RELEVE_CORE_CHUNKS_MAX && job->open < RELEVE_JOB_CHUNKS_MAX);
    size_t slot = 0;
    while (core->chunks[slot].phase != CHUNK_FREE)
        slot++;
    core->chunks_count++;
    struct chunk *chunk = &core->chunks[slot];
    *chunk =
        (struct chunk){.phase = CHUNK_WAITING, .series = series, .job = job, .span = *span, .searching = searching};
    TAILQ_INSERT_TAIL(&series->open, chunk, link);
    job->open++;
    series->direction->searching += searching;
    spread(series, span->asked, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
    return chunk;
}

void releve_series_free_chunk(struct chunk *chunk)
{
    free(chunk->outcomes);
    free(chunk->entries);
}

static void count_storing(struct releve_core *core, struct chunk *chunk)
{
    core->storing_count++;
    core->storing_days += chunk->entries_count;
    chunk->series->point->storing++;
    chunk->storing_since = core->now;
}

static void count_stored(struct releve_core *core, const struct chunk *chunk)
{
    core->storing_count--;
    core->storing_days -= chunk->entries_count;
    chunk->series->point->storing--;
}

/* An answer of Redis or of upstream is still to come. */
static bool is_under_way(const struct chunk *chunk)
{
    return chunk->phase == CHUNK_CLAIMING || chunk->phase == CHUNK_LATE || chunk->phase == CHUNK_SENT;
}

static void release(struct releve_core *core, struct chunk *chunk)
{
    struct direction *direction = chunk->series->direction;
    assert(chunk->job->open > 0);
    TAILQ_REMOVE(&chunk->series->open, chunk, link);
    chunk->job->open--;
    direction->searching -= chunk->searching;
    direction->supplements -= chunk->request == RELEVE_REQUEST_SUPPLEMENT;
    if (chunk->phase == CHUNK_STORING || chunk->phase == CHUNK_REFUSED)
        count_stored(core, chunk);
    core->refused_count -= chunk->phase == CHUNK_REFUSED;
    core->chunks_count--;
    releve_series_free_chunk(chunk);
    *chunk = (struct chunk){.phase = CHUNK_FREE};
}

void releve_series_dissolve(struct releve_core *core, struct chunk *chunk, enum releve_day_state state)
{
    assert(!is_under_way(chunk));
    struct releve_span part = {chunk->span.asked.first, chunk->span.asked.first};
    while (next_own(chunk, &part))
        spread(chunk->series, part, RELEVE_DAY_ASKED, state);
    release(core, chunk);
}

void releve_series_replan_overtaken(struct releve_core *core, struct chunk *chunk)
{
    assert(chunk->phase == CHUNK_WAITING);
    struct releve_span wanted = chunk->span.wanted;
    bool last = releve_series_waits_for(chunk->series, wanted.end - 1);
    bool first = chunk->searching || releve_series_waits_for(chunk->series, wanted.first);
    if (!last || !first)
        releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
}

/* Dissolving one takes it out of the list: the next one is looked up before. */
static void replan_all_overtaken(struct releve_core *core, struct series *series)
{
    for (struct chunk *chunk = TAILQ_FIRST(&series->open), *next; chunk != NULL; chunk = next) {
        next = TAILQ_NEXT(chunk, link);
        if (chunk->phase == CHUNK_WAITING)
            releve_series_replan_overtaken(core, chunk);
    }
}

void releve_series_stop_waiting(struct releve_core *core, struct series *series, const struct job *job)
{
    for (struct chunk *chunk = TAILQ_FIRST(&series->open), *next; chunk != NULL; chunk = next) {
        next = TAILQ_NEXT(chunk, link);
        if ((job == NULL || chunk->job == job) && chunk->phase == CHUNK_WAITING)
            releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    }
}

/* --- answers that are stored --------------------------------------------------------------------------------- */

void releve_series_store(struct releve_core *core, struct chunk *chunk)
{
    if (chunk->phase == CHUNK_REFUSED)
        core->refused_count--;
    else
        count_storing(core, chunk);
    chunk->phase = CHUNK_STORING;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_STORE);
    action->handle = releve_emit_chunk_handle(core, chunk);
    action->permit = chunk->permit.number;
    action->job = &chunk->job->submitted;
    action->answer = chunk->answer;
    action->entries = chunk->entries;
    action->entries_count = chunk->entries_count;
}

bool releve_series_are_refused(const struct releve_core *core)
{
    return core->refused_count > 0 || core->stores_refused_since != RELEVE_TIME_NEVER;
}

void releve_series_store_again(struct releve_core *core)
{
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX && core->refused_count > 0; i++)
        if (core->chunks[i].phase == CHUNK_REFUSED)
            releve_series_store(core, &core->chunks[i]);
}

static void fail_days(struct series *series, struct releve_span part, const struct releve_reason *reason)
{
    struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link) {
        job->touched = true;
        releve_result_fail(&job->result, &job->coverage, part, RELEVE_DAY_ASKED, reason);
    }
}

/* The outcomes of a chunk, in every job that wants or knows its days. */
static void spread_outcomes(struct chunk *chunk)
{
    struct series *series = chunk->series;
    struct releve_span asked = chunk->span.asked;
    size_t next = 0;
    for (releve_day day = asked.first; day < asked.end; day++) {
        struct releve_span one = {day, day + 1};
        enum releve_day_state state = (enum releve_day_state)chunk->outcomes[day - asked.first];
        if (state == RELEVE_DAY_FAILED || (state == RELEVE_DAY_MISSING && is_elsewhere(chunk, day)))
            continue; /* it is still under way */
        spread(series, one, RELEVE_DAY_ASKED, state);
        bool stored = next < chunk->entries_count && chunk->entries[next].day == day;
        next += stored;
        if (!stored)
            continue; /* what rode along stays as it was */
        spread(series, one, RELEVE_DAY_PENDING, state);
        spread(series, one, RELEVE_DAY_PARTIAL, state);
    }
}

/* From the first to the last day of a chunk that could not be used, of those that a job waits for. */
static struct releve_span spoiled_span(const struct chunk *chunk)
{
    struct releve_span asked = chunk->span.asked, spoiled = {asked.end, asked.end};
    for (releve_day day = asked.first; day < asked.end; day++) {
        bool failed = chunk->outcomes[day - asked.first] == (char)RELEVE_DAY_FAILED;
        if (!failed || !releve_series_waits_for(chunk->series, day))
            continue;
        spoiled.first = day < spoiled.first ? day : spoiled.first;
        spoiled.end = day + 1;
    }
    return spoiled;
}

/* The chunk waits for another try, for some of its days only. */
static void reopen(struct releve_core *core, struct chunk *chunk, const struct releve_chunk_span *span)
{
    if (chunk->phase == CHUNK_STORING)
        count_stored(core, chunk);
    chunk->series->direction->searching -= chunk->searching;
    releve_series_free_chunk(chunk);
    chunk->outcomes = NULL;
    chunk->entries = NULL;
    chunk->entries_count = 0;
    chunk->searching = false;
    chunk->phase = CHUNK_WAITING;
    chunk->span = *span;
    chunk->not_before = core->now + releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, chunk->spoils);
    chunk->job->touched = true;
}

void releve_series_conclude(struct releve_core *core, struct chunk *chunk)
{
    assert(chunk->outcomes != NULL);
    struct series *series = chunk->series;
    spread_outcomes(chunk);
    struct releve_span spoiled = spoiled_span(chunk);
    struct releve_plan_limits limits = releve_limits_of(core, series);
    struct releve_chunk_span again;
    if (releve_span_days(spoiled) == 0) {
        release(core, chunk);
    } else if (++chunk->spoils < RELEVE_SPOILED_TRIES_MAX && releve_plan_widen(spoiled, &limits, &again)) {
        reopen(core, chunk, &again);
    } else {
        for (releve_day day = spoiled.first; day < spoiled.end; day++)
            if (chunk->outcomes[day - chunk->span.asked.first] == (char)RELEVE_DAY_FAILED && !is_elsewhere(chunk, day))
                fail_days(series, (struct releve_span){day, day + 1}, &chunk->spoiled);
        release(core, chunk);
    }
    replan_all_overtaken(core, series);
}

void releve_series_fail(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason)
{
    assert(!is_under_way(chunk));
    struct releve_span part = {chunk->span.asked.first, chunk->span.asked.first};
    while (next_own(chunk, &part))
        fail_days(chunk->series, part, reason);
    release(core, chunk);
}

/* --- what is wanted, and what is known ----------------------------------------------------------------------- */

bool releve_series_waits_for(const struct series *series, releve_day day)
{
    const struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link)
        if (releve_coverage_get(&job->coverage, day) == RELEVE_DAY_ASKED)
            return true;
    return false;
}

bool releve_series_rides_along(const struct series *series, releve_day day)
{
    const struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link) {
        enum releve_day_state state = releve_coverage_get(&job->coverage, day);
        if (state == RELEVE_DAY_PENDING || state == RELEVE_DAY_PARTIAL)
            return true;
    }
    return false;
}

bool releve_series_refreshes(const struct chunk *chunk)
{
    const struct job *job;
    TAILQ_FOREACH(job, &chunk->series->jobs, link) {
        struct releve_span part = releve_span_cut(chunk->span.wanted, job->coverage.span);
        for (releve_day day = part.first; job->submitted.refresh && day < part.end; day++)
            if (releve_coverage_get(&job->coverage, day) == RELEVE_DAY_ASKED)
                return true;
    }
    return false;
}

int releve_day_worth(enum releve_day_state state)
{
    return state == RELEVE_DAY_COMPLETE ? 2 : state == RELEVE_DAY_PARTIAL ? 1 : 0;
}

enum releve_day_state releve_series_best_known(const struct series *series, releve_day day)
{
    enum releve_day_state best = RELEVE_DAY_MISSING;
    const struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link) {
        enum releve_day_state known = releve_coverage_get(&job->known, day);
        best = releve_day_worth(known) > releve_day_worth(best) ? known : best;
    }
    return best;
}

static void learn_days(struct job *job, const struct releve_coverage *known, struct releve_span part)
{
    part = releve_span_cut(releve_span_cut(part, known->span), job->coverage.span);
    for (releve_day day = part.first; day < part.end; day++) {
        enum releve_day_state state = releve_coverage_get(&job->coverage, day);
        enum releve_day_state now = releve_coverage_get(known, day);
        if (now != RELEVE_DAY_MISSING && (state == RELEVE_DAY_MISSING || state == RELEVE_DAY_ASKED))
            releve_coverage_set(&job->coverage, day, now);
    }
    job->touched = true;
}

void releve_series_learn(struct series *series, const struct releve_coverage *known, struct releve_span part)
{
    struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link)
        if (!job->submitted.refresh)
            learn_days(job, known, part);
}

void releve_series_join(struct releve_core *core, struct job *job)
{
    struct series *series = job->series;
    const struct chunk *chunk;
    TAILQ_FOREACH(chunk, &series->open, link)
        releve_coverage_replace(&job->coverage, chunk->span.asked, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
    releve_series_learn(series, &job->known, job->known.span); /* also of days that are under way here, and may fail */
    TAILQ_INSERT_TAIL(&series->jobs, job, link);
    series->direction->refreshes += job->submitted.refresh;
    replan_all_overtaken(core, series);
}

void releve_series_leave(struct job *job)
{
    job->series->direction->refreshes -= job->submitted.refresh;
    TAILQ_REMOVE(&job->series->jobs, job, link);
}

/* --- what is given up ---------------------------------------------------------------------------------------- */

void releve_series_give_up(struct releve_core *core, struct job *job, const struct releve_reason *reason)
{
    releve_series_stop_waiting(core, job->series, job);
    releve_result_fail(&job->result, &job->coverage, job->coverage.span, RELEVE_DAY_MISSING, reason);
    job->touched = true;
}

void releve_series_give_up_all(struct releve_core *core, struct series *series, const struct releve_reason *reason)
{
    struct job *job;
    releve_series_stop_waiting(core, series, NULL); /* a chunk of one job may hold days of another */
    TAILQ_FOREACH(job, &series->jobs, link)
        releve_series_give_up(core, job, reason);
}

const struct releve_reason *releve_series_refusal(const struct releve_core *core, const struct series *series)
{
    if (series->point->unknown)
        return &series->point->unknown_reason;
    if (series->direction->standing == RELEVE_STANDING_REFUSED)
        return &series->direction->reason;
    if (core->kind_refused_until[series->kind] > core->now)
        return &core->kind_refusal[series->kind];
    return series->sick_until > core->now ? &series->sickness : NULL;
}
