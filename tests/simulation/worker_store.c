/* A worker's connection to the store: operations are carried out in the order in which they were sent, and so are
 * replies. When it breaks, what had no reply is sent again, and may then happen twice. */
#include "operation.h"
#include <adapters/redis/replicas.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

#define PAUSE_MAX_US (12 * WORLD_SECOND_US)
#define STALL_MAX_US (50 * WORLD_SECOND_US) /* longer than a permit lives */
#define RECONNECT_MAX_US (3 * WORLD_SECOND_US)
#define REPEAT_US (RELEVE_UNACKNOWLEDGED_MS * 1000)

/* An operation on its way, over one connection. */
struct transit {
    struct releve_store *store;
    struct operation *operation;
    uint32_t connection;
    uint64_t failovers;   /* before it was sent */
    struct transit *next; /* that came while the connection was blocked */
};

struct releve_store *worker_store_open(struct worker *worker)
{
    struct releve_store *store = releve_alloc(1, sizeof *store);
    store->worker = worker;
    store->simulation = worker->simulation;
    LIST_INSERT_HEAD(&store->simulation->stores, store, link);
    return store;
}

static void free_store(struct releve_store *store)
{
    while (store->blocked != NULL) {
        struct transit *transit = store->blocked;
        store->blocked = transit->next;
        free(transit);
    }
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
    operation->next = NULL;
    operation->type = type;
    operation->data = data;
    operation->failed = false;
    operation->wait_ms = 0;
    operation->stale = operation->held = false;
    operation->name = ++store->simulation->operations;
    return operation;
}

static int64_t delay_us(struct simulation *simulation)
{
    return simulation->scenario.redis_us + world_below(&simulation->world, simulation->scenario.redis_jitter_us);
}

static void on_repeat(void *owner, void *thing);

static void ignore_permit(void *data, const struct releve_error *error, releve_time wait_ms)
{
    (void)data, (void)error, (void)wait_ms;
}

/* It is sent at that moment. */
static void hold(struct releve_store *store, struct operation *operation, int64_t until_us)
{
    struct transit *again = releve_alloc(1, sizeof *again);
    *again = (struct transit){.store = store, .operation = operation};
    operation->held = true;
    operation->references++;
    store->held++;
    store->transits++;
    world_at(&store->simulation->world, until_us, on_repeat, NULL, again, true);
}

/* Too few replicas have it: a permit is given back, and asked for anew by whoever wants one; all else is sent again
 * later. False where the reply is one to hand over. */
static bool put_off(struct releve_store *store, struct operation *operation)
{
    struct simulation *simulation = store->simulation;
    simulation->unacknowledged++;
    if (operation->type == OP_ASK) {
        operation->wait_ms = RELEVE_UNACKNOWLEDGED_MS;
        struct operation *back = operation_make(store, OP_RETURN, NULL);
        back->reply.permit = ignore_permit;
        back->bucket = operation->bucket;
        back->permit = operation->permit;
        operation_send(store, back);
        return false;
    }
    hold(store, operation, simulation->world.now_us + REPEAT_US);
    return true;
}

/* --- the way there and back ----------------------------------------------------------------------------- */

static bool is_current(const struct transit *transit)
{
    return !transit->store->closed && transit->connection == transit->store->connection;
}

static void end_transit(const struct transit *transit)
{
    transit->operation->references--;
    transit->store->transits--;
    free_if_over(transit->store);
}

static void on_reply(void *owner, void *thing)
{
    static const struct releve_error none = {.code = RELEVE_OK}, refused = {RELEVE_E_REDIS, "OOM command not allowed"};
    struct transit *transit = thing;
    struct releve_store *store = transit->store;
    struct operation *operation = transit->operation;
    (void)owner;
    if (is_current(transit)) {
        assert(store->oldest == operation); /* replies keep their order */
        store->oldest = operation->next;
        if (store->oldest == NULL)
            store->newest = NULL;
        operation->next = NULL;
        bool waited = operation_waits(store->simulation, operation) && !operation->failed;
        if (waited && !operation_is_acknowledged(store->simulation, operation) && put_off(store, operation)) {
            operation->references--;
            end_transit(transit);
            return;
        }
        if (!operation->failed)
            replication_tell(&store->simulation->replication, operation->name);
        operation_note_reply(store->worker, operation);
        worker_count_callback(store->worker);
        operation_call_back(operation, operation->failed ? &refused : &none);
        operation->references--;
    }
    end_transit(transit);
}

static void arrive(struct transit *transit)
{
    struct releve_store *store = transit->store;
    struct world *world = &store->simulation->world;
    bool heard = is_current(transit);
    bool came_over = heard || transit->failovers == store->simulation->replication.failovers;
    int64_t leaves_us = world->now_us;
    if (came_over && (!store->closed || store->dead_write))
        leaves_us = operation_carry_out(store, transit->operation, heard);
    if (!heard) {
        end_transit(transit);
        return;
    }
    struct transit *reply = releve_alloc(1, sizeof *reply);
    *reply = *transit;
    store->last_reply_us = later(store->last_reply_us, leaves_us + delay_us(store->simulation));
    if (world_chance(world, store->simulation->scenario.redis_stall))
        store->last_reply_us += world_below(world, STALL_MAX_US);
    world_at(world, store->last_reply_us, on_reply, NULL, reply, true);
}

static void on_unblocked(void *owner, void *thing);

static void plan_unblocked(struct releve_store *store)
{
    struct world *world = &store->simulation->world;
    store->transits++;
    world_at(world, later(world->now_us, store->blocked_until_us), on_unblocked, store, NULL, false);
}

