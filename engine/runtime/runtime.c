/* The runtime's life and its one loop: an event is taken from the queue, the core takes a step, its actions are carried
 * out; and when the queue is empty jobs are pulled, the alarm is set for the moment that the core named, and the end is
 * reported. */
#include "bucket.h"
#include "state.h"
#include "upstream.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static releve_time now_ms(const struct releve_runtime *runtime)
{
    return runtime->io.host_ops->now(runtime->io.host);
}

/* --- the loop ---------------------------------------------------------------------------------------- */

static void step(struct releve_runtime *runtime, struct releve_event *event)
{
    event->now = now_ms(runtime);
    event->civil = runtime->io.host_ops->civil(runtime->io.host);
    releve_core_step(runtime->core, event, &runtime->actions);
    for (size_t i = 0; i < runtime->actions.count && runtime->phase != RUNTIME_CLOSED; i++)
        releve_runtime_perform(runtime, &runtime->actions.items[i]);
}

static bool step_event(struct releve_runtime *runtime)
{
    struct posted *posted = runtime->phase != RUNTIME_CLOSED ? releve_runtime_next_event(runtime) : NULL;
    if (posted == NULL)
        return false;
    const struct releve_event *event = &posted->event;
    if (event->type == RELEVE_EVENT_STORED && event->error->code == RELEVE_OK)
        releve_runtime_end_kept(runtime, &runtime->chunks[event->handle]);
    runtime->under_way = posted;
    step(runtime, &posted->event);
    if (runtime->under_way != NULL)
        releve_runtime_end_event(runtime, posted);
    runtime->under_way = NULL;
    return true;
}

static bool pull_job(struct releve_runtime *runtime)
{
    struct releve_job job;
    if (runtime->phase != RUNTIME_OPEN || runtime->roster.looking || releve_core_room(runtime->core) == 0 ||
        !runtime->options.next(runtime->options.data, &job))
        return false;
    struct releve_event event = {.type = RELEVE_EVENT_JOB, .job = &job};
    step(runtime, &event);
    return true;
}

static void set_alarm(struct releve_runtime *runtime)
{
    releve_time deadline = releve_core_deadline(runtime->core), wait = deadline;
    if (deadline != RELEVE_TIME_NEVER) {
        wait = deadline - now_ms(runtime);
        wait = wait > 0 ? wait : 0;
    }
    runtime->io.host_ops->set_alarm(runtime->io.host, wait);
}

/* What was learned and closed has reached Redis too: an end that loses a closed door lets others hammer. */
static bool is_idle(const struct releve_runtime *runtime)
{
    return runtime->phase == RUNTIME_OPEN && !runtime->roster.looking && runtime->writes == 0 &&
           releve_core_idle(runtime->core);
}

static void run(void *data)
{
    struct releve_runtime *runtime = data;
    runtime->running = true;
    if (!step_event(runtime)) {
        struct releve_event event = {.type = RELEVE_EVENT_TICK};
        step(runtime, &event);
    }
    while (step_event(runtime) || pull_job(runtime))
        ;
    runtime->running = false;
    if (runtime->phase == RUNTIME_CLOSED)
        return;
    set_alarm(runtime);
    if (is_idle(runtime))
        runtime->options.idle(runtime->options.data);
}

void releve_runtime_drain(struct releve_runtime *runtime)
{
    struct releve_event event = {.type = RELEVE_EVENT_DRAIN};
    releve_runtime_post(runtime, &event);
}

void releve_runtime_ask_token(struct releve_runtime *runtime)
{
    struct releve_event event = {.type = RELEVE_EVENT_WANT_TOKEN};
    releve_runtime_post(runtime, &event);
}

/* --- for people -------------------------------------------------------------------------------------- */

bool releve_runtime_upstream_clock(const struct releve_runtime *runtime, releve_time *ahead_ms)
{
    *ahead_ms = runtime->upstream_ahead_ms;
    return runtime->dated;
}

struct releve_core_view releve_runtime_look(const struct releve_runtime *runtime)
{
    return releve_core_look(runtime->core, now_ms(runtime));
}

void releve_runtime_count_held_up(const struct releve_runtime *runtime, size_t counts[RELEVE_CLASSES])
{
    releve_core_count_held_up(runtime->core, now_ms(runtime), counts);
}

/* --- opening: whose data is it, which process is this ------------------------------------------------ */

/* Somebody else's request is over, and we had been told to wait for longer. */
static void on_due(void *data, const char *bucket, releve_time wait_ms)
{
    struct ledger *ledger = data;
    (void)bucket;
    struct releve_event event = {
        .type = RELEVE_EVENT_DUE, .bucket = (unsigned)(ledger - ledger->runtime->ledgers), .wait_ms = wait_ms};
    releve_runtime_post(ledger->runtime, &event);
}

static void on_number(void *data, const struct releve_error *error, uint64_t number)
{
    struct releve_runtime *runtime = data;
    if (runtime->phase == RUNTIME_CLOSED)
        return;
    if (error->code == RELEVE_OK) {
        runtime->process = number;
        runtime->phase = RUNTIME_OPEN;
        for (unsigned i = 0; i < runtime->ledgers_count; i++)
            runtime->io.store_ops->bucket_watch(runtime->io.store, runtime->ledgers[i].bucket, on_due,
                                                &runtime->ledgers[i]);
        releve_runtime_wake(runtime);
    }
    runtime->options.ready(runtime->options.data, error);
}

