/* Replicas of the store: what a write needs to survive its master, and what a failover takes away.
 *
 * Slots (a bucket's ledger, a usage point, the queue) lie on shards. The master of a shard carries everything out at
 * once, its replica has it later, in the same order. At a failover the writes that the replica did not have are undone,
 * newest first, and the clock of another node counts. Nothing here waits: who wants to know that a write survives asks
 * when the replica says that it has it. */
#ifndef RELEVE_SIMULATION_REPLICATION_H
#define RELEVE_SIMULATION_REPLICATION_H

#include "ledger_model.h"
#include "store_model.h"

#define REPLICATION_SHARDS_MAX 3

enum write_type {
    WRITE_LEDGER,
    WRITE_DAY,
    WRITE_FACTS,
    WRITE_CLAIM,
    WRITE_UNCLAIM,
    WRITE_TAKE,
    WRITE_RESULT,
    WRITE_NUMBER
};

/* What stood there before. */
struct write {
    enum write_type type;
    unsigned shard;
    int64_t reach_us;   /* when the replica has it */
    uint64_t operation; /* that wrote it; 0: none that anybody waits for */
    bool told;          /* whoever wanted it was told that it is done */
    unsigned bucket, point;
    enum releve_kind kind;
    releve_day day;
    size_t job;
    struct ledger_model ledger; /* owned */
    struct day_record record;
    struct point_record *facts; /* owned */
    struct claim_record claim;
    uint64_t number;
};

struct shard {
    uint64_t node;         /* the master's name; 0: there are no replicas */
    int64_t clock_us;      /* the master's, less the world's */
    int64_t reach_us;      /* when the replica has all that was written so far */
    int64_t away_until_us; /* nothing reaches it before */
};

struct replication {
    struct world *world;
    const struct scenario *scenario;
    struct shard shards[REPLICATION_SHARDS_MAX];
    struct write *writes; /* that a replica does not have yet; in their order */
    size_t count, capacity;
    uint64_t nodes, failovers;
    uint64_t operation; /* that is being carried out */
};

void replication_open(struct replication *replication, struct world *world, const struct scenario *scenario);
void replication_close(struct replication *replication);

unsigned replication_shard_of_bucket(const struct replication *replication, unsigned bucket);
unsigned replication_shard_of_point(const struct replication *replication, unsigned point);
#define REPLICATION_QUEUE_SHARD 0

/* Notes a write that is about to happen; NULL where there are no replicas. What it holds is to be filled in. */
struct write *replication_note(struct replication *replication, unsigned shard, enum write_type type);
/* Whoever wanted the writes of that operation was told that they are done. */
void replication_tell(struct replication *replication, uint64_t operation);

/* No replica hears anything for so long. */
void replication_leave(struct replication *replication, unsigned shard, int64_t length_us);

/* Another node is master: `undo` is called for what is lost, newest first. */
void replication_fail_over(struct replication *replication, unsigned shard,
                           void (*undo)(void *data, const struct write *write), void *data);

#endif
