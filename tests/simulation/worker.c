/* A worker's life: start, steps, timer, end. */
#include "worker.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_AT_MOMENT_MAX (4 * RELEVE_CORE_JOBS_MAX) /* a full table of jobs may come and be known at once */
#define TICKS_AT_MOMENT_MAX 2
#define LOOK_EVERY 32 /* steps: it reads every day of every job */
#define RESTART_MAX_US (5 * WORLD_SECOND_US)

struct worker *worker_new(struct simulation *simulation, unsigned index)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        abort();
    worker->simulation = simulation;
    worker->index = index;
    worker->jobs = calloc(RELEVE_CORE_JOBS_MAX, sizeof *worker->jobs);
    worker->seen = calloc((size_t)simulation->scenario.points * RELEVE_MEASURES, sizeof *worker->seen);
    if (worker->jobs == NULL || worker->seen == NULL)
        abort();
    return worker;
}

static void forget_seen(struct worker *worker)
{
    for (size_t i = 0; i < (size_t)worker->simulation->scenario.points * RELEVE_MEASURES; i++) {
        free(worker->seen[i]);
        worker->seen[i] = NULL;
    }
}

void worker_free(struct worker *worker)
{
    forget_seen(worker);
    worker_free_operations(worker);
    worker_free_exchanges(worker);
    releve_core_free(worker->core);
    releve_actions_free(&worker->actions);
    free(worker->seen);
    free(worker->jobs);
    free(worker);
}

/* --- steps ------------------------------------------------------------------------------------------------ */

static void count_step(struct worker *worker, const struct releve_event *event)
{
    struct world *world = &worker->simulation->world;
    worker->simulation->steps++;
    if (worker->moment_us != world->now_us) {
        worker->moment_us = world->now_us;
        worker->steps_at_moment = worker->ticks_at_moment = 0;
    }
    worker->steps_at_moment++;
    worker->ticks_at_moment += event->type == RELEVE_EVENT_TICK;
    if (worker->steps_at_moment > STEPS_AT_MOMENT_MAX || worker->ticks_at_moment > TICKS_AT_MOMENT_MAX)
        world_break(world, "liveness: worker %u takes %u steps at one moment", worker->index, worker->steps_at_moment);
}

static void step_once(struct worker *worker, struct releve_event *event)
{
    struct simulation *simulation = worker->simulation;
    count_step(worker, event);
    event->now = simulation->world.now_us / 1000 + worker->origin_ms;
    event->civil = upstream_civil(&simulation->upstream);
    releve_core_step(worker->core, event, &worker->actions);
    /* One result or one return for each job, and little more for the event itself. */
    if (worker->actions.count > worker->jobs_count + simulation->scenario.buckets + 12)
        world_break(&simulation->world, "law 6 (bounds): %zu actions in one step", worker->actions.count);
    for (size_t i = 0; i < worker->actions.count; i++) {
        world_note(&simulation->world, (uint64_t)worker->actions.items[i].type);
        worker_perform(worker, &worker->actions.items[i]);
    }
}

static void pull_jobs(struct worker *worker)
{
    struct releve_job job;
    while (releve_core_room(worker->core) > 0 && store_take(&worker->simulation->store, &job)) {
        worker->jobs[worker->jobs_count++] = store_job_of(&worker->simulation->store, &job);
        struct releve_event event = {.type = RELEVE_EVENT_JOB, .job = &job};
        step_once(worker, &event);
    }
}

static void on_timer(void *owner, void *thing)
{
    struct worker *worker = owner;
    if ((uintptr_t)thing != (uintptr_t)worker->timer || !worker->alive)
        return;
    worker->timer_us = -1;
    struct releve_event event = {.type = RELEVE_EVENT_TICK};
    worker_step(worker, &event);
}

static void set_timer(struct worker *worker)
{
    struct world *world = &worker->simulation->world;
    releve_time deadline = releve_core_deadline(worker->core);
    int64_t at = deadline == RELEVE_TIME_NEVER ? -1 : (deadline - worker->origin_ms) * 1000;
    if (at >= 0 && at < world->now_us)
        at = world->now_us;
    if (at == worker->timer_us)
        return;
    worker->timer_us = at;
    worker->timer++;
    if (at >= 0)
        world_at(world, at, on_timer, worker, (void *)(uintptr_t)worker->timer, false);
}

static void restart(void *owner, void *thing)
{
    (void)thing;
    worker_start(owner);
}

