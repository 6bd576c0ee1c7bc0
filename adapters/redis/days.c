/* Days in and out. A batch is one script: all of its days appear at once, so that a result is never seen before its
 * days, no better day is replaced, and days do not expire (law 3: nothing that upstream said is lost). */
#include <adapters/redis/day_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <cjson/cJSON.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define READ_BATCH 100 /* keys in one MGET: load-curve days of PT5M make 150 kB of it */
#define DAY_KEY_BYTES (RELEVE_PREFIX_BYTES + RELEVE_PRM_TEXT + RELEVE_DAY_TEXT + 48)

static size_t format_key(const struct releve_store *store, releve_prm prm, enum releve_kind kind, releve_day day,
                         char out[DAY_KEY_BYTES])
{
    char date[RELEVE_DAY_TEXT];
    releve_day_format(day, date);
    int written = snprintf(out, DAY_KEY_BYTES, "%s:day:" RELEVE_PRM_FORMAT ":%s:%s", store->prefix, prm,
                           releve_kind_facts(kind)->name, date);
    assert(written > 0 && written < DAY_KEY_BYTES);
    return (size_t)written;
}

/* --- put -------------------------------------------------------------------------------------------- */

/* EVALSHA sha1 count, the claims and the days' keys; the claim and their JSON. */
#define WORDS_BEFORE_DAYS 4

struct words {
    size_t days, written; /* written: whose JSON is there */
    const char **values;
    size_t *bytes;
    char (*keys)[DAY_KEY_BYTES];
    char count[16], claims[DAY_KEY_BYTES], claim[RELEVE_CLAIM_TEXT];
};

static int words_count(const struct words *words)
{
    return (int)(WORDS_BEFORE_DAYS + 2 * words->days + 1);
}

static void words_free(struct words *words)
{
    for (size_t i = 0; i < words->written; i++)
        cJSON_free((void *)(uintptr_t)words->values[WORDS_BEFORE_DAYS + words->days + 1 + i]);
    free(words->values);
    free(words->bytes);
    free(words->keys);
}

static void words_set(struct words *words, size_t at, const char *value)
{
    words->values[at] = value;
    words->bytes[at] = strlen(value);
}

static bool words_fill(const struct releve_store *store, const struct releve_day_batch *batch, struct words *words)
{
    words->days = batch->count;
    words->values = releve_alloc((size_t)words_count(words), sizeof *words->values);
    words->bytes = releve_alloc((size_t)words_count(words), sizeof *words->bytes);
    words->keys = releve_alloc(batch->count, sizeof *words->keys);
    (void)snprintf(words->count, sizeof words->count, "%zu", batch->count + 1);
    releve_claims_key(store, batch->prm, batch->kind, words->claims, sizeof words->claims);
    releve_claim_format(batch->claim, words->claim);
    words_set(words, 0, "EVALSHA");
    words_set(words, 1, releve_script_put_days.sha1);
    words_set(words, 2, words->count);
    words_set(words, 3, words->claims);
    words_set(words, WORDS_BEFORE_DAYS + batch->count, words->claim);
    for (size_t i = 0; i < batch->count; i++) {
        char *json = releve_day_json_write(batch, &batch->entries[i]);
        if (json == NULL)
            return false;
        (void)format_key(store, batch->prm, batch->kind, batch->entries[i].day, words->keys[i]);
        words_set(words, WORDS_BEFORE_DAYS + i, words->keys[i]);
        words_set(words, WORDS_BEFORE_DAYS + batch->count + 1 + i, json);
        words->written++;
    }
    return true;
}

void releve_store_put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                           void *data)
{
    static const char what[] = "store days";
    assert(batch->count <= RELEVE_JOB_DAYS_MAX && done != NULL);
    if (batch->count == 0) {
        releve_store_nothing_to_do(store, what, done, data);
        return;
    }
    struct words words = {.days = 0};
    if (words_fill(store, batch, &words)) {
        releve_store_send_words(store, what, &releve_script_put_days, words_count(&words), words.values, words.bytes,
                                done, data);
    } else {
        struct releve_error error;
        (void)releve_fail(&error, RELEVE_E_SYSTEM, "cannot %s: out of memory", what);
        releve_store_refuse(store, &error, done, data);
    }
    words_free(&words);
}

/* --- read ------------------------------------------------------------------------------------------- */

struct read_call {
    struct releve_store *store;
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span left; /* not answered yet */
    int asked;               /* days of it that are under way */
    releve_store_each_day each;
    releve_store_done done;
    void *data;
};

static void read_next(struct read_call *call);

static void on_read(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct read_call *call = data;
    if (error->code == RELEVE_OK) {
        assert(reply->type == REDIS_REPLY_ARRAY && reply->elements == (size_t)call->asked);
        for (size_t i = 0; i < reply->elements; i++) {
            if (reply->element[i]->type == REDIS_REPLY_STRING)
                call->each(call->data, call->left.first + (releve_day)i, reply->element[i]->str,
                           reply->element[i]->len);
        }
        call->left.first += call->asked;
        if (releve_span_days(call->left) > 0) {
            read_next(call);
            return;
        }
    }
    struct read_call ended = *call;
    free(call);
    ended.done(ended.data, error);
}

static void read_next(struct read_call *call)
{
    char keys[READ_BATCH][DAY_KEY_BYTES];
    const char *values[READ_BATCH + 1] = {"MGET"};
    size_t bytes[READ_BATCH + 1] = {4};
    call->asked = releve_span_days(call->left);
    if (call->asked > READ_BATCH)
        call->asked = READ_BATCH;
    for (int i = 0; i < call->asked; i++) {
        bytes[i + 1] = format_key(call->store, call->prm, call->kind, call->left.first + i, keys[i]);
        values[i + 1] = keys[i];
    }
    releve_commands_send(&call->store->commands, "read days", NULL, call->asked + 1, values, bytes, on_read, call);
}

void releve_store_read_days(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_span span,
                            releve_store_each_day each, releve_store_done done, void *data)
{
    assert(kind < RELEVE_MEASURES && each != NULL && done != NULL);
    if (releve_span_days(span) == 0) {
        releve_store_nothing_to_do(store, "read days", done, data);
        return;
    }
    struct read_call *call = releve_alloc(1, sizeof *call);
    *call = (struct read_call){store, prm, kind, span, 0, each, done, data};
    read_next(call);
}
