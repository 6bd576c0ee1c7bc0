/* The engine: fetches days of usage points into Redis, within the quota, on the loop of the program that it is part of.
 *
 *     releve_engine_open ──▶ ready ──▶ submit ──▶ ended, ended, ... ──▶ idle ──▶ releve_engine_close ──▶ closed
 *                    └──▶ stopped, where going on is pointless ────────────────────────┘
 *
 * What holds of all of it:
 *
 * - Thread. Everything happens on the thread that runs the loop: every function is called there, every callback comes
 *   from there. Different engines may be on loops of different threads; curl_global_init of a libcurl that is not
 *   thread-safe is then the program's to call first.
 * - Callbacks are never called from within a function of this header. From within any of them every function of it may
 *   be called, releve_engine_close too.
 * - Errors of the caller (a NULL that is not allowed, an engine that is closed already) end the process by assert; all
 *   others are values: a code, and in *error, which is never NULL, one line that says what was wrong. It names an
 *   option as people who use the releve command set it: CLIENT_ID and CLIENT_SECRET, RELEVE_UPSTREAM, RELEVE_REDIS,
 *   RELEVE_PREFIX and --adopt are client_id and client_secret, upstream, redis, prefix and adopt.
 * - Memory. What an option or an argument points to is copied: it may go when the call returns. What a callback gets
 *   belongs to the engine and is valid in the call only. Where memory runs out the process is aborted, after one line
 *   on stderr: what matters is in Redis, and the next start goes on from there.
 * - Nothing else is done to the process: nothing is printed, no exit is called, no signal is caught, no child is
 *   started. Two exceptions: SIGPIPE is ignored where it would end the process, and cJSON's hooks (cJSON_InitHooks) are
 *   the engine's, and do malloc and free for everybody else.
 * - Several engines may live in one process, also on one loop. Those that share Redis, prefix and client id share the
 *   quota, as all processes do that share them; what one has fetched the others do not ask for again.
 * - The loop does not end by itself while an engine is open: close it.
 *
 * What it guarantees: the quota (options.quota) is never exceeded, whatever dies or is delayed, as long as Redis keeps
 * its data; a day that is known is not asked for again; a job that was accepted comes back exactly once, by `ended` or
 * by `given_back`, unless the engine is closed before. docs/design.md has the laws, docs/redis.md what is in Redis. */
#ifndef RELEVE_ENGINE_H
#define RELEVE_ENGINE_H

#include <releve/api.h>
#include <releve/declare.h>
#include <releve/error.h>
#include <releve/job.h>
#include <releve/keep.h>
#include <releve/notice.h>
#include <releve/quota.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

RELEVE_DECLARE_BEGIN

struct releve_engine;

/* Something that people may want to know; nothing has to be done about it. */
struct releve_engine_notice {
    enum releve_notice type;
    enum releve_notice_level level;
    const char *text;                   /* one line, without a newline. Of a usage point it has the last digits only */
    const struct releve_job *job;       /* that it is about; NULL where it is about no job */
    const struct releve_reason *reason; /* what upstream said; NULL where it is about none */
    const char *said;        /* RELEVE_NOTICE_REDIS_*: what came from Redis, or from the connection; else NULL */
    struct releve_span span; /* RELEVE_NOTICE_ANSWERED: the days that were asked for; else empty */
    releve_time wait_ms;     /* after which it goes on; 0 where it does not wait */
};

/* Zeroed, then the members that are required: the others have a good default then. */
struct releve_engine_options {
    /* Required: "production", "sandbox" (Enedis's own), "conso", or a base URL, "http://127.0.0.1:8750": http or https,
     * host, port, path; no user, no query; at most 256 bytes. */
    const char *upstream;
    enum releve_api api; /* that it speaks; RELEVE_API_CONSO for "conso" */

    /* The application's credentials: required, but for RELEVE_API_CONSO. The id names the quota in Redis. They are
     * wiped from memory when the engine is closed. */
    const char *client_id, *client_secret;
    /* RELEVE_API_CONSO: the token that the customer was given: required there, else NULL. */
    const char *token;

