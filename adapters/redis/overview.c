/* What is going on, as one JSON object made by overview.lua. */
#include <adapters/redis/store_internal.h>
#include <releve/memory.h>
#include <stdlib.h>

#define RESULTS_LOOKED_AT 1000 /* the latest results, for the counts and the failures */
#define FAILURES_NAMED 10
#define JOBS_NAMED 5 /* per worker */
#define DEAD_NAMED 5
#define WHAT "look at queues, workers and results"

static void decode_text(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    call->to.text(call->data, error, reply != NULL ? reply->str : NULL);
}

struct overview_call {
    struct releve_store *store;
    releve_store_text reply;
    void *data;
};

/* The workers are known: now all lists are. */
static void on_workers(void *data, const redisReply *workers, const struct releve_error *error)
{
    static const char *const keys[] = {"jobs:dead", "workers", "results", "pulses"};
    const size_t keys_count = sizeof keys / sizeof keys[0];
    struct overview_call call = *(struct overview_call *)data;
    const char *prefix = call.store->prefix;
    free(data);
    if (error->code != RELEVE_OK) {
        call.reply(call.data, error, NULL);
        return;
    }
    size_t count = workers->type == REDIS_REPLY_ARRAY ? workers->elements : 0;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_overview, 2 * RELEVE_CLASSES + keys_count + count);
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++)
        releve_key_jobs(&words, prefix, class_);
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++)
        releve_key_moving(&words, prefix, class_);
    for (size_t i = 0; i < keys_count; i++)
        releve_key_of_queue(&words, prefix, keys[i]);
    for (size_t i = 0; i < count; i++)
        releve_key_holding(&words, prefix, workers->element[i]->str);
    releve_words_format(&words, "%d", RESULTS_LOOKED_AT);
    releve_words_format(&words, "%d", FAILURES_NAMED);
    releve_words_format(&words, "%d", JOBS_NAMED);
    releve_words_format(&words, "%d", DEAD_NAMED);
    releve_words_format(&words, "%d", (int)RELEVE_PULSE_SILENT_MS);
    for (size_t i = 0; i < count; i++)
        releve_words_add_bytes(&words, workers->element[i]->str, workers->element[i]->len);
    struct releve_call look = {
        .what = WHAT, .type = REDIS_REPLY_STRING, .decode = decode_text, .to.text = call.reply, .data = call.data};
    releve_call_send(call.store, &look, &releve_script_overview, &words);
}

void releve_store_overview(struct releve_store *store, releve_store_text reply, void *data)
{
    struct overview_call *call = releve_alloc(1, sizeof *call);
    *call = (struct overview_call){store, reply, data};
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "ZRANGE");
    releve_key_of_queue(&words, store->prefix, "workers");
    releve_words_add(&words, "0");
    releve_words_add(&words, "-1");
    releve_nodes_send(&store->nodes, WHAT, NULL, &words, on_workers, call);
}
