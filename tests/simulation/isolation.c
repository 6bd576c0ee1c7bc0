/* The bound. With C requests in flight, permits asked one after the other in at most L each, healthy requests that take
 * at most R between a claim and its end (L each) and sick ones that take at most S (the time-out), look at any moment
 * before the last healthy job ends:
 *   a) a permit is being asked for: together at most (requests + permits given back) x L;
 *   b) else all slots are taken, by claims, requests or answers that are being stored: at most
 *      (healthy x (R + 2 L) + sick x (S + 2 L)) / C;
 *   c) else nothing is ready, so that job's own usage point has a request or an operation under way: at most its
 *      requests x (R + 2 L), and the runtime's beginning (2 L), the job's own and its end.
 * Where a part of the store is away, this holds for the jobs of all other usage points; of b) a claim that has no reply
 * takes a slot for CLAIM_LATE_MS.
 * Sick requests: of a usage point of which nothing is known one chunk at a time is tried, and SICK_REQUESTS_MAX
 * failures in a row end all its jobs. Where kinds of it work, those that never answered share that number, and one that
 * has not been tried yet costs one more; one that answered before has a number of its own. Where days are known or
 * answers came before, several chunks may have left before the first fails. */
#include "isolation.h"

static bool is_refused(const struct simulation *simulation, unsigned point, enum releve_kind kind)
{
    return simulation->upstream.points[point].unknown ||
           upstream_direction(&simulation->upstream, point, kind)->refused;
}

/* At some time of the run; and never. */
static bool is_sick_kind(const struct simulation *simulation, unsigned point, enum releve_kind kind)
{
    const struct usage_point *it = &simulation->upstream.points[point];
    return it->sickness != HEALTHY && (it->sick_kinds & RELEVE_KIND_BIT(kind)) != 0;
}

static int64_t sick_requests_max(const struct simulation *simulation, unsigned point)
{
    const struct scenario *scenario = &simulation->scenario;
    const struct usage_point *it = &simulation->upstream.points[point];
    int64_t jobs = 0, kinds = 0;
    releve_kinds wanted = 0;
    for (size_t i = 0; i < simulation->store.jobs_count; i++) {
        const struct job_record *job = &simulation->store.jobs[i];
        bool sick = job->point == point && is_sick_kind(simulation, point, job->wish.kind);
        jobs += sick;
        kinds += sick && (wanted & RELEVE_KIND_BIT(job->wish.kind)) == 0;
        wanted |= sick ? RELEVE_KIND_BIT(job->wish.kind) : 0;
    }
    if (jobs == 0)
        return 0;
    int64_t at_once = RELEVE_JOB_CHUNKS_MAX * jobs;
    at_once = at_once < scenario->concurrency ? at_once : scenario->concurrency;
    int64_t under_way = scenario->known == 0 && it->sick_from_us == 0 ? 0 : at_once - 1;
    unsigned sick_points = 0;
    for (unsigned i = 0; i < scenario->points; i++)
        sick_points += simulation->upstream.points[i].sickness != HEALTHY;
    under_way += sick_points >= RELEVE_OUTAGE_POINTS_MIN; /* a failure that passed for an outage */
    bool answers = it->sick_kinds != RELEVE_ALL_MEASURES; /* a refusal is an answer too */
    for (enum releve_direction i = 0; i < RELEVE_DIRECTIONS; i++)
        answers = answers || it->directions[i].refusals > 0;
    if (!answers)
        return RELEVE_SICK_REQUESTS_MAX + under_way;
    return (it->sick_from_us == 0 ? RELEVE_SICK_REQUESTS_MAX + kinds - 1 : RELEVE_SICK_REQUESTS_MAX * kinds) +
           under_way;
}

struct sums {
    int64_t healthy, sick, longest; /* requests: of all healthy points, at most of the sick, of one healthy point */
};

static struct sums count_requests(struct simulation *simulation)
{
    struct sums sums = {0};
    for (unsigned i = 0; i < simulation->scenario.points; i++) {
        const struct usage_point *point = &simulation->upstream.points[i];
        if (point->sickness == HEALTHY) {
            int64_t requests = point->requests + point->inquiries;
            sums.healthy += requests;
            sums.longest = requests > sums.longest ? requests : sums.longest;
            continue;
        }
        int64_t sick_max = sick_requests_max(simulation, i);
        sums.sick += sick_max;
        sums.healthy += point->requests - point->failures + point->inquiries;
        if (point->failures > sick_max)
            world_break(&simulation->world,
                        "law 5 (isolation): %u requests for usage point %u, which always fails, %lld allowed",
                        point->failures, i, (long long)sick_max);
    }
    return sums;
}

/* Where some kinds of a usage point fail, the others go on: they take turns, and an answer ends the row of failures.
 * But jobs of a lower class may not have their turn in time, nor those that wait for another kind's search to end, and
 * a command does not wait for them. */
