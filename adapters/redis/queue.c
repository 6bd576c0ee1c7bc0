/* The worker's side of the queues: takes messages, makes jobs of them, beats. Law 4.
 *
 * One connection for scripts and one for each queue, as a blocked BLMOVE holds its connection. A message that Redis
 * moved while the reply was lost stands in the worker's list and nobody works on it; after every reconnection the list
 * is compared with what is known here. */
#include <adapters/redis/commands.h>
#include <adapters/redis/job_json.h>
#include <adapters/redis/queue.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>
#include <uthash.h>

#define BLOCK_S 20                                           /* longest wait of one BLMOVE */
#define BLOCK_TIMEOUT_MS ((BLOCK_S + 10) * RELEVE_SECOND_MS) /* then the peer is dead */
#define DEAD_REMEMBERED_MS (60 * RELEVE_SECOND_MS)           /* longer than a BLMOVE of a dead worker can last */
#define DEAD_AT_ONCE 20                                      /* dead workers looked after in one beat */
#define DEAD_LIST_MAX 10000                                  /* buried messages that are kept */
#define MESSAGE_SENT_MAX (RELEVE_MESSAGE_BYTES_MAX + 1)      /* of a message that is too long, so much names it */
#define COMPARE_BEATS 12                                     /* between two looks for jobs that nobody works on */
#define LEAVE_MS (3 * RELEVE_SECOND_MS)                      /* how long closing waits for Redis */

/* What is in the worker's list and known here: a message that is being accepted, or the words of a job. */
struct holding {
    char *words;
    unsigned of[RELEVE_CLASSES]; /* how often, by the queue that it came from */
    UT_hash_handle hh;
};

struct feed {
    struct releve_queue *queue;
    enum releve_class class_;
    struct releve_commands commands;
    unsigned held, most; /* jobs that came from this queue, whatever class they name, and are here */
    bool open, ready, pulling, dry;
};

struct releve_queue {
    uv_loop_t *loop;
    struct releve_queue_options options;
    char prefix[RELEVE_PREFIX_BYTES];
    char worker[RELEVE_WORKER_NAME_BYTES];
    struct releve_redis_url url;
    struct releve_commands commands;
    struct feed feeds[RELEVE_CLASSES];
    struct holding *holdings;
    uv_timer_t beat, leave;
    unsigned accepting; /* messages on their way to be jobs */
    bool joined, stopped, closing, lost, comparing, main_closing;
    int open_parts;
    unsigned beats;
    bool compare_again;
    void (*ready)(void *data, const struct releve_error *error);
    void (*closed)(void *data);
    void *closed_data;
};

/* --- what is held --------------------------------------------------------------------------------------------- */

static void hold(struct feed *feed, const char *words, size_t bytes)
{
    struct releve_queue *queue = feed->queue;
    struct holding *holding;
    HASH_FIND(hh, queue->holdings, words, bytes, holding);
    if (holding == NULL) {
        holding = releve_alloc(1, sizeof *holding);
        holding->words = releve_alloc(bytes + 1, 1);
        memcpy(holding->words, words, bytes);
        HASH_ADD_KEYPTR(hh, queue->holdings, holding->words, bytes, holding);
    }
    holding->of[feed->class_]++;
}

static bool holds(struct releve_queue *queue, const char *words, size_t bytes)
{
    struct holding *holding;
    HASH_FIND(hh, queue->holdings, words, bytes, holding);
    return holding != NULL;
}

static void drop(struct feed *feed, struct holding *holding)
{
    assert(holding->of[feed->class_] > 0);
    holding->of[feed->class_]--;
    for (int i = 0; i < RELEVE_CLASSES; i++)
        if (holding->of[i] > 0)
            return;
    HASH_DEL(feed->queue->holdings, holding);
    free(holding->words);
    free(holding);
}

