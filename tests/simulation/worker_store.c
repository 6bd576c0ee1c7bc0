/* A worker's connection to the store: operations are carried out in the order in which they were sent, and so are
 * replies. When it breaks, what had no reply is sent again, and may then happen twice. */
#include "worker.h"
#include <assert.h>
#include <engine/runtime/state.h> /* the runtime's own limits */
#include <stdlib.h>
#include <string.h>

#define PAUSE_MAX_US (12 * WORLD_SECOND_US)
#define RECONNECT_MAX_US (3 * WORLD_SECOND_US)
#define LEDGER_REFUSED_MS (10 * RELEVE_SECOND_MS) /* as engine/runtime/exchange.c has it */

/* An operation on its way, over one connection. */
struct transit {
    struct operation *operation;
    uint32_t connection;
};

struct operation *worker_make_operation(struct worker *worker, enum operation_type type)
{
    struct operation *operation = worker->made;
    while (operation != NULL && operation->references > 0)
        operation = operation->next_made;
    if (operation == NULL) {
        operation = calloc(1, sizeof *operation);
        if (operation == NULL)
            abort();
        operation->next_made = worker->made;
        worker->made = operation;
    }
    free(operation->entries);
    operation->entries = NULL;
    operation->next = NULL;
    operation->type = type;
    operation->life = worker->life;
    operation->failed = false;
    operation->wait_ms = 0;
    return operation;
}

void worker_free_operations(struct worker *worker)
{
    for (struct operation *operation = worker->made, *next; operation != NULL; operation = next) {
        next = operation->next_made;
        free(operation->entries);
        free(operation);
    }
    worker->made = NULL;
}

