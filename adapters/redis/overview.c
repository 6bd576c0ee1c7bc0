/* What is going on: as one JSON object made by overview.lua, and what Redis says of itself. */
#include <adapters/redis/store_internal.h>

#define RESULTS_LOOKED_AT 1000 /* the latest results, for the counts and the failures */
#define FAILURES_NAMED 10
#define JOBS_NAMED 5 /* per worker */
#define DEAD_NAMED 5

static void decode_text(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    call->to.text(call->data, error, reply != NULL ? reply->str : NULL);
}

void releve_store_overview(struct releve_store *store, releve_store_text reply, void *data)
{
    static const char *const keys[] = {"jobs:high", "jobs", "jobs:low", "jobs:dead", "workers", "results", "pulses"};
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_overview, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        releve_words_format(&words, "%s:%s", store->prefix, keys[i]);
    releve_words_add(&words, store->prefix);
    releve_words_format(&words, "%d", RESULTS_LOOKED_AT);
    releve_words_format(&words, "%d", FAILURES_NAMED);
    releve_words_format(&words, "%d", JOBS_NAMED);
    releve_words_format(&words, "%d", DEAD_NAMED);
    releve_words_format(&words, "%d", (int)RELEVE_PULSE_SILENT_MS);
    struct releve_call call = {.what = "look at queues, workers and results",
                               .type = REDIS_REPLY_STRING,
                               .decode = decode_text,
                               .to.text = reply,
                               .data = data};
    releve_call_send(store, &call, &releve_script_overview, &words);
}

void releve_store_info(struct releve_store *store, releve_store_text reply, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "INFO");
    struct releve_call call = {.what = "ask Redis about itself",
                               .type = REDIS_REPLY_STRING,
                               .decode = decode_text,
                               .to.text = reply,
                               .data = data};
    releve_call_send(store, &call, NULL, &words);
}