static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    struct releve_runtime *runtime = data;
    struct releve_error failure = *error;
    if (runtime->phase == RUNTIME_CLOSED)
        return;
    if (failure.code == RELEVE_OK && releve_upstream_check(runtime->options.upstream, bound, &failure) == RELEVE_OK)
        runtime->io.store_ops->number_process(runtime->io.store, on_number, runtime);
    else
        runtime->options.ready(runtime->options.data, &failure);
}

static unsigned add_ledger(struct releve_runtime *runtime, const char *family)
{
    char name[RELEVE_BUCKET_BYTES];
    releve_bucket_name(family, runtime->options.client_id, name);
    for (unsigned i = 0; i < runtime->ledgers_count; i++)
        if (strcmp(runtime->ledgers[i].bucket, name) == 0)
            return i;
    assert(runtime->ledgers_count < RELEVE_BUCKETS_MAX);
    struct ledger *ledger = &runtime->ledgers[runtime->ledgers_count];
    ledger->runtime = runtime;
    memcpy(ledger->bucket, name, sizeof name);
    return runtime->ledgers_count++;
}

static struct releve_core *new_core(struct releve_runtime *runtime)
{
    const struct releve_runtime_options *options = &runtime->options;
    const struct releve_dialect *dialect = runtime->io.dialect;
    releve_time longest = releve_quota_longest_ms(&options->quota);
    struct releve_core_options core = {
        .concurrency = options->concurrency,
        .days_min = dialect->days_min,
        .keep = options->keep,
        .patient = options->patient,
        .unlimited = options->quota.windows_count == 0,
        .queued = options->queued,
        .closed_ms = longest > 0 && longest < RELEVE_CLOSED_MAX_MS ? longest : RELEVE_CLOSED_MAX_MS,
        .seed = runtime->io.host_ops->random(runtime->io.host),
    };
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        const char *supplement = dialect->supplement_families[kind];
        if (dialect->families[kind] == NULL) {
            core.unserved |= RELEVE_KIND_BIT(kind);
            continue;
        }
        core.bucket_of[kind] = runtime->ledger_of[kind] = add_ledger(runtime, dialect->families[kind]);
        core.supplement_bucket_of[kind] = supplement != NULL ? add_ledger(runtime, supplement) : core.bucket_of[kind];
    }
    core.tells_activation = dialect->activation_family != NULL;
    if (core.tells_activation)
        core.activation_bucket = add_ledger(runtime, dialect->activation_family);
    if (dialect->services_family != NULL)
        core.preflight_bucket = runtime->preflight_ledger = add_ledger(runtime, dialect->services_family);
    core.token_given = options->token != NULL;
    core.token_bucket = add_ledger(runtime, dialect->token_family);
    core.buckets_count = runtime->ledgers_count;
    return releve_core_new(&core);
}

enum releve_code releve_runtime_open(struct releve_runtime **out, const struct releve_runtime_options *options,
                                     const struct releve_io *io, struct releve_error *error)
{
    assert(options->ready != NULL && options->next != NULL && options->ended != NULL && options->idle != NULL &&
           options->stopped != NULL);
    *out = NULL;
    char upstream[RELEVE_UPSTREAM_BYTES];
    if (!releve_upstream_parse(options->upstream, upstream))
        return releve_fail(error, RELEVE_E_CONFIG, "the upstream has to be " RELEVE_UPSTREAM_FORM ", at most %d bytes",
                           RELEVE_UPSTREAM_BYTES - 1);
    struct releve_runtime *runtime = releve_alloc(1, sizeof *runtime);
    runtime->options = *options;
    runtime->options.upstream = releve_strdup(upstream);
    runtime->options.client_id = releve_strdup(options->client_id);
    runtime->options.client_secret = releve_strdup(options->client_secret);
    runtime->io = *io;
    STAILQ_INIT(&runtime->events);
    STAILQ_INIT(&runtime->spare);
    for (size_t i = 0; i < RELEVE_CORE_JOBS_MAX; i++)
        runtime->jobs[i].runtime = runtime;
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX; i++)
        runtime->chunks[i].runtime = runtime;
    runtime->token_slot.runtime = runtime->preflight_slot.runtime = runtime;
    if (options->token != NULL) {
        int length = snprintf(runtime->token, sizeof runtime->token, "%s", options->token);
        assert(length > 0 && (size_t)length < sizeof runtime->token); /* checked by whoever read it */
        (void)length;
        runtime->options.token = runtime->token;
    }
    runtime->core = new_core(runtime);
    io->host_ops->on_alarm(io->host, run, runtime);
    io->store_ops->bind(io->store, options->keeps_nothing ? NULL : releve_upstream_name(upstream), on_bound, runtime);
    *out = runtime;
    return RELEVE_OK;
}

void releve_runtime_close(struct releve_runtime *runtime)
{
    assert(runtime->phase != RUNTIME_CLOSED);
    runtime->phase = RUNTIME_CLOSED;
    runtime->io.host_ops->set_alarm(runtime->io.host, RELEVE_TIME_NEVER);
}

void releve_runtime_free(struct releve_runtime *runtime)
{
    assert(runtime->phase == RUNTIME_CLOSED);
    releve_runtime_drop_events(runtime);
    releve_roster_free(runtime);
    explicit_bzero((char *)(uintptr_t)runtime->options.client_secret, strlen(runtime->options.client_secret));
    explicit_bzero(runtime->token, sizeof runtime->token);
    free((char *)(uintptr_t)runtime->options.upstream);
    free((char *)(uintptr_t)runtime->options.client_id);
    free((char *)(uintptr_t)runtime->options.client_secret);
    releve_core_free(runtime->core);
    releve_actions_free(&runtime->actions);
    free(runtime);
}
