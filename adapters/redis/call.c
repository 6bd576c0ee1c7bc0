/* See call.h. The only place where a reply becomes a callback of the store. */
#include <adapters/redis/call.h>
#include <adapters/redis/store_internal.h>
#include <releve/memory.h>

const struct releve_error *releve_call_odd(const struct releve_call *call, struct releve_error *error)
{
    (void)releve_fail(error, RELEVE_E_REDIS, "cannot %s: Redis answers something else than was asked", call->what);
    return error;
}

static bool fits(const struct releve_call *call, const redisReply *reply)
{
    if (call->type == RELEVE_REPLY_OPTIONAL)
        return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_NIL;
    return call->type == RELEVE_REPLY_ANY || reply->type == call->type;
}

static void on_reply(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_call call = *(struct releve_call *)data;
    struct releve_error odd;
    free(data);
    if (reply != NULL && !fits(&call, reply)) {
        reply = NULL;
        error = releve_call_odd(&call, &odd);
    }
    call.decode(&call, reply, error);
}

void releve_call_send(struct releve_store *store, const struct releve_call *call, const struct releve_script *script,
                      struct releve_words *words)
{
    struct releve_call *copy = releve_alloc(1, sizeof *copy);
    *copy = *call;
    releve_nodes_send_replicated(&store->nodes, call->replicas, call->what, script, words, on_reply, copy);
}

static void decode_done(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    (void)reply;
    call->to.done(call->data, error);
}

struct releve_call releve_call_of(const char *what, releve_store_done done, void *data)
{
    return (struct releve_call){
        .what = what, .type = RELEVE_REPLY_ANY, .decode = decode_done, .to.done = done, .data = data};
}

void releve_call_done(struct releve_store *store, const char *what, const struct releve_script *script,
                      struct releve_words *words, releve_store_done done, void *data)
{
    struct releve_call call = releve_call_of(what, done, data);
    releve_call_send(store, &call, script, words);
}

void releve_call_keep(struct releve_store *store, const char *what, const struct releve_script *script,
                      struct releve_words *words, releve_store_done done, void *data)
{
    struct releve_call call = releve_call_of(what, done, data);
    call.replicas = RELEVE_REPLICAS_REPEAT;
    releve_call_send(store, &call, script, words);
}

void releve_call_nothing(struct releve_store *store, const char *what, releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "PING");
    releve_call_done(store, what, NULL, &words, done, data);
}
