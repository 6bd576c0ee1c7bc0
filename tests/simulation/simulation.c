/* Puts the parts together and lets time run. */
#include "simulation.h"
#include "laws.h"
#include <stdlib.h>
#include <string.h>

#define STEPS_PER_REQUEST_MAX 400 /* of all workers; generous: a spin is far beyond */

static bool has_work(const struct simulation *simulation)
{
    bool more = simulation->on_duty || simulation->store.ended < simulation->store.jobs_count;
    return more && !simulation->stopped;
}

/* --- what befalls the workers --------------------------------------------------------------------------- */

static int64_t some_time(struct world *world, int64_t mean_us)
{
    return world_between(world, 1, 2 * mean_us);
}

static void on_crash(void *owner, void *thing)
{
    (void)thing;
    struct simulation *simulation = owner;
    struct world *world = &simulation->world;
    if (!has_work(simulation) || ++simulation->crashes > simulation->scenario.crashes_max)
        return;
    worker_crash(simulation->workers[world_below(world, simulation->scenario.workers)]);
    world_at(world, world->now_us + some_time(world, simulation->scenario.crash_us), on_crash, owner, NULL, false);
}

static void on_drain(void *owner, void *thing)
{
    (void)thing;
    struct simulation *simulation = owner;
    struct world *world = &simulation->world;
    if (!has_work(simulation) || ++simulation->crashes > simulation->scenario.crashes_max)
        return;
    worker_drain(simulation->workers[world_below(world, simulation->scenario.workers)]);
    world_at(world, world->now_us + some_time(world, simulation->scenario.drain_us), on_drain, owner, NULL, false);
}

#define FAILOVERS_MAX 40
#define STRANDED_MAX_US (8 * WORLD_SECOND_US)
#define ELECTION_MAX_US (3 * WORLD_SECOND_US)

static bool is_held(const struct simulation *simulation, size_t job)
{
    for (unsigned i = 0; i < simulation->scenario.workers; i++)
        for (size_t j = 0; j < simulation->workers[i]->jobs_count; j++)
            if (simulation->workers[i]->jobs[j] == job)
                return true;
    return false;
}

/* What was acknowledged is never lost; what was told without that may be. */
static void undo(void *data, const struct write *write)
{
    struct simulation *simulation = data;
    struct store *store = &simulation->store;
    store_undo(store, write);
    if (write->type == WRITE_LEDGER) {
        ledger_model_close(&simulation->ledgers[write->bucket]);
        ledger_model_copy(&simulation->ledgers[write->bucket], &write->ledger);
    } else if (write->type == WRITE_NUMBER) {
        simulation->processes = write->number;
    } else if (write->type == WRITE_DAY) {
        for (unsigned i = 0; i < simulation->scenario.workers; i++)
            if (simulation->workers[i]->alive)
                laws_note_lost(simulation->workers[i], write->point, write->kind, write->day);
    } else if (write->type == WRITE_RESULT && !is_held(simulation, write->job)) {
        store_enqueue(store, write->job, true); /* its worker's list was lost with it */
    }
    if (!write->told || (write->type != WRITE_DAY && write->type != WRITE_RESULT))
        return;
    bool keeps = !simulation->scenario.unacknowledged && !simulation->scenario.unlimited;
    simulation->lost_after_told++;
    if (keeps && write->type == WRITE_DAY)
        world_break(&simulation->world, "law 3 (truth): a failover takes day %d of point %u, kind %d: it was stored",
                    write->day, write->point, (int)write->kind);
    else if (keeps)
        world_break(&simulation->world, "law 4 (delivery): a failover takes the result of job %zu", write->job);
}

static void fail_over(struct simulation *simulation, unsigned shard)
{
    struct world *world = &simulation->world;
    if (!replication_may_fail_over(&simulation->replication, shard))
        return;
    world_tell(world, "failover of shard %u", shard);
    replication_fail_over(&simulation->replication, shard, undo, simulation);
    simulation->redis_paused_until_us = world->now_us + world_below(world, ELECTION_MAX_US);
    for (unsigned i = 0; i < simulation->scenario.workers; i++) {
        struct worker *worker = simulation->workers[i];
        if (!worker->alive)
            continue;
        if (simulation->scenario.stale_masters && world_below(world, 2) == 0)
            worker_store_strand(worker->store, shard, world->now_us + world_between(world, 1, STRANDED_MAX_US));
        else
            worker_store_cut(worker->store, shard);
    }
}

