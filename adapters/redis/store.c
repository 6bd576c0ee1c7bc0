/* The store as a whole: opening, closing, the names of keys. The operations are in known.c, claims.c, days.c, facts.c,
 * finish.c, ledger.c, enqueue.c, erase.c, known_points.c, overview.c and pulse.c; how a reply becomes a callback is in
 * call.c.
 */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 10 /* between two looks whether all has been answered, at the end */

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_store *store = data;
    store->ready(store->ready_data, error);
}

static void end(struct releve_store *store);

static void on_link(void *data, bool up, const char *why)
{
    struct releve_store *store = data;
    if (store->phase == STORE_ENDING && !releve_nodes_is_reachable(&store->nodes))
        end(store); /* nothing comes any more */
    else if (store->phase == STORE_OPEN && store->on_link != NULL)
        store->on_link(store->link_data, up, why);
}

static void on_wait(void *data, const char *line)
{
    const struct releve_store *store = data;
    if (store->phase == STORE_OPEN && store->on_wait != NULL)
        store->on_wait(store->link_data, line);
}

static void on_all_closed(void *data)
{
    struct releve_store *store = data;
    void (*closed)(void *data) = store->closed;
    void *closed_data = store->closed_data;
    explicit_bzero(&store->url, sizeof store->url);
    explicit_bzero(&store->watcher.url, sizeof store->watcher.url);
    free(store);
    if (closed != NULL)
        closed(closed_data);
}

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *releve_store_version(void)
{
    return "hiredis " TEXT(HIREDIS_MAJOR) "." TEXT(HIREDIS_MINOR) "." TEXT(HIREDIS_PATCH);
}

struct releve_store *releve_store_open(uv_loop_t *loop, const struct releve_store_options *options,
                                       releve_store_ready ready, void *data)
{
    assert(options->redis->where != RELEVE_REDIS_EMBEDDED && ready != NULL);
    assert(options->prefix[0] != '\0' && strlen(options->prefix) < RELEVE_PREFIX_BYTES);
    struct releve_store *store = releve_alloc(1, sizeof *store);
    store->url = *options->redis;
    (void)snprintf(store->prefix, sizeof store->prefix, "%s", options->prefix);
    if (options->worker != NULL)
        (void)snprintf(store->worker, sizeof store->worker, "%s", options->worker);
    store->on_link = options->on_link;
    store->on_forgotten = options->on_forgotten;
    store->on_wait = options->on_wait;
    store->link_data = options->data;
    store->ready = ready;
    store->ready_data = data;
    store->replies.nodes = &store->nodes;
    releve_nodes_open(&store->nodes, loop, &store->url, store->prefix, on_ready, on_link, store);
    releve_nodes_set_start(&store->nodes, options->start_ms, on_wait);
    if (options->impatient)
        releve_nodes_set_impatient(&store->nodes);
    if (options->begins_with_queue)
        releve_nodes_begin_with_queue(&store->nodes);
    (void)uv_timer_init(loop, &store->late); /* cannot fail */
    store->late.data = store;
    releve_vigil_init(store, loop);
    store->parts = (struct releve_closing){2, on_all_closed, store}; /* nodes, vigil */
    return store;
}

void releve_store_set_command_timeout(struct releve_store *store, releve_time timeout_ms)
{
    assert(timeout_ms > 0);
    releve_nodes_set_timeout(&store->nodes, timeout_ms);
}

static void on_part_closed(void *data)
{
    struct releve_store *store = data;
    releve_closing_one(&store->parts);
}

/* Handles that were closed before this one, or in the same go, have told by the end of this turn of the loop; what is
 * closed from here on goes with the next. */
static void on_timer_closed(uv_handle_t *handle)
{
    struct releve_store *store = handle->data;
    releve_nodes_close(&store->nodes, on_part_closed);
}

static void on_vigil_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

static void end(struct releve_store *store)
{
    store->phase = STORE_CLOSING;
    releve_vigil_close(store, on_vigil_closed);
    uv_close((uv_handle_t *)&store->late, on_timer_closed);
}

static void on_last_reply(void *data, const struct releve_error *error);

/* Replies of one node come in order: this one is behind those of all that was asked of it before. */
static void ask_last(struct releve_store *store)
{
    store->asks_again = false;
    releve_call_nothing(store, "end", on_last_reply, store);
}

static void on_late(uv_timer_t *timer)
{
    struct releve_store *store = timer->data;
    if ((releve_time)uv_now(timer->loop) >= store->late_ms)
        end(store);
    else if (store->asks_again)
        ask_last(store);
}

