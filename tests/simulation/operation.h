/* An operation of a worker on the store: what is asked, what came of it, and the connections that it may go over.
 * Shared by operation.c (what it does), node_link.c (its way there and back), worker_store.c and worker_store_ops.c
 * (who asks for it). */
#ifndef RELEVE_SIMULATION_OPERATION_H
#define RELEVE_SIMULATION_OPERATION_H

#include "node_link.h"
#include "worker.h"

enum operation_type {
    OP_BIND,
    OP_NUMBER,
    OP_BEGIN,
    OP_CLAIM,
    OP_UNCLAIM,
    OP_ASK,
    OP_SETTLE,
    OP_RETURN,
    OP_CLOSE,
    OP_PUT,
    OP_LEARN,
    OP_FINISH,
    OP_FORGET
};

struct operation {
    struct operation *prev, *next; /* on its link */
    struct operation *next_made;
    unsigned references; /* by the list above, and by events */
    enum operation_type type;
    union {
        releve_store_done done;
        releve_store_known known;
        releve_store_claimed claimed;
        releve_store_permit permit;
        releve_store_bound bound;
        releve_store_number number;
    } reply;
    void *data;
    unsigned bucket, point;
    enum releve_kind kind;
    uint64_t permit; /* its name, the same all over the world */
    releve_time civil;
    struct releve_job job;            /* BEGIN */
    struct releve_span span;          /* CLAIM */
    enum releve_claim_ends ends;      /* CLAIM */
    struct releve_point_facts facts;  /* reply of BEGIN */
    struct releve_lesson lesson;      /* LEARN */
    struct releve_coverage coverage;  /* reply of BEGIN and CLAIM */
    struct releve_result result;      /* FINISH */
    struct releve_day_entry *entries; /* PUT; owned */
    size_t entries_count;
    int64_t wait_ms; /* CLOSE; reply of those about permits */
    uint64_t number; /* reply of NUMBER */
    enum releve_claim claim;
    int64_t claimed_us;
    bool failed;   /* reply: Redis refuses */
    uint64_t name; /* no other operation has it; grows: their order */
    bool held;     /* on no link; it is sent, or told what became of it, at a later moment */
    /* Where there are replicas. */
    uint64_t written; /* its number on its link among those that want them; 0: none (adapters/redis/waits.h) */
    bool answered;    /* Redis said something, and that is kept until replicas have it */
};

struct watched_bucket {
    void (*due)(void *data, const char *bucket, releve_time wait_ms); /* NULL: nobody watches */
    void *data;
    char name[RELEVE_BUCKET_BYTES];
    releve_time asked_at; /* last */
};

#define ASKED_REMEMBERED 4096 /* permits in flight and returned since: far fewer */

/* A struct releve_store is one life: one process. */
struct releve_store {
    LIST_ENTRY(releve_store) link;
    struct worker *worker;
    struct simulation *simulation;
    bool closed, dead_write;
    struct node_link links[REPLICATION_SHARDS_MAX]; /* one to each master; the first, where there are no shards */
    struct operation *made;                         /* all, for use again */
    unsigned transits;                              /* events that refer to it */
    bool freed;                                     /* the worker has let go */
    int64_t last_news_us;
    unsigned held;
    struct watched_bucket buckets[RELEVE_BUCKETS_MAX];
    releve_time asked_at[ASKED_REMEMBERED]; /* by number */
};

/* --- worker_store.c ------------------------------------------------------------------------------------ */

/* A new one, or one that is over; its reply goes to `data`. */
struct operation *operation_make(struct releve_store *store, enum operation_type type, void *data);
void operation_send(struct releve_store *store, struct operation *operation);
/* One way, there or back. */
int64_t operation_delay_us(struct simulation *simulation);
/* An event that refers to it is over. */
void worker_store_end_transit(struct releve_store *store);

/* --- operation.c --------------------------------------------------------------------------------------- */

/* Carries it out on the master of its shard, or on one that was; the reply is left in it where it is `heard`. */
void operation_carry_out(struct node_link *link, struct operation *operation, bool heard);
unsigned operation_shard(const struct simulation *simulation, const struct operation *operation);
/* It is about a part of the store that is away: nobody says no, and nobody says yes. */
bool operation_is_absent(const struct simulation *simulation, const struct operation *operation);
/* What it wants of replicas. */
enum releve_replicas operation_replicas(const struct simulation *simulation, const struct operation *operation);
/* The laws look at the reply; the runtime hears it. */
void operation_note_reply(struct worker *worker, const struct operation *operation);
void operation_call_back(const struct operation *operation, const struct releve_error *error);

#endif
