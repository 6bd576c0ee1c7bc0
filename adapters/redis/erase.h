/* Everything that Redis holds of a usage point, counted or erased (docs/operations.md, Erasing a usage point). */
#ifndef RELEVE_REDIS_ERASE_H
#define RELEVE_REDIS_ERASE_H

#include <adapters/redis/store.h>
#include <releve/usage_point.h>

#define RELEVE_SWEEP_POINTS_MAX 100 /* usage points in one sweep: each text is searched for each of them */

enum releve_trace {
    RELEVE_TRACE_DAYS,
    RELEVE_TRACE_DOCUMENTS,
    RELEVE_TRACE_JOBS,     /* hashes, and notes of the latest job of a series */
    RELEVE_TRACE_MESSAGES, /* in queues, on their way out of them, buried, in the lists of dead workers */
    RELEVE_TRACE_RESULTS,  /* entries of the stream */
    RELEVE_TRACE_FACTS,    /* 1 where something was learned of it */
    RELEVE_TRACE_CLAIMS,   /* that have run out */
    RELEVE_TRACES_ERASED,  /* up to here: what is erased. The others say that somebody works on it */
    RELEVE_TRACE_RUNNING = RELEVE_TRACES_ERASED, /* jobs that living workers hold */
    RELEVE_TRACE_ASKED,                          /* kinds whose days are being asked for */
    RELEVE_TRACES
};

/* "days": as in the reply of the scripts, and in JSON. */
const char *releve_trace_name(enum releve_trace trace);

/* How many of each. Where Redis resizes its table meanwhile, a key may be counted twice when it is looked at. */
struct releve_traces {
    uint64_t of[RELEVE_TRACES];
};

enum releve_sweep {
    RELEVE_SWEEP_LOOK, /* counts what is there, changes nothing */
    RELEVE_SWEEP_ERASE /* counts what it erases; RUNNING and ASKED stay as they are */
};

/* Goes through everything under the prefix once, in steps. `prms` (each once) and `traces` (one for each of them) are
 * the caller's, and stay until `done`. */
void releve_store_sweep(struct releve_store *store, const releve_prm *prms, size_t prms_count, enum releve_sweep mode,
                        struct releve_traces *traces, releve_store_done done, void *data);

#endif