static void end_life(struct worker *worker)
{
    worker->alive = false;
    worker->life++;
    worker->timer++;
    worker->timer_us = -1;
    worker->in_flight = worker->storing = 0;
    memset(worker->chunks, 0, sizeof worker->chunks);
    worker_forget_operations(worker);
    forget_seen(worker);
    releve_core_free(worker->core);
    worker->core = NULL;
    struct world *world = &worker->simulation->world;
    if (!worker->simulation->stopped)
        world_at(world, world->now_us + world_below(world, RESTART_MAX_US), restart, worker, NULL, false);
}

void worker_step(struct worker *worker, struct releve_event *event)
{
    step_once(worker, event);
    pull_jobs(worker);
    bool look = worker->simulation->steps % LOOK_EVERY == 0;
    if (look && releve_core_look(worker->core).in_flight != worker->in_flight)
        world_break(&worker->simulation->world, "law 6 (bounds): the core counts %u requests in flight, there are %u",
                    releve_core_look(worker->core).in_flight, worker->in_flight);
    if (worker->draining && releve_core_idle(worker->core)) {
        worker->dead_write = true;
        end_life(worker);
        return;
    }
    set_timer(worker);
}

/* --- life ------------------------------------------------------------------------------------------------- */

void worker_start(struct worker *worker)
{
    struct simulation *simulation = worker->simulation;
    const struct scenario *scenario = &simulation->scenario;
    assert(!worker->alive);
    /* Its own jobs first: those that it did not end. */
    while (worker->jobs_count > 0)
        store_enqueue(&simulation->store, worker->jobs[--worker->jobs_count], true);
    releve_time longest = releve_quota_longest_ms(&scenario->quota);
    struct releve_core_options options = {
        .concurrency = scenario->concurrency,
        .days_min = scenario->days_min,
        .buckets_count = scenario->buckets,
        .token_bucket = scenario->token_bucket,
        .closed_ms = longest > 0 && longest < RELEVE_CLOSED_MAX_MS ? longest : RELEVE_CLOSED_MAX_MS,
        .patient = scenario->patient,
        .seed = world_random(&simulation->world),
    };
    memcpy(options.bucket_of, scenario->bucket_of, sizeof options.bucket_of);
    worker->core = releve_core_new(&options);
    if (worker->core == NULL)
        abort();
    worker->origin_ms = world_below(&simulation->world, 1000000000);
    worker->alive = true;
    worker->draining = false;
    worker->timer_us = -1;
    worker->returns_in_a_row = 0;
    for (unsigned i = 0; i < scenario->buckets; i++)
        worker_hear_news(worker, i, 0); /* its subscription begins */
    worker_wake(worker);
}

void worker_wake(struct worker *worker)
{
    if (!worker->alive)
        return;
    struct releve_event event = {.type = RELEVE_EVENT_TICK};
    worker->ticks_at_moment = 0; /* not the timer's */
    worker_step(worker, &event);
}

void worker_crash(struct worker *worker)
{
    if (!worker->alive)
        return;
    world_tell(&worker->simulation->world, "worker %u: killed", worker->index);
    worker->dead_write = world_below(&worker->simulation->world, 2) == 0;
    end_life(worker);
}

void worker_drain(struct worker *worker)
{
    if (!worker->alive || worker->draining)
        return;
    world_tell(&worker->simulation->world, "worker %u: drains", worker->index);
    worker->draining = true;
    struct releve_event event = {.type = RELEVE_EVENT_DRAIN};
    worker_step(worker, &event);
}

/* --- news ------------------------------------------------------------------------------------------------- */

struct news {
    uint32_t life;
    unsigned bucket;
    int64_t wait_ms;
};

static void on_news(void *owner, void *thing)
{
    struct worker *worker = owner;
    const struct news *news = thing;
    if (news->life != worker->life || !worker->alive)
        return;
    struct releve_event event = {.type = RELEVE_EVENT_DUE, .bucket = news->bucket, .wait_ms = news->wait_ms};
    worker_step(worker, &event);
}

void worker_hear_news(struct worker *worker, unsigned bucket, int64_t wait_ms)
{
    struct simulation *simulation = worker->simulation;
    struct world *world = &simulation->world;
    if (!worker->alive || (wait_ms > 0 && world->now_us < worker->cut_until_us))
        return;
    struct news *news = malloc(sizeof *news);
    if (news == NULL)
        abort();
    *news = (struct news){worker->life, bucket, wait_ms};
    int64_t at = world->now_us > worker->cut_until_us ? world->now_us : worker->cut_until_us;
    at += simulation->scenario.redis_us + world_below(world, simulation->scenario.redis_jitter_us);
    worker->last_news_us = at > worker->last_news_us ? at : worker->last_news_us;
    world_at(world, worker->last_news_us, on_news, worker, news, true);
}
