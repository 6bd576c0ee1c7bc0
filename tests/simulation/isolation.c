/* The bound. With C requests in flight, permits asked one after the other in at most L each, healthy requests that take
 * at most R between a claim and its end (L each) and sick ones that take at most S (the time-out), look at any moment
 * before the last healthy job ends:
 *   a) a permit is being asked for: together at most (requests + permits given back) x L;
 *   b) else all slots are taken, by claims, requests or answers that are being stored: at most
 *      (healthy x (R + 2 L) + sick x (S + 2 L)) / C;
 *   c) else nothing is ready, so that job's own usage point has a request or an operation under way: at most its
 *      requests x (R + 2 L), and the runtime's beginning (2 L), the job's own and its end.
 * Sick requests: of a usage point of which nothing is known one chunk at a time is tried, and SICK_REQUESTS_MAX
 * failures in a row end all its jobs. Where days are known, several chunks may have left before the first fails. */
#include "isolation.h"

static int64_t sick_requests_max(const struct simulation *simulation, unsigned point)
{
    const struct scenario *scenario = &simulation->scenario;
    int64_t jobs = 0;
    for (size_t i = 0; i < simulation->store.jobs_count; i++)
        jobs += simulation->store.jobs[i].point == point;
    int64_t at_once = RELEVE_JOB_CHUNKS_MAX * jobs;
    at_once = at_once < scenario->concurrency ? at_once : scenario->concurrency;
    return jobs == 0 ? 0 : RELEVE_SICK_REQUESTS_MAX + (scenario->known == 0 ? 0 : at_once - 1);
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
            sums.healthy += point->requests;
            sums.longest = point->requests > sums.longest ? point->requests : sums.longest;
            continue;
        }
        int64_t sick_max = sick_requests_max(simulation, i);
        sums.sick += sick_max;
        if (point->requests > sick_max)
            world_break(&simulation->world,
                        "law 5 (isolation): %u requests for a usage point that always fails, %lld allowed",
                        point->requests, (long long)sick_max);
    }
    return sums;
}

void isolation_check(struct simulation *simulation)
{
    const struct scenario *scenario = &simulation->scenario;
    const struct store *store = &simulation->store;
    struct sums sums = count_requests(simulation);
    int64_t trip = 2 * (scenario->redis_us + scenario->redis_jitter_us);
    int64_t healthy = scenario->up_us + scenario->up_jitter_us + 2 * scenario->down_us + scenario->down_jitter_us;
    int64_t sick = RELEVE_TRANSFER_TIMEOUT_MS * 1000;
    int64_t asking = (sums.healthy + sums.sick + 1 + (int64_t)simulation->returned) * trip;
    int64_t full = (sums.healthy * (healthy + 2 * trip) + sums.sick * (sick + 2 * trip)) / scenario->concurrency;
    int64_t own = (sums.longest + 1) * (healthy + 2 * trip) + 5 * trip; /* and the token */
    int64_t bound = asking + full + own;
    for (size_t i = 0; i < store->jobs_count; i++) {
        const struct job_record *job = &store->jobs[i];
        if (simulation->upstream.points[job->point].sickness != HEALTHY || job->place != JOB_ENDED)
            continue;
        if (job->ended_us > bound)
            world_break(&simulation->world,
                        "law 5 (isolation): healthy job %zu ends after %lld us, the bound is %lld us", i,
                        (long long)job->ended_us, (long long)bound);
        if (job->result.failed > 0 && !simulation->upstream.points[job->point].refused)
            world_break(&simulation->world, "law 5 (isolation): healthy job %zu fails", i);
    }
}