static void on_unblocked(void *owner, void *thing)
{
    struct releve_store *store = owner;
    (void)thing;
    while (store->blocked != NULL && store->simulation->world.now_us >= store->blocked_until_us) {
        struct transit *transit = store->blocked;
        store->blocked = transit->next;
        arrive(transit);
        free(transit);
    }
    if (store->blocked != NULL)
        plan_unblocked(store);
    store->transits--;
    free_if_over(store);
}

/* What comes while the connection is blocked by a WAIT has its turn after that, in its order. */
static void on_arrival(void *owner, void *thing)
{
    struct transit *transit = thing;
    struct releve_store *store = transit->store;
    (void)owner;
    if (store->blocked == NULL && store->simulation->world.now_us >= store->blocked_until_us) {
        arrive(transit);
        return;
    }
    struct transit **last = &store->blocked;
    if (store->blocked == NULL)
        plan_unblocked(store);
    while (*last != NULL)
        last = &(*last)->next;
    *last = releve_alloc(1, sizeof **last);
    **last = *transit;
    (*last)->next = NULL;
}

static void send_over(struct releve_store *store, struct operation *operation)
{
    struct simulation *simulation = store->simulation;
    struct transit *transit = releve_alloc(1, sizeof *transit);
    *transit = (struct transit){store, operation, store->connection, simulation->replication.failovers, NULL};
    operation->references++;
    store->transits++;
    int64_t at = later(simulation->world.now_us, store->cut_until_us) + delay_us(simulation);
    at = later(at, simulation->redis_paused_until_us);
    store->last_done_us = later(store->last_done_us, at);
    world_at(&simulation->world, store->last_done_us, on_arrival, NULL, transit, true);
}

static void on_cut(void *owner, void *thing)
{
    struct worker *worker = owner;
    (void)thing;
    if (worker->alive)
        worker_store_cut(worker->store);
}

static void queue(struct releve_store *store, struct operation *operation)
{
    operation->references++;
    if (store->newest != NULL)
        store->newest->next = operation;
    else
        store->oldest = operation;
    store->newest = operation;
    send_over(store, operation);
}

static void on_repeat(void *owner, void *thing)
{
    const struct transit *transit = thing;
    struct releve_store *store = transit->store;
    struct operation *operation = transit->operation;
    (void)owner;
    if (!store->closed) {
        operation->held = false;
        store->held--;
        queue(store, operation);
    }
    end_transit(transit);
}

void operation_send(struct releve_store *store, struct operation *operation)
{
    struct simulation *simulation = store->simulation;
    struct world *world = &simulation->world;
    world_note(world, (uint64_t)operation->type);
    if (world_chance(world, simulation->scenario.redis_pause))
        simulation->redis_paused_until_us = world->now_us + world_below(world, PAUSE_MAX_US);
    if (world_chance(world, simulation->scenario.redis_cut))
        world_at(world, world->now_us + delay_us(simulation), on_cut, store->worker, NULL, false);
    if (!operation_is_absent(simulation, operation)) {
        queue(store, operation);
        return;
    }
    simulation->absent_claims += operation->type == OP_CLAIM;
    hold(store, operation, simulation->scenario.absent_until_us);
}

static void on_unstrand(void *owner, void *thing)
{
    struct worker *worker = owner;
    (void)thing;
    if (worker->alive && worker->store->stale_until_us == worker->simulation->world.now_us)
        worker_store_cut(worker->store);
}

void worker_store_strand(struct releve_store *store, unsigned shard, int64_t until_us)
{
    world_tell(&store->simulation->world, "worker %u: talks to the old master of shard %u", store->worker->index,
               shard);
    store->stale_shard = shard;
    store->stale_until_us = until_us;
    world_at(&store->simulation->world, until_us, on_unstrand, store->worker, NULL, false);
}

void worker_store_cut(struct releve_store *store)
{
    struct world *world = &store->simulation->world;
    world_tell(world, "worker %u: connection to the store cut", store->worker->index);
    store->connection++;
    store->blocked_until_us = store->stale_until_us = 0;
    store->cut_until_us = world->now_us + world_between(world, 1000, RECONNECT_MAX_US);
    for (struct operation *operation = store->oldest; operation != NULL; operation = operation->next)
        send_over(store, operation);
    /* News may have been missed: asking is worth it. */
    for (unsigned i = 0; i < store->simulation->scenario.buckets; i++)
        worker_store_hear(store, i, 0);
}

void worker_store_close(struct releve_store *store, bool dead_write)
{
    struct releve_error interrupted = {RELEVE_E_INTERRUPTED, "the process is gone"};
    store->closed = true;
    store->dead_write = dead_write;
    for (struct operation *operation = store->oldest; operation != NULL; operation = operation->next) {
        operation_call_back(operation, &interrupted);
        operation->references--;
    }
    store->oldest = store->newest = NULL;
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
    store->transits--;
    free_if_over(store);
}

void worker_store_hear(struct releve_store *store, unsigned bucket, int64_t wait_ms)
{
    struct simulation *simulation = store->simulation;
    struct world *world = &simulation->world;
    if (store->closed || (wait_ms > 0 && world->now_us < store->cut_until_us))
        return;
    struct news *news = releve_alloc(1, sizeof *news);
    *news = (struct news){store, bucket, wait_ms};
    store->transits++;
    int64_t at = later(world->now_us, store->cut_until_us) + delay_us(simulation);
    store->last_news_us = later(at, store->last_news_us);
    world_at(world, store->last_news_us, on_news, NULL, news, true);
}

bool worker_store_is_quiet(const struct releve_store *store)
{
    for (const struct operation *operation = store->oldest; operation != NULL; operation = operation->next)
        if (operation->type != OP_RETURN || operation->reply.permit != ignore_permit)
            return false;
    return store->held == 0;
}
