/* The worker's side of the queues: dequeues messages, makes jobs of them, beats. Law 4.
 *
 * One connection for scripts and one for each queue, as a blocked BLMOVE holds its connection. A message that Redis
 * took for this worker while the reply was lost stands in the worker's list and nobody works on it; after every
 * reconnection the list is compared with what is known here. */
#include <adapters/redis/commands.h>
#include <adapters/redis/holdings.h>
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_S 20                                           /* longest wait of one BLMOVE */
#define BLOCK_TIMEOUT_MS ((BLOCK_S + 10) * RELEVE_SECOND_MS) /* then the peer is dead */
#define DEAD_REMEMBERED_MS (60 * RELEVE_SECOND_MS)           /* longer than a BLMOVE of a dead worker can last */
#define DEAD_AT_ONCE 20                                      /* dead workers looked after in one beat */
#define DEAD_LIST_MAX 10000                                  /* buried messages that are kept */
#define EMPTY_WAITS_MAX 3 /* waits in a row that end at once with nothing: then it may be that Redis refuses them */
#define COMPARE_BEATS 12  /* between two looks for jobs that nobody works on */
#define LEAVE_MS (3 * RELEVE_SECOND_MS) /* how long closing waits for Redis */

enum feed_phase {
    FEED_CLOSED,  /* no connection yet, or no more */
    FEED_OPEN,    /* may dequeue */
    FEED_PULLING, /* a message was asked for, and there is no reply yet */
    FEED_DRY      /* there was none the last time; may dequeue */
};

/* One queue, over a connection of its own: a blocked BLMOVE holds it. */
struct feed {
    struct releve_queue *queue;
    enum releve_class class_;
    enum feed_phase phase;
    struct releve_commands commands;
    bool connected;       /* commands is open */
    unsigned empty_waits; /* in a row that brought nothing, and not because nothing came for long */
    uint64_t pulled_ms;   /* loop time of the last question; 0 before the first */
    unsigned held, most;  /* jobs that came from this queue, whatever class they name, and are here */
};

enum queue_phase {
    QUEUE_JOINING,
    QUEUE_RUNNING,
    QUEUE_STOPPED, /* dequeues no more */
    QUEUE_LOST,    /* was declared dead: its jobs are others' */
    QUEUE_LEAVING, /* gives back what is left; its connection closes next */
    QUEUE_CLOSING
};

/* Looking for messages that are in the worker's list and not known here. */
enum compare_phase {
    COMPARE_IDLE,
    COMPARE_READING,
    COMPARE_AGAIN /* reading, and what is being read may be older than the reason for the next look */
};

struct releve_queue {
    uv_loop_t *loop;
    struct releve_queue_options options;
    char prefix[RELEVE_PREFIX_BYTES];
    char worker[RELEVE_WORKER_NAME_BYTES];
    struct releve_redis_url url;
    enum queue_phase phase;
    enum compare_phase compare;
    struct releve_commands commands;
    struct feed feeds[RELEVE_CLASSES];
    struct releve_holdings holdings;
    uv_timer_t beat, leave;
    unsigned accepting; /* messages on their way to be jobs */
    unsigned beats;
    void (*ready)(void *data, const struct releve_error *error);
    struct releve_closing parts; /* commands, feeds, timers */
    void (*closed)(void *data);
    void *closed_data;
};

static bool is_closing(const struct releve_queue *queue)
{
    return queue->phase >= QUEUE_LEAVING;
}

/* Its jobs are its own. */
static bool is_alive(const struct releve_queue *queue)
{
    return queue->phase < QUEUE_LOST;
}

static void add_own_list(const struct releve_queue *queue, struct releve_words *words)
{
    releve_words_format(words, "%s:worker:%s:jobs", queue->prefix, queue->worker);
}

static void report_trouble(const struct releve_queue *queue, const struct releve_error *error)
{
    if (!is_closing(queue) && error->code != RELEVE_OK && error->code != RELEVE_E_INTERRUPTED &&
        queue->options.refused != NULL)
        queue->options.refused(queue->options.data, error->text);
}

/* --- accepting ------------------------------------------------------------------------------------------------ */

struct acceptance {
    struct feed *feed;
    char *entry; /* as it lies in the worker's list */
    size_t entry_bytes;
    size_t count;
    struct releve_job jobs[RELEVE_MEASURES];
    struct releve_error error; /* why it is no job */
};

