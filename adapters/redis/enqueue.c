/* A producer's side of the queues: one job into the queue of its class. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>

void releve_store_enqueue(struct releve_store *store, const struct releve_job *job, releve_store_done done, void *data)
{
    assert(job->id[0] != '\0' && done != NULL);
    char *message = releve_job_json_write(job);
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_enqueue, 2);
    releve_words_format(&words, "%s:%s", store->prefix, releve_queue_key(job->class_));
    releve_words_format(&words, "%s:job:%s", store->prefix, job->id);
    releve_words_add(&words, message);
    releve_words_field(&words, "state", "queued");
    releve_job_fields(&words, job);
    releve_call_done(store, "queue a job", &releve_script_enqueue, &words, done, data);
    free(message);
}
