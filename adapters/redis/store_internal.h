/* What the parts of the store share. Not for other folders. */
#ifndef RELEVE_REDIS_STORE_INTERNAL_H
#define RELEVE_REDIS_STORE_INTERNAL_H

#include <adapters/redis/call.h>
#include <adapters/redis/keys.h>
#include <adapters/redis/nodes.h>
#include <adapters/redis/replies.h>
#include <adapters/redis/store.h>
#include <adapters/redis/vigil.h>
#include <adapters/redis/watcher.h>
#include <adapters/redis/witness.h>

#define RELEVE_JOB_KEEP_S (7 * 24 * 3600) /* how long the hash of a job stays after its last change */

struct releve_store {
    struct releve_nodes nodes;
    struct releve_replies replies;
    struct releve_watcher watcher; /* opened by the first releve_store_bucket_watch */
    bool watching;
    enum {
        STORE_OPEN,
        STORE_ENDING, /* waits for the last replies */
        STORE_CLOSING
    } phase;
    uv_timer_t late;     /* while it ends: are the last replies there, or do they take too long? */
    releve_time late_ms; /* loop time: from then on they do */
    bool asks_again;     /* what was asked last has been answered, but not all else */
    struct releve_redis_url url;
    char prefix[RELEVE_PREFIX_BYTES];
    char worker[RELEVE_WORKER_NAME_BYTES]; /* "" where jobs come from no queue */
    void (*on_link)(void *data, bool up, const char *why);
    void (*on_forgotten)(void *data, const char *bucket, releve_time closed_ms);
    void (*on_wait)(void *data, const char *line);
    void *link_data; /* of all three */
    struct releve_witnesses witnesses;
    struct releve_vigil vigil;
    bool names_are_new; /* no key has a name of 0.1.0: that was looked for once */
    releve_store_ready ready;
    void *ready_data;
    struct releve_closing parts; /* nodes, watcher, vigil */
    void (*closed)(void *data);
    void *closed_data;
};

/* Adds the keys of the days of a span; of a document's kind, that of the document. */
void releve_store_add_days(const struct releve_store *store, struct releve_words *words, releve_prm prm,
                           enum releve_kind kind, struct releve_span span);
/* The states of days in the reply of a script; false where they are none. */
bool releve_reply_coverage(const redisReply *reply, struct releve_coverage *coverage);
/* What is known of some days of the job's series, when replicas have it (where the address names any). */
void releve_store_know_safely(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                              releve_time now, releve_store_known known, void *data);
/* The witness of that bucket is not in Redis: is that a loss that nobody has noticed yet? Then the bucket is closed. */
void releve_store_bucket_notice(struct releve_store *store, const char *bucket, const struct releve_quota *quota);
/* The number of a process in the names of its permits and claims: digits of 64, as a large ledger is made of names. */
#define RELEVE_PROCESS_TEXT 12
void releve_process_format(uint64_t process, char out[RELEVE_PROCESS_TEXT]);
/* A permit's name, and that of the claim that is made under it. */
void releve_store_permit_name(struct releve_words *words, struct releve_permit permit);

/* For tests: how long a command waits for its reply before the peer is taken for dead. Call it right after
 * releve_store_open. */
void releve_store_set_command_timeout(struct releve_store *store, releve_time timeout_ms);

#endif
