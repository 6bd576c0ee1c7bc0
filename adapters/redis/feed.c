/* How messages come from the queues and become jobs (docs/design.md, Queues).
 *
 * One connection for scripts and one for each queue, as a blocked BLMOVE holds its connection. A message that Redis
 * took for this worker while the reply was lost stands in the worker's list and nobody works on it; after every
 * reconnection the list is compared with what is known here. */
#include <adapters/redis/entry.h>
#include <adapters/redis/job_fields.h>
#include <adapters/redis/job_json.h>
#include <adapters/redis/keys.h>
#include <adapters/redis/queue_internal.h>
#include <adapters/redis/replies.h>
#include <adapters/redis/store_internal.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_S 20                                           /* longest wait of one BLMOVE */
#define BLOCK_TIMEOUT_MS ((BLOCK_S + 10) * RELEVE_SECOND_MS) /* then the peer is dead */
#define DEAD_LIST_MAX 10000                                  /* buried messages that are kept */
#define EMPTY_WAITS_MAX 3 /* waits in a row that end at once with nothing: then it may be that Redis refuses them */

/* --- accepting ------------------------------------------------------------------------------------------------ */

struct acceptance {
    struct feed *feed;
    char *entry; /* as it lies in the worker's list */
    size_t entry_bytes;
    size_t count;
    struct releve_job jobs[RELEVE_KINDS];
    struct releve_error error; /* why it is no job */
};

static void report_if_dry(struct releve_queue *queue);

static void free_acceptance(struct acceptance *acceptance)
{
    free(acceptance->entry);
    free(acceptance);
}

/* As many jobs as the message may become count as held while it is on its way. */
static unsigned reserved(const struct acceptance *acceptance)
{
    return acceptance->count > 0 ? (unsigned)acceptance->count : 1;
}

static void start_job(struct feed *feed, const struct releve_job *job)
{
    char *message = releve_job_json_write(job);
    releve_holdings_add(&feed->queue->holdings, feed->class_, message, strlen(message));
    free(message);
    feed->held++;
    feed->queue->options.job(feed->queue->options.data, job);
}

static void start_jobs(const struct acceptance *acceptance, const redisReply *reply)
{
    struct releve_queue *queue = acceptance->feed->queue;
    bool is_good = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
    const redisReply *answer = is_good ? reply->element[0] : NULL;
    size_t answers = answer != NULL && answer->type == REDIS_REPLY_ARRAY ? answer->elements : 0;
    if (is_good)
        releve_replies_deliver(&queue->replies, reply->element[1]);
    if (acceptance->error.code != RELEVE_OK && queue->options.buried != NULL)
        queue->options.buried(queue->options.data, acceptance->error.text);
    for (size_t i = 0; i < answers && i < acceptance->count; i++)
        if (answer->element[i]->integer == 1)
            start_job(acceptance->feed, &acceptance->jobs[i]);
    if (acceptance->count > 0 && answers == 0)
        releve_queue_compare(queue); /* accepted by a call whose reply was lost */
}

static void on_accepted(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct acceptance *acceptance = data;
    struct feed *feed = acceptance->feed;
    struct releve_queue *queue = feed->queue;
    releve_holdings_remove(&queue->holdings, feed->class_, acceptance->entry, acceptance->entry_bytes);
    feed->held -= reserved(acceptance);
    queue->accepting--;
    if (releve_queue_is_alive(queue) && error->code == RELEVE_OK)
        start_jobs(acceptance, reply);
    else
        releve_queue_report(queue, error);
    free_acceptance(acceptance);
    report_if_dry(queue);
    releve_feed_pull(feed);
}

/* A job in the words of accept.lua. */
static void add_job(struct releve_words *words, const struct releve_job *job)
{
    char *message = releve_job_json_write(job);
    releve_words_add(words, message);
    releve_words_add(words, job->id);
    releve_words_add(words, job->reply_to);
    releve_words_format(words, "%d", 2 * (1 + RELEVE_JOB_FIELDS));
    releve_words_field(words, "state", "running"); /* it begins as soon as the answer is here */
    releve_job_fields(words, job);
    free(message);
}

static void read_jobs(struct acceptance *acceptance, const struct releve_entry *entry)
{
    releve_time now = acceptance->feed->queue->options.civil(acceptance->feed->queue->options.data);
    char stray[RELEVE_STRAY_BYTES] = "";
    enum releve_code code;
    if (entry->bytes > RELEVE_MESSAGE_BYTES_MAX)
        code = releve_job_json_refuse_length(entry->bytes, &acceptance->error);
    else
        code = releve_job_json_read(entry->message, entry->message_bytes, releve_paris_day(now), now, entry->class_,
                                    acceptance->jobs, &acceptance->count, stray, &acceptance->error);
    if (code != RELEVE_OK)
        acceptance->count = 0;
    if (stray[0] != '\0')
        acceptance->feed->queue->options.stray(acceptance->feed->queue->options.data, stray);
}

