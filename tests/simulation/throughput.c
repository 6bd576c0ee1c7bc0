/* A deep backlog on a quiet network: what is left of the quota is then what the rule itself costs. */
#include "throughput.h"
#include "simulation.h"
#include <stdio.h>

#define POINTS 300 /* a load curve of two years each: some 30000 requests */
#define DAY_US (INT64_C(24) * 3600 * WORLD_SECOND_US)

static void open_backlog(struct simulation *simulation, const char *quota, unsigned workers, int64_t round_trip_us)
{
    struct releve_error error;
    struct scenario scenario = {
        .seed = 1,
        .days_min = 1,
        .workers = workers,
        .concurrency = 16,
        .points = POINTS,
        .kinds = RELEVE_ALL_MEASURES,
        .buckets = 1,
        .civil_ms = releve_paris_midnight(20636) + 12 * RELEVE_HOUR_MS,
        .redis_us = 150,
        .redis_jitter_us = 100,
        .up_us = round_trip_us / 2,
        .down_us = round_trip_us / 2,
        .token_life_s = 12600,
        .patient = true,
    };
    (void)releve_quota_parse(quota, &scenario.quota, &error);
    simulation_open(simulation, &scenario);
    enum releve_kind kind = RELEVE_CONSUMPTION_LOAD_CURVE;
    struct releve_span span = releve_kind_history(kind, upstream_today(&simulation->upstream));
    for (unsigned i = 0; i < POINTS; i++)
        simulation_submit(simulation, i, kind, span, RELEVE_NORMAL, false, 0);
}

static size_t arrivals_between(const struct simulation *simulation, int64_t from_us, int64_t until_us)
{
    const struct audit *audit = &simulation->upstream.audits[0];
    size_t count = 0;
    for (size_t i = 0; i < audit->count; i++)
        count += audit->arrivals_us[i] >= from_us && audit->arrivals_us[i] < until_us;
    return count;
}

static bool print_row(const struct simulation *simulation, const char *what, double reached, double possible,
                      double least)
{
    bool enough = reached >= least * possible && !simulation->world.broken;
    printf("  %-44s %10.3f of %10.3f = %7.3f %%  (at least %.1f %%)%s%s\n", what, reached, possible,
           100 * reached / possible, 100 * least, enough ? "" : "  TOO LITTLE  ", simulation->world.what);
    return enough;
}

/* Over 24 hours, against 24 times the hour's limit. */
static bool print_day(unsigned workers)
{
    struct simulation simulation;
    open_backlog(&simulation, "5/1s,1000/1h", workers, 300000);
    simulation_run(&simulation, DAY_US);
    char what[64];
    (void)snprintf(what, sizeof what, "5/1s,1000/1h over 24 h, %u worker%s", workers, workers == 1 ? "" : "s");
    bool enough = print_row(&simulation, what, (double)arrivals_between(&simulation, 0, DAY_US), 24 * 1000, 0.999);
    printf("  %-44s %10lld in 1 s, %lld in 1 h; violations 0\n", "  fullest windows",
           (long long)upstream_fullest(&simulation.upstream, 0, 0),
           (long long)upstream_fullest(&simulation.upstream, 0, 1));
    simulation_close(&simulation);
    return enough;
}

/* In steady state, against 5 each (1 s + R). */
static bool print_rate(int64_t round_trip_us, unsigned workers)
{
    const int64_t from = 100 * WORLD_SECOND_US, until = 1100 * WORLD_SECOND_US;
    struct simulation simulation;
    open_backlog(&simulation, "5/1s", workers, round_trip_us);
    simulation_run(&simulation, until);
    double seconds = (double)round_trip_us / 1e6;
    char what[64];
    (void)snprintf(what, sizeof what, "5/1s, R = %.2f s, per second, %u worker%s", seconds, workers,
                   workers == 1 ? "" : "s");
    double rate = (double)arrivals_between(&simulation, from, until) / 1000;
    bool enough = print_row(&simulation, what, rate, 5 / (1 + seconds), 0.99);
    simulation_close(&simulation);
    return enough;
}

int throughput_print(void)
{
    static const int64_t round_trips_us[] = {50000, 300000, 1000000, 3000000};
    printf("Arrivals at the gateway, next to the quota (first rows) or to the best that is safe (N / (W + R)):\n");
    bool enough = print_day(1);
    enough = print_day(4) && enough;
    for (size_t i = 0; i < sizeof round_trips_us / sizeof round_trips_us[0]; i++)
        for (unsigned workers = 1; workers <= 4; workers += 3)
            enough = print_rate(round_trips_us[i], workers) && enough;
    return enough ? 0 : 1;
}
