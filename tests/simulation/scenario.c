/* A seed's parameters. Each fault is absent from about half of the worlds, so that each is also seen alone. */
#include "scenario.h"
#include <limits.h>
#include <stdio.h>

#define QUIET_DAY 20636 /* 2026-07-02 */

static unsigned maybe(struct world *dice, unsigned most)
{
    return world_below(dice, 2) == 0 ? 0 : (unsigned)world_between(dice, 1, (int64_t)most);
}

static void draw_quota(struct world *dice, struct releve_quota *quota)
{
    static const char *const texts[] = {"5/1s,1000/1h", "5/1s,1000/1h", "200/1s",        "200/1s",      "5/1s",
                                        "1/1s",         "2/500ms,9/7s", "3/10s",         "50/1m,7/2s",  "1/3s",
                                        "10/1s,60/1m",  "none",         "25/1s,300/10m", "1000/1h,5/1s"};
    struct releve_error error;
    (void)releve_quota_parse(texts[world_below(dice, sizeof texts / sizeof texts[0])], quota, &error);
}

static void draw_buckets(struct world *dice, struct scenario *scenario)
{
    scenario->buckets = (unsigned)world_between(dice, 1, 3);
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        scenario->bucket_of[kind] = scenario->buckets == 3 ? (unsigned)kind % 2 : 0;
    scenario->token_bucket = scenario->buckets - 1;
}

/* Where 2026 is spoken: an API of its own tells when usage points were activated. */
static void draw_telling(struct world *dice, struct scenario *scenario)
{
    if (scenario->days_min > 1 || world_below(dice, 2) == 0)
        return;
    scenario->tells = true;
    scenario->activation_bucket = scenario->buckets++;
    scenario->untold = world_below(dice, 8) == 0;
    scenario->mistold = maybe(dice, 5000);
}

/* Any moment of 2026; often minutes before midnight in Paris, or just before the clock changes. */
static releve_time draw_date(struct world *dice)
{
    static const releve_day changes[] = {20541, 20751}; /* 2026-03-29 and 2026-10-25 */
    releve_day day = 20454 + (releve_day)world_below(dice, 365);
    if (world_below(dice, 4) == 0)
        day = changes[world_below(dice, 2)] + (releve_day)world_between(dice, -1, 2);
    releve_time midnight = releve_paris_midnight(day);
    if (world_below(dice, 3) == 0)
        return midnight - world_below(dice, 20 * RELEVE_MINUTE_MS);
    return midnight + world_below(dice, 24 * RELEVE_HOUR_MS);
}

static void draw_faults(struct world *dice, struct scenario *scenario)
{
    scenario->redis_pause = maybe(dice, 20);
    scenario->redis_stall = world_below(dice, 4) == 0 ? (unsigned)world_between(dice, 1, 30) : 0;
    scenario->redis_cut = maybe(dice, 30);
    scenario->redis_error = world_below(dice, 6) == 0 ? 20 : 0;
    scenario->lost_request = maybe(dice, 300);
    scenario->lost_answer = maybe(dice, 300);
    scenario->reset = maybe(dice, 300);
    scenario->unreached = maybe(dice, 300);
    scenario->straggler = maybe(dice, world_below(dice, 8) == 0 ? 4000 : 300);
    scenario->transient = maybe(dice, world_below(dice, 8) == 0 ? 5000 : 1000);
    scenario->throttle = world_below(dice, 3) == 0 ? (unsigned)world_between(dice, 1, 200) : 0;
    scenario->token_failure = maybe(dice, 3000);
    scenario->token_life_s = world_below(dice, 3) == 0 ? 700 : 12600;
    if (world_below(dice, 3) == 0)
        scenario->revoke_us = world_between(dice, 30, 2000) * WORLD_SECOND_US;
    scenario->credentials_refused = world_below(dice, 40) == 0;
    if (world_below(dice, 10) == 0)
        scenario->refused_kinds = RELEVE_KIND_BIT(world_below(dice, RELEVE_MEASURES));
    scenario->history_short_days = world_below(dice, 6) == 0 ? (unsigned)world_between(dice, 1, 40) : 0;
    scenario->forgetful = maybe(dice, 2000);
    if (world_below(dice, 2) == 0)
        scenario->crash_us = world_between(dice, 2, 600) * WORLD_SECOND_US;
    if (world_below(dice, 4) == 0)
        scenario->drain_us = world_between(dice, 2, 600) * WORLD_SECOND_US;
    scenario->crashes_max = 20;
}

