/* See scout.h. */
#include <adapters/redis/scout.h>
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

static void on_all_closed(void *data)
{
    struct releve_scout *scout = data;
    struct releve_slot_map *map = scout->map;
    scout->map = NULL;
    scout->phase = SCOUT_IDLE;
    struct releve_error error = scout->error;
    scout->done(scout->data, error.code == RELEVE_OK ? map : NULL, &error); /* may send it again */
    free(map);
}

static void on_commands_closed(void *data)
{
    struct releve_scout *scout = data;
    releve_closing_one(&scout->closing);
}

static void on_timer_closed(uv_handle_t *handle)
{
    on_commands_closed(handle->data);
}

/* The answer is there, or will not come. */
static void leave(struct releve_scout *scout)
{
    if (scout->phase != SCOUT_ASKING)
        return;
    scout->phase = SCOUT_LEAVING;
    scout->closing = (struct releve_closing){2, on_all_closed, scout};
    uv_close((uv_handle_t *)&scout->deadline, on_timer_closed);
    releve_commands_close(&scout->commands, on_commands_closed);
}

static void on_slots(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_scout *scout = data;
    if (scout->phase != SCOUT_ASKING)
        return; /* closing; the reason is known */
    scout->error = *error;
    struct releve_redis_seed asked = {.port = scout->url.port};
    memcpy(asked.host, scout->url.host, sizeof asked.host);
    if (error->code == RELEVE_OK)
        (void)releve_slot_map_read(reply, &asked, scout->url.address, scout->map, &scout->error);
    else if (strstr(error->text, "cluster support disabled") != NULL)
        (void)releve_server_check(RELEVE_SERVER_SINGLE, 0, &scout->url, &scout->error); /* it did not say so before */
    leave(scout);
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_scout *scout = data;
    if (error->code == RELEVE_OK || scout->phase != SCOUT_ASKING)
        return;
    scout->error = *error;
    leave(scout);
}

static void on_deadline(uv_timer_t *timer)
{
    struct releve_scout *scout = timer->data;
    const struct releve_connection *connection = &scout->commands.connection;
    scout->loading = connection->state == RELEVE_CONNECTION_CONNECTING && connection->dial.context != NULL &&
                     connection->loading_since_ms != RELEVE_TIME_NEVER;
    (void)releve_fail(&scout->error, RELEVE_E_REDIS, "cannot learn the cluster's nodes from Redis at %s: %s",
                      scout->url.address, scout->loading ? "it is loading its data" : "no answer within 3 s");
    leave(scout);
}

void releve_scout_init(struct releve_scout *scout, uv_loop_t *loop, releve_scout_done done, void *data)
{
    memset(scout, 0, sizeof *scout);
    scout->loop = loop;
    scout->done = done;
    scout->data = data;
}

void releve_scout_ask(struct releve_scout *scout, const struct releve_redis_url *url)
{
    assert(scout->phase == SCOUT_IDLE);
    scout->phase = SCOUT_ASKING;
    scout->url = *url;
    scout->loading = false;
    scout->map = releve_alloc(1, sizeof *scout->map);
    (void)uv_timer_init(scout->loop, &scout->deadline);
    scout->deadline.data = scout;
    (void)uv_timer_start(&scout->deadline, on_deadline, (uint64_t)RELEVE_SCOUT_MS, 0);
    releve_commands_open(&scout->commands, scout->loop, &scout->url, "", on_ready, NULL, scout);
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "CLUSTER");
    releve_words_add(&words, "SLOTS");
    releve_commands_send(&scout->commands, "learn the cluster's nodes", NULL, &words, on_slots, scout);
}

void releve_scout_recall(struct releve_scout *scout)
{
    if (scout->phase == SCOUT_ASKING)
        (void)releve_fail(&scout->error, RELEVE_E_INTERRUPTED, "closing");
    leave(scout);
}