static void on_last_reply(void *data, const struct releve_error *error)
{
    struct releve_store *store = data;
    if (store->phase == STORE_CLOSING)
        return;
    if (error->code == RELEVE_OK && releve_nodes_unanswered(&store->nodes) > 0)
        store->asks_again = true; /* of other nodes, or meanwhile; replicas that are away are not waited for */
    else
        end(store);
}

void releve_store_close(struct releve_store *store, void (*closed)(void *data), void *data)
{
    assert(store->phase == STORE_OPEN);
    store->phase = STORE_ENDING;
    store->closed = closed;
    store->closed_data = data;
    if (store->watching)
        releve_watcher_close(&store->watcher, on_part_closed);
    if (!releve_nodes_is_reachable(&store->nodes)) {
        end(store);
        return;
    }
    store->late_ms = (releve_time)uv_now(store->late.loop) + RELEVE_STORE_END_MS;
    (void)uv_timer_start(&store->late, on_late, LOOK_MS, LOOK_MS);
    ask_last(store);
}

bool releve_store_is_durable(const struct releve_store *store)
{
    return releve_nodes_is_durable(&store->nodes);
}

bool releve_store_is_up(const struct releve_store *store)
{
    return releve_nodes_is_up(&store->nodes);
}

void releve_process_format(uint64_t process, char out[RELEVE_PROCESS_TEXT])
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    size_t count = 1;
    while (count < RELEVE_PROCESS_TEXT - 1 && process >> (6 * count) != 0)
        count++;
    for (size_t i = 0; i < count; i++)
        out[i] = digits[process >> (6 * (count - 1 - i)) & 63];
    out[count] = '\0';
}

void releve_store_permit_name(struct releve_words *words, struct releve_permit permit)
{
    char process[RELEVE_PROCESS_TEXT];
    releve_process_format(permit.process, process);
    releve_words_format(words, "%s.%" PRIx64, process, permit.number);
}

/* --- what is away ----------------------------------------------------------------------------------- */

bool releve_store_serves_queue(struct releve_store *store)
{
    char key[RELEVE_PREFIX_BYTES + sizeof "{}"];
    size_t place;
    (void)snprintf(key, sizeof key, "{%s}", store->prefix);
    return releve_nodes_serves(&store->nodes, key, &place);
}

bool releve_store_serves_bucket(struct releve_store *store, const char *bucket)
{
    char key[RELEVE_BUCKET_BYTES + sizeof "{}"];
    size_t place;
    (void)snprintf(key, sizeof key, "{%s}", bucket);
    return releve_nodes_serves(&store->nodes, key, &place);
}

bool releve_store_serves_point(struct releve_store *store, releve_prm prm)
{
    char key[RELEVE_PRM_TEXT + sizeof "{}"];
    size_t place;
    (void)snprintf(key, sizeof key, "{" RELEVE_PRM_FORMAT "}", prm);
    return releve_nodes_serves(&store->nodes, key, &place);
}

bool releve_store_is_partly_away(struct releve_store *store)
{
    char name[RELEVE_REDIS_SEED_TEXT];
    return releve_store_serves_queue(store) && releve_store_away(store, 0, name);
}

bool releve_store_away(struct releve_store *store, size_t i, char out[RELEVE_REDIS_SEED_TEXT])
{
    return releve_nodes_away(&store->nodes, i, out);
}

#define LOOK_UP "look up whose data this is"

/* --- whose data it is ------------------------------------------------------------------------------ */

static void decode_bound(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    call->to.bound(call->data, error, reply != NULL && reply->type == REDIS_REPLY_STRING ? reply->str : NULL);
}

static void send_bound(struct releve_store *store, struct releve_words *words, const char *what,
                       enum releve_replicas replicas, releve_store_bound reply, void *data)
{
    struct releve_call call = {.what = what,
                               .replicas = replicas,
                               .type = RELEVE_REPLY_OPTIONAL,
                               .decode = decode_bound,
                               .to.bound = reply,
                               .data = data};
    releve_call_send(store, &call, NULL, words);
}

struct bind_call {
    struct releve_store *store;
    char *upstream; /* NULL where nothing is kept */
    releve_store_bound reply;
    void *data;
};

void releve_store_bound_to(struct releve_store *store, releve_store_bound reply, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "GET");
    releve_key_of_queue(&words, store->prefix, "upstream");
    send_bound(store, &words, LOOK_UP, RELEVE_REPLICAS_ANY, reply, data);
}

