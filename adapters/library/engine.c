/* The engine as a whole, as include/releve/engine.h has it: a libuv loop, Redis, libcurl and an Enedis dialect put
 * together under one runtime. It is what libreleve exports, and what adapters/cli/session.c runs; so it is, beside the
 * command line, the one place that knows more than one adapter.
 *
 * It decides nothing about requests, which the core does, and nothing about the process: no signal, exit or line. */
#include "inside.h"
#include "notices.h"
#include <adapters/http/transport.h>
#include <assert.h>
#include <engine/runtime/loop.h>
#include <engine/runtime/upstream.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- notices --------------------------------------------------------------------------------------------- */

static void give_notice(const struct releve_engine *engine, struct releve_engine_notice notice)
{
    if (engine->options.notice != NULL && engine->phase != ENGINE_CLOSING)
        engine->options.notice(engine->options.data, &notice);
}

static void on_notice(void *data, const struct releve_action *action)
{
    const struct releve_engine *engine = data;
    char line[RELEVE_NOTICES_LINE_BYTES];
    if (engine->options.notice == NULL)
        return;
    releve_notices_format(action, engine->more.names_points_whole, line);
    give_notice(engine,
                (struct releve_engine_notice){
                    .type = action->notice,
                    .level = releve_notices_level(action->notice),
                    .text = line,
                    .job = action->job,
                    .reason = action->reason,
                    .span = action->notice == RELEVE_NOTICE_ANSWERED ? action->span : (struct releve_span){0, 0},
                    .wait_ms = action->wait_ms,
                });
}

static void on_refused(void *data, const char *why)
{
    char line[RELEVE_NOTICES_LINE_BYTES];
    (void)snprintf(line, sizeof line, "Redis refused: %s", why);
    give_notice(data, (struct releve_engine_notice){
                          .type = RELEVE_NOTICE_REDIS_REFUSED, .level = RELEVE_LEVEL_ERROR, .text = line, .said = why});
}

static void note_link(struct releve_engine *engine, bool up, const char *why)
{
    if (up)
        engine->redis_lost_ms = 0;
    else if (engine->redis_lost_ms == 0)
        engine->redis_lost_ms = uv_now(engine->loop);
    (void)snprintf(engine->redis_why, sizeof engine->redis_why, "%s", why);
}

/* In a cluster a node is away, or some slots are not served: what needs neither goes on. */
static void on_link(void *data, bool up, const char *why)
{
    struct releve_engine *engine = data;
    char line[RELEVE_NOTICES_LINE_BYTES];
    note_link(engine, up, why);
    if (up) {
        give_notice(data, (struct releve_engine_notice){.type = RELEVE_NOTICE_REDIS_BACK,
                                                        .level = RELEVE_LEVEL_WARN,
                                                        .text = "Redis is back",
                                                        .said = "connected"});
        return;
    }
    (void)snprintf(line, sizeof line, "Redis: %s; %s", why,
                   engine->redis.where == RELEVE_REDIS_CLUSTER ? "its slots wait until it is back or replaced"
                                                               : "nothing is sent until it is back");
    give_notice(data, (struct releve_engine_notice){
                          .type = RELEVE_NOTICE_REDIS_GONE, .level = RELEVE_LEVEL_ERROR, .text = line, .said = why});
}

static void on_forgotten(void *data, const char *bucket, releve_time closed_ms)
{
    char line[RELEVE_NOTICES_LINE_BYTES], wait[RELEVE_DURATION_TEXT];
    releve_duration_format(closed_ms, wait);
    (void)snprintf(line, sizeof line,
                   "Redis has forgotten what was sent under the quota %s (emptied, restored, or started without its "
                   "file?): nothing is sent for %s, until none of it can count any more",
                   bucket, wait);
    give_notice(data,
                (struct releve_engine_notice){
                    .type = RELEVE_NOTICE_FORGOTTEN, .level = RELEVE_LEVEL_ERROR, .text = line, .wait_ms = closed_ms});
}

static void on_wait(void *data, const char *line)
{
    give_notice(data, (struct releve_engine_notice){
                          .type = RELEVE_NOTICE_REDIS_AWAITED, .level = RELEVE_LEVEL_WARN, .text = line, .said = line});
}

