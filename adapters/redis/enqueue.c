/* A producer's side of the queues: one job into the queue of its class. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>

void releve_store_enqueue(struct releve_store *store, const struct releve_job *job, releve_store_done done, void *data)
{
    assert(job->id[0] != '\0' && done != NULL);
    char *words = releve_job_json_write(job);
    if (words == NULL)
        abort(); /* some 200 bytes: see releve/memory.h */
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_script(&arguments, &releve_script_enqueue, 2);
    releve_arguments_format(&arguments, "%s:%s", store->prefix, releve_queue_key(job->class_));
    releve_arguments_format(&arguments, "%s:job:%s", store->prefix, job->id);
    releve_arguments_text(&arguments, words);
    releve_job_fields(&arguments, job);
    releve_store_send_words(store, "queue a job", &releve_script_enqueue, arguments.count, arguments.values,
                            arguments.bytes, done, data);
    free(words);
}
