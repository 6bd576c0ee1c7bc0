/* An operation of a worker on the store: what is asked, what came of it, and the connection that it goes over. Shared
 * by operation.c (what it does), worker_store.c (its way there and back) and worker_store_ops.c (who asks for it). */
#ifndef RELEVE_SIMULATION_OPERATION_H
#define RELEVE_SIMULATION_OPERATION_H

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
    struct operation *next; /* that waits for its reply */
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
    bool failed; /* reply: Redis refuses */
    /* Where there are replicas. */
    uint64_t name; /* no other operation has it */
    unsigned shard;
    uint64_t node;    /* that carried it out */
    int64_t reach_us; /* when the replica has what it wrote */
    bool stale;       /* it came to a master that is none any more */
    bool held;        /* it was not acknowledged, or not heard, and is sent (again) later */
};

struct transit;

struct watched_bucket {
    void (*due)(void *data, const char *bucket, releve_time wait_ms); /* NULL: nobody watches */
    void *data;
    char name[RELEVE_BUCKET_BYTES];
    releve_time asked_at; /* last */
};

#define ASKED_REMEMBERED 4096 /* permits in flight and returned since: far fewer */

/* A struct releve_store is one life of a connection: one process. */
struct releve_store {
    LIST_ENTRY(releve_store) link;
    struct worker *worker;
    struct simulation *simulation;
    bool closed, dead_write;
    uint32_t connection;
    struct operation *oldest, *newest; /* without a reply */
    struct operation *made;            /* all, for use again */
    unsigned transits;                 /* events that refer to it */
    bool freed;                        /* the worker has let go */
    int64_t last_done_us, last_reply_us, cut_until_us, last_news_us;
    int64_t blocked_until_us; /* a WAIT is under way on it */
    struct transit *blocked;  /* what came meanwhile, in its order; owned */
    unsigned held;
    int64_t stale_until_us; /* it talks to the old master of that shard */
    unsigned stale_shard;
    struct watched_bucket buckets[RELEVE_BUCKETS_MAX];
    releve_time asked_at[ASKED_REMEMBERED]; /* by number */
};

static inline int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- worker_store.c ------------------------------------------------------------------------------------ */

/* A new one, or one that is over; its reply goes to `data`. */
struct operation *operation_make(struct releve_store *store, enum operation_type type, void *data);
void operation_send(struct releve_store *store, struct operation *operation);

/* --- operation.c --------------------------------------------------------------------------------------- */

/* Carries it out on the master of its shard; when its reply leaves. The reply is left in it where it is heard over this
 * connection. */
int64_t operation_carry_out(struct releve_store *store, struct operation *operation, bool heard);
/* It is about a part of the store that is away: nobody says no, and nobody says yes. */
bool operation_is_absent(const struct simulation *simulation, const struct operation *operation);
/* It is followed by WAIT; and what that answers. */
bool operation_waits(const struct simulation *simulation, const struct operation *operation);
bool operation_is_acknowledged(const struct simulation *simulation, const struct operation *operation);
/* The laws look at the reply; the runtime hears it. */
void operation_note_reply(struct worker *worker, const struct operation *operation);
void operation_call_back(const struct operation *operation, const struct releve_error *error);

#endif
