/* What is going on, as one JSON object made by overview.lua. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>

#define RESULTS_LOOKED_AT 1000 /* the latest results, for the counts and the failures */
#define FAILURES_NAMED 10
#define JOBS_NAMED 5 /* per worker */
#define DEAD_NAMED 5

struct overview_call {
    releve_store_text reply;
    void *data;
};

static void on_overview(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct overview_call call = *(struct overview_call *)data;
    free(data);
    assert(reply == NULL || reply->type == REDIS_REPLY_STRING);
    call.reply(call.data, error, reply != NULL ? reply->str : NULL);
}

void releve_store_overview(struct releve_store *store, releve_store_text reply, void *data)
{
    assert(reply != NULL);
    static const char *const keys[] = {"jobs:high", "jobs", "jobs:low", "jobs:dead", "workers", "results"};
    struct overview_call *call = releve_alloc(1, sizeof *call);
    *call = (struct overview_call){reply, data};
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_script(&arguments, &releve_script_overview, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        releve_arguments_format(&arguments, "%s:%s", store->prefix, keys[i]);
    releve_arguments_text(&arguments, store->prefix);
    releve_arguments_format(&arguments, "%d", RESULTS_LOOKED_AT);
    releve_arguments_format(&arguments, "%d", FAILURES_NAMED);
    releve_arguments_format(&arguments, "%d", JOBS_NAMED);
    releve_arguments_format(&arguments, "%d", DEAD_NAMED);
    releve_commands_send(&store->commands, "look at queues, workers and results", &releve_script_overview,
                         arguments.count, arguments.values, arguments.bytes, on_overview, call);
}