    /* Required: "redis://[user:password@]host[:port][/db]", "unix://[user:password@]/path[?db=N]",
     * "redis+sentinel://[user:password@]host[:port][,host[:port]...]/NAME[/db]" or
     * "redis+cluster://[user:password@]host[:port][,host[:port]...]"; Redis 7 or newer. docs/operations.md says what
     * may stand behind "?". An embedded one is the releve command's alone: it starts processes. */
    const char *redis;
    /* What each key begins with: 1 to 48 letters, digits, and _ - . : ; NULL is "releve". The data under a prefix are
     * of one upstream: the first that used it. */
    const char *prefix;
    bool adopt; /* makes the data under the prefix this upstream's, whosever they were. Their days are mixed then */

    /* How long days are kept, the same for all programs of the prefix; NULL: for ever. Older ones are not asked for: a
     * job of nothing else ends as failed, with "not-kept". See releve_keep_parse. */
    const struct releve_keep *keep;
    const struct releve_quota *quota; /* NULL: RELEVE_QUOTA_ENEDIS or RELEVE_QUOTA_CONSO; see releve_quota_parse */
    unsigned concurrency; /* requests in flight: 1 to RELEVE_CONCURRENCY_MAX; 0: RELEVE_CONCURRENCY_DEFAULT */
    /* Waits for an upstream that gives no token or cannot be reached, however long, and for a Redis that refuses: for a
     * service. Else that ends in `stopped`, after minutes: for a program that somebody waits for. Refused credentials,
     * and a Redis that is not there at the beginning, end there anyway. */
    bool patient;
    releve_day today; /* for tests: which day it is in Paris; 0: the real one */

    /* Handed to each of the following. */
    void *data;
    /* It is connected, Redis's data are this upstream's, and jobs run from now on. Once at most. May be NULL. */
    void (*ready)(void *data);
    /* Required. A job ended: how, and (`written`, RELEVE_OK) its days and its result are in Redis. With RELEVE_E_REDIS
     * Redis did not take the result; its days are there all the same, or the result lists them as failed. */
    void (*ended)(void *data, const struct releve_result *result, const struct releve_error *written);
    /* A job that is not done and will not be, as the engine drains or stops. The counts are of what it came to so far,
     * which is in Redis; state and reason mean nothing. May be NULL. */
    void (*given_back)(void *data, const struct releve_result *so_far);
    /* Nothing is under way, nothing waits, and all is written. Comes whenever that begins to be so, also behind `ready`
     * where there is no job, and at the end of a drain; perhaps more than once. May be NULL. */
    void (*idle)(void *data);
    /* Required. Going on is pointless: what is in flight ends, jobs come back by `given_back`, then `idle`. Once at
     * most. Nothing is begun any more: close the engine, at once or when it is idle. A Redis that goes away later does
     * not end here: it is waited for (RELEVE_NOTICE_REDIS_GONE). The error says why, in one line:
     *
     * - RELEVE_E_REDIS: Redis is not there at the beginning, refuses name or password, or refuses to be written
     * - RELEVE_E_CONFIG: the data under the prefix are of another upstream; or
     *   another sort of Redis than RELEVE_REDIS says answers at the beginning
     * - RELEVE_E_CREDENTIALS: upstream refuses id and secret, or the token
     * - RELEVE_E_UPSTREAM: upstream cannot be reached or gives no token */
    void (*stopped)(void *data, const struct releve_error *error);
    /* May be NULL. */
    void (*notice)(void *data, const struct releve_engine_notice *notice);
};

/* Opens an engine on `loop`, which is the caller's, and begins to connect to Redis: `ready` or `stopped` follows. Jobs
 * may be submitted at once; they wait until it is ready.
 *
 * Returns RELEVE_OK and *engine, to be closed with releve_engine_close. Else *engine is NULL, nothing is left on the
 * loop, and *error says which option is wrong:
 *
 * - RELEVE_E_CONFIG: an option is missing, or no such thing
 * - RELEVE_E_SYSTEM: libcurl cannot be started */
enum releve_code releve_engine_open(struct releve_engine **engine, uv_loop_t *loop,
                                    const struct releve_engine_options *options, struct releve_error *error);

#define RELEVE_ENGINE_WAITING_MAX 16384 /* jobs that wait in the engine: 7 MB. A backlog beyond that waits outside */

