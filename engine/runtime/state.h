/* What the runtime keeps between callbacks, and how its files stand to each other. Seen by engine/runtime only.
 *
 *   store, transport ──callbacks──▶ events.c: post ──▶ queue ──▶ runtime.c: run ──▶ core: one step
 *        ▲                                                                             │ actions
 *        └───────────────────────── request.c ◀── perform.c ◀──────────────────────────┘
 *
 * Callbacks post, or count a write that no event follows; `run` alone steps the core, and only the alarm calls it. So
 * steps do not nest, and no file calls one that calls it. */
#ifndef RELEVE_RUNTIME_STATE_H
#define RELEVE_RUNTIME_STATE_H

#include "io.h"
#include "meter.h"
#include <releve/runtime.h>
#include <sys/queue.h>

/* One bucket's ledger, as this process sees it. */
struct ledger {
    struct releve_runtime *runtime;
    char bucket[RELEVE_BUCKET_BYTES];
};

/* What a callback is about: one for each job and for each chunk of the core, at the place of its handle, and one for
 * the token. The core has one operation of each under way at a time, so nothing is allocated for it. */
struct slot {
    struct releve_runtime *runtime;
    /* of the request that is under way */
    struct ledger *ledger;
    uint64_t permit;
    releve_time sent_at;
    bool arrived; /* it is known to have */
    bool counted; /* the days of its answer, in the meter */
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span span;
    enum releve_request request;
    struct posted *kept; /* the answer whose days are being stored, or that the next one adds to: until that is done, or
                          * the place is used again */
};

/* An event with all that it points to. */
struct posted {
    STAILQ_ENTRY(posted) link;
    struct releve_event event;
    struct releve_answer answer; /* owned */
    struct releve_error error;
    struct releve_coverage coverage;
    struct releve_point_facts facts;
};

STAILQ_HEAD(posted_list, posted);

/* The usage points of a preflight: first it is looked which of them are news, then those are asked about, a batch at a
 * time and of that page by page. */
struct roster {
    struct releve_service *points; /* those that are news move to the front; `kinds` as far as they are told */
    size_t count, looked, news;
    size_t least;           /* where fewer are news, nothing is asked */
    releve_prm *asked;      /* the batch as it is asked about */
    releve_kinds kinds;     /* that the jobs are about */
    releve_day newest;      /* the last day that they want */
    size_t first, batch;    /* of the news: those that are being asked about */
    uint64_t page, told;    /* services of the batch so far */
    uint64_t seen;          /* a digest of the page before */
    bool looking;           /* jobs wait for that */
    unsigned keeping;       /* writes of what was told: jobs begin behind them */
    bool more;              /* is to be asked when that is kept */
    uint64_t authorization; /* whose usage points are asked for: `points` is what was told then; 0: none */
};

struct releve_runtime {
    struct releve_runtime_options options; /* strings owned */
    struct releve_io io;
    struct releve_core *core;
    struct releve_actions actions;
    struct posted_list events, spare;
    struct posted *under_way; /* the event of the step that is being carried out; NULL: none, or it is kept */
    struct slot jobs[RELEVE_CORE_JOBS_MAX], chunks[RELEVE_CORE_CHUNKS_MAX], token_slot, preflight_slot;
    struct roster roster;
    struct ledger ledgers[RELEVE_BUCKETS_MAX];
    unsigned ledgers_count;
    unsigned ledger_of[RELEVE_KINDS], preflight_ledger;
    bool dated;                    /* some answer had a Date header: */
    releve_time upstream_ahead_ms; /* of the clock here, as of the latest one */
    uint64_t process;              /* this one's number, in the names of permits and claims */
    char token[RELEVE_TOKEN_BYTES];
    struct releve_meter meter;
    unsigned
        writes; /* that no event follows, and that have no reply yet: what was learned, closed, settled, returned */
    enum { RUNTIME_OPENING, RUNTIME_OPEN, RUNTIME_CLOSED } phase;
    bool running;
};

/* --- events.c: what comes from outside, until the core takes its next step --------------------------- */

/* Copies the event and all that it points to; an answer's readings become the queue's. Nothing where it is closed. */
void releve_runtime_post(struct releve_runtime *runtime, const struct releve_event *event);
/* The oldest event, to be given back; NULL where there is none. */
struct posted *releve_runtime_next_event(struct releve_runtime *runtime);
void releve_runtime_end_event(struct releve_runtime *runtime, struct posted *posted);
void releve_runtime_end_kept(struct releve_runtime *runtime, struct slot *slot);
void releve_runtime_drop_events(struct releve_runtime *runtime);

/* The callback of a write that no event follows; count it in `writes` when it is begun. Redis's refusal is reported. */
void releve_runtime_written(void *data, const struct releve_error *error);

/* --- request.c: permits, claims, and the requests that they are for ---------------------------------- */

void releve_request_ask(struct releve_runtime *runtime, const struct releve_action *action);
void releve_request_return(struct releve_runtime *runtime, const struct releve_action *action);
void releve_request_claim(struct releve_runtime *runtime, const struct releve_action *action);
void releve_request_unclaim(struct releve_runtime *runtime, const struct releve_action *action);
void releve_request_send(struct releve_runtime *runtime, const struct releve_action *action);
void releve_request_send_token(struct releve_runtime *runtime, const struct releve_action *action);
void releve_request_send_preflight(struct releve_runtime *runtime, const struct releve_action *action);

/* --- roster.c: the usage points of a preflight ---------------------------------------------------------------- */

void releve_roster_write(struct releve_runtime *runtime, struct releve_text *json);
/* What was told. PREFLIGHTED follows: behind the writes, where something is to be kept. The items stay the caller's. */
void releve_roster_take(struct releve_runtime *runtime, const struct releve_services *services);
void releve_roster_free(struct releve_runtime *runtime);

/* --- perform.c: one action of the core, carried out -------------------------------------------------- */

void releve_runtime_perform(struct releve_runtime *runtime, const struct releve_action *action);

#endif
