/* The worker's side of the queues as a whole: joins, beats, leaves. Law 4. How messages come is in feed.c. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/keys.h>
#include <adapters/redis/queue_internal.h>
#include <adapters/redis/replies.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define DEAD_AT_ONCE 20                 /* dead workers looked after in one beat */
#define COMPARE_BEATS 12                /* between two looks for jobs that nobody works on */
#define LEAVE_MS (3 * RELEVE_SECOND_MS) /* how long closing waits for Redis */

void releve_queue_report(const struct releve_queue *queue, const struct releve_error *error)
{
    if (!releve_queue_is_closing(queue) && error->code != RELEVE_OK && error->code != RELEVE_E_INTERRUPTED &&
        queue->options.refused != NULL)
        queue->options.refused(queue->options.data, error->text);
}

void releve_queue_lose(struct releve_queue *queue)
{
    queue->phase = QUEUE_LOST;
    queue->options.lost(queue->options.data);
}

static void on_undelivered(void *data, const char *line)
{
    struct releve_queue *queue = data;
    if (!releve_queue_is_closing(queue) && queue->options.undelivered != NULL)
        queue->options.undelivered(queue->options.data, line);
}

/* --- beating -------------------------------------------------------------------------------------------------- */

static void send_workers(struct releve_queue *queue, const char *operation, releve_commands_reply reply)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_workers, 4);
    releve_key_of_queue(&words, queue->prefix, "workers");
    releve_key_of_queue(&words, queue->prefix, "workers:dead");
    releve_key_of_queue(&words, queue->prefix, "replies");
    releve_key_of_queue(&words, queue->prefix, "workers:silence");
    releve_words_add(&words, operation);
    releve_words_add(&words, queue->worker);
    releve_words_format(&words, "%lld", (long long)RELEVE_DEAD_AFTER_MS);
    releve_words_format(&words, "%d", DEAD_AT_ONCE);
    releve_nodes_send(&queue->nodes, "beat", &releve_script_workers, &words, reply, queue);
}

/* What a dead worker held is in the queues again. */
static void on_taken_over(struct releve_queue *queue, size_t count, const struct releve_error *error)
{
    queue->taking_over--;
    releve_queue_report(queue, error);
    if (count > 0 && !releve_queue_is_closing(queue) && queue->options.taken_over != NULL)
        queue->options.taken_over(queue->options.data, count);
    for (int i = 0; queue->taking_over == 0 && i < RELEVE_CLASSES; i++)
        releve_feed_pull(&queue->feeds[i]); /* what was dry may have messages again */
}

/* What workers.lua answers: what others have left undone. False where this worker was declared dead. */
static bool look_after_others(struct releve_queue *queue, const redisReply *reply, releve_time age_ms)
{
    enum { DEAD, ALIVE, AWAITS_OTHERS };
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || reply->element[0]->integer == DEAD)
        return false;
    queue->awaits_others = reply->element[0]->integer == AWAITS_OTHERS;
    if (reply->element[1]->integer > 0)
        releve_replies_deliver_old(&queue->replies, age_ms, NULL, NULL);
    for (size_t i = 2; i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING && reply->element[i]->len < RELEVE_WORKER_NAME_BYTES) {
            queue->taking_over++;
            releve_queue_give_back(queue, reply->element[i]->str, on_taken_over);
        }
    return true;
}

static void on_beaten(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    queue->is_beating = false;
    releve_queue_report(queue, error);
    if (!releve_queue_is_alive(queue) || error->code != RELEVE_OK)
        return;
    if (!look_after_others(queue, reply, RELEVE_REPLIES_OVERDUE_MS))
        releve_queue_lose(queue);
}

static void on_joined(void *data, const redisReply *reply, const struct releve_error *error);

/* One at a time: a Redis that is away gets no heap of them (law 6), and after that one comes late at most. */
static void beat(struct releve_queue *queue)
{
    if (queue->is_beating)
        return;
    queue->is_beating = true;
    if (queue->phase == QUEUE_JOINING)
        send_workers(queue, "join", on_joined);
    else
        send_workers(queue, "beat", on_beaten);
}

static void on_beat(uv_timer_t *timer)
{
    struct releve_queue *queue = timer->data;
    if (!releve_queue_is_alive(queue))
        return;
    beat(queue);
    if (queue->phase == QUEUE_JOINING)
        return;
    if (++queue->beats % COMPARE_BEATS == 0)
        releve_queue_compare(queue); /* a job whose result Redis refused is still in the list, and runs again */
    size_t held_up[RELEVE_CLASSES] = {0};
    if (queue->options.held_up != NULL)
        queue->options.held_up(queue->options.data, held_up);
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        queue->feeds[i].held_up = (unsigned)held_up[i];
        releve_feed_pull(&queue->feeds[i]); /* also where dequeuing failed */
    }
}

static void open_feeds(struct releve_queue *queue)
{
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        releve_feed_open(&queue->feeds[i]);
        queue->parts.open++;
    }
}

static void on_joined(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    queue->is_beating = false;
    releve_queue_report(queue, error);
    if (queue->phase != QUEUE_JOINING || error->code != RELEVE_OK)
        return; /* refused: once more with the next beat */
    queue->phase = QUEUE_RUNNING;
    queue->ready(queue->options.data, error);
    if (releve_queue_is_closing(queue))
        return;
    (void)look_after_others(queue, reply, 0);
    open_feeds(queue);
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    if (releve_queue_is_closing(queue))
        return;
    if (error->code != RELEVE_OK) {
        queue->ready(queue->options.data, error);
        return;
    }
    (void)uv_timer_start(&queue->beat, on_beat, (uint64_t)RELEVE_BEAT_MS, (uint64_t)RELEVE_BEAT_MS);
    beat(queue);
}

