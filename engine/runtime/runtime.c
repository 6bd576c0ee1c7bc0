/* The runtime's life and its one loop: an event comes in, the core takes a step, its actions are carried out, a timer
 * is set for the moment that it named, and jobs are pulled as long as it has room. */
#include "bucket.h"
#include "state.h"
#include "upstream.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void releve_job_id_new(char id[RELEVE_JOB_ID_BYTES])
{
    unsigned char bytes[RELEVE_JOB_ID_RANDOM_BYTES];
    if (uv_random(NULL, NULL, bytes, sizeof bytes, 0, NULL) != 0)
        abort(); /* no system that libuv runs on lacks random bytes */
    releve_job_id_make(bytes, id);
}

static releve_time now_ms(void)
{
    return (releve_time)(uv_hrtime() / 1000000);
}

static void on_timer(uv_timer_t *timer)
{
    struct releve_event event = {.type = RELEVE_EVENT_TICK};
    releve_runtime_step(timer->data, &event);
}

/* One step: no callback of the store or the transport comes from within the call that names it, so steps do not nest.
 */
static void step_once(struct releve_runtime *runtime, struct releve_event *event)
{
    assert(!runtime->stepping);
    runtime->stepping = true;
    event->now = now_ms();
    event->civil = releve_clock_civil(runtime->options.today);
    releve_core_step(runtime->core, event, &runtime->actions);
    for (size_t i = 0; i < runtime->actions.count; i++)
        releve_runtime_perform(runtime, &runtime->actions.items[i]);
    runtime->stepping = false;
}

static void pull_jobs(struct releve_runtime *runtime)
{
    struct releve_job job;
    while (runtime->ready && !runtime->closing && releve_core_room(runtime->core) > 0 &&
           runtime->options.next(runtime->options.data, &job)) {
        struct releve_event event = {.type = RELEVE_EVENT_JOB, .job = &job};
        step_once(runtime, &event);
    }
}

static void set_timer(struct releve_runtime *runtime)
{
    releve_time deadline = releve_core_deadline(runtime->core);
    if (deadline == RELEVE_TIME_NEVER) {
        uv_timer_stop(&runtime->timer);
        return;
    }
    /* uv's timers count from the time that the loop cached, which may be old by now. */
    uv_update_time(runtime->loop);
    releve_time wait = deadline - now_ms();
    uv_timer_start(&runtime->timer, on_timer, wait > 0 ? (uint64_t)wait : 0, 0);
}

/* What was learned and closed has reached Redis too: an end that loses a closed door lets others hammer. */
static void tell_idle(struct releve_runtime *runtime)
{
    if (runtime->ready && runtime->notes == 0 && releve_core_idle(runtime->core))
        runtime->options.idle(runtime->options.data);
}

void releve_runtime_step(struct releve_runtime *runtime, struct releve_event *event)
{
    assert(!runtime->closing);
    step_once(runtime, event);
    if (runtime->pulling)
        return;
    runtime->pulling = true;
    do
        pull_jobs(runtime);
    while (releve_runtime_tell_unsent(runtime));
    runtime->pulling = false;
    set_timer(runtime);
    tell_idle(runtime);
}

void releve_runtime_noted(struct releve_runtime *runtime, const struct releve_error *error)
{
    assert(runtime->notes > 0);
    runtime->notes--;
    if (runtime->closing)
        return;
    if (error->code != RELEVE_OK && runtime->options.refused != NULL)
        runtime->options.refused(runtime->options.data, error->text);
    if (!runtime->stepping && !runtime->pulling)
        tell_idle(runtime);
}

static void on_wake(uv_async_t *wake)
{
    struct releve_runtime *runtime = wake->data;
    if (!runtime->closing)
        on_timer(&runtime->timer);
}

void releve_runtime_wake(struct releve_runtime *runtime)
{
    (void)uv_async_send(&runtime->wake);
}

void releve_runtime_drain(struct releve_runtime *runtime)
{
    struct releve_event event = {.type = RELEVE_EVENT_DRAIN};
    releve_runtime_step(runtime, &event);
}

bool releve_runtime_is_durable(const struct releve_runtime *runtime)
{
    return releve_store_is_durable(runtime->store);
}

struct releve_core_view releve_runtime_look(const struct releve_runtime *runtime)
{
    return releve_core_look(runtime->core);
}

static void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    struct bucket *bucket = data;
    bucket->usage_asked = false;
    bucket->usage.known = error->code == RELEVE_OK;
    if (!bucket->usage.known)
        return;
    memcpy(bucket->usage.used, usage->used, sizeof bucket->usage.used);
    bucket->usage.next_ms = usage->next_ms;
    bucket->usage.closed_ms = usage->closed_ms;
}

