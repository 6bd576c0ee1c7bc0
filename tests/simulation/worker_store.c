/* A worker's connection to the store: operations are carried out in the order in which they were sent, and so are
 * replies. When it breaks, what had no reply is sent again, and may then happen twice. */
#include "laws.h"
#include <adapters/redis/replicas.h>
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

#define PAUSE_MAX_US (12 * WORLD_SECOND_US)
#define STALL_MAX_US (50 * WORLD_SECOND_US) /* longer than a permit lives */
#define RECONNECT_MAX_US (3 * WORLD_SECOND_US)
#define WAIT_US (RELEVE_REPLICAS_WAIT_MS * 1000)
#define REPEAT_US (RELEVE_UNACKNOWLEDGED_MS * 1000)

enum operation_type {
    OP_BIND,
    OP_NUMBER,
    OP_BEGIN,
    OP_CLAIM,
    OP_UNCLAIM,
    OP_ASK,
    OP_SETTLE,
    OP_RETURN,
    OP_CLOSE,
    OP_PUT,
    OP_LEARN,
    OP_FINISH,
    OP_FORGET
};

struct operation {
    struct operation *next; /* that waits for its reply */
    struct operation *next_made;
    unsigned references; /* by the list above, and by events */
    enum operation_type type;
    union {
        releve_store_done done;
        releve_store_known known;
        releve_store_claimed claimed;
        releve_store_permit permit;
        releve_store_bound bound;
        releve_store_number number;
    } reply;
    void *data;
    unsigned bucket, point;
    enum releve_kind kind;
    uint64_t permit; /* its name, the same all over the world */
    releve_time civil;
    struct releve_job job;            /* BEGIN */
    struct releve_span span;          /* CLAIM */
    enum releve_claim_ends ends;      /* CLAIM */
    struct releve_point_facts facts;  /* reply of BEGIN */
    struct releve_lesson lesson;      /* LEARN */
    struct releve_coverage coverage;  /* reply of BEGIN and CLAIM */
    struct releve_result result;      /* FINISH */
    struct releve_day_entry *entries; /* PUT; owned */
    size_t entries_count;
    int64_t wait_ms; /* CLOSE; reply of those about permits */
    uint64_t number; /* reply of NUMBER */
    enum releve_claim claim;
    int64_t claimed_us;
    bool failed; /* reply: Redis refuses */
    /* Where there are replicas. */
    uint64_t name; /* no other operation has it */
    unsigned shard;
    uint64_t node;    /* that carried it out */
    int64_t reach_us; /* when the replica has what it wrote */
    bool stale;       /* it came to a master that is none any more */
    bool held;        /* it was not acknowledged, and is sent again later */
};

struct transit;

struct watched_bucket {
    void (*due)(void *data, const char *bucket, releve_time wait_ms); /* NULL: nobody watches */
    void *data;
    char name[RELEVE_BUCKET_BYTES];
    releve_time asked_at; /* last */
};

#define ASKED_REMEMBERED 4096 /* permits in flight and returned since: far fewer */

/* A struct releve_store is one life of a connection: one process. */
struct releve_store {
    LIST_ENTRY(releve_store) link;
    struct worker *worker;
    struct simulation *simulation;
    bool closed, dead_write;
    uint32_t connection;
    struct operation *oldest, *newest; /* without a reply */
    struct operation *made;            /* all, for use again */
    unsigned transits;                 /* events that refer to it */
    bool freed;                        /* the worker has let go */
    int64_t last_done_us, last_reply_us, cut_until_us, last_news_us;
    int64_t blocked_until_us; /* a WAIT is under way on it */
    struct transit *blocked;  /* what came meanwhile, in its order; owned */
    unsigned held;
    int64_t stale_until_us; /* it talks to the old master of that shard */
    unsigned stale_shard;
    struct watched_bucket buckets[RELEVE_BUCKETS_MAX];
    releve_time asked_at[ASKED_REMEMBERED]; /* by number */
};

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

static struct operation *make(struct releve_store *store, enum operation_type type, void *data)
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

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- what happens in the store ------------------------------------------------------------------------ */

static void spread_news(struct simulation *simulation, unsigned bucket)
{
    int64_t news_ms = simulation->ledgers[bucket].news_ms;
    for (unsigned i = 0; news_ms >= 0 && i < simulation->scenario.workers; i++)
        if (simulation->workers[i]->alive)
            worker_store_hear(simulation->workers[i]->store, bucket, news_ms);
}

