/* See dial.h. A context belongs to hiredis from the moment it is cut: then its data is NULL, and whatever it still
 * calls returns at once. */
#include <adapters/redis/dial.h>
#include <adapters/redis/glue.h>
#include <assert.h>
#include <stdio.h>

static void connect_next(struct releve_dial *dial);

static void start(struct releve_dial *dial, uv_timer_cb callback, releve_time wait_ms)
{
    int status = uv_timer_start(&dial->timer, callback, (uint64_t)wait_ms, 0);
    assert(status == 0);
    (void)status;
}

void releve_dial_hang_up(struct releve_dial *dial)
{
    redisAsyncContext *context = dial->context;
    dial->context = NULL;
    (void)uv_timer_stop(&dial->timer);
    if (dial->lookup != NULL)
        releve_lookup_drop(dial->lookup);
    dial->lookup = NULL;
    if (context != NULL) {
        context->data = NULL;
        redisAsyncFree(context); /* when it is not in the middle of something */
    }
}

/* Nobody answers at this address: the next one, if there is one. */
static void lose(struct releve_dial *dial, const char *why)
{
    releve_dial_hang_up(dial);
    if (dial->next_address < dial->addresses.count)
        connect_next(dial);
    else
        dial->events->lost(dial->data, why);
}

static void on_deadline(uv_timer_t *timer)
{
    struct releve_dial *dial = timer->data;
    bool unresolved = dial->lookup != NULL;
    char why[64];
    (void)snprintf(why, sizeof why, "no answer within %lld ms",
                   (long long)(unresolved ? dial->lookup_ms : dial->answer_ms));
    if (!unresolved) {
        lose(dial, why);
        return;
    }
    releve_dial_hang_up(dial);
    dial->events->unresolved(dial->data, why);
}

/* --- one address ------------------------------------------------------------------------------------- */

static void on_broken(void *data, const char *why)
{
    if (data != NULL)
        lose(data, why);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct releve_dial *dial = context->data;
    if (dial != NULL && status != REDIS_OK) {
        dial->context = NULL; /* hiredis frees it when we return */
        lose(dial, context->errstr != NULL ? context->errstr : context->c.errstr);
    }
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct releve_dial *dial = context->data;
    (void)status;
    if (dial == NULL)
        return;
    dial->context = NULL; /* hiredis frees it when we return */
    lose(dial, context->err != 0 ? context->errstr : "closed");
}

static void attach(struct releve_dial *dial, redisAsyncContext *context)
{
    if (context == NULL || context->err != 0 || !releve_glue_attach(context, dial->loop, on_broken)) {
        char why[128] = "no memory for a connection";
        if (context != NULL) {
            (void)snprintf(why, sizeof why, "%s", context->err != 0 ? context->errstr : "its socket cannot be watched");
            redisAsyncFree(context);
        }
        lose(dial, why);
        return;
    }
    dial->context = context;
    context->data = dial;
    (void)redisAsyncSetConnectCallback(context, on_connect);
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
    releve_dial_wait(dial);
    dial->events->opened(dial->data, context);
}

static void connect_next(struct releve_dial *dial)
{
    const char *address = dial->addresses.text[dial->next_address++];
    attach(dial, redisAsyncConnect(address, dial->port));
}

void *releve_dial_owner(const redisAsyncContext *context, const redisReply *reply)
{
    const struct releve_dial *dial = reply != NULL ? context->data : NULL;
    return dial != NULL ? dial->data : NULL;
}

/* --- where it is ------------------------------------------------------------------------------------- */

static void on_looked_up(void *data, const struct releve_addresses *addresses, const char *why)
{
    struct releve_dial *dial = data;
    dial->lookup = NULL;
    (void)uv_timer_stop(&dial->timer);
    if (addresses == NULL) {
        dial->events->unresolved(dial->data, why);
        return;
    }
    dial->addresses = *addresses;
    connect_next(dial);
}

static void look_up(struct releve_dial *dial)
{
    const char *why = NULL;
    dial->lookup = releve_lookup_start(dial->loop, dial->host, on_looked_up, dial, &why);
    if (dial->lookup == NULL)
        dial->events->unresolved(dial->data, why);
    else
        start(dial, on_deadline, dial->lookup_ms);
}

static void on_begin(uv_timer_t *timer)
{
    struct releve_dial *dial = timer->data;
    if (dial->path != NULL)
        attach(dial, redisAsyncConnectUnix(dial->path));
    else if (releve_lookup_is_numeric(dial->host))
        attach(dial, redisAsyncConnect(dial->host, dial->port));
    else
        look_up(dial);
}

static void begin(struct releve_dial *dial, releve_time answer_ms)
{
    assert(dial->context == NULL && dial->lookup == NULL);
    dial->host = dial->path = NULL;
    dial->addresses.count = dial->next_address = 0;
    dial->answer_ms = answer_ms;
    start(dial, on_begin, 0);
}

void releve_dial_socket(struct releve_dial *dial, const char *path, releve_time answer_ms)
{
    begin(dial, answer_ms);
    dial->path = path;
}

void releve_dial_host(struct releve_dial *dial, const char *host, int port, releve_time lookup_ms,
                      releve_time answer_ms)
{
    begin(dial, answer_ms);
    dial->host = host;
    dial->port = port;
    dial->lookup_ms = lookup_ms;
}

/* --- the life ---------------------------------------------------------------------------------------- */

void releve_dial_wait(struct releve_dial *dial)
{
    start(dial, on_deadline, dial->answer_ms);
}

void releve_dial_pause(struct releve_dial *dial)
{
    (void)uv_timer_stop(&dial->timer);
}

void releve_dial_answered(struct releve_dial *dial)
{
    dial->next_address = dial->addresses.count;
    releve_dial_pause(dial);
}

void releve_dial_init(struct releve_dial *dial, uv_loop_t *loop, const struct releve_dial_events *events, void *data)
{
    *dial = (struct releve_dial){.loop = loop, .events = events, .data = data};
    (void)uv_timer_init(loop, &dial->timer); /* cannot fail */
    dial->timer.data = dial;
}

static void on_closed(uv_handle_t *handle)
{
    struct releve_dial *dial = handle->data;
    dial->closed(dial->data);
}

void releve_dial_close(struct releve_dial *dial, void (*closed)(void *data))
{
    releve_dial_hang_up(dial);
    dial->closed = closed;
    uv_close((uv_handle_t *)&dial->timer, on_closed);
}
