/* See results.h. Bounds, where somebody else may have changed the store meanwhile; equalities, where nobody can. */
#include "results.h"

struct counts {
    int complete, partial, holes, pending;
};

static struct counts count_stored(const struct store *store, const struct job_record *job)
{
    struct counts counts = {0};
    struct releve_span span = job->wish.span;
    const struct day_record *records = store->days[(size_t)job->point * RELEVE_MEASURES + job->wish.kind];
    for (releve_day day = span.first; records != NULL && day < span.end; day++) {
        /* What a failover took counts as long as its writer owes it: it writes it again before it says that it is done.
         */
        const struct day_record *record = &records[day - store->first_day];
        char state = record->owed != 0 ? record->owed : record->state;
        counts.complete += state == RELEVE_DAY_COMPLETE;
        counts.partial += state == RELEVE_DAY_PARTIAL;
        counts.holes += state == RELEVE_DAY_HOLE;
        counts.pending += state == RELEVE_DAY_PENDING;
    }
    return counts;
}

static int days_before(struct releve_span span, releve_day day)
{
    return releve_span_days(releve_span_cut(span, (struct releve_span){span.first, day}));
}

/* Every day is in exactly one count, and what is said to be obtained is in the store. */
static void check_account(struct store *store, const struct job_record *job, const struct releve_result *result)
{
    struct counts stored = count_stored(store, job);
    int obtained = result->complete + result->partial + result->holes;
    if (result->days + result->cut != releve_span_days(job->wish.span) ||
        result->days != obtained + result->pending + result->failed)
        world_break(store->world,
                    "law 4 (delivery): job %s: days %d = %d obtained, %d pending, %d failed; %d cut of %d",
                    job->wish.id, result->days, obtained, result->pending, result->failed, result->cut,
                    releve_span_days(job->wish.span));
    bool forgets = store->upstream->points[job->point].forgetful;
    int values = result->complete + result->partial;
    if ((!forgets && (result->complete > stored.complete || values > stored.complete + stored.partial)) ||
        obtained > stored.complete + stored.partial + stored.holes + (forgets ? stored.pending : 0))
        world_break(store->world,
                    "law 4 (delivery): job %s ends with %d complete, %d partial, %d holes before they are stored (%d, "
                    "%d, %d)",
                    job->wish.id, result->complete, result->partial, result->holes, stored.complete, stored.partial,
                    stored.holes);
    int pending_at_most = stored.complete + stored.partial + stored.holes + stored.pending - obtained;
    /* A day that cannot be asked alone, and one that cannot be asked yet. */
    int waits = store->scenario->days_min - 1 + (store->scenario->end_closed_ms > 0);
    /* Where even the newest days are "before the activation", and that need not mean that there is nothing, all wait.
     */
    bool put_off =
        upstream_was_absent(store->upstream, job->point, job->wish.kind, releve_paris_midnight(job->begun_today - 1));
    if (!put_off && result->pending > pending_at_most + waits)
        world_break(store->world, "law 4 (delivery): job %s ends with %d days pending of which the store knows %d",
                    job->wish.id, result->pending, pending_at_most);
}

/* Nothing from that day on may be cut: upstream has it, and had said so when the job began; or what it had said before
 * was too old to be believed. */
static releve_day earliest_cut(const struct store *store, const struct job_record *job)
{
    const struct upstream *upstream = store->upstream;
    const struct usage_direction *direction = upstream_direction(upstream, job->point, job->wish.kind);
    releve_day today = upstream_today(upstream), history = upstream_history_first(upstream, job->wish.kind, today);
    releve_day first = upstream_first_day(upstream, job->point, job->wish.kind, today);
    bool doubted = direction->corrected_at != RELEVE_TIME_NEVER &&
                   job->taken_civil >= direction->corrected_at + RELEVE_ACTIVATION_HOLDS_MS;
    if (doubted)
        first = direction->corrected > direction->consent ? direction->corrected : direction->consent;
    if (job->begun_reach != RELEVE_DAY_NONE && job->begun_reach < first)
        first = job->begun_reach;
    return first > history ? first : history;
}