static int64_t use_ledger(struct simulation *simulation, const struct operation *operation)
{
    static const struct releve_quota none = {.windows_count = 0};
    struct ledger_model *ledger = &simulation->ledgers[operation->bucket];
    const struct releve_quota *quota = &simulation->scenario.quota;
    struct replication *replication = &simulation->replication;
    const struct shard *master = &replication->shards[operation->shard];
    int64_t now = simulation->world.now_us + master->clock_us, wait_ms = 0;
    struct write *write = replication_note(replication, operation->shard, WRITE_LEDGER);
    if (write != NULL) {
        write->bucket = operation->bucket;
        ledger_model_copy(&write->ledger, ledger);
    }
    if (master->node != 0 && !simulation->scenario.unshifted)
        ledger_model_serve(ledger, master->node, now);
    if (operation->type == OP_ASK)
        wait_ms = ledger_model_ask(ledger, quota, operation->permit, RELEVE_PERMIT_LIFE_MS, now);
    else if (operation->type == OP_SETTLE)
        wait_ms = ledger_model_settle(ledger, quota, operation->permit, operation->wait_ms, now);
    else if (operation->type == OP_RETURN)
        wait_ms = ledger_model_return(ledger, quota, operation->permit, now);
    else
        wait_ms = ledger_model_shut(ledger, &none, operation->wait_ms, now);
    simulation->refused_asks += operation->type == OP_ASK && wait_ms > 0;
    spread_news(simulation, operation->bucket);
    return wait_ms;
}

static void claim(struct simulation *simulation, struct operation *operation, bool heard)
{
    struct releve_coverage coverage;
    enum releve_claim claim = store_claim(&simulation->store, operation->point, operation->kind, operation->span,
                                          operation->ends, operation->permit, &coverage);
    if (!heard)
        return;
    operation->claim = claim;
    operation->claimed_us = simulation->world.now_us;
    operation->coverage = coverage;
    simulation->busy_claims += claim == RELEVE_CLAIM_BUSY;
    simulation->known_claims += claim == RELEVE_CLAIM_KNOWN;
}

static void note_number(struct simulation *simulation)
{
    struct write *write = replication_note(&simulation->replication, REPLICATION_QUEUE_SHARD, WRITE_NUMBER);
    if (write != NULL)
        write->number = simulation->processes;
}

