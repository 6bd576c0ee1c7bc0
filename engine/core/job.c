/* Jobs, from their arrival to their result. Law 4: each ends exactly once; law 3: no result before its days. */
#include "calls.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

static void init_point(struct releve_core *core, struct point *point, releve_prm prm)
{
    *point = (struct point){.prm = prm};
    for (enum releve_direction i = 0; i < RELEVE_ASPECTS; i++)
        point->directions[i] = (struct direction){.point = point,
                                                  .activation = RELEVE_FLOOR_UNKNOWN,
                                                  .consent = RELEVE_FLOOR_UNKNOWN,
                                                  .unbelieved = {RELEVE_DAY_NONE, RELEVE_DAY_NONE, RELEVE_DAY_NONE}};
    for (int i = 0; i < RELEVE_CLASSES; i++)
        point->turn[i] = ++core->turn; /* behind those that wait already */
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        struct series *series = &point->series[kind];
        *series = (struct series){.point = point,
                                  .direction = &point->directions[releve_kind_facts(kind)->direction],
                                  .kind = kind,
                                  .history = RELEVE_FLOOR_UNKNOWN};
        TAILQ_INIT(&series->jobs);
        TAILQ_INIT(&series->open);
    }
}

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
    init_point(core, free_slot, prm);
    return free_slot;
}

static void begin(struct releve_core *core, struct job *job)
{
    job->phase = JOB_BEGINNING;
    job->begun_at = core->now;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_BEGIN);
    action->handle = releve_emit_job_handle(core, job);
    action->job = &job->submitted;
}

void releve_job_arrive(struct releve_core *core, const struct releve_job *submitted)
{
    assert(releve_span_days(submitted->span) <= RELEVE_JOB_DAYS_MAX && submitted->kind < RELEVE_KINDS);
    struct point *point = find_point(core, submitted->prm);
    size_t slot = 0;
    while (core->jobs[slot].phase != JOB_FREE)
        slot++;
    if (slot >= core->jobs_end)
        core->jobs_end = slot + 1;
    core->jobs_count++;
    point->jobs++;
    struct job *job = &core->jobs[slot];
    memset(job, 0, sizeof *job);
    job->submitted = *submitted;
    job->class_ = submitted->class_;
    job->series = &point->series[submitted->kind];
    job->newest_missing = RELEVE_DAY_NONE;
    releve_coverage_init(&job->coverage, submitted->span);
    releve_coverage_init(&job->known, submitted->span);
    begin(core, job);
}

/* --- what the store says ------------------------------------------------------------------------------------ */

static void note_known_days(struct job *job, const struct releve_coverage *known)
{
    assert(known->span.first == job->coverage.span.first && known->span.end == job->coverage.span.end);
    job->known = *known;
    for (releve_day day = known->span.first; day < known->span.end; day++) {
        enum releve_day_state state = releve_coverage_get(known, day);
        job->had_data = job->had_data || releve_day_worth(state) > 0;
        if (!job->submitted.refresh)
            releve_coverage_set(&job->coverage, day, state);
    }
    job->series->heard = job->series->heard || job->had_data;
    job->series->direction->heard = job->series->direction->heard || job->had_data;
}

static void note_known_facts(struct job *job, const struct releve_point_facts *facts)
{
    struct point *point = job->series->point;
    struct direction *direction = job->series->direction;
    const struct releve_direction_facts *known = &facts->directions[releve_kind_facts(job->series->kind)->direction];
    bool absent = (facts->absent_kinds & RELEVE_KIND_BIT(job->series->kind)) != 0;
    job->doubted = job->submitted.refresh && (facts->unknown || known->standing != RELEVE_STANDING_OPEN || absent);
    if (job->submitted.refresh) {
        direction->unbelieved[FLOOR_ACTIVATION] = known->activation.after;
        direction->unbelieved[FLOOR_CONSENT] = known->consent.after;
        direction->activation = direction->consent = RELEVE_FLOOR_UNKNOWN;
        direction->standing = RELEVE_STANDING_OPEN; /* what was refused before is asked at once, also for others */
        point->unknown = false;
        return;
    }
    if (direction->refreshes > 0)
        return; /* it is being asked anew */
    if (!releve_floor_is_known(&direction->activation))
        direction->activation = known->activation;
    if (!releve_floor_is_known(&direction->consent))
        direction->consent = known->consent;
    if (direction->standing == RELEVE_STANDING_OPEN) {
        direction->standing = known->standing;
        direction->reason = known->reason;
        direction->closed_by = 0;
    }
    if (facts->unknown && !point->unknown) {
        point->unknown = true;
        point->unknown_reason = facts->unknown_reason;
        point->unknown_by = 0;
    }
}

