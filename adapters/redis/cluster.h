/* The connections to the nodes of a Redis Cluster, for nodes.h alone. */
#ifndef RELEVE_REDIS_CLUSTER_H
#define RELEVE_REDIS_CLUSTER_H

#include <adapters/redis/commands.h>

#define RELEVE_CLUSTER_START_MS RELEVE_LOADING_MAX_MS /* for what is not complete when it is first looked at */
#define RELEVE_CLUSTER_SAY_MS (5 * RELEVE_SECOND_MS)  /* ... and so long of that in silence */
#define RELEVE_REDIRECTS_MAX 5   /* in a row for one command; then it waits, as two nodes disagree */
#define RELEVE_RETRY_FIRST_MS 20 /* before a command that was refused for now is sent again; doubles */
#define RELEVE_RETRY_MAX_MS 1000
#define RELEVE_MAP_FIRST_MS 100 /* between two looks at which node serves what; doubles */
#define RELEVE_MAP_MAX_MS 2000
#define RELEVE_MAP_CALM_MS (10 * RELEVE_SECOND_MS) /* since the last look: the next one is at once */
#define RELEVE_MAP_AGE_MS (60 * RELEVE_SECOND_MS)  /* an older map is asked for anew, though nothing happens */
#define RELEVE_SETTLE_MS 1000 /* all is served for so long: the link is up, and an outage is told once */
#define RELEVE_SPLIT_MS (5 * RELEVE_SECOND_MS)  /* a slot is on its way for so long: it is said that nobody moves it */
#define RELEVE_ASTRAY_MS (5 * RELEVE_SECOND_MS) /* no map has the node that a slot is said to be at */
#define RELEVE_ALIEN_MS (60 * RELEVE_SECOND_MS) /* keys of one slot are not on their way for so long */

struct releve_cluster;

/* As releve_nodes_open; `url` lives until `closed`. */
struct releve_cluster *releve_cluster_open(uv_loop_t *loop, const struct releve_redis_url *url, const char *prefix,
                                           void (*ready)(void *data, const struct releve_error *error),
                                           void (*on_link)(void *data, bool up, const char *why), void *data);
void releve_cluster_close(struct releve_cluster *cluster, void (*closed)(void *data));

/* The connection for a command of that slot (slot.h), and that to a master by its number: for one command, now. */
struct releve_commands *releve_cluster_at(struct releve_cluster *cluster, int slot);
struct releve_commands *releve_cluster_at_master(struct releve_cluster *cluster, size_t i);

/* As the functions of nodes.h that are named so. */
bool releve_cluster_serves(struct releve_cluster *cluster, int slot, size_t *place);
bool releve_cluster_away(struct releve_cluster *cluster, size_t i, char out[RELEVE_REDIS_SEED_TEXT]);
void releve_cluster_set_timeout(struct releve_cluster *cluster, releve_time timeout_ms);
releve_time releve_cluster_timeout(const struct releve_cluster *cluster);
void releve_cluster_set_patient(struct releve_cluster *cluster);
void releve_cluster_set_start(struct releve_cluster *cluster, releve_time start_ms,
                              void (*on_wait)(void *data, const char *line));
/* The slot whose master is needed at the beginning. */
void releve_cluster_begin_with(struct releve_cluster *cluster, int slot);
void releve_cluster_set_impatient(struct releve_cluster *cluster);
void releve_cluster_look(struct releve_cluster *cluster, void (*done)(void *data), void *data);
bool releve_cluster_is_up(const struct releve_cluster *cluster);
bool releve_cluster_is_reachable(struct releve_cluster *cluster);
bool releve_cluster_is_durable(const struct releve_cluster *cluster);
size_t releve_cluster_unanswered(const struct releve_cluster *cluster);
size_t releve_cluster_masters(struct releve_cluster *cluster);
void releve_cluster_name(struct releve_cluster *cluster, size_t i, char out[RELEVE_REDIS_SEED_TEXT]);
uint64_t releve_cluster_epoch(const struct releve_cluster *cluster);
const struct releve_latencies *releve_cluster_latencies(const struct releve_cluster *cluster);
void releve_cluster_choose(struct releve_cluster *cluster, struct releve_redis_url *chosen);
bool releve_cluster_knows(const struct releve_cluster *cluster, const struct releve_redis_url *chosen);

#endif
