/* See nodes.h. One Redis is struct releve_commands and nothing else: what is asked here is passed on. A cluster is in
 * cluster.c.
 *
 * The data structures, of a cluster:
 *
 *   struct releve_nodes
 *    └─ struct releve_cluster
 *        ├─ lobby    struct releve_commands that never connects: commands that wait for a node or for their next try
 *        ├─ places   struct releve_places: addresses of nodes, and for each slot the place that serves it
 *        │   └─ node     struct releve_node [place]: one struct releve_commands; where there was a command for it
 *        └─ scout    struct releve_scout: asks some node, over a connection of its own, who serves what
 *
 * The life of a command: its slot says its place, the place its node, which is opened when the first command comes. It
 * waits there as commands.c keeps it. An error reply that is about the cluster (redirection.c) takes it from there: to
 * the node that was named, or to the lobby. From the lobby it goes out again with each new map, and after a delay that
 * grows. Where a node is lost, the scout goes out until somebody serves its slots: what waited at the lost node then
 * goes there, in its old order. What ASK led to a node that serves no slot yet, and that is lost, begins anew at the
 * owner of its slot. */
#include <adapters/redis/cluster.h>
#include <adapters/redis/keys.h>
#include <adapters/redis/nodes.h>
#include <adapters/redis/slot.h>
#include <string.h>

void releve_nodes_open(struct releve_nodes *nodes, uv_loop_t *loop, const struct releve_redis_url *url,
                       const char *prefix, void (*ready)(void *data, const struct releve_error *error),
                       void (*on_link)(void *data, bool up, const char *why), void *data)
{
    memset(nodes, 0, sizeof *nodes);
    nodes->loop = loop;
    nodes->prefix = prefix;
    if (url->where == RELEVE_REDIS_CLUSTER)
        nodes->cluster = releve_cluster_open(loop, url, prefix, ready, on_link, data);
    else
        releve_commands_open(&nodes->commands, loop, url, prefix, ready, on_link, data);
}

void releve_nodes_close(struct releve_nodes *nodes, void (*closed)(void *data))
{
    if (nodes->cluster != NULL)
        releve_cluster_close(nodes->cluster, closed);
    else
        releve_commands_close(&nodes->commands, closed);
}

void releve_nodes_set_timeout(struct releve_nodes *nodes, releve_time timeout_ms)
{
    if (nodes->cluster != NULL)
        releve_cluster_set_timeout(nodes->cluster, timeout_ms);
    else
        nodes->commands.connection.timeout_ms = timeout_ms;
}

releve_time releve_nodes_timeout(const struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_timeout(nodes->cluster) : nodes->commands.connection.timeout_ms;
}

void releve_nodes_set_patient(struct releve_nodes *nodes)
{
    if (nodes->cluster != NULL)
        releve_cluster_set_patient(nodes->cluster);
    else
        nodes->commands.connection.patient = true;
}

void releve_nodes_set_start(struct releve_nodes *nodes, releve_time start_ms,
                            void (*on_wait)(void *data, const char *line))
{
    if (nodes->cluster != NULL)
        releve_cluster_set_start(nodes->cluster, start_ms, on_wait);
}

void releve_nodes_begin_with_queue(struct releve_nodes *nodes)
{
    struct releve_words words = {.count = 0};
    if (nodes->cluster == NULL)
        return;
    releve_words_add(&words, "EXISTS");
    releve_key_jobs(&words, nodes->prefix, RELEVE_NORMAL);
    releve_cluster_begin_with(nodes->cluster, releve_slot_of_words(&words));
    releve_words_free(&words);
}

void releve_nodes_set_impatient(struct releve_nodes *nodes)
{
    if (nodes->cluster != NULL)
        releve_cluster_set_impatient(nodes->cluster);
    else
        nodes->commands.impatient = true;
}

bool releve_nodes_miss_replicas(struct releve_nodes *nodes, const char *key, char why[RELEVE_ERROR_BYTES])
{
    const struct releve_commands *commands =
        nodes->cluster != NULL ? releve_cluster_at(nodes->cluster, releve_slot_of_key(key, strlen(key)))
                               : &nodes->commands;
    return releve_commands_miss_replicas(commands, why);
}

/* --- sending ------------------------------------------------------------------------------------------ */

struct releve_commands *releve_nodes_at(struct releve_nodes *nodes, const struct releve_words *words)
{
    if (nodes->cluster == NULL)
        return &nodes->commands;
    return releve_cluster_at(nodes->cluster, releve_slot_of_words(words));
}