/* Who waits for what is no job, and what he is told; false where nobody does. */
static bool add_answer(struct releve_words *words, const struct releve_burial *why)
{
    char reply_to[RELEVE_REPLY_TO_BYTES] = "";
    char *answer = releve_job_json_answer(why, reply_to);
    releve_words_add(words, reply_to);
    releve_words_add(words, answer != NULL ? answer : "");
    free(answer);
    return answer != NULL;
}

/* A message is in the worker's list: it becomes jobs, or is buried. */
static void accept_entry(struct releve_queue *queue, const char *text, size_t bytes, bool again)
{
    struct releve_entry entry = releve_entry_parse(text, bytes);
    struct feed *feed = &queue->feeds[entry.class_];
    struct acceptance *acceptance = releve_alloc(1, sizeof *acceptance);
    acceptance->feed = feed;
    acceptance->entry = releve_alloc(bytes + 1, 1);
    acceptance->entry_bytes = bytes;
    memcpy(acceptance->entry, text, bytes);
    read_jobs(acceptance, &entry);
    feed->held += reserved(acceptance);
    queue->accepting++;
    releve_holdings_add(&queue->holdings, feed->class_, text, bytes);

    const struct releve_burial why = {entry.message, entry.message_bytes,
                                      entry.bytes,   acceptance->error.text,
                                      feed->class_,  queue->options.civil(queue->options.data)};
    char *burial = acceptance->count > 0 ? releve_strdup("") : releve_job_json_bury(&why);
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_accept, 3 + acceptance->count);
    releve_key_holding(&words, queue->prefix, queue->worker);
    releve_key_of_queue(&words, queue->prefix, "jobs:dead");
    releve_key_of_queue(&words, queue->prefix, "replies");
    for (size_t i = 0; i < acceptance->count; i++)
        releve_key_job(&words, queue->prefix, acceptance->jobs[i].id);
    releve_words_add_bytes(&words, text, bytes);
    releve_words_add(&words, queue->worker);
    releve_words_format(&words, "%d", DEAD_LIST_MAX);
    releve_words_format(&words, "%d", RELEVE_JOB_KEEP_S);
    releve_words_add(&words, burial);
    releve_words_add(&words, again ? "1" : "0");
    bool answers_somebody = false;
    for (size_t i = 0; i < acceptance->count; i++) {
        add_job(&words, &acceptance->jobs[i]);
        answers_somebody = answers_somebody || acceptance->jobs[i].reply_to[0] != '\0';
    }
    if (acceptance->count == 0)
        answers_somebody = add_answer(&words, &why);
    /* What is answered at once must not be accepted, and answered, once more after a failover. */
    enum releve_replicas replicas = answers_somebody ? RELEVE_REPLICAS_REPEAT : RELEVE_REPLICAS_ANY;
    releve_nodes_send_replicated(&queue->nodes, replicas, "accept a job", &releve_script_accept, &words, on_accepted,
                                 acceptance);
    free(burial);
}

/* --- dequeuing ------------------------------------------------------------------------------------------------ */

static bool has_room(const struct feed *feed)
{
    unsigned beside = 0; /* jobs that are held beyond what is usual */
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        const struct feed *other = &feed->queue->feeds[i];
        beside += other->held > other->most ? other->held - other->most : 0;
    }
    return feed->held < feed->most || (feed->held < feed->most + feed->held_up && beside < RELEVE_PREFETCH_BESIDE);
}

/* Nothing in the queues, nothing between them and `job`, and nothing that may come back from workers that are silent.
 */
static void report_if_dry(struct releve_queue *queue)
{
    if (!queue->options.drain || queue->accepting > 0 || !releve_queue_is_alive(queue))
        return;
    if (queue->awaits_others || queue->taking_over > 0)
        return; /* with the next beat */
    for (int i = 0; i < RELEVE_CLASSES; i++)
        if (queue->feeds[i].phase != FEED_DRY)
            return;
    queue->options.dry(queue->options.data);
}

/* No message came. A wait that ended long before its time has been refused (the error is skipped, see commands.h), or
 * somebody was faster: the first would come at once, again and again. */
static bool may_wait_again(struct feed *feed)
{
    bool early = uv_now(feed->queue->loop) - feed->pulled_ms < BLOCK_S * RELEVE_SECOND_MS / 2;
    feed->empty_waits = early ? feed->empty_waits + 1 : 0;
    return feed->empty_waits <= EMPTY_WAITS_MAX;
}

