/* What Redis's refusals mean for whoever runs it: the remedy, and the key that is to blame. */
#ifndef RELEVE_REDIS_REFUSAL_H
#define RELEVE_REDIS_REFUSAL_H

#include <hiredis/hiredis.h>
#include <releve/error.h>
#include <stdbool.h>

/* RELEVE_E_REDIS with what was attempted, what an error reply means, and what to do where that is known. One line.
 * `in_cluster`: it was sent to a node of a cluster that RELEVE_REDIS names as one. */
enum releve_code releve_refusal_explain(const char *what, const char *address, bool in_cluster, const redisReply *reply,
                                        struct releve_error *error);

/* A key holds something of another type: diagnose.lua finds out which. */
bool releve_refusal_is_of_a_key(const redisReply *reply);

/* What waited in Redis was broken off: mostly as a master has become a replica. It may be asked again. */
bool releve_refusal_is_of_a_wait(const redisReply *reply);

/* This user may not run a command, or there is no such command. */
bool releve_refusal_is_of_a_command(const redisReply *reply);

/* It is no master any more, or is no Redis that answers just now: another one took over, where sentinels watch. */
bool releve_refusal_is_of_a_failover(const redisReply *reply);

/* RELEVE_E_REDIS with what diagnose.lua found. One line. */
enum releve_code releve_refusal_blame(const char *what, const redisReply *found, struct releve_error *error);

#endif