static void pull(struct feed *feed);
static void report_if_dry(struct releve_queue *queue);
static void compare(struct releve_queue *queue);

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
    size_t answers = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    if (acceptance->error.code != RELEVE_OK && queue->options.buried != NULL)
        queue->options.buried(queue->options.data, acceptance->error.text);
    for (size_t i = 0; i < answers && i < acceptance->count; i++)
        if (reply->element[i]->integer == 1)
            start_job(acceptance->feed, &acceptance->jobs[i]);
    if (acceptance->count > 0 && answers == 0)
        compare(queue); /* accepted by a call whose reply was lost */
}

static void on_accepted(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct acceptance *acceptance = data;
    struct feed *feed = acceptance->feed;
    struct releve_queue *queue = feed->queue;
    releve_holdings_remove(&queue->holdings, feed->class_, acceptance->entry, acceptance->entry_bytes);
    feed->held -= reserved(acceptance);
    queue->accepting--;
    if (is_alive(queue) && error->code == RELEVE_OK)
        start_jobs(acceptance, reply);
    else
        report_trouble(queue, error);
    free_acceptance(acceptance);
    report_if_dry(queue);
    pull(feed);
}

/* A job in the words of accept.lua. */
static void add_job(struct releve_words *words, const struct releve_job *job)
{
    char *message = releve_job_json_write(job);
    releve_words_add(words, message);
    releve_words_add(words, job->reply_to);
    releve_words_format(words, "%d", 2 * (1 + RELEVE_JOB_FIELDS));
    releve_words_field(words, "state", "queued");
    releve_job_fields(words, job);
    free(message);
}

/* What a worker's list holds (entry.lua): a message behind "<class> <bytes>\n", or the words of a job. */
struct entry {
    const char *message;
    size_t message_bytes; /* that are there */
    size_t bytes;         /* that it had */
    enum releve_class class_;
};

static struct entry read_entry(const char *text, size_t bytes)
{
    struct entry entry = {text, bytes, bytes, RELEVE_NORMAL};
    const char *end = memchr(text, '\n', bytes), *blank = end != NULL ? memchr(text, ' ', (size_t)(end - text)) : NULL;
    if (blank == NULL)
        return entry;
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++) {
        const char *name = releve_class_name(class_);
        if (strlen(name) == (size_t)(blank - text) && memcmp(name, text, strlen(name)) == 0) {
            size_t line_bytes = (size_t)(end + 1 - text);
            return (struct entry){end + 1, bytes - line_bytes, (size_t)strtoull(blank, NULL, 10), class_};
        }
    }
    return entry;
}

static void read_jobs(struct acceptance *acceptance, const struct entry *entry)
{
    releve_time now = acceptance->feed->queue->options.civil(acceptance->feed->queue->options.data);
    enum releve_code code;
    if (entry->bytes > RELEVE_MESSAGE_BYTES_MAX)
        code = releve_job_json_refuse_length(entry->bytes, &acceptance->error);
    else
        code = releve_job_json_read(entry->message, entry->message_bytes, releve_paris_day(now), now, entry->class_,
                                    acceptance->jobs, &acceptance->count, &acceptance->error);
    if (code != RELEVE_OK)
        acceptance->count = 0;
}

/* A message is in the worker's list: it becomes jobs, or is buried. */
static void accept_entry(struct releve_queue *queue, const char *text, size_t bytes, bool again)
{
    struct entry entry = read_entry(text, bytes);
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

    char *burial = acceptance->count > 0
                       ? releve_strdup("")
                       : releve_job_json_bury(entry.message, entry.message_bytes, acceptance->error.text);
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_accept, 2 + acceptance->count);
    add_own_list(queue, &words);
    releve_words_format(&words, "%s:jobs:dead", queue->prefix);
    for (size_t i = 0; i < acceptance->count; i++)
        releve_words_format(&words, "%s:job:%s", queue->prefix, acceptance->jobs[i].id);
    releve_words_add_bytes(&words, text, bytes);
    releve_words_add(&words, queue->worker);
    releve_words_format(&words, "%d", DEAD_LIST_MAX);
    releve_words_format(&words, "%d", RELEVE_JOB_KEEP_S);
    releve_words_add(&words, burial);
    releve_words_add(&words, again ? "1" : "0");
    for (size_t i = 0; i < acceptance->count; i++)
        add_job(&words, &acceptance->jobs[i]);
    releve_commands_send(&queue->commands, "accept a job", &releve_script_accept, &words, on_accepted, acceptance);
    free(burial);
}

/* --- dequeuing ------------------------------------------------------------------------------------------------ */

/* Nothing in the queues, and nothing between them and `job`. */
static void report_if_dry(struct releve_queue *queue)
{
    if (!queue->options.drain || queue->accepting > 0 || !is_alive(queue))
        return;
    for (int i = 0; i < RELEVE_CLASSES; i++)
        if (queue->feeds[i].phase != FEED_DRY)
            return;
    queue->options.dry(queue->options.data);
}

