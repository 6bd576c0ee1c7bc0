/* What the runtime asks of Redis: what is known, days, what was learned, results, and the ledger.
 * Implemented by adapters/redis on hiredis's async interface; keys and JSON are those of DESIGN 4.
 *
 * Connection loss is the store's affair: it reconnects with growing delays and sends again what had no
 * reply (every operation here may be repeated without harm), so a callback comes late rather than
 * wrong. Each callback is called exactly once, never from within the call that names it; after
 * releve_store_close with code RELEVE_E_INTERRUPTED. A Redis error reply (out of memory, read-only)
 * gives RELEVE_E_REDIS and its text. */
#ifndef RELEVE_RUNTIME_STORE_H
#define RELEVE_RUNTIME_STORE_H

#include <releve/coverage.h>
#include <releve/error.h>
#include <releve/job.h>
#include <releve/point.h>
#include <releve/quota.h>
#include <releve/reading.h>
#include <releve/verdict.h>
#include <uv.h>

struct releve_store;

#define RELEVE_STORE_PREFIX_BYTES 64
#define RELEVE_WORKER_NAME_BYTES 96

struct releve_store_options {
    const char *url;    /* as RELEVE_REDIS; `embedded` is resolved by releve_embedded before */
    const char *prefix; /* of every key: "releve" */
    const char *worker; /* whose list the jobs are in (queue.h); NULL where they come from no queue */
    /* Called when the connection is lost (up false, why: one line) and when it is back. May be NULL. */
    void (*on_link)(void *data, bool up, const char *why);
    void *data;
};

/* Connects (name, password and database included) and checks that Redis answers; `ready` gets RELEVE_OK
 * or why not: what was tried, what came back. After a failure the store is still to be closed. */
typedef void (*releve_store_ready)(void *data, const struct releve_error *error);
enum releve_code releve_store_open(struct releve_store **store, uv_loop_t *loop,
                                   const struct releve_store_options *options, releve_store_ready ready, void *data,
                                   struct releve_error *error);
void releve_store_close(struct releve_store *store, void (*closed)(void *data), void *data);

/* Whether Redis keeps what it is given when it is restarted: a condition of the quota's guarantee. False where it said,
 * when it was last connected to, that it has neither an append-only file nor save points. Known from `ready` on; true
 * before, and where Redis does not let itself be asked. */
bool releve_store_is_durable(const struct releve_store *store);

typedef void (*releve_store_done)(void *data, const struct releve_error *error);

/* --- what is known --------------------------------------------------------------------------- */

typedef void (*releve_store_known)(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                                   const struct releve_point_facts *facts);

/* Coverage of the job's span (states . c p h w; a day whose recheck_after lies before `now` is missing)
 * and the facts of its usage point. Marks the job as running where job->id is not "". */
void releve_store_begin(struct releve_store *store, const struct releve_job *job, releve_time now,
                        releve_store_known known, void *data);

/* Two workers never ask for the same days at the same moment: the days of a chunk are claimed before it is sent. */
enum releve_claim {
    RELEVE_CLAIM_GRANTED,
    RELEVE_CLAIM_BUSY, /* another claim overlaps: its days will be there, or free again, soon */
    RELEVE_CLAIM_KNOWN /* the first or the last day has been stored meanwhile */
};

/* A claim that is never given up (a crash) ends by itself. Longer than an answer and its storing usually take; where
 * they take longer, the days may be asked for twice, as after any failure. */
#define RELEVE_CLAIM_LIFE_MS (15 * RELEVE_SECOND_MS)

/* `coverage` has the states of `span` where the claim was refused; all missing else. */
typedef void (*releve_store_claimed)(void *data, const struct releve_error *error, enum releve_claim claim,
                                     const struct releve_coverage *coverage);

/* Claims `span` of the job's usage point and kind under the unique name `claim`. Where its first day may be known
 * already
 * (`open_start`) only the last one counts; a job that refreshes wants days that are known, too. */
void releve_store_claim(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                        bool open_start, const char *claim, releve_time now, releve_store_claimed claimed, void *data);

/* Call it when releve_store_put_days is done: the days have to be there when the claim is gone. */
void releve_store_unclaim(struct releve_store *store, releve_prm prm, enum releve_kind kind, const char *claim,
                          releve_store_done done, void *data);

/* --- what was obtained ------------------------------------------------------------------------ */

struct releve_day_batch {
    releve_prm prm;
    enum releve_kind kind;
    const char *source;  /* "2026" or "v5" */
    const char *quality; /* "BRUT", ... */
    releve_time fetched_at;
    const struct releve_day_entry *entries;
    size_t count;
};

/* Writes all days of the batch in one transaction. The batch may go when the call returns. */
void releve_store_put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                           void *data);

/* Merges what is set in `facts` into releve:point:<prm>: an activation, a consent start, absent kinds, a
 * refusal. Each is stamped with `now`. `refuted` is learned alone, and removes refusals. */
