/* What the parts of the store share: one struct and the ways to end a call. Not for other folders. */
#ifndef RELEVE_REDIS_STORE_INTERNAL_H
#define RELEVE_REDIS_STORE_INTERNAL_H

#include <adapters/redis/commands.h>
#include <adapters/redis/store.h>
#include <adapters/redis/watcher.h>

#define RELEVE_JOB_KEEP_S (7 * 24 * 3600) /* how long the hash of a job stays after its last change */

struct releve_store {
    struct releve_commands commands;
    struct releve_watcher watcher; /* opened by the first releve_store_bucket_watch */
    bool watching, closing;
    struct releve_redis_url url;
    char prefix[RELEVE_PREFIX_BYTES];
    char worker[RELEVE_WORKER_NAME_BYTES]; /* "" where jobs come from no queue */
    void (*on_link)(void *data, bool up, const char *why);
    void *link_data;
    releve_store_ready ready;
    void *ready_data;
    int open_parts; /* commands, watcher */
    void (*closed)(void *data);
    void *closed_data;
};

/* Sends a command whose reply nobody but `done` wants, and only for its error. `script` may be NULL. */
void releve_store_send_words(struct releve_store *store, const char *what, const struct releve_script *script,
                             int count, const char **values, const size_t *bytes, releve_store_done done, void *data);

/* Nothing to do: `done` hears so when Redis answers. */
void releve_store_nothing_to_do(struct releve_store *store, const char *what, releve_store_done done, void *data);

/* Nothing could be sent. */
void releve_store_refuse(struct releve_store *store, const struct releve_error *error, releve_store_done done,
                         void *data);

/* Claims of a usage point and kind: their hash, and a claim's name in it. */
#define RELEVE_CLAIM_TEXT 34 /* two numbers in hexadecimal, a dot, and NUL */
void releve_claims_key(const struct releve_store *store, releve_prm prm, enum releve_kind kind, char *out,
                       size_t out_bytes);
void releve_claim_format(struct releve_permit claim, char out[RELEVE_CLAIM_TEXT]);

/* For tests: how long a command waits for its reply before the peer is taken for dead. Call it right after
 * releve_store_open. */
void releve_store_set_command_timeout(struct releve_store *store, releve_time timeout_ms);

#endif
