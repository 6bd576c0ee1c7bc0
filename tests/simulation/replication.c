/* See replication.h. */
#include "replication.h"
#include <releve/memory.h>
#include <string.h>

#define CLOCK_FIRST_US (100 * WORLD_SECOND_US) /* so that no clock is below zero */
#define RESYNC_MAX_US (3 * WORLD_SECOND_US)    /* until the new master has a replica */

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

/* What the replica has by now is not undone any more. */
static void forget_replicated(struct replication *replication)
{
    size_t kept = 0;
    for (size_t i = 0; i < replication->count; i++) {
        if (replication->writes[i].reach_us > replication->world->now_us)
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
    int64_t from_us = world->now_us > master->away_until_us ? world->now_us : master->away_until_us;
    int64_t reach_us = from_us + world_between(world, 1, scenario->replica_lag_us);
    if (reach_us > master->reach_us)
        master->reach_us = reach_us;
    struct write *write = &replication->writes[replication->count++];
    *write =
        (struct write){.type = type, .shard = shard, .reach_us = master->reach_us, .operation = replication->operation};
    return write;
}

void replication_tell(struct replication *replication, uint64_t operation)
{
    for (size_t i = 0; i < replication->count; i++)
        if (replication->writes[i].operation == operation)
            replication->writes[i].told = true;
}

static void leave_until(struct shard *shard, int64_t until_us)
{
    if (until_us > shard->away_until_us)
        shard->away_until_us = until_us;
}

void replication_leave(struct replication *replication, unsigned shard, int64_t length_us)
{
    leave_until(&replication->shards[shard], replication->world->now_us + length_us);
}

void replication_fail_over(struct replication *replication, unsigned shard,
                           void (*undo)(void *data, const struct write *write), void *data)
{
    struct world *world = replication->world;
    forget_replicated(replication);
    size_t kept = 0;
    for (size_t i = replication->count; i-- > 0;)
        if (replication->writes[i].shard == shard)
            undo(data, &replication->writes[i]);
    for (size_t i = 0; i < replication->count; i++) {
        if (replication->writes[i].shard != shard)
            replication->writes[kept++] = replication->writes[i];
        else
            free_write(&replication->writes[i]);
    }
    replication->count = kept;
    replication->failovers++;
    struct shard *master = &replication->shards[shard];
    name_master(replication, master);
    master->reach_us = 0;
    master->away_until_us = world->now_us + world_below(world, RESYNC_MAX_US);
}
