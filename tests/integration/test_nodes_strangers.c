/* Commands to a Redis Cluster beside which there are nodes that are not in it yet, or not any more. */
#include "nodes_fixture.h"
#include <adapters/redis/cluster_internal.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* --- a node of no cluster ----------------------------------------------------------------------------------- */

struct stranger {
    struct redis_server server;
    int port;
    char id[41];
};

static void start_stranger(struct stranger *stranger)
{
    char port[16];
    stranger->port = redis_cluster_free_port();
    (void)snprintf(port, sizeof port, "%d", stranger->port);
    redis_server_start(&stranger->server,
                       (const char *const[]){"--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes",
                                             "--cluster-node-timeout", "1000", NULL});
    redisReply *reply = redis_server_command(&stranger->server, "CLUSTER MYID");
    (void)snprintf(stranger->id, sizeof stranger->id, "%s", reply->str);
    freeReplyObject(reply);
}

/* Makes it a master of the cluster that serves no slot, and waits until all know it and it serves. */
static void join(struct stranger *stranger)
{
    redis_cluster_do(&cluster, 0, "CLUSTER MEET 127.0.0.1 %d", stranger->port);
    for (int i = 0; i < CLUSTER_NODES;) {
        redisReply *reply = redis_cluster_ask(&cluster, i, "CLUSTER NODES");
        i += strstr(reply->str, stranger->id) != NULL && strstr(reply->str, "handshake") == NULL;
        freeReplyObject(reply);
    }
    for (bool serves = false; !serves;) {
        redisReply *reply = redis_server_command(&stranger->server, "CLUSTER INFO");
        serves = strstr(reply->str, "cluster_state:ok") != NULL;
        freeReplyObject(reply);
    }
}

static void command_stranger(struct stranger *stranger, const char *command)
{
    redisReply *reply = redis_server_command(&stranger->server, command);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", command, reply->str);
    freeReplyObject(reply);
}

static void forget(const struct stranger *stranger)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(&cluster, i, "CLUSTER FORGET %s", stranger->id);
}

/* --- what was sent to it ------------------------------------------------------------------------------------ */

/* The first move of a slot to a new master is under way, which makes ASK lead there; it has no slot of its own. */
static void begin_to_move(struct stranger *stranger, int slot, int from)
{
    char id[41], command[96];
    redis_cluster_id(&cluster, from, id);
    (void)snprintf(command, sizeof command, "CLUSTER SETSLOT %d IMPORTING %s", slot, id);
    command_stranger(stranger, command);
    redis_cluster_do(&cluster, from, "CLUSTER SETSLOT %d MIGRATING %s", slot, stranger->id);
}

/* Commands that it has not answered. */
static size_t waiting_at(const struct stranger *stranger)
{
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        const struct releve_place *place = &f.nodes.cluster->places.of[i];
        if (place->node != NULL && place->seed.port == stranger->port)
            return place->node->commands.load.count;
    }
    return 0;
}

static void test_what_ask_led_to_a_new_master_is_answered_although_that_dies(void **state)
{
    (void)state;
    struct stranger fresh;
    struct answer first = {.calls = 0}, second = {.calls = 0};
    open_cluster();
    start_stranger(&fresh);
    join(&fresh);
    int slot = slot_of("{apart}1"), from = owner(slot);
    begin_to_move(&fresh, slot, from);
    send_words(NULL, &first, "GET", "{apart}1", (char *)NULL);
    await_ok(&first);
    assert_int_equal(kill(fresh.server.pid, SIGSTOP), 0);
    send_words(NULL, &second, "GET", "{apart}1", (char *)NULL);
    while (waiting_at(&fresh) == 0)
        turn();
    redis_server_end(&fresh.server);
    while (f.downs == 0) /* it is said what is waited for */
        turn();
    assert_int_equal(second.calls, 0);
    redis_cluster_do(&cluster, from, "CLUSTER SETSLOT %d STABLE", slot);
    forget(&fresh);
    await_ok(&second);
    await_link(1);
    close_nodes();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        healed(test_what_ask_led_to_a_new_master_is_answered_although_that_dies),
    };
    return run_healed(argc, argv, tests);
}
