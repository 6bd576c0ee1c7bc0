/* Six redis_servers that are told of each other. What has to come about is asked for again and again. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "await.h"
#include "redis_cluster.h"

#define SLOTS 16384
#define BUS_PORTS 10000 /* between a port and that of the bus, as is Redis's custom */
#define AGAIN_MS 10     /* between two questions */
#define PORT_TRIES 1000
#define FAILOVER_S 6 /* Redis gives a manual failover up after 5 s (CLUSTER_MF_TIMEOUT) */

static void breathe(void)
{
    const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static int bind_port(int port)
{
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int got = bind(fd, (struct sockaddr *)&name, bytes) == 0 && getsockname(fd, (struct sockaddr *)&name, &bytes) == 0
                  ? ntohs(name.sin_port)
                  : -1;
    (void)close(fd);
    return got;
}

int redis_cluster_free_port(void)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        int port = bind_port(0);
        if (port > 0 && port + BUS_PORTS < 65536 && bind_port(port + BUS_PORTS) > 0)
            return port;
        if (port + BUS_PORTS >= 65536 && bind_port(port - BUS_PORTS) > 0) /* the kernel gives high ones */
            return port - BUS_PORTS;
    }
    fail_msg("no port is free");
    return -1;
}

/* --- one node ------------------------------------------------------------------------------------------ */

static redisReply *ask_list(struct redis_cluster *cluster, int i, const char *format, va_list list)
{
    redisContext *context = redis_server_connect(&cluster->nodes[i]);
    if (cluster->password[0] != '\0')
        freeReplyObject(redisCommand(context, "AUTH %s", cluster->password));
    redisReply *reply = redisvCommand(context, format, list);
    if (reply == NULL)
        fail_msg("%s: %s: %s", cluster->nodes[i].socket, format, context->errstr);
    redisFree(context);
    return reply;
}

redisReply *redis_cluster_ask(struct redis_cluster *cluster, int i, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    redisReply *reply = ask_list(cluster, i, format, list);
    va_end(list);
    return reply;
}

void redis_cluster_do(struct redis_cluster *cluster, int i, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    redisReply *reply = ask_list(cluster, i, format, list);
    va_end(list);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", format, reply->str);
    freeReplyObject(reply);
}

static bool says(struct redis_cluster *cluster, int i, const char *command, const char *wanted)
{
    redisReply *reply = redis_cluster_ask(cluster, i, command);
    bool found = reply->type == REDIS_REPLY_STRING && strstr(reply->str, wanted) != NULL;
    freeReplyObject(reply);
    return found;
}

static void await_saying(struct redis_cluster *cluster, int i, const char *command, const char *wanted)
{
    await(says(cluster, i, command, wanted), breathe());
}

static const char *const *arguments(struct redis_cluster *cluster, int i, const char *const *extra)
{
    static const char *list[CLUSTER_ARGUMENTS];
    static char port[16];
    static const char *const fixed[] = {"--bind",
                                        "127.0.0.1",
                                        "--cluster-enabled",
                                        "yes",
                                        "--cluster-node-timeout",
                                        "1000",
                                        "--cluster-replica-validity-factor",
                                        "0",
                                        "--cluster-allow-replica-migration",
                                        "no",
                                        "--repl-diskless-sync-delay",
                                        "0",
                                        "--appendfsync",
                                        "no",
                                        NULL};
    int count = 0;
    (void)snprintf(port, sizeof port, "%d", cluster->ports[i]);
    list[count++] = "--port";
    list[count++] = port;
    for (const char *const *one = fixed; *one != NULL; one++)
        list[count++] = *one;
    if (cluster->password[0] != '\0') {
        list[count++] = "--requirepass";
        list[count++] = cluster->password;
        list[count++] = "--masterauth";
        list[count++] = cluster->password;
    }
    for (; extra != NULL && *extra != NULL; extra++)
        list[count++] = *extra;
    assert_true(count < CLUSTER_ARGUMENTS);
    list[count] = NULL;
    return list;
}

void redis_cluster_restart(struct redis_cluster *cluster, int i)
{
    redis_server_restart(&cluster->nodes[i], arguments(cluster, i, NULL));
}