static void draw_points(struct world *dice, struct scenario *scenario)
{
    scenario->refused = maybe(dice, 2000);
    scenario->unknown = maybe(dice, 1000);
    scenario->sick = scenario->faultless ? 0 : maybe(dice, 2000);
    scenario->sick_partly = maybe(dice, 10000);
    scenario->sick_later = maybe(dice, 10000);
    scenario->absent = maybe(dice, 3000);
    scenario->activated = maybe(dice, 5000);
    scenario->corrected = maybe(dice, 5000);
    scenario->consented = maybe(dice, 2000);
    scenario->directionless = maybe(dice, 3000);
    scenario->holes = maybe(dice, 3000);
    scenario->partials = maybe(dice, 1000);
    scenario->late = maybe(dice, 3000);
    scenario->unfinished = maybe(dice, 2000);
}

/* Where upstream is stricter than its date rules. */
static void draw_strictness(struct world *dice, struct scenario *scenario)
{
    if (world_below(dice, 2) == 0)
        scenario->end_closed_ms = world_between(dice, 1, 12 * 60) * RELEVE_MINUTE_MS;
    if (world_below(dice, 2) == 0)
        scenario->shortened_kinds = (releve_kinds)world_between(dice, 1, RELEVE_ALL_MEASURES);
}

static void draw_jobs(struct world *dice, struct scenario *scenario)
{
    static const int days[] = {1, 7, 30, 120, 400};
    scenario->days_max = days[world_below(dice, 5)];
    scenario->deep = maybe(dice, 500);
    scenario->refresh = maybe(dice, 2000);
    scenario->overlap = maybe(dice, 3000);
    scenario->known = maybe(dice, 6000);
    if (world_below(dice, 3) == 0)
        scenario->arrivals_us = world_between(dice, 1, 3000) * WORLD_SECOND_US;
}

/* Many jobs about the same days of the same few usage points: chunks overlap. */
static void crowd(struct world *dice, struct scenario *scenario)
{
    scenario->points = (unsigned)world_between(dice, 1, 3);
    scenario->kinds = RELEVE_KIND_BIT(world_below(dice, RELEVE_MEASURES));
    scenario->overlap = 9000;
    scenario->days_max = (int)world_between(dice, 5, 60);
    scenario->deep = scenario->arrivals_us > 0 ? scenario->deep : 0;
    scenario->requests_max = world_between(dice, 10, 150);
}

/* No delay that could hide a permit that is granted a moment too early. */
static void make_instant(struct scenario *scenario)
{
    scenario->redis_us = scenario->redis_jitter_us = 1;
    scenario->up_us = scenario->up_jitter_us = 1;
    scenario->down_us = scenario->down_jitter_us = 1;
}

static void draw_absence(struct world *dice, struct scenario *scenario)
{
    scenario->absent_from_us = world_between(dice, 1, 2 * WORLD_SECOND_US);
    scenario->absent_until_us = scenario->absent_from_us + world_between(dice, 10, 3600) * WORLD_SECOND_US;
    scenario->absent_reads = world_below(dice, 2) == 0;
}

bool scenario_is_absent(const struct scenario *scenario, unsigned point)
{
    return scenario->absent_until_us > 0 && world_hash(scenario->seed, 4, point, 78) % 3 == 0;
}

void scenario_draw(struct scenario *scenario, uint64_t seed, bool large)
{
    struct world dice;
    world_init(&dice, seed);
    int64_t flavour = world_below(&dice, 10);
    *scenario = (struct scenario){
        .seed = seed,
        .faultless = flavour < 3,
        .isolation = flavour == 3,
        .days_min = (int)world_between(&dice, 1, 2),
        .workers = flavour < 4 ? 1 : (unsigned)world_between(&dice, 1, SCENARIO_WORKERS_MAX),
        .concurrency = (unsigned)world_between(&dice, 1, world_below(&dice, 3) == 0 ? 64 : 16),
        .points = (unsigned)world_between(&dice, 1, world_below(&dice, 3) == 0 ? 5 : 60),
        .jobs_max = 400,
        .kinds = (releve_kinds)world_between(&dice, 1, RELEVE_ALL_MEASURES),
        .civil_ms = draw_date(&dice),
        .redis_us = world_between(&dice, 30, 400),
        .redis_jitter_us = world_below(&dice, 4) == 0 ? world_below(&dice, 2 * WORLD_SECOND_US) : 200,
        .up_us = world_between(&dice, 1000, 100000),
        .up_jitter_us = world_below(&dice, 2) == 0 ? world_below(&dice, 4 * WORLD_SECOND_US) : 5000,
        .down_us = world_between(&dice, 1000, 300000),
        .down_jitter_us = world_below(&dice, 2) == 0 ? world_below(&dice, 4 * WORLD_SECOND_US) : 5000,
        .token_life_s = 12600,
        .patient = world_below(&dice, 20) > 0,
        .queued = world_below(&dice, 4) > 0,
        .requests_max = world_between(&dice, 5, world_below(&dice, 4) == 0 ? 2000 : 400),
    };
    if (scenario->workers > 1 && world_below(&dice, 3) > 0) /* else the first one that wakes up has them all */
        scenario->prefetch = (unsigned)world_between(&dice, 1, 20);
    draw_quota(&dice, &scenario->quota);
    draw_buckets(&dice, scenario);
    draw_points(&dice, scenario);
    draw_strictness(&dice, scenario);
    draw_jobs(&dice, scenario);
    if (large || world_below(&dice, 100) == 0) {
        scenario->points = (unsigned)world_between(&dice, 1000, large ? 8000 : 2000);
        scenario->jobs_max = scenario->points * 3;
        scenario->requests_max = large ? 30000 : 2500;
    }
    if (scenario->isolation) {
        scenario->quota.windows_count = 0;
        scenario->refresh = scenario->overlap = 0;
        scenario->arrivals_us = 0;
        scenario->points = (unsigned)world_between(&dice, 2, 60);
        scenario->sick = (unsigned)world_between(&dice, 500, 6000);
    } else if (!scenario->faultless) {
        draw_faults(&dice, scenario);
    }
    if (!large && world_below(&dice, 5) == 0)
        crowd(&dice, scenario);
    if (world_below(&dice, 10) == 0)
        make_instant(scenario);
    draw_telling(&dice, scenario);
    if (!scenario->faultless && world_below(&dice, scenario->isolation ? 2 : 4) == 0)
        draw_absence(&dice, scenario);
}

