/* What a process says of itself, kept where overview.lua finds it. */
#include <adapters/redis/store_internal.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define COUNTED_S 3600 /* a reply is lost for no longer, or counts twice */
#define SLOT_S (RELEVE_HISTORY_SLOT_MS / RELEVE_SECOND_MS)
#define PULSES_MAX 256 /* processes that are remembered at once; more are not shown */

void releve_store_say_pulse(struct releve_store *store, const char *name, uint64_t number, const char *json,
                            const struct releve_count *counts, size_t counts_count, releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_pulse, 4);
    releve_key_of_queue(&words, store->prefix, "pulses");
    releve_key_of_queue(&words, store->prefix, "counters");
    releve_key_counted(&words, store->prefix, name);
    releve_key_of_queue(&words, store->prefix, "history");
    releve_words_add(&words, name);
    releve_words_add(&words, json != NULL ? json : "");
    releve_words_format(&words, "%d", (int)RELEVE_PULSE_SILENT_MS);
    releve_words_format(&words, "%d", PULSES_MAX);
    releve_words_format(&words, "%" PRIu64, number);
    releve_words_format(&words, "%d", COUNTED_S);
    releve_words_format(&words, "%d", (int)SLOT_S);
    releve_words_format(&words, "%d", RELEVE_HISTORY_SLOTS);
    for (size_t i = 0; i < counts_count; i++) {
        releve_words_add(&words, counts[i].name);
        releve_words_format(&words, "%" PRIu64, counts[i].more);
    }
    releve_call_done(store, "say what this process does", &releve_script_pulse, &words, done, data);
}

const struct releve_latencies *releve_store_latencies(const struct releve_store *store)
{
    return releve_nodes_latencies(&store->nodes);
}

/* --- counters ---------------------------------------------------------------------------------------------------- */

struct counters_call {
    void (*each)(void *data, const char *name, uint64_t count);
    releve_store_done done;
    void *data;
};

/* What is no number in it is somebody else's. */
static void on_counters(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct counters_call call = *(struct counters_call *)data;
    free(data);
    for (size_t i = 0; error->code == RELEVE_OK && i + 1 < reply->elements; i += 2) {
        const char *text = reply->element[i + 1]->str;
        char *end;
        uint64_t count = strtoull(text, &end, 10);
        bool whole = strlen(reply->element[i]->str) == (size_t)reply->element[i]->len;
        if (whole && *text >= '0' && *text <= '9' && *end == '\0')
            call.each(call.data, reply->element[i]->str, count);
    }
    call.done(call.data, error);
}

/* A hash of counts. */
static void read_counts(struct releve_store *store, const char *what, const char *key,
                        void (*each)(void *data, const char *name, uint64_t count), releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "HGETALL");
    releve_key_of_queue(&words, store->prefix, key);
    struct counters_call *call = releve_alloc(1, sizeof *call);
    *call = (struct counters_call){each, done, data};
    releve_nodes_send(&store->nodes, what, NULL, &words, on_counters, call);
}

void releve_store_counters(struct releve_store *store, void (*each)(void *data, const char *name, uint64_t count),
                           releve_store_done done, void *data)
{
    read_counts(store, "read the counters", "counters", each, done, data);
}

void releve_store_history(struct releve_store *store, void (*each)(void *data, const char *name, uint64_t count),
                          releve_store_done done, void *data)
{
    read_counts(store, "read the history", "history", each, done, data);
}
