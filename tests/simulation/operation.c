/* What an operation does when it has come to the store, what it wants of replicas, and what the runtime hears. */
#include "operation.h"
#include "laws.h"

/* --- what happens in the store ------------------------------------------------------------------------ */

static void spread_news(struct simulation *simulation, unsigned bucket)
{
    int64_t news_ms = simulation->ledgers[bucket].news_ms;
    for (unsigned i = 0; news_ms >= 0 && i < simulation->scenario.workers; i++)
        if (simulation->workers[i]->alive)
            worker_store_hear(simulation->workers[i]->store, bucket, news_ms);
}

static int64_t use_ledger(const struct node_link *link, const struct operation *operation)
{
    struct simulation *simulation = link->store->simulation;
    static const struct releve_quota none = {.windows_count = 0};
    struct ledger_model *ledger = &simulation->ledgers[operation->bucket];
    const struct releve_quota *quota = &simulation->scenario.quota;
    struct replication *replication = &simulation->replication;
    const struct shard *master = &replication->shards[link->shard];
    int64_t now = simulation->world.now_us + master->clock_us, wait_ms = 0;
    struct write *write = replication_note(replication, link->shard, WRITE_LEDGER);
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
    if (operation->type == OP_ASK && wait_ms == 0 && simulation->on_grant != NULL)
        simulation->on_grant(simulation, link->shard);
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

/* Carries it out; the reply is left in it where somebody waits for it over this link. */
static void carry_out(const struct node_link *link, struct operation *operation, bool heard)
{
    struct simulation *simulation = link->store->simulation;
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
        wait_ms = use_ledger(link, operation);
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

void operation_note_reply(struct worker *worker, const struct operation *operation)
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

void operation_call_back(const struct operation *operation, const struct releve_error *error)
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

enum releve_replicas operation_replicas(const struct simulation *simulation, const struct operation *operation)
{
    if (simulation->scenario.shards == 0 || simulation->scenario.unacknowledged)
        return RELEVE_REPLICAS_ANY;
    switch (operation->type) {
    case OP_ASK:
        return RELEVE_REPLICAS_TELL;
    case OP_NUMBER:
    case OP_CLOSE:
    case OP_PUT:
    case OP_FINISH:
        return RELEVE_REPLICAS_REPEAT;
    default:
        return RELEVE_REPLICAS_ANY;
    }
}

unsigned operation_shard(const struct simulation *simulation, const struct operation *operation)
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
static bool is_stranded(const struct node_link *link, const struct operation *operation)
{
    return node_link_is_stranded(link) &&
           (operation->type == OP_ASK || operation->type == OP_CLOSE || operation->type == OP_PUT ||
            operation->type == OP_FINISH || operation->type == OP_SETTLE || operation->type == OP_RETURN);
}

bool operation_is_absent(const struct simulation *simulation, const struct operation *operation)
{
    const struct scenario *scenario = &simulation->scenario;
    bool of_point = operation->type == OP_BEGIN || operation->type == OP_CLAIM || operation->type == OP_UNCLAIM ||
                    operation->type == OP_LEARN;
    return (operation->type == OP_PUT || (of_point && !scenario->absent_reads)) &&
           simulation->world.now_us >= scenario->absent_from_us &&
           simulation->world.now_us < scenario->absent_until_us && scenario_is_absent(scenario, operation->point);
}

void operation_carry_out(struct node_link *link, struct operation *operation, bool heard)
{
    struct simulation *simulation = link->store->simulation;
    if (heard && is_stranded(link, operation)) {
        operation->failed = false;
        if (operation->type != OP_CLOSE)
            operation->wait_ms = 0;
        return;
    }
    simulation->replication.operation = operation->name;
    carry_out(link, operation, heard);
    simulation->replication.operation = 0;
}