/* The same words, held by one of the queues that they came from. */
static struct feed *feed_of(struct releve_queue *queue, const struct holding *holding)
{
    int i = 0;
    while (holding->of[i] == 0)
        i++;
    assert(i < RELEVE_CLASSES);
    return &queue->feeds[i];
}

static void add_own_list(const struct releve_queue *queue, struct releve_arguments *arguments)
{
    releve_arguments_format(arguments, "%s:worker:%s:jobs", queue->prefix, queue->worker);
}

/* --- accepting ------------------------------------------------------------------------------------------------ */

struct acceptance {
    struct feed *feed;
    char *raw;
    size_t raw_bytes;
    size_t count;
    struct releve_job jobs[RELEVE_MEASURES];
    struct releve_error error; /* why it is no job */
};

static void pull(struct feed *feed);
static void tell_if_dry(struct releve_queue *queue);
static void compare(struct releve_queue *queue);

static void free_acceptance(struct acceptance *acceptance)
{
    free(acceptance->raw);
    free(acceptance);
}

/* As many jobs as the message may become count as held while it is on its way. */
static unsigned reserved(const struct acceptance *acceptance)
{
    return acceptance->count > 0 ? (unsigned)acceptance->count : 1;
}

static void start_job(struct feed *feed, const struct releve_job *job)
{
    char *words = releve_job_json_write(job);
    if (words == NULL)
        abort(); /* some 200 bytes: see releve/memory.h */
    hold(feed, words, strlen(words));
    free(words);
    feed->held++;
    feed->queue->options.job(feed->queue->options.data, job);
}

static void on_accepted(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct acceptance *acceptance = data;
    struct feed *feed = acceptance->feed;
    struct releve_queue *queue = feed->queue;
    struct holding *holding;
    HASH_FIND(hh, queue->holdings, acceptance->raw, acceptance->raw_bytes, holding);
    drop(feed, holding);
    feed->held -= reserved(acceptance);
    queue->accepting--;
    if (!queue->closing && !queue->lost && error->code == RELEVE_OK) {
        size_t answers = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
        if (acceptance->error.code != RELEVE_OK && queue->options.buried != NULL)
            queue->options.buried(queue->options.data, acceptance->error.text);
        for (size_t i = 0; i < answers && i < acceptance->count; i++)
            if (reply->element[i]->integer == 1)
                start_job(feed, &acceptance->jobs[i]);
        if (acceptance->count > 0 && answers == 0)
            compare(queue); /* accepted by a call whose reply was lost */
    } else if (!queue->closing && error->code != RELEVE_OK && queue->options.link != NULL) {
        queue->options.link(queue->options.data, false, error->text);
    }
    free_acceptance(acceptance);
    tell_if_dry(queue);
    pull(feed);
}

static void add_job(struct releve_arguments *arguments, const struct releve_job *job, const char *words)
{
    releve_arguments_text(arguments, words);
    releve_arguments_text(arguments, job->reply_to);
    releve_arguments_format(arguments, "%d", 2 * RELEVE_JOB_FIELDS);
    releve_job_fields(arguments, job);
}

