/* Jobs, from their arrival to their result. Law 4: each ends exactly once; law 3: no result before its days. */
#include "state.h"
#include <assert.h>
#include <string.h>

static struct point *find_point(struct releve_core *core, releve_prm prm)
{
    struct point *free_slot = NULL;
    for (size_t i = 0; i < POINTS_MAX; i++) {
        struct point *point = &core->points[i];
        if (point->jobs > 0 && point->prm == prm)
            return point;
        if (point->jobs == 0 && free_slot == NULL)
            free_slot = point;
    }
    assert(free_slot != NULL);
    *free_slot = (struct point){.prm = prm, .activation = RELEVE_FLOOR_UNKNOWN, .consent = RELEVE_FLOOR_UNKNOWN};
    for (int i = 0; i < RELEVE_CLASSES; i++)
        free_slot->turn[i] = ++core->turn; /* behind those that wait already */
    return free_slot;
}

void releve_job_arrive(struct releve_core *core, const struct releve_job *wish)
{
    assert(releve_core_room(core) > 0);
    assert(releve_span_days(wish->span) <= RELEVE_JOB_DAYS_MAX && wish->kind < RELEVE_MEASURES);
    struct point *point = find_point(core, wish->prm);
    size_t slot = 0;
    while (core->jobs[slot].phase != JOB_FREE)
        slot++;
    if (slot >= core->jobs_end)
        core->jobs_end = slot + 1;
    core->jobs_count++;
    point->jobs++;
    struct job *job = &core->jobs[slot];
    memset(job, 0, sizeof *job);
    job->phase = JOB_BEGINNING;
    job->wish = *wish;
    job->class_ = wish->class_;
    job->point = point;
    job->newest_missing = RELEVE_DAY_NONE;
    job->history = RELEVE_FLOOR_UNKNOWN;
    releve_coverage_init(&job->coverage, wish->span);
    struct releve_action *action = releve_core_act(core, RELEVE_ACTION_BEGIN);
    action->handle = releve_core_job_handle(core, job);
    action->job = &job->wish;
}

static void merge_floor(struct releve_floor *floor, struct releve_floor stored)
{
    if (floor->after == RELEVE_DAY_NONE && floor->first == RELEVE_DAY_NONE)
        *floor = stored;
}

/* Chunks that siblings have under way cover days of the newcomer too. */
static void join_siblings(struct releve_core *core, struct job *job)
{
    for (size_t i = 0; i < core->chunks_end; i++) {
        struct chunk *chunk = &core->chunks[i];
        if (chunk->phase != CHUNK_FREE && chunk->job->point == job->point && chunk->job->wish.kind == job->wish.kind)
            releve_coverage_replace(&job->coverage, chunk->span.asked, RELEVE_DAY_MISSING, RELEVE_DAY_ASKED);
    }
}

static void tell_day(struct job *job, releve_day day, enum releve_day_state known)
{
    enum releve_day_state state = releve_coverage_get(&job->coverage, day);
    if (known != RELEVE_DAY_MISSING && (state == RELEVE_DAY_MISSING || state == RELEVE_DAY_ASKED))
        releve_coverage_set(&job->coverage, day, known);
}

/* Somebody else may have stored days since its siblings began: also such as are under way here, and may fail. */
static void tell_siblings(struct releve_core *core, const struct job *job)
{
    for (size_t i = 0; i < core->jobs_end; i++) {
        struct job *other = &core->jobs[i];
        if (other == job || other->phase != JOB_RUNNING || other->point != job->point ||
            other->wish.kind != job->wish.kind || other->wish.refresh)
            continue;
        struct releve_span both = releve_span_cut(job->known.span, other->coverage.span);
        for (releve_day day = both.first; day < both.end; day++)
            tell_day(other, day, releve_coverage_get(&job->known, day));
        other->touched = true;
    }
}