/* What whoever runs it should know from the beginning. */
static void warn(const struct releve_engine *engine)
{
    char line[RELEVE_NOTICES_LINE_BYTES];
    if (!releve_store_is_durable(engine->io.store))
        give_notice(engine,
                    (struct releve_engine_notice){
                        .type = RELEVE_NOTICE_NOT_DURABLE,
                        .level = RELEVE_LEVEL_WARN,
                        .text = "this Redis keeps nothing on disk: its restart forgets days, results and how much "
                                "of the quota is used; set appendonly yes"});
    if (!releve_upstream_is_clear(engine->upstream))
        return;
    (void)snprintf(line, sizeof line,
                   "the client's secret goes in clear to %s, and who is on the way can read it: use https://",
                   engine->upstream);
    give_notice(engine, (struct releve_engine_notice){
                            .type = RELEVE_NOTICE_IN_CLEAR, .level = RELEVE_LEVEL_WARN, .text = line});
}

/* --- how it goes on, and how it stops -------------------------------------------------------------------- */

static void on_idle(void *data)
{
    struct releve_engine *engine = data;
    if (engine->draining)
        releve_engine_give_back_waiting(engine);
    if (engine->phase != ENGINE_CLOSING && engine->options.idle != NULL)
        engine->options.idle(engine->options.data);
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct releve_engine *engine = data;
    engine->draining = true; /* as the core does by itself */
    engine->options.stopped(engine->options.data, error);
}

/* It cannot begin. */
static void fail(struct releve_engine *engine, const struct releve_error *error)
{
    engine->phase = ENGINE_STOPPED;
    on_stopped(engine, error);
    if (engine->phase != ENGINE_CLOSING)
        on_idle(engine);
}

static void on_soon(uv_timer_t *timer)
{
    struct releve_engine *engine = timer->data;
    if (engine->phase == ENGINE_OPEN)
        releve_engine_give_back_waiting(engine); /* what is under way ends first, and then it is idle */
    else
        on_idle(engine);
}

void releve_engine_drain(struct releve_engine *engine)
{
    assert(engine->phase != ENGINE_CLOSING);
    if (engine->draining)
        return;
    engine->draining = true;
    if (engine->phase == ENGINE_OPEN)
        releve_runtime_drain(engine->runtime);
    (void)uv_timer_start(&engine->soon, on_soon, 0, 0);
}

/* --- the beginning: Redis, whose data they are, the runtime ---------------------------------------------- */

static void on_ready(void *data, const struct releve_error *error)
{
    struct releve_engine *engine = data;
    if (engine->draining)
        return; /* and said so already */
    if (error->code != RELEVE_OK) {
        fail(engine, error);
        return;
    }
    engine->phase = ENGINE_OPEN;
    warn(engine);
    if (engine->phase == ENGINE_OPEN && engine->options.ready != NULL)
        engine->options.ready(engine->options.data);
}

static void on_authorized(void *data, const struct releve_service *services, size_t count)
{
    const struct releve_engine *engine = data;
    engine->more.authorized(engine->options.data, services, count);
}

static void open_runtime(struct releve_engine *engine)
{
    const struct releve_runtime_options options = {
        .upstream = engine->upstream,
        .client_id = engine->options.client_id,
        .client_secret = engine->options.client_secret,
        .token = engine->options.token,
        .quota = engine->quota,
        .keep = engine->keep,
        .concurrency = engine->options.concurrency,
        .queued = engine->more.worker != NULL,
        .keeps_nothing = engine->more.keeps_nothing,
        .patient = engine->options.patient,
        .data = engine,
        .ready = on_ready,
        .next = releve_engine_next_job,
        .ended = releve_engine_end_job,
        .given_back = releve_engine_give_back_job,
        .authorized = engine->more.authorized != NULL ? on_authorized : NULL,
        .idle = on_idle,
        .stopped = on_stopped,
        .notice = on_notice,
        .refused = on_refused,
    };
    struct releve_error error;
    enum releve_code code = releve_runtime_open(&engine->runtime, &options, &engine->io, &error);
    assert(code == RELEVE_OK); /* what it checks was checked by releve_engine_open */
    (void)code;
    releve_engine_wipe_credentials(engine);
}