void releve_store_learn(struct releve_store *store, releve_prm prm, const struct releve_point_facts *facts,
                        releve_time now, releve_store_done done, void *data);

/* Job hash, result stream, reply lists, and out of the worker's list, in one transaction; nothing where the job had
 * ended before, or is another worker's by now. */
void releve_store_finish(struct releve_store *store, const struct releve_result *result, releve_store_done done,
                         void *data);

/* Puts the job into the queue of its class; nothing where its id is known. */
void releve_store_enqueue(struct releve_store *store, const struct releve_job *job, releve_store_done done, void *data);

/* Forgets a job that is under way and will not be ended: as if it had never been. */
void releve_store_forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data);

/* Calls `each` for every stored day of the span, ascending, with its JSON (valid in the call only), then
 * `done`. */
typedef void (*releve_store_each_day)(void *data, releve_day day, const char *json, size_t json_bytes);
void releve_store_read_days(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_span span,
                            releve_store_each_day each, releve_store_done done, void *data);

/* --- the ledger (law 1) ----------------------------------------------------------------------- */

#define RELEVE_PERMIT_ID_BYTES 40
#define RELEVE_BUCKET_BYTES 96

/* How long a permit occupies the ledger where its request is never heard of again. The request itself
 * must be over by then: the runtime gives it less. */
#define RELEVE_PERMIT_LIFE_MS (40 * RELEVE_SECOND_MS)

/* A permit was granted (wait_ms == 0), or it will be worth asking again in wait_ms. */
typedef void (*releve_store_permit)(void *data, const struct releve_error *error, releve_time wait_ms);

/* Asks for the right to send one request. `permit_id` is unique; asking twice with one id is one permit. Where an
 * `urgent` asker is refused, the next permit is kept for him; of ten in a row at least one goes to others. */
void releve_store_permit_ask(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                             bool urgent, const char *permit_id, releve_store_permit reply, void *data);

/* The first byte of the answer was seen: the request has arrived by now. The reply says when the next
 * permit is due (0: now). */
void releve_store_permit_settle(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                const char *permit_id, releve_store_permit reply, void *data);

/* The permit was not used: nothing was sent. */
void releve_store_permit_return(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                const char *permit_id, releve_store_permit reply, void *data);

/* Nobody gets a permit of that bucket for the next wait_ms (a later end that is set already stays). */
void releve_store_bucket_close(struct releve_store *store, const char *bucket, releve_time wait_ms,
                               releve_store_done done, void *data);

/* `due` is called when the moment that refused askers of the bucket were told has come nearer (another worker's
 * permit landed early or was given back) or farther (the bucket was closed): ask again in wait_ms. Also with 0
 * whenever the subscription begins anew, as news may have been missed: it is a hint to ask, never a permit.
 * The same bucket again replaces `due` and `data`. At most 32 buckets; until releve_store_close. */
void releve_store_watch_bucket(struct releve_store *store, const char *bucket,
                               void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data);

/* How full each window of the bucket is, and when the next permit is due. */
struct releve_ledger_usage {
    uint32_t used[RELEVE_QUOTA_WINDOWS_MAX];
    releve_time next_ms;   /* 0: at once */
    releve_time closed_ms; /* how long the bucket stays closed; 0: open */
};
typedef void (*releve_store_usage)(void *data, const struct releve_error *error,
                                   const struct releve_ledger_usage *usage);
void releve_store_bucket_usage(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                               releve_store_usage reply, void *data);

/* The permits that count in the bucket now: when each is over, in ms from now (later than now for those in flight),
 * ascending; valid in the call only. For releve_quota_makespan_ms. */
typedef void (*releve_store_permits)(void *data, const struct releve_error *error, const releve_time *over_ms,
                                     size_t count);
void releve_store_bucket_permits(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                 releve_store_permits reply, void *data);

/* --- whose data it is ---------------------------------------------------------------------------- */

/* What upstream the data under this prefix came from: `upstream` is kept where none was known (and only looked at where
 * it is NULL); `bound` in the reply is the one that is known then, NULL for none. Simulated days must never pass for
 * real. */
typedef void (*releve_store_bound)(void *data, const struct releve_error *error, const char *bound);
void releve_store_bind(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data);

/* A number that no other process of this prefix has: 1, 2, ... */
typedef void (*releve_store_number)(void *data, const struct releve_error *error, uint64_t number);
void releve_store_number_process(struct releve_store *store, releve_store_number reply, void *data);

/* --- for people --------------------------------------------------------------------------------- */

/* Queues, workers, how the latest jobs ended: one JSON object, valid in the call only (NULL with an error). Members:
 * queues {high, normal, low, dead}; workers [{name, age_ms, jobs, running [{id, prm, kind}]}]; ended {state: how many
 * of the latest 1000}; failures [{id, prm, kind, state, error, finished_at}]; dead [error]. Empty lists are left out.
 */
typedef void (*releve_store_text)(void *data, const struct releve_error *error, const char *text);
void releve_store_overview(struct releve_store *store, releve_store_text reply, void *data);

#endif