/* Has the days of one kind of one usage point fetched, as far as they are not known. All members of *job are read:
 *
 * - prm: 0 to 99999999999999
 * - kind: below RELEVE_KINDS. One that this upstream does not have ends as failed, at once
 * - span: [first, end[ in civil days of Paris. `first` 0 is the oldest that upstream serves, `end` 0 is today. What
 *   upstream does not serve of it is cut. Of a document it is not looked at
 * - class_: RELEVE_HIGH where somebody waits for it, RELEVE_NORMAL, RELEVE_LOW. Of the jobs that wait here those of the
 *   higher class go first. Of those under way (1024 at most, 256 of them for RELEVE_HIGH alone) every class gets one
 *   request in ten at least
 * - refresh: ask for days that are known too
 * - id: "" for a new one; else 1 to 96 printable ASCII characters without a blank, which no other job has had
 * - reply_to: a Redis list that gets the result as JSON, besides `ended`; "" for none
 * - created_at: ms since 1970, UTC; 0 is now
 *
 * Returns RELEVE_OK, and in *accepted (may be NULL, may be job) the job as it will be done, with its id. Else nothing
 * was accepted:
 *
 * - RELEVE_E_USAGE: a member is wrong, or upstream serves none of these days
 * - RELEVE_E_SYSTEM: RELEVE_ENGINE_WAITING_MAX jobs wait already; submit it again when others ended
 * - RELEVE_E_INTERRUPTED: the engine drains or has stopped */
enum releve_code releve_engine_submit(struct releve_engine *engine, const struct releve_job *job,
                                      struct releve_job *accepted, struct releve_error *error);

/* Reads from Redis what is stored of one kind of a usage point; nothing is sent to upstream. From `ready` on, also
 * while it drains. While Redis is gone it waits. `span` has at most RELEVE_JOB_DAYS_MAX days, of the years that
 * releve_day_parse takes; it may be empty. A document's one day is RELEVE_DOCUMENT_DAY, whatever the span.
 *
 * `each` is called for every day that is there, ascending, with its JSON (docs/redis.md, Days): `json_bytes` bytes and
 * a NUL behind them, valid in the call only. Then `done` is called, once. Both get `data`, not that of the options.
 * *error of `done` has
 *
 * - RELEVE_OK
 * - RELEVE_E_REDIS: Redis refused
 * - RELEVE_E_INTERRUPTED: the engine was closed meanwhile; this comes before `closed`
 *
 * Returns RELEVE_OK; or RELEVE_E_USAGE, and nobody is called: an argument is out of range, or it is not ready. */
enum releve_code releve_engine_read_days(struct releve_engine *engine, releve_prm prm, enum releve_kind kind,
                                         struct releve_span span,
                                         void (*each)(void *data, releve_day day, const char *json, size_t json_bytes),
                                         void (*done)(void *data, const struct releve_error *error), void *data,
                                         struct releve_error *error);

/* How far it is. */
struct releve_engine_view {
    size_t waiting;      /* jobs that have not begun */
    size_t under_way;    /* jobs that have */
    unsigned in_flight;  /* requests, token included */
    uint64_t requests;   /* sent since it was opened, token included */
    uint64_t retries;    /* of those, failed in a way that is tried again */
    uint64_t throttled;  /* of those, answered with "quota used up" */
    uint64_t days_left;  /* of the jobs under way: to be obtained still ... */
    uint64_t calls_left; /* ... by about so many requests */
    /* Upstream cannot be reached, fails for all or gives no token, in ms: 0 where that is not so. Everything waits for
     * the next try. */
    releve_time away_ms;  /* since the first failure; 1 at least */
    releve_time retry_ms; /* until the next try; 0: it is due, or under way */
};

/* Costs a look at every day of every job under way: for once a second. All 0 before it is ready. */
struct releve_engine_view releve_engine_look(const struct releve_engine *engine);

/* Begins nothing any more: what is in flight ends and is stored (within 30 s, as long as Redis is there), all other
 * jobs come back by `given_back`, then `idle`. What came so far is in Redis: the same jobs, submitted later, go on from
 * there. Does nothing where it drains already. */
void releve_engine_drain(struct releve_engine *engine);

/* The end, at once. No callback of the options is called any more. Requests in flight are broken off, and what Redis
 * has not answered within 1 s is left: jobs under way are lost to the caller, but the days that came are in Redis, and
 * the quota is accounted for. `closed` (may be NULL) is called with `data` when all memory is gone and nothing is left
 * on the loop. To be called once; *engine must not be used behind it. */
void releve_engine_close(struct releve_engine *engine, void (*closed)(void *data), void *data);

RELEVE_DECLARE_END

#endif
