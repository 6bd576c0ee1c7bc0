/* What the runtime keeps between callbacks. Seen by the files of engine/runtime only.
 *
 *   libuv timer, store replies, transfers ──event──> core ──actions──> store, transport, callbacks of the user */
#ifndef RELEVE_RUNTIME_STATE_H
#define RELEVE_RUNTIME_STATE_H

#include "dialect.h"
#include "store.h"
#include "transport.h"
#include <releve/runtime.h>

/* The part of a permit's life that is kept back for what the request may still spend on the way. */
#define PERMIT_SLACK_MS (2 * RELEVE_SECOND_MS)
#define RESULT_AGAIN_MS (10 * RELEVE_SECOND_MS) /* before a result that Redis refused is written again */
/* A permit whose grant came so late that less is left for the transfer is returned. */
#define TRANSFER_TIMEOUT_MIN_MS (10 * RELEVE_SECOND_MS)

/* One quota bucket: the permit that is being asked for, or was granted and not used yet. */
struct bucket {
    struct releve_runtime *runtime;
    char name[RELEVE_BUCKET_BYTES];
    char permit[RELEVE_PERMIT_ID_BYTES];
    releve_time asked_at_ms; /* before the grant, whenever the reply comes */
    struct releve_runtime_usage usage;
    bool usage_asked;
};

struct releve_runtime {
    uv_loop_t *loop;
    struct releve_runtime_options options; /* strings owned */
    const struct releve_dialect *dialect;
    struct releve_core *core;
    struct releve_store *store;
    struct releve_transport *transport;
    struct releve_actions actions;
    uv_timer_t timer, again;   /* again: results that Redis refused */
    struct reference *refused; /* of those */
    uv_async_t wake;
    struct bucket buckets[RELEVE_BUCKETS_MAX];
    unsigned buckets_count;
    unsigned bucket_of[RELEVE_KINDS];
    struct exchange *answering; /* whose answer the core is taking */
    struct exchange *unsent;    /* requests that failed before they were sent */
    uint64_t permits;           /* ids given out */
    uint64_t id;                /* of this process, in permit ids */
    char token[RELEVE_TOKEN_BYTES];
    unsigned notes; /* writes without an event: what was learned, closed, settled, returned */
    bool ready, stepping, pulling, closing;
    void (*on_ready)(void *data, const struct releve_error *error);
    unsigned open_handles; /* handles and parts that are still to be closed */
    void (*on_closed)(void *data);
    void *closed_data;
};

/* --- runtime.c ----------------------------------------------------------------------------------- */

/* Gives the event its time, lets the core take it and carries out what it wants. */
void releve_runtime_step(struct releve_runtime *runtime, struct releve_event *event);
/* A write that no event follows was answered: tells people of a refusal, and whoever waits for the end. */
void releve_runtime_noted(struct releve_runtime *runtime, const struct releve_error *error);

/* --- perform.c: one action of the core, carried out ------------------------------------------------ */

void releve_runtime_perform(struct releve_runtime *runtime, const struct releve_action *action);
/* Forgets the results that Redis refused: the runtime closes. */
void releve_runtime_drop_refused(struct releve_runtime *runtime);

/* --- exchange.c: permits and the requests that they are for ------------------------------------------ */

void releve_runtime_ask(struct releve_runtime *runtime, unsigned bucket, bool urgent);
void releve_runtime_return(struct releve_runtime *runtime, unsigned bucket);
void releve_runtime_send_token(struct releve_runtime *runtime, unsigned bucket);
void releve_runtime_send(struct releve_runtime *runtime, const struct releve_action *action);
/* Days of the answer that the core is taking are about to be stored: the claim on them passes to whoever waits for
 * that, and releve_runtime_unclaim ends it. "" where there is none. */
void releve_runtime_hand_over_claim(struct releve_runtime *runtime, char claim[RELEVE_PERMIT_ID_BYTES]);
void releve_runtime_unclaim(struct releve_runtime *runtime, releve_prm prm, enum releve_kind kind, const char *claim);
/* Tells the core of one request that could not be sent; false where there is none. */
bool releve_runtime_tell_unsent(struct releve_runtime *runtime);

#endif