static void on_taken(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct feed *feed = data;
    struct releve_queue *queue = feed->queue;
    if (feed->phase == FEED_PULLING)
        feed->phase = FEED_OPEN;
    if (!releve_queue_is_alive(queue))
        return;
    if (error->code != RELEVE_OK) { /* not a list, perhaps: asked again with the next beat */
        releve_queue_report(queue, error);
        return;
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        releve_queue_lose(queue);
        return;
    }
    if (reply->type == REDIS_REPLY_STRING) {
        feed->empty_waits = 0;
        accept_entry(queue, reply->str, reply->len, false);
    } else if (queue->options.drain) {
        feed->phase = FEED_DRY;
        report_if_dry(queue);
        return;
    } else if (!may_wait_again(feed)) {
        return; /* until the next beat */
    }
    releve_feed_pull(feed);
}

void releve_feed_pull(struct feed *feed)
{
    struct releve_queue *queue = feed->queue;
    bool idle = feed->phase == FEED_OPEN || feed->phase == FEED_DRY;
    if (!idle || queue->phase != QUEUE_RUNNING || !has_room(feed))
        return;
    bool waits = !queue->options.drain && feed->pulled_ms > 0; /* first, what a dead worker may have left under way */
    feed->phase = FEED_PULLING;
    feed->pulled_ms = uv_now(queue->loop);
    struct releve_words take = {.count = 0}, wait = {.count = 0};
    releve_words_script(&take, &releve_script_take, 5);
    releve_key_jobs(&take, queue->prefix, feed->class_);
    releve_key_moving(&take, queue->prefix, feed->class_);
    releve_key_holding(&take, queue->prefix, queue->worker);
    releve_key_of_queue(&take, queue->prefix, "workers");
    releve_key_of_queue(&take, queue->prefix, "workers:dead");
    releve_words_add(&take, releve_class_name(feed->class_));
    releve_words_add(&take, queue->worker);
    releve_words_format(&take, "%d", RELEVE_MESSAGE_BYTES_MAX);
    releve_words_format(&take, "%d", RELEVE_BURIED_BYTES_MAX);
    if (!waits) {
        releve_nodes_send(&feed->nodes, "dequeue a job", &releve_script_take, &take, on_taken, feed);
        return;
    }
    releve_words_add(&wait, "BLMOVE");
    releve_key_jobs(&wait, queue->prefix, feed->class_);
    releve_key_moving(&wait, queue->prefix, feed->class_);
    releve_words_add(&wait, "RIGHT");
    releve_words_add(&wait, "LEFT");
    releve_words_format(&wait, "%d", BLOCK_S);
    releve_nodes_send_behind(&feed->nodes, &wait, "dequeue a job", &releve_script_take, &take, on_taken, feed);
}

static void on_own_list(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    bool again = queue->compare == COMPARE_AGAIN;
    queue->compare = COMPARE_IDLE;
    releve_queue_report(queue, error);
    if (!releve_queue_is_alive(queue) || error->code != RELEVE_OK || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = reply->elements; i-- > 0;) {
        const redisReply *item = reply->element[i];
        if (item->type != REDIS_REPLY_STRING || releve_holdings_has(&queue->holdings, item->str, item->len))
            continue;
        const struct feed *feed = &queue->feeds[releve_entry_parse(item->str, item->len).class_];
        if (has_room(feed)) /* the rest at the next look */
            accept_entry(queue, item->str, item->len, true);
    }
    if (again)
        releve_queue_compare(queue);
}

void releve_queue_compare(struct releve_queue *queue)
{
    if (!releve_queue_is_alive(queue))
        return;
    if (queue->compare != COMPARE_IDLE) {
        queue->compare = COMPARE_AGAIN;
        return;
    }
    queue->compare = COMPARE_READING;
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "LRANGE");
    releve_key_holding(&words, queue->prefix, queue->worker);
    releve_words_add(&words, "0");
    releve_words_add(&words, "-1");
    releve_nodes_send(&queue->nodes, "read the worker's list", NULL, &words, on_own_list, queue);
}

static void on_feed_ready(void *data, const struct releve_error *error)
{
    struct feed *feed = data;
    if (error->code == RELEVE_OK && !releve_queue_is_closing(feed->queue))
        feed->phase = FEED_OPEN;
    releve_queue_report(feed->queue, error);
    releve_feed_pull(feed);
}

static void on_feed_link(void *data, bool up, const char *why)
{
    struct feed *feed = data;
    (void)why; /* the main connection says it to people */
    if (up)
        releve_queue_compare(feed->queue);
}

void releve_feed_open(struct feed *feed)
{
    struct releve_queue *queue = feed->queue;
    releve_nodes_open(&feed->nodes, queue->loop, &queue->url, queue->prefix, on_feed_ready, on_feed_link, feed);
    releve_nodes_set_timeout(&feed->nodes, BLOCK_TIMEOUT_MS);
    releve_nodes_set_patient(&feed->nodes);
    feed->connected = true;
}
