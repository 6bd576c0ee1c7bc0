/* Redis as a store: what engine/runtime/store.h asks for, and what only commands ask. */
#ifndef RELEVE_REDIS_STORE_H
#define RELEVE_REDIS_STORE_H

#include <adapters/redis/record.h>
#include <adapters/redis/url.h>
#include <engine/runtime/meter.h>
#include <engine/runtime/store.h>
#include <uv.h>

#define RELEVE_WORKER_NAME_BYTES 96

/* What the runtime asks: each function below whose name is there. */
extern const struct releve_store_ops releve_redis_store_ops;

struct releve_store_options {
    const struct releve_redis_url *redis; /* not EMBEDDED: releve_embedded_start comes before */
    const char *prefix;                   /* of every key: "releve"; 1 to RELEVE_PREFIX_BYTES - 1 characters */
    const char *worker;                   /* whose list the jobs are in (queue.h); NULL: they come from no queue */
    bool impatient; /* somebody waits for the end: what too few replicas have is refused after a while (nodes.h) */
    /* Called when the connection is lost (up false, why: one line) and when it is back. May be NULL. */
    void (*on_link)(void *data, bool up, const char *why);
    /* Called when a permit that counts is missing in Redis: it has forgotten what was sent in that bucket. Nobody gets
     * a permit for closed_ms, when all of it is out of every window. May be NULL. */
    void (*on_forgotten)(void *data, const char *bucket, releve_time closed_ms);
    /* Of a cluster that is not complete at the beginning, or does not serve yet: called once, with one line that says
     * what is waited for and for how long, where it takes longer than RELEVE_CLUSTER_SAY_MS. May be NULL. */
    void (*on_wait)(void *data, const char *line);
    bool begins_with_queue; /* of a cluster no other master has to be there at the beginning (nodes.h) */
    releve_time start_ms;   /* how long that is waited for; 0: RELEVE_CLUSTER_START_MS */
    void *data;
};

/* The library: "hiredis 0.14.1". */
const char *releve_store_version(void);

/* Connects (name, password and database included) and checks that Redis answers; `ready` gets RELEVE_OK or why not:
 * what was tried, what came back. After a failure the store is still to be closed. */
typedef void (*releve_store_ready)(void *data, const struct releve_error *error);
struct releve_store *releve_store_open(uv_loop_t *loop, const struct releve_store_options *options,
                                       releve_store_ready ready, void *data);
/* Ends when Redis has answered what was asked, or after RELEVE_STORE_END_MS; at once where it is not connected (of a
 * cluster, to no master). What has no reply by then gets RELEVE_E_INTERRUPTED. It may still be asked by what is closed
 * beside it: a transport tells then which requests it broke off, and their permits are settled. `closed` is called when
 * the memory is gone. */
#define RELEVE_STORE_END_MS (1 * RELEVE_SECOND_MS)
void releve_store_close(struct releve_store *store, void (*closed)(void *data), void *data);

/* How long Redis took to answer, since the store was opened: as this process sees it. */
const struct releve_latencies *releve_store_latencies(const struct releve_store *store);

/* Whether Redis keeps what it is given when it is restarted: a condition of the quota's guarantee. False where it said,
 * when it was last connected to, that it has neither an append-only file nor save points. Known from `ready` on; true
 * before, and where Redis does not let itself be asked. */
bool releve_store_is_durable(const struct releve_store *store);

/* Redis answers; of a cluster, each node that is in use. */
bool releve_store_is_up(const struct releve_store *store);

/* --- as in struct releve_store_ops --------------------------------------------------------------------- */

void releve_store_bind(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data);
void releve_store_number_process(struct releve_store *store, releve_store_number reply, void *data);
void releve_store_begin(struct releve_store *store, const struct releve_job *job, releve_time now,
                        releve_store_known known, void *data);
void releve_store_claim(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                        enum releve_claim_ends ends, struct releve_permit claim, releve_time now,
                        releve_store_claimed claimed, void *data);
void releve_store_unclaim(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_permit claim,
                          releve_store_done done, void *data);
void releve_store_put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                           void *data);
void releve_store_learn(struct releve_store *store, releve_prm prm, const struct releve_lesson *lesson, releve_time now,
                        releve_store_done done, void *data);
