/* What is said when a node refuses, as its cluster or it itself does not serve. The node that says so of its cluster is
 * mostly well: another one is away. */
#include <adapters/redis/cluster_internal.h>
#include <stdio.h>
#include <string.h>

#define SILENT_MS 500 /* a master that answers takes some ms, and one that writes slowly some hundred at times */

static bool is_of_the_cluster(const redisReply *reply)
{
    return strncmp(reply->str, "CLUSTERDOWN ", strlen("CLUSTERDOWN ")) == 0 ||
           strstr(reply->str, "while the cluster is down") != NULL; /* said by a script */
}

static releve_time silent_ms(const struct releve_place *place)
{
    const struct releve_commands *commands = &place->node->commands;
    if (releve_place_is_up(place))
        return releve_commands_silent_ms(commands);
    releve_time since_ms = commands->down_ms > 0 ? commands->down_ms : commands->connection.opened_ms;
    return (releve_time)uv_now(commands->connection.loop) - since_ms;
}

/* The master that has been silent for longest; NULL where all that were asked something answer. */
static const struct releve_place *find_silent(struct releve_cluster *cluster)
{
    const struct releve_place *silent = NULL;
    for (struct releve_place *master = NULL; (master = releve_places_next_master(&cluster->places, master)) != NULL;)
        if (master->node != NULL && silent_ms(master) >= (silent != NULL ? silent_ms(silent) : SILENT_MS))
            silent = master;
    return silent;
}

void releve_cluster_say_away(const struct releve_node *node, const redisReply *reply, char why[RELEVE_ERROR_BYTES])
{
    const struct releve_place *silent = find_silent(node->cluster);
    if (!is_of_the_cluster(reply)) {
        (void)snprintf(why, RELEVE_ERROR_BYTES, "Redis at %s does not serve: %.120s", node->url.address, reply->str);
        return;
    }
    int length =
        snprintf(why, RELEVE_ERROR_BYTES, "Redis at %s says that not all slots of its cluster are served (CLUSTERDOWN)",
                 node->url.address);
    if (silent != NULL && silent != node->place && length < RELEVE_ERROR_BYTES)
        (void)snprintf(why + length, RELEVE_ERROR_BYTES - (size_t)length, "; Redis at %s does not answer",
                       silent->node->url.address);
}
