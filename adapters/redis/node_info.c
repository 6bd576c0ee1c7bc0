/* What each Redis says of itself, one after the other. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

#define WHAT "ask Redis about itself"

struct info_call {
    struct releve_store *store;
    size_t node;      /* the one that is asked */
    uint64_t epoch;   /* in which its number is that */
    uint64_t sent_ms; /* uv_hrtime's clock */
    char *info;       /* while more is asked of that node */
    releve_store_each_node each;
    releve_store_done done;
    void *data;
};

#define NANOSECONDS_IN_MS 1000000

static void ask_next(struct info_call *call);

static void end(struct info_call *call, const struct releve_error *error)
{
    struct info_call ended = *call;
    free(call->info);
    free(call);
    ended.done(ended.data, error);
}

static void hand_out(const struct info_call *call, const char *fsync)
{
    struct releve_nodes *nodes = &call->store->nodes;
    char name[RELEVE_REDIS_SEED_TEXT];
    releve_nodes_name(nodes, call->node, name);
    const struct releve_store_node node = {.name = name,
                                           .info = call->info,
                                           .is_durable = releve_nodes_keeps(nodes, call->node),
                                           .fsync = fsync,
                                           .took_ms = (releve_time)(uv_hrtime() / NANOSECONDS_IN_MS - call->sent_ms)};
    call->each(call->data, &node);
}

/* A user who may not ask, or a Redis that calls the command otherwise, says nothing. */
static void on_fsync(void *data, const redisReply *reply, const struct releve_error *error)
{
    static const struct releve_error none = {.code = RELEVE_OK};
    struct info_call *call = data;
    bool said = error->code == RELEVE_OK && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                reply->element[1]->type == REDIS_REPLY_STRING;
    hand_out(call, said ? reply->element[1]->str : "");
    free(call->info);
    call->info = NULL;
    if (++call->node < releve_nodes_count(&call->store->nodes))
        ask_next(call);
    else
        end(call, &none);
}

static void on_info(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct info_call *call = data;
    struct releve_error odd;
    if (error->code == RELEVE_OK && reply->type != REDIS_REPLY_STRING)
        (void)releve_fail(&odd, RELEVE_E_REDIS, "cannot " WHAT ": Redis answers something else than was asked");
    else if (error->code == RELEVE_OK && releve_nodes_epoch(&call->store->nodes) != call->epoch)
        (void)releve_fail(&odd, RELEVE_E_REDIS,
                          "cannot " WHAT ": the nodes of the Redis Cluster have changed; try again");
    else
        odd = *error;
    if (odd.code != RELEVE_OK) {
        end(call, &odd);
        return;
    }
    call->info = releve_strdup(reply->str);
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "CONFIG");
    releve_words_add(&words, "GET");
    releve_words_add(&words, "appendfsync");
    releve_nodes_send_to(&call->store->nodes, call->node, WHAT, NULL, &words, on_fsync, call);
}

static void ask_next(struct info_call *call)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "INFO");
    call->sent_ms = uv_hrtime() / NANOSECONDS_IN_MS;
    releve_nodes_send_to(&call->store->nodes, call->node, WHAT, NULL, &words, on_info, call);
}

void releve_store_each_info(struct releve_store *store, releve_store_each_node each, releve_store_done done, void *data)
{
    assert(each != NULL && done != NULL);
    struct info_call *call = releve_alloc(1, sizeof *call);
    *call = (struct info_call){
        .store = store, .epoch = releve_nodes_epoch(&store->nodes), .each = each, .done = done, .data = data};
    ask_next(call);
}
