/* A worker's life: start, jobs, the machine's clock and alarm, end. */
#include "laws.h"
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

#define RINGS_AT_MOMENT_MAX 2 /* of the alarm, that nothing led to */
#define LOOK_EVERY 32         /* rings: it reads every day of every job */
#define RESTART_MAX_US (5 * WORLD_SECOND_US)

/* Of one life: one process. */
struct releve_host {
    LIST_ENTRY(releve_host) link;
    struct worker *worker;
    releve_time origin_ms; /* of its clock */
    void (*ring)(void *data);
    void *data;
    uint64_t alarm; /* the one that is set; older ones do not ring */
    unsigned alarms_planned;
    bool closed;
    /* what shows that nothing spins */
    int64_t moment_us;
    unsigned rings_at_moment;
    bool was_called;
};

struct worker *worker_new(struct simulation *simulation, unsigned index)
{
    struct worker *worker = releve_alloc(1, sizeof *worker);
    worker->simulation = simulation;
    worker->index = index;
    worker->jobs = releve_alloc(RELEVE_CORE_JOBS_MAX, sizeof *worker->jobs);
    return worker;
}

unsigned worker_point(const struct worker *worker, releve_prm prm)
{
    return (unsigned)(prm - worker->simulation->upstream.points[0].prm);
}

/* --- the machine ------------------------------------------------------------------------------------------------- */

releve_time worker_now(const struct worker *worker)
{
    return worker->simulation->world.now_us / 1000 + worker->host->origin_ms;
}

static releve_time now(struct releve_host *host)
{
    return worker_now(host->worker);
}

static releve_time civil(struct releve_host *host)
{
    return upstream_civil(&host->worker->simulation->upstream);
}

static uint64_t chance(struct releve_host *host)
{
    return world_random(&host->worker->simulation->world);
}

static void on_alarm(struct releve_host *host, void (*ring)(void *data), void *data)
{
    host->ring = ring;
    host->data = data;
}

void worker_count_callback(struct worker *worker)
{
    worker->host->was_called = true;
}

static void count_ring(struct releve_host *host)
{
    struct world *world = &host->worker->simulation->world;
    host->worker->simulation->steps++;
    if (host->moment_us != world->now_us)
        host->rings_at_moment = 0;
    host->moment_us = world->now_us;
    if (!host->was_called && ++host->rings_at_moment > RINGS_AT_MOMENT_MAX)
        world_break(world, "liveness: worker %u runs %u times at one moment for nothing", host->worker->index,
                    host->rings_at_moment);
    host->was_called = false;
}

struct alarm {
    struct releve_host *host;
    uint64_t number;
};

static void end_life(struct worker *worker, bool dead_write);

static void check_bounds(struct worker *worker)
{
    unsigned in_flight = releve_runtime_look(worker->runtime).in_flight;
    if (in_flight > worker->simulation->scenario.concurrency ||
        in_flight < worker_transport_in_flight(worker->transport))
        world_break(&worker->simulation->world, "law 6 (bounds): the core counts %u requests in flight, there are %u",
                    in_flight, worker_transport_in_flight(worker->transport));
}

static void free_host(struct releve_host *host)
{
    LIST_REMOVE(host, link);
    free(host);
}

static void free_if_over(struct releve_host *host)
{
    if (host->closed && host->alarms_planned == 0)
        free_host(host);
}

void worker_hosts_end(struct simulation *simulation)
{
    while (!LIST_EMPTY(&simulation->hosts))
        free_host(LIST_FIRST(&simulation->hosts));
}

static void on_time(void *owner, void *thing)
{
    const struct alarm *alarm = thing;
    struct releve_host *host = alarm->host;
    (void)owner;
    if (!host->closed && alarm->number == host->alarm) {
        struct worker *worker = host->worker;
        count_ring(host);
        host->ring(host->data);
        if (worker->host == host && worker->simulation->steps % LOOK_EVERY == 0)
            check_bounds(worker);
        if (worker->host == host && worker->draining && !worker->has_work)
            end_life(worker, true);
    }
    host->alarms_planned--;
    free_if_over(host);
}

static void set_alarm(struct releve_host *host, releve_time wait_ms)
{
    struct world *world = &host->worker->simulation->world;
    host->alarm++;
    if (wait_ms == RELEVE_TIME_NEVER)
        return;
    struct alarm *alarm = releve_alloc(1, sizeof *alarm);
    *alarm = (struct alarm){host, host->alarm};
    host->alarms_planned++;
    world_at(world, world->now_us + wait_ms * 1000, on_time, NULL, alarm, true);
}

static const struct releve_host_ops host_ops = {now, civil, civil, on_alarm, set_alarm, chance};

static struct releve_host *host_open(struct worker *worker)
{
    struct releve_host *host = releve_alloc(1, sizeof *host);
    host->worker = worker;
    host->origin_ms = world_below(&worker->simulation->world, 1000000000);
    host->moment_us = -1;
    LIST_INSERT_HEAD(&worker->simulation->hosts, host, link);
    return host;
}

static void host_close(struct releve_host *host)
{
    host->closed = true;
    free_if_over(host);
}

/* --- jobs ------------------------------------------------------------------------------------------------------- */

static void drop_job(struct worker *worker, size_t number)
{
    for (size_t i = 0; i < worker->jobs_count; i++) {
        if (worker->jobs[i] != number)
            continue;
        worker->jobs[i] = worker->jobs[--worker->jobs_count];
        return;
    }
    abort(); /* a job that it does not have */
}

