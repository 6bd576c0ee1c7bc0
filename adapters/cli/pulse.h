/* What this process does and what it has counted, said to Redis every few seconds, so that releve status can show
 * commands and how fast they and workers are. Nothing depends on it: where Redis does not take it, nothing is said. */
#ifndef RELEVE_CLI_PULSE_H
#define RELEVE_CLI_PULSE_H

#include "rate.h"
#include "report.h"
#include <adapters/library/parts.h>
#include <releve/engine.h>

#define RELEVE_PULSE_MS (5 * RELEVE_SECOND_MS)
#define RELEVE_PULSE_LATE_MS RELEVE_SECOND_MS /* a beginning that nothing holds up takes less, and leaves no trace */
#define RELEVE_PULSE_RATE_MS (15 * RELEVE_MINUTE_MS) /* rates are those of so long; RELEVE_RATE_SAMPLES fill it */
_Static_assert(RELEVE_PULSE_RATE_MS / RELEVE_PULSE_MS < RELEVE_RATE_SAMPLES, "a rate has room for its window");

struct releve_pulse_options {
    const char *command; /* "backfill" */
    const char *worker;  /* its name; NULL: it is none */
    releve_time civil;   /* when it began */
    struct releve_store *store;
    const struct releve_engine *engine;
    struct releve_job_counts (*count)(void *data);
    void *data;
};

struct releve_pulse {
    struct releve_pulse_options options;
    char name[RELEVE_WORKER_NAME_BYTES + RELEVE_JOB_ID_BYTES]; /* "" before it begins */
    uv_timer_t timer;
    bool asking; /* Redis has not answered the last one */
    struct releve_rate requests, jobs;
    uint64_t number;                   /* of what was said last */
    struct releve_meter told, telling; /* what Redis has been told of this process's counts; what it is being told */
};

/* Its timer is on the loop; nothing is said yet. */
void releve_pulse_init(struct releve_pulse *pulse, uv_loop_t *loop);

/* From now on: where the engine is not ready by then, for the first time after RELEVE_PULSE_LATE_MS. */
void releve_pulse_begin(struct releve_pulse *pulse, const struct releve_pulse_options *options);

/* It has begun, and something is to be said at once: the engine is ready. */
void releve_pulse_hurry(struct releve_pulse *pulse);

/* It ends, and says so. Store and engine are still there. */
void releve_pulse_close(struct releve_pulse *pulse);

#endif
