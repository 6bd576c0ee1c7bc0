/* simulate: many worlds, one seed each; the first broken law is a number that anybody can replay.
 *
 *   simulate [--seeds N] [--from SEED]     so many worlds (1000)
 *   simulate --hours H [--from SEED]       worlds that last for months, until they have lasted so many virtual hours
 *   simulate --minutes M [--from SEED]     the long mode: thousands of usage points in each, as long as told
 *   simulate --failover [--seeds N] [--from SEED]            worlds whose masters fail, with replicas that come late
 *   simulate --failover --without LACK     the same against the design: it has to find law 1 broken
 *   simulate --seed S [--large | --long | --failover [--without LACK]] [--verbose]
 *   simulate --freshness                   days that come late, and what they cost
 *   simulate --throughput                  what the quota lets through, next to what it could
 *   simulate --backfill POINTS             how long 1, 100, ... up to POINTS usage points take, and how many requests
 *
 * LACK: acknowledgements (nothing waits for a replica), clocks (the ledger minds no other clock), limits (a WAIT is
 * believed for what was written behind it).
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

enum flavour { SMALL, LARGE, LONG, FAILOVER };

static const char *const flavour_options[] = {"", " --large", " --long", " --failover"};

/* What failover goes without, to see that it is needed. */
enum lack { LACK_NOTHING, LACK_ACKNOWLEDGEMENTS, LACK_CLOCKS, LACK_LIMITS, LACKS };

static const char *const lack_names[LACKS] = {"", "acknowledgements", "clocks", "limits"};

struct totals {
    uint64_t worlds, requests, days, steps, jobs, throttled, crashes, returned, claims_refused, results_again;
    uint64_t failovers, unacknowledged, lost; /* lost: days and results after they were told to be kept */
    double virtual_hours;
};

struct telling {
    bool verbose, quiet;
    bool quota; /* law 1 was broken */
};

static void draw(struct scenario *scenario, uint64_t seed, enum flavour flavour, enum lack lack)
{
    if (flavour == LONG)
        scenario_draw_long(scenario, seed);
    else if (flavour == FAILOVER)
        scenario_draw_failover(scenario, seed);
    else
        scenario_draw(scenario, seed, flavour == LARGE);
    scenario->unacknowledged = lack == LACK_ACKNOWLEDGEMENTS;
    scenario->unshifted = lack == LACK_CLOCKS;
    scenario->unlimited = lack == LACK_LIMITS;
}

static bool run_world(uint64_t seed, enum flavour flavour, enum lack lack, struct telling *telling,
                      struct totals *totals, uint64_t *digest)
{
    struct scenario scenario;
    bool verbose = telling->verbose;
    draw(&scenario, seed, flavour, lack);
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
    telling->quota = broken && strncmp(simulation.world.what, "law 1 ", 6) == 0;
    if (broken && (telling->quota || !telling->quiet))
        printf("seed %llu: %s\n  at %.6f virtual seconds; replay: simulate --seed %llu%s%s%s --verbose\n",
               (unsigned long long)seed, simulation.world.what, (double)simulation.world.now_us / 1e6,
               (unsigned long long)seed, flavour_options[flavour], lack != LACK_NOTHING ? " --without " : "",
               lack_names[lack]);
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
    totals->failovers += simulation.replication.failovers;
    totals->unacknowledged += simulation.unacknowledged;
    totals->lost += simulation.lost_after_told;
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
    struct telling telling = {.verbose = false};
    if (!run_world(seed, flavour, LACK_NOTHING, &telling, totals, &first))
        return false;
    if (seed % REPLAYED_EVERY != 0 || flavour == LARGE)
        return true;
    (void)run_world(seed, flavour, LACK_NOTHING, &telling, &ignored, &second);
    if (first != second)
        printf("seed %llu: its replay is another world\n", (unsigned long long)seed);
    return first == second;
}

/* What ends a run: whichever is told. */
struct limit {
    uint64_t seeds;
    double minutes, hours;
};

static int run_worlds(uint64_t from, enum flavour flavour, const struct limit *limit)
{
    struct totals totals = {0};
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
    if (flavour == FAILOVER)
        printf("%llu failovers, %llu writes that no replica had in time\n", (unsigned long long)totals.failovers,
               (unsigned long long)totals.unacknowledged);
    return all ? 0 : 1;
}

/* Until law 1 is found broken; that is what is wanted. Other laws may break before: nothing is kept there either. */
static int run_without(uint64_t from, enum lack lack, uint64_t seeds)
{
    struct totals totals = {0};
    struct telling telling = {.quiet = true};
    uint64_t digest;
    for (uint64_t seed = from; seed < from + seeds && !telling.quota; seed++)
        (void)run_world(seed, FAILOVER, lack, &telling, &totals, &digest);
    printf("%llu worlds without %s, %llu failovers, %llu days and results lost after they were told to be kept: law 1 "
           "%s\n",
           (unsigned long long)totals.worlds, lack_names[lack], (unsigned long long)totals.failovers,
           (unsigned long long)totals.lost,
           telling.quota ? "is broken, as it has to be" : "HELD: THE SIMULATION IS BLIND");
    return telling.quota && (totals.lost > 0 || lack == LACK_CLOCKS) ? 0 : 1;
}

static enum lack lack_of(const char *name)
{
    enum lack lack = LACKS;
    while (--lack > LACK_NOTHING && strcmp(name, lack_names[lack]) != 0)
        ;
    return lack;
}

static int usage(void)
{
    fputs("usage: simulate [--seeds N | --minutes M] [--from SEED]\n"
          "       simulate --hours H [--from SEED]\n"
          "       simulate --seed SEED [--large | --long | --failover] [--verbose]\n"
          "       simulate --failover [--seeds N] [--from SEED] [--without acknowledgements|clocks|limits]\n"
          "       simulate --throughput | --freshness | --backfill POINTS\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t from = 1, seed = 0, digest;
    struct limit limit = {.seeds = 1000};
    enum flavour flavour = SMALL;
    enum lack lack = LACK_NOTHING;
    bool one = false;
    struct telling telling = {.verbose = false};
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
        else if (strcmp(argv[i], "--failover") == 0)
            flavour = FAILOVER;
        else if (strcmp(argv[i], "--verbose") == 0)
            telling.verbose = true;
        else if (value == NULL)
            return usage();
        else if (strcmp(argv[i], "--backfill") == 0)
            return backfill_print((unsigned)strtoul(value, NULL, 10));
        else if (strcmp(argv[i], "--without") == 0 && (lack = lack_of(value)) != LACK_NOTHING)
            i++;
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
    (void)setvbuf(stdout, NULL, telling.verbose ? _IOFBF : _IOLBF, 1 << 16);
    if (!one && flavour != FAILOVER)
        flavour = limit.hours > 0 ? LONG : limit.minutes > 0 ? LARGE : SMALL;
    if (!one)
        return lack != LACK_NOTHING ? run_without(from, lack, limit.seeds) : run_worlds(from, flavour, &limit);
    struct totals totals = {0};
    bool held = run_world(seed, flavour, lack, &telling, &totals, &digest);
    printf("seed %llu: %s, %llu requests, digest %016llx\n", (unsigned long long)seed,
           held ? "every law held" : "broken", (unsigned long long)totals.requests, (unsigned long long)digest);
    return held ? 0 : 1;
}
