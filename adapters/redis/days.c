/* Days in and out. A batch is one script: all of its days appear at once, so that a result is never seen before its
 * days, no better day is replaced, and days do not expire (law 3: nothing that upstream said is lost). */
#include <adapters/redis/day_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

#define READ_BATCH 100 /* keys in one MGET: load-curve days of PT5M make 150 kB of it */

static void add_key(const struct releve_store *store, struct releve_words *words, releve_prm prm, enum releve_kind kind,
                    releve_day day)
{
    char date[RELEVE_DAY_TEXT];
    releve_day_format(day, date);
    releve_words_format(words, "%s:day:" RELEVE_PRM_FORMAT ":%s:%s", store->prefix, prm, releve_kind_facts(kind)->name,
                        date);
}

/* --- put -------------------------------------------------------------------------------------------- */

void releve_store_put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                           void *data)
{
    assert(batch->count <= RELEVE_JOB_DAYS_MAX && done != NULL);
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_put_days, 1 + batch->count);
    releve_store_claims_key(store, &words, batch->prm, batch->kind);
    for (size_t i = 0; i < batch->count; i++)
        add_key(store, &words, batch->prm, batch->kind, batch->entries[i].day);
    releve_store_permit_name(&words, batch->claim);
    for (size_t i = 0; i < batch->count; i++) {
        releve_day_json_write(&words.text, batch, &batch->entries[i]);
        releve_words_end(&words);
    }
    releve_call_done(store, "store days", &releve_script_put_days, &words, done, data);
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
    struct releve_words words = {.count = 0};
    call->asked = releve_span_days(call->left);
    if (call->asked > READ_BATCH)
        call->asked = READ_BATCH;
    releve_words_add(&words, "MGET");
    for (int i = 0; i < call->asked; i++)
        add_key(call->store, &words, call->prm, call->kind, call->left.first + i);
    releve_commands_send(&call->store->commands, "read days", NULL, &words, on_read, call);
}

void releve_store_read_days(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_span span,
                            releve_store_each_day each, releve_store_done done, void *data)
{
    assert(kind < RELEVE_MEASURES && each != NULL && done != NULL);
    if (releve_span_days(span) == 0) {
        releve_call_nothing(store, "read days", done, data);
        return;
    }
    struct read_call *call = releve_alloc(1, sizeof *call);
    *call = (struct read_call){store, prm, kind, span, 0, each, done, data};
    read_next(call);
}