void releve_nodes_send(struct releve_nodes *nodes, const char *what, const struct releve_script *script,
                       struct releve_words *words, releve_commands_reply reply, void *data)
{
    releve_commands_send(releve_nodes_at(nodes, words), what, script, words, reply, data);
}

void releve_nodes_send_replicated(struct releve_nodes *nodes, enum releve_replicas replicas, const char *what,
                                  const struct releve_script *script, struct releve_words *words,
                                  releve_commands_reply reply, void *data)
{
    releve_commands_send_replicated(releve_nodes_at(nodes, words), replicas, what, script, words, reply, data);
}

void releve_nodes_send_behind(struct releve_nodes *nodes, struct releve_words *prelude, const char *what,
                              const struct releve_script *script, struct releve_words *words,
                              releve_commands_reply reply, void *data)
{
    releve_commands_send_behind(releve_nodes_at(nodes, words), prelude, what, script, words, reply, data);
}

void releve_nodes_send_to(struct releve_nodes *nodes, size_t i, const char *what, const struct releve_script *script,
                          struct releve_words *words, releve_commands_reply reply, void *data)
{
    struct releve_commands *commands =
        nodes->cluster != NULL ? releve_cluster_at_master(nodes->cluster, i) : &nodes->commands;
    releve_commands_send(commands, what, script, words, reply, data);
}

/* --- what is known of them ------------------------------------------------------------------------------ */

size_t releve_nodes_count(struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_masters(nodes->cluster) : 1;
}

uint64_t releve_nodes_epoch(const struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_epoch(nodes->cluster) : nodes->commands.own_epoch;
}

static bool keeps(const struct releve_connection *connection)
{
    return !connection->no_append_only_file || !connection->no_save_points;
}

void releve_nodes_name(struct releve_nodes *nodes, size_t i, char out[RELEVE_REDIS_SEED_TEXT])
{
    out[0] = '\0';
    if (nodes->cluster != NULL)
        releve_cluster_name(nodes->cluster, i, out);
}

bool releve_nodes_keeps(struct releve_nodes *nodes, size_t i)
{
    return keeps(nodes->cluster != NULL ? &releve_cluster_at_master(nodes->cluster, i)->connection
                                        : &nodes->commands.connection);
}

bool releve_nodes_serves(struct releve_nodes *nodes, const char *key, size_t *place)
{
    *place = 0;
    if (nodes->cluster != NULL)
        return releve_cluster_serves(nodes->cluster, releve_slot_of_key(key, strlen(key)), place);
    return nodes->commands.connection.state == RELEVE_CONNECTION_UP;
}

bool releve_nodes_away(struct releve_nodes *nodes, size_t i, char out[RELEVE_REDIS_SEED_TEXT])
{
    return nodes->cluster != NULL && releve_cluster_away(nodes->cluster, i, out);
}

void releve_nodes_look(struct releve_nodes *nodes, void (*done)(void *data), void *data)
{
    if (nodes->cluster != NULL)
        releve_cluster_look(nodes->cluster, done, data);
    else
        done(data);
}

bool releve_nodes_is_up(const struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_is_up(nodes->cluster)
                                  : nodes->commands.connection.state == RELEVE_CONNECTION_UP;
}

bool releve_nodes_is_reachable(struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_is_reachable(nodes->cluster) : releve_nodes_is_up(nodes);
}

bool releve_nodes_is_durable(const struct releve_nodes *nodes)
{
    if (nodes->cluster != NULL)
        return releve_cluster_is_durable(nodes->cluster);
    return keeps(&nodes->commands.connection);
}

size_t releve_nodes_unanswered(const struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_unanswered(nodes->cluster)
                                  : releve_commands_unanswered(&nodes->commands);
}

const struct releve_latencies *releve_nodes_latencies(const struct releve_nodes *nodes)
{
    return nodes->cluster != NULL ? releve_cluster_latencies(nodes->cluster) : &nodes->commands.latencies;
}

/* --- subscriptions -------------------------------------------------------------------------------------- */

static void choose(void *data, struct releve_redis_url *chosen)
{
    releve_cluster_choose(data, chosen);
}

void releve_nodes_lend(struct releve_nodes *nodes, struct releve_connection *connection,
                       struct releve_redis_url *chosen)
{
    if (nodes->cluster == NULL)
        return;
    connection->choose = choose;
    connection->choose_data = nodes->cluster;
    connection->chosen = chosen;
}

bool releve_nodes_knows(const struct releve_nodes *nodes, const struct releve_redis_url *chosen)
{
    return nodes->cluster == NULL || releve_cluster_knows(nodes->cluster, chosen);
}
