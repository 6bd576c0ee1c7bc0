/* Forty days around publication, and as many more as the last of them needs to be settled.
 *
 * The fewest requests are those of somebody who knows what upstream has without asking, and fetches whatever is new at
 * the day's last turn: for each series and each day the fewest ranges that cover what came since the last turn of the
 * day before. That a day is a hole must be asked too, but can ride along with what is new on another day: it counts for
 * nothing. So the bound is below what anybody can reach who has to ask in order to know. */
#include "freshness.h"
#include "duty.h"
#include <stdio.h>

#define POINTS 12
#define DAYS 40
/* Asked once more when they are settled, some together; then they are as they stay. */
#define SETTLING_DAYS (RELEVE_SETTLED_DAYS + RELEVE_SETTLED_TOGETHER_DAYS + 2)
#define REACH_DAYS 30
#define FIRST_DAY 20519 /* 2026-03-07: the clock changes on 2026-03-29 */
#define HOUR RELEVE_HOUR_MS
#define HOUR_US (INT64_C(3600) * WORLD_SECOND_US)
#define UNTIL_US (INT64_C(200) * 24 * HOUR_US)

struct variant {
    const char *what;
    unsigned turns;
    releve_time turn_ms[SCENARIO_TURNS_MAX];
    int64_t crash_us; /* mean time between them; 0: never */
    releve_time end_closed_ms;
    double at_most; /* requests, in those of the bound */
};

static void open_duty(struct simulation *simulation, const struct variant *variant, int days_min)
{
    struct releve_error error;
    struct scenario scenario = {
        .seed = 40,
        .days_min = days_min,
        .workers = 1,
        .concurrency = 8,
        .points = POINTS,
        .kinds = RELEVE_ALL_MEASURES,
        .buckets = 1,
        .civil_ms = releve_paris_midnight(FIRST_DAY) + HOUR,
        .redis_us = 150,
        .redis_jitter_us = 100,
        .up_us = 150000,
        .down_us = 150000,
        .token_life_s = 12600,
        .patient = true,
        .queued = true,
        .late = 2000,
        .unfinished = 1500,
        .end_closed_ms = variant->end_closed_ms,
        .crash_us = variant->crash_us,
        .crashes_max = 100000,
        .duty = {.days = DAYS + SETTLING_DAYS, .turns = variant->turns, .reach_days = REACH_DAYS},
    };
    (void)releve_quota_parse("5/1s,1000/1h", &scenario.quota, &error);
    for (unsigned i = 0; i < variant->turns; i++)
        scenario.duty.turn_ms[i] = variant->turn_ms[i];
    simulation_open(simulation, &scenario);
    for (unsigned i = 0; i < POINTS; i++) { /* some days never come, some never whole */
        simulation->upstream.points[i].holes = i % 3 == 0 ? 0 : 300;
        simulation->upstream.points[i].partials = i % 3 == 1 ? 0 : 100;
    }
}

/* --- the fewest requests --------------------------------------------------------------------------------------- */

static int worth(enum releve_day_state state)
{
    return state == RELEVE_DAY_COMPLETE ? 2 : state == RELEVE_DAY_PARTIAL ? 1 : 0;
}

/* The last turn of that day; before the first day nothing is known. */
static releve_time last_turn(const struct variant *variant, releve_day today)
{
    releve_time last = 0;
    for (unsigned i = 0; i < variant->turns; i++)
        last = variant->turn_ms[i] > last ? variant->turn_ms[i] : last;
    return today < FIRST_DAY ? 0 : releve_paris_midnight(today) + last;
}

/* What that day brings. */
static unsigned fewest_of(const struct upstream *upstream, const struct variant *variant, unsigned point,
                          enum releve_kind kind, releve_day today)
{
    releve_time before = last_turn(variant, today - 1), now = last_turn(variant, today);
    struct releve_coverage news;
    releve_coverage_init(&news, (struct releve_span){today - REACH_DAYS, today});
    for (releve_day day = news.span.first; day < news.span.end; day++)
        if (worth(upstream_day(upstream, point, kind, day, now)) <=
            worth(upstream_day(upstream, point, kind, day, before)))
            releve_coverage_set(&news, day, RELEVE_DAY_COMPLETE);
    struct releve_plan_limits limits = {
        .days_max = releve_kind_facts(kind)->call_days_max, .days_min = 1, .earliest = 0, .latest = today};
    return (unsigned)releve_plan_chunks(&news, &limits);
}

