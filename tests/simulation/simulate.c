/* simulate: many worlds, one seed each; the first broken law is a number that anybody can replay.
 *
 *   simulate [--seeds N] [--from SEED]     so many worlds (1000)
 *   simulate --hours H [--from SEED]       worlds that last for months, until they have lasted so many virtual hours
 *   simulate --minutes M [--from SEED]     the long mode: thousands of usage points in each, as long as told
 *   simulate --seed S [--large | --long] [--verbose]
 *   simulate --freshness                   days that come late, and what they cost
 *   simulate --throughput                  what the quota lets through, next to what it could
 *   simulate --backfill POINTS             how long 1, 100, ... up to POINTS usage points take, and how many requests
 */
#include "backfill.h"
#include "duty.h"
#include "freshness.h"
#include "isolation.h"
#include "simulation.h"
#include "throughput.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_US (INT64_C(24) * 3600 * WORLD_SECOND_US)
#define DAYS_MAX 60 /* after the last day of duty */

enum flavour { SMALL, LARGE, LONG };

static const char *const flavour_options[] = {"", " --large", " --long"};

struct totals {
    uint64_t worlds, requests, days, steps, jobs, throttled, crashes, returned, claims_refused, results_again;
    double virtual_hours;
};

static bool run_world(uint64_t seed, enum flavour flavour, bool verbose, struct totals *totals, uint64_t *digest)
{
    struct scenario scenario;
    if (flavour == LONG)
        scenario_draw_long(&scenario, seed);
    else
        scenario_draw(&scenario, seed, flavour == LARGE);
    if (verbose)
        scenario_print(&scenario);
    struct simulation simulation;
    simulation_open(&simulation, &scenario);
    simulation.world.verbose = verbose;
    if (flavour == LONG)
        duty_begin(&simulation);
    else
        simulation_draw_jobs(&simulation);
    simulation_run(&simulation, (DAYS_MAX + scenario.duty.days) * DAY_US);
    simulation_check_end(&simulation);
    if (scenario.isolation)
        isolation_check(&simulation);
    bool broken = simulation.world.broken;
    if (broken)
        printf("seed %llu: %s\n  at %.6f virtual seconds; replay: simulate --seed %llu%s --verbose\n",
               (unsigned long long)seed, simulation.world.what, (double)simulation.world.now_us / 1e6,
               (unsigned long long)seed, flavour_options[flavour]);
    totals->worlds++;
    totals->requests += simulation.sends;
    totals->days += simulation.store.days_stored;
    totals->steps += simulation.steps;
    totals->jobs += simulation.store.jobs_count;
    totals->throttled += simulation.upstream.throttled;
    totals->crashes += simulation.crashes;
    totals->returned += simulation.returned;
    totals->claims_refused += simulation.busy_claims + simulation.known_claims;
    totals->results_again += simulation.results_again;
    totals->virtual_hours += (double)simulation.world.now_us / 3.6e9;
    *digest = simulation.world.digest;
    simulation_close(&simulation);
    return !broken;
}

#define REPLAYED_EVERY 50 /* worlds; such a one runs twice, and must be the same to the last event */

static bool run_twice(uint64_t seed, enum flavour flavour, struct totals *totals)
{
    uint64_t first, second;
    struct totals ignored = {0};
    if (!run_world(seed, flavour, false, totals, &first))
        return false;
    if (seed % REPLAYED_EVERY != 0 || flavour == LARGE)
        return true;
    (void)run_world(seed, flavour, false, &ignored, &second);
    if (first != second)
        printf("seed %llu: its replay is another world\n", (unsigned long long)seed);
    return first == second;
}

/* What ends a run: whichever is told. */
struct limit {
    uint64_t seeds;
    double minutes, hours;
};

static int run_worlds(uint64_t from, const struct limit *limit)
{
    struct totals totals = {0};
    enum flavour flavour = limit->hours > 0 ? LONG : limit->minutes > 0 ? LARGE : SMALL;
    bool all = true, more = true;
    time_t begin = time(NULL);
    for (uint64_t seed = from; more; seed++) {
        all = run_twice(seed, flavour, &totals) && all;
        more = flavour == LONG    ? totals.virtual_hours < limit->hours
               : flavour == LARGE ? difftime(time(NULL), begin) < limit->minutes * 60
                                  : seed + 1 < from + limit->seeds;
    }
    printf("%llu worlds: %llu jobs, %llu requests, %llu days stored, %llu throttle answers, %llu ends of workers, %llu "
           "permits given back, %llu claims refused, %llu results refused, %llu steps, %.0f virtual hours: %s\n",
           (unsigned long long)totals.worlds, (unsigned long long)totals.jobs, (unsigned long long)totals.requests,
           (unsigned long long)totals.days, (unsigned long long)totals.throttled, (unsigned long long)totals.crashes,
           (unsigned long long)totals.returned, (unsigned long long)totals.claims_refused,
           (unsigned long long)totals.results_again, (unsigned long long)totals.steps, totals.virtual_hours,
           all ? "every law held" : "LAWS WERE BROKEN");
    return all ? 0 : 1;
}

static int usage(void)
{
    fputs("usage: simulate [--seeds N | --minutes M] [--from SEED]\n"
          "       simulate --hours H [--from SEED]\n"
          "       simulate --seed SEED [--large | --long] [--verbose]\n"
          "       simulate --throughput | --freshness | --backfill POINTS\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t from = 1, seed = 0, digest;
    struct limit limit = {.seeds = 1000};
    enum flavour flavour = SMALL;
    bool one = false, verbose = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--throughput") == 0)
            return throughput_print();
        if (strcmp(argv[i], "--freshness") == 0)
            return freshness_print();
        if (strcmp(argv[i], "--large") == 0)
            flavour = LARGE;
        else if (strcmp(argv[i], "--long") == 0)
            flavour = LONG;
        else if (strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (value == NULL)
            return usage();
        else if (strcmp(argv[i], "--backfill") == 0)
            return backfill_print((unsigned)strtoul(value, NULL, 10));
        else if (strcmp(argv[i], "--seeds") == 0)
            limit.seeds = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--from") == 0)
            from = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--minutes") == 0)
            limit.minutes = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--hours") == 0)
            limit.hours = strtod(argv[++i], NULL);
        else if (strcmp(argv[i], "--seed") == 0 && (one = true))
            seed = strtoull(argv[++i], NULL, 10);
        else
            return usage();
    }
    (void)setvbuf(stdout, NULL, verbose ? _IOFBF : _IOLBF, 1 << 16);
    if (!one)
        return run_worlds(from, &limit);
    struct totals totals = {0};
    bool held = run_world(seed, flavour, verbose, &totals, &digest);
    printf("seed %llu: %s, %llu requests, digest %016llx\n", (unsigned long long)seed,
           held ? "every law held" : "broken", (unsigned long long)totals.requests, (unsigned long long)digest);
    return held ? 0 : 1;
}
