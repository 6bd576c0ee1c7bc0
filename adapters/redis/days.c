/* Days in and out. The days of a batch appear all at once, by one command or one script, so that a result is never seen
 * before its days; no better day is replaced, and days expire only where RELEVE_KEEP says so (law 3: nothing that
 * upstream said is lost). Documents do. */
#include <adapters/redis/day_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <inttypes.h>
#include <releve/keep.h>
#include <releve/memory.h>
#include <string.h>

#define READ_BATCH 100 /* keys in one MGET: load-curve days of PT5M make 150 kB of it */

/* --- put -------------------------------------------------------------------------------------------- */

/* Days that are being written, and the claim that ends with them. */
struct put_call {
    struct releve_store *store;
    releve_prm prm;
    enum releve_kind kind;
    struct releve_permit claim;
    releve_store_done done;
    void *data;
};

static void on_unclaimed(void *data, const struct releve_error *error)
{
    (void)data, (void)error; /* else it ends by itself */
}

/* The claim ends behind the days: who sees it gone finds them. */
static void on_put(void *data, const struct releve_error *error)
{
    struct put_call call = *(struct put_call *)data;
    free(data);
    if (error->code == RELEVE_OK)
        releve_store_unclaim(call.store, call.prm, call.kind, call.claim, on_unclaimed, NULL);
    call.done(call.data, error);
}

/* Nothing is better than a complete day, so nobody has to look at what stands there: a script costs Redis three times
 * as much. */
static void put_complete(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                         void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "MSET");
    for (size_t i = 0; i < batch->count; i++) {
        releve_key_day(&words, store->prefix, batch->prm, batch->kind, batch->entries[i].day);
        releve_day_json_write(&words.text, batch, &batch->entries[i]);
        releve_words_end(&words);
    }
    struct put_call *call = releve_alloc(1, sizeof *call);
    *call = (struct put_call){store, batch->prm, batch->kind, batch->claim, done, data};
    releve_call_keep(store, "store days", NULL, &words, on_put, call);
}

static bool all_complete(const struct releve_day_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->entries[i].state != RELEVE_DAY_COMPLETE)
            return false;
    return batch->count > 0;
}

/* Upstream has none: that is kept too, and is not asked again meanwhile. */
static void put_documents(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                          void *data)
{
    const struct releve_document none = {batch->kind, NULL};
    bool there = batch->documents_count > 0;
    const struct releve_document *documents = there ? batch->documents : &none;
    size_t count = there ? batch->documents_count : 1;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_put_documents, 1 + count);
    releve_key_claims(&words, store->prefix, batch->prm, batch->kind);
    for (size_t i = 0; i < count; i++)
        releve_key_day(&words, store->prefix, batch->prm, documents[i].kind, RELEVE_DAY_NONE);
    releve_store_permit_name(&words, batch->claim);
    releve_words_format(&words, "%d", RELEVE_DOCUMENT_KEEP_S);
    for (size_t i = 0; i < count; i++) {
        releve_day_json_document(&words.text, batch, &documents[i]);
        releve_words_end(&words);
    }
    releve_call_keep(store, "store a document", &releve_script_put_documents, &words, done, data);
}

void releve_store_put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                           void *data)
{
    assert(batch->count <= RELEVE_JOB_DAYS_MAX && done != NULL);
    if (releve_kind_is_document(batch->kind)) {
        put_documents(store, batch, done, data);
        return;
    }
    if (batch->keep_days == 0 && all_complete(batch)) {
        put_complete(store, batch, done, data);
        return;
    }
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_put_days, 1 + batch->count);
    releve_key_claims(&words, store->prefix, batch->prm, batch->kind);
    for (size_t i = 0; i < batch->count; i++)
        releve_key_day(&words, store->prefix, batch->prm, batch->kind, batch->entries[i].day);
    releve_store_permit_name(&words, batch->claim);
    for (size_t i = 0; i < batch->count; i++) {
        releve_day_json_write(&words.text, batch, &batch->entries[i]);
        releve_words_end(&words);
    }
    for (size_t i = 0; batch->keep_days > 0 && i < batch->count; i++)
        releve_words_format(&words, "%" PRId64,
                            releve_keep_until(batch->keep_days, batch->entries[i].day) / RELEVE_SECOND_MS);
    releve_call_keep(store, "store days", &releve_script_put_days, &words, done, data);
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
        releve_key_day(&words, call->store->prefix, call->prm, call->kind, call->left.first + i);
    releve_nodes_send(&call->store->nodes, "read days", NULL, &words, on_read, call);
}

void releve_store_read_days(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_span span,
                            releve_store_each_day each, releve_store_done done, void *data)
{
    assert(kind < RELEVE_KINDS && each != NULL && done != NULL);
    if (releve_span_days(span) == 0) {
        releve_call_nothing(store, "read days", done, data);
        return;
    }
    struct read_call *call = releve_alloc(1, sizeof *call);
    *call = (struct read_call){store, prm, kind, span, 0, each, done, data};
    read_next(call);
}

/* --- check ------------------------------------------------------------------------------------------ */

void releve_store_check_days(struct releve_store *store, releve_prm prm, enum releve_kind kind,
                             const struct releve_coverage *coverage, struct releve_span span, releve_store_done done,
                             void *data)
{
    struct releve_words words = {.count = 0};
    size_t missing = 0;
    for (releve_day day = span.first; day < span.end; day++)
        missing += releve_coverage_get(coverage, day) == RELEVE_DAY_MISSING;
    releve_words_script(&words, &releve_script_check_days, missing);
    for (releve_day day = span.first; day < span.end; day++)
        if (releve_coverage_get(coverage, day) == RELEVE_DAY_MISSING)
            releve_key_day(&words, store->prefix, prm, kind, day);
    releve_call_done(store, "read days", &releve_script_check_days, &words, done, data);
}
