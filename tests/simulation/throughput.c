/* A deep backlog on a quiet network: what is left of the quota is then what the rule itself costs. */
#include "throughput.h"
#include "simulation.h"
#include <stdio.h>

#define POINTS 300 /* a load curve of two years each: some 30000 requests */
#define TEN_MINUTES_US (600 * WORLD_SECOND_US)
#define DAY_US (INT64_C(24) * 3600 * WORLD_SECOND_US)

/* A job for each usage point that may have one. */
static void open_backlog(struct simulation *simulation, const struct scenario *scenario, bool with_sick)
{
    simulation_open(simulation, scenario);
    enum releve_kind kind = RELEVE_CONSUMPTION_LOAD_CURVE;
    struct releve_span span = releve_kind_history(kind, upstream_today(&simulation->upstream));
    for (unsigned i = 0; i < POINTS; i++)
        if (with_sick || simulation->upstream.points[i].sickness == HEALTHY)
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
    struct scenario scenario;
    struct simulation simulation;
    scenario_draw_quiet(&scenario, POINTS, "5/1s,1000/1h", workers, 300000);
    open_backlog(&simulation, &scenario, true);
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
    struct scenario scenario;
    struct simulation simulation;
    scenario_draw_quiet(&scenario, POINTS, "5/1s", workers, round_trip_us);
    open_backlog(&simulation, &scenario, true);
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

/* --- usage points that fail ----------------------------------------------------------------------------------------
 */

/* Requests for healthy usage points that arrived until then. */
static int64_t count_healthy(const struct scenario *scenario, bool with_sick, int64_t until_us)
{
    struct simulation simulation;
    int64_t count = 0;
    open_backlog(&simulation, scenario, with_sick);
    simulation_run(&simulation, until_us);
    for (unsigned i = 0; i < scenario->points && !simulation.world.broken; i++)
        if (simulation.upstream.points[i].sickness == HEALTHY)
            count += simulation.upstream.points[i].requests;
    simulation_close(&simulation);
    return count;
}

/* The healthy ones keep 95 % of what they have where there are no others. */
static bool print_sick(enum sickness only, unsigned sick, const char *quota, int64_t until_us, const char *what)
{
    struct scenario scenario;
    scenario_draw_quiet(&scenario, POINTS, quota, 1, 300000);
    scenario.sick = sick;
    scenario.sick_only = only;
    double alone = (double)count_healthy(&scenario, false, until_us);
    double together = (double)count_healthy(&scenario, true, until_us);
    bool enough = together >= 0.95 * alone && alone > 0;
    printf("  %-44s %10.0f of %10.0f = %7.3f %%  (at least 95.0 %%)%s\n", what, together, alone, 100 * together / alone,
           enough ? "" : "  TOO LITTLE  ");
    return enough;
}

static bool print_isolation(void)
{
    /* The first request of each is unavoidable, and a request that hangs holds its permit for half a minute: where
     * there are many of those, it takes longer until that is outweighed. */
    static const struct {
        enum sickness only;
        unsigned sick; /* of usage points, in ten thousand */
        const char *quota;
        int64_t until_us;
        const char *what;
    } rows[] = {
        {ANSWERS_500, 1000, "5/1s", TEN_MINUTES_US, "5/1s, 1 in 10 answers 500, 10 minutes"},
        {NEVER_ANSWERS, 100, "5/1s", TEN_MINUTES_US, "5/1s, 1 in 100 never answers, 10 minutes"},
        {ANSWERS_500, 1000, "5/1s,1000/1h", DAY_US / 6, "5/1s,1000/1h, 1 in 10 answers 500, 4 h"},
        {NEVER_ANSWERS, 1000, "5/1s,1000/1h", DAY_US / 6, "5/1s,1000/1h, 1 in 10 never answers, 4 h"},
        {ANSWERS_500, 1000, "none", TEN_MINUTES_US, "no quota, 1 in 10 answers 500, 10 minutes"},
        {NEVER_ANSWERS, 300, "none", TEN_MINUTES_US, "no quota, 3 in 100 never answer, 10 minutes"},
    };
    bool enough = true;
    printf("Requests for healthy usage points, next to the same world without those that fail:\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        enough = print_sick(rows[i].only, rows[i].sick, rows[i].quota, rows[i].until_us, rows[i].what) && enough;
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
    enough = print_isolation() && enough;
    return enough ? 0 : 1;
}
