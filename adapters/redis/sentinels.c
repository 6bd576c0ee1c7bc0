/* See sentinels.h. One connection at a time, for one or two questions. A context belongs to hiredis from the moment it
 * is cut, as in connection.c. */
#include <adapters/redis/glue.h>
#include <adapters/redis/lookup.h>
#include <adapters/redis/sentinels.h>
#include <assert.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN_MAX 8 /* of the masters that a sentinel does watch */

struct releve_sentinels {
    uv_loop_t *loop;
    const struct releve_redis_url *url;
    releve_sentinels_done done;
    void *data;
    releve_time timeout_ms;
    size_t at, asked; /* the sentinel that is being asked, and how many were before */
    uv_timer_t timer; /* the first turn, then the time-outs */
    struct releve_lookup *lookup;
    struct releve_addresses addresses; /* of this sentinel */
    size_t next_address;
    redisAsyncContext *context;
    struct releve_text why; /* what came back from those that were asked */
};

static void ask(struct releve_sentinels *sentinels);

static void cut(struct releve_sentinels *sentinels)
{
    redisAsyncContext *context = sentinels->context;
    sentinels->context = NULL;
    (void)uv_timer_stop(&sentinels->timer);
    if (sentinels->lookup != NULL)
        releve_lookup_drop(sentinels->lookup);
    sentinels->lookup = NULL;
    if (context != NULL) {
        context->data = NULL;
        redisAsyncFree(context);
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct releve_sentinels *sentinels = handle->data;
    releve_text_free(&sentinels->why);
    free(sentinels);
}

void releve_sentinels_drop(struct releve_sentinels *sentinels)
{
    cut(sentinels);
    uv_close((uv_handle_t *)&sentinels->timer, on_closed);
}

static void end(struct releve_sentinels *sentinels, const struct releve_redis_seed *master)
{
    releve_text_byte(&sentinels->why, '\0');
    releve_sentinels_drop(sentinels); /* its memory goes in a later turn */
    sentinels->done(sentinels->data, master, sentinels->at, master == NULL ? sentinels->why.bytes : NULL);
}

/* This one is no help: the next one, if there is one. */
static void pass_over(struct releve_sentinels *sentinels, const char *why)
{
    char place[RELEVE_REDIS_SEED_TEXT];
    releve_text_format(&sentinels->why, "%s%s: %.160s", sentinels->asked > 0 ? ", " : "",
                       releve_redis_seed_format(&sentinels->url->seeds[sentinels->at], place), why);
    cut(sentinels);
    if (++sentinels->asked == sentinels->url->seeds_count) {
        end(sentinels, NULL);
        return;
    }
    sentinels->at = (sentinels->at + 1) % sentinels->url->seeds_count;
    ask(sentinels);
}

/* --- what it answers --------------------------------------------------------------------------------- */

static struct releve_sentinels *asking(const redisAsyncContext *context, const redisReply *reply)
{
    return reply != NULL ? context->data : NULL;
}

static void pass_over_refusing(struct releve_sentinels *sentinels, const redisReply *reply)
{
    if (strncmp(reply->str, "NOAUTH", 6) == 0)
        pass_over(sentinels, "wants a password (sentinel-password=... at the end of RELEVE_REDIS)");
    else
        pass_over(sentinels, reply->str);
}

static void on_auth(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_sentinels *sentinels = asking(context, reply);
    (void)unused;
    if (sentinels != NULL && reply->type == REDIS_REPLY_ERROR)
        pass_over_refusing(sentinels, reply);
}

/* Each master is a list of names and values, its own name first. */
static const char *name_of(const redisReply *master)
{
    if (master->type != REDIS_REPLY_ARRAY || master->elements < 2 || master->element[1]->type != REDIS_REPLY_STRING)
        return "?";
    return master->element[1]->str;
}

static void on_names(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_sentinels *sentinels = asking(context, reply);
    struct releve_text names = {.length = 0};
    (void)unused;
    if (sentinels == NULL)
        return;
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    releve_text_format(&names, "watches no master of that name");
    for (size_t i = 0; i < count && i < NAMES_SHOWN_MAX; i++)
        releve_text_format(&names, "%s%.40s", i == 0 ? " but " : " and ", name_of(reply->element[i]));
    releve_text_byte(&names, '\0');
    pass_over(sentinels, names.bytes);
    releve_text_free(&names);
}

/* [host, port]. False where it is something else. */
static bool read_master(const redisReply *reply, struct releve_redis_seed *master)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return false;
    const char *host = reply->element[0]->str;
    char *port_end;
    unsigned long port = strtoul(reply->element[1]->str, &port_end, 10);
    size_t host_bytes = strlen(host);
    if (host_bytes == 0 || host_bytes >= sizeof master->host || *port_end != '\0' || port == 0 || port > 65535)
        return false;
    for (const char *c = host; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    memcpy(master->host, host, host_bytes + 1);
    master->port = (int)port;
    return true;
}

static void on_deadline(uv_timer_t *timer);

static void start_deadline(struct releve_sentinels *sentinels)
{
    (void)uv_timer_start(&sentinels->timer, on_deadline, (uint64_t)sentinels->timeout_ms, 0);
}

static void on_master(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_sentinels *sentinels = asking(context, reply);
    struct releve_redis_seed master;
    (void)unused;
    if (sentinels == NULL)
        return;
    if (reply->type == REDIS_REPLY_NIL) {
        (void)redisAsyncCommand(context, on_names, NULL, "SENTINEL masters");
        start_deadline(sentinels);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        pass_over_refusing(sentinels, reply);
    } else if (read_master(reply, &master)) {
        end(sentinels, &master);
    } else {
        pass_over(sentinels, "answers something that is no address of a master");
    }
}

/* --- the way to it ----------------------------------------------------------------------------------- */

static void connect_next(struct releve_sentinels *sentinels);

/* Nobody answers at this address of the sentinel. */
static void lose(struct releve_sentinels *sentinels, const char *why)
{
    if (sentinels->next_address < sentinels->addresses.count) {
        cut(sentinels);
        connect_next(sentinels);
        return;
    }
    pass_over(sentinels, why);
}

static void on_deadline(uv_timer_t *timer)
{
    struct releve_sentinels *sentinels = timer->data;
    char why[64];
    (void)snprintf(why, sizeof why, "no answer within %lld ms", (long long)sentinels->timeout_ms);
    lose(sentinels, why);
}

static void on_broken(void *data, const char *why)
{
    if (data != NULL)
        lose(data, why);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct releve_sentinels *sentinels = context->data;
    if (sentinels == NULL || status == REDIS_OK)
        return;
    sentinels->context = NULL; /* hiredis frees it when we return */
    lose(sentinels, context->errstr != NULL ? context->errstr : context->c.errstr);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    struct releve_sentinels *sentinels = context->data;
    (void)status;
    if (sentinels == NULL)
        return;
    sentinels->context = NULL; /* likewise */
    lose(sentinels, context->err != 0 ? context->errstr : "closed");
}

static void connect_to(struct releve_sentinels *sentinels, const char *address)
{
    const struct releve_redis_url *url = sentinels->url;
    redisAsyncContext *context = redisAsyncConnect(address, url->seeds[sentinels->at].port);
    if (context == NULL || context->err != 0 || !releve_glue_attach(context, sentinels->loop, on_broken)) {
        char why[128] = "no memory for a connection";
        if (context != NULL) {
            (void)snprintf(why, sizeof why, "%s", context->err != 0 ? context->errstr : "its socket cannot be watched");
            redisAsyncFree(context);
        }
        lose(sentinels, why);
        return;
    }
    sentinels->context = context;
    context->data = sentinels;
    (void)redisAsyncSetConnectCallback(context, on_connect);
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
    if (url->sentinel_password[0] != '\0')
        (void)redisAsyncCommand(context, on_auth, NULL, "AUTH %s", url->sentinel_password);
    (void)redisAsyncCommand(context, on_master, NULL, "SENTINEL get-master-addr-by-name %s", url->master);
    start_deadline(sentinels);
}

static void connect_next(struct releve_sentinels *sentinels)
{
    connect_to(sentinels, sentinels->addresses.text[sentinels->next_address++]);
}

static void on_looked_up(void *data, const struct releve_addresses *addresses, const char *why)
{
    struct releve_sentinels *sentinels = data;
    sentinels->lookup = NULL;
    if (addresses == NULL) {
        pass_over(sentinels, why);
        return;
    }
    sentinels->addresses = *addresses;
    connect_next(sentinels);
}

static void ask(struct releve_sentinels *sentinels)
{
    const char *host = sentinels->url->seeds[sentinels->at].host, *why = NULL;
    sentinels->addresses.count = sentinels->next_address = 0;
    if (releve_lookup_is_numeric(host)) {
        connect_to(sentinels, host);
        return;
    }
    sentinels->lookup = releve_lookup_start(sentinels->loop, host, on_looked_up, sentinels, &why);
    if (sentinels->lookup == NULL)
        pass_over(sentinels, why);
    else
        start_deadline(sentinels);
}

static void on_turn(uv_timer_t *timer)
{
    ask(timer->data);
}

struct releve_sentinels *releve_sentinels_ask(uv_loop_t *loop, const struct releve_redis_url *url, size_t first,
                                              releve_time timeout_ms, releve_sentinels_done done, void *data)
{
    assert(url->seeds_count > 0);
    struct releve_sentinels *sentinels = releve_alloc(1, sizeof *sentinels);
    sentinels->loop = loop;
    sentinels->url = url;
    sentinels->done = done;
    sentinels->data = data;
    sentinels->timeout_ms = timeout_ms < RELEVE_SENTINEL_TIMEOUT_MS ? timeout_ms : RELEVE_SENTINEL_TIMEOUT_MS;
    sentinels->at = first % url->seeds_count;
    (void)uv_timer_init(loop, &sentinels->timer); /* cannot fail */
    sentinels->timer.data = sentinels;
    (void)uv_timer_start(&sentinels->timer, on_turn, 0, 0);
    return sentinels;
}
