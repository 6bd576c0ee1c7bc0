/* See node_link.h. */
#include "operation.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <utlist.h>

#define STALL_MAX_US (50 * WORLD_SECOND_US) /* longer than a permit lives */
#define RECONNECT_MAX_US (3 * WORLD_SECOND_US)
#define WAIT_US (RELEVE_REPLICAS_WAIT_MS * 1000)
#define PAUSE_US (RELEVE_UNACKNOWLEDGED_MS * 1000)

/* An operation on its way over one connection, or a WAIT; there and back. */
struct transit {
    struct node_link *link;
    struct operation *operation; /* NULL: a WAIT */
    uint32_t connection;
    uint64_t node; /* the master when it was sent; of a WAIT, when it came there */
    long long acknowledged;
    struct transit *next; /* that came behind the same WAIT */
};

void node_link_open(struct node_link *link, struct releve_store *store, unsigned shard)
{
    *link = (struct node_link){.store = store, .shard = shard};
}

void node_link_free(struct node_link *link)
{
    while (link->behind != NULL) {
        struct transit *transit = link->behind;
        link->behind = transit->next;
        free(transit);
    }
}

static struct simulation *simulation_of(const struct node_link *link)
{
    return link->store->simulation;
}

static releve_time now_ms(const struct node_link *link)
{
    return simulation_of(link)->world.now_us / 1000;
}

static bool is_current(const struct transit *transit)
{
    return !transit->link->store->closed && transit->connection == transit->link->connection;
}

static void end_transit(const struct transit *transit)
{
    if (transit->operation != NULL)
        transit->operation->references--;
    worker_store_end_transit(transit->link->store);
}

static uint64_t master_of(const struct node_link *link)
{
    return simulation_of(link)->replication.shards[link->shard].node;
}

bool node_link_is_stranded(const struct node_link *link)
{
    return simulation_of(link)->world.now_us < link->stale_until_us;
}

static void ignore_permit(void *data, const struct releve_error *error, releve_time wait_ms)
{
    (void)data, (void)error, (void)wait_ms;
}

bool node_link_is_quiet(const struct node_link *link)
{
    const struct operation *operation;
    DL_FOREACH(link->sent, operation)
    {
        if (operation->type != OP_RETURN || operation->reply.permit != ignore_permit)
            return false;
    }
    return link->kept == NULL;
}

/* --- at a later moment ---------------------------------------------------------------------------------- */

static void happen_later(struct node_link *link, struct operation *operation, int64_t at_us, world_happens happens)
{
    struct transit *transit = releve_alloc(1, sizeof *transit);
    *transit = (struct transit){.link = link, .operation = operation};
    operation->held = true;
    operation->references++;
    link->store->held++;
    link->store->transits++;
    world_at(&simulation_of(link)->world, at_us, happens, NULL, transit, true);
}

/* False where the process is gone: then it has heard so. */
static bool let_go(const struct transit *transit)
{
    struct releve_store *store = transit->link->store;
    if (store->closed)
        return false;
    transit->operation->held = false;
    store->held--;
    return true;
}

static void on_send(void *owner, void *thing)
{
    const struct transit *transit = thing;
    (void)owner;
    if (let_go(transit)) {
        transit->operation->name = ++simulation_of(transit->link)->operations; /* its turn is behind the others */
        node_link_send(transit->link, transit->operation);
    }
    end_transit(transit);
}

void node_link_send_later(struct node_link *link, struct operation *operation, int64_t at_us)
{
    happen_later(link, operation, at_us, on_send);
}

/* --- what the runtime hears ----------------------------------------------------------------------------- */

static void hand_over(const struct node_link *link, const struct operation *operation)
{
    static const struct releve_error none = {.code = RELEVE_OK}, refused = {RELEVE_E_REDIS, "OOM command not allowed"};
    if (!operation->failed)
        replication_tell(&simulation_of(link)->replication, operation->name);
    operation_note_reply(link->store->worker, operation);
    worker_count_callback(link->store->worker);
    operation_call_back(operation, operation->failed ? &refused : &none);
}

/* As adapters/redis/ledger.c: a permit that may be lost with its master is none. It is given back, and asked for anew
 * by whoever wants one. */
