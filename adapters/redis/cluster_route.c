/* Where each command of a cluster waits: at the node that serves its slot, or in the lobby, and what a node's refusal
 * does to it (see the top of nodes.c). */
#include <adapters/redis/cluster_internal.h>
#include <adapters/redis/redirection.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

/* Where a node does not answer. */
#define REMEDY                                                                                                         \
    "start it; the cluster announces that address: if it cannot be reached from here, see cluster-announce-ip in its " \
    "configuration"

/* --- nodes --------------------------------------------------------------------------------------------- */

void releve_cluster_on_node_closed(void *data)
{
    struct releve_node *node = data;
    struct releve_cluster *cluster = node->cluster;
    if (node->place != NULL)
        node->place->node = NULL; /* all is being closed, and whoever hears of it may ask again */
    explicit_bzero(&node->url, sizeof node->url);
    free(node);
    releve_closing_one(&cluster->parts);
}

struct releve_command *releve_cluster_abandon(struct releve_node *node)
{
    node->place->node = NULL;
    node->place = NULL; /* what it still calls has nothing to say */
    releve_connection_drop(&node->commands.connection, "replaced");
    struct releve_command *left = releve_commands_take(&node->commands);
    releve_commands_close(&node->commands, releve_cluster_on_node_closed);
    return left;
}

static void on_node_ready(void *data, const struct releve_error *error);
static void on_node_link(void *data, bool up, const char *why);
static const struct releve_commands_hooks hooks;

void releve_cluster_url(const struct releve_cluster *cluster, const struct releve_redis_seed *seed,
                        struct releve_redis_url *url)
{
    releve_redis_url_of_seed(cluster->url, seed, url);
}

struct releve_node *releve_cluster_node_at(struct releve_cluster *cluster, struct releve_place *place)
{
    if (place->node != NULL)
        return place->node;
    struct releve_node *node = releve_alloc(1, sizeof *node);
    place->node = node;
    node->cluster = cluster;
    node->place = place;
    releve_cluster_url(cluster, &place->seed, &node->url);
    cluster->parts.open++;
    releve_commands_open(&node->commands, cluster->loop, &node->url, cluster->prefix, on_node_ready, on_node_link,
                         node);
    node->commands.connection.timeout_ms = cluster->timeout_ms;
    node->commands.connection.remedy = REMEDY;
    node->commands.connection.node_id = place->id; /* the place stays as long as it has a node */
    node->commands.impatient = cluster->impatient;
    node->commands.hooks = &hooks;
    node->commands.total = &cluster->total;
    node->commands.epoch = &cluster->reconnected;
    node->commands.numbers = &cluster->numbers;
    node->commands.measured = &cluster->latencies;
    return node;
}

bool releve_place_is_up(const struct releve_place *place)
{
    return place->node != NULL && place->node->commands.connection.state == RELEVE_CONNECTION_UP;
}

struct releve_node *releve_cluster_node_for(struct releve_cluster *cluster, int slot)
{
    struct releve_place *place = NULL;
    if (slot >= 0) {
        place = releve_places_owner(&cluster->places, slot);
    } else {
        struct releve_place *master = NULL;
        while ((master = releve_places_next_master(&cluster->places, master)) != NULL)
            if (place == NULL || (releve_place_is_up(master) && !releve_place_is_up(place)))
                place = master;
    }
    return place != NULL ? releve_cluster_node_at(cluster, place) : NULL;
}

/* --- waiting in the lobby ------------------------------------------------------------------------------- */

static void on_retry(uv_timer_t *timer);

void releve_cluster_want_retry(struct releve_cluster *cluster)
{
    if (cluster->phase != CLUSTER_WORKING || uv_is_active((uv_handle_t *)&cluster->retry_timer))
        return;
    (void)uv_timer_start(&cluster->retry_timer, on_retry, (uint64_t)cluster->retry_ms, 0);
    cluster->retry_ms *= 2;
    if (cluster->retry_ms > RELEVE_RETRY_MAX_MS)
        cluster->retry_ms = RELEVE_RETRY_MAX_MS;
}

static void hold(struct releve_cluster *cluster, struct releve_command *command)
{
    struct releve_route *route = releve_command_route(command);
    route->asking = false;
    route->redirects = 0;
    releve_commands_put(&cluster->lobby, command);
    releve_cluster_want_retry(cluster);
}

/* The same, as nobody serves it. */
static void hold_unserved(struct releve_cluster *cluster, struct releve_command *command, const char *why)
{
    struct releve_route *route = releve_command_route(command);
    cluster->unserved += !route->unserved;
    route->unserved = true;
    hold(cluster, command);
    releve_cluster_want_map(cluster);
    releve_cluster_link_down(cluster, why);
}

static void reset_route(struct releve_cluster *cluster, struct releve_command *command)
{
    struct releve_route *route = releve_command_route(command);
    cluster->unserved -= route->unserved;
    memset(route, 0, sizeof *route);
}

