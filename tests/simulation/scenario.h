/* What kind of world a seed stands for: sizes, quota, delays, faults, who wants what. */
#ifndef RELEVE_SIMULATION_SCENARIO_H
#define RELEVE_SIMULATION_SCENARIO_H

#include "world.h"
#include <releve/core.h>
#include <releve/quota.h>

#define SCENARIO_WORKERS_MAX 5

enum sickness { HEALTHY, ANSWERS_500, NEVER_ANSWERS };

#define SCENARIO_TURNS_MAX 6

/* Jobs for the newest days of every series, each day at the same times. */
struct duty {
    int days; /* how long; 0: jobs come once, as below */
    unsigned turns;
    releve_time turn_ms[SCENARIO_TURNS_MAX]; /* after midnight in Paris */
    int reach_days;                          /* that a job asks for */
    unsigned deep, refresh;                  /* of jobs, in ten thousand: ask for deep_days; for known days too */
    int deep_days;
};

/* Rates are chances in ten thousand. */
struct scenario {
    uint64_t seed;
    bool faultless; /* nothing goes wrong, one worker: costs are exact */
    bool isolation; /* some usage points always fail, nothing else does, and the quota is ample: law 5 has a bound */
    int days_min;   /* 1 (2026) or 2 (v5) */
    unsigned workers, concurrency, points, jobs_max;
    unsigned prefetch; /* jobs that a worker has at once; 0: as many as it has room for */
    releve_kinds kinds;
    struct releve_quota quota;
    unsigned buckets, bucket_of[RELEVE_KINDS], token_bucket;
    bool tells; /* an API tells activations, in ... */
    unsigned activation_bucket;
    bool untold;          /* ... but it is not subscribed */
    unsigned mistold;     /* of directions: it says nothing of it, or a day that is too early */
    releve_time civil_ms; /* the real date at the beginning */

    int64_t redis_us, redis_jitter_us;                         /* one way */
    unsigned redis_pause, redis_stall, redis_cut, redis_error; /* stall: a reply is late */
    int64_t up_us, up_jitter_us, down_us, down_jitter_us;
    unsigned lost_request, lost_answer, reset, unreached, straggler;

    unsigned transient, throttle, token_failure;
    unsigned token_life_s;
    int64_t revoke_us; /* mean time between revocations of all tokens; 0: never */
    bool credentials_refused;
    bool patient, queued;       /* as the runtime's options */
    releve_kinds refused_kinds; /* APIs that are not subscribed */
    unsigned history_short_days;
    unsigned unknown, absent, forgetful, holes, partials;             /* of usage points */
    unsigned refused, activated, corrected, consented, directionless; /* of directions of usage points */
    unsigned sick, sick_partly, sick_later;                           /* of usage points; of those that are sick */
    enum sickness sick_only;                                          /* HEALTHY: those are sick in both ways */
    unsigned late, unfinished;                                        /* of days: come late; whole later */
    releve_time end_closed_ms;    /* so long after midnight no range may end with today */
    releve_kinds shortened_kinds; /* whose longest range is refused; one day less works */

    int64_t crash_us, drain_us; /* mean time between them; 0: never */
    unsigned crashes_max;

    /* A part of the store is away for a while: that of a third of the usage points. */
    int64_t absent_from_us, absent_until_us; /* 0: never */
    bool absent_reads;                       /* all but storing works */

    /* Failovers; all 0 where one Redis has no replicas. */
    unsigned shards;          /* masters with replicas */
    unsigned replicas;        /* of each */
    unsigned replicas_wanted; /* that have to have what must not be lost */
    int64_t replica_lag_us;   /* that a write reaches one later, at most */
    unsigned replica_late;    /* writes that may come later than any WAIT lasts */
    unsigned wait_refused;    /* of WAITs: Redis answers with an error */
    int64_t failover_us;      /* mean time between failovers */
    int64_t replica_away_us;  /* mean time between times without a replica; 0: never */
    bool stale_masters;       /* some workers go on for a while with the one that is master no more */
    bool unacknowledged;      /* against the design: nothing waits for a replica */
    bool unlimited;           /* against the design: a WAIT is believed for what was written behind it */
    bool unshifted;           /* against the design: the ledger minds no other clock */

    struct duty duty;

    int days_max;                           /* longest span of a job, mostly */
    unsigned deep, refresh, overlap, known; /* of jobs */
    int64_t arrivals_us;                    /* jobs come over so long */
    int64_t requests_max;                   /* jobs are submitted up to about so much work */
};

/* A world that lasts for months, with few usage points: duty, and weather now and then. */
void scenario_draw_long(struct scenario *scenario, uint64_t seed);
/* A world whose masters fail, with replicas that come late. */
void scenario_draw_failover(struct scenario *scenario, uint64_t seed);
/* `large`: for the long mode, thousands of usage points. */
void scenario_draw(struct scenario *scenario, uint64_t seed, bool large);
/* Nothing goes wrong: so many workers, and a backlog of so many usage points. `round_trip_us` is upstream's. */
void scenario_draw_quiet(struct scenario *scenario, unsigned points, const char *quota, unsigned workers,
                         int64_t round_trip_us);
/* Is the usage point in the part of the store that may be away? */
bool scenario_is_absent(const struct scenario *scenario, unsigned point);
void scenario_print(const struct scenario *scenario);

#endif
