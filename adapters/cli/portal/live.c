/* See live.h. */
#include "live.h"
#include "portal.h"
#include <adapters/redis/queue.h>
#include <adapters/web/metrics.h>
#include <assert.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define TICK_MS 500 /* how often requests that wait for too long, and streams, are looked at */

/* --- answers ----------------------------------------------------------------------------------------------------- */

static void write_metrics(const struct releve_live *live, struct releve_text *out)
{
    const struct releve_situation *situation = &live->situation;
    struct releve_metrics_permits permits[RELEVE_SITUATION_BUCKETS_MAX];
    for (size_t i = 0; i < situation->granted_count; i++)
        permits[i] = (struct releve_metrics_permits){situation->granted[i].name, situation->granted[i].more};
    cJSON *status = releve_situation_json(situation);
    releve_metrics_write(out, &(struct releve_metrics){.status = status,
                                                       .meter = &situation->meter,
                                                       .permits = permits,
                                                       .permits_count = situation->granted_count,
                                                       .now = releve_clock_civil(live->config->today),
                                                       .worker_dead_ms = RELEVE_DEAD_AFTER_MS});
    cJSON_Delete(status);
}

static void write_status(const struct releve_live *live, struct releve_text *out)
{
    cJSON *status = releve_situation_json(&live->situation);
    char *text = releve_must(cJSON_PrintUnformatted(status));
    releve_text_puts(out, text);
    cJSON_free(text);
    cJSON_Delete(status);
}

static const struct releve_text *body_of(struct releve_live *live, enum releve_live_wanted wanted)
{
    struct releve_text *body = &live->bodies[wanted];
    if (body->length == 0)
        (wanted == RELEVE_LIVE_METRICS ? write_metrics : write_status)(live, body);
    return body;
}

static void answer(struct releve_live *live, const struct releve_live_waiting *waiting)
{
    if (live->look == RELEVE_LOOK_FAILED) {
        releve_web_fail(waiting->asked, 503, "Redis does not answer as it should: releve doctor says why.");
        return;
    }
    const struct releve_text *body = body_of(live, waiting->wanted);
    releve_web_answer(waiting->asked, 200,
                      waiting->wanted == RELEVE_LIVE_METRICS ? RELEVE_WEB_METRICS : RELEVE_WEB_JSON, body->bytes,
                      body->length);
}

/* The first `count` of the waiting requests. */
static void refuse_first(struct releve_live *live, size_t count, const char *why)
{
    for (size_t i = 0; i < count; i++)
        releve_web_fail(live->waiting[i].asked, 503, "%s", why);
    live->waiting_count -= count;
    memmove(live->waiting, live->waiting + count, live->waiting_count * sizeof *live->waiting);
}

/* --- streams ----------------------------------------------------------------------------------------------------- */

static size_t streams_of(const struct releve_live *live)
{
    return live->web != NULL && !live->ended ? releve_web_streams(live->web) : 0;
}

static void tell(struct releve_live *live, const char *event, const char *data, size_t data_bytes)
{
    releve_web_push(live->web, event, data, data_bytes);
    live->told_ms = uv_now(live->loop);
}

static void tell_away(struct releve_live *live, const char *why)
{
    char data[256];
    int length = snprintf(data, sizeof data, "{\"detail\":\"%s\"}", why);
    if (live->is_away || streams_of(live) == 0)
        return;
    tell(live, "away", data, (size_t)length);
    live->told.length = 0;
    live->is_away = true;
}

/* The latest look, where it is another one than the streams have. */
static void tell_status(struct releve_live *live)
{
    if (streams_of(live) == 0)
        return;
    const struct releve_text *status = body_of(live, RELEVE_LIVE_STATUS);
    live->is_away = false;
    if (status->length == live->told.length && memcmp(status->bytes, live->told.bytes, status->length) == 0)
        return;
    live->told.length = 0;
    releve_text_add(&live->told, status->bytes, status->length);
    tell(live, "status", status->bytes, status->length);
}

/* --- one look for all requests ----------------------------------------------------------------------------------- */

static void on_found(void *data, const struct releve_error *error)
{
    struct releve_live *live = data;
    if (live->ended)
        return;
    live->look = error->code == RELEVE_OK ? RELEVE_LOOK_FOUND : RELEVE_LOOK_FAILED;
    live->looked_ms = uv_now(live->loop);
    for (size_t i = 0; i < RELEVE_LIVE_WANTED; i++)
        live->bodies[i].length = 0;
    if (live->look == RELEVE_LOOK_FOUND && live->situation.mismatch_is_news)
        fprintf(stderr, "releve: %s\n", live->situation.mismatch.text);
    bool is_for_nobody = live->waiting_count == 0 && streams_of(live) == 0; /* the one at the beginning */
    for (size_t i = 0; i < live->waiting_count; i++)
        answer(live, &live->waiting[i]);
    live->waiting_count = 0;
    if (live->look == RELEVE_LOOK_FOUND)
        tell_status(live);
    else
        tell_away(live, "Redis does not answer as it should.");
    if (live->look == RELEVE_LOOK_FOUND && is_for_nobody)
        live->look = RELEVE_LOOK_NONE;
}