/* Sends a command, which is in no list, to where it belongs now. */
static void route(struct releve_cluster *cluster, struct releve_command *command)
{
    int slot = releve_slot_of_wire(releve_command_wire(command));
    releve_command_route(command)->asking = false;
    if (slot == RELEVE_SLOT_NODE) { /* its node is no more */
        reset_route(cluster, command);
        cluster->reconnected++; /* also where the slots stay where they are */
        releve_commands_fail(&cluster->lobby, command, "the nodes of the Redis Cluster have changed; try again");
        return;
    }
    struct releve_node *node = releve_cluster_node_for(cluster, slot);
    if (node != NULL) {
        releve_commands_put(&node->commands, command);
        return;
    }
    char why[RELEVE_REDIS_ADDRESS_BYTES + 64];
    (void)snprintf(why, sizeof why, "no node of the Redis Cluster at %s serves slot %d", cluster->url->address, slot);
    hold_unserved(cluster, command, why);
}

void releve_cluster_route(struct releve_cluster *cluster, struct releve_command *list)
{
    struct releve_command *command;
    while ((command = releve_command_next(&list)) != NULL)
        route(cluster, command);
}

void releve_cluster_reroute(struct releve_node *node)
{
    struct releve_command *list = releve_commands_take(&node->commands), *command;
    while ((command = releve_command_next(&list)) != NULL)
        if (releve_slot_of_wire(releve_command_wire(command)) == RELEVE_SLOT_NODE)
            releve_commands_put(&node->commands, command);
        else
            route(node->cluster, command);
}

static void on_retry(uv_timer_t *timer)
{
    struct releve_cluster *cluster = timer->data;
    releve_cluster_route(cluster, releve_commands_take(&cluster->lobby));
}

/* --- what nodes say ------------------------------------------------------------------------------------- */

static void on_node_ready(void *data, const struct releve_error *error)
{
    struct releve_node *node = data;
    struct releve_cluster *cluster = node->cluster;
    if (node->place == NULL || cluster->phase == CLUSTER_CLOSING)
        return;
    if (error->code == RELEVE_OK) {
        const struct releve_connection *connection = &node->commands.connection;
        cluster->lossy = cluster->lossy || (connection->no_append_only_file && connection->no_save_points);
        releve_cluster_judge(cluster);
        return;
    }
    cluster->trouble = *error;
    cluster->trouble.code = RELEVE_E_REDIS; /* what a cluster says of its nodes is no mistake of RELEVE_REDIS */
    cluster->refused = cluster->trouble;
    cluster->refusing = node->place;
    struct releve_command *list = releve_cluster_abandon(node), *command;
    while ((command = releve_command_next(&list)) != NULL)
        hold_unserved(cluster, command, error->text);
    releve_cluster_want_map(cluster);
    releve_cluster_judge(cluster);
}

static void on_node_link(void *data, bool up, const char *why)
{
    struct releve_node *node = data;
    struct releve_cluster *cluster = node->cluster;
    if (node->place == NULL || cluster->phase == CLUSTER_CLOSING)
        return;
    if (up) {
        releve_cluster_judge(cluster);
        return;
    }
    releve_cluster_want_map(cluster);
    if (node->place->master)
        releve_cluster_link_down(cluster, why);
}

/* The host of a redirection may be left out: it is that of the node that answered. */
static void complete(const struct releve_node *node, struct releve_redirection *redirection)
{
    if (redirection->node.host[0] == '\0')
        memcpy(redirection->node.host, node->url.host, sizeof redirection->node.host);
}

/* For how long that has been so. `*since_ms` is 0 at the first time. */
static releve_time lasts_ms(const struct releve_cluster *cluster, releve_time *since_ms)
{
    releve_time now_ms = (releve_time)uv_now(cluster->loop);
    if (*since_ms == 0)
        *since_ms = now_ms;
    return now_ms - *since_ms;
}

/* A node that no map has was added a moment ago, which the next map says. Or the one that names it was put into another
 * cluster: what belongs here must not go there, nor is that one's own map to be followed. */
static void wait_for_node(struct releve_node *node, struct releve_command *command, int slot, const char *name)
{
    struct releve_cluster *cluster = node->cluster;
    char why[RELEVE_ERROR_BYTES];
    node->place->doubted = true;
    if (lasts_ms(cluster, &releve_command_route(command)->astray_ms) < RELEVE_ASTRAY_MS) {
        hold(cluster, command);
        return;
    }
    (void)snprintf(
        why, sizeof why,
        "Redis at %s says that slot %d is at %s, which no map of the cluster has, and what needs it waits until "
        "another node says so too; if there is no other, name one that is right in RELEVE_REDIS and start again",
        node->url.address, slot, name);
    hold_unserved(cluster, command, why);
}