/* A message is in the worker's list: it becomes jobs, or is buried. */
static void accept_message(struct feed *feed, const char *text, size_t bytes, bool again)
{
    struct releve_queue *queue = feed->queue;
    struct acceptance *acceptance = releve_alloc(1, sizeof *acceptance);
    acceptance->feed = feed;
    acceptance->raw = releve_alloc(bytes + 1, 1);
    acceptance->raw_bytes = bytes;
    memcpy(acceptance->raw, text, bytes);
    releve_time now = queue->options.civil(queue->options.data);
    if (releve_job_json_read(text, bytes, releve_paris_day(now), now, feed->class_, acceptance->jobs,
                             &acceptance->count, &acceptance->error) != RELEVE_OK)
        acceptance->count = 0;
    feed->held += reserved(acceptance);
    queue->accepting++;
    hold(feed, text, bytes);

    struct releve_arguments arguments = {.count = 0};
    char *words[RELEVE_MEASURES] = {NULL};
    char *burial = acceptance->count > 0 ? NULL : releve_job_json_bury(text, bytes, acceptance->error.text);
    releve_arguments_script(&arguments, &releve_script_accept, 2 + (int)acceptance->count);
    add_own_list(queue, &arguments);
    releve_arguments_format(&arguments, "%s:jobs:dead", queue->prefix);
    for (size_t i = 0; i < acceptance->count; i++)
        releve_arguments_format(&arguments, "%s:job:%s", queue->prefix, acceptance->jobs[i].id);
    arguments.values[arguments.count] = acceptance->raw;
    arguments.bytes[arguments.count++] = bytes < MESSAGE_SENT_MAX ? bytes : MESSAGE_SENT_MAX;
    releve_arguments_text(&arguments, queue->worker);
    releve_arguments_format(&arguments, "%d", DEAD_LIST_MAX);
    releve_arguments_format(&arguments, "%d", RELEVE_JOB_KEEP_S);
    releve_arguments_text(&arguments, burial != NULL ? burial : "");
    releve_arguments_text(&arguments, again ? "1" : "0");
    releve_arguments_format(&arguments, "%zu", bytes);
    for (size_t i = 0; i < acceptance->count; i++) {
        words[i] = releve_job_json_write(&acceptance->jobs[i]);
        if (words[i] == NULL)
            abort(); /* as above */
        add_job(&arguments, &acceptance->jobs[i], words[i]);
    }
    releve_commands_send(&queue->commands, "accept a job", &releve_script_accept, arguments.count, arguments.values,
                         arguments.bytes, on_accepted, acceptance);
    for (size_t i = 0; i < acceptance->count; i++)
        free(words[i]);
    free(burial);
}

/* --- taking --------------------------------------------------------------------------------------------------- */

/* Nothing in the queues, and nothing between them and `job`. */
static void tell_if_dry(struct releve_queue *queue)
{
    if (!queue->options.drain || queue->accepting > 0 || queue->closing || queue->lost)
        return;
    for (int i = 0; i < RELEVE_CLASSES; i++)
        if (!queue->feeds[i].dry)
            return;
    queue->options.dry(queue->options.data);
}

static void on_taken(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct feed *feed = data;
    struct releve_queue *queue = feed->queue;
    feed->pulling = false;
    if (queue->closing || queue->lost)
        return;
    if (error->code != RELEVE_OK) { /* not a list, perhaps: asked again with the next beat */
        if (queue->options.link != NULL && error->code != RELEVE_E_INTERRUPTED)
            queue->options.link(queue->options.data, false, error->text);
        return;
    }
    if (reply->type == REDIS_REPLY_STRING) {
        feed->dry = false;
        accept_message(feed, reply->str, reply->len, false);
    } else if (queue->options.drain) {
        feed->dry = true;
        tell_if_dry(queue);
        return;
    }
    pull(feed);
}

static void pull(struct feed *feed)
{
    struct releve_queue *queue = feed->queue;
    if (!feed->ready || feed->pulling || queue->stopped || queue->closing || queue->lost || feed->held >= feed->most)
        return;
    feed->pulling = true;
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, queue->options.drain ? "LMOVE" : "BLMOVE");
    releve_arguments_format(&arguments, "%s:%s", queue->prefix, releve_queue_key(feed->class_));
    add_own_list(queue, &arguments);
    releve_arguments_text(&arguments, "RIGHT");
    releve_arguments_text(&arguments, "LEFT");
    if (!queue->options.drain)
        releve_arguments_format(&arguments, "%d", BLOCK_S);
    releve_commands_send(&feed->commands, "take a job", NULL, arguments.count, arguments.values, arguments.bytes,
                         on_taken, feed);
}