/* Carries it out; the reply is left in it where somebody waits for it over this connection. */
static void carry_out(struct releve_store *connection, struct operation *operation, bool heard)
{
    struct simulation *simulation = connection->simulation;
    struct store *store = &simulation->store;
    int64_t wait_ms = 0;
    bool may_fail = operation->type != OP_BIND && operation->type != OP_NUMBER;
    if (may_fail && world_chance(&simulation->world, simulation->scenario.redis_error)) {
        operation->failed = operation->failed || heard;
        return;
    }
    switch (operation->type) {
    case OP_BIND:
    case OP_FORGET:
        break;
    case OP_NUMBER:
        note_number(simulation);
        operation->number = ++simulation->processes;
        break;
    case OP_BEGIN:
        if (heard)
            store_begin(store, &operation->job, &operation->coverage, &operation->facts);
        break;
    case OP_CLAIM:
        claim(simulation, operation, heard);
        break;
    case OP_UNCLAIM:
        store_unclaim(store, operation->permit);
        break;
    case OP_ASK:
    case OP_SETTLE:
    case OP_RETURN:
    case OP_CLOSE:
        wait_ms = use_ledger(simulation, operation);
        break;
    case OP_PUT:
        store_put(store, operation->point, operation->kind, operation->entries, operation->entries_count);
        store_unclaim(store, operation->permit);
        break;
    case OP_LEARN:
        store_learn(store, operation->point, &operation->lesson, operation->civil);
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

/* --- what the runtime hears ---------------------------------------------------------------------------- */

static void note_reply(struct worker *worker, const struct operation *operation)
{
    if (operation->type == OP_CLAIM)
        laws_note_claimed(worker, operation->data, !operation->failed && operation->claim == RELEVE_CLAIM_GRANTED,
                          operation->claimed_us);
    else if (operation->type == OP_ASK && !operation->failed && operation->wait_ms == 0)
        laws_note_grant(worker);
    else if (operation->type == OP_BEGIN && !operation->failed)
        laws_note_known(worker, &operation->job, &operation->coverage);
    else if (operation->type == OP_PUT && !operation->failed)
        laws_note_put(worker, operation->point, operation->kind, operation->entries, operation->entries_count);
    if (operation->type == OP_PUT)
        laws_note_stored(worker, operation->data, !operation->failed);
    worker->simulation->results_again += operation->type == OP_FINISH && operation->failed;
}

static void call_back(const struct operation *operation, const struct releve_error *error)
{
    bool ok = error->code == RELEVE_OK;
    switch (operation->type) {
    case OP_BIND:
        operation->reply.bound(operation->data, error, NULL);
        break;
    case OP_NUMBER:
        operation->reply.number(operation->data, error, operation->number);
        break;
    case OP_BEGIN:
        operation->reply.known(operation->data, error, ok ? &operation->coverage : NULL, ok ? &operation->facts : NULL);
        break;
    case OP_CLAIM:
        operation->reply.claimed(operation->data, error, operation->claim, ok ? &operation->coverage : NULL);
        break;
    case OP_ASK:
    case OP_SETTLE:
    case OP_RETURN:
        operation->reply.permit(operation->data, error, operation->wait_ms);
        break;
    case OP_UNCLAIM:
    case OP_CLOSE:
    case OP_PUT:
    case OP_LEARN:
    case OP_FINISH:
    case OP_FORGET:
        operation->reply.done(operation->data, error);
        break;
    }
}

/* --- replicas ------------------------------------------------------------------------------------------- */

static bool is_guarded(const struct operation *operation)
{
    return operation->type == OP_NUMBER || operation->type == OP_ASK || operation->type == OP_CLOSE ||
           operation->type == OP_PUT || operation->type == OP_FINISH;
}

/* It is followed by WAIT. */
static bool waits(const struct simulation *simulation, const struct operation *operation)
{
    return simulation->scenario.shards > 0 && !simulation->scenario.unacknowledged && is_guarded(operation);
}

static unsigned shard_of(const struct simulation *simulation, const struct operation *operation)
{
    const struct replication *replication = &simulation->replication;
    switch (operation->type) {
    case OP_ASK:
    case OP_SETTLE:
    case OP_RETURN:
    case OP_CLOSE:
        return replication_shard_of_bucket(replication, operation->bucket);
    case OP_CLAIM:
    case OP_UNCLAIM:
    case OP_PUT:
    case OP_LEARN:
        return replication_shard_of_point(replication, operation->point);
    case OP_BIND:
    case OP_NUMBER:
    case OP_BEGIN:
    case OP_FINISH:
    case OP_FORGET:
        break;
    }
    return REPLICATION_QUEUE_SHARD;
}

/* The old master says yes to everything, and has no replica any more. */
static bool is_stranded(const struct releve_store *store, const struct operation *operation)
{
    return store->simulation->world.now_us < store->stale_until_us && operation->shard == store->stale_shard &&
           (operation->type == OP_ASK || operation->type == OP_CLOSE || operation->type == OP_PUT ||
            operation->type == OP_FINISH || operation->type == OP_SETTLE || operation->type == OP_RETURN);
}

static bool is_acknowledged(const struct simulation *simulation, const struct operation *operation)
{
    return !operation->stale && operation->node == simulation->replication.shards[operation->shard].node &&
           operation->reach_us <= simulation->world.now_us;
}

/* Carries it out on the master of its shard; when its reply leaves. */
static int64_t carry_out_there(struct releve_store *store, struct operation *operation, bool heard)
{
    struct simulation *simulation = store->simulation;
    int64_t now = simulation->world.now_us;
    operation->shard = shard_of(simulation, operation);
    operation->stale = heard && is_stranded(store, operation);
    simulation->replication.operation = operation->name;
    if (!operation->stale)
        carry_out(store, operation, heard);
    else if (operation->type != OP_CLOSE)
        operation->wait_ms = 0;
    simulation->replication.operation = 0;
    if (!heard || operation->failed || !waits(simulation, operation))
        return now;
    operation->node = simulation->replication.shards[operation->shard].node;
    operation->reach_us = later(now, simulation->replication.shards[operation->shard].reach_us);
    store->blocked_until_us =
        operation->stale || operation->reach_us > now + WAIT_US ? now + WAIT_US : operation->reach_us;
    return store->blocked_until_us;
}

static void on_repeat(void *owner, void *thing);

static void ignore_permit(void *data, const struct releve_error *error, releve_time wait_ms)
{
    (void)data, (void)error, (void)wait_ms;
}

static void send(struct releve_store *store, struct operation *operation);

/* Too few replicas have it: a permit is given back, and asked for anew by whoever wants one; all else is sent again
 * later. False where the reply is one to hand over. */
static bool put_off(struct releve_store *store, struct operation *operation)
{
    struct simulation *simulation = store->simulation;
    simulation->unacknowledged++;
    if (operation->type == OP_ASK) {
        operation->wait_ms = RELEVE_UNACKNOWLEDGED_MS;
        struct operation *back = make(store, OP_RETURN, NULL);
        back->reply.permit = ignore_permit;
        back->bucket = operation->bucket;
        back->permit = operation->permit;
        send(store, back);
        return false;
    }
    struct transit *again = releve_alloc(1, sizeof *again);
    *again = (struct transit){.store = store, .operation = operation};
    operation->held = true;
    operation->references++;
    store->held++;
    store->transits++;
    world_at(&simulation->world, simulation->world.now_us + REPEAT_US, on_repeat, NULL, again, true);
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
        bool waited = waits(store->simulation, operation) && !operation->failed;
        if (waited && !is_acknowledged(store->simulation, operation) && put_off(store, operation)) {
            operation->references--;
            end_transit(transit);
            return;
        }
        if (!operation->failed)
            replication_tell(&store->simulation->replication, operation->name);
        note_reply(store->worker, operation);
        worker_count_callback(store->worker);
        call_back(operation, operation->failed ? &refused : &none);
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
        leaves_us = carry_out_there(store, transit->operation, heard);
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

static void send(struct releve_store *store, struct operation *operation)
{
    struct simulation *simulation = store->simulation;
    struct world *world = &simulation->world;
    world_note(world, (uint64_t)operation->type);
    if (world_chance(world, simulation->scenario.redis_pause))
        simulation->redis_paused_until_us = world->now_us + world_below(world, PAUSE_MAX_US);
    if (world_chance(world, simulation->scenario.redis_cut))
        world_at(world, world->now_us + delay_us(simulation), on_cut, store->worker, NULL, false);
    queue(store, operation);
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
        call_back(operation, &interrupted);
        operation->references--;
    }
    store->oldest = store->newest = NULL;
    for (struct operation *operation = store->made; operation != NULL; operation = operation->next_made)
        if (operation->held)
            call_back(operation, &interrupted);
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

/* --- the operations of engine/runtime/store.h ----------------------------------------------------------------- */

/* Names are unique in this world: so many permits no process asks for. */
static uint64_t name_of(struct releve_permit permit)
{
    return permit.process << STORE_PROCESS_SHIFT | permit.number;
}

static void bind(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data)
{
    struct operation *operation = make(store, OP_BIND, data);
    (void)upstream;
    operation->reply.bound = reply;
    send(store, operation);
}

static void number_process(struct releve_store *store, releve_store_number reply, void *data)
{
    struct operation *operation = make(store, OP_NUMBER, data);
    operation->reply.number = reply;
    send(store, operation);
}

static void begin(struct releve_store *store, const struct releve_job *job, releve_time now, releve_store_known known,
                  void *data)
{
    struct operation *operation = make(store, OP_BEGIN, data);
    store->simulation->store.jobs[store_job_of(&store->simulation->store, job)].looked_up_us =
        store->simulation->world.now_us;
    operation->reply.known = known;
    operation->job = *job;
    operation->civil = now;
    send(store, operation);
}

static void ask_claim(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                      enum releve_claim_ends ends, struct releve_permit claim_, releve_time now,
                      releve_store_claimed claimed, void *data)
{
    laws_check_claim(store->worker, data, job, span, name_of(claim_));
    struct operation *operation = make(store, OP_CLAIM, data);
    operation->reply.claimed = claimed;
    operation->point = worker_point(store->worker, job->prm);
    operation->kind = job->kind;
    operation->span = span;
    operation->ends = ends;
    operation->permit = name_of(claim_);
    operation->civil = now;
    send(store, operation);
}

static void unclaim(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_permit claim_,
                    releve_store_done done, void *data)
{
    laws_note_unclaim(store->worker, name_of(claim_));
    struct operation *operation = make(store, OP_UNCLAIM, data);
    operation->reply.done = done;
    operation->point = worker_point(store->worker, prm);
    operation->kind = kind;
    operation->permit = name_of(claim_);
    send(store, operation);
}

static void put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                     void *data)
{
    laws_check_put(store->worker, data, batch);
    struct operation *operation = make(store, OP_PUT, data);
    operation->reply.done = done;
    operation->point = worker_point(store->worker, batch->prm);
    operation->kind = batch->kind;
    operation->permit = name_of(batch->claim);
    operation->entries_count = batch->count;
    operation->entries = releve_alloc(batch->count, sizeof *operation->entries);
    memcpy(operation->entries, batch->entries, batch->count * sizeof *operation->entries);
    send(store, operation);
}

static void learn(struct releve_store *store, releve_prm prm, const struct releve_lesson *lesson, releve_time now,
                  releve_store_done done, void *data)
{
    struct operation *operation = make(store, OP_LEARN, data);
    operation->reply.done = done;
    operation->point = worker_point(store->worker, prm);
    laws_check_lesson(store->worker, operation->point, lesson);
    operation->lesson = *lesson;
    operation->civil = now;
    send(store, operation);
}

static void finish(struct releve_store *store, const struct releve_result *result, releve_store_done done, void *data)
{
    struct operation *operation = make(store, OP_FINISH, data);
    operation->reply.done = done;
    operation->result = *result;
    world_tell(&store->simulation->world,
               "worker %u: job %s is %s: %d complete, %d partial, %d holes, %d pending, %d failed, %d cut; %d requests",
               store->worker->index, result->job.id, releve_job_state_name(result->state), result->complete,
               result->partial, result->holes, result->pending, result->failed, result->cut, result->requests);
    send(store, operation);
}

static void forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data)
{
    struct operation *operation = make(store, OP_FORGET, data);
    (void)id;
    operation->reply.done = done;
    send(store, operation);
}

static void use_permit(struct releve_store *store, enum operation_type type, const char *bucket,
                       struct releve_permit permit, releve_time wait_ms, releve_store_permit reply, void *data)
{
    struct operation *operation = make(store, type, data);
    operation->reply.permit = reply;
    operation->bucket = worker_bucket(bucket);
    operation->permit = name_of(permit);
    operation->wait_ms = wait_ms;
    send(store, operation);
}

static void permit_ask(struct releve_store *store, const char *bucket, const struct releve_quota *quota, bool urgent,
                       struct releve_permit permit, releve_store_permit reply, void *data)
{
    (void)quota, (void)urgent;
    store->buckets[worker_bucket(bucket)].asked_at = worker_now(store->worker);
    store->asked_at[permit.number % ASKED_REMEMBERED] = worker_now(store->worker);
    use_permit(store, OP_ASK, bucket, permit, 0, reply, data);
}

static void permit_settle(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                          struct releve_permit permit, releve_time way_ms, releve_store_permit reply, void *data)
{
    (void)quota;
    use_permit(store, OP_SETTLE, bucket, permit, way_ms, reply, data);
}

static void permit_return(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                          struct releve_permit permit, releve_store_permit reply, void *data)
{
    (void)quota;
    laws_check_return(store->worker);
    use_permit(store, OP_RETURN, bucket, permit, 0, reply, data);
}

static void bucket_close(struct releve_store *store, const char *bucket, releve_time wait_ms, releve_store_done done,
                         void *data)
{
    laws_check_close(store->worker, wait_ms);
    struct operation *operation = make(store, OP_CLOSE, data);
    operation->reply.done = done;
    operation->bucket = worker_bucket(bucket);
    operation->wait_ms = wait_ms;
    send(store, operation);
}

static void bucket_watch(struct releve_store *store, const char *bucket,
                         void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data)
{
    unsigned index = worker_bucket(bucket);
    struct watched_bucket *watched = &store->buckets[index];
    watched->due = due;
    watched->data = data;
    memcpy(watched->name, bucket, strlen(bucket) + 1);
    worker_store_hear(store, index, 0); /* the subscription begins */
}

bool worker_store_is_quiet(const struct releve_store *store)
{
    for (const struct operation *operation = store->oldest; operation != NULL; operation = operation->next)
        if (operation->type != OP_RETURN || operation->reply.permit != ignore_permit)
            return false;
    return store->held == 0;
}

releve_time worker_store_asked_at(const struct releve_store *store, uint64_t permit)
{
    return store->asked_at[(permit & ((UINT64_C(1) << STORE_PROCESS_SHIFT) - 1)) % ASKED_REMEMBERED];
}

releve_time worker_store_last_asked_at(const struct releve_store *store, unsigned bucket)
{
    return store->buckets[bucket].asked_at;
}

const struct releve_store_ops worker_store_ops = {
    .bind = bind,
    .number_process = number_process,
    .begin = begin,
    .claim = ask_claim,
    .unclaim = unclaim,
    .put_days = put_days,
    .learn = learn,
    .finish = finish,
    .forget_job = forget_job,
    .permit_ask = permit_ask,
    .permit_settle = permit_settle,
    .permit_return = permit_return,
    .bucket_close = bucket_close,
    .bucket_watch = bucket_watch,
};
