/* Series: one kind of one usage point. What becomes of a chunk's days concerns every job of its series (law 2: two jobs
 * that want the same days share one request), and all loops over siblings are here. Does not decide what is asked. */
#include "state.h"
#include <assert.h>
#include <stdlib.h>

/* --- open chunks ------------------------------------------------------------------------------------------ */

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

void releve_series_count_in_flight(struct releve_core *core, struct chunk *chunk)
{
    struct series *series = chunk->series;
    chunk->of_sick = series->point->failures > 0;
    chunk->in_flight_since = core->now;
    core->sick_in_flight += chunk->of_sick;
    core->in_flight++;
    series->in_flight++;
    series->direction->in_flight++;
    series->point->in_flight++;
    series->point->inquiring = series->point->inquiring || chunk->request == RELEVE_REQUEST_ACTIVATION;
    core->inquiries_in_flight += chunk->request == RELEVE_REQUEST_ACTIVATION;
}

void releve_series_count_landed(struct releve_core *core, struct chunk *chunk)
{
    struct series *series = chunk->series;
    assert(series->in_flight > 0 && core->in_flight > 0);
    core->sick_in_flight -= chunk->of_sick;
    if (chunk->of_sick || series->point->failures > 0)
        core->sick_again_at = core->now + RELEVE_SICK_WAIT_MAX * (core->now - chunk->in_flight_since);
    core->in_flight--;
    series->in_flight--;
    series->direction->in_flight--;
    series->point->in_flight--;
    series->point->inquiring = series->point->inquiring && chunk->request != RELEVE_REQUEST_ACTIVATION;
    core->inquiries_in_flight -= chunk->request == RELEVE_REQUEST_ACTIVATION;
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

unsigned releve_series_bucket(const struct releve_core *core, enum releve_kind kind, enum releve_request request)
{
    switch (request) {
    case RELEVE_REQUEST_SUPPLEMENT:
        return core->options.supplement_bucket_of[kind];
    case RELEVE_REQUEST_ACTIVATION:
        return core->options.activation_bucket;
    default:
        return core->options.bucket_of[kind];
    }
}

/* Deep history of which nobody knows where it begins: another API may tell, for a request that costs nothing of what
 * measures may spend. */
static bool wants_activation(const struct releve_core *core, const struct job *job)
{
    const struct series *series = job->series;
    return core->options.tells_activation && job->deep && core->activation_refused_until <= core->now &&
           !series->point->inquired && releve_floor_is_bottomless(&series->direction->activation);
}

enum releve_request releve_series_next_request(const struct releve_core *core, const struct job *job)
{
    if (wants_activation(core, job))
        return RELEVE_REQUEST_ACTIVATION;
    const struct chunk *chunk = TAILQ_FIRST(&job->series->open); /* of a document there is one at most */
    bool supplement = chunk != NULL && chunk->request == RELEVE_REQUEST_SUPPLEMENT;
    return supplement ? RELEVE_REQUEST_SUPPLEMENT : RELEVE_REQUEST_MAIN;
}

unsigned releve_series_next_bucket(const struct releve_core *core, const struct job *job)
{
    return releve_series_bucket(core, job->series->kind, releve_series_next_request(core, job));
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

/* --- what is wanted, and what is known ------------------------------------------------------------------------ */

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

/* --- where data begins ---------------------------------------------------------------------------------------- */

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

const struct releve_floor *releve_series_floor(const struct series *series)
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

void releve_series_cut(struct releve_core *core, struct job *job)
{
    const struct releve_floor *floor = releve_series_floor(job->series);
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
    const struct releve_floor *floor = releve_series_floor(series);
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
        releve_series_cut(core, job);
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

void releve_series_refuse_early(struct releve_core *core, struct job *job, enum floor_cause cause,
                                struct releve_span asked)
{
    releve_floor_refuse(floor_of(job->series, cause), asked.first);
    for_concerned(core, job->series, cause, cut_all);
    keep_floor(core, job, cause, asked);
}

void releve_series_tell_activation(struct releve_core *core, struct job *job, enum releve_direction which,
                                   releve_day first)
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

void releve_series_accept(struct releve_core *core, struct job *job, struct releve_span asked)
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

/* --- ends ------------------------------------------------------------------------------------------------------- */

/* `job` NULL: of all jobs. */
static void stop_waiting(struct releve_core *core, struct series *series, const struct job *job)
{
    for (struct chunk *chunk = TAILQ_FIRST(&series->open), *next; chunk != NULL; chunk = next) {
        next = TAILQ_NEXT(chunk, link);
        if ((job == NULL || chunk->job == job) && chunk->phase == CHUNK_WAITING)
            releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    }
}

void releve_series_stop_waiting(struct releve_core *core, struct job *job)
{
    stop_waiting(core, job->series, job);
}

void releve_series_give_up(struct releve_core *core, struct job *job, const struct releve_reason *reason)
{
    releve_series_stop_waiting(core, job);
    releve_result_fail(&job->result, &job->coverage, job->coverage.span, RELEVE_DAY_MISSING, reason);
    job->touched = true;
}

void releve_series_give_up_all(struct releve_core *core, struct series *series, const struct releve_reason *reason)
{
    struct job *job;
    stop_waiting(core, series, NULL); /* a chunk of one job may hold days of another */
    TAILQ_FOREACH(job, &series->jobs, link)
        releve_series_give_up(core, job, reason);
}

void releve_series_give_up_direction(struct releve_core *core, struct direction *direction,
                                     const struct releve_reason *reason)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        if (direction->point->series[kind].direction == direction)
            releve_series_give_up_all(core, &direction->point->series[kind], reason);
}

void releve_series_give_up_point(struct releve_core *core, struct point *point, const struct releve_reason *reason)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        releve_series_give_up_all(core, &point->series[kind], reason);
}

void releve_series_give_up_kind(struct releve_core *core, enum releve_kind kind, const struct releve_reason *reason)
{
    for (size_t i = 0; i < POINTS_MAX; i++)
        if (core->points[i].jobs > 0)
            releve_series_give_up_all(core, &core->points[i].series[kind], reason);
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

void releve_series_absent_job(struct releve_core *core, struct job *job, const struct releve_reason *reason)
{
    releve_series_stop_waiting(core, job);
    releve_coverage_replace(&job->coverage, job->coverage.span, RELEVE_DAY_MISSING, RELEVE_DAY_CUT);
    releve_coverage_replace(&job->coverage, job->coverage.span, RELEVE_DAY_FAILED, RELEVE_DAY_CUT);
    job->result.failures_count = 0; /* days that do not exist cannot fail */
    job->absent = true;
    job->result.reason = *reason;
    job->touched = true;
}

void releve_series_absent(struct releve_core *core, struct series *series, const struct releve_reason *reason)
{
    struct job *job;
    stop_waiting(core, series, NULL); /* likewise */
    TAILQ_FOREACH(job, &series->jobs, link)
        releve_series_absent_job(core, job, reason);
}

void releve_series_absent_direction(struct releve_core *core, struct direction *direction,
                                    const struct releve_reason *reason)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        if (direction->point->series[kind].direction == direction)
            releve_series_absent(core, &direction->point->series[kind], reason);
}

void releve_series_present(struct releve_core *core, struct series *series)
{
    struct job *job;
    TAILQ_FOREACH(job, &series->jobs, link)
        job->absent = false;
    restore_all(core, series);
}

void releve_series_put_off(struct releve_core *core, struct direction *direction, releve_day end,
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