static void on_own_list(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    queue->comparing = false;
    if (queue->closing || queue->lost || error->code != RELEVE_OK || reply->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = reply->elements; i-- > 0;) {
        const redisReply *item = reply->element[i];
        if (queue->feeds[RELEVE_NORMAL].held >= queue->feeds[RELEVE_NORMAL].most)
            return; /* the rest at the next look */
        if (item->type == REDIS_REPLY_STRING && !holds(queue, item->str, item->len))
            accept_message(&queue->feeds[RELEVE_NORMAL], item->str, item->len, true);
    }
    if (queue->compare_again)
        compare(queue);
}

/* Looks for messages that are in the worker's list and not known here. */
static void compare(struct releve_queue *queue)
{
    if (queue->closing || queue->lost)
        return;
    if (queue->comparing) {
        queue->compare_again = true; /* what is being read may be older than the reason for this call */
        return;
    }
    queue->compare_again = false;
    queue->comparing = true;
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, "LRANGE");
    add_own_list(queue, &arguments);
    releve_arguments_text(&arguments, "0");
    releve_arguments_text(&arguments, "-1");
    releve_commands_send(&queue->commands, "read the worker's list", NULL, arguments.count, arguments.values,
                         arguments.bytes, on_own_list, queue);
}

static void on_feed_ready(void *data, const struct releve_error *error)
{
    struct feed *feed = data;
    feed->ready = error->code == RELEVE_OK;
    if (!feed->ready && !feed->queue->closing && feed->queue->options.link != NULL)
        feed->queue->options.link(feed->queue->options.data, false, error->text);
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
    struct releve_arguments arguments = {.count = 0};
    static const char *const keys[] = {"workers", "workers:dead", "jobs:high", "jobs", "jobs:low"};
    releve_arguments_script(&arguments, &releve_script_workers, sizeof keys / sizeof keys[0]);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        releve_arguments_format(&arguments, "%s:%s", queue->prefix, keys[i]);
    releve_arguments_text(&arguments, operation);
    releve_arguments_text(&arguments, queue->worker);
    releve_arguments_format(&arguments, "%lld", (long long)RELEVE_DEAD_AFTER_MS);
    releve_arguments_format(&arguments, "%lld", (long long)DEAD_REMEMBERED_MS);
    releve_arguments_text(&arguments, queue->prefix);
    releve_arguments_format(&arguments, "%d", DEAD_AT_ONCE);
    releve_commands_send(&queue->commands, "beat", &releve_script_workers, arguments.count, arguments.values,
                         arguments.bytes, reply, queue);
}

static void on_beaten(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    if (queue->closing || queue->lost || error->code != RELEVE_OK)
        return;
    if (reply->type == REDIS_REPLY_INTEGER && reply->integer == 1)
        return;
    queue->lost = true;
    queue->options.lost(queue->options.data);
}

static void on_beat(uv_timer_t *timer)
{
    struct releve_queue *queue = timer->data;
    if (queue->lost)
        return;
    send_workers(queue, "beat", on_beaten);
    if (++queue->beats % COMPARE_BEATS == 0)
        compare(queue); /* a job whose result Redis refused is still in the list, and runs again */
    for (int i = 0; i < RELEVE_CLASSES; i++)
        pull(&queue->feeds[i]); /* where taking failed */
}

static void on_joined(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    (void)reply;
    if (queue->closing)
        return;
    queue->ready(queue->options.data, error);
    if (error->code != RELEVE_OK || queue->closing)
        return;
    queue->joined = true;
    (void)uv_timer_start(&queue->beat, on_beat, (uint64_t)RELEVE_BEAT_MS, (uint64_t)RELEVE_BEAT_MS);
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        struct feed *feed = &queue->feeds[i];
        releve_commands_open(&feed->commands, queue->loop, &queue->url, on_feed_ready, on_feed_link, feed);
        feed->commands.connection.timeout_ms = BLOCK_TIMEOUT_MS;
        feed->commands.connection.patient = true; /* the first attempt is repeated like the others */
        feed->open = true;
        queue->open_parts++;
    }
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_queue *queue = data;
    if (queue->closing)
        return;
    if (error->code == RELEVE_OK)
        send_workers(queue, "join", on_joined);
    else
        queue->ready(queue->options.data, error);
}