struct releve_runtime_usage releve_runtime_usage(struct releve_runtime *runtime, enum releve_kind kind)
{
    struct bucket *bucket = &runtime->buckets[runtime->bucket_of[kind]];
    if (runtime->ready && !runtime->closing && !bucket->usage_asked) {
        bucket->usage_asked = true;
        releve_store_bucket_usage(runtime->store, bucket->name, &runtime->options.quota, on_usage, bucket);
    }
    return bucket->usage;
}

static void on_link(void *data, bool up, const char *why)
{
    struct releve_runtime *runtime = data;
    if (!runtime->closing && runtime->options.link != NULL)
        runtime->options.link(runtime->options.data, up, why);
}

/* Somebody else's request is over, and we had been told to wait for longer. */
static void on_bucket_due(void *data, const char *name, releve_time wait_ms)
{
    struct releve_runtime *runtime = data;
    for (unsigned i = 0; i < runtime->buckets_count && !runtime->closing; i++) {
        if (strcmp(runtime->buckets[i].name, name) != 0)
            continue;
        struct releve_event event = {.type = RELEVE_EVENT_DUE, .bucket = i, .wait_ms = wait_ms};
        releve_runtime_step(runtime, &event);
        return;
    }
}

static void on_number(void *data, const struct releve_error *error, uint64_t number)
{
    struct releve_runtime *runtime = data;
    if (runtime->closing)
        return;
    runtime->id = number;
    for (unsigned i = 0; error->code == RELEVE_OK && i < runtime->buckets_count; i++)
        releve_store_watch_bucket(runtime->store, runtime->buckets[i].name, on_bucket_due, runtime);
    runtime->ready = error->code == RELEVE_OK;
    runtime->on_ready(runtime->options.data, error);
    if (runtime->ready && !runtime->closing)
        on_timer(&runtime->timer);
}

static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_runtime *runtime = data;
    struct releve_error failure = *error;
    if (runtime->closing)
        return;
    if (failure.code == RELEVE_OK && releve_upstream_check(runtime->options.upstream, bound, &failure) == RELEVE_OK)
        releve_store_number_process(runtime->store, on_number, runtime);
    else
        runtime->on_ready(runtime->options.data, &failure);
}

static void on_store_ready(void *data, const struct releve_error *error)
{
    struct releve_runtime *runtime = data;
    if (runtime->closing)
        return;
    if (error->code == RELEVE_OK)
        releve_store_bind(runtime->store, releve_upstream_name(runtime->options.upstream), on_bound, runtime);
    else
        runtime->on_ready(runtime->options.data, error);
}

static unsigned add_bucket(struct releve_runtime *runtime, const char *family)
{
    char name[RELEVE_BUCKET_BYTES];
    releve_bucket_name(family, runtime->options.client_id, name);
    for (unsigned i = 0; i < runtime->buckets_count; i++)
        if (strcmp(runtime->buckets[i].name, name) == 0)
            return i;
    assert(runtime->buckets_count < RELEVE_BUCKETS_MAX);
    struct bucket *bucket = &runtime->buckets[runtime->buckets_count];
    bucket->runtime = runtime;
    memcpy(bucket->name, name, sizeof name);
    return runtime->buckets_count++;
}

static enum releve_code make_core(struct releve_runtime *runtime, struct releve_error *error)
{
    releve_time longest = releve_quota_longest_ms(&runtime->options.quota);
    struct releve_core_options options = {
        .concurrency = runtime->options.concurrency,
        .days_min = runtime->dialect->days_min,
        .patient = runtime->options.patient,
        .closed_ms = longest > 0 && longest < RELEVE_CLOSED_MAX_MS ? longest : RELEVE_CLOSED_MAX_MS,
    };
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        options.bucket_of[kind] = runtime->bucket_of[kind] =
            add_bucket(runtime, runtime->dialect->family((enum releve_kind)kind));
    options.token_bucket = add_bucket(runtime, runtime->dialect->token_family);
    options.buckets_count = runtime->buckets_count;
    (void)uv_random(NULL, NULL, &options.seed, sizeof options.seed, 0, NULL);
    runtime->core = releve_core_new(&options);
    if (runtime->core == NULL)
        return releve_fail(error, RELEVE_E_SYSTEM, "no memory for the scheduler's tables");
    return RELEVE_OK;
}