static void on_told(void *owner, void *thing)
{
    const struct transit *transit = thing;
    struct node_link *link = transit->link;
    struct operation *operation = transit->operation;
    (void)owner;
    if (let_go(transit)) {
        struct operation *back = operation_make(link->store, OP_RETURN, NULL);
        back->reply.permit = ignore_permit;
        back->bucket = operation->bucket;
        back->permit = operation->permit;
        operation_send(link->store, back);
        operation->failed = false;
        operation->wait_ms = RELEVE_UNACKNOWLEDGED_MS;
        hand_over(link, operation);
    }
    end_transit(transit);
}

/* --- there ---------------------------------------------------------------------------------------------- */

static void on_arrival(void *owner, void *thing);

static void travel(struct node_link *link, struct operation *operation)
{
    struct simulation *simulation = simulation_of(link);
    struct transit *transit = releve_alloc(1, sizeof *transit);
    *transit =
        (struct transit){.link = link, .operation = operation, .connection = link->connection, .node = master_of(link)};
    if (operation != NULL)
        operation->references++;
    link->store->transits++;
    int64_t at = later(simulation->world.now_us, link->cut_until_us) + operation_delay_us(simulation);
    at = later(at, simulation->redis_paused_until_us);
    link->last_done_us = later(link->last_done_us, at);
    world_at(&simulation->world, link->last_done_us, on_arrival, NULL, transit, true);
}

static void on_reply(void *owner, void *thing);

static void travel_back(const struct transit *transit)
{
    struct node_link *link = transit->link;
    struct world *world = &simulation_of(link)->world;
    struct transit *reply = releve_alloc(1, sizeof *reply);
    *reply = *transit;
    link->last_reply_us = later(link->last_reply_us, world->now_us + operation_delay_us(simulation_of(link)));
    if (world_chance(world, simulation_of(link)->scenario.redis_stall))
        link->last_reply_us += world_below(world, STALL_MAX_US);
    world_at(world, link->last_reply_us, on_reply, NULL, reply, true);
}

/* Never while a process begins: it would end, and say why. */
static bool is_refused(const struct node_link *link)
{
    const struct operation *operation;
    DL_SEARCH_SCALAR(link->sent, operation, type, OP_NUMBER);
    return operation == NULL && world_chance(&simulation_of(link)->world, simulation_of(link)->scenario.wait_refused);
}

/* Redis answers a WAIT when enough replicas have what was there at this connection's last operation, or after a while.
 * A master that was replaced meanwhile has none any more. */
static void on_wait_over(void *owner, void *thing);

static void arrive_wait(struct transit *transit)
{
    struct node_link *link = transit->link;
    struct world *world = &simulation_of(link)->world;
    if (is_refused(link)) {
        transit->acknowledged = RELEVE_WAITS_REFUSED;
        travel_back(transit);
        return;
    }
    struct transit *wait = releve_alloc(1, sizeof *wait);
    int64_t at_us = replication_acknowledged_us(&simulation_of(link)->replication, link->reach_us);
    bool in_time = !node_link_is_stranded(link) && at_us <= world->now_us + WAIT_US;
    link->blocked = true;
    *wait = *transit;
    wait->node = node_link_is_stranded(link) ? 0 : master_of(link);
    world_at(world, in_time ? later(world->now_us, at_us) : world->now_us + WAIT_US, on_wait_over, NULL, wait, true);
}

static void arrive(struct transit *transit)
{
    struct node_link *link = transit->link;
    const struct releve_store *store = link->store;
    const struct shard *master = &simulation_of(link)->replication.shards[link->shard];
    bool heard = is_current(transit);
    bool came_over = heard || transit->node == master->node;
    if (transit->operation == NULL && heard) {
        arrive_wait(transit);
        return;
    }
    if (transit->operation != NULL && came_over && (!store->closed || store->dead_write))
        operation_carry_out(link, transit->operation, heard);
    if (!heard) {
        end_transit(transit);
        return;
    }
    for (unsigned i = 0; i < REPLICATION_REPLICAS_MAX; i++)
        link->reach_us[i] = master->reach_us[i];
    travel_back(transit);
}

