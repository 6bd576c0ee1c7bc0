/* The time that a quota lets through n requests is arithmetic: with limit N and window W the (k N + 1)-th is sent after
 * k windows at the earliest. A permit counts until its request has arrived, so the best that is safe are windows of W
 * and a round trip. Before that: a token, and the first answer about a usage point of which nothing is known. */
#include "backfill.h"
#include "simulation.h"
#include <stdio.h>
#include <tests/fewest.h>

#define ROUND_TRIP_US 300000
#define QUOTA "5/1s,1000/1h"
#define WEEK_US (7 * 24 * 3600 * WORLD_SECOND_US)
#define FRAGMENTED_POINTS 200
#define POINTS_TEXT(points) (points), (points) == 1 ? "" : "s"
#define OPTIMUM_MIN 99 /* per cent of what is safe */

/* As bench/figures.py does. Returns whether the bound holds, if there is one. */
static bool show(const char *what, double figure, const char *unit, const char *bound, bool held)
{
    bool bounded = bound[0] != '\0';
    printf("%-58s %10.6g %-8s %-16s %s\n", what, figure, unit, bound, !bounded ? "" : held ? "ok" : "MISSED");
    return held || !bounded;
}

/* When the n-th request has its answer at the earliest, where each window is longer by `more_us`. */
static double earliest_s(const struct releve_quota *quota, int64_t requests, int64_t more_us)
{
    int64_t left = requests - 1, us = 3 * ROUND_TRIP_US; /* the token, the first answer, the last one */
    for (size_t i = quota->windows_count; i-- > 0;) {    /* the longest one first: shorter ones fill it anew */
        us += left / quota->windows[i].limit * (quota->windows[i].span_ms * 1000 + more_us);
        left %= quota->windows[i].limit;
    }
    return (double)us / 1e6;
}

static void submit_all(struct simulation *simulation, unsigned points, enum releve_kind kind)
{
    struct releve_span span = releve_kind_history(kind, upstream_today(&simulation->upstream));
    for (unsigned i = 0; i < points; i++)
        simulation_submit(simulation, i, kind, span, RELEVE_NORMAL, false, 0);
}

static bool print_time(unsigned points)
{
    struct scenario scenario;
    struct simulation simulation;
    scenario_draw_quiet(&scenario, points, QUOTA, 1, ROUND_TRIP_US);
    scenario.buckets = 2; /* tokens have a quota of their own, as in the API of 2026 */
    scenario.token_bucket = 1;
    simulation_open(&simulation, &scenario);
    submit_all(&simulation, points, RELEVE_DAILY_CONSUMPTION);
    simulation_run(&simulation, WEEK_US);
    simulation_check_end(&simulation);
    int64_t ended_us = 0, requests = 0;
    for (size_t i = 0; i < simulation.store.jobs_count; i++)
        ended_us = simulation.store.jobs[i].ended_us > ended_us ? simulation.store.jobs[i].ended_us : ended_us;
    for (unsigned i = 0; i < points; i++)
        requests += simulation.upstream.points[i].requests;
    double took_s = (double)ended_us / 1e6, safe_s = earliest_s(&scenario.quota, requests, ROUND_TRIP_US);
    char what[64];
    (void)snprintf(what, sizeof what, "  %u usage point%s: requests", POINTS_TEXT(points));
    (void)show(what, (double)requests, "", "", true);
    (void)snprintf(what, sizeof what, "  %u usage point%s: time", POINTS_TEXT(points));
    (void)show(what, took_s, "s", "", true);
    (void)snprintf(what, sizeof what, "  %u usage point%s: the quota alone", POINTS_TEXT(points));
    (void)show(what, earliest_s(&scenario.quota, requests, 0), "s", "", true);
    (void)snprintf(what, sizeof what, "  %u usage point%s: of the safe optimum, %.6g s", POINTS_TEXT(points), safe_s);
    /* A body takes up to 0.1 s to read: of three round trips, not of a backfill that waits for its quota, that is much.
     */
    bool held =
        show(what, 100 * safe_s / took_s, "%", points == 1 ? "" : ">= 99 %", 100 * safe_s / took_s >= OPTIMUM_MIN);
    held &= !simulation.world.broken;
    if (simulation.world.broken)
        printf("%s\n", simulation.world.what);
    simulation_close(&simulation);
    return held;
}

/* Some days are known, in runs of one to nine, of a share that differs from usage point to usage point. Returns the
 * fewest requests for the rest. */
static int64_t know_fragments(struct simulation *simulation, unsigned points, enum releve_kind kind)
{
    struct releve_span span = releve_kind_history(kind, upstream_today(&simulation->upstream));
    int64_t fewest = 0;
    for (unsigned i = 0; i < points; i++) {
        struct releve_coverage coverage;
        simulation_know_some_days(simulation, i, kind, span);
        releve_coverage_init(&coverage, span);
        for (releve_day day = span.first; day < span.end; day++)
            releve_coverage_set(&coverage, day, store_day(&simulation->store, i, kind, day));
        fewest += fewest_requests(&coverage, releve_kind_facts(kind)->call_days_max);
    }
    return fewest;
}

static bool print_fragments(enum releve_kind kind, unsigned points)
{
    struct scenario scenario;
    struct simulation simulation;
    scenario_draw_quiet(&scenario, points, "5/1s", 1,
                        ROUND_TRIP_US); /* over before midnight, when days leave history */
    simulation_open(&simulation, &scenario);
    int64_t fewest = know_fragments(&simulation, points, kind), requests = 0;
    submit_all(&simulation, points, kind);
    simulation_run(&simulation, WEEK_US);
    simulation_check_end(&simulation);
    for (unsigned i = 0; i < points; i++)
        requests += simulation.upstream.points[i].requests;
    char what[64];
    (void)snprintf(what, sizeof what, "  %s with gaps: the fewest requests", releve_kind_facts(kind)->name);
    (void)show(what, (double)fewest, "", "", true);
    (void)snprintf(what, sizeof what, "  %s with gaps: requests beyond those", releve_kind_facts(kind)->name);
    bool held = show(what, (double)(requests - fewest), "", "<= 0", requests == fewest && !simulation.world.broken);
    simulation_close(&simulation);
    return held;
}

int backfill_print(unsigned points_max)
{
    bool held = true;
    printf("Three years of daily energy, " QUOTA ", a round trip of %.1f s, in virtual time:\n", ROUND_TRIP_US / 1e6);
    for (unsigned points = 1; points <= points_max; points *= 100)
        held &= print_time(points);
    unsigned fragmented = points_max < FRAGMENTED_POINTS ? points_max : FRAGMENTED_POINTS;
    printf("Histories with gaps, %u usage points:\n", fragmented);
    held &= print_fragments(RELEVE_CONSUMPTION_LOAD_CURVE, fragmented);
    held &= print_fragments(RELEVE_DAILY_CONSUMPTION, fragmented);
    return held ? 0 : 1;
}
