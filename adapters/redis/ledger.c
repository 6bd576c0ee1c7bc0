/* Permits (law 1). All judging is in ledger.lua, by Redis's own clock; here are only its words. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

bool releve_store_is_durable(const struct releve_store *store)
{
    const struct releve_connection *connection = &store->commands.connection;
    return !connection->no_append_only_file || !connection->no_save_points;
}

static const struct releve_quota no_quota = {.windows_count = 0};
static const struct releve_permit no_permit = {0, 0};

/* `length_ms`: the life of a permit, or how long a bucket is closed. */
static void ask_script(struct releve_store *store, const char *what, const char *operation, const char *bucket,
                       const struct releve_quota *quota, struct releve_permit permit, releve_time length_ms,
                       releve_commands_reply reply, void *data)
{
    assert(strlen(bucket) < RELEVE_BUCKET_BYTES);
    assert(quota->windows_count <= RELEVE_QUOTA_WINDOWS_MAX);
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_script(&arguments, &releve_script_ledger, 3);
    releve_arguments_format(&arguments, "%s:quota:%s", store->prefix, bucket);
    releve_arguments_format(&arguments, "%s:quota:%s:closed", store->prefix, bucket);
    releve_arguments_format(&arguments, "%s:quota:%s:waiting", store->prefix, bucket);
    releve_arguments_text(&arguments, operation);
    releve_arguments_format(&arguments, "%" PRIx64, permit.process);
    releve_arguments_format(&arguments, "%" PRIx64, permit.number);
    releve_arguments_format(&arguments, "%lld", (long long)length_ms);
    releve_arguments_text(&arguments, ""); /* Redis's clock */
    releve_arguments_format(&arguments, "%s:quota:%s:due", store->prefix, bucket);
    for (size_t i = 0; i < quota->windows_count; i++) {
        releve_arguments_format(&arguments, "%u", (unsigned)quota->windows[i].limit);
        releve_arguments_format(&arguments, "%lld", (long long)quota->windows[i].span_ms);
    }
    releve_commands_send(&store->commands, what, &releve_script_ledger, arguments.count, arguments.values,
                         arguments.bytes, reply, data);
}

struct permit_call {
    releve_store_permit reply;
    void *data;
};

static void on_permit(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct permit_call call = *(struct permit_call *)data;
    free(data);
    assert(reply == NULL || (reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0));
    call.reply(call.data, error, reply != NULL ? (releve_time)reply->integer : 0);
}

static struct permit_call *permit_call(releve_store_permit reply, void *data)
{
    assert(reply != NULL);
    struct permit_call *call = releve_alloc(1, sizeof *call);
    *call = (struct permit_call){reply, data};
    return call;
}

void releve_store_permit_ask(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                             bool urgent, struct releve_permit permit, releve_store_permit reply, void *data)
{
    assert(permit.process > 0 && permit.number > 0);
    ask_script(store, "ask for a permit", urgent ? "ask urgent" : "ask", bucket, quota, permit, RELEVE_PERMIT_LIFE_MS,
               on_permit, permit_call(reply, data));
}

void releve_store_permit_settle(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                struct releve_permit permit, releve_store_permit reply, void *data)
{
    ask_script(store, "settle a permit", "settle", bucket, quota, permit, 0, on_permit, permit_call(reply, data));
}

void releve_store_permit_return(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                struct releve_permit permit, releve_store_permit reply, void *data)
{
    ask_script(store, "give a permit back", "return", bucket, quota, permit, 0, on_permit, permit_call(reply, data));
}

struct close_call {
    releve_store_done done;
    void *data;
};

static void on_bucket_closed(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct close_call call = *(struct close_call *)data;
    (void)reply;
    free(data);
    call.done(call.data, error);
}

void releve_store_bucket_close(struct releve_store *store, const char *bucket, releve_time wait_ms,
                               releve_store_done done, void *data)
{
    assert(done != NULL);
    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms > RELEVE_QUOTA_WINDOW_MS_MAX) /* law 6: no quota can mean a longer wait than its longest window */
        wait_ms = RELEVE_QUOTA_WINDOW_MS_MAX;
    struct close_call *call = releve_alloc(1, sizeof *call);
    *call = (struct close_call){done, data};
    ask_script(store, "close a bucket", "close", bucket, &no_quota, no_permit, wait_ms, on_bucket_closed, call);
}

struct usage_call {
    releve_store_usage reply;
    void *data;
    size_t windows_count;
};

static void on_usage(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct usage_call call = *(struct usage_call *)data;
    free(data);
    if (error->code != RELEVE_OK) {
        call.reply(call.data, error, NULL);
        return;
    }
    assert(reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 + call.windows_count);
    struct releve_ledger_usage usage = {.next_ms = reply->element[0]->integer, .closed_ms = reply->element[1]->integer};
    for (size_t i = 0; i < call.windows_count; i++)
        usage.used[i] = (uint32_t)reply->element[2 + i]->integer;
    call.reply(call.data, error, &usage);
}

void releve_store_bucket_usage(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                               releve_store_usage reply, void *data)
{
    assert(reply != NULL);
    struct usage_call *call = releve_alloc(1, sizeof *call);
    *call = (struct usage_call){reply, data, quota->windows_count};
    ask_script(store, "read how full a bucket is", "usage", bucket, quota, no_permit, 0, on_usage, call);
}

struct permits_call {
    releve_store_permits reply;
    void *data;
};

static void on_permits(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct permits_call call = *(struct permits_call *)data;
    free(data);
    size_t count = reply != NULL ? reply->elements : 0;
    releve_time *over_ms = count > 0 ? releve_alloc(count, sizeof *over_ms) : NULL;
    for (size_t i = 0; i < count; i++)
        over_ms[i] = (releve_time)reply->element[i]->integer;
    call.reply(call.data, error, over_ms, count);
    free(over_ms);
}

void releve_store_bucket_permits(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                 releve_store_permits reply, void *data)
{
    assert(reply != NULL);
    struct permits_call *call = releve_alloc(1, sizeof *call);
    *call = (struct permits_call){reply, data};
    ask_script(store, "read the permits of a bucket", "permits", bucket, quota, no_permit, 0, on_permits, call);
}

void releve_store_bucket_watch(struct releve_store *store, const char *bucket,
                               void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data)
{
    assert(strlen(bucket) < RELEVE_BUCKET_BYTES && due != NULL && !store->closing);
    if (!store->watching) {
        store->watching = true;
        store->open_parts++;
        releve_watcher_open(&store->watcher, store->commands.connection.loop, &store->url, store);
        store->watcher.connection.timeout_ms = store->commands.connection.timeout_ms;
    }
    char channel[RELEVE_CHANNEL_BYTES];
    int written = snprintf(channel, sizeof channel, "%s:quota:%s:due", store->prefix, bucket);
    assert(written > 0 && (size_t)written < sizeof channel);
    (void)written;
    releve_watcher_add(&store->watcher, channel, bucket, due, data);
}