static bool may_not_fail(const struct simulation *simulation, const struct job_record *job)
{
    /* Where even the newest days are "before the activation" though days are known, nobody knows of the older ones. */
    if (upstream_was_absent(&simulation->upstream, job->point, job->wish.kind,
                            releve_paris_midnight(job->begun_today - 1)))
        return false;
    const struct store *store = &simulation->store;
    const struct usage_direction *direction = upstream_direction(&simulation->upstream, job->point, job->wish.kind);
    bool alike = direction->activation == RELEVE_DAY_NONE && direction->consent == RELEVE_DAY_NONE &&
                 direction->absent_until == 0;
    for (size_t i = 0; i < store->jobs_count; i++)
        alike = alike && (store->jobs[i].point != job->point || store->jobs[i].wish.class_ == job->wish.class_);
    return simulation->upstream.points[job->point].sickness == HEALTHY ||
           (simulation->scenario.queued && alike && job->result.requests > 0);
}

/* A command ends soon where only usage points that fail are left: within RELEVE_SICK_ALONE_MS and one request, behind
 * the last good answer and the first request of each usage point that fails, a few at a time. */
static void check_command(struct simulation *simulation, int64_t answer_us, int64_t trip)
{
    const struct store *store = &simulation->store;
    int64_t alone_us = simulation->upstream.last_good_us, end_us = 0, hangs_us = answer_us;
    int64_t sick_points = 0;
    for (unsigned i = 0; i < simulation->scenario.points; i++)
        sick_points += simulation->upstream.points[i].failures > 0;
    for (size_t i = 0; i < store->jobs_count; i++) {
        const struct job_record *job = &store->jobs[i];
        const struct usage_point *point = &simulation->upstream.points[job->point];
        end_us = job->ended_us > end_us ? job->ended_us : end_us;
        if (!is_sick_kind(simulation, job->point, job->wish.kind))
            continue;
        alone_us = point->sick_from_us > alone_us ? point->sick_from_us : alone_us;
        if (point->sickness == NEVER_ANSWERS)
            hangs_us = RELEVE_TRANSFER_TIMEOUT_MS * 1000;
    }
    int64_t slots = simulation->scenario.concurrency / RELEVE_SICK_SLOTS;
    int64_t rounds = 2 + sick_points / (slots > 0 ? slots : 1);
    int64_t ticks_us = 10 * 1000; /* the program counts in milliseconds */
    int64_t allowed_us = RELEVE_SICK_ALONE_MS * 1000 + rounds * hangs_us + 10 * trip + ticks_us;
    if (end_us > alone_us + allowed_us)
        world_break(&simulation->world, "law 5 (isolation): a command ends %lld s after all that works",
                    (long long)((end_us - alone_us) / WORLD_SECOND_US));
}

/* Where nothing was ever answered, upstream fails for all, and that is waited for (RELEVE_OUTAGE_MAX_MS). */
static bool fails_for_all(const struct simulation *simulation)
{
    unsigned failing = 0;
    for (unsigned i = 0; i < simulation->scenario.points; i++)
        failing += simulation->upstream.points[i].failures > 0;
    return simulation->upstream.last_good_us == 0 && failing >= RELEVE_OUTAGE_POINTS_MIN;
}

void isolation_check(struct simulation *simulation)
{
    const struct scenario *scenario = &simulation->scenario;
    const struct store *store = &simulation->store;
    if (fails_for_all(simulation))
        return;
    struct sums sums = count_requests(simulation);
    int64_t trip = 2 * (scenario->redis_us + scenario->redis_jitter_us);
    int64_t healthy = scenario->up_us + scenario->up_jitter_us + 2 * scenario->down_us + scenario->down_jitter_us;
    int64_t sick = RELEVE_TRANSFER_TIMEOUT_MS * 1000;
    int64_t asking = (sums.healthy + sums.sick + 1 + (int64_t)simulation->returned) * trip;
    int64_t full = (sums.healthy * (healthy + 2 * trip) + sums.sick * (sick + 2 * trip)) / scenario->concurrency;
    int64_t own = (sums.longest + 1) * (healthy + 2 * trip) + 5 * trip; /* and the token */
    int64_t late = RELEVE_CLAIM_LATE_MS * 1000 + trip, unanswered = (int64_t)simulation->absent_claims;
    full += (unanswered * late + scenario->concurrency - 1) / scenario->concurrency;
    int64_t bound = asking + full + own;
    for (size_t i = 0; i < store->jobs_count; i++) {
        const struct job_record *job = &store->jobs[i];
        if (is_sick_kind(simulation, job->point, job->wish.kind) || job->place != JOB_ENDED)
            continue;
        bool absent = scenario_is_absent(scenario, job->point);
        if (simulation->upstream.points[job->point].sickness == HEALTHY && !absent && job->ended_us > bound)
            world_break(&simulation->world,
                        "law 5 (isolation): healthy job %zu ends after %lld us, the bound is %lld us", i,
                        (long long)job->ended_us, (long long)bound);
        if (job->result.failed > 0 && may_not_fail(simulation, job) &&
            !is_refused(simulation, job->point, job->wish.kind))
            world_break(&simulation->world, "law 5 (isolation): healthy job %zu fails", i);
    }
    if (!scenario->queued && scenario->absent_until_us == 0)
        check_command(simulation, healthy, trip);
}