static unsigned count_fewest(const struct simulation *simulation, const struct variant *variant)
{
    unsigned fewest = 0;
    for (unsigned point = 0; point < POINTS; point++)
        for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
            for (releve_day today = FIRST_DAY; today < FIRST_DAY + DAYS + SETTLING_DAYS; today++)
                fewest += fewest_of(&simulation->upstream, variant, point, kind, today);
    return fewest;
}

/* --- what came of it --------------------------------------------------------------------------------------------- */

struct outcome {
    unsigned complete, partial, holes, wrong, requests, fewest;
};

/* Each day of the forty is in the store as it will stay, and as it is. */
static struct outcome look(const struct simulation *simulation, const struct variant *variant)
{
    struct outcome outcome = {.fewest = count_fewest(simulation, variant)};
    releve_time end = upstream_civil(&simulation->upstream);
    for (unsigned point = 0; point < POINTS; point++) {
        outcome.requests += simulation->upstream.points[point].requests;
        for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
            for (releve_day day = FIRST_DAY; day < FIRST_DAY + DAYS; day++) {
                enum releve_day_state truth = upstream_day(&simulation->upstream, point, kind, day, end);
                bool right = store_day(&simulation->store, point, kind, day) == truth &&
                             store_is_final(&simulation->store, point, kind, day);
                outcome.complete += truth == RELEVE_DAY_COMPLETE;
                outcome.partial += truth == RELEVE_DAY_PARTIAL;
                outcome.holes += truth == RELEVE_DAY_HOLE;
                outcome.wrong += !right;
            }
    }
    return outcome;
}

static bool print_variant(const struct variant *variant, int days_min)
{
    struct simulation simulation;
    open_duty(&simulation, variant, days_min);
    duty_begin(&simulation);
    simulation_run(&simulation, UNTIL_US);
    simulation_check_end(&simulation);
    struct outcome outcome = look(&simulation, variant);
    double ratio = (double)outcome.requests / outcome.fewest;
    bool holds = outcome.wrong == 0 && outcome.holes > 0 && outcome.partial > 0 && ratio <= variant->at_most &&
                 !simulation.world.broken;
    printf("  %-40s days_min %d: %u complete, %u partial, %u holes, %u not as they are; %u requests, fewest %u: %.2f "
           "(at most %.2f)%s%s\n",
           variant->what, days_min, outcome.complete, outcome.partial, outcome.holes, outcome.wrong, outcome.requests,
           outcome.fewest, ratio, variant->at_most, holds ? "" : "  BROKEN  ", simulation.world.what);
    simulation_close(&simulation);
    return holds;
}

int freshness_print(void)
{
    static const struct variant variants[] = {
        {"one turn at 10:30", 1, {10 * HOUR + HOUR / 2}, 0, 0, 1.2},
        {"one turn at 07:00", 1, {7 * HOUR}, 0, 0, 1.2},
        {"09:00, 12:00, 15:00, 20:00", 4, {9 * HOUR, 12 * HOUR, 15 * HOUR, 20 * HOUR}, 0, 0, 2.65},
        {"the same, and restarts", 4, {9 * HOUR, 12 * HOUR, 15 * HOUR, 20 * HOUR}, HOUR_US / 4, 0, 2.75},
        {"00:05 and 09:00, no end until 07:30", 2, {HOUR / 12, 9 * HOUR}, 0, 15 * HOUR / 2, 2.45},
    };
    bool all = true;
    printf("Days of %d usage points over %d days, and the requests for them next to the fewest:\n", POINTS, DAYS);
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++)
        for (int days_min = 1; days_min <= 2; days_min++)
            all = print_variant(&variants[i], days_min) && all;
    return all ? 0 : 1;
}
