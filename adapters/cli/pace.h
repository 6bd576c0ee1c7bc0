/* How fast what runs is, and how long it takes still: what commands and workers say of themselves, all together. */
#ifndef RELEVE_CLI_PACE_H
#define RELEVE_CLI_PACE_H

#include <cjson/cJSON.h>
#include <releve/quota.h>
#include <stdint.h>

struct releve_pace {
    uint64_t requests_left; /* of the jobs under way, and of those that a command has before it */
    double jobs_per_minute; /* of workers */
    releve_time left_ms;    /* what the quota imposes on those requests; RELEVE_TIME_NEVER: nobody knows */
    int waiting, held;      /* jobs in the queues, and in the hands of workers */
    releve_time away_ms;    /* upstream does not serve one of them since so long; 0: all are served ... */
    releve_time retry_ms;   /* ... and the next try of one is due in */
};

/* `overview` is what releve_store_overview gives. `over_ms`: of the permits for measures, when each is over from now;
 * NULL where nobody knows. */
struct releve_pace releve_pace_measure(const cJSON *overview, const struct releve_quota *quota,
                                       const releve_time *over_ms, size_t permits);

/* A member that is counted, 0 or more: anybody can write to Redis. 0 where there is none. */
double releve_pace_figure(const cJSON *object, const char *name);
int releve_pace_number(const cJSON *object, const char *name);

#endif