static void on_link(void *data, bool up, const char *why)
{
    struct releve_queue *queue = data;
    if (queue->closing)
        return;
    if (queue->options.link != NULL)
        queue->options.link(queue->options.data, up, why);
    if (up)
        compare(queue);
}

/* --- the queue's life ------------------------------------------------------------------------------------------- */

enum releve_code releve_queue_open(struct releve_queue **out, uv_loop_t *loop,
                                   const struct releve_queue_options *options,
                                   void (*ready)(void *data, const struct releve_error *error),
                                   struct releve_error *error)
{
    static const unsigned most[RELEVE_CLASSES] = {[RELEVE_HIGH] = RELEVE_PREFETCH_HIGH,
                                                  [RELEVE_NORMAL] = RELEVE_PREFETCH_NORMAL,
                                                  [RELEVE_LOW] = RELEVE_PREFETCH_LOW};
    assert(strlen(options->prefix) < RELEVE_PREFIX_BYTES && strlen(options->worker) < RELEVE_WORKER_NAME_BYTES);
    struct releve_queue *queue = releve_alloc(1, sizeof *queue);
    enum releve_code code = releve_redis_url_parse(options->url, &queue->url, error);
    if (code != RELEVE_OK) {
        free(queue);
        return code;
    }
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
    queue->open_parts = 3; /* commands and two timers */
    releve_commands_open(&queue->commands, loop, &queue->url, on_ready, on_link, queue);
    *out = queue;
    return RELEVE_OK;
}

void releve_queue_release(struct releve_queue *queue, const struct releve_job *job)
{
    char *words = releve_job_json_write(job);
    if (words == NULL)
        abort(); /* as above */
    struct holding *holding;
    HASH_FIND(hh, queue->holdings, words, strlen(words), holding);
    assert(holding != NULL);
    free(words);
    struct feed *feed = feed_of(queue, holding);
    drop(feed, holding);
    assert(feed->held > 0);
    feed->held--;
    pull(feed);
}

void releve_queue_stop(struct releve_queue *queue)
{
    queue->stopped = true;
}

static void part_closed(struct releve_queue *queue)
{
    if (--queue->open_parts > 0)
        return;
    struct holding *holding, *next;
    HASH_ITER(hh, queue->holdings, holding, next)
    {
        HASH_DEL(queue->holdings, holding);
        free(holding->words);
        free(holding);
    }
    void (*closed)(void *) = queue->closed;
    void *data = queue->closed_data;
    explicit_bzero(&queue->url, sizeof queue->url);
    free(queue);
    if (closed != NULL)
        closed(data);
}

static void on_commands_closed(void *data)
{
    part_closed(data);
}

static void on_timer_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

static void close_main(struct releve_queue *queue)
{
    if (queue->main_closing)
        return;
    queue->main_closing = true;
    uv_close((uv_handle_t *)&queue->leave, on_timer_closed);
    releve_commands_close(&queue->commands, on_commands_closed);
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
    feed->open = false;
    part_closed(feed->queue);
}

void releve_queue_close(struct releve_queue *queue, void (*closed)(void *data), void *data)
{
    assert(!queue->closing);
    queue->closing = true;
    queue->closed = closed;
    queue->closed_data = data;
    uv_close((uv_handle_t *)&queue->beat, on_timer_closed);
    for (int i = 0; i < RELEVE_CLASSES; i++)
        if (queue->feeds[i].open)
            releve_commands_close(&queue->feeds[i].commands, on_feed_closed);
    if (!queue->joined || queue->lost) {
        close_main(queue);
        return;
    }
    (void)uv_timer_start(&queue->leave, on_leave_late, (uint64_t)LEAVE_MS, 0);
    send_workers(queue, "leave", on_left);
}
