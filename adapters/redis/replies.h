/* Results on their way to the lists of those who wait for them (docs/redis.md, Guarantees). A list may lie in any slot
 * of a cluster, so it is not filled by the script that ends a job: that one puts the reply into a stream of the queue's
 * slot (replies.lua), and here it is delivered, once, and taken out. What is left there by a process that died is
 * delivered by any worker. */
#ifndef RELEVE_REDIS_REPLIES_H
#define RELEVE_REDIS_REPLIES_H

#include <adapters/redis/nodes.h>

#define RELEVE_REPLIES_UNDER_WAY_MAX 500 /* deliveries of one owner; what is more stays in the stream until later */
#define RELEVE_REPLIES_OVERDUE_MS (10 * RELEVE_SECOND_MS) /* then whoever was to deliver it is late, or dead */

/* Owned by the caller, zeroed but for `nodes`, and as long-lived as those. */
struct releve_replies {
    struct releve_nodes *nodes;
    size_t under_way; /* deliveries */
    bool looking;     /* what was found in the stream is under way */
};

/* Delivers what a script answered (replies.lua): number in the stream, list, id of the job and JSON, repeated. Anything
 * else is left alone. */
void releve_replies_deliver(struct releve_replies *replies, const redisReply *answer);

/* Delivers what has been in the stream for `age_ms`, at most 100 replies; `done`, which may be NULL, is called when all
 * that was found there is delivered, or was refused and stays; at once where an earlier look has not ended. */
void releve_replies_deliver_old(struct releve_replies *replies, releve_time age_ms, void (*done)(void *data),
                                void *data);

#endif