static int64_t delay_us(struct simulation *simulation)
{
    return simulation->scenario.redis_us + world_below(&simulation->world, simulation->scenario.redis_jitter_us);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- what happens in the store ------------------------------------------------------------------------ */

static void spread_news(struct simulation *simulation, unsigned bucket)
{
    int64_t news_ms = simulation->ledgers[bucket].news_ms;
    for (unsigned i = 0; news_ms >= 0 && i < simulation->scenario.workers; i++)
        worker_hear_news(simulation->workers[i], bucket, news_ms);
}

static int64_t use_ledger(struct simulation *simulation, const struct operation *operation)
{
    static const struct releve_quota none = {.windows_count = 0};
    struct ledger_model *ledger = &simulation->ledgers[operation->bucket];
    const struct releve_quota *quota = &simulation->scenario.quota;
    int64_t now = simulation->world.now_us, wait_ms = 0;
    if (operation->type == OP_ASK)
        wait_ms = ledger_model_ask(ledger, quota, operation->permit, RELEVE_PERMIT_LIFE_MS, now);
    else if (operation->type == OP_SETTLE)
        wait_ms = ledger_model_settle(ledger, quota, operation->permit, now);
    else if (operation->type == OP_RETURN)
        wait_ms = ledger_model_return(ledger, quota, operation->permit, now);
    else
        wait_ms = ledger_model_shut(ledger, &none, operation->wait_ms, now);
    simulation->refused_asks += operation->type == OP_ASK && wait_ms > 0;
    spread_news(simulation, operation->bucket);
    return wait_ms;
}

/* Carries it out; the reply is left in it where somebody waits for it over this connection. */
static void carry_out(struct worker *worker, struct operation *operation, bool heard)
{
    struct simulation *simulation = worker->simulation;
    struct store *store = &simulation->store;
    int64_t wait_ms = 0;
    bool failed = world_chance(&simulation->world, simulation->scenario.redis_error);
    if (failed) {
        operation->failed = operation->failed || heard;
        return;
    }
    switch (operation->type) {
    case OP_BEGIN:
        if (heard)
            store_begin(store, &operation->job, &operation->coverage, &operation->facts);
        break;
    case OP_ASK:
    case OP_SETTLE:
    case OP_RETURN:
    case OP_CLOSE:
        wait_ms = use_ledger(simulation, operation);
        break;
    case OP_PUT:
        store_put(store, operation->point, operation->job.kind, operation->entries, operation->entries_count);
        break;
    case OP_LEARN:
        store_learn(store, operation->point, &operation->facts, operation->civil);
        break;
    case OP_FINISH:
        store_finish(store, &operation->result);
        break;
    }
    if (heard) {
        operation->failed = false;
        if (operation->type != OP_CLOSE)
            operation->wait_ms = wait_ms;
    }
}

/* --- what the worker makes of the reply ---------------------------------------------------------------- */

static void take_permit(struct worker *worker, struct operation *operation)
{
    int64_t wait_ms = operation->wait_ms;
    if (operation->failed) {
        wait_ms = LEDGER_REFUSED_MS;
    } else if (wait_ms == 0 && worker_timeout_ms(worker, operation->bucket) < TRANSFER_TIMEOUT_MIN_MS) {
        struct operation *back = worker_make_operation(worker, OP_RETURN);
        back->bucket = operation->bucket;
        back->permit = operation->permit;
        worker_send_operation(worker, back);
        wait_ms = 1;
    }
    struct releve_event event = {.type = RELEVE_EVENT_PERMIT, .bucket = operation->bucket, .wait_ms = wait_ms};
    worker_step(worker, &event);
}

static void note_seen(struct worker *worker, const struct operation *operation)
{
    struct simulation *simulation = worker->simulation;
    const struct store *store = &simulation->store;
    bool begin = operation->type == OP_BEGIN;
    unsigned point = begin ? store->jobs[store_job_of(store, &operation->job)].point : operation->point;
    uint8_t **seen = &worker->seen[(size_t)point * RELEVE_MEASURES + operation->job.kind];
    if (*seen == NULL)
        *seen = calloc((size_t)store->days_count, 1);
    if (*seen == NULL)
        abort();
    const struct releve_coverage *coverage = &operation->coverage;
    for (releve_day day = coverage->span.first; begin && day < coverage->span.end; day++)
        if (releve_coverage_get(coverage, day) != RELEVE_DAY_MISSING &&
            store_is_final(store, point, operation->job.kind, day))
            (*seen)[day - store->first_day] = 1;
    for (size_t i = 0; !begin && i < operation->entries_count; i++)
        if (operation->entries[i].recheck_after == RELEVE_TIME_NEVER)
            (*seen)[operation->entries[i].day - store->first_day] = 1;
}

void worker_drop_job(struct worker *worker, size_t number)
{
    for (size_t i = 0; i < worker->jobs_count; i++) {
        if (worker->jobs[i] != number)
            continue;
        worker->jobs[i] = worker->jobs[--worker->jobs_count];
        return;
    }
    abort(); /* a job that it does not have */
}

static void take_reply(struct worker *worker, struct operation *operation)
{
    static const struct releve_error refused = {RELEVE_E_REDIS, "OOM command not allowed"};
    struct store *store = &worker->simulation->store;
    struct releve_event event = {.handle = operation->handle, .bucket = operation->bucket};
    event.error = operation->failed ? &refused : NULL;
    switch (operation->type) {
    case OP_BEGIN:
        event.type = RELEVE_EVENT_KNOWN;
        event.coverage = &operation->coverage;
        event.facts = &operation->facts;
        if (!operation->failed)
            note_seen(worker, operation);
        break;
    case OP_ASK:
        take_permit(worker, operation);
        return;
    case OP_SETTLE:
    case OP_RETURN:
        event.type = RELEVE_EVENT_DUE;
        event.wait_ms = operation->wait_ms;
        if (operation->failed)
            return;
        break;
    case OP_PUT:
        event.type = RELEVE_EVENT_STORED;
        assert(worker->chunks[operation->handle].storing && worker->storing > 0);
        worker->chunks[operation->handle] = (struct worker_chunk){0};
        worker->storing--;
        if (!operation->failed)
            note_seen(worker, operation);
        break;
    case OP_FINISH: {
        event.type = RELEVE_EVENT_FINISHED;
        size_t number = store_job_of(store, &operation->result.job);
        worker_drop_job(worker, number);
        if (store->jobs[number].place == JOB_TAKEN) /* could not be written: somebody does it again */
            store_enqueue(store, number, false);
        break;
    }
    case OP_CLOSE:
    case OP_LEARN:
        return;
    }
    worker_step(worker, &event);
}

/* --- the way there and back ----------------------------------------------------------------------------- */

static void on_reply(void *owner, void *thing)
{
    struct worker *worker = owner;
    struct transit *transit = thing;
    struct operation *operation = transit->operation;
    operation->references--;
    if (operation->life != worker->life || transit->connection != worker->connection)
        return;
    assert(worker->oldest == operation); /* replies keep their order */
    worker->oldest = operation->next;
    if (worker->oldest == NULL)
        worker->newest = NULL;
    take_reply(worker, operation); /* still referenced by the list */
    operation->references--;
}

static void on_arrival(void *owner, void *thing)
{
    struct worker *worker = owner;
    const struct transit *transit = thing;
    struct operation *operation = transit->operation;
    bool alive = operation->life == worker->life;
    bool heard = alive && transit->connection == worker->connection;
    if (alive || worker->dead_write)
        carry_out(worker, operation, heard);
    if (!heard) {
        operation->references--;
        return;
    }
    struct transit *reply = malloc(sizeof *reply);
    if (reply == NULL)
        abort();
    *reply = *transit;
    struct world *world = &worker->simulation->world;
    worker->last_reply_us = later(worker->last_reply_us, world->now_us + delay_us(worker->simulation));
    world_at(world, worker->last_reply_us, on_reply, worker, reply, true);
}

static void send_over(struct worker *worker, struct operation *operation)
{
    struct simulation *simulation = worker->simulation;
    struct transit *transit = malloc(sizeof *transit);
    if (transit == NULL)
        abort();
    *transit = (struct transit){operation, worker->connection};
    operation->references++;
    int64_t at = later(simulation->world.now_us, worker->cut_until_us) + delay_us(simulation);
    at = later(at, simulation->redis_paused_until_us);
    worker->last_done_us = later(worker->last_done_us, at);
    world_at(&simulation->world, worker->last_done_us, on_arrival, worker, transit, true);
}

static void on_cut(void *owner, void *thing)
{
    (void)thing;
    worker_cut_connection(owner);
}

void worker_send_operation(struct worker *worker, struct operation *operation)
{
    struct simulation *simulation = worker->simulation;
    struct world *world = &simulation->world;
    if (world_chance(world, simulation->scenario.redis_pause))
        simulation->redis_paused_until_us = world->now_us + world_below(world, PAUSE_MAX_US);
    if (world_chance(world, simulation->scenario.redis_cut))
        world_at(world, world->now_us + delay_us(simulation), on_cut, worker, NULL, false);
    operation->references++;
    if (worker->newest != NULL)
        worker->newest->next = operation;
    else
        worker->oldest = operation;
    worker->newest = operation;
    send_over(worker, operation);
}

void worker_cut_connection(struct worker *worker)
{
    if (!worker->alive)
        return;
    struct world *world = &worker->simulation->world;
    world_tell(world, "worker %u: connection to the store cut", worker->index);
    worker->connection++;
    worker->cut_until_us = world->now_us + world_between(world, 1000, RECONNECT_MAX_US);
    for (struct operation *operation = worker->oldest; operation != NULL; operation = operation->next)
        send_over(worker, operation);
    /* News may have been missed: asking is worth it. */
    for (unsigned i = 0; i < worker->simulation->scenario.buckets; i++)
        worker_hear_news(worker, i, 0);
}

void worker_forget_operations(struct worker *worker)
{
    for (struct operation *operation = worker->oldest; operation != NULL; operation = operation->next)
        operation->references--;
    worker->oldest = worker->newest = NULL;
    worker->connection++;
    worker->cut_until_us = 0;
}