void releve_job_known(struct releve_core *core, struct job *job, const struct releve_event *event)
{
    assert(job->phase == JOB_BEGINNING);
    job->phase = JOB_RUNNING;
    job->touched = true;
    if (event->error != NULL && event->error->code != RELEVE_OK) {
        struct releve_reason reason;
        releve_reason_set(&reason, "redis", event->error->text);
        releve_job_fail(job, job->coverage.span, RELEVE_DAY_MISSING, &reason);
        return;
    }
    const struct releve_point_facts *facts = event->facts;
    struct point *point = job->point;
    enum releve_kind kind = job->wish.kind;
    job->known = *event->coverage;
    assert(job->known.span.first == job->coverage.span.first && job->known.span.end == job->coverage.span.end);
    for (releve_day day = job->known.span.first; day < job->known.span.end; day++) {
        enum releve_day_state state = releve_coverage_get(&job->known, day);
        bool value = state == RELEVE_DAY_COMPLETE || state == RELEVE_DAY_PARTIAL;
        job->had_data = job->had_data || value;
        if (!job->wish.refresh && releve_coverage_get(&job->coverage, day) == RELEVE_DAY_MISSING)
            releve_coverage_set(&job->coverage, day, state);
    }
    join_siblings(core, job);
    tell_siblings(core, job);
    releve_chunks_replan_overtaken(core, job);
    job->heard = job->had_data;
    point->heard = point->heard || job->had_data;
    job->doubted = job->wish.refresh && (facts->refused || (facts->absent_kinds & RELEVE_KIND_BIT(kind)) != 0);
    if (!job->wish.refresh) {
        merge_floor(&point->activation, facts->activation);
        merge_floor(&point->consent, facts->consent);
        if (facts->refused && !point->refused) {
            point->refused = true;
            point->refusal = facts->refusal;
        }
    }
    if (!job->wish.refresh && (facts->absent_kinds & RELEVE_KIND_BIT(kind)) != 0)
        releve_job_absent(core, job, &facts->absent[kind]);
    else if (point->refused)
        releve_job_fail(job, job->coverage.span, RELEVE_DAY_MISSING, &point->refusal);
    else if (core->kind_refused_until[kind] > core->now)
        releve_job_fail(job, job->coverage.span, RELEVE_DAY_MISSING, &core->kind_refusal[kind]);
    else
        releve_floor_cut(core, job);
}

/* Adds a failed span to the result, grown into its neighbour where the reason is the same. */
static void list_failure(struct releve_result *result, struct releve_span span, const struct releve_reason *reason)
{
    struct releve_failure *last = NULL;
    for (size_t i = 0; i < result->failures_count; i++) {
        struct releve_failure *failure = &result->failures[i];
        bool touches = failure->span.first <= span.end && failure->span.end >= span.first;
        if (touches && strcmp(failure->reason.code, reason->code) == 0)
            last = failure;
    }
    if (last == NULL && result->failures_count == RELEVE_FAILURES_MAX)
        last = &result->failures[RELEVE_FAILURES_MAX - 1];
    if (last == NULL) {
        result->failures[result->failures_count++] = (struct releve_failure){span, *reason};
        return;
    }
    last->span.first = span.first < last->span.first ? span.first : last->span.first;
    last->span.end = span.end > last->span.end ? span.end : last->span.end;
}

void releve_job_fail(struct job *job, struct releve_span part, enum releve_day_state from,
                     const struct releve_reason *reason)
{
    part = releve_span_cut(part, job->coverage.span);
    releve_day begin = RELEVE_DAY_NONE;
    for (releve_day day = part.first; day <= part.end; day++) {
        bool failing = day < part.end && releve_coverage_get(&job->coverage, day) == from;
        if (failing) {
            releve_coverage_set(&job->coverage, day, RELEVE_DAY_FAILED);
            begin = begin == RELEVE_DAY_NONE ? day : begin;
        } else if (begin != RELEVE_DAY_NONE) {
            list_failure(&job->result, (struct releve_span){begin, day}, reason);
            begin = RELEVE_DAY_NONE;
            job->reason = *reason;
        }
    }
    job->touched = true;
}

/* Ends what waits for another try; its days are missing again. */
static void stop_waiting(struct releve_core *core, struct job *job)
{
    for (unsigned i = job->open_count; i-- > 0;)
        if (job->open[i]->phase == CHUNK_WAITING)
            releve_chunk_dissolve(core, job->open[i], RELEVE_DAY_MISSING);
}

void releve_job_give_up(struct releve_core *core, struct job *job, const struct releve_reason *reason)
{
    stop_waiting(core, job);
    releve_job_fail(job, job->coverage.span, RELEVE_DAY_MISSING, reason);
}

void releve_job_absent(struct releve_core *core, struct job *job, const struct releve_reason *reason)
{
    stop_waiting(core, job);
    releve_coverage_replace(&job->coverage, job->coverage.span, RELEVE_DAY_MISSING, RELEVE_DAY_CUT);
    job->absent = true;
    job->reason = *reason;
    job->touched = true;
}