void releve_store_services_due(struct releve_store *store, const releve_prm *prms, size_t count, releve_kinds kinds,
                               releve_day newest, releve_time now, releve_store_due reply, void *data);
void releve_store_put_services(struct releve_store *store, const struct releve_service *services, size_t count,
                               releve_time now, releve_store_done done, void *data);
void releve_store_finish(struct releve_store *store, const struct releve_result *result, releve_store_done done,
                         void *data);
void releve_store_forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data);
void releve_store_permit_ask(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                             bool urgent, struct releve_permit permit, releve_store_permit reply, void *data);
void releve_store_permit_settle(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                struct releve_permit permit, releve_time way_ms, releve_store_permit reply, void *data);
void releve_store_permit_return(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                struct releve_permit permit, releve_store_permit reply, void *data);
void releve_store_bucket_close(struct releve_store *store, const char *bucket, releve_time wait_ms,
                               releve_store_done done, void *data);
void releve_store_bucket_usage(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                               releve_store_usage reply, void *data);
/* At most 32 buckets; the same one again replaces `due` and `data`. */
void releve_store_bucket_watch(struct releve_store *store, const char *bucket,
                               void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data);

/* --- what is away ------------------------------------------------------------------------------------- */

/* Of a cluster, whether the master that has it is not known to be away; of one Redis, whether it is connected. What is
 * asked although it is away is answered when it is back. */
bool releve_store_serves_queue(struct releve_store *store);
bool releve_store_serves_bucket(struct releve_store *store, const char *bucket);
bool releve_store_serves_point(struct releve_store *store, releve_prm prm);

/* The master that has the queue is there, and another one of the cluster is known to be away. */
bool releve_store_is_partly_away(struct releve_store *store);

/* The address of the `i`th master of a cluster that is known to be away; false: there are no more, or there is one
 * Redis only. */
bool releve_store_away(struct releve_store *store, size_t i, char out[RELEVE_REDIS_SEED_TEXT]);

/* --- for commands -------------------------------------------------------------------------------------- */

/* As releve_store_bind with NULL, without a look for names of 0.1.0, which are at another node perhaps. */
void releve_store_bound_to(struct releve_store *store, releve_store_bound reply, void *data);

/* The data under this prefix count as those of `upstream` from now on, whosever they were; `bound` in the reply is what
 * was kept before, NULL for nothing. A bind that comes later, of whatever process, finds this. */
void releve_store_adopt(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data);

/* What is known now, for who looks and rests nothing on it: as `begin`, but no job begins, and what replicas have not
 * is in it too. */
void releve_store_look_up(struct releve_store *store, const struct releve_job *job, releve_time now,
                          releve_store_known known, void *data);

/* Puts the job into the queue of its class. `queued` is false where it was left out: its id is known or, with MISSING,
 * the latest job that was queued so for its usage point and kind still waits or runs. */
enum releve_enqueue { RELEVE_ENQUEUE_ALWAYS, RELEVE_ENQUEUE_MISSING };
typedef void (*releve_store_queued)(void *data, const struct releve_error *error, bool queued);
void releve_store_enqueue(struct releve_store *store, const struct releve_job *job, enum releve_enqueue when,
                          releve_store_queued queued, void *data);

/* How far a job is: the state of docs/redis.md; NULL where nothing is known of it, or with an error. Valid in the call
 * only. */
typedef void (*releve_store_text)(void *data, const struct releve_error *error, const char *text);
void releve_store_job_state(struct releve_store *store, const char *id, releve_store_text reply, void *data);

/* Calls `each` for every stored day of the span, ascending, with its JSON (valid in the call only), then `done`. */
typedef void (*releve_store_each_day)(void *data, releve_day day, const char *json, size_t json_bytes);
void releve_store_read_days(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_span span,
                            releve_store_each_day each, releve_store_done done, void *data);

/* Looks at the days of `span` that `coverage` has as missing: RELEVE_E_REDIS names the first whose key holds something
 * of another type, which counts as missing everywhere else. */
void releve_store_check_days(struct releve_store *store, releve_prm prm, enum releve_kind kind,
                             const struct releve_coverage *coverage, struct releve_span span, releve_store_done done,
                             void *data);

