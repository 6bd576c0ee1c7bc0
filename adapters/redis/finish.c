/* The end of a job (law 4): hash, stream and what goes to reply lists, by one script and once. It is sent when the
 * job's days are acknowledged: they lie in another slot of a cluster, and the order is all that a reader of the result
 * needs. */
#include <adapters/redis/job_fields.h>
#include <adapters/redis/job_json.h>
#include <adapters/redis/replies.h>
#include <adapters/redis/result_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

#define RESULTS_MAX 100000 /* entries that the stream keeps, about */

static void add_result(struct releve_words *words, const struct releve_result *result)
{
    char error[RELEVE_RESULT_ERROR_BYTES];
    releve_result_error(result, error);
    releve_words_field(words, "state", releve_job_state_name(result->state));
    releve_job_fields(words, &result->job);
    releve_words_number_field(words, "days", result->days);
    releve_words_number_field(words, "complete", result->complete);
    releve_words_number_field(words, "partial", result->partial);
    releve_words_number_field(words, "holes", result->holes);
    releve_words_number_field(words, "pending", result->pending);
    releve_words_number_field(words, "failed", result->failed);
    releve_words_number_field(words, "cut", result->cut);
    releve_words_number_field(words, "requests", result->requests);
    releve_words_field(words, "error", error);
    releve_words_time_field(words, "finished_at", result->finished_at);
}

struct finish_call {
    struct releve_store *store;
    bool has_reply_list;
    releve_store_done done;
    void *data;
};

static void on_finished(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct finish_call call = *(struct finish_call *)data;
    free(data);
    releve_replies_deliver(&call.store->replies, reply);
    /* It had ended before: perhaps by this very command, and its answer, which named the replies, was lost. */
    if (call.has_reply_list && reply != NULL && reply->elements == 0)
        releve_replies_deliver_old(&call.store->replies, 0, NULL, NULL);
    call.done(call.data, error);
}

void releve_store_finish(struct releve_store *store, const struct releve_result *result, releve_store_done done,
                         void *data)
{
    static const char what[] = "store a job's result";
    const struct releve_job *job = &result->job;
    assert(done != NULL);
    if (job->id[0] == '\0') { /* nobody knows this job by name, so nobody waits to hear of it */
        releve_call_nothing(store, what, done, data);
        return;
    }
    bool queued = store->worker[0] != '\0';
    char *json = releve_result_json(result);
    char *message = queued ? releve_job_json_write(job) : releve_strdup("");
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_finish, queued ? 4 : 3);
    releve_key_job(&words, store->prefix, job->id);
    releve_key_of_queue(&words, store->prefix, "results");
    releve_key_of_queue(&words, store->prefix, "replies");
    if (queued)
        releve_key_holding(&words, store->prefix, store->worker);
    releve_words_add(&words, json);
    releve_words_format(&words, "%d", RESULTS_MAX);
    releve_words_format(&words, "%d", RELEVE_JOB_KEEP_S);
    releve_words_add(&words, message);
    releve_words_add(&words, job->reply_to);
    releve_words_add(&words, job->id);
    add_result(&words, result);
    struct finish_call *call = releve_alloc(1, sizeof *call);
    *call = (struct finish_call){store, job->reply_to[0] != '\0', done, data};
    releve_nodes_send_replicated(&store->nodes, RELEVE_REPLICAS_REPEAT, what, &releve_script_finish, &words,
                                 on_finished, call);
    free(json);
    free(message);
}

void releve_store_forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "DEL");
    releve_key_job(&words, store->prefix, id);
    releve_call_done(store, "forget a job", NULL, &words, done, data);
}