/* It runs with nothing known and nothing asked: so it is given back. */
static void run_unbegun(struct releve_core *core, struct job *job)
{
    job->phase = JOB_RUNNING;
    job->touched = true;
    releve_series_join(core, job);
}

/* What Redis refuses to look up it may look up later; nothing is asked before. Only a core that drains has no time. */
static void wait_for_redis(struct releve_core *core, struct job *job, const struct releve_error *error)
{
    if (core->draining) {
        run_unbegun(core, job);
        return;
    }
    job->phase = JOB_UNBEGUN;
    releve_emit_refusal(core, job, error);
}

void releve_jobs_begin_none(struct releve_core *core)
{
    for (size_t i = 0; i < core->jobs_end; i++)
        if (core->jobs[i].phase == JOB_UNBEGUN)
            run_unbegun(core, &core->jobs[i]);
}

void releve_job_known(struct releve_core *core, struct job *job, const struct releve_event *event)
{
    assert(job->phase == JOB_BEGINNING);
    struct series *series = job->series;
    if (releve_failed(event->error)) {
        wait_for_redis(core, job, event->error);
        return;
    }
    job->phase = JOB_RUNNING;
    job->touched = true;
    struct releve_job asked = job->submitted;
    asked.span = releve_span_cut(asked.span, releve_limits_history(core, series->kind));
    job->deep = releve_plan_is_deep(&asked, event->coverage, core->today);
    note_known_days(job, event->coverage);
    releve_series_join(core, job);
    note_known_facts(job, event->facts);
    const struct releve_reason *refusal = releve_series_refusal(core, series), *why;
    /* What the store has counts for this job also where another one does not believe it, and asks anew. */
    enum releve_standing known = releve_facts_standing(event->facts, series->kind, &why);
    bool believes = !job->submitted.refresh;
    if (series->direction->standing == RELEVE_STANDING_ABSENT)
        releve_cut_absent_job(core, job, &series->direction->reason);
    else if (refusal != NULL)
        releve_series_give_up(core, job, refusal);
    else if (believes && known == RELEVE_STANDING_ABSENT)
        releve_cut_absent_job(core, job, why);
    else if (believes && known == RELEVE_STANDING_REFUSED)
        releve_series_give_up(core, job, why);
    else if (believes && releve_facts_are_unserved(event->facts, series->kind, job->had_data))
        releve_cut_absent_job(core, job, &event->facts->unserved_reason);
    else
        releve_cut_job(core, job);
}

/* --- ends --------------------------------------------------------------------------------------------------- */

/* A job of which upstream can serve no day, as far as it goes back, or ahead: nothing was asked, and that is said. */
static void note_outside(const struct releve_core *core, struct releve_result *result)
{
    char text[RELEVE_REASON_TEXT_BYTES], first[RELEVE_DAY_TEXT], last[RELEVE_DAY_TEXT];
    struct releve_span history = releve_kind_history(result->job.kind, core->today);
    bool before = result->job.span.first < history.first;
    releve_day_format(history.first, first);
    releve_day_format(history.end - 1, last);
    (void)snprintf(text, sizeof text,
                   "upstream has days of this kind from %s to %s only, and none of them was asked for", first, last);
    releve_reason_set(&result->reason, before ? "beyond-history" : "not-yet", text);
    if (before)
        result->state = RELEVE_JOB_FAILED;
}

/* A job of days that are all older than what is kept: likewise. */
static void note_unkept(const struct releve_core *core, struct releve_result *result)
{
    char text[RELEVE_REASON_TEXT_BYTES], first[RELEVE_DAY_TEXT];
    enum releve_kind kind = result->job.kind;
    releve_day kept = releve_keep_first(&core->options.keep, kind, core->today);
    if (kept == RELEVE_DAY_NONE || result->job.span.end > kept)
        return;
    releve_day_format(kept, first);
    (void)snprintf(
        text, sizeof text,
        "days of this kind are kept for %d days (RELEVE_KEEP), now from %s on, and none of them was asked for",
        core->options.keep.days[kind], first);
    releve_reason_set(&result->reason, "not-kept", text);
    result->state = RELEVE_JOB_FAILED;
}

