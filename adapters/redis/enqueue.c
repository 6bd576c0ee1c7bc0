/* A producer's side of the queues: one job into the queue of its class, and how far it is. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>

static void decode_queued(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    call->to.queued(call->data, error, reply != NULL && reply->integer == 1);
}

void releve_store_enqueue(struct releve_store *store, const struct releve_job *job, enum releve_enqueue when,
                          releve_store_queued queued, void *data)
{
    assert(job->id[0] != '\0' && queued != NULL);
    char *message = releve_job_json_write(job);
    bool noted = when == RELEVE_ENQUEUE_MISSING;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_enqueue, noted ? 3 : 2);
    releve_words_format(&words, "%s:%s", store->prefix, releve_queue_key(job->class_));
    releve_words_format(&words, "%s:job:%s", store->prefix, job->id);
    if (noted)
        releve_words_format(&words, "%s:missing:" RELEVE_PRM_FORMAT ":%s", store->prefix, job->prm,
                            releve_kind_facts(job->kind)->name);
    releve_words_add(&words, message);
    releve_words_field(&words, "state", "queued");
    releve_job_fields(&words, job);
    struct releve_call call = {
        .what = "queue a job", .type = REDIS_REPLY_INTEGER, .decode = decode_queued, .to.queued = queued, .data = data};
    releve_call_send(store, &call, &releve_script_enqueue, &words);
    free(message);
}

static void decode_state(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    bool is_there = reply != NULL && reply->type == REDIS_REPLY_STRING;
    call->to.text(call->data, error, is_there ? reply->str : NULL);
}

void releve_store_job_state(struct releve_store *store, const char *id, releve_store_text reply, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "HGET");
    releve_words_format(&words, "%s:job:%s", store->prefix, id);
    releve_words_add(&words, "state");
    struct releve_call call = {.what = "read how far a job is",
                               .type = RELEVE_REPLY_OPTIONAL,
                               .decode = decode_state,
                               .to.text = reply,
                               .data = data};
    releve_call_send(store, &call, NULL, &words);
}
