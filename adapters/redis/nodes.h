/* Where commands go: to the one Redis that there is, or to the node of a cluster that serves their slot.
 *
 * A command is kept until it is answered, whatever happens to the node that it was sent to, and may be run twice. In a
 * cluster that holds across slots that move, masters that are replaced and nodes that come and go; commands of one slot
 * keep their order as long as the slot stays where it is. Law 6: RELEVE_COMMANDS_MAX and RELEVE_COMMANDS_BYTES_MAX
 * count over all nodes together, and there are at most RELEVE_NODES_MAX (slot_map.h). */
#ifndef RELEVE_REDIS_NODES_H
#define RELEVE_REDIS_NODES_H

#include <adapters/redis/commands.h>

struct releve_cluster;

/* Owned by the caller; its fields are read only to others. */
struct releve_nodes {
    struct releve_commands commands; /* where there is one Redis only */
    struct releve_cluster *cluster;  /* NULL where there is one Redis only */
    uv_loop_t *loop;
    const char *prefix; /* of all keys */
};

/* `nodes` is the caller's and lives until `closed`; so do `url` and `prefix`, that of all keys. `ready` is called once:
 * of a cluster, when all its masters are connected, or why that cannot be (or as releve_nodes_begin_with_queue has it).
 * A cluster that is not complete then, or loads its data, is waited for (RELEVE_CLUSTER_START_MS). `on_link` (may be
 * NULL): false when a node that is in use is away or does not serve, with one line that names it; true when commands
 * are served again. */
void releve_nodes_open(struct releve_nodes *nodes, uv_loop_t *loop, const struct releve_redis_url *url,
                       const char *prefix, void (*ready)(void *data, const struct releve_error *error),
                       void (*on_link)(void *data, bool up, const char *why), void *data);

/* Right after releve_nodes_open. How long a command waits for its reply before its node is taken for dead. */
void releve_nodes_set_timeout(struct releve_nodes *nodes, releve_time timeout_ms);
releve_time releve_nodes_timeout(const struct releve_nodes *nodes);
/* Right after releve_nodes_open. The first attempt is repeated like the others, and nodes of a cluster are connected to
 * only when there is a command for them. */
void releve_nodes_set_patient(struct releve_nodes *nodes);

/* Right after releve_nodes_open. How long a cluster that is not complete at the beginning, or does not serve yet, is
 * waited for, instead of RELEVE_CLUSTER_START_MS (0: as long); and who hears once, in one line, what that is, where it
 * takes more than RELEVE_CLUSTER_SAY_MS (may be NULL; its data are those of `ready`). Nothing where there is one Redis
 * only. */
void releve_nodes_set_start(struct releve_nodes *nodes, releve_time start_ms,
                            void (*on_wait)(void *data, const char *line));
/* Right after releve_nodes_open. Of a cluster only the master that has the queue is needed at the beginning. The others
 * are tried for RELEVE_CLUSTER_SAY_MS at most; what needs one that is away waits for it then, as if it had gone away
 * later, and `on_link` says so right after `ready`. Nothing where there is one Redis only. */
void releve_nodes_begin_with_queue(struct releve_nodes *nodes);
/* Right after releve_nodes_open. Somebody waits for the end: a command that is repeated as too few replicas have it
 * fails after RELEVE_UNACKNOWLEDGED_MAX_MS. Else it is repeated for as long as it takes. */
void releve_nodes_set_impatient(struct releve_nodes *nodes);
/* As releve_commands_miss_replicas, at the node of that key. */
bool releve_nodes_miss_replicas(struct releve_nodes *nodes, const char *key, char why[RELEVE_ERROR_BYTES]);

/* As releve_commands_send. Goes by the command's first key (slot.h); what has none goes to any node. */
void releve_nodes_send(struct releve_nodes *nodes, const char *what, const struct releve_script *script,
                       struct releve_words *words, releve_commands_reply reply, void *data);