/* Days fail where something went wrong, and nothing is cut that upstream has. */
static void check_truth(struct store *store, const struct job_record *job, const struct releve_result *result)
{
    const struct scenario *scenario = store->scenario;
    const struct usage_point *point = &store->upstream->points[job->point];
    releve_kinds bit = RELEVE_KIND_BIT(job->wish.kind);
    bool may_fail = upstream_direction(store->upstream, job->point, job->wish.kind)->refused || point->unknown ||
                    point->sickness != HEALTHY || (scenario->refused_kinds & bit) != 0 || scenario->transient > 0 ||
                    scenario->lost_request > 0 || scenario->lost_answer > 0 || scenario->reset > 0 ||
                    scenario->unreached > 0 || scenario->straggler > 0 || scenario->redis_error > 0 ||
                    scenario->revoke_us > 0 || scenario->token_life_s < 1000 ||
                    upstream_was_absent(store->upstream, job->point, job->wish.kind,
                                        releve_paris_midnight(job->begun_today - 1)); /* but days of it are known */
    if (result->failed > 0 && (!may_fail || result->failures_count == 0))
        world_break(store->world, "law 4 (delivery): job %s: %d days failed for no reason", job->wish.id,
                    result->failed);
    for (size_t i = 0; i < result->failures_count; i++) {
        struct releve_span span = result->failures[i].span;
        if (span.first >= span.end || span.first < job->wish.span.first || span.end > job->wish.span.end)
            world_break(store->world, "law 4 (delivery): job %s lists a failure outside of itself", job->wish.id);
    }
    /* Activated so lately that even the newest range is refused: as good as absent; and believed for a while. */
    releve_time holds_ms = releve_direction_absent_ms(releve_kind_facts(job->wish.kind)->direction);
    bool absent = (point->kinds & bit) == 0 ||
                  upstream_was_absent(store->upstream, job->point, job->wish.kind, job->taken_civil - holds_ms);
    bool answered = (point->kinds & bit) != 0 && job->begun_reach != RELEVE_DAY_NONE;
    if (result->state == RELEVE_JOB_NOT_APPLICABLE && (!absent || answered))
        world_break(store->world, "law 3 (truth): job %s is called not applicable", job->wish.id);
    releve_day first = earliest_cut(store, job);
    if (!absent && result->cut > days_before(job->wish.span, first))
        world_break(store->world, "law 3 (truth): job %s loses %d days, only %d are too early", job->wish.id,
                    result->cut, days_before(job->wish.span, first));
}

/* It was told the truth, and nothing else keeps it from asking: there is nothing to search for. */
static bool is_told(const struct store *store, const struct job_record *job, const struct usage_direction *direction)
{
    const struct scenario *scenario = store->scenario;
    return job->inquiries > 0 && !scenario->untold && scenario->mistold == 0 && direction->absent_until == 0 &&
           direction->activation <= job->begun_today && direction->corrected_at == RELEVE_TIME_NEVER &&
           direction->consent == RELEVE_DAY_NONE;
}

/* One worker, no fault, nobody else at this usage point and kind: the requests are those of the plan. */
static void check_cost(struct store *store, const struct job_record *job, const struct releve_result *result)
{
    const struct usage_point *point = &store->upstream->points[job->point];
    const struct usage_direction *direction = upstream_direction(store->upstream, job->point, job->wish.kind);
    bool applies = (point->kinds & RELEVE_KIND_BIT(job->wish.kind)) != 0;
    bool same_day = job->begun_today == upstream_today(store->upstream);
    if (!store->scenario->faultless || job->wish.refresh || !same_day)
        return;
    /* A day over which another job's request was widened, and that came in part, is not kept, and asked by itself. */
    int widened = !job->alone && store->scenario->days_min > 1;
    int at_least = job->cost.requests, at_most = job->requests_max + widened;
    int requests = result->requests;
    if (requests > at_most || job->inquiries > 1)
        world_break(store->world, "law 2 (thrift): job %s cost %d requests and %d inquiries, at most %d are needed",
                    job->wish.id, requests, job->inquiries, at_most);
    if (!job->alone || point->unknown || direction->refused)
        return;
    if (!applies) {
        if (requests > 1)
            world_break(store->world, "law 2 (thrift): job %s is not applicable and cost %d requests", job->wish.id,
                        requests);
        return;
    }
    bool searches = direction->activation != RELEVE_DAY_NONE || direction->consent != RELEVE_DAY_NONE ||
                    direction->absent_until > 0;
    bool strict = store->scenario->end_closed_ms > 0 || store->scenario->shortened_kinds != 0;
    if (!searches && !strict && requests != at_least)
        world_break(store->world, "law 2 (thrift): job %s cost %d requests, its plan says %d", job->wish.id, requests,
                    at_least);
    if (is_told(store, job, direction) && !strict && requests != job->requests_exact)
        world_break(store->world, "law 2 (thrift): job %s was told where its days begin and cost %d requests, not %d",
                    job->wish.id, requests, job->requests_exact);
}

void results_check(struct store *store, const struct job_record *job, const struct releve_result *result)
{
    check_account(store, job, result);
    check_truth(store, job, result);
    check_cost(store, job, result);
}
