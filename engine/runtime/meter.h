/* What a process has asked and got, counted since it began, for metrics: it only grows, and nothing depends on it. */
#ifndef RELEVE_RUNTIME_METER_H
#define RELEVE_RUNTIME_METER_H

#include <releve/core.h>

/* How long something took, by an upper bound: the first is RELEVE_LATENCY_FIRST_US, each next one twice as much, and
 * the last has none. 0.25 ms to 32.8 s: from a reply of Redis to beyond the hard limit of a transfer. */
#define RELEVE_LATENCY_FIRST_US 250
#define RELEVE_LATENCY_BOUNDS 18
struct releve_latencies {
    uint64_t counts[RELEVE_LATENCY_BOUNDS + 1];
    uint64_t sum_us;
};

void releve_latencies_add(struct releve_latencies *latencies, uint64_t us);

/* What a request is about: a kind (also where another API adds to a document), or none. */
enum {
    RELEVE_METER_TOKEN = RELEVE_KINDS,
    RELEVE_METER_ACTIVATION, /* when a usage point was activated */
    RELEVE_METER_SERVICES,   /* who has which kinds */
    RELEVE_METER_SUBJECTS
};

/* The states of a day that is stored; a document is complete, or a hole where upstream has none. */
#define RELEVE_METER_STATES 4

/* Nothing but uint64_t: releve_meter_since takes it as a row of them. */
struct releve_meter {
    uint64_t requests[RELEVE_METER_SUBJECTS][RELEVE_VERDICTS]; /* that have an answer, or none in time */
    uint64_t days[RELEVE_KINDS][RELEVE_METER_STATES];          /* that upstream brought */
    uint64_t jobs[RELEVE_KINDS][RELEVE_JOB_STATES];            /* that ended, their result written */
    uint64_t granted[RELEVE_BUCKETS_MAX];                      /* permits of each bucket, also of those returned */
    struct releve_latencies upstream, redis;
};

void releve_meter_count_day(struct releve_meter *meter, enum releve_kind kind, enum releve_day_state state);

/* What was counted after `before`. */
struct releve_meter releve_meter_since(const struct releve_meter *meter, const struct releve_meter *before);

/* "daily_consumption", "token": `subject` is below RELEVE_METER_SUBJECTS. "complete": `state` is below
 * RELEVE_METER_STATES. Constants. */
const char *releve_meter_subject_name(unsigned subject);
const char *releve_meter_state_name(unsigned state);

/* Sets the count that has that name in Redis; false where there is none, and for "granted", whose buckets the meter
 * does not know by name. */
bool releve_meter_set(struct releve_meter *meter, const char *name, uint64_t count);

struct releve_runtime;

/* What this one has counted; of Redis it knows nothing. */
struct releve_meter releve_runtime_meter(const struct releve_runtime *runtime);

/* Calls `each` for every count of `meter` that is not 0, by its name in Redis (docs/redis.md):
 * "requests:token:token", "days:daily_consumption:hole", "upstream:3". */
#define RELEVE_METER_NAME_BYTES 128
void releve_meter_each(const struct releve_meter *meter, const struct releve_runtime *runtime,
                       void (*each)(void *data, const char *name, uint64_t count), void *data);

#endif