static void on_strike(void *owner, void *thing)
{
    fail_over(owner, (unsigned)(uintptr_t)thing);
}

/* While the permit is on its way to a replica: the worst moment for it. */
static void strike_soon(struct simulation *simulation, unsigned shard)
{
    struct world *world = &simulation->world;
    simulation->on_grant = NULL;
    world_at(world, world->now_us + world_below(world, simulation->scenario.replica_lag_us), on_strike, simulation,
             (void *)(uintptr_t)shard, false);
}

/* Half of them come at any moment, the others just after a permit was granted. */
static void on_failover(void *owner, void *thing)
{
    struct simulation *simulation = owner;
    struct world *world = &simulation->world;
    uintptr_t times = (uintptr_t)thing;
    if (!has_work(simulation) || times == FAILOVERS_MAX)
        return;
    if (world_below(world, 2) == 0)
        fail_over(simulation, (unsigned)world_below(world, simulation->scenario.shards));
    else
        simulation->on_grant = strike_soon;
    world_at(world, world->now_us + some_time(world, simulation->scenario.failover_us), on_failover, owner,
             (void *)(times + 1), false);
}

#define REPLICA_AWAY_MAX_US (30 * WORLD_SECOND_US)

static void on_replica_away(void *owner, void *thing)
{
    struct simulation *simulation = owner;
    struct world *world = &simulation->world;
    uintptr_t times = (uintptr_t)thing;
    if (!has_work(simulation) || times == FAILOVERS_MAX)
        return;
    unsigned shard = (unsigned)world_below(world, simulation->scenario.shards);
    unsigned replicas = simulation->scenario.replicas, replica = (unsigned)world_below(world, replicas + 1);
    int64_t length_us = world_below(world, REPLICA_AWAY_MAX_US);
    for (unsigned i = 0; i < replicas; i++) {
        if (i != replica && replica < replicas)
            continue; /* else all of them leave */
        world_tell(world, "shard %u is without replica %u for %.6f s", shard, i, (double)length_us / 1e6);
        replication_leave(&simulation->replication, shard, i, length_us);
    }
    world_at(world, world->now_us + some_time(world, simulation->scenario.replica_away_us), on_replica_away, owner,
             (void *)(times + 1), false);
}

#define REVOCATIONS_MAX 30

static void on_revoke(void *owner, void *thing)
{
    struct simulation *simulation = owner;
    struct world *world = &simulation->world;
    uintptr_t times = (uintptr_t)thing;
    if (!has_work(simulation) || times == REVOCATIONS_MAX)
        return;
    world_tell(world, "all tokens are revoked");
    upstream_revoke(&simulation->upstream);
    world_at(world, world->now_us + some_time(world, simulation->scenario.revoke_us), on_revoke, owner,
             (void *)(times + 1), false);
}

static void plan_mishaps(struct simulation *simulation)
{
    struct world *world = &simulation->world;
    const struct scenario *scenario = &simulation->scenario;
    if (scenario->crash_us > 0)
        world_at(world, some_time(world, scenario->crash_us), on_crash, simulation, NULL, false);
    if (scenario->drain_us > 0)
        world_at(world, some_time(world, scenario->drain_us), on_drain, simulation, NULL, false);
    if (scenario->revoke_us > 0)
        world_at(world, some_time(world, scenario->revoke_us), on_revoke, simulation, NULL, false);
    if (scenario->failover_us > 0)
        world_at(world, some_time(world, scenario->failover_us), on_failover, simulation, NULL, false);
    if (scenario->replica_away_us > 0)
        world_at(world, some_time(world, scenario->replica_away_us), on_replica_away, simulation, NULL, false);
}

/* --- jobs ------------------------------------------------------------------------------------------------- */

static void on_jobs(void *owner, void *thing)
{
    (void)thing;
    struct simulation *simulation = owner;
    simulation->store.on_jobs_planned = false;
    unsigned count = simulation->scenario.workers, first = (unsigned)world_below(&simulation->world, count);
    for (unsigned i = 0; i < count; i++)
        worker_wake(simulation->workers[(first + i) % count]);
}