/* A look serves for a while, also one that failed: however many requests come, Redis is asked no more often. */
static bool is_fresh(const struct releve_live *live)
{
    return (live->look == RELEVE_LOOK_FOUND || live->look == RELEVE_LOOK_FAILED) &&
           uv_now(live->loop) - live->looked_ms < RELEVE_LIVE_FRESH_MS;
}

static void look(struct releve_live *live)
{
    if (live->look == RELEVE_LOOK_UNDER_WAY)
        return;
    live->look = RELEVE_LOOK_UNDER_WAY;
    live->looked_ms = uv_now(live->loop); /* until it ends: when it began */
    releve_situation_look(&live->situation);
}

static void on_tick(uv_timer_t *timer)
{
    struct releve_live *live = timer->data;
    uint64_t now_ms = uv_now(live->loop);
    (void)releve_situation_go_on(&live->situation); /* answers some later: they stand there still */
    size_t late = 0;                                /* they stand in the order in which they came */
    while (late < live->waiting_count && now_ms - live->waiting[late].since_ms >= RELEVE_LIVE_PATIENCE_MS)
        late++;
    refuse_first(live, late, "Redis does not answer.");
    if (live->look == RELEVE_LOOK_UNDER_WAY && now_ms - live->looked_ms >= RELEVE_LIVE_PATIENCE_MS)
        tell_away(live, "Redis does not answer.");
    if (streams_of(live) > 0 && now_ms - live->told_ms >= RELEVE_LIVE_SIGN_MS)
        tell(live, NULL, NULL, 0);
    if (streams_of(live) > 0 && !is_fresh(live))
        look(live);
    if (live->waiting_count == 0 && streams_of(live) == 0)
        uv_timer_stop(timer);
}

static void start_timer(struct releve_live *live)
{
    if (!uv_is_active((uv_handle_t *)&live->timer))
        uv_timer_start(&live->timer, on_tick, TICK_MS, TICK_MS);
}

void releve_live_ask(struct releve_live *live, struct releve_web_asked *asked, enum releve_live_wanted wanted)
{
    struct releve_live_waiting waiting = {asked, wanted, uv_now(live->loop)};
    if (is_fresh(live)) {
        answer(live, &waiting);
        return;
    }
    assert(live->waiting_count < RELEVE_WEB_WAITING_MAX); /* the service lets no more in */
    live->waiting[live->waiting_count++] = waiting;
    start_timer(live);
    look(live);
}

void releve_live_follow(struct releve_live *live, struct releve_web_asked *asked)
{
    if (!releve_web_stream(asked)) {
        if (uv_now(live->loop) - live->told_ms >= RELEVE_LIVE_FRESH_MS)
            tell(live, NULL, NULL, 0); /* shows which of them have gone */
        releve_web_fail(asked, 503, "Too many streams are open: %u.", RELEVE_WEB_STREAMS_MAX);
        return;
    }
    live->told.length = 0; /* the new one has nothing yet */
    live->is_away = false;
    start_timer(live);
    if (live->look == RELEVE_LOOK_FOUND && is_fresh(live))
        tell_status(live);
    else
        look(live);
}

/* --- life -------------------------------------------------------------------------------------------------------- */

void releve_live_open(struct releve_live *live, uv_loop_t *loop, const struct releve_config *config,
                      struct releve_store *store)
{
    live->loop = loop;
    live->config = config;
    (void)uv_timer_init(loop, &live->timer);
    live->timer.data = live;
    live->situation =
        (struct releve_situation){.config = config, .store = store, .counts = true, .found = on_found, .data = live};
    releve_situation_open(&live->situation);
}

void releve_live_begin(struct releve_live *live, struct releve_web *web)
{
    live->web = web;
    look(live);
}

void releve_live_end(struct releve_live *live)
{
    live->ended = true;
    refuse_first(live, live->waiting_count, "The service ends.");
    uv_close((uv_handle_t *)&live->timer, NULL);
}

void releve_live_free(struct releve_live *live)
{
    releve_situation_free(&live->situation);
    for (size_t i = 0; i < RELEVE_LIVE_WANTED; i++)
        releve_text_free(&live->bodies[i]);
    releve_text_free(&live->told);
}

/* --- handlers ---------------------------------------------------------------------------------------------------- */

void releve_portal_metrics(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_live_ask(&portal->live, asked, RELEVE_LIVE_METRICS);
}

void releve_portal_status(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_live_ask(&portal->live, asked, RELEVE_LIVE_STATUS);
}

void releve_portal_events(void *data, struct releve_web_asked *asked)
{
    struct releve_portal *portal = data;
    releve_live_follow(&portal->live, asked);
}