/* Calls `each` for every usage point that there are facts or days of, in no order, many times for some, until it
 * returns false; then `done`. Keys that come or go meanwhile may be missed. */
typedef bool (*releve_store_each_point)(void *data, releve_prm prm);
void releve_store_known_points(struct releve_store *store, releve_store_each_point each, releve_store_done done,
                               void *data);

/* All that is remembered of a usage point; valid in the call only (NULL with an error: also where its key is of another
 * type). */
typedef void (*releve_store_recalled)(void *data, const struct releve_error *error,
                                      const struct releve_point_record *record);
void releve_store_recall(struct releve_store *store, releve_prm prm, releve_store_recalled recalled, void *data);

/* The permits that count in the bucket now: when each is over, in ms from now (later than now for those in flight),
 * ascending; valid in the call only. For releve_quota_makespan_ms. */
typedef void (*releve_store_permits)(void *data, const struct releve_error *error, const releve_time *over_ms,
                                     size_t count);
void releve_store_bucket_permits(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                 releve_store_permits reply, void *data);

/* Queues, workers, how the latest jobs ended: one JSON object, valid in the call only (NULL with an error). Members:
 * queues {high, normal, low, dead}; oldest {class: created_at of the message that waits longest}; workers [{name,
 * age_ms, jobs, running [{id, prm, kind}], pulse}]; commands [pulse]; starting [pulse of a worker that waits for Redis
 * at its start, with its name]; ended {state: how many of the latest 1000}; failures [{id, prm, kind, state, error,
 * finished_at, jobs: how many of the usage point failed so}]; dead [error]. A pulse is what releve_store_say_pulse was
 * given, with the member age_ms. Empty lists are left out. */
void releve_store_overview(struct releve_store *store, releve_store_text reply, void *data);

/* What one Redis says of itself, valid in the call only. */
struct releve_store_node {
    const char *name;    /* "127.0.0.1:7000"; "" where it is the only one */
    const char *info;    /* the lines of INFO */
    bool is_durable;     /* it keeps on disk what it is given, or did not say */
    const char *fsync;   /* its appendfsync; "" where it did not say */
    releve_time took_ms; /* the answers: what it says is of a moment within that time, which ends now */
};
typedef void (*releve_store_each_node)(void *data, const struct releve_store_node *node);

/* Asks the Redis that there is, or each master of a cluster, one after the other. */
void releve_store_each_info(struct releve_store *store, releve_store_each_node each, releve_store_done done,
                            void *data);

/* What a process says of itself: `json`, one object with a member "command", under a name of its own, which is a
 * worker's where it is one. Forgotten after RELEVE_PULSE_SILENT_MS without another one, or with NULL: it ends. For
 * people: nothing else depends on it. `counts` are added to the counters that all processes share: once,
 * however often this has to be sent, as each time that a process says something has a greater `number`, from 1. */
#define RELEVE_PULSE_SILENT_MS (30 * RELEVE_SECOND_MS)
struct releve_count {
    char name[RELEVE_METER_NAME_BYTES];
    uint64_t more;
};
void releve_store_say_pulse(struct releve_store *store, const char *name, uint64_t number, const char *json,
                            const struct releve_count *counts, size_t counts_count, releve_store_done done, void *data);

/* Calls `each` for each of those counters, in no order; then `done`. */
void releve_store_counters(struct releve_store *store, void (*each)(void *data, const char *name, uint64_t count),
                           releve_store_done done, void *data);

/* What was counted in the last day, in slots of 10 minutes since 1970: calls `each` for each count that is there, in no
 * order, with "<slot>:granted:<bucket>" or "<slot>:jobs:<state>" (a slot that has begun has one without a name too);
 * then `done`. Older slots may still be there. */
#define RELEVE_HISTORY_SLOT_MS (10 * RELEVE_MINUTE_MS)
#define RELEVE_HISTORY_SLOTS 144 /* a day; the running one comes on top */
void releve_store_history(struct releve_store *store, void (*each)(void *data, const char *name, uint64_t count),
                          releve_store_done done, void *data);

/* "500/1h": the windows that others ask with in the bucket, where `quota` is looser or has none such; "" where it is
 * the strictest. Those count that asked within their longest window. */
void releve_store_bucket_stricter(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                  releve_store_text reply, void *data);

#endif
