/* How fast what runs is, and how long it takes still: what commands and workers say of themselves, all together. */
#ifndef RELEVE_CLI_PACE_H
#define RELEVE_CLI_PACE_H

#include <cjson/cJSON.h>
#include <releve/quota.h>
#include <stdbool.h>
#include <stdint.h>

struct releve_pace {
    uint64_t requests_left;    /* of the jobs under way, and of those that a command has before it */
    double jobs_per_minute;    /* of workers */
    releve_time left_ms;       /* what the quota imposes on those requests; RELEVE_TIME_NEVER: nobody knows */
    int waiting, held;         /* jobs in the queues, and in the hands of workers */
    uint64_t in_flight;        /* requests */
    unsigned processes, away;  /* that say what they do; those of them that upstream does not serve ... */
    releve_time away_ms;       /* ... of which one longest, since so long, ... */
    releve_time retry_ms;      /* ... and its next try is due in */
    unsigned redis_away;       /* those that Redis, or a node of it, does not serve ... */
    releve_time redis_away_ms; /* ... of which one longest, since so long, ... */
    const char *redis_why;     /* ... and why: foreign text in the overview */
    unsigned stalled;          /* those that either does not serve */
};

/* Nobody is served: what is left of the time is not known then. */
bool releve_pace_is_away(const struct releve_pace *pace);

/* `overview` is what releve_store_overview gives, and lives as long as the result. `over_ms`: of the permits for
 * measures, when each is over from now; NULL where nobody knows. */
struct releve_pace releve_pace_measure(const cJSON *overview, const struct releve_quota *quota,
                                       const releve_time *over_ms, size_t permits);

#endif