static void bind_now(struct bind_call *call)
{
    struct releve_words words = {.count = 0};
    if (call->upstream == NULL) {
        releve_store_bound_to(call->store, call->reply, call->data);
    } else {
        releve_words_add(&words, "SET");
        releve_key_of_queue(&words, call->store->prefix, "upstream");
        releve_words_add(&words, call->upstream);
        releve_words_add(&words, "NX"); /* of two at once one is first, and the other one is told */
        releve_words_add(&words, "GET");
        send_bound(call->store, &words, LOOK_UP, RELEVE_REPLICAS_REPEAT, call->reply, call->data);
    }
    free(call->upstream);
    free(call);
}

/* Where keys have the names that 0.1.0 gave them, nothing would be known, and all would be asked for again. */
static void on_old_names(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct bind_call *call = data;
    struct releve_error old;
    if (error->code == RELEVE_OK && reply->type == REDIS_REPLY_INTEGER && reply->integer > 0) {
        (void)releve_fail(&old, RELEVE_E_CONFIG,
                          "the keys under the prefix %s have names of releve 0.1.0 (%s:upstream): rename them before "
                          "anything is asked for, as docs/moving.md says",
                          call->store->prefix, call->store->prefix);
        error = &old;
    }
    if (error->code == RELEVE_OK) {
        call->store->names_are_new = true;
        bind_now(call);
        return;
    }
    call->reply(call->data, error, NULL);
    free(call->upstream);
    free(call);
}

/* The old name is in a slot of its own. Where its shard is away, and that of the queue is there, nobody waits for it:
 * old names are found by what begins when it is back. */
static bool should_look_for_old_names(struct releve_store *store)
{
    char key[RELEVE_PREFIX_BYTES + sizeof ":upstream"];
    size_t place;
    if (store->names_are_new)
        return false;
    (void)snprintf(key, sizeof key, "%s:upstream", store->prefix);
    return releve_nodes_serves(&store->nodes, key, &place) || !releve_store_serves_queue(store);
}

void releve_store_bind(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data)
{
    struct bind_call *call = releve_alloc(1, sizeof *call);
    *call = (struct bind_call){store, upstream != NULL ? releve_strdup(upstream) : NULL, reply, data};
    if (!should_look_for_old_names(store)) {
        bind_now(call);
        return;
    }
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "EXISTS");
    releve_words_format(&words, "%s:upstream", store->prefix);
    releve_nodes_send(&store->nodes, LOOK_UP, NULL, &words, on_old_names, call);
}

void releve_store_adopt(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "SET");
    releve_key_of_queue(&words, store->prefix, "upstream");
    releve_words_add(&words, upstream);
    releve_words_add(&words, "GET");
    send_bound(store, &words, "note whose data this is from now on", RELEVE_REPLICAS_REPEAT, reply, data);
}

/* Counted by Redis, which begins anew when it has forgotten the count, while processes that it numbered before go on:
 * 32 random bits tell those from the new ones. */
static void decode_number(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    uint32_t bits = 0;
    if (uv_random(NULL, NULL, &bits, sizeof bits, 0, NULL) != 0)
        abort(); /* so few come at once wherever Linux runs */
    call->to.number(call->data, error, reply != NULL ? (uint64_t)reply->integer << 32 | bits : 0);
}

void releve_store_number_process(struct releve_store *store, releve_store_number reply, void *data)
{
    struct releve_call call = {.what = "number this process",
                               .replicas = RELEVE_REPLICAS_REPEAT, /* two processes with one would share permits */
                               .type = REDIS_REPLY_INTEGER,
                               .decode = decode_number,
                               .to.number = reply,
                               .data = data};
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "INCR");
    releve_key_of_queue(&words, store->prefix, "processes");
    releve_call_send(store, &call, NULL, &words);
}

const struct releve_store_ops releve_redis_store_ops = {
    .bind = releve_store_bind,
    .number_process = releve_store_number_process,
    .begin = releve_store_begin,
    .claim = releve_store_claim,
    .unclaim = releve_store_unclaim,
    .put_days = releve_store_put_days,
    .learn = releve_store_learn,
    .services_due = releve_store_services_due,
    .put_services = releve_store_put_services,
    .finish = releve_store_finish,
    .forget_job = releve_store_forget_job,
    .permit_ask = releve_store_permit_ask,
    .permit_settle = releve_store_permit_settle,
    .permit_return = releve_store_permit_return,
    .bucket_close = releve_store_bucket_close,
    .bucket_usage = releve_store_bucket_usage,
    .bucket_watch = releve_store_bucket_watch,
};