static void on_link(void *data, bool up, const char *why)
{
    struct releve_queue *queue = data;
    if (releve_queue_is_closing(queue))
        return;
    if (queue->options.link != NULL)
        queue->options.link(queue->options.data, up, why);
    if (!up)
        return;
    releve_queue_compare(queue);
    releve_replies_deliver_old(&queue->replies, 0, NULL, NULL); /* of results whose acknowledgement was lost */
}

/* --- the queue's life ------------------------------------------------------------------------------------------- */

static void on_all_closed(void *data)
{
    struct releve_queue *queue = data;
    void (*closed)(void *) = queue->closed;
    void *closed_data = queue->closed_data;
    releve_holdings_free(&queue->holdings);
    explicit_bzero(&queue->url, sizeof queue->url);
    free(queue);
    if (closed != NULL)
        closed(closed_data);
}

struct releve_queue *releve_queue_open(uv_loop_t *loop, const struct releve_queue_options *options,
                                       void (*ready)(void *data, const struct releve_error *error))
{
    static const unsigned most[RELEVE_CLASSES] = {[RELEVE_HIGH] = RELEVE_PREFETCH_HIGH,
                                                  [RELEVE_NORMAL] = RELEVE_PREFETCH_NORMAL,
                                                  [RELEVE_LOW] = RELEVE_PREFETCH_LOW};
    assert(strlen(options->prefix) < RELEVE_PREFIX_BYTES && strlen(options->worker) < RELEVE_WORKER_NAME_BYTES);
    struct releve_queue *queue = releve_alloc(1, sizeof *queue);
    queue->url = *options->redis;
    queue->loop = loop;
    queue->options = *options;
    queue->ready = ready;
    (void)snprintf(queue->prefix, sizeof queue->prefix, "%s", options->prefix);
    (void)snprintf(queue->worker, sizeof queue->worker, "%s", options->worker);
    for (enum releve_class i = 0; i < RELEVE_CLASSES; i++)
        queue->feeds[i] = (struct feed){.queue = queue, .class_ = i, .most = most[i]};
    (void)uv_timer_init(loop, &queue->beat);
    (void)uv_timer_init(loop, &queue->leave);
    queue->beat.data = queue->leave.data = queue;
    queue->parts = (struct releve_closing){3, on_all_closed, queue}; /* commands and two timers */
    queue->replies.nodes = &queue->nodes;
    queue->replies.say = on_undelivered;
    queue->replies.data = queue;
    releve_nodes_open(&queue->nodes, loop, &queue->url, queue->prefix, on_ready, on_link, queue);
    if (options->drain)
        releve_nodes_set_impatient(&queue->nodes);
    else
        releve_nodes_begin_with_queue(&queue->nodes);
    return queue;
}

void releve_queue_release(struct releve_queue *queue, const struct releve_job *job)
{
    char *message = releve_job_json_write(job);
    struct feed *feed = &queue->feeds[job->queue];
    releve_holdings_remove(&queue->holdings, job->queue, message, strlen(message));
    free(message);
    assert(feed->held > 0);
    feed->held--;
    releve_feed_pull(feed);
}

void releve_queue_stop(struct releve_queue *queue)
{
    if (queue->phase < QUEUE_STOPPED)
        queue->phase = QUEUE_STOPPED;
}

static void on_part_closed(void *data)
{
    struct releve_queue *queue = data;
    releve_closing_one(&queue->parts);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void close_main(struct releve_queue *queue)
{
    if (queue->phase == QUEUE_CLOSING)
        return;
    queue->phase = QUEUE_CLOSING;
    uv_close((uv_handle_t *)&queue->leave, on_timer_closed);
    releve_nodes_close(&queue->nodes, on_part_closed);
}

static void on_leave_late(uv_timer_t *timer)
{
    close_main(timer->data);
}

static void on_given_back(struct releve_queue *queue, size_t count, const struct releve_error *error)
{
    (void)count;
    (void)error; /* what could not be given back is taken back by others */
    close_main(queue);
}

static void on_left(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    (void)reply;
    if (error->code == RELEVE_OK && queue->phase != QUEUE_CLOSING)
        releve_queue_give_back(queue, queue->worker, on_given_back);
    else
        close_main(queue);
}

static void leave(void *data)
{
    struct releve_queue *queue = data;
    if (queue->phase != QUEUE_CLOSING)
        send_workers(queue, "leave", on_left);
}

static void on_feed_closed(void *data)
{
    struct feed *feed = data;
    on_part_closed(feed->queue);
}

void releve_queue_close(struct releve_queue *queue, void (*closed)(void *data), void *data)
{
    assert(!releve_queue_is_closing(queue));
    bool has_jobs = queue->phase == QUEUE_RUNNING || queue->phase == QUEUE_STOPPED;
    queue->phase = QUEUE_LEAVING;
    queue->closed = closed;
    queue->closed_data = data;
    uv_close((uv_handle_t *)&queue->beat, on_timer_closed);
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        struct feed *feed = &queue->feeds[i];
        feed->phase = FEED_CLOSED;
        if (feed->connected)
            releve_nodes_close(&feed->nodes, on_feed_closed);
    }
    if (!has_jobs) {
        close_main(queue);
        return;
    }
    (void)uv_timer_start(&queue->leave, on_leave_late, (uint64_t)LEAVE_MS, 0);
    releve_replies_deliver_old(&queue->replies, 0, leave, queue); /* which Redis refused for a while */
}