static void on_adopted(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_engine *engine = data;
    char url[RELEVE_UPSTREAM_BYTES], line[RELEVE_NOTICES_LINE_BYTES];
    if (engine->phase == ENGINE_CLOSING || engine->draining)
        return;
    if (error->code != RELEVE_OK) {
        fail(engine, error);
        return;
    }
    if (releve_upstream_check(engine->upstream, bound, NULL) != RELEVE_OK) {
        const char *known = releve_upstream_known(bound, url);
        (void)snprintf(
            line, sizeof line,
            "%s, prefix %s: adopted: it was of %s and is of %s now; the days stay, those of both are mixed from "
            "here on",
            engine->redis.address, engine->prefix, known != NULL ? known : "an upstream that was not recorded",
            releve_upstream_name(engine->upstream));
        give_notice(engine, (struct releve_engine_notice){
                                .type = RELEVE_NOTICE_ADOPTED, .level = RELEVE_LEVEL_WARN, .text = line});
    }
    if (engine->phase != ENGINE_CLOSING && !engine->draining)
        open_runtime(engine);
}

/* Redis is there, or is not. */
static void on_connected(void *data, const struct releve_error *error)
{
    struct releve_engine *engine = data;
    if (engine->phase == ENGINE_CLOSING || engine->draining)
        return;
    if (error->code == RELEVE_OK && engine->more.connected != NULL)
        engine->more.connected(engine->options.data);
    if (error->code != RELEVE_OK)
        fail(engine, error);
    else if (engine->options.adopt)
        releve_store_adopt(engine->io.store, releve_upstream_name(engine->upstream), on_adopted, engine);
    else
        open_runtime(engine);
}

enum releve_code releve_engine_open_with(struct releve_engine **out, uv_loop_t *loop,
                                         const struct releve_engine_options *options,
                                         const struct releve_engine_more *more, struct releve_error *error)
{
    struct releve_engine *engine = releve_alloc(1, sizeof *engine);
    struct releve_transport *transport = NULL;
    *out = NULL;
    engine->options = *options;
    engine->more = *more;
    engine->loop = loop;
    if (releve_engine_read_options(engine, error) != RELEVE_OK ||
        releve_transport_open(&transport, loop, engine->options.concurrency, error) != RELEVE_OK) {
        explicit_bzero(&engine->redis, sizeof engine->redis);
        free(engine);
        return error->code;
    }
    const struct releve_store_options store = {.redis = &engine->redis,
                                               .prefix = engine->prefix,
                                               .worker = more->worker,
                                               .impatient = more->drains || !engine->options.patient,
                                               .begins_with_queue = more->worker != NULL && !more->drains,
                                               .on_link = on_link,
                                               .on_forgotten = on_forgotten,
                                               .on_wait = on_wait,
                                               .data = engine};
    for (int class_ = RELEVE_HIGH; class_ < RELEVE_CLASSES; class_++)
        STAILQ_INIT(&engine->waiting[class_]);
    releve_engine_own_options(engine);
    (void)uv_timer_init(loop, &engine->soon); /* cannot fail */
    engine->soon.data = engine;
    engine->io = (struct releve_io){
        .host = releve_loop_open(loop, engine->options.today),
        .host_ops = &releve_loop_ops,
        .store = releve_store_open(loop, &store, on_connected, engine),
        .store_ops = &releve_redis_store_ops,
        .transport = transport,
        .transport_ops = &releve_http_transport_ops,
        .dialect = releve_engine_dialect(engine->options.api),
    };
    *out = engine;
    return RELEVE_OK;
}

enum releve_code releve_engine_open(struct releve_engine **engine, uv_loop_t *loop,
                                    const struct releve_engine_options *options, struct releve_error *error)
{
    return releve_engine_open_with(engine, loop, options, &(struct releve_engine_more){.redis = NULL}, error);
}

/* --- reading, looking ------------------------------------------------------------------------------------ */