static bool copy_strings(struct releve_runtime_options *options)
{
    const char **strings[] = {&options->upstream, &options->client_id, &options->client_secret,
                              &options->redis,    &options->prefix,    &options->worker};
    bool all = true;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        *strings[i] = strdup(*strings[i] != NULL ? *strings[i] : "");
        all = all && *strings[i] != NULL;
    }
    return all;
}

static void free_runtime(struct releve_runtime *runtime)
{
    struct releve_runtime_options *options = &runtime->options;
    if (options->client_secret != NULL)
        explicit_bzero((char *)(uintptr_t)options->client_secret, strlen(options->client_secret));
    explicit_bzero(runtime->token, sizeof runtime->token);
    free((char *)(uintptr_t)options->upstream);
    free((char *)(uintptr_t)options->client_id);
    free((char *)(uintptr_t)options->client_secret);
    free((char *)(uintptr_t)options->redis);
    free((char *)(uintptr_t)options->prefix);
    free((char *)(uintptr_t)options->worker);
    releve_core_free(runtime->core);
    releve_actions_free(&runtime->actions);
    free(runtime);
}

/* The parts in the order in which they are opened; what was opened before a failure is closed by the caller. */
static enum releve_code open_parts(struct releve_runtime *runtime, struct releve_error *error)
{
    enum releve_code code = make_core(runtime, error);
    if (code == RELEVE_OK)
        code = releve_transport_open(&runtime->transport, runtime->loop, runtime->options.concurrency, error);
    if (code != RELEVE_OK)
        return code;
    struct releve_store_options options = {.url = runtime->options.redis,
                                           .prefix = runtime->options.prefix,
                                           .worker = runtime->options.worker,
                                           .on_link = on_link,
                                           .data = runtime};
    return releve_store_open(&runtime->store, runtime->loop, &options, on_store_ready, runtime, error);
}

enum releve_code releve_runtime_open(struct releve_runtime **out, uv_loop_t *loop,
                                     const struct releve_runtime_options *options,
                                     void (*ready)(void *data, const struct releve_error *error),
                                     struct releve_error *error)
{
    assert(options->next != NULL && options->ended != NULL && options->idle != NULL && options->stopped != NULL);
    struct releve_runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL)
        return releve_fail(error, RELEVE_E_SYSTEM, "no memory");
    runtime->loop = loop;
    runtime->options = *options;
    runtime->dialect = options->api == RELEVE_API_V5 ? &releve_dialect_v5 : &releve_dialect_2026;
    runtime->on_ready = ready;
    if (!copy_strings(&runtime->options) || uv_timer_init(loop, &runtime->timer) != 0 ||
        uv_timer_init(loop, &runtime->again) != 0) {
        free_runtime(runtime);
        return releve_fail(error, RELEVE_E_SYSTEM, "no memory");
    }
    runtime->timer.data = runtime->again.data = runtime;
    int status = uv_async_init(loop, &runtime->wake, on_wake);
    runtime->wake.data = runtime;
    enum releve_code code = status == 0 ? open_parts(runtime, error)
                                        : releve_fail(error, RELEVE_E_SYSTEM, "libuv: %s", uv_strerror(status));
    if (code != RELEVE_OK) {
        releve_runtime_close(runtime, NULL, NULL);
        return code;
    }
    *out = runtime;
    return RELEVE_OK;
}

static void part_closed(struct releve_runtime *runtime)
{
    if (--runtime->open_handles > 0)
        return;
    void (*closed)(void *) = runtime->on_closed;
    void *data = runtime->closed_data;
    free_runtime(runtime);
    if (closed != NULL)
        closed(data);
}

static void on_part_closed(void *data)
{
    part_closed(data);
}

static void on_handle_closed(uv_handle_t *handle)
{
    part_closed(handle->data);
}

void releve_runtime_close(struct releve_runtime *runtime, void (*closed)(void *data), void *data)
{
    assert(!runtime->closing);
    runtime->closing = true;
    runtime->on_closed = closed;
    runtime->closed_data = data;
    releve_runtime_drop_refused(runtime);
    runtime->open_handles = 3u + (runtime->transport != NULL) + (runtime->store != NULL);
    uv_close((uv_handle_t *)&runtime->timer, on_handle_closed);
    uv_close((uv_handle_t *)&runtime->again, on_handle_closed);
    uv_close((uv_handle_t *)&runtime->wake, on_handle_closed);
    if (runtime->transport != NULL)
        releve_transport_close(runtime->transport, on_part_closed, runtime);
    if (runtime->store != NULL)
        releve_store_close(runtime->store, on_part_closed, runtime);
}