/* As releve_commands_send_replicated. */
void releve_nodes_send_replicated(struct releve_nodes *nodes, enum releve_replicas replicas, const char *what,
                                  const struct releve_script *script, struct releve_words *words,
                                  releve_commands_reply reply, void *data);

/* As releve_commands_send_behind. Both commands are of one slot. While it moves, the second one may be sent alone. */
void releve_nodes_send_behind(struct releve_nodes *nodes, struct releve_words *prelude, const char *what,
                              const struct releve_script *script, struct releve_words *words,
                              releve_commands_reply reply, void *data);

/* The connection for a command of these words, for whatever else commands.h can send; valid now. */
struct releve_commands *releve_nodes_at(struct releve_nodes *nodes, const struct releve_words *words);

/* A command for one master after the other, which is SCAN, INFO, CLUSTER or a script without keys: `i` is below
 * releve_nodes_count. It fails with RELEVE_E_REDIS where that node is replaced meanwhile. The numbers are good as long
 * as the epoch is what it was; what was to be complete begins anew when it is not. One Redis is always number 0 of 1.
 * A connection that was lost begins another epoch: the cursor of SCAN means nothing to another process. Keys that move
 * while their slot has its old owner are not seen by the epoch, but by moves.h: a slot gets its new owner last. */
void releve_nodes_send_to(struct releve_nodes *nodes, size_t i, const char *what, const struct releve_script *script,
                          struct releve_words *words, releve_commands_reply reply, void *data);
size_t releve_nodes_count(struct releve_nodes *nodes);
uint64_t releve_nodes_epoch(const struct releve_nodes *nodes);

/* Of the node with that number: its address ("127.0.0.1:7000"; "" where there is one Redis only), and whether it keeps
 * on disk what it is given, or did not say. */
void releve_nodes_name(struct releve_nodes *nodes, size_t i, char out[RELEVE_REDIS_SEED_TEXT]);
bool releve_nodes_keeps(struct releve_nodes *nodes, size_t i);

/* Whether there is a node for that key which is not known to be away, and its `place`, below RELEVE_NODES_MAX: 0 where
 * there is one Redis only. What is sent although there is none waits. */
bool releve_nodes_serves(struct releve_nodes *nodes, const char *key, size_t *place);

/* The address of the `i`th master of a cluster that is known to be away; false: there are no more, or there is one
 * Redis only. */
bool releve_nodes_away(struct releve_nodes *nodes, size_t i, char out[RELEVE_REDIS_SEED_TEXT]);

/* Asks a node of the cluster who serves what now, so that the epoch is that of now; then calls `done`: at once where
 * there is one Redis only, and before `closed`. */
void releve_nodes_look(struct releve_nodes *nodes, void (*done)(void *data), void *data);

/* `ready` was called with RELEVE_OK, and the link is up. */
bool releve_nodes_is_up(const struct releve_nodes *nodes);
/* Some node that commands go to is connected: what was asked of it may still be answered. */
bool releve_nodes_is_reachable(struct releve_nodes *nodes);
/* Every node that was connected to keeps on disk what it is given, or did not say. */
bool releve_nodes_is_durable(const struct releve_nodes *nodes);
/* As releve_commands_unanswered, of all nodes together. */
size_t releve_nodes_unanswered(const struct releve_nodes *nodes);
/* Of all nodes together. */
const struct releve_latencies *releve_nodes_latencies(const struct releve_nodes *nodes);

/* For a connection that subscribes (what is published at one node reaches all): `connection`, which was just opened
 * with `chosen` as its address, connects to a node that lives, another one at each attempt. Where there is one Redis
 * only nothing changes. `nodes` lives longer than the connection. */
void releve_nodes_lend(struct releve_nodes *nodes, struct releve_connection *connection,
                       struct releve_redis_url *chosen);
/* Whether that node still belongs to the cluster. */
bool releve_nodes_knows(const struct releve_nodes *nodes, const struct releve_redis_url *chosen);

/* Whatever has no reply yet gets RELEVE_E_INTERRUPTED, then `closed` is called. */
void releve_nodes_close(struct releve_nodes *nodes, void (*closed)(void *data));

#endif