enum releve_code releve_engine_read_days(struct releve_engine *engine, releve_prm prm, enum releve_kind kind,
                                         struct releve_span span,
                                         void (*each)(void *data, releve_day day, const char *json, size_t json_bytes),
                                         void (*done)(void *data, const struct releve_error *error), void *data,
                                         struct releve_error *error)
{
    const struct releve_job job = {.prm = prm, .kind = kind};
    assert(engine->phase != ENGINE_CLOSING && each != NULL && done != NULL);
    if (engine->phase != ENGINE_OPEN)
        return releve_fail(error, RELEVE_E_USAGE, "the engine is not ready");
    if (releve_engine_check_job(&job, error) != RELEVE_OK)
        return error->code;
    if (releve_kind_is_document(kind))
        span = RELEVE_DOCUMENT_SPAN;
    else if (span.end > span.first && (span.first < releve_day_from_civil(RELEVE_DAY_YEAR_MIN, 1, 1) ||
                                       span.end > releve_day_from_civil(RELEVE_DAY_YEAR_MAX, 12, 31) ||
                                       releve_span_days(span) > RELEVE_JOB_DAYS_MAX))
        return releve_fail(error, RELEVE_E_USAGE, "span: more than %d days, or not of the years %d to %d",
                           RELEVE_JOB_DAYS_MAX, RELEVE_DAY_YEAR_MIN, RELEVE_DAY_YEAR_MAX);
    releve_store_read_days(engine->io.store, prm, kind, span, each, done, data);
    return RELEVE_OK;
}

struct releve_engine_view releve_engine_look(const struct releve_engine *engine)
{
    struct releve_engine_view view = {.waiting = engine->waiting_count};
    if (engine->phase != ENGINE_OPEN)
        return view;
    struct releve_core_view core = releve_runtime_look(engine->runtime);
    view.under_way = core.jobs;
    view.in_flight = core.in_flight;
    view.requests = core.requests;
    view.retries = core.retries;
    view.throttled = core.throttled;
    view.away_ms = core.away_ms;
    view.retry_ms = core.retry_ms;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        view.days_left += core.kinds[kind].left;
        view.calls_left += core.kinds[kind].requests_left;
    }
    return view;
}

struct releve_redis_outage releve_engine_redis_outage(const struct releve_engine *engine)
{
    if (engine->redis_lost_ms == 0)
        return (struct releve_redis_outage){.away_ms = 0, .why = ""};
    releve_time away_ms = (releve_time)(uv_now(engine->loop) - engine->redis_lost_ms);
    return (struct releve_redis_outage){.away_ms = away_ms > 0 ? away_ms : 1, .why = engine->redis_why};
}

struct releve_store *releve_engine_store(const struct releve_engine *engine)
{
    return engine->io.store;
}

struct releve_runtime *releve_engine_runtime(const struct releve_engine *engine)
{
    return engine->phase == ENGINE_OPEN ? engine->runtime : NULL;
}

/* --- the end --------------------------------------------------------------------------------------------- */

static void on_host_closed(void *data)
{
    struct releve_engine *engine = data;
    void (*closed)(void *data) = engine->closed;
    void *closed_data = engine->closed_data;
    if (engine->runtime != NULL)
        releve_runtime_free(engine->runtime);
    releve_engine_wipe_credentials(engine);
    explicit_bzero(&engine->redis, sizeof engine->redis);
    free(engine);
    if (closed != NULL)
        closed(closed_data);
}

/* The machine goes last: what the others break off may look at its clock. */
static void on_part_closed(void *data)
{
    struct releve_engine *engine = data;
    if (--engine->closing_parts == 0)
        releve_loop_close(engine->io.host, on_host_closed, engine);
}

static void on_soon_closed(uv_handle_t *handle)
{
    on_part_closed(handle->data);
}

void releve_engine_close(struct releve_engine *engine, void (*closed)(void *data), void *data)
{
    assert(engine->phase != ENGINE_CLOSING);
    engine->phase = ENGINE_CLOSING;
    engine->closed = closed;
    engine->closed_data = data;
    releve_engine_drop_waiting(engine);
    engine->closing_parts = 3;
    if (engine->runtime != NULL)
        releve_runtime_close(engine->runtime);
    releve_transport_close(engine->io.transport, on_part_closed, engine);
    releve_store_close(engine->io.store, on_part_closed, engine);
    uv_close((uv_handle_t *)&engine->soon, on_soon_closed);
}
