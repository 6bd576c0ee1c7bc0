/* See sentinels.h. One connection at a time, for one or two questions. */
#include <adapters/redis/dial.h>
#include <adapters/redis/sentinels.h>
#include <assert.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_SHOWN_MAX 8 /* of the masters that a sentinel does watch */

struct releve_sentinels {
    const struct releve_redis_url *url;
    releve_sentinels_done done;
    void *data;
    releve_time timeout_ms;
    size_t at, asked; /* the sentinel that is being asked, and how many were before */
    struct releve_dial dial;
    size_t misnamed;        /* of those that were asked: they are no sentinels, or watch others only */
    struct releve_text why; /* what came back from those that were asked */
};

static void on_closed(void *data)
{
    struct releve_sentinels *sentinels = data;
    releve_text_free(&sentinels->why);
    free(sentinels);
}

void releve_sentinels_drop(struct releve_sentinels *sentinels)
{
    releve_dial_close(&sentinels->dial, on_closed);
}

static void end(struct releve_sentinels *sentinels, const struct releve_redis_seed *master)
{
    struct releve_error why = {.code = RELEVE_OK};
    releve_text_byte(&sentinels->why, '\0');
    if (master == NULL)
        (void)releve_fail(&why, sentinels->misnamed == sentinels->asked ? RELEVE_E_CONFIG : RELEVE_E_REDIS, "%s",
                          sentinels->why.bytes);
    releve_sentinels_drop(sentinels); /* its memory goes in a later turn */
    sentinels->done(sentinels->data, master, sentinels->at, &why);
}

static void ask(struct releve_sentinels *sentinels)
{
    const struct releve_redis_seed *sentinel = &sentinels->url->seeds[sentinels->at];
    releve_dial_host(&sentinels->dial, sentinel->host, sentinel->port, sentinels->timeout_ms, sentinels->timeout_ms);
}

/* This one is no help: the next one, if there is one. */
static void pass_over(void *data, const char *why)
{
    struct releve_sentinels *sentinels = data;
    char place[RELEVE_REDIS_SEED_TEXT];
    releve_text_format(&sentinels->why, "%s%s: %.160s", sentinels->asked > 0 ? ", " : "",
                       releve_redis_seed_format(&sentinels->url->seeds[sentinels->at], place), why);
    releve_dial_hang_up(&sentinels->dial);
    if (++sentinels->asked == sentinels->url->seeds_count) {
        end(sentinels, NULL);
        return;
    }
    sentinels->at = (sentinels->at + 1) % sentinels->url->seeds_count;
    ask(sentinels);
}

/* --- what it answers --------------------------------------------------------------------------------- */

/* It, or what RELEVE_REDIS says of it, has to be changed: it does not pass by itself. */
static void pass_over_misnamed(struct releve_sentinels *sentinels, const char *why)
{
    sentinels->misnamed++;
    pass_over(sentinels, why);
}

static void pass_over_refusing(struct releve_sentinels *sentinels, const redisReply *reply)
{
    if (strncmp(reply->str, "ERR unknown command", strlen("ERR unknown command")) == 0)
        pass_over_misnamed(sentinels, "is no sentinel but a Redis, which is written redis://");
    else if (strncmp(reply->str, "NOAUTH", 6) == 0)
        pass_over(sentinels, "wants a password (sentinel-password=... at the end of RELEVE_REDIS)");
    else
        pass_over(sentinels, reply->str);
}

static void on_auth(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_sentinels *sentinels = releve_dial_owner(context, reply);
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
    struct releve_sentinels *sentinels = releve_dial_owner(context, reply);
    struct releve_text names = {.length = 0};
    (void)unused;
    if (sentinels == NULL)
        return;
    size_t count = reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
    releve_text_format(&names, "watches no master of that name");
    for (size_t i = 0; i < count && i < NAMES_SHOWN_MAX; i++)
        releve_text_format(&names, "%s%.40s", i == 0 ? " but " : " and ", name_of(reply->element[i]));
    releve_text_byte(&names, '\0');
    if (count > 0)
        pass_over_misnamed(sentinels, names.bytes);
    else /* it is being set up, perhaps */
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

static void on_master(redisAsyncContext *context, void *answer, void *unused)
{
    const redisReply *reply = answer;
    struct releve_sentinels *sentinels = releve_dial_owner(context, reply);
    struct releve_redis_seed master;
    (void)unused;
    if (sentinels == NULL)
        return;
    if (reply->type == REDIS_REPLY_NIL) {
        (void)redisAsyncCommand(context, on_names, NULL, "SENTINEL masters");
        releve_dial_wait(&sentinels->dial);
    } else if (reply->type == REDIS_REPLY_ERROR) {
        pass_over_refusing(sentinels, reply);
    } else if (read_master(reply, &master)) {
        end(sentinels, &master);
    } else {
        pass_over(sentinels, "answers something that is no address of a master");
    }
}

/* --- what it is asked -------------------------------------------------------------------------------- */

static void on_opened(void *data, redisAsyncContext *context)
{
    const struct releve_sentinels *sentinels = data;
    const struct releve_redis_url *url = sentinels->url;
    if (url->sentinel_password[0] != '\0')
        (void)redisAsyncCommand(context, on_auth, NULL, "AUTH %s", url->sentinel_password);
    (void)redisAsyncCommand(context, on_master, NULL, "SENTINEL get-master-addr-by-name %s", url->master);
}

struct releve_sentinels *releve_sentinels_ask(uv_loop_t *loop, const struct releve_redis_url *url, size_t first,
                                              releve_time timeout_ms, releve_sentinels_done done, void *data)
{
    static const struct releve_dial_events events = {on_opened, pass_over, pass_over};
    assert(url->seeds_count > 0);
    struct releve_sentinels *sentinels = releve_alloc(1, sizeof *sentinels);
    sentinels->url = url;
    sentinels->done = done;
    sentinels->data = data;
    sentinels->timeout_ms = timeout_ms < RELEVE_SENTINEL_TIMEOUT_MS ? timeout_ms : RELEVE_SENTINEL_TIMEOUT_MS;
    sentinels->at = first % url->seeds_count;
    releve_dial_init(&sentinels->dial, loop, &events, sentinels);
    ask(sentinels);
    return sentinels;
}