void redis_cluster_id(struct redis_cluster *cluster, int i, char id[41])
{
    redisReply *reply = redis_cluster_ask(cluster, i, "CLUSTER MYID");
    (void)snprintf(id, 41, "%s", reply->str);
    freeReplyObject(reply);
}

/* --- all of them --------------------------------------------------------------------------------------- */

void redis_cluster_start(struct redis_cluster *cluster, const char *const *extra)
{
    for (int i = 0; i < CLUSTER_NODES; i++) {
        cluster->ports[i] = redis_cluster_free_port();
        redis_server_start(&cluster->nodes[i], arguments(cluster, i, extra));
    }
}

void redis_cluster_form(struct redis_cluster *cluster)
{
    static const int first[CLUSTER_MASTERS + 1] = {0, 5461, 10923, SLOTS};
    char known[32], id[41];
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(cluster, i, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
    for (int i = 0; i < CLUSTER_MASTERS; i++)
        redis_cluster_do(cluster, i, "CLUSTER ADDSLOTSRANGE %d %d", first[i], first[i + 1] - 1);
    for (int i = 1; i < CLUSTER_NODES; i++)
        redis_cluster_do(cluster, 0, "CLUSTER MEET 127.0.0.1 %d", cluster->ports[i]);
    (void)snprintf(known, sizeof known, "cluster_known_nodes:%d", CLUSTER_NODES);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        await_saying(cluster, i, "CLUSTER INFO", known);
        await(!says(cluster, i, "CLUSTER NODES", "handshake"), breathe());
    }
    for (int i = 0; i < CLUSTER_MASTERS; i++) {
        redis_cluster_id(cluster, i, id);
        redis_cluster_do(cluster, i + CLUSTER_MASTERS, "CLUSTER REPLICATE %s", id);
    }
    redis_cluster_heal(cluster);
}

/* Three masters, and three replicas that are connected to them; all that are known live. */
static bool is_well(struct redis_cluster *cluster, int i)
{
    redisReply *reply = redis_cluster_ask(cluster, i, "CLUSTER NODES");
    int masters = 0, replicas = 0;
    bool fails = reply->type != REDIS_REPLY_STRING || strstr(reply->str, "fail") != NULL ||
                 strstr(reply->str, "disconnected") != NULL || strstr(reply->str, "handshake") != NULL;
    char *rest = NULL, *line = fails ? NULL : strtok_r(reply->str, "\n", &rest);
    for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        masters += strstr(line, "master -") != NULL && strstr(line, "connected ") != NULL;
        replicas += strstr(line, "slave ") != NULL;
    }
    freeReplyObject(reply);
    return !fails && masters == CLUSTER_MASTERS && replicas == CLUSTER_NODES - CLUSTER_MASTERS &&
           says(cluster, i, "CLUSTER INFO", "cluster_state:ok") &&
           (says(cluster, i, "INFO replication", "master_link_status:up") ||
            says(cluster, i, "INFO replication", "state=online"));
}

static bool are_all_well(struct redis_cluster *cluster)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (!is_well(cluster, i))
            return false;
    return true;
}

void redis_cluster_heal(struct redis_cluster *cluster)
{
    for (int i = 0; i < CLUSTER_NODES; i++) {
        if (cluster->nodes[i].pid == 0)
            redis_cluster_restart(cluster, i);
        (void)kill(cluster->nodes[i].pid, SIGCONT);
    }
    await(are_all_well(cluster), breathe());
}

void redis_cluster_require_full_coverage(struct redis_cluster *cluster, const char *wanted)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster->nodes[i].pid != 0)
            redis_cluster_do(cluster, i, "CONFIG SET cluster-require-full-coverage %s", wanted);
}

void redis_cluster_end(struct redis_cluster *cluster)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_server_end(&cluster->nodes[i]);
}

/* --- who serves what ------------------------------------------------------------------------------------ */

