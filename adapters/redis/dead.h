/* Messages that were no jobs (docs/redis.md, Dead messages): looked at, put back into a queue, or dropped. */
#ifndef RELEVE_REDIS_DEAD_H
#define RELEVE_REDIS_DEAD_H

#include <adapters/redis/store.h>
#include <releve/job.h>

#define RELEVE_DEAD_ID_CHARACTERS 12 /* hexadecimal digits: the beginning of the SHA-1 of what stands in the list */
#define RELEVE_DEAD_IDS_MAX 100      /* in one command */

enum releve_dead_operation { RELEVE_DEAD_LOOK, RELEVE_DEAD_REQUEUE, RELEVE_DEAD_DROP };

/* What became of one. */
enum releve_dead_fate {
    RELEVE_DEAD_FOUND,    /* LOOK: it is there */
    RELEVE_DEAD_REQUEUED, /* it lies in its queue, and is no longer among the dead */
    RELEVE_DEAD_DROPPED,
    RELEVE_DEAD_KEPT, /* REQUEUE: what is kept of it is not what was pushed, so it stays */
    RELEVE_DEAD_FATES
};

/* The caller's, and stays until `done`. */
struct releve_dead_request {
    enum releve_dead_operation operation;
    const char *const *ids; /* of those that it is about ... */
    size_t ids_count;       /* ... 0: of all, */
    uint64_t oldest;        /* of so many, the oldest ones; 0: of as many as there are at the beginning */
    bool has_class;         /* REQUEUE: into the queue of `class_`; else into that which each came from */
    enum releve_class class_;
};

/* `json` as it stands in the list. Valid in the call only. */
typedef void (*releve_store_each_dead)(void *data, const char *id, enum releve_dead_fate fate, const char *json,
                                       size_t json_bytes);

/* Calls `each` for each message that it is about, newest first, equal ones each on its own; then `done`. In steps, so
 * that Redis answers others in between; what is buried meanwhile is left alone. */
void releve_store_dead(struct releve_store *store, const struct releve_dead_request *request,
                       releve_store_each_dead each, releve_store_done done, void *data);

#endif