static void on_submission(void *owner, void *thing)
{
    struct simulation *simulation = owner;
    struct store *store = &simulation->store;
    size_t number = (size_t)(uintptr_t)thing;
    store->jobs[number].submitted_us = simulation->world.now_us;
    store_enqueue(store, number, false);
}

size_t simulation_submit(struct simulation *simulation, unsigned point, enum releve_kind kind, struct releve_span span,
                         enum releve_class class_, bool refresh, int64_t at_us)
{
    struct store *store = &simulation->store;
    struct releve_job wish = {
        .prm = simulation->upstream.points[point].prm,
        .kind = kind,
        .span = span,
        .class_ = class_,
        .refresh = refresh,
    };
    size_t number = store_add_job(store, point, &wish);
    size_t *last = &store->last_jobs[(size_t)point * RELEVE_MEASURES + kind]; /* plus one */
    store->jobs[number].alone = *last == 0;
    if (*last > 0)
        store->jobs[*last - 1].alone = false;
    *last = number + 1;
    if (refresh)
        store->refreshed[(size_t)point * RELEVE_MEASURES + kind] = true;
    world_at(&simulation->world, at_us, on_submission, simulation, (void *)(uintptr_t)number, false);
    return number;
}

static struct releve_span draw_span(struct simulation *simulation, enum releve_kind kind)
{
    struct world *world = &simulation->world;
    const struct scenario *scenario = &simulation->scenario;
    struct releve_span history = releve_kind_history(kind, upstream_today(&simulation->upstream));
    if (world_chance(world, scenario->deep))
        return history;
    int days = (int)world_between(world, 1, scenario->days_max);
    releve_day end =
        history.end - (world_below(world, 2) == 0 ? 0 : (releve_day)world_below(world, scenario->days_max));
    if (end - days < history.first)
        return history;
    return (struct releve_span){end - days, end};
}

void simulation_know_some_days(struct simulation *simulation, unsigned point, enum releve_kind kind,
                               struct releve_span span)
{
    struct world *world = &simulation->world;
    int64_t share = world_below(world, 100);
    for (releve_day day = span.first; day < span.end; day++)
        if (world_hash(simulation->scenario.seed, point, (uint64_t)day / (uint64_t)(1 + share % 9), 5) % 100 <
            (uint64_t)share)
            store_know(&simulation->store, point, kind, day);
}

