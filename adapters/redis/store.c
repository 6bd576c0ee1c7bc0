/* The store as a whole: opening, closing, and what its operations have in common. The operations are in known.c
 * (coverage and facts), days.c, finish.c and ledger.c. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_store *store = data;
    store->ready(store->ready_data, error);
}

static void on_link(void *data, bool up, const char *why)
{
    struct releve_store *store = data;
    if (store->on_link != NULL)
        store->on_link(store->link_data, up, why);
}

enum releve_code releve_store_open(struct releve_store **out, uv_loop_t *loop,
                                   const struct releve_store_options *options, releve_store_ready ready, void *data,
                                   struct releve_error *error)
{
    assert(out != NULL && loop != NULL && options->url != NULL && options->prefix != NULL && ready != NULL);
    *out = NULL;
    size_t prefix_bytes = strlen(options->prefix);
    if (prefix_bytes == 0 || prefix_bytes >= RELEVE_PREFIX_BYTES)
        return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_PREFIX has %zu characters; it must have 1 to %d",
                           prefix_bytes, RELEVE_PREFIX_BYTES - 1);
    struct releve_store *store = releve_alloc(1, sizeof *store);
    enum releve_code code = releve_redis_url_parse(options->url, &store->url, error);
    if (code == RELEVE_OK && store->url.where == RELEVE_REDIS_EMBEDDED)
        code = releve_fail(error, RELEVE_E_CONFIG, "the embedded Redis must be started before it is connected to");
    if (code != RELEVE_OK) {
        free(store);
        return code;
    }
    memcpy(store->prefix, options->prefix, prefix_bytes + 1);
    if (options->worker != NULL)
        (void)snprintf(store->worker, sizeof store->worker, "%s", options->worker);
    store->on_link = options->on_link;
    store->link_data = options->data;
    store->ready = ready;
    store->ready_data = data;
    releve_commands_open(&store->commands, loop, &store->url, on_ready, on_link, store);
    store->open_parts = 1;
    *out = store;
    return RELEVE_OK;
}

void releve_store_set_command_timeout(struct releve_store *store, releve_time timeout_ms)
{
    assert(timeout_ms > 0);
    store->commands.connection.timeout_ms = timeout_ms;
}

static void on_part_closed(void *data)
{
    struct releve_store *store = data;
    if (--store->open_parts > 0)
        return;
    void (*closed)(void *data) = store->closed;
    void *closed_data = store->closed_data;
    explicit_bzero(&store->url, sizeof store->url);
    free(store);
    if (closed != NULL)
        closed(closed_data);
}

void releve_store_close(struct releve_store *store, void (*closed)(void *data), void *data)
{
    assert(!store->closing);
    store->closing = true;
    store->closed = closed;
    store->closed_data = data;
    if (store->watching)
        releve_watcher_close(&store->watcher, on_part_closed);
    releve_commands_close(&store->commands, on_part_closed);
}

/* --- what operations share ------------------------------------------------------------------------ */

struct done_call {
    releve_store_done done;
    void *data;
};

static void on_done(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct done_call call = *(struct done_call *)data;
    (void)reply;
    free(data);
    call.done(call.data, error);
}

static struct done_call *done_call(releve_store_done done, void *data)
{
    assert(done != NULL);
    struct done_call *call = releve_alloc(1, sizeof *call);
    *call = (struct done_call){done, data};
    return call;
}

void releve_store_send_words(struct releve_store *store, const char *what, const struct releve_script *script,
                             int count, const char **values, const size_t *bytes, releve_store_done done, void *data)
{
    releve_commands_send(&store->commands, what, script, count, values, bytes, on_done, done_call(done, data));
}

void releve_store_nothing_to_do(struct releve_store *store, const char *what, releve_store_done done, void *data)
{
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, "PING");
    releve_store_send_words(store, what, NULL, arguments.count, arguments.values, arguments.bytes, done, data);
}

void releve_store_refuse(struct releve_store *store, const struct releve_error *error, releve_store_done done,
                         void *data)
{
    releve_commands_refuse(&store->commands, error, on_done, done_call(done, data));
}

/* --- whose data it is ------------------------------------------------------------------------------ */

struct bind_call {
    releve_store_bound reply;
    void *data;
    char upstream[64];
};

static void on_bound(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct bind_call call = *(struct bind_call *)data;
    free(data);
    const char *known = reply != NULL && reply->type == REDIS_REPLY_STRING ? reply->str : NULL;
    const char *kept = call.upstream[0] != '\0' ? call.upstream : NULL;
    call.reply(call.data, error, known != NULL ? known : kept);
}

void releve_store_bind(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data)
{
    struct bind_call *call = releve_alloc(1, sizeof *call);
    *call = (struct bind_call){.reply = reply, .data = data};
    (void)snprintf(call->upstream, sizeof call->upstream, "%s", upstream != NULL ? upstream : "");
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, upstream != NULL ? "SET" : "GET");
    releve_arguments_format(&arguments, "%s:upstream", store->prefix);
    if (upstream != NULL) {
        releve_arguments_text(&arguments, call->upstream);
        releve_arguments_text(&arguments, "NX");
        releve_arguments_text(&arguments, "GET");
    }
    releve_commands_send(&store->commands, "look up whose data this is", NULL, arguments.count, arguments.values,
                         arguments.bytes, on_bound, call);
}

struct number_call {
    releve_store_number reply;
    void *data;
};

static void on_number(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct number_call call = *(struct number_call *)data;
    free(data);
    call.reply(call.data, error, reply != NULL ? (uint64_t)reply->integer : 0);
}

void releve_store_number_process(struct releve_store *store, releve_store_number reply, void *data)
{
    struct number_call *call = releve_alloc(1, sizeof *call);
    *call = (struct number_call){reply, data};
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, "INCR");
    releve_arguments_format(&arguments, "%s:processes", store->prefix);
    releve_commands_send(&store->commands, "number this process", NULL, arguments.count, arguments.values,
                         arguments.bytes, on_number, call);
}

const struct releve_store_ops releve_redis_store_ops = {
    .bind = releve_store_bind,
    .number_process = releve_store_number_process,
    .begin = releve_store_begin,
    .claim = releve_store_claim,
    .unclaim = releve_store_unclaim,
    .put_days = releve_store_put_days,
    .learn = releve_store_learn,
    .finish = releve_store_finish,
    .forget_job = releve_store_forget_job,
    .permit_ask = releve_store_permit_ask,
    .permit_settle = releve_store_permit_settle,
    .permit_return = releve_store_permit_return,
    .bucket_close = releve_store_bucket_close,
    .bucket_usage = releve_store_bucket_usage,
    .bucket_watch = releve_store_bucket_watch,
};