static struct releve_result *sum_up(struct releve_core *core, struct job *job)
{
    struct releve_result *result = &job->result;
    result->job = job->submitted;
    result->requests = job->requests;
    result->finished_at = core->civil;
    releve_result_sum_up(result, &job->coverage, job->absent);
    if (releve_span_days(job->submitted.span) == 0 && !job->absent)
        note_outside(core, result);
    else if (result->days == 0 && !job->absent)
        note_unkept(core, result);
    return result;
}

static bool has_days(const struct job *job, enum releve_day_state state)
{
    return releve_coverage_newest(&job->coverage, state, job->coverage.span.end) != RELEVE_DAY_NONE;
}

static void write_result(struct releve_core *core, struct job *job)
{
    job->phase = JOB_FINISHING;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_FINISH);
    action->handle = releve_emit_job_handle(core, job);
    action->result = &job->result;
}

static void finish(struct releve_core *core, struct job *job)
{
    (void)sum_up(core, job);
    assert(job->result.days + job->result.cut == releve_span_days(job->coverage.span));
    releve_series_leave(job);
    write_result(core, job);
}

static void forget(struct releve_core *core, struct job *job)
{
    struct point *point = job->series->point;
    assert(job->open == 0 && point->jobs > 0);
    point->jobs--;
    job->phase = JOB_FREE;
    core->jobs_count--;
    while (core->jobs_end > 0 && core->jobs[core->jobs_end - 1].phase == JOB_FREE)
        core->jobs_end--;
}

/* A job that came from a queue is still in the worker's list, and somebody waits for its result: it is written until it
 * stands. Meanwhile no other job gets its place. */
void releve_job_finished(struct releve_core *core, struct job *job, const struct releve_error *error)
{
    assert(job->phase == JOB_FINISHING);
    if (!releve_failed(error) || !core->options.queued) {
        struct releve_action *action = releve_emit(core, RELEVE_ACTION_ENDED);
        action->result = &job->result;
        action->error = error;
        forget(core, job);
        return;
    }
    job->phase = JOB_REFUSED;
    releve_emit_refusal(core, job, error);
}

void releve_jobs_try_again(struct releve_core *core)
{
    for (size_t i = 0; i < core->jobs_end; i++) {
        if (core->jobs[i].phase == JOB_REFUSED)
            write_result(core, &core->jobs[i]);
        else if (core->jobs[i].phase == JOB_UNBEGUN)
            begin(core, &core->jobs[i]);
    }
}

/* Days are left, and none is under way. */
static bool can_be_given_back(const struct job *job)
{
    return job->phase == JOB_RUNNING && job->open == 0 && !has_days(job, RELEVE_DAY_ASKED) &&
           has_days(job, RELEVE_DAY_MISSING);
}

static void give_back(struct releve_core *core, struct job *job)
{
    if (!core->options.queued)
        releve_emit(core, RELEVE_ACTION_FORGET)->job = &job->submitted;
    releve_emit(core, RELEVE_ACTION_GIVE_BACK)->result = sum_up(core, job);
    releve_series_leave(job);
    forget(core, job);
}

/* While the core drains, what waits for another try is waited for no more. A chunk may hold days of several jobs, so
 * all chunks end before any job is looked at. */
static void stop_waiting(struct releve_core *core)
{
    for (size_t i = 0; i < core->jobs_end; i++)
        if (core->jobs[i].phase == JOB_RUNNING)
            releve_series_stop_waiting(core, core->jobs[i].series, &core->jobs[i]);
}

void releve_jobs_settle(struct releve_core *core)
{
    if (core->draining)
        stop_waiting(core);
    for (size_t i = 0; i < core->jobs_end; i++) {
        struct job *job = &core->jobs[i];
        if (job->phase != JOB_RUNNING || !job->touched)
            continue;
        job->touched = false;
        job->newest_missing = releve_coverage_newest(&job->coverage, RELEVE_DAY_MISSING, job->coverage.span.end);
        if (job->newest_missing == RELEVE_DAY_NONE && job->open == 0 && !has_days(job, RELEVE_DAY_ASKED))
            finish(core, job);
    }
    for (size_t i = core->jobs_end; core->draining && i-- > 0;)
        if (can_be_given_back(&core->jobs[i]))
            give_back(core, &core->jobs[i]);
}