/* Its jobs were given to others. */
static void lose(struct releve_queue *queue)
{
    queue->phase = QUEUE_LOST;
    queue->options.lost(queue->options.data);
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
    if (!is_alive(queue))
        return;
    if (error->code != RELEVE_OK) { /* not a list, perhaps: asked again with the next beat */
        report_trouble(queue, error);
        return;
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        lose(queue);
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
    pull(feed);
}

static void add_queue(const struct feed *feed, struct releve_words *words)
{
    releve_words_format(words, "%s:%s", feed->queue->prefix, releve_queue_key(feed->class_));
}

static void add_moving(const struct feed *feed, struct releve_words *words)
{
    releve_words_format(words, "%s:%s:moving", feed->queue->prefix, releve_queue_key(feed->class_));
}

static void pull(struct feed *feed)
{
    struct releve_queue *queue = feed->queue;
    bool idle = feed->phase == FEED_OPEN || feed->phase == FEED_DRY;
    if (!idle || queue->phase != QUEUE_RUNNING || feed->held >= feed->most)
        return;
    bool waits = !queue->options.drain && feed->pulled_ms > 0; /* first, what a dead worker may have left under way */
    feed->phase = FEED_PULLING;
    feed->pulled_ms = uv_now(queue->loop);
    struct releve_words take = {.count = 0}, wait = {.count = 0};
    releve_words_script(&take, &releve_script_take, 4);
    add_queue(feed, &take);
    add_moving(feed, &take);
    add_own_list(queue, &take);
    releve_words_format(&take, "%s:workers", queue->prefix);
    releve_words_add(&take, releve_class_name(feed->class_));
    releve_words_add(&take, queue->worker);
    releve_words_format(&take, "%d", RELEVE_MESSAGE_BYTES_MAX);
    releve_words_format(&take, "%d", RELEVE_BURIED_BYTES_MAX);
    if (!waits) {
        releve_commands_send(&feed->commands, "dequeue a job", &releve_script_take, &take, on_taken, feed);
        return;
    }
    releve_words_add(&wait, "BLMOVE");
    add_queue(feed, &wait);
    add_moving(feed, &wait);
    releve_words_add(&wait, "RIGHT");
    releve_words_add(&wait, "LEFT");
    releve_words_format(&wait, "%d", BLOCK_S);
    releve_commands_send_behind(&feed->commands, &wait, "dequeue a job", &releve_script_take, &take, on_taken, feed);
}

static void on_own_list(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    bool again = queue->compare == COMPARE_AGAIN;
    queue->compare = COMPARE_IDLE;
    report_trouble(queue, error);
    if (!is_alive(queue) || error->code != RELEVE_OK || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = reply->elements; i-- > 0;) {
        const redisReply *item = reply->element[i];
        if (item->type != REDIS_REPLY_STRING || releve_holdings_has(&queue->holdings, item->str, item->len))
            continue;
        const struct feed *feed = &queue->feeds[read_entry(item->str, item->len).class_];
        if (feed->held < feed->most) /* the rest at the next look */
            accept_entry(queue, item->str, item->len, true);
    }
    if (again)
        compare(queue);
}

static void compare(struct releve_queue *queue)
{
    if (!is_alive(queue))
        return;
    if (queue->compare != COMPARE_IDLE) {
        queue->compare = COMPARE_AGAIN;
        return;
    }
    queue->compare = COMPARE_READING;
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "LRANGE");
    add_own_list(queue, &words);
    releve_words_add(&words, "0");
    releve_words_add(&words, "-1");
    releve_commands_send(&queue->commands, "read the worker's list", NULL, &words, on_own_list, queue);
}

static void on_feed_ready(void *data, const struct releve_error *error)
{
    struct feed *feed = data;
    if (error->code == RELEVE_OK && !is_closing(feed->queue))
        feed->phase = FEED_OPEN;
    report_trouble(feed->queue, error);
    pull(feed);
}

static void on_feed_link(void *data, bool up, const char *why)
{
    struct feed *feed = data;
    (void)why; /* the main connection says it to people */
    if (up)
        compare(feed->queue);
}

/* --- beating -------------------------------------------------------------------------------------------------- */

