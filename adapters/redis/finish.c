/* The end of a job (law 4): hash, stream and reply list, by one script and once. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/result_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>

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
    releve_words_script(&words, &releve_script_finish, queued ? 3 : 2);
    releve_words_format(&words, "%s:job:%s", store->prefix, job->id);
    releve_words_format(&words, "%s:results", store->prefix);
    if (queued)
        releve_words_format(&words, "%s:worker:%s:jobs", store->prefix, store->worker);
    releve_words_add(&words, json);
    releve_words_format(&words, "%d", RESULTS_MAX);
    releve_words_format(&words, "%d", RELEVE_JOB_KEEP_S);
    releve_words_add(&words, message);
    releve_words_add(&words, job->reply_to);
    add_result(&words, result);
    releve_call_done(store, what, &releve_script_finish, &words, done, data);
    free(json);
    free(message);
}

void releve_store_forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "DEL");
    releve_words_format(&words, "%s:job:%s", store->prefix, id);
    releve_call_done(store, "forget a job", NULL, &words, done, data);
}
