/* What a refusal means: of a range, of a kind, of a direction, of a usage point, of an API (docs/design.md, Floors and
 * Retries). Only what was asked is refused. Law 3. */
#include "calls.h"

/* May one answer say that the direction does not exist? Not where days of it have been seen, and not to a job that
 * looks at the last days only: it cannot know of older ones, and such an answer has been gone the next day. */
static bool may_be_absent(const struct direction *direction, const struct job *asker)
{
    const struct job *job;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        const struct series *series = &direction->point->series[kind];
        TAILQ_FOREACH(job, &series->jobs, link)
            if (series->direction == direction && job->had_data)
                return false;
    }
    return releve_span_days(asker->coverage.span) > RELEVE_SETTLED_DAYS;
}

/* For each series of a direction. */
static void for_direction(struct releve_core *core, struct direction *direction, const struct releve_reason *reason,
                          void (*apply)(struct releve_core *, struct series *, const struct releve_reason *))
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        if (direction->point->series[kind].direction == direction)
            apply(core, &direction->point->series[kind], reason);
}

/* What was refused before answers now. But not where this request left before the refusal was heard: the gateway may
 * have answered it first. */
void releve_refuse_take_back(struct releve_core *core, struct job *job, const struct chunk *chunk)
{
    struct direction *direction = job->series->direction;
    struct point *point = direction->point;
    bool closed = direction->standing != RELEVE_STANDING_OPEN;
    bool older = (closed && chunk->permit.number <= direction->closed_by) ||
                 (point->unknown && chunk->permit.number <= point->unknown_by);
    if (older || !(job->doubted || closed || point->unknown))
        return;
    releve_emit_lesson(core, RELEVE_LESSON_REFUTED, job, chunk->span.asked);
    direction->standing = RELEVE_STANDING_OPEN;
    point->unknown = false;
    job->doubted = false;
}

/* A floor. But where even the newest days that can be asked "begin before the activation", there is no such direction:
 * upstream says so of meters without production, and nothing is activated in the future. */
void releve_refuse_early(struct releve_core *core, struct chunk *chunk, enum floor_cause cause,
                         const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct direction *direction = chunk->series->direction;
    struct releve_span asked = chunk->span.asked;
    bool newest = asked.first >= releve_limits_latest(core) - core->options.days_min;
    if (newest && cause == FLOOR_HISTORY) { /* yesterday is no history */
        releve_fail_give_up(core, chunk, &answer->reason);
        return;
    }
    releve_fail_end_heard(job); /* it answered, and it works */
    releve_refuse_take_back(core, job, chunk);
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    if (cause != FLOOR_ACTIVATION || !newest) {
        releve_cut_early(core, job, cause, asked);
        return;
    }
    direction->activation = RELEVE_FLOOR_UNKNOWN;
    if (!may_be_absent(direction, job)) {
        releve_cut_put_off(core, direction, asked.end, &answer->reason);
        releve_emit_lesson(core, RELEVE_LESSON_ACTIVATION, job, asked)->floor = direction->activation;
        return;
    }
    direction->standing = RELEVE_STANDING_ABSENT;
    direction->closed_by = core->permits;
    direction->reason = answer->reason;
    for_direction(core, direction, &direction->reason, releve_cut_absent);
    releve_emit_lesson(core, RELEVE_LESSON_ABSENT, job, asked)->reason = answer->reason;
}

void releve_refuse_kind_of_point(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct releve_span asked = chunk->span.asked;
    releve_fail_end_heard(job);
    releve_refuse_take_back(core, job, chunk);
    job->series->absent_by = chunk->permit.number;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_cut_absent(core, job->series, &answer->reason);
    releve_emit_lesson(core, RELEVE_LESSON_NO_KIND, job, asked)->reason = answer->reason;
}

/* Only what was asked is refused: the other direction may work with the same consent (docs/enedis.md, Directions). */
void releve_refuse_direction(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct direction *direction = chunk->series->direction;
    struct releve_span asked = chunk->span.asked;
    releve_fail_end_heard(job);
    direction->standing = RELEVE_STANDING_REFUSED;
    direction->closed_by = core->permits;
    direction->reason = answer->reason;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    for_direction(core, direction, &answer->reason, releve_series_give_up_all);
    releve_emit_notice(core, RELEVE_NOTICE_POINT_REFUSED, job, &direction->reason, 0);
    releve_emit_lesson(core, RELEVE_LESSON_REFUSED, job, asked)->reason = answer->reason;
}

void releve_refuse_point(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct job *job = chunk->job;
    struct point *point = chunk->series->point;
    struct releve_span asked = chunk->span.asked;
    releve_fail_end_heard(job);
    point->unknown = true;
    point->unknown_by = core->permits;
    point->unknown_reason = answer->reason;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        releve_series_give_up_all(core, &point->series[kind], &answer->reason);
    releve_emit_notice(core, RELEVE_NOTICE_POINT_REFUSED, job, &point->unknown_reason, 0);
    releve_emit_lesson(core, RELEVE_LESSON_UNKNOWN, job, asked)->reason = answer->reason;
}

void releve_refuse_kind(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    enum releve_kind kind = chunk->series->kind;
    bool news = core->kind_refused_until[kind] <= core->now;
    core->kind_refused_until[kind] = core->now + RELEVE_KIND_REFUSED_MS;
    core->kind_refusal[kind] = answer->reason;
    const struct job *job = chunk->job;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    for (size_t i = 0; i < POINTS_MAX; i++)
        if (core->points[i].jobs > 0)
            releve_series_give_up_all(core, &core->points[i].series[kind], &answer->reason);
    if (news)
        releve_emit_notice(core, RELEVE_NOTICE_API_REFUSED, job, &core->kind_refusal[kind], 0);
}

void releve_refuse_unserved(struct releve_core *core, enum releve_kind kind)
{
    core->kind_refused_until[kind] = RELEVE_TIME_NEVER;
    core->kind_refusal[kind].verdict = RELEVE_API_REFUSED;
    releve_reason_set(&core->kind_refusal[kind], "not-served", "this upstream has no such kind");
}

/* The end is too recent for upstream: shortly after midnight it is, and where our clock is ahead. The last day waits,
 * for all; the rest is asked at once. */
void releve_refuse_end(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    struct upstream *upstream = &core->upstream;
    struct job *job = chunk->job;
    releve_day end = chunk->span.asked.end;
    if (end <= releve_limits_latest(core) && end != core->today) {
        /* Not what is meant; or midnight has passed since it was sent. */
        releve_fail_for_now(core, chunk, &answer->reason);
        return;
    }
    releve_fail_end(job);
    if (end <= releve_limits_latest(core)) {
        upstream->end_refused = end;
        upstream->end_refused_until = releve_freshness_recheck_after(core, end - 1);
    }
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
    releve_cut_job(core, job);
}

/* The longest range is refused at times: then one day less works (docs/enedis.md, Date rules). Believed for this run.
 */
void releve_refuse_length(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer)
{
    enum releve_kind kind = chunk->series->kind;
    int days = releve_span_days(chunk->span.asked), longest = releve_limits_of(core, chunk->series).days_max;
    if (days < longest || (days == longest && core->upstream.shortened[kind])) { /* not what is meant */
        releve_fail_give_up(core, chunk, &answer->reason);
        return;
    }
    releve_fail_end(chunk->job);
    core->upstream.shortened[kind] = true;
    releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
}
