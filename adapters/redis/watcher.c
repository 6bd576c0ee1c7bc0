/* Subscriptions that survive their connection. A dead peer is noticed by asking for a subscription again that
 * stands already: Redis confirms it, and both old and new hiredis know the answer (unlike PING while subscribed). */
#include <adapters/redis/watcher.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_message(redisAsyncContext *context, void *answer, void *data);

static void subscribe(struct releve_watcher *watcher, const struct releve_watch *watch)
{
    (void)redisAsyncCommand(watcher->connection.dial.context, on_message, watcher, "SUBSCRIBE %s", watch->channel);
}

static void on_probe(uv_timer_t *timer)
{
    struct releve_watcher *watcher = timer->data;
    if (watcher->probing) {
        releve_connection_drop(&watcher->connection, "no reply to a probe");
        return;
    }
    if (!releve_nodes_knows(watcher->nodes, &watcher->url)) {
        releve_connection_drop(&watcher->connection, "that node has left the cluster");
        return;
    }
    if (watcher->count == 0)
        return;
    watcher->probing = true;
    subscribe(watcher, &watcher->watches[0]);
    (void)uv_timer_start(timer, on_probe, (uint64_t)watcher->connection.timeout_ms, 0);
}

/* Any sign of life puts the next probe off. */
static void heard(struct releve_watcher *watcher)
{
    watcher->probing = false;
    (void)uv_timer_start(&watcher->probe_timer, on_probe, RELEVE_WATCHER_PROBE_MS, RELEVE_WATCHER_PROBE_MS);
}

static struct releve_watch *find(struct releve_watcher *watcher, const char *channel)
{
    for (size_t i = 0; i < watcher->count; i++) {
        if (strcmp(watcher->watches[i].channel, channel) == 0)
            return &watcher->watches[i];
    }
    return NULL;
}

static void on_message(redisAsyncContext *context, void *answer, void *data)
{
    const redisReply *reply = answer;
    struct releve_watcher *watcher = data;
    if (reply == NULL || context->data == NULL)
        return; /* it was cut */
    if (reply->type == REDIS_REPLY_ERROR) {
        releve_connection_drop(&watcher->connection, reply->str); /* and again, later */
        return;
    }
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
        return;
    heard(watcher);
    struct releve_watch *watch = find(watcher, reply->element[1]->str);
    if (watch == NULL)
        return;
    releve_time wait_ms = 0;
    if (strcmp(reply->element[0]->str, "message") == 0) {
        wait_ms = strtoll(reply->element[2]->str, NULL, 10);
        if (wait_ms < 0)
            wait_ms = 0;
    } else if (watch->fresh) {
        watch->fresh = false;
    } else {
        return; /* the answer to a probe */
    }
    watch->due(watch->data, watch->bucket, wait_ms);
}

static void on_up(void *data)
{
    struct releve_watcher *watcher = data;
    for (size_t i = 0; i < watcher->count; i++) {
        watcher->watches[i].fresh = true;
        subscribe(watcher, &watcher->watches[i]);
    }
    /* The first answer is waited for no longer than any other. */
    watcher->probing = watcher->count > 0;
    (void)uv_timer_start(&watcher->probe_timer, on_probe, (uint64_t)watcher->connection.timeout_ms,
                         RELEVE_WATCHER_PROBE_MS);
}

static void on_down(void *data, const char *why)
{
    struct releve_watcher *watcher = data;
    (void)why;
    watcher->probing = false;
    (void)uv_timer_stop(&watcher->probe_timer);
}

static void on_connection_closed(void *data)
{
    struct releve_watcher *watcher = data;
    releve_closing_one(&watcher->closing);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_connection_closed(handle->data);
}

void releve_watcher_open(struct releve_watcher *watcher, struct releve_nodes *nodes, const struct releve_redis_url *url,
                         void *data)
{
    static const struct releve_connection_events events = {on_up, on_down, NULL, on_connection_closed};
    memset(watcher, 0, sizeof *watcher);
    watcher->data = data;
    watcher->nodes = nodes;
    watcher->url = *url;
    releve_connection_open(&watcher->connection, nodes->loop, &watcher->url, true, &events, watcher);
    watcher->connection.timeout_ms = releve_nodes_timeout(nodes);
    releve_nodes_lend(nodes, &watcher->connection, &watcher->url);
    (void)uv_timer_init(nodes->loop, &watcher->probe_timer);
    watcher->probe_timer.data = watcher;
    watcher->closing = (struct releve_closing){2, NULL, data};
}

void releve_watcher_add(struct releve_watcher *watcher, const char *channel, const char *bucket, releve_watcher_due due,
                        void *data)
{
    struct releve_watch *watch = find(watcher, channel);
    if (watch == NULL) {
        assert(watcher->count < RELEVE_WATCHES_MAX);
        watch = &watcher->watches[watcher->count++];
        assert(strlen(channel) < sizeof watch->channel && strlen(bucket) < sizeof watch->bucket);
        memcpy(watch->channel, channel, strlen(channel) + 1);
        memcpy(watch->bucket, bucket, strlen(bucket) + 1);
        watch->fresh = true;
        if (watcher->connection.state == RELEVE_CONNECTION_UP)
            subscribe(watcher, watch);
    }
    watch->due = due;
    watch->data = data;
}

void releve_watcher_close(struct releve_watcher *watcher, void (*closed)(void *data))
{
    watcher->closing.closed = closed;
    releve_connection_close(&watcher->connection);
    uv_close((uv_handle_t *)&watcher->probe_timer, on_timer_closed);
}