static enum releve_job_state final_state(const struct job *job, const struct releve_result *result)
{
    int obtained = result->complete + result->partial + result->holes + result->pending;
    if (job->absent && obtained == 0)
        return RELEVE_JOB_NOT_APPLICABLE;
    if (result->failed == 0)
        return RELEVE_JOB_DONE;
    return obtained > 0 ? RELEVE_JOB_PARTIAL : RELEVE_JOB_FAILED;
}

static void sort_failures(struct releve_result *result)
{
    for (size_t i = 1; i < result->failures_count; i++) {
        struct releve_failure failure = result->failures[i];
        size_t j = i;
        for (; j > 0 && result->failures[j - 1].span.first > failure.span.first; j--)
            result->failures[j] = result->failures[j - 1];
        result->failures[j] = failure;
    }
}

struct releve_result *releve_job_sum_up(struct releve_core *core, struct job *job)
{
    struct releve_result *result = &job->result;
    result->job = job->wish;
    result->complete = releve_coverage_count(&job->coverage, RELEVE_DAY_COMPLETE);
    result->partial = releve_coverage_count(&job->coverage, RELEVE_DAY_PARTIAL);
    result->holes = releve_coverage_count(&job->coverage, RELEVE_DAY_HOLE);
    result->pending = releve_coverage_count(&job->coverage, RELEVE_DAY_PENDING);
    result->failed = releve_coverage_count(&job->coverage, RELEVE_DAY_FAILED);
    result->cut = releve_coverage_count(&job->coverage, RELEVE_DAY_CUT);
    result->days = result->complete + result->partial + result->holes + result->pending + result->failed;
    result->requests = job->requests;
    result->state = final_state(job, result);
    result->finished_at = core->civil;
    if (result->state != RELEVE_JOB_DONE)
        result->reason = job->reason;
    sort_failures(result);
    return result;
}

static void finish(struct releve_core *core, struct job *job)
{
    const struct releve_result *result = releve_job_sum_up(core, job);
    assert(result->days + result->cut == releve_span_days(job->coverage.span));
    job->phase = JOB_FINISHING;
    struct releve_action *action = releve_core_act(core, RELEVE_ACTION_FINISH);
    action->handle = releve_core_job_handle(core, job);
    action->result = result;
}

void releve_jobs_settle(struct releve_core *core)
{
    for (size_t i = 0; i < core->jobs_end; i++) {
        struct job *job = &core->jobs[i];
        if (job->phase != JOB_RUNNING || !job->touched)
            continue;
        job->touched = false;
        job->newest_missing = releve_coverage_newest(&job->coverage, RELEVE_DAY_MISSING, job->coverage.span.end);
        job->waits =
            releve_coverage_newest(&job->coverage, RELEVE_DAY_ASKED, job->coverage.span.end) != RELEVE_DAY_NONE;
        if (job->newest_missing == RELEVE_DAY_NONE && !job->waits && job->open_count == 0)
            finish(core, job);
    }
}

void releve_job_forget(struct releve_core *core, struct job *job)
{
    assert(job->open_count == 0 && job->point->jobs > 0);
    job->point->jobs--;
    job->phase = JOB_FREE;
    core->jobs_count--;
    while (core->jobs_end > 0 && core->jobs[core->jobs_end - 1].phase == JOB_FREE)
        core->jobs_end--;
}

void releve_jobs_give_back(struct releve_core *core)
{
    for (size_t i = core->jobs_end; i-- > 0;) {
        struct job *job = &core->jobs[i];
        if (job->phase != JOB_RUNNING)
            continue;
        stop_waiting(core, job);
        bool under_way = job->open_count > 0 || releve_coverage_newest(&job->coverage, RELEVE_DAY_ASKED,
                                                                       job->coverage.span.end) != RELEVE_DAY_NONE;
        bool left =
            releve_coverage_newest(&job->coverage, RELEVE_DAY_MISSING, job->coverage.span.end) != RELEVE_DAY_NONE;
        if (under_way || !left)
            continue; /* ends by itself */
        releve_core_act(core, RELEVE_ACTION_GIVE_BACK)->result = releve_job_sum_up(core, job);
        releve_job_forget(core, job);
    }
}