static void follow_moved(struct releve_node *node, struct releve_command *command,
                         const struct releve_redirection *redirection)
{
    struct releve_cluster *cluster = node->cluster;
    char name[RELEVE_REDIS_SEED_TEXT] = "another node without a name";
    releve_cluster_want_map(cluster);
    if (!redirection->host_unknown)
        (void)releve_redis_seed_format(&redirection->node, name);
    if (redirection->host_unknown || !releve_places_move(&cluster->places, redirection->slot, &redirection->node))
        wait_for_node(node, command, redirection->slot, name);
    else if (++releve_command_route(command)->redirects > RELEVE_REDIRECTS_MAX)
        hold(cluster, command);
    else
        route(cluster, command);
}

static void follow_ask(struct releve_node *node, struct releve_command *command,
                       const struct releve_redirection *redirection)
{
    struct releve_cluster *cluster = node->cluster;
    struct releve_place *place =
        redirection->host_unknown ? NULL : releve_places_find(&cluster->places, &redirection->node);
    if (place == NULL || ++releve_command_route(command)->redirects > RELEVE_REDIRECTS_MAX) {
        hold(cluster, command);
        return;
    }
    releve_command_route(command)->asking = true;
    releve_commands_put(&releve_cluster_node_at(cluster, place)->commands, command);
}

/* While its slot is on its way, a command whose keys are not all at one node waits. An interrupted `redis-cli --cluster
 * reshard` leaves a slot so for good. */
static void follow_split(struct releve_node *node, struct releve_command *command)
{
    struct releve_cluster *cluster = node->cluster;
    char why[RELEVE_REDIS_ADDRESS_BYTES + 256];
    if (lasts_ms(cluster, &releve_command_route(command)->split_ms) < RELEVE_SPLIT_MS) {
        hold(cluster, command);
        return;
    }
    (void)snprintf(why, sizeof why,
                   "slot %d of the Redis Cluster at %s has been on its way between two nodes for more than %lld s, and "
                   "what needs it waits: if nobody moves it any more, finish it with redis-cli --cluster fix",
                   releve_slot_of_wire(releve_command_wire(command)), cluster->url->address,
                   (long long)(RELEVE_SPLIT_MS / RELEVE_SECOND_MS));
    hold_unserved(cluster, command, why);
}

/* A script that was served with its first key and refused another one; false where that has gone on for too long. */
static bool follow_alien(struct releve_node *node, struct releve_command *command)
{
    struct releve_cluster *cluster = node->cluster;
    if (lasts_ms(cluster, &releve_command_route(command)->alien_ms) > RELEVE_ALIEN_MS)
        return false;
    hold(cluster, command);
    return true;
}

/* The cluster or this node does not serve. A node that has served nothing yet may be about to: where a cluster was just
 * created or started, all its nodes say so for a moment. */
static void follow_away(struct releve_node *node, struct releve_command *command, const redisReply *reply)
{
    struct releve_cluster *cluster = node->cluster;
    char why[RELEVE_ERROR_BYTES];
    releve_cluster_say_away(node, reply, why);
    if (node->served || !releve_cluster_is_young(cluster)) {
        hold_unserved(cluster, command, why);
        return;
    }
    hold(cluster, command);
    releve_cluster_want_map(cluster);
    releve_cluster_await(cluster, why);
}

static bool on_refused(void *data, struct releve_command *command, const redisReply *reply)
{
    struct releve_node *node = data;
    struct releve_cluster *cluster = node->cluster;
    struct releve_redirection redirection = releve_redirection_of(reply);
    if (cluster->phase == CLUSTER_CLOSING || node->place == NULL)
        return false;
    complete(node, &redirection);
    switch (redirection.type) {
    case RELEVE_REDIRECTION_MOVED:
        follow_moved(node, command, &redirection);
        return true;
    case RELEVE_REDIRECTION_ASK:
        follow_ask(node, command, &redirection);
        return true;
    case RELEVE_REDIRECTION_AGAIN:
        hold(cluster, command);
        return true;
    case RELEVE_REDIRECTION_SPLIT:
        follow_split(node, command);
        return true;
    case RELEVE_REDIRECTION_ALIEN:
        return follow_alien(node, command);
    case RELEVE_REDIRECTION_AWAY:
        follow_away(node, command, reply);
        return true;
    case RELEVE_REDIRECTION_NONE:
        break;
    }
    return false;
}

static void on_answered(void *data, struct releve_command *command)
{
    struct releve_node *node = data;
    struct releve_cluster *cluster = node->cluster;
    bool unserved = releve_command_route(command)->unserved;
    node->served =
        node->served || (releve_command_was_sent(command) && releve_slot_of_wire(releve_command_wire(command)) >= 0);
    reset_route(cluster, command);
    if (cluster->lobby.load.count == 0)
        cluster->retry_ms = RELEVE_RETRY_FIRST_MS;
    if (unserved && cluster->unserved == 0)
        releve_cluster_judge(cluster);
}

/* Perhaps it was replaced, and nobody says so. */
static void on_silent(void *data)
{
    const struct releve_node *node = data;
    if (node->place != NULL && node->cluster->phase == CLUSTER_WORKING)
        releve_cluster_want_map(node->cluster);
}

static const struct releve_commands_hooks hooks = {on_refused, on_answered, on_silent};
