/* The runtime: runs jobs, through Redis and within the quota. What it needs from outside is handed to it: the
 * simulation brings a world of its own, adapters/library the real one. A host program has releve/engine.h, which is
 * that.
 *
 * Everything happens on one thread, that of the loop behind `io`. Strings in the options are copied. */
#ifndef RELEVE_RUNTIME_H
#define RELEVE_RUNTIME_H

#include <releve/core.h>
#include <releve/error.h>
#include <releve/job.h>
#include <releve/quota.h>

#define RELEVE_UPSTREAM_BYTES 257 /* longest base URL, NUL included */

struct releve_runtime;
struct releve_service; /* engine/runtime/dialect.h: a usage point and its kinds */
struct releve_io;      /* engine/runtime/io.h: clock, Redis, HTTP and the dialect, as tables of functions */

struct releve_runtime_options {
    const char *upstream; /* production, sandbox or a base URL without a user, shorter than RELEVE_UPSTREAM_BYTES */
    const char *client_id, *client_secret;
    const char *token; /* for an upstream that gives none: the one to use; else NULL */
    struct releve_quota quota;
    struct releve_keep keep;
    unsigned concurrency; /* 1..RELEVE_CONCURRENCY_MAX */
    bool queued;          /* jobs come from a queue and stay in the worker's list until their result is written: it is
                           * written until it stands */
    bool keeps_nothing;   /* no day is asked for, so the data in Redis stay whosever they are */
    bool patient;         /* never stops for an upstream that gives no token or cannot be reached */

    /* Passed to each of the following, none of which is called from within a function of this header. Those that are
     * not marked may be NULL. From within any of them every function of this header but releve_runtime_free may be
     * called. */
    void *data;
    /* Required. Called once: it works, with RELEVE_OK; or why it cannot (RELEVE_E_CONFIG: the data in Redis are another
     * upstream's; RELEVE_E_REDIS). Close it all the same. */
    void (*ready)(void *data, const struct releve_error *error);
    /* Required. The next job, whenever there is room for one: false where there is none (say so with
     * releve_runtime_wake when there is one again). */
    bool (*next)(void *data, struct releve_job *job);
    /* Required. A job ended and its result is in Redis (error->code RELEVE_OK) or could not be written. */
    void (*ended)(void *data, const struct releve_result *result, const struct releve_error *error);
    /* A job that is not done and will not be, as the runtime drains: what it came to so far. */
    void (*given_back)(void *data, const struct releve_result *so_far);
    /* Required. Nothing is under way and `next` has nothing. May be called more than once. */
    void (*idle)(void *data);
    /* Required. Going on is pointless (credentials refused, no token to be had); it drains, then `idle`. */
    void (*stopped)(void *data, const struct releve_error *error);
    /* What releve_runtime_ask_authorization came to: each usage point once, none where there is none. */
    void (*authorized)(void *data, const struct releve_service *services, size_t count);
    /* Something that people want to know. */
    void (*notice)(void *data, const struct releve_action *action);
    /* Redis answered and refused something (out of memory, read-only): one line. */
    void (*refused)(void *data, const char *why);
};

/* Looks whose data Redis holds, then pulls jobs; `ready` follows. `io` is copied; what it points to is the caller's.
 * Errors: RELEVE_E_CONFIG (the upstream is no such URL). */
enum releve_code releve_runtime_open(struct releve_runtime **runtime, const struct releve_runtime_options *options,
                                     const struct releve_io *io, struct releve_error *error);

/* Asks who of these usage points has which of the measures among `kinds`, before the first job is pulled: what is not
 * there costs no request then. Where fewer than `least` of them are news, where the dialect has no such request and
 * where it is refused, jobs begin at once. No news is who has the day `newest` of all of them. Once, from within
 * `ready`; `prms` is copied. */
#define RELEVE_PREFLIGHT_POINTS_MIN 10 /* fewer are not worth a request that nobody asked for */
void releve_runtime_preflight(struct releve_runtime *runtime, const releve_prm *prms, size_t count, releve_kinds kinds,
                              releve_day newest, size_t least);

/* Asks which usage points a customer's authorization is about, and keeps which kinds they have; `authorized` follows,
 * or `idle` alone where upstream does not tell (a notice says why). Instead of a preflight; where the dialect has no
 * such request it is an error of the caller. */
void releve_runtime_ask_authorization(struct releve_runtime *runtime, uint64_t authorization);

/* Asks for a token, whether there is something to ask or not: `idle` follows, or `stopped`. From within `ready`. Where
 * the token is given, nothing is asked. */
void releve_runtime_ask_token(struct releve_runtime *runtime);

/* `next` has something again: it is asked soon. */
void releve_runtime_wake(struct releve_runtime *runtime);

/* No new requests; what is in flight ends and is stored; then `idle`. */
void releve_runtime_drain(struct releve_runtime *runtime);

/* The end, at once: calls nobody any more. What is under way in the parts of `io` still calls back into the runtime, so
 * close them next, the transport first: a request that it breaks off is settled with the store. Give the memory back
 * with releve_runtime_free when they are closed. */
void releve_runtime_close(struct releve_runtime *runtime);
void releve_runtime_free(struct releve_runtime *runtime);

struct releve_core_view releve_runtime_look(const struct releve_runtime *runtime);

/* See releve_core_count_held_up. */
void releve_runtime_count_held_up(const struct releve_runtime *runtime, size_t counts[RELEVE_CLASSES]);

/* How far upstream's clock (the Date header of its latest answer that has one, in whole seconds) is ahead of the clock
 * here, in ms. False, and 0, where no answer had one. */
bool releve_runtime_upstream_clock(const struct releve_runtime *runtime, releve_time *ahead_ms);

/* A new job id: 24 hexadecimal digits. */
void releve_job_id_new(char id[RELEVE_JOB_ID_BYTES]);

#endif