void simulation_draw_jobs(struct simulation *simulation)
{
    struct world *world = &simulation->world;
    const struct scenario *scenario = &simulation->scenario;
    int64_t requests = 0;
    bool *used = calloc((size_t)scenario->points * RELEVE_MEASURES, sizeof *used);
    if (used == NULL)
        abort();
    for (unsigned i = 0; i < scenario->jobs_max && requests < scenario->requests_max; i++) {
        unsigned point = (unsigned)world_below(world, scenario->points);
        enum releve_kind kind = (enum releve_kind)world_below(world, RELEVE_MEASURES);
        if ((scenario->kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        bool *taken = &used[(size_t)point * RELEVE_MEASURES + kind];
        if (*taken && !world_chance(world, scenario->overlap))
            continue;
        struct releve_span span = draw_span(simulation, kind);
        if (!*taken && world_chance(world, scenario->known))
            simulation_know_some_days(simulation, point, kind, span);
        *taken = true;
        enum releve_class class_ = (enum releve_class)world_below(world, RELEVE_CLASSES);
        simulation_submit(simulation, point, kind, span, class_, world_chance(world, scenario->refresh),
                          world_below(world, scenario->arrivals_us));
        requests += 1 + releve_span_days(span) / releve_kind_facts(kind)->call_days_max;
    }
    free(used);
}

/* --- the run -------------------------------------------------------------------------------------------- */

void simulation_open(struct simulation *simulation, const struct scenario *scenario)
{
    memset(simulation, 0, sizeof *simulation);
    simulation->scenario = *scenario;
    world_init(&simulation->world, scenario->seed + 1);
    upstream_open(&simulation->upstream, &simulation->world, &simulation->scenario);
    store_open(&simulation->store, &simulation->world, &simulation->scenario, &simulation->upstream);
    replication_open(&simulation->replication, &simulation->world, &simulation->scenario);
    simulation->store.replication = &simulation->replication;
    simulation->store.on_jobs = on_jobs;
    simulation->store.on_jobs_owner = simulation;
    for (unsigned i = 0; i < scenario->buckets; i++)
        ledger_model_init(&simulation->ledgers[i]);
    worker_dialect(&simulation->scenario, &simulation->dialect);
    for (unsigned i = 0; i < scenario->workers; i++)
        simulation->workers[i] = worker_new(simulation, i);
}

void simulation_close(struct simulation *simulation)
{
    for (unsigned i = 0; i < simulation->scenario.workers; i++)
        worker_free(simulation->workers[i]);
    worker_stores_end(simulation);
    worker_transports_end(simulation);
    worker_hosts_end(simulation);
    for (unsigned i = 0; i < simulation->scenario.buckets; i++)
        ledger_model_close(&simulation->ledgers[i]);
    store_close(&simulation->store);
    replication_close(&simulation->replication);
    upstream_close(&simulation->upstream);
    world_close(&simulation->world);
}

void simulation_run(struct simulation *simulation, int64_t until_us)
{
    struct world *world = &simulation->world;
    for (unsigned i = 0; i < simulation->scenario.workers; i++)
        worker_start(simulation->workers[i]);
    plan_mishaps(simulation);
    while (world->now_us < until_us && world_step(world))
        ;
}

/* A refused direction costs one request while that is believed, and one for each job that does not care. */
static void check_refusals(struct simulation *simulation)
{
    const struct store *store = &simulation->store;
    unsigned days = (unsigned)(simulation->world.now_us / 1000 / RELEVE_REFUSAL_HOLDS_MS);
    for (unsigned i = 0; i < simulation->scenario.points; i++)
        for (enum releve_direction d = 0; d < RELEVE_DIRECTIONS; d++) {
            unsigned allowed = 1 + days, refusals = simulation->upstream.points[i].directions[d].refusals;
            for (size_t j = 0; refusals > allowed && j < store->jobs_count; j++)
                allowed += store->jobs[j].point == i && store->jobs[j].wish.refresh &&
                           releve_kind_facts(store->jobs[j].wish.kind)->direction == d;
            if (refusals > allowed)
                world_break(&simulation->world, "law 2 (thrift): %u requests for %s of point %u, which is refused",
                            refusals, releve_direction_name(d), i);
        }
}

void simulation_check_end(struct simulation *simulation)
{
    struct world *world = &simulation->world;
    const struct store *store = &simulation->store;
    if (world->broken)
        return;
    if (world->count > 0)
        world_break(world, "liveness: still at work after %lld virtual hours, %zu of %zu jobs ended",
                    (long long)(world->now_us / WORLD_SECOND_US / 3600), store->ended, store->jobs_count);
    for (size_t i = 0; i < store->jobs_count && !simulation->stopped; i++)
        if (store->jobs[i].place != JOB_ENDED)
            world_break(world, "liveness: job %zu never ends, and nothing is under way", i);
    for (unsigned i = 0; i < simulation->scenario.workers; i++)
        if (simulation->workers[i]->alive && simulation->workers[i]->has_work)
            world_break(world, "liveness: worker %u is not idle, and nothing is under way", i);
    /* Each run of a worker hears it once; an answer that is lost is asked for again. */
    unsigned lives = simulation->scenario.workers + simulation->crashes;
    if (simulation->stopped && simulation->scenario.lost_answer == 0 && simulation->scenario.reset == 0 &&
        simulation->scenario.straggler == 0 && simulation->upstream.refusals > 2 * lives)
        world_break(world, "law 2 (thrift): %u requests with credentials that are refused",
                    simulation->upstream.refusals);
    if (simulation->scenario.faultless)
        check_refusals(simulation);
    uint64_t steps_max = STEPS_PER_REQUEST_MAX * (simulation->sends + store->jobs_count + simulation->crashes +
                                                  simulation->unacknowledged + 10);
    if (simulation->steps > steps_max)
        world_break(world, "liveness: %llu steps for %llu requests", (unsigned long long)simulation->steps,
                    (unsigned long long)simulation->sends);
}