static bool on_next(void *data, struct releve_job *job)
{
    struct worker *worker = data;
    unsigned prefetch = worker->simulation->scenario.prefetch;
    if ((prefetch > 0 && worker->jobs_count >= prefetch) || !store_take(&worker->simulation->store, job))
        return false;
    worker->has_work = true;
    worker->jobs[worker->jobs_count++] = store_job_of(&worker->simulation->store, job);
    return true;
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct worker *worker = data;
    struct store *store = &worker->simulation->store;
    size_t number = store_job_of(store, &result->job);
    drop_job(worker, number);
    bool written = store->jobs[number].place == JOB_ENDED;
    if (error->code == RELEVE_OK && !written)
        world_break(&worker->simulation->world, "law 4 (delivery): job %zu ends before its result is written", number);
    if (error->code != RELEVE_OK && worker->simulation->scenario.queued)
        world_break(&worker->simulation->world, "law 4 (delivery): the result of job %zu is not written again", number);
    if (!written) /* somebody does it again */
        store_enqueue(store, number, false);
}

static void on_given_back(void *data, const struct releve_result *so_far)
{
    struct worker *worker = data;
    struct store *store = &worker->simulation->store;
    size_t number = store_job_of(store, &so_far->job);
    world_tell(&worker->simulation->world, "worker %u: gives job %s back", worker->index, so_far->job.id);
    drop_job(worker, number);
    store_enqueue(store, number, true);
}

static void on_idle(void *data)
{
    struct worker *worker = data;
    laws_check_idle(worker);
    worker->has_work = false;
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct worker *worker = data;
    world_tell(&worker->simulation->world, "worker %u: stops: %s", worker->index, error->text);
    worker->simulation->stopped = true;
    worker->draining = true;
    worker->drained_us = worker->simulation->world.now_us;
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct worker *worker = data;
    if (error->code != RELEVE_OK)
        world_break(&worker->simulation->world, "worker %u cannot begin: %s", worker->index, error->text);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

static void restart(void *owner, void *thing)
{
    (void)thing;
    worker_start(owner);
}

static void close_parts(struct worker *worker, bool dead_write)
{
    releve_runtime_close(worker->runtime);
    worker_transport_close(worker->transport);
    worker_store_close(worker->store, dead_write);
    releve_runtime_free(worker->runtime);
    worker_transport_free(worker->transport);
    worker_store_free(worker->store);
    host_close(worker->host);
    laws_watch_free(worker->watch);
    worker->runtime = NULL;
    worker->transport = NULL;
    worker->store = NULL;
    worker->host = NULL;
    worker->watch = NULL;
    worker->alive = false;
}

static void end_life(struct worker *worker, bool dead_write)
{
    struct world *world = &worker->simulation->world;
    close_parts(worker, dead_write);
    if (!worker->simulation->stopped)
        world_at(world, world->now_us + world_below(world, RESTART_MAX_US), restart, worker, NULL, false);
}

void worker_start(struct worker *worker)
{
    struct simulation *simulation = worker->simulation;
    const struct scenario *scenario = &simulation->scenario;
    assert(!worker->alive);
    /* Its own jobs first: those that it did not end. */
    while (worker->jobs_count > 0)
        store_enqueue(&simulation->store, worker->jobs[--worker->jobs_count], true);
    worker->alive = worker->has_work = true;
    worker->draining = false;
    worker->host = host_open(worker);
    worker->store = worker_store_open(worker);
    worker->transport = worker_transport_open(worker);
    worker->watch = laws_watch_new(simulation);
    struct releve_io io = {worker->host,        &host_ops,         worker->store,
                           &worker_store_ops,   worker->transport, &worker_transport_ops,
                           &simulation->dialect};
    struct releve_runtime_options options = {
        .upstream = WORKER_UPSTREAM,
        .client_id = "simulation",
        .client_secret = "none",
        .quota = scenario->quota,
        .concurrency = scenario->concurrency,
        .queued = scenario->queued,
        .patient = scenario->patient,
        .data = worker,
        .ready = on_ready,
        .next = on_next,
        .ended = on_ended,
        .given_back = on_given_back,
        .idle = on_idle,
        .stopped = on_stopped,
    };
    struct releve_error error;
    if (releve_runtime_open(&worker->runtime, &options, &io, &error) != RELEVE_OK)
        world_break(&simulation->world, "worker %u cannot be opened: %s", worker->index, error.text);
}

void worker_wake(struct worker *worker)
{
    if (!worker->alive)
        return;
    worker_count_callback(worker);
    releve_runtime_wake(worker->runtime);
}

void worker_crash(struct worker *worker)
{
    if (!worker->alive)
        return;
    world_tell(&worker->simulation->world, "worker %u: killed", worker->index);
    end_life(worker, world_below(&worker->simulation->world, 2) == 0);
}

void worker_drain(struct worker *worker)
{
    if (!worker->alive || worker->draining)
        return;
    world_tell(&worker->simulation->world, "worker %u: drains", worker->index);
    worker->draining = worker->has_work = true;
    worker->drained_us = worker->simulation->world.now_us;
    worker_count_callback(worker);
    releve_runtime_drain(worker->runtime);
}

void worker_free(struct worker *worker)
{
    if (worker->alive)
        close_parts(worker, false);
    free(worker->jobs);
    free(worker);
}