static void send_workers(struct releve_queue *queue, const char *operation, releve_commands_reply reply)
{
    static const char *const keys[] = {"workers", "workers:dead", "jobs:high", "jobs", "jobs:low"};
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_workers, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        releve_words_format(&words, "%s:%s", queue->prefix, keys[i]);
    releve_words_add(&words, operation);
    releve_words_add(&words, queue->worker);
    releve_words_format(&words, "%lld", (long long)RELEVE_DEAD_AFTER_MS);
    releve_words_format(&words, "%lld", (long long)DEAD_REMEMBERED_MS);
    releve_words_add(&words, queue->prefix);
    releve_words_format(&words, "%d", DEAD_AT_ONCE);
    releve_commands_send(&queue->commands, "beat", &releve_script_workers, &words, reply, queue);
}

static void on_beaten(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    report_trouble(queue, error);
    if (!is_alive(queue) || error->code != RELEVE_OK)
        return;
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 1)
        return;
    lose(queue);
}

static void on_joined(void *data, const redisReply *reply, const struct releve_error *error);

static void on_beat(uv_timer_t *timer)
{
    struct releve_queue *queue = timer->data;
    if (!is_alive(queue))
        return;
    if (queue->phase == QUEUE_JOINING) {
        send_workers(queue, "join", on_joined);
        return;
    }
    send_workers(queue, "beat", on_beaten);
    if (++queue->beats % COMPARE_BEATS == 0)
        compare(queue); /* a job whose result Redis refused is still in the list, and runs again */
    for (int i = 0; i < RELEVE_CLASSES; i++)
        pull(&queue->feeds[i]); /* where dequeuing failed */
}

static void open_feeds(struct releve_queue *queue)
{
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        struct feed *feed = &queue->feeds[i];
        releve_commands_open(&feed->commands, queue->loop, &queue->url, queue->prefix, on_feed_ready, on_feed_link,
                             feed);
        feed->commands.connection.timeout_ms = BLOCK_TIMEOUT_MS;
        feed->commands.connection.patient = true; /* the first attempt is repeated like the others */
        feed->connected = true;
        queue->parts.open++;
    }
}

static void on_joined(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    (void)reply;
    report_trouble(queue, error);
    if (queue->phase != QUEUE_JOINING || error->code != RELEVE_OK)
        return; /* refused: once more with the next beat */
    queue->phase = QUEUE_RUNNING;
    queue->ready(queue->options.data, error);
    if (!is_closing(queue))
        open_feeds(queue);
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    if (is_closing(queue))
        return;
    if (error->code != RELEVE_OK) {
        queue->ready(queue->options.data, error);
        return;
    }
    (void)uv_timer_start(&queue->beat, on_beat, (uint64_t)RELEVE_BEAT_MS, (uint64_t)RELEVE_BEAT_MS);
    send_workers(queue, "join", on_joined);
}

static void on_link(void *data, bool up, const char *why)
{
    struct releve_queue *queue = data;
    if (is_closing(queue))
        return;
    if (queue->options.link != NULL)
        queue->options.link(queue->options.data, up, why);
    if (up)
        compare(queue);
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
    releve_commands_open(&queue->commands, loop, &queue->url, queue->prefix, on_ready, on_link, queue);
    return queue;
}

void releve_queue_release(struct releve_queue *queue, const struct releve_job *job)
{
    char *message = releve_job_json_write(job);
    struct feed *feed = &queue->feeds[releve_holdings_remove_any(&queue->holdings, message, strlen(message))];
    free(message);
    assert(feed->held > 0);
    feed->held--;
    pull(feed);
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
    releve_commands_close(&queue->commands, on_part_closed);
}

static void on_leave_late(uv_timer_t *timer)
{
    close_main(timer->data);
}

static void on_left(void *data, const redisReply *reply, const struct releve_error *error)
{
    (void)reply;
    (void)error; /* what could not be given back is taken back by others */
    close_main(data);
}

static void on_feed_closed(void *data)
{
    struct feed *feed = data;
    on_part_closed(feed->queue);
}

void releve_queue_close(struct releve_queue *queue, void (*closed)(void *data), void *data)
{
    assert(!is_closing(queue));
    bool has_jobs = queue->phase == QUEUE_RUNNING || queue->phase == QUEUE_STOPPED;
    queue->phase = QUEUE_LEAVING;
    queue->closed = closed;
    queue->closed_data = data;
    uv_close((uv_handle_t *)&queue->beat, on_timer_closed);
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        struct feed *feed = &queue->feeds[i];
        feed->phase = FEED_CLOSED;
        if (feed->connected)
            releve_commands_close(&feed->commands, on_feed_closed);
    }
    if (!has_jobs) {
        close_main(queue);
        return;
    }
    (void)uv_timer_start(&queue->leave, on_leave_late, (uint64_t)LEAVE_MS, 0);
    send_workers(queue, "leave", on_left);
}
