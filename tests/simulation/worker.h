/* One worker process: a real core, and around it what engine/runtime does: a connection to the store on which replies
 * keep their order, permits, transfers with hard time-outs, a timer. It can be killed at any moment and starts again
 * with a new core. */
#ifndef RELEVE_SIMULATION_WORKER_H
#define RELEVE_SIMULATION_WORKER_H

#include "ledger_model.h"
#include "network_model.h"
#include "store_model.h"
#include <releve/core.h>

struct worker;
struct operation;
struct exchange;

/* All that the workers share. */
struct simulation {
    struct world world;
    struct scenario scenario;
    struct upstream upstream;
    struct store store;
    struct ledger_model ledgers[RELEVE_BUCKETS_MAX];
    struct worker *workers[SCENARIO_WORKERS_MAX];
    int64_t redis_paused_until_us;
    unsigned crashes;
    bool stopped; /* a core said that going on is pointless */
    uint64_t steps, sends, refused_asks, returned;
};

struct worker_bucket {
    uint64_t permit;
    int64_t asked_at_ms; /* before the grant, whenever the reply comes */
};

/* What a chunk under way is, for the checks. */
struct worker_chunk {
    bool sent, storing;
    size_t job;
    struct releve_span span;
};

struct worker {
    struct simulation *simulation;
    unsigned index;
    uint32_t life; /* how often it was started */
    bool alive, draining;
    int64_t origin_ms; /* of its clock */
    struct releve_core *core;
    struct releve_actions actions;
    struct worker_bucket buckets[RELEVE_BUCKETS_MAX];
    uint64_t token;
    size_t *jobs; /* numbers of those that it has; room for RELEVE_CORE_JOBS_MAX */
    size_t jobs_count;
    struct worker_chunk chunks[RELEVE_CORE_JOBS_MAX * 2];
    unsigned in_flight, storing;
    uint8_t **seen; /* as store.days: days that this core was told are final */

    /* the connection */
    uint32_t connection;
    struct operation *oldest, *newest; /* without a reply */
    struct operation *made;            /* all, for use again */
    bool dead_write;                   /* what the last core sent before it was killed still happens */
    int64_t last_done_us, last_reply_us, cut_until_us, last_news_us;
    struct exchange *exchanges; /* all that were ever made, for use again */

    /* the timer, and what shows that nothing spins */
    int64_t timer_us;
    uint64_t timer;
    int64_t moment_us;
    unsigned steps_at_moment, ticks_at_moment, returns_in_a_row;
};

struct worker *worker_new(struct simulation *simulation, unsigned index);
void worker_free(struct worker *worker);
void worker_start(struct worker *worker);
void worker_wake(struct worker *worker); /* there are jobs */
void worker_crash(struct worker *worker);
void worker_drain(struct worker *worker);
void worker_cut_connection(struct worker *worker); /* what had no reply is sent again */
void worker_hear_news(struct worker *worker, unsigned bucket, int64_t wait_ms);

/* --- between the files of a worker -------------------------------------------------------------------- */

/* Gives the event its time, lets the core take it and carries out what it wants. */
void worker_step(struct worker *worker, struct releve_event *event);

/* worker_perform.c: one action of the core, checked and carried out. */
void worker_perform(struct worker *worker, const struct releve_action *action);

/* worker_store.c: operations on the store, in their order. */
enum operation_type { OP_BEGIN, OP_ASK, OP_SETTLE, OP_RETURN, OP_CLOSE, OP_PUT, OP_LEARN, OP_FINISH };
struct operation {
    struct operation *next; /* that waits for its reply */
    struct operation *next_made;
    unsigned references; /* by the list above, and by events */
    uint32_t life;       /* of the worker that sent it */
    enum operation_type type;
    releve_handle handle;
    unsigned bucket, point;
    uint64_t permit;
    releve_time civil;
    struct releve_job job;            /* BEGIN, PUT */
    struct releve_point_facts facts;  /* LEARN; reply of BEGIN */
    struct releve_coverage coverage;  /* reply of BEGIN */
    struct releve_result result;      /* FINISH */
    struct releve_day_entry *entries; /* PUT; owned */
    size_t entries_count;
    int64_t wait_ms; /* CLOSE; reply of those about permits */
    bool failed;     /* reply: Redis refuses */
};
/* The caller fills in what the type needs, then sends it. */
struct operation *worker_make_operation(struct worker *worker, enum operation_type type);
void worker_send_operation(struct worker *worker, struct operation *operation);
void worker_drop_job(struct worker *worker, size_t number); /* it is not this worker's any more */
void worker_forget_operations(struct worker *worker);       /* nobody waits for their replies any more */
void worker_free_operations(struct worker *worker);

/* worker_exchange.c: requests to upstream. */
void worker_send_request(struct worker *worker, const struct releve_action *action, bool token);
void worker_free_exchanges(struct worker *worker);
int64_t worker_timeout_ms(const struct worker *worker, unsigned bucket);

#endif
