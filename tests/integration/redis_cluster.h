/* A real Redis Cluster for a group of tests: three masters and three replicas on loopback. */
#ifndef RELEVE_TESTS_REDIS_CLUSTER_H
#define RELEVE_TESTS_REDIS_CLUSTER_H

#include <stdbool.h>

#include "redis_server.h"

#define CLUSTER_NODES 6 /* the first three begin as masters, each of a third of the slots */
#define CLUSTER_MASTERS 3
#define CLUSTER_ARGUMENTS 40

struct redis_cluster {
    struct redis_server nodes[CLUSTER_NODES];
    int ports[CLUSTER_NODES];
    char password[32]; /* "" for none */
};

/* A port that was free a moment ago, and so was the one for the cluster's bus that belongs to it. */
int redis_cluster_free_port(void);

/* Starts six servers that know nothing of each other. `extra`: more arguments, up to a NULL; may be NULL. */
void redis_cluster_start(struct redis_cluster *cluster, const char *const *extra);

/* Makes them a cluster, and waits until it serves. */
void redis_cluster_form(struct redis_cluster *cluster);

/* Starts one again with the data that it had, and ports[i] for its port. */
void redis_cluster_restart(struct redis_cluster *cluster, int i);

/* Starts those again that were killed, lets those go on that were stopped, and waits until all agree on three masters,
 * each with its replica. */
void redis_cluster_heal(struct redis_cluster *cluster);

/* "no" or "yes", of the nodes that live: do slots wait for those that nobody serves? */
void redis_cluster_require_full_coverage(struct redis_cluster *cluster, const char *wanted);

void redis_cluster_end(struct redis_cluster *cluster);

/* Which node serves the slot: as node `asked` sees it, or as itself says; -1 for none of those that live. */
int redis_cluster_owner_seen_by(struct redis_cluster *cluster, int asked, int slot);
int redis_cluster_owner(struct redis_cluster *cluster, int slot);

/* As it says itself. */
bool redis_cluster_is_master(struct redis_cluster *cluster, int i);

/* The replica of a master. */
int redis_cluster_replica(struct redis_cluster *cluster, int master);

/* Which node serves the slot as all of them see it, and themselves say; -1 while they do not agree. All must live. */
int redis_cluster_agreed_owner(struct redis_cluster *cluster, int slot);

/* Has the master of the slot and its replica change places, and waits until all nodes agree that they have. Returns who
 * is the master now. The replica is started again first: a node of Redis 7.0 remembers the votes of an election for 4 s
 * (clusterHandleSlaveFailover, auth_retry_time). If it is to take over again in that time, it counts them a second time
 * and believes itself elected. The others refuse its epoch, and it becomes a replica again. */
int redis_cluster_fail_over(struct redis_cluster *cluster, int slot);

/* Waits until `node` says that it is a master that serves the slot. */
void redis_cluster_await_master(struct redis_cluster *cluster, int node, int slot);

/* Its id within the cluster. */
void redis_cluster_id(struct redis_cluster *cluster, int i, char id[41]);

/* Runs a command at node `i`; freeReplyObject the reply. */
redisReply *redis_cluster_ask(struct redis_cluster *cluster, int i, const char *format, ...);

/* The same; the reply must be no error, and is freed. */
void redis_cluster_do(struct redis_cluster *cluster, int i, const char *format, ...);

/* Moves a slot with all its keys: `begin` until the keys are on their way, `keys` so many of them, `end` the rest. */
void redis_cluster_move_begin(struct redis_cluster *cluster, int slot, int from, int to);
void redis_cluster_move_keys(struct redis_cluster *cluster, int slot, int from, int to, int most);
void redis_cluster_move_end(struct redis_cluster *cluster, int slot, int from, int to);

#endif
