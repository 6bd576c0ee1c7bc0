/* Results on their way to the lists of those who wait for them (docs/redis.md, Guarantees). A list may lie in any slot
 * of a cluster, so it is not filled by the script that ends a job: that one puts the reply into a stream of the queue's
 * slot (replies.lua), and here it is delivered, once, and taken out. What is left there by a process that died is
 * delivered by any worker. */
#ifndef RELEVE_REDIS_REPLIES_H
#define RELEVE_REDIS_REPLIES_H

#include <adapters/redis/nodes.h>

/* Delivers what a script answered (replies.lua): number in the stream, list, id of the job and JSON, repeated. Anything
 * else is left alone. */
void releve_replies_deliver(struct releve_nodes *nodes, const redisReply *replies);

/* Delivers what has been in the stream for `age_ms`, at most 100 replies; `done`, which may be NULL, is called when all
 * that was found there is delivered, or was refused and stays. */
#define RELEVE_REPLIES_OVERDUE_MS (10 * RELEVE_SECOND_MS) /* then whoever was to deliver it is late, or dead */
void releve_replies_deliver_old(struct releve_nodes *nodes, releve_time age_ms, void (*done)(void *data), void *data);

#endif
