/* The runtime: runs jobs on a libuv loop, through Redis and within the quota. This is what a C program embeds;
 * the command line is one such program.
 *
 * Everything happens on the loop's thread. Strings in the options are copied. */
#ifndef RELEVE_RUNTIME_H
#define RELEVE_RUNTIME_H

#include <releve/core.h>
#include <releve/error.h>
#include <releve/job.h>
#include <releve/quota.h>
#include <uv.h>

/* The hard limit of one transfer. Less than RELEVE_PERMIT_LIFE_MS by what the ledger's reply and the network may take.
 */
#define RELEVE_TRANSFER_TIMEOUT_MS (30 * RELEVE_SECOND_MS)

enum releve_api { RELEVE_API_2026, RELEVE_API_V5 };

struct releve_runtime;

struct releve_runtime_options {
    const char *upstream; /* base URL without a final slash */
    enum releve_api api;
    const char *client_id, *client_secret;
    struct releve_quota quota;
    unsigned concurrency; /* 1..RELEVE_CONCURRENCY_MAX */
    const char *redis;    /* URL, redis:// or unix:// */
    const char *prefix;   /* of every key */
    const char *worker;   /* the worker whose queue (engine/runtime/queue.h) the jobs come from; NULL for none */
    releve_day today;     /* pretend that it is this day; RELEVE_DAY_NONE: the Paris civil date */
    bool patient;         /* never stops for an upstream that gives no token or cannot be reached */

    void *data; /* passed to each of the following; those not marked may be NULL */
    /* Required. The next job, whenever one can be taken: false where there is none (say so with
     * releve_runtime_wake when there is one again). */
    bool (*next)(void *data, struct releve_job *job);
    /* Required. A job ended and its result is in Redis (error->code RELEVE_OK) or could not be written. */
    void (*ended)(void *data, const struct releve_result *result, const struct releve_error *error);
    /* A job that is not done and will not be, as the runtime drains: what it came to so far. */
    void (*given_back)(void *data, const struct releve_result *so_far);
    /* Required. Nothing is under way and `next` has nothing. May be called more than once. */
    void (*idle)(void *data);
    /* Required. Going on is pointless (credentials refused, no token to be had); it drains, then `idle`. */
    void (*stopped)(void *data, const struct releve_error *error);
    /* Something that people want to know. */
    void (*notice)(void *data, const struct releve_action *action);
    /* Redis was lost (up false) or is back. */
    void (*link)(void *data, bool up, const char *why);
    /* Redis answered and refused something (out of memory, read-only): one line. */
    void (*refused)(void *data, const char *why);
};

/* Connects to Redis, then pulls jobs. `ready` is called once: with RELEVE_OK, or why it cannot work (Redis
 * unreachable); close it all the same. Errors: RELEVE_E_SYSTEM, RELEVE_E_CONFIG. */
enum releve_code releve_runtime_open(struct releve_runtime **runtime, uv_loop_t *loop,
                                     const struct releve_runtime_options *options,
                                     void (*ready)(void *data, const struct releve_error *error),
                                     struct releve_error *error);

/* `next` has something again. Never calls back from within another callback of the runtime. */
void releve_runtime_wake(struct releve_runtime *runtime);

/* No new requests; what is in flight ends and is stored; then `idle`. */
void releve_runtime_drain(struct releve_runtime *runtime);

/* Ends at once what is under way, closes all handles; `closed` is called when the memory is gone. */
void releve_runtime_close(struct releve_runtime *runtime, void (*closed)(void *data), void *data);

struct releve_core_view releve_runtime_look(const struct releve_runtime *runtime);

/* How much of each window of the quota is used in the bucket of `kind`, by everybody. Asks the ledger in
 * passing, so that the figures are those of the call before: for once a second. */
struct releve_runtime_usage {
    bool known;
    uint32_t used[RELEVE_QUOTA_WINDOWS_MAX];
    releve_time next_ms;   /* until the next permit is due; 0: at once */
    releve_time closed_ms; /* how long upstream keeps the door closed; 0: open */
};
struct releve_runtime_usage releve_runtime_usage(struct releve_runtime *runtime, enum releve_kind kind);

/* Now on the civil clock: the real one, or the same time of day on the day that it pretends. UTC. */
releve_time releve_clock_civil(releve_day today);

/* Does Redis keep on disk what it is told? Where not, its restart forgets days and the ledger. True where that cannot
 * be found out. After `ready` only. */
bool releve_runtime_is_durable(const struct releve_runtime *runtime);

/* A new job id: 24 hexadecimal digits. */
void releve_job_id_new(char id[RELEVE_JOB_ID_BYTES]);

#endif
