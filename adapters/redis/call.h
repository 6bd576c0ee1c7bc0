/* A store operation: a name, the words of its command, and a decoder of the reply. */
#ifndef RELEVE_REDIS_CALL_H
#define RELEVE_REDIS_CALL_H

#include <adapters/redis/commands.h>
#include <adapters/redis/store.h>

/* What was asked, until the reply comes. */
struct releve_call {
    const char *what;              /* "store days": begins the error's text */
    enum releve_replicas replicas; /* what becomes of it while too few of them have it */
    /* The type of a good reply (REDIS_REPLY_*), or one of these. Anything else is an error. */
    int type;
    /* Hands the reply to whoever asked; `reply` is of that type, or NULL where *error says why. */
    void (*decode)(const struct releve_call *call, const redisReply *reply, const struct releve_error *error);
    union { /* whoever asked; which of them, the decoder knows */
        releve_store_done done;
        releve_store_claimed claimed;
        releve_store_permit permit;
        releve_store_permits permits;
        releve_store_usage usage;
        releve_store_bound bound;
        releve_store_number number;
        releve_store_queued queued;
        releve_store_due due;
        releve_store_text text;
        releve_store_recalled recalled;
    } to;
    void *data;
    /* what a decoder has to remember */
    struct releve_span span; /* claimed */
    size_t windows_count;    /* usage */
};

#define RELEVE_REPLY_ANY (-1)      /* its type says nothing */
#define RELEVE_REPLY_OPTIONAL (-2) /* a string or nil */

/* Sends the words (and frees them); `script` is NULL for plain commands. The call is copied. */
void releve_call_send(struct releve_store *store, const struct releve_call *call, const struct releve_script *script,
                      struct releve_words *words);

/* A call whose reply nobody wants but for its error; and the same, sent. */
struct releve_call releve_call_of(const char *what, releve_store_done done, void *data);
void releve_call_done(struct releve_store *store, const char *what, const struct releve_script *script,
                      struct releve_words *words, releve_store_done done, void *data);

/* The same for what may not be lost: `done` hears when Redis's replicas have it, where the address names any. */
void releve_call_keep(struct releve_store *store, const char *what, const struct releve_script *script,
                      struct releve_words *words, releve_store_done done, void *data);

/* For a decoder: the reply is not what was asked for. Fills *error and returns it. */
const struct releve_error *releve_call_odd(const struct releve_call *call, struct releve_error *error);

/* Nothing to do: `done` hears so when Redis answers, in its turn. */
void releve_call_nothing(struct releve_store *store, const char *what, releve_store_done done, void *data);

#endif