/* What befalls such a world within minutes befalls it within days. */
static void slow_down(struct scenario *scenario)
{
    const int64_t slower = 700;
    scenario->crash_us *= slower;
    scenario->drain_us *= slower;
    scenario->revoke_us *= slower;
    scenario->crashes_max = UINT_MAX;
}

static void draw_duty(struct world *dice, struct duty *duty)
{
    static const int reaches[] = {1, 7, 14, 30};
    *duty = (struct duty){
        .days = (int)world_between(dice, 30, 800),
        .turns = (unsigned)world_between(dice, 1, 3),
        .reach_days = reaches[world_below(dice, 4)],
        .deep = maybe(dice, 100),
        .refresh = maybe(dice, 100),
        .deep_days = (int)world_between(dice, 30, 800),
    };
    for (unsigned i = 0; i < duty->turns; i++) /* any time; often around midnight, or when days are published */
        duty->turn_ms[i] = world_below(dice, 3) == 0   ? world_below(dice, 24 * RELEVE_HOUR_MS)
                           : world_below(dice, 2) == 0 ? world_below(dice, 20 * RELEVE_MINUTE_MS)
                                                       : world_between(dice, 7, 11) * RELEVE_HOUR_MS;
}

void scenario_draw_long(struct scenario *scenario, uint64_t seed)
{
    struct world dice;
    scenario_draw(scenario, seed, false);
    world_init(&dice, seed + 1);
    scenario->isolation = false;
    scenario->points = (unsigned)world_between(&dice, 1, 3);
    scenario->prefetch = 0;
    scenario->patient = true; /* else it ends with the first outage */
    scenario->queued = true;
    scenario->credentials_refused = false;
    scenario->civil_ms = draw_date(&dice);
    draw_duty(&dice, &scenario->duty);
    slow_down(scenario);
}

void scenario_draw_failover(struct scenario *scenario, uint64_t seed)
{
    static const char *const quotas[] = {"5/1s,1000/1h", "3/1s", "2/500ms,9/7s", "1/1s", "3/10s", "20/2s"};
    struct world dice;
    struct releve_error error;
    scenario_draw(scenario, seed, false);
    world_init(&dice, seed + 2);
    scenario->faultless = scenario->isolation = false;
    scenario->redis_cut = scenario->redis_cut > 0 ? scenario->redis_cut : 1;
    scenario->workers = (unsigned)world_between(&dice, 1, SCENARIO_WORKERS_MAX);
    scenario->credentials_refused = false;
    if (world_below(&dice, 4) > 0)
        (void)releve_quota_parse(quotas[world_below(&dice, 6)], &scenario->quota, &error);
    scenario->shards = (unsigned)world_between(&dice, 1, 3);
    scenario->replica_lag_us = world_between(&dice, 1000, 200000); /* within what a write waits for it */
    scenario->failover_us = world_between(&dice, 3, 60) * WORLD_SECOND_US;
    if (world_below(&dice, 2) == 0)
        scenario->replica_away_us = world_between(&dice, 10, 200) * WORLD_SECOND_US;
    scenario->stale_masters = world_below(&dice, 2) == 0;
    if (world_below(&dice, 3) == 0)
        make_instant(scenario);
    scenario->replicas = world_below(&dice, 2) == 0 ? 1 : (unsigned)world_between(&dice, 2, 3);
    scenario->replicas_wanted =
        world_below(&dice, 3) > 0 ? scenario->replicas : (unsigned)world_between(&dice, 1, scenario->replicas);
    scenario->replica_late = maybe(&dice, 20);
    scenario->wait_refused = world_below(&dice, 4) == 0 ? (unsigned)world_between(&dice, 1, 300) : 0;
}

