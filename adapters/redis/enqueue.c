/* A producer's side of the queues: one job into the queue of its class, and how far it is. */
#include <adapters/redis/job_fields.h>
#include <adapters/redis/job_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define WHAT "queue a job"

struct enqueue_call {
    struct releve_store *store;
    struct releve_job job;
    releve_store_queued queued;
    void *data;
};

static void end_call(struct enqueue_call *call, const struct releve_error *error, bool queued)
{
    struct enqueue_call ended = *call;
    free(call);
    ended.queued(ended.data, error, queued);
}

static void read_note(struct enqueue_call *call);

static void on_queued(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct enqueue_call *call = data;
    long long answer = error->code == RELEVE_OK && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
    if (answer == 2)
        read_note(call); /* somebody else queued such a job meanwhile */
    else
        end_call(call, error, answer == 1);
}

/* `note`: what names the latest job for what is missing, "" where there is none; NULL where nobody looks at it. */
static void send_job(struct enqueue_call *call, const char *note, size_t note_bytes)
{
    const struct releve_job *job = &call->job;
    const char *prefix = call->store->prefix;
    struct releve_words latest = {.count = 0}, words = {.count = 0};
    releve_key_job(&latest, prefix, "");
    bool names_one =
        note != NULL && note_bytes > latest.text.length && memcmp(note, latest.text.bytes, latest.text.length) == 0;
    releve_words_free(&latest);
    char *message = releve_job_json_write(job);
    releve_words_script(&words, &releve_script_enqueue, names_one ? 4 : note != NULL ? 3 : 2);
    releve_key_jobs(&words, prefix, job->class_);
    releve_key_job(&words, prefix, job->id);
    if (note != NULL)
        releve_key_missing(&words, prefix, job->prm, job->kind);
    if (names_one)
        releve_words_add_bytes(&words, note, note_bytes);
    releve_words_add(&words, message);
    releve_words_add_bytes(&words, note != NULL ? note : "", note_bytes);
    releve_words_field(&words, "state", "queued");
    releve_job_fields(&words, job);
    releve_nodes_send_replicated(&call->store->nodes, RELEVE_REPLICAS_REPEAT, WHAT, &releve_script_enqueue, &words,
                                 on_queued, call);
    free(message);
}

static void on_note(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct enqueue_call *call = data;
    if (error->code != RELEVE_OK)
        end_call(call, error, false);
    else
        send_job(call, reply->type == REDIS_REPLY_STRING ? reply->str : "",
                 reply->type == REDIS_REPLY_STRING ? reply->len : 0);
}

static void read_note(struct enqueue_call *call)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "GET");
    releve_key_missing(&words, call->store->prefix, call->job.prm, call->job.kind);
    releve_nodes_send(&call->store->nodes, WHAT, NULL, &words, on_note, call);
}

void releve_store_enqueue(struct releve_store *store, const struct releve_job *job, enum releve_enqueue when,
                          releve_store_queued queued, void *data)
{
    assert(job->id[0] != '\0' && queued != NULL);
    struct enqueue_call *call = releve_alloc(1, sizeof *call);
    *call = (struct enqueue_call){store, *job, queued, data};
    if (when == RELEVE_ENQUEUE_MISSING)
        read_note(call);
    else
        send_job(call, NULL, 0);
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
    releve_key_job(&words, store->prefix, id);
    releve_words_add(&words, "state");
    struct releve_call call = {.what = "read how far a job is",
                               .type = RELEVE_REPLY_OPTIONAL,
                               .decode = decode_state,
                               .to.text = reply,
                               .data = data};
    releve_call_send(store, &call, NULL, &words);
}
