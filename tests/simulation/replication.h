/* Replicas of the store: what a write needs to survive its master, and what a failover takes away.
 *
 * Slots (a bucket's ledger, a usage point, the queue) lie on shards. The master of a shard carries everything out at
 * once, its replicas have it later, each in its own time and in the same order. At a failover one of them is master:
 * the writes that it did not have are undone, newest first, and its clock counts. Where writes wait for all replicas it
 * is any of them, else the one that has most (docs/design.md, Failover). Nothing here waits: who wants to know that a
 * write survives asks how many replicas have it. */
#ifndef RELEVE_SIMULATION_REPLICATION_H
#define RELEVE_SIMULATION_REPLICATION_H

#include "ledger_model.h"
#include "store_model.h"

#define REPLICATION_SHARDS_MAX 3
#define REPLICATION_REPLICAS_MAX 3 /* of each master */

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
    int64_t reach_us[REPLICATION_REPLICAS_MAX]; /* when each replica has it */
    uint64_t operation;                         /* that wrote it; 0: none that anybody waits for */
    bool told;                                  /* whoever wanted it was told that it is done */
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
    uint64_t node;                                   /* the master's name; 0: there are no replicas */
    int64_t clock_us;                                /* the master's, less the world's */
    int64_t reach_us[REPLICATION_REPLICAS_MAX];      /* when each has all that was written so far */
    int64_t away_until_us[REPLICATION_REPLICAS_MAX]; /* nothing reaches it before */
    int64_t synced_us;                               /* when all replicas have been with this master */
};

struct replication {
    struct world *world;
    const struct scenario *scenario;
    struct shard shards[REPLICATION_SHARDS_MAX];
    struct write *writes; /* that some replica does not have yet; in their order */
    size_t count, capacity;
    uint64_t nodes, failovers;
    uint64_t operation; /* that is being carried out */
};

static inline int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void replication_open(struct replication *replication, struct world *world, const struct scenario *scenario);
void replication_close(struct replication *replication);

unsigned replication_shard_of_bucket(const struct replication *replication, unsigned bucket);
unsigned replication_shard_of_point(const struct replication *replication, unsigned point);
#define REPLICATION_QUEUE_SHARD 0

/* Notes a write that is about to happen; NULL where there are no replicas. What it holds is to be filled in. */
struct write *replication_note(struct replication *replication, unsigned shard, enum write_type type);
/* Whoever wanted the writes of that operation was told that they are done. */
void replication_tell(struct replication *replication, uint64_t operation);

/* How many replicas have by now what each of them has at those moments. */
unsigned replication_count(const struct replication *replication, const int64_t *reach_us);
/* When as many as are waited for will have it. */
int64_t replication_acknowledged_us(const struct replication *replication, const int64_t *reach_us);

/* That replica hears nothing for so long. */
void replication_leave(struct replication *replication, unsigned shard, unsigned replica, int64_t length_us);

/* Whether the master may fail now: where fewer than all replicas are waited for, the one that took over must not fail
 * before the others have been with it, as what was acknowledged may be nowhere else. */
bool replication_may_fail_over(const struct replication *replication, unsigned shard);
/* Another node is master: `undo` is called for what is lost, newest first. */
void replication_fail_over(struct replication *replication, unsigned shard,
                           void (*undo)(void *data, const struct write *write), void *data);

#endif
