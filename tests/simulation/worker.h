/* One worker process: the runtime that ships, and around it a machine, a connection to the store and a network in
 * virtual time (engine/runtime/io.h). It can be killed at any moment, and starts again with a new runtime. */
#ifndef RELEVE_SIMULATION_WORKER_H
#define RELEVE_SIMULATION_WORKER_H

#include "ledger_model.h"
#include "network_model.h"
#include "replication.h"
#include "store_model.h"
#include <engine/runtime/io.h>
#include <releve/runtime.h>
#include <sys/queue.h>

#define WORKER_UPSTREAM "http://virtual" /* its base URL */

struct worker;
struct watch;

/* All that the workers share. */
struct simulation {
    struct world world;
    struct scenario scenario;
    struct upstream upstream;
    struct store store;
    struct ledger_model ledgers[RELEVE_BUCKETS_MAX];
    struct replication replication;
    /* A master has just granted a permit; NULL where nobody minds. */
    void (*on_grant)(struct simulation *simulation, unsigned shard);
    struct releve_dialect dialect;
    struct worker *workers[SCENARIO_WORKERS_MAX];
    uint64_t processes; /* numbered so far */
    int64_t redis_paused_until_us;
    unsigned crashes;
    bool on_duty; /* more jobs will come */
    bool stopped; /* a runtime said that going on is pointless */
    /* Of all lives that something is still on its way for. */
    LIST_HEAD(, releve_store) stores;
    LIST_HEAD(, releve_transport) transports;
    LIST_HEAD(, releve_host) hosts;
    uint64_t operations;      /* named so far */
    uint64_t unacknowledged;  /* replies that said so */
    uint64_t lost_after_told; /* days and results; only where nothing waits for the replica */
    uint64_t absent_claims;   /* that the part of the store which was away did not answer */
    uint64_t steps, sends, refused_asks, returned, busy_claims, known_claims, results_again;
};

struct worker {
    struct simulation *simulation;
    unsigned index;
    bool alive, draining, has_work;
    int64_t drained_us; /* when it was told to drain */
    struct releve_runtime *runtime;
    struct releve_host *host;           /* worker.c */
    struct releve_store *store;         /* worker_store.c: connections */
    struct releve_transport *transport; /* worker_transport.c */
    struct watch *watch;                /* laws.c: what was seen of its chunks */
    size_t *jobs;                       /* numbers of those that it has; room for RELEVE_CORE_JOBS_MAX */
    size_t jobs_count;
};

struct worker *worker_new(struct simulation *simulation, unsigned index);
void worker_free(struct worker *worker);
void worker_start(struct worker *worker);
void worker_wake(struct worker *worker); /* there are jobs */
void worker_crash(struct worker *worker);
void worker_drain(struct worker *worker);

/* The number of the usage point. */
unsigned worker_point(const struct worker *worker, releve_prm prm);

/* --- worker_store_ops.c: the operations, sent over a connection -------------------------------------------------- */

extern const struct releve_store_ops worker_store_ops;
/* When that permit was asked for, and the one that the bucket was asked for last; on the worker's clock, in ms. */
releve_time worker_store_asked_at(const struct releve_store *store, uint64_t permit);
releve_time worker_store_last_asked_at(const struct releve_store *store, unsigned bucket);

/* --- worker_store.c: connections to the masters of the store, and news ------------------------------------------ */

struct releve_store *worker_store_open(struct worker *worker);
/* The process is gone: whoever waits hears RELEVE_E_INTERRUPTED. What is on its way still happens where `dead_write`.
 */
void worker_store_close(struct releve_store *store, bool dead_write);
/* The memory is gone when nothing is on its way any more, or with the world's end. */
void worker_store_free(struct releve_store *store);
void worker_stores_end(struct simulation *simulation);
/* The connection to that shard: what had no reply is sent again, to whatever is its master. */
void worker_store_cut(struct releve_store *store, unsigned shard);
/* Until then it talks to what was the master of that shard; then it is cut. */
void worker_store_strand(struct releve_store *store, unsigned shard, int64_t until_us);
bool worker_store_is_quiet(const struct releve_store *store); /* nothing is without a reply */
/* News of the ledger, for whoever watches that bucket. */
void worker_store_hear(struct releve_store *store, unsigned bucket, int64_t wait_ms);

/* --- worker_transport.c: requests to the modelled upstream, and the dialect that they are written in --- */

extern const struct releve_transport_ops worker_transport_ops;
struct releve_transport *worker_transport_open(struct worker *worker);
void worker_transport_close(struct releve_transport *transport);
void worker_transport_free(struct releve_transport *transport);
void worker_transports_end(struct simulation *simulation);
unsigned worker_transport_in_flight(const struct releve_transport *transport);
/* Quota buckets are named by their number. */
void worker_dialect(const struct scenario *scenario, struct releve_dialect *dialect);
unsigned worker_bucket(const char *name);

/* --- worker.c: the machine --------------------------------------------------------------------------- */

releve_time worker_now(const struct worker *worker);
void worker_hosts_end(struct simulation *simulation);
/* A callback of the runtime is about to be called: it may lead to one more step. */
void worker_count_callback(struct worker *worker);

#endif