int redis_cluster_owner_seen_by(struct redis_cluster *cluster, int asked, int slot)
{
    int owner = -1;
    redisReply *reply = redis_cluster_ask(cluster, asked, "CLUSTER SLOTS");
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
        const redisReply *range = reply->element[i];
        if (slot >= range->element[0]->integer && slot <= range->element[1]->integer)
            for (int j = 0; j < CLUSTER_NODES; j++)
                if (cluster->ports[j] == range->element[2]->element[1]->integer)
                    owner = j;
    }
    freeReplyObject(reply);
    return owner;
}

int redis_cluster_owner(struct redis_cluster *cluster, int slot)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster->nodes[i].pid != 0 && redis_cluster_owner_seen_by(cluster, i, slot) == i)
            return i;
    return -1;
}

bool redis_cluster_is_master(struct redis_cluster *cluster, int i)
{
    return says(cluster, i, "INFO replication", "role:master");
}

int redis_cluster_agreed_owner(struct redis_cluster *cluster, int slot)
{
    int owner = redis_cluster_owner_seen_by(cluster, 0, slot);
    for (int i = 1; i < CLUSTER_NODES; i++)
        if (redis_cluster_owner_seen_by(cluster, i, slot) != owner)
            return -1;
    return owner >= 0 && redis_cluster_is_master(cluster, owner) ? owner : -1;
}

int redis_cluster_replica(struct redis_cluster *cluster, int master)
{
    char port[32];
    (void)snprintf(port, sizeof port, "master_port:%d\r", cluster->ports[master]);
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster->nodes[i].pid != 0 && says(cluster, i, "INFO replication", port))
            return i;
    fail_msg("no replica");
    return -1;
}

void redis_cluster_await_master(struct redis_cluster *cluster, int node, int slot)
{
    await(redis_cluster_is_master(cluster, node) && redis_cluster_owner_seen_by(cluster, node, slot) == node,
          breathe());
}

/* Masters that have voted about the same master a moment ago refuse to: it is asked for again. */
static void ask_to_take_over(struct redis_cluster *cluster, int replica, time_t *asked_s)
{
    if (await_now_s() - *asked_s >= FAILOVER_S) {
        freeReplyObject(redis_cluster_ask(cluster, replica, "CLUSTER FAILOVER"));
        *asked_s = await_now_s();
    }
    breathe();
}

int redis_cluster_fail_over(struct redis_cluster *cluster, int slot)
{
    int master = redis_cluster_owner(cluster, slot), replica = redis_cluster_replica(cluster, master);
    redis_server_kill(&cluster->nodes[replica]);
    redis_cluster_heal(cluster);
    time_t asked_s = 0;
    await(redis_cluster_agreed_owner(cluster, slot) == replica, ask_to_take_over(cluster, replica, &asked_s));
    redis_cluster_heal(cluster);
    return replica;
}

/* --- moving a slot -------------------------------------------------------------------------------------- */

void redis_cluster_move_begin(struct redis_cluster *cluster, int slot, int from, int to)
{
    char id[41];
    redis_cluster_id(cluster, from, id);
    redis_cluster_do(cluster, to, "CLUSTER SETSLOT %d IMPORTING %s", slot, id);
    redis_cluster_id(cluster, to, id);
    redis_cluster_do(cluster, from, "CLUSTER SETSLOT %d MIGRATING %s", slot, id);
}

void redis_cluster_move_keys(struct redis_cluster *cluster, int slot, int from, int to, int most)
{
    redisReply *keys = redis_cluster_ask(cluster, from, "CLUSTER GETKEYSINSLOT %d %d", slot, most);
    for (size_t i = 0; i < keys->elements; i++)
        redis_cluster_do(cluster, from, "MIGRATE 127.0.0.1 %d %b 0 5000", cluster->ports[to], keys->element[i]->str,
                         keys->element[i]->len);
    freeReplyObject(keys);
}

void redis_cluster_move_end(struct redis_cluster *cluster, int slot, int from, int to)
{
    char id[41];
    redis_cluster_move_keys(cluster, slot, from, to, 1000000);
    redis_cluster_id(cluster, to, id);
    redis_cluster_do(cluster, to, "CLUSTER SETSLOT %d NODE %s", slot, id);
    redis_cluster_do(cluster, from, "CLUSTER SETSLOT %d NODE %s", slot, id);
}