void scenario_draw_quiet(struct scenario *scenario, unsigned points, const char *quota, unsigned workers,
                         int64_t round_trip_us)
{
    struct releve_error error;
    *scenario = (struct scenario){
        .seed = 1,
        .days_min = 1,
        .workers = workers,
        .concurrency = 16,
        .points = points,
        .kinds = RELEVE_ALL_MEASURES,
        .buckets = 1,
        .civil_ms = releve_paris_midnight(QUIET_DAY) + 12 * RELEVE_HOUR_MS,
        .redis_us = 150,
        .redis_jitter_us = 100,
        .up_us = round_trip_us / 2,
        .down_us = round_trip_us / 2,
        .token_life_s = 12600,
        .patient = true,
    };
    (void)releve_quota_parse(quota, &scenario->quota, &error);
}

void scenario_print(const struct scenario *scenario)
{
    char quota[RELEVE_QUOTA_TEXT], date[RELEVE_TIME_TEXT];
    releve_quota_format(&scenario->quota, quota);
    releve_paris_format(scenario->civil_ms, date);
    printf("seed %llu: %s%s%u workers x %u in flight, %u jobs at once, %u usage points, kinds %x, quota %s in %u "
           "buckets, days_min %d, "
           "%s\n",
           (unsigned long long)scenario->seed, scenario->faultless ? "faultless, " : "",
           scenario->isolation ? "isolation, " : "", scenario->workers, scenario->concurrency, scenario->prefetch,
           scenario->points, (unsigned)scenario->kinds, quota, scenario->buckets, scenario->days_min, date);
    printf("  redis %lld+%lld us, pause %u, stall %u, cut %u, error %u; up %lld+%lld us, down %lld+%lld us; lost "
           "%u/%u, reset "
           "%u, unreached %u, straggler %u\n",
           (long long)scenario->redis_us, (long long)scenario->redis_jitter_us, scenario->redis_pause,
           scenario->redis_stall, scenario->redis_cut, scenario->redis_error, (long long)scenario->up_us,
           (long long)scenario->up_jitter_us, (long long)scenario->down_us, (long long)scenario->down_jitter_us,
           scenario->lost_request, scenario->lost_answer, scenario->reset, scenario->unreached, scenario->straggler);
    printf("  transient %u, throttle %u, token failure %u, life %u s, revoked every %lld s; crash %lld s, drain %lld "
           "s; days %d, deep %u, refresh %u, overlap %u, known %u\n",
           scenario->transient, scenario->throttle, scenario->token_failure, scenario->token_life_s,
           (long long)(scenario->revoke_us / WORLD_SECOND_US), (long long)(scenario->crash_us / WORLD_SECOND_US),
           (long long)(scenario->drain_us / WORLD_SECOND_US), scenario->days_max, scenario->deep, scenario->refresh,
           scenario->overlap, scenario->known);
    if (scenario->absent_until_us > 0)
        printf("  of a third of the usage points nothing is %s from %.3f s to %.3f s\n",
               scenario->absent_reads ? "stored" : "stored or said", (double)scenario->absent_from_us / 1e6,
               (double)scenario->absent_until_us / 1e6);
    if (scenario->shards > 0)
        printf("  %u shards, %u of %u replicas wanted, late by up to %lld us (too late: %u), WAIT refused %u, failover "
               "every %lld s, "
               "replica away every %lld s%s%s%s%s\n",
               scenario->shards, scenario->replicas_wanted, scenario->replicas, (long long)scenario->replica_lag_us,
               scenario->replica_late, scenario->wait_refused, (long long)(scenario->failover_us / WORLD_SECOND_US),
               (long long)(scenario->replica_away_us / WORLD_SECOND_US),
               scenario->stale_masters ? ", stale masters" : "",
               scenario->unacknowledged ? ", nothing waits for a replica" : "",
               scenario->unlimited ? ", a WAIT is believed for what was written behind it" : "",
               scenario->unshifted ? ", no clock is minded" : "");
    if (scenario->duty.days > 0)
        printf("  duty: %d days, %u turns, %d days each, deep %u (%d days), refresh %u\n", scenario->duty.days,
               scenario->duty.turns, scenario->duty.reach_days, scenario->duty.deep, scenario->duty.deep_days,
               scenario->duty.refresh);
}
