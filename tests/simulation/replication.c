/* See replication.h. */
#include "replication.h"
#include <releve/memory.h>
#include <stdint.h>
#include <string.h>

#define CLOCK_FIRST_US (100 * WORLD_SECOND_US) /* so that no clock is below zero */
#define LATE_MAX_US (WORLD_SECOND_US / 2)      /* twice what is waited for it */
#define RESYNC_MAX_US (3 * WORLD_SECOND_US)    /* until a replica is with the new master */

/* Any two differ by less than is tolerated. */
static void name_master(struct replication *replication, struct shard *shard)
{
    shard->node = ++replication->nodes;
    shard->clock_us = CLOCK_FIRST_US + world_below(replication->world, LEDGER_CLOCK_DIFFERENCE_US);
}

void replication_open(struct replication *replication, struct world *world, const struct scenario *scenario)
{
    *replication = (struct replication){.world = world, .scenario = scenario};
    for (unsigned i = 0; i < scenario->shards; i++)
        name_master(replication, &replication->shards[i]);
}

static void free_write(struct write *write)
{
    ledger_model_close(&write->ledger);
    free(write->facts);
}

void replication_close(struct replication *replication)
{
    for (size_t i = 0; i < replication->count; i++)
        free_write(&replication->writes[i]);
    free(replication->writes);
}

static unsigned shard_of(const struct replication *replication, uint64_t sort, uint64_t number)
{
    unsigned shards = replication->scenario->shards;
    return shards == 0 ? 0 : (unsigned)(world_hash(replication->scenario->seed, sort, number, 77) % shards);
}

unsigned replication_shard_of_bucket(const struct replication *replication, unsigned bucket)
{
    return shard_of(replication, 1, bucket);
}

unsigned replication_shard_of_point(const struct replication *replication, unsigned point)
{
    return shard_of(replication, 2, point);
}

unsigned replication_count(const struct replication *replication, const int64_t *reach_us)
{
    unsigned count = 0;
    for (unsigned i = 0; i < replication->scenario->replicas; i++)
        count += reach_us[i] <= replication->world->now_us;
    return count;
}

int64_t replication_acknowledged_us(const struct replication *replication, const int64_t *reach_us)
{
    const struct scenario *scenario = replication->scenario;
    int64_t best_us = INT64_MAX;
    for (unsigned i = 0; i < scenario->replicas; i++) {
        unsigned not_later = 0;
        for (unsigned j = 0; j < scenario->replicas; j++)
            not_later += reach_us[j] <= reach_us[i];
        if (not_later >= scenario->replicas_wanted && reach_us[i] < best_us)
            best_us = reach_us[i];
    }
    return best_us;
}

/* What all replicas have by now is not undone any more. */
static void forget_replicated(struct replication *replication)
{
    size_t kept = 0;
    for (size_t i = 0; i < replication->count; i++) {
        if (replication_count(replication, replication->writes[i].reach_us) < replication->scenario->replicas)
            replication->writes[kept++] = replication->writes[i];
        else
            free_write(&replication->writes[i]);
    }
    replication->count = kept;
}

struct write *replication_note(struct replication *replication, unsigned shard, enum write_type type)
{
    const struct scenario *scenario = replication->scenario;
    struct world *world = replication->world;
    struct shard *master = &replication->shards[shard];
    if (scenario->shards == 0)
        return NULL;
    if (replication->count == replication->capacity) {
        forget_replicated(replication);
        if (replication->count * 2 >= replication->capacity) {
            replication->capacity = replication->capacity == 0 ? 64 : replication->capacity * 2;
            replication->writes =
                releve_realloc(replication->writes, replication->capacity * sizeof *replication->writes);
        }
    }
    struct write *write = &replication->writes[replication->count++];
    *write = (struct write){.type = type, .shard = shard, .operation = replication->operation};
    for (unsigned i = 0; i < scenario->replicas; i++) {
        int64_t lag_us = world_between(world, 1, scenario->replica_lag_us);
        if (world_chance(world, scenario->replica_late))
            lag_us += world_below(world, LATE_MAX_US);
        master->reach_us[i] = later(master->reach_us[i], later(world->now_us, master->away_until_us[i]) + lag_us);
        write->reach_us[i] = master->reach_us[i];
    }
    return write;
}

void replication_tell(struct replication *replication, uint64_t operation)
{
    for (size_t i = 0; i < replication->count; i++)
        if (replication->writes[i].operation == operation)
            replication->writes[i].told = true;
}

void replication_leave(struct replication *replication, unsigned shard, unsigned replica, int64_t length_us)
{
    int64_t *until_us = &replication->shards[shard].away_until_us[replica];
    *until_us = later(*until_us, replication->world->now_us + length_us);
}

bool replication_may_fail_over(const struct replication *replication, unsigned shard)
{
    const struct scenario *scenario = replication->scenario;
    return scenario->replicas_wanted == scenario->replicas ||
           replication->world->now_us >= replication->shards[shard].synced_us;
}

static bool has(const struct replication *replication, const struct write *write, unsigned replica)
{
    return write->reach_us[replica] <= replication->world->now_us;
}

/* Any, where all have what was acknowledged; else the one that has most. */
static unsigned elect(const struct replication *replication, unsigned shard)
{
    const struct scenario *scenario = replication->scenario;
    unsigned best = (unsigned)world_below(replication->world, scenario->replicas);
    size_t fewest = SIZE_MAX;
    for (unsigned replica = 0; replica < scenario->replicas; replica++) {
        size_t lacking = 0;
        for (size_t i = 0; i < replication->count; i++)
            lacking += replication->writes[i].shard == shard && !has(replication, &replication->writes[i], replica);
        if (scenario->replicas_wanted < scenario->replicas && lacking < fewest) {
            fewest = lacking;
            best = replica;
        }
    }
    return best;
}

/* All replicas begin with the new master, the one that was master before too: each has what that has, from then on. */
static void begin_again(struct replication *replication, struct shard *master)
{
    struct world *world = replication->world;
    master->synced_us = 0;
    for (unsigned i = 0; i < replication->scenario->replicas; i++) {
        master->away_until_us[i] = world->now_us + world_below(world, RESYNC_MAX_US);
        master->reach_us[i] = master->away_until_us[i];
        master->synced_us = later(master->synced_us, master->away_until_us[i]);
    }
}

void replication_fail_over(struct replication *replication, unsigned shard,
                           void (*undo)(void *data, const struct write *write), void *data)
{
    struct shard *master = &replication->shards[shard];
    forget_replicated(replication);
    size_t kept = 0;
    unsigned elected = elect(replication, shard);
    for (size_t i = replication->count; i-- > 0;)
        if (replication->writes[i].shard == shard && !has(replication, &replication->writes[i], elected))
            undo(data, &replication->writes[i]);
    begin_again(replication, master);
    for (size_t i = 0; i < replication->count; i++) {
        struct write *write = &replication->writes[i];
        if (write->shard == shard && !has(replication, write, elected)) {
            free_write(write);
            continue;
        }
        for (unsigned j = 0; write->shard == shard && j < replication->scenario->replicas; j++)
            if (!has(replication, write, j))
                write->reach_us[j] = master->reach_us[j];
        replication->writes[kept++] = *write;
    }
    replication->count = kept;
    replication->failovers++;
    name_master(replication, master);
}
