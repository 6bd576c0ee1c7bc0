/* The jobs of a worker that is dead, or leaves, go back to their queues (law 4). Its list is read, and what belongs
 * where is decided here; the script moves it, a part at a time. Whoever does the same meanwhile does no harm. */
#include <adapters/redis/entry.h>
#include <adapters/redis/job_json.h>
#include <adapters/redis/keys.h>
#include <adapters/redis/queue_internal.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_AT_ONCE 100 /* in one script */

struct give_back {
    struct releve_queue *queue;
    char worker[RELEVE_WORKER_NAME_BYTES];
    unsigned open; /* scripts without an answer */
    size_t count;  /* that went back */
    struct releve_error error;
    releve_given_back done;
};

static void close_one(struct give_back *call)
{
    if (--call->open > 0)
        return;
    call->done(call->queue, call->count, &call->error);
    free(call);
}

static void on_moved(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct give_back *call = data;
    if (error->code != RELEVE_OK)
        call->error = *error;
    else if (reply->type == REDIS_REPLY_INTEGER)
        call->count += (size_t)reply->integer;
    close_one(call);
}

/* The job that an entry is; false where it was not read yet, or is none. */
static bool find_job(const struct give_back *call, const struct releve_entry *entry, struct releve_job *job)
{
    const struct releve_queue_options *options = &call->queue->options;
    struct releve_job jobs[RELEVE_KINDS];
    char stray[RELEVE_STRAY_BYTES];
    struct releve_error error;
    size_t count = 0;
    releve_time now = options->civil(options->data);
    if (!entry->is_read || releve_job_json_read(entry->message, entry->message_bytes, releve_paris_day(now), now,
                                                entry->class_, jobs, &count, stray, &error) != RELEVE_OK)
        return false;
    *job = jobs[0];
    return count == 1;
}

/* One that was cut is known by its line. */
static void add_entry(struct releve_words *arguments, const redisReply *item, const struct releve_entry *entry,
                      enum releve_class class_, size_t hash)
{
    bool is_whole = entry->message_bytes == entry->bytes;
    releve_words_add_bytes(arguments, item->str, item->len);
    releve_words_format(arguments, "%d", (int)class_ + 1); /* as the queues stand in KEYS */
    releve_words_add_bytes(arguments, is_whole ? entry->message : item->str,
                           is_whole ? entry->message_bytes : item->len);
    releve_words_format(arguments, "%zu", hash);
}

static void move(struct give_back *call, redisReply *const *items, size_t count)
{
    const char *prefix = call->queue->prefix;
    struct releve_words hashes = {.count = 0}, arguments = {.count = 0}, words = {.count = 0};
    for (size_t i = 0; i < count; i++) {
        struct releve_entry entry = releve_entry_parse(items[i]->str, items[i]->len);
        struct releve_job job;
        bool is_job = find_job(call, &entry, &job);
        if (is_job)
            releve_key_job(&hashes, prefix, job.id);
        add_entry(&arguments, items[i], &entry, is_job ? job.class_ : entry.class_, is_job ? hashes.count : 0);
    }
    releve_words_script(&words, &releve_script_give_back, 2 + RELEVE_CLASSES + hashes.count);
    releve_key_holding(&words, prefix, call->worker);
    releve_key_of_queue(&words, prefix, "workers:dead");
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++)
        releve_key_jobs(&words, prefix, class_);
    releve_words_append(&words, &hashes);
    releve_words_add(&words, call->worker);
    releve_words_append(&words, &arguments);
    call->open++;
    releve_nodes_send(&call->queue->nodes, "give jobs back", &releve_script_give_back, &words, on_moved, call);
}

static void on_list(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct give_back *call = data;
    if (error->code != RELEVE_OK)
        call->error = *error;
    size_t count = error->code == RELEVE_OK && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    for (size_t from = 0; from < count; from += ENTRIES_AT_ONCE)
        move(call, reply->element + from, count - from < ENTRIES_AT_ONCE ? count - from : ENTRIES_AT_ONCE);
    if (count == 0 && error->code == RELEVE_OK)
        move(call, NULL, 0); /* forgets the dead */
    close_one(call);
}

void releve_queue_give_back(struct releve_queue *queue, const char *worker, releve_given_back done)
{
    struct give_back *call = releve_alloc(1, sizeof *call);
    *call = (struct give_back){.queue = queue, .open = 1, .done = done};
    (void)snprintf(call->worker, sizeof call->worker, "%s", worker);
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "LRANGE");
    releve_key_holding(&words, queue->prefix, worker);
    releve_words_add(&words, "0");
    releve_words_add(&words, "-1");
    releve_nodes_send(&queue->nodes, "read a worker's list", NULL, &words, on_list, call);
}
