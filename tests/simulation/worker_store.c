/* What a worker has of the store: connections, the operations that are under way on them, and news. */
#include "operation.h"
#include <releve/memory.h>
#include <stdlib.h>

#define PAUSE_MAX_US (12 * WORLD_SECOND_US)

static unsigned links_count(const struct releve_store *store)
{
    unsigned shards = store->simulation->scenario.shards;
    return shards > 0 ? shards : 1;
}

struct releve_store *worker_store_open(struct worker *worker)
{
    struct releve_store *store = releve_alloc(1, sizeof *store);
    store->worker = worker;
    store->simulation = worker->simulation;
    for (unsigned i = 0; i < links_count(store); i++)
        node_link_open(&store->links[i], store, i);
    LIST_INSERT_HEAD(&store->simulation->stores, store, link);
    return store;
}

static void free_store(struct releve_store *store)
{
    for (unsigned i = 0; i < links_count(store); i++)
        node_link_free(&store->links[i]);
    LIST_REMOVE(store, link);
    for (struct operation *operation = store->made, *next; operation != NULL; operation = next) {
        next = operation->next_made;
        free(operation->entries);
        free(operation);
    }
    free(store);
}

static void free_if_over(struct releve_store *store)
{
    if (store->freed && store->transits == 0)
        free_store(store);
}

void worker_store_end_transit(struct releve_store *store)
{
    store->transits--;
    free_if_over(store);
}

void worker_stores_end(struct simulation *simulation)
{
    while (!LIST_EMPTY(&simulation->stores))
        free_store(LIST_FIRST(&simulation->stores));
}

void worker_store_free(struct releve_store *store)
{
    store->freed = true;
    free_if_over(store);
}

struct operation *operation_make(struct releve_store *store, enum operation_type type, void *data)
{
    struct operation *operation = store->made;
    while (operation != NULL && operation->references > 0)
        operation = operation->next_made;
    if (operation == NULL) {
        operation = releve_alloc(1, sizeof *operation);
        operation->next_made = store->made;
        store->made = operation;
    }
    free(operation->entries);
    operation->entries = NULL;
    operation->type = type;
    operation->data = data;
    operation->failed = false;
    operation->wait_ms = 0;
    operation->held = false;
    operation->name = ++store->simulation->operations;
    return operation;
}

int64_t operation_delay_us(struct simulation *simulation)
{
    return simulation->scenario.redis_us + world_below(&simulation->world, simulation->scenario.redis_jitter_us);
}

static void on_cut(void *owner, void *thing)
{
    struct worker *worker = owner;
    unsigned count = worker->simulation->scenario.shards, only = count;
    (void)thing;
    if (count > 1 && world_below(&worker->simulation->world, 2) == 0)
        only = (unsigned)world_below(&worker->simulation->world, count);
    for (unsigned i = 0; worker->alive && i < links_count(worker->store); i++)
        if (i == only || only == count)
            worker_store_cut(worker->store, i);
}

void operation_send(struct releve_store *store, struct operation *operation)
{
    struct simulation *simulation = store->simulation;
    struct world *world = &simulation->world;
    world_note(world, (uint64_t)operation->type);
    if (world_chance(world, simulation->scenario.redis_pause))
        simulation->redis_paused_until_us = world->now_us + world_below(world, PAUSE_MAX_US);
    if (world_chance(world, simulation->scenario.redis_cut))
        world_at(world, world->now_us + operation_delay_us(simulation), on_cut, store->worker, NULL, false);
    struct node_link *link = &store->links[operation_shard(simulation, operation)];
    if (!operation_is_absent(simulation, operation)) {
        node_link_send(link, operation);
        return;
    }
    simulation->absent_claims += operation->type == OP_CLAIM;
    node_link_send_later(link, operation, simulation->scenario.absent_until_us);
}

void worker_store_cut(struct releve_store *store, unsigned shard)
{
    const struct scenario *scenario = &store->simulation->scenario;
    world_tell(&store->simulation->world, "worker %u: connection to master %u of the store cut", store->worker->index,
               shard);
    node_link_cut(&store->links[shard]);
    /* News may have been missed: asking is worth it. */
    for (unsigned i = 0; i < scenario->buckets; i++)
        if (replication_shard_of_bucket(&store->simulation->replication, i) == shard)
            worker_store_hear(store, i, 0);
}

static void on_unstrand(void *owner, void *thing)
{
    struct worker *worker = owner;
    unsigned shard = (unsigned)(uintptr_t)thing;
    if (worker->alive && worker->store->links[shard].stale_until_us == worker->simulation->world.now_us)
        worker_store_cut(worker->store, shard);
}

void worker_store_strand(struct releve_store *store, unsigned shard, int64_t until_us)
{
    world_tell(&store->simulation->world, "worker %u: talks to the old master of shard %u", store->worker->index,
               shard);
    store->links[shard].stale_until_us = until_us;
    world_at(&store->simulation->world, until_us, on_unstrand, store->worker, (void *)(uintptr_t)shard, false);
}

void worker_store_close(struct releve_store *store, bool dead_write)
{
    struct releve_error interrupted = {RELEVE_E_INTERRUPTED, "the process is gone"};
    store->closed = true;
    store->dead_write = dead_write;
    for (unsigned i = 0; i < links_count(store); i++)
        node_link_close(&store->links[i]);
    for (struct operation *operation = store->made; operation != NULL; operation = operation->next_made)
        if (operation->held)
            operation_call_back(operation, &interrupted);
    store->held = 0;
}

/* --- news ------------------------------------------------------------------------------------------------- */

struct news {
    struct releve_store *store;
    unsigned bucket;
    int64_t wait_ms;
};

static void on_news(void *owner, void *thing)
{
    const struct news *news = thing;
    struct releve_store *store = news->store;
    const struct watched_bucket *bucket = &store->buckets[news->bucket];
    (void)owner;
    if (!store->closed && bucket->due != NULL) {
        worker_count_callback(store->worker);
        bucket->due(bucket->data, bucket->name, news->wait_ms);
    }
    worker_store_end_transit(store);
}

void worker_store_hear(struct releve_store *store, unsigned bucket, int64_t wait_ms)
{
    struct simulation *simulation = store->simulation;
    struct world *world = &simulation->world;
    int64_t cut_until_us = store->links[replication_shard_of_bucket(&simulation->replication, bucket)].cut_until_us;
    if (store->closed || (wait_ms > 0 && world->now_us < cut_until_us))
        return;
    struct news *news = releve_alloc(1, sizeof *news);
    *news = (struct news){store, bucket, wait_ms};
    store->transits++;
    int64_t at = later(world->now_us, cut_until_us) + operation_delay_us(simulation);
    store->last_news_us = later(at, store->last_news_us);
    world_at(world, store->last_news_us, on_news, NULL, news, true);
}

bool worker_store_is_quiet(const struct releve_store *store)
{
    for (unsigned i = 0; i < links_count(store); i++)
        if (!node_link_is_quiet(&store->links[i]))
            return false;
    return store->held == 0;
}