/* What comes over a connection behind a WAIT has its turn after that, in its order. */
static bool is_blocked(const struct transit *transit)
{
    const struct node_link *link = transit->link;
    bool blocked = link->blocked && is_current(transit);
    for (const struct transit *other = link->behind; other != NULL && !blocked; other = other->next)
        blocked = other->connection == transit->connection;
    return blocked;
}

static void on_arrival(void *owner, void *thing)
{
    struct transit *transit = thing, **last = &transit->link->behind;
    (void)owner;
    if (!is_blocked(transit)) {
        arrive(transit);
        return;
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = releve_alloc(1, sizeof **last);
    **last = *transit;
}

static void let_through(struct node_link *link, uint32_t connection)
{
    struct transit **at = &link->behind;
    while (*at != NULL && !(link->blocked && connection == link->connection)) {
        struct transit *transit = *at;
        if (transit->connection != connection) {
            at = &transit->next;
            continue;
        }
        *at = transit->next;
        arrive(transit);
        free(transit);
    }
}

static void on_wait_over(void *owner, void *thing)
{
    struct transit *transit = thing;
    struct node_link *link = transit->link;
    struct releve_store *store = link->store;
    const struct replication *replication = &simulation_of(link)->replication;
    (void)owner;
    store->transits++; /* until the others are through */
    if (is_current(transit)) {
        link->blocked = false;
        transit->acknowledged = transit->node == master_of(link) ? replication_count(replication, link->reach_us) : 0;
        travel_back(transit);
    } else {
        end_transit(transit);
    }
    let_through(link, transit->connection);
    worker_store_end_transit(store);
}

/* --- replicas, as adapters/redis/acknowledge.c has them -------------------------------------------------- */

static bool is_put_off(struct node_link *link, struct operation *operation)
{
    enum releve_waits_turn turn =
        releve_waits_turn(&link->waits, operation_replicas(simulation_of(link), operation), operation);
    if (turn == RELEVE_WAITS_KEEP)
        DL_APPEND(link->kept, operation);
    else if (turn == RELEVE_WAITS_TELL) {
        happen_later(link, operation, simulation_of(link)->world.now_us, on_told);
        operation->references--; /* of this link */
    }
    return turn != RELEVE_WAITS_WRITE;
}

static void transmit(struct node_link *link, struct operation *operation)
{
    operation->written = 0;
    operation->answered = false;
    if (operation_replicas(simulation_of(link), operation) != RELEVE_REPLICAS_ANY) {
        if (is_put_off(link, operation))
            return;
        operation->written = releve_waits_write(&link->waits);
    }
    DL_APPEND(link->sent, operation);
    travel(link, operation);
    if (releve_waits_ask(&link->waits))
        travel(link, NULL);
}

void node_link_send(struct node_link *link, struct operation *operation)
{
    operation->references++;
    transmit(link, operation);
}

static int compare_names(const struct operation *a, const struct operation *b)
{
    return a->name < b->name ? -1 : a->name > b->name;
}

/* In the order in which they were given. */
static void transmit_all(struct node_link *link, struct operation *all)
{
    DL_SORT(all, compare_names);
    while (all != NULL) {
        struct operation *operation = all;
        DL_DELETE(all, operation);
        transmit(link, operation);
    }
}

struct pause {
    struct node_link *link;
    uint32_t number;
};

static void on_pause_over(void *owner, void *thing)
{
    const struct pause *pause = thing;
    struct node_link *link = pause->link;
    struct operation *first = link->kept;
    (void)owner;
    if (!link->store->closed && pause->number == link->pause) {
        releve_waits_resume(&link->waits);
        if (first != NULL) {
            DL_DELETE(link->kept, first);
            transmit(link, first);
        }
    }
    worker_store_end_transit(link->store);
}

static void pause_for_replicas(struct node_link *link)
{
    struct world *world = &simulation_of(link)->world;
    struct pause *pause = releve_alloc(1, sizeof *pause);
    *pause = (struct pause){link, ++link->pause};
    link->store->transits++;
    world_at(world, world->now_us + PAUSE_US, on_pause_over, NULL, pause, true);
}

static void end_probe(struct node_link *link, const struct operation *operation)
{
    bool pauses = link->waits.probe == operation && link->kept != NULL;
    releve_waits_end_probe(&link->waits, operation, pauses);
    if (pauses)
        pause_for_replicas(link);
}

static void answer(struct node_link *link, struct operation *operation)
{
    DL_DELETE(link->sent, operation);
    operation->written = 0;
    end_probe(link, operation);
    hand_over(link, operation);
    operation->references--;
}

static void put_off(struct node_link *link, struct operation *operation)
{
    simulation_of(link)->unacknowledged++;
    releve_waits_end_probe(&link->waits, operation, true);
    DL_DELETE(link->sent, operation);
    operation->written = 0;
    operation->answered = false;
    if (!is_put_off(link, operation))
        abort(); /* `waits` pauses */
}

static struct operation *first_covered(const struct node_link *link)
{
    struct operation *first = link->sent;
    if (first == NULL || !releve_waits_cover(&link->waits, first->written))
        return NULL;
    assert(first->answered || simulation_of(link)->scenario.unlimited);
    return first->answered ? first : NULL;
}

static void on_waited(struct node_link *link, long long acknowledged)
{
    struct operation *operation = first_covered(link);
    bool any = operation != NULL, was_away = link->waits.away;
    unsigned wanted = simulation_of(link)->scenario.replicas_wanted;
    enum releve_waits_verdict verdict = releve_waits_judge(&link->waits, any, acknowledged, wanted, now_ms(link));
    if (verdict == RELEVE_WAITS_ENOUGH && simulation_of(link)->scenario.unlimited)
        link->waits.asked = link->waits.written;
    if (any && verdict == RELEVE_WAITS_TOO_FEW) {
        pause_for_replicas(link);
    } else if (was_away && !link->waits.away) {
        struct operation *kept = link->kept;
        link->kept = NULL;
        link->pause++;
        transmit_all(link, kept);
    }
    while ((operation = first_covered(link)) != NULL) {
        operation->failed = verdict == RELEVE_WAITS_NONE;
        if (verdict == RELEVE_WAITS_TOO_FEW)
            put_off(link, operation);
        else
            answer(link, operation);
    }
    releve_waits_end(&link->waits);
    if (releve_waits_ask(&link->waits))
        travel(link, NULL);
}

/* What Redis said is held until its replicas have it; an error is none that they need to have. */
static bool hold(struct node_link *link, struct operation *operation)
{
    if (operation->written == 0 || operation->failed)
        return false;
    bool covered = releve_waits_cover(&link->waits, operation->written);
    assert(covered || simulation_of(link)->scenario.unlimited);
    operation->answered = covered;
    return covered;
}

/* --- and back ------------------------------------------------------------------------------------------- */

/* Replies keep their order: all that was sent before it is held for a WAIT. */
static bool is_next(const struct node_link *link, const struct operation *operation)
{
    const struct operation *first = link->sent;
    while (first != NULL && first->answered)
        first = first->next;
    return first == operation;
}

static void on_reply(void *owner, void *thing)
{
    struct transit *transit = thing;
    struct node_link *link = transit->link;
    (void)owner;
    if (is_current(transit) && transit->operation == NULL) {
        on_waited(link, transit->acknowledged);
    } else if (is_current(transit)) {
        assert(is_next(link, transit->operation));
        if (!hold(link, transit->operation))
            answer(link, transit->operation);
    }
    end_transit(transit);
}

/* --- when it breaks ------------------------------------------------------------------------------------- */

void node_link_cut(struct node_link *link)
{
    struct world *world = &simulation_of(link)->world;
    struct operation *all = link->sent;
    DL_CONCAT(all, link->kept);
    link->sent = link->kept = NULL;
    link->connection++;
    link->pause++;
    link->blocked = false;
    link->stale_until_us = 0;
    link->cut_until_us = world->now_us + world_between(world, 1000, RECONNECT_MAX_US);
    releve_waits_cut(&link->waits);
    releve_waits_begin(&link->waits, link->cut_until_us / 1000);
    transmit_all(link, all);
}

void node_link_close(struct node_link *link)
{
    struct releve_error interrupted = {RELEVE_E_INTERRUPTED, "the process is gone"};
    DL_CONCAT(link->sent, link->kept);
    while (link->sent != NULL) {
        struct operation *operation = link->sent;
        DL_DELETE(link->sent, operation);
        operation_call_back(operation, &interrupted);
        operation->references--;
    }
    link->kept = NULL;
}
