/* Results on their way to the lists of those who wait for them (docs/redis.md, Guarantees). A list may lie in any slot
 * of a cluster, so it is not filled by the script that ends a job: that one puts the reply into a stream of the queue's
 * slot (replies.lua), and here it is delivered, once, and taken out. What is left there by a process that died is
 * delivered by any worker. A list that takes nothing, or whose node is away, keeps none of the others (law 5): its
 * replies stay in the stream meanwhile. */
#ifndef RELEVE_REDIS_REPLIES_H
#define RELEVE_REDIS_REPLIES_H

#include <adapters/redis/nodes.h>
#include <adapters/redis/refused_lists.h>
#include <adapters/redis/slot_map.h>

/* Deliveries of one owner that are under way: at one node, and in all. What is more stays in the stream until later. */
#define RELEVE_REPLIES_AT_A_NODE_MAX 500
#define RELEVE_REPLIES_UNDER_WAY_MAX (8 * RELEVE_REPLIES_AT_A_NODE_MAX)
#define RELEVE_REPLIES_OVERDUE_MS (10 * RELEVE_SECOND_MS)   /* then whoever was to deliver it is late, or dead */
#define RELEVE_REPLIES_REFUSED_MAX_MS (24 * RELEVE_HOUR_MS) /* what its list refuses after so long is dropped */

#define RELEVE_REPLY_NUMBER_BYTES 48 /* two numbers of 64 bits, with a dash */

struct delivery;

/* Owned by the caller, zeroed but for `nodes`, `say` and `data`, and as long-lived as those. */
struct releve_replies {
    struct releve_nodes *nodes;
    /* A list takes nothing, or what it did not take is dropped: one line. NULL: nothing is said, and nothing dropped.
     */
    void (*say)(void *data, const char *line);
    void *data;
    struct delivery *under_way;          /* by number in the stream */
    uint16_t at_place[RELEVE_NODES_MAX]; /* how many of them, by place (nodes.h) */
    struct releve_refused_lists refused;
    bool looking;                           /* the stream is being read */
    char behind[RELEVE_REPLY_NUMBER_BYTES]; /* the entry behind which the next look begins; "" for the first */
};

/* Delivers what a script answered (replies.lua): number in the stream, list, id of the job and JSON, repeated. Anything
 * else is left alone. */
void releve_replies_deliver(struct releve_replies *replies, const redisReply *answer);

/* Delivers what has been in the stream for `age_ms`, so many at most, going on where the last look ended; `done`, which
 * may be NULL, is called when all that was found there is delivered, or was refused and stays; at once where an earlier
 * look has not ended. */
void releve_replies_deliver_old(struct releve_replies *replies, releve_time age_ms, void (*done)(void *data),
                                void *data);

#endif
