/* Results on their way to the lists of those who wait for them (docs/redis.md, Guarantees). A list may lie in any slot
 * of a cluster, so it is not filled by the script that ends a job: that one puts the reply into a stream of the queue's
 * slot (replies.lua), and here it is delivered, once, and taken out. What is left there by a process that died is
 * delivered by any worker. */
#ifndef RELEVE_REDIS_REPLIES_H
#define RELEVE_REDIS_REPLIES_H

#include <adapters/redis/commands.h>

/* Delivers what a script answered (replies.lua): number in the stream, list, id of the job and JSON, repeated. Anything
 * else is left alone. */
void releve_replies_deliver(struct releve_commands *commands, const redisReply *replies);

/* Delivers what has been waiting for longer than its own process can need. */
void releve_replies_deliver_overdue(struct releve_commands *commands);

#endif
