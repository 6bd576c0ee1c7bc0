/* What goes on, in the Prometheus text format (version 0.0.4). Names and units are those of its conventions; no usage
 * point is in any label. docs/metrics.md has what each means, and what to be alarmed by. */
#ifndef RELEVE_WEB_METRICS_H
#define RELEVE_WEB_METRICS_H

#include <cjson/cJSON.h>
#include <engine/runtime/meter.h>
#include <releve/text.h>

/* Permits of one bucket of the ledger, granted to all processes. */
struct releve_metrics_permits {
    const char *bucket; /* as the ledger names it; what is no such name is left out */
    uint64_t granted;
};

/* Everything is the caller's, and read only. */
struct releve_metrics {
    const cJSON *status; /* as releve status --json has it (docs/operations.md); anybody can write to Redis, so nothing
                          * of it is believed */
    const struct releve_meter *meter; /* what all processes have counted; not what they were granted */
    const struct releve_metrics_permits *permits;
    size_t permits_count;
    releve_time now;            /* UTC: ages are as of it */
    releve_time worker_dead_ms; /* a worker that has been silent for longer is none */
};

void releve_metrics_write(struct releve_text *out, const struct releve_metrics *metrics);

#endif
