/* Commands to a Redis Cluster beside which there are nodes that are not in it yet, or not any more. */
#include "nodes_fixture.h"
#include <adapters/redis/cluster_internal.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a node of no cluster ----------------------------------------------------------------------------------- */

struct stranger {
    struct redis_server server;
    int port;
    char id[41];
};

static void launch(struct stranger *stranger, void (*start)(struct redis_server *server, const char *const *extra))
{
    char port[16];
    (void)snprintf(port, sizeof port, "%d", stranger->port);
    start(&stranger->server, (const char *const[]){"--bind", "127.0.0.1", "--port", port, "--cluster-enabled", "yes",
                                                   "--cluster-node-timeout", "1000", NULL});
}

static void start_stranger_at(struct stranger *stranger, int port)
{
    stranger->port = port;
    launch(stranger, redis_server_start);
    redisReply *reply = redis_server_command(&stranger->server, "CLUSTER MYID");
    (void)snprintf(stranger->id, sizeof stranger->id, "%s", reply->str);
    freeReplyObject(reply);
}

static void start_stranger(struct stranger *stranger)
{
    start_stranger_at(stranger, redis_cluster_free_port());
}

static bool says(const struct stranger *stranger, const char *command, const char *wanted)
{
    redisReply *reply = redis_server_command(&stranger->server, command);
    bool found = reply->type == REDIS_REPLY_STRING && strstr(reply->str, wanted) != NULL;
    freeReplyObject(reply);
    return found;
}

static bool is_known(const struct stranger *stranger, int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "CLUSTER NODES");
    bool known = strstr(reply->str, stranger->id) != NULL && strstr(reply->str, "handshake") == NULL;
    freeReplyObject(reply);
    return known;
}

/* Makes it a master of the cluster that serves no slot, and waits until all know it and it serves. */
static void join(const struct stranger *stranger)
{
    redis_cluster_do(&cluster, 0, "CLUSTER MEET 127.0.0.1 %d", stranger->port);
    for (int i = 0; i < CLUSTER_NODES; i++)
        await(is_known(stranger, i), uv_run(&f.loop, UV_RUN_NOWAIT));
    await(says(stranger, "CLUSTER INFO", "cluster_state:ok"), uv_run(&f.loop, UV_RUN_NOWAIT));
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

static void expect_no_key(const struct stranger *stranger)
{
    redisReply *reply = redis_server_command(&stranger->server, "DBSIZE");
    assert_int_equal(reply->integer, 0);
    freeReplyObject(reply);
}

static long long asked_for_its_id(const struct stranger *stranger)
{
    static const char field[] = "cmdstat_cluster|myid:calls=";
    redisReply *reply = redis_server_command(&stranger->server, "INFO commandstats");
    const char *found = strstr(reply->str, field);
    long long count = found != NULL ? strtoll(found + sizeof field - 1, NULL, 10) : 0;
    freeReplyObject(reply);
    return count;
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
    await(waiting_at(&fresh) > 0, turn());
    redis_server_end(&fresh.server);
    await(f.downs > 0, turn()); /* it is said what is waited for */
    assert_int_equal(second.calls, 0);
    redis_cluster_do(&cluster, from, "CLUSTER SETSLOT %d STABLE", slot);
    forget(&fresh);
    await_ok(&second);
    await_link(1);
    close_nodes();
}

/* --- the first attempt -------------------------------------------------------------------------------------- */

static int waits;
static char waited[RELEVE_ERROR_BYTES];

static void on_wait(void *data, const char *line)
{
    (void)data;
    waits++;
    (void)snprintf(waited, sizeof waited, "%s", line);
}

static void open_to_wait(const int *ports, releve_time start_ms)
{
    waits = 0;
    name_nodes(ports);
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    releve_nodes_set_start(&f.nodes, start_ms, on_wait);
}

static void test_what_a_command_waits_for_at_the_beginning_is_said_once(void **state)
{
    (void)state;
    struct stranger alone;
    start_stranger(&alone);
    open_to_wait((const int[]){1, alone.port, 0}, RELEVE_CLUSTER_SAY_MS + RELEVE_SECOND_MS);
    await(f.ready.calls > 0, turn());
    assert_int_equal(waits, 1);
    assert_non_null(strstr(waited, "waits for Redis, "));
    assert_null(strchr(waited, '\n'));
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    close_nodes();
    open_to_wait((const int[]){alone.port, 0}, RELEVE_CLUSTER_SAY_MS + RELEVE_SECOND_MS);
    await(f.ready.calls > 0, turn());
    assert_non_null(strstr(waited, "is in no cluster"));
    assert_non_null(strstr(f.ready.error.text, "is in no cluster"));
    close_nodes();
    open_to_wait((const int[]){alone.port, 0}, 0); /* and it goes on when it is there */
    await(waits > 0, turn());
    command_stranger(&alone, "CLUSTER ADDSLOTSRANGE 0 16383");
    await(f.ready.calls > 0, turn());
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    assert_int_equal(waits, 1);
    close_nodes();
    redis_server_end(&alone.server);
}

static long long refusals_of(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "INFO errorstats");
    const char *found = strstr(reply->str, "errorstat_CLUSTERDOWN:count=");
    long long count = found != NULL ? strtoll(found + strlen("errorstat_CLUSTERDOWN:count="), NULL, 10) : 0;
    freeReplyObject(reply);
    return count;
}

static void test_a_node_that_does_not_serve_yet_is_waited_for(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0}, flood = {.calls = 0};
    int slot = slot_of("{told}"), master = owner(slot);
    int elsewhere = owner(slot + 1) == master ? slot + 1 : slot - 1;
    redis_cluster_do(&cluster, master, "CLUSTER DELSLOTS %d", elsewhere); /* as a node that does not know all yet */
    open_nodes((const int[]){cluster.ports[another(master)], 0});
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    send_words(NULL, &answer, "SET", "{told}", "x", (char *)NULL);
    await(refusals_of(master) >= 4, uv_run(&f.loop, UV_RUN_NOWAIT));
    for (int i = 0; i < RELEVE_COMMANDS_MAX; i++)
        send_words(NULL, &flood, "GET", "{told}", (char *)NULL);
    await(flood.calls == 1, turn()); /* the last one, which was not sent: no node has answered it */
    assert_int_equal(flood.error.code, RELEVE_E_REDIS);
    await(refusals_of(master) >= 2 * RELEVE_COMMANDS_MAX, uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_int_equal(f.downs, 0);
    assert_int_equal(answer.calls, 0);
    redis_cluster_do(&cluster, master, "CLUSTER ADDSLOTS %d", elsewhere);
    await_ok(&answer);
    await(flood.calls == RELEVE_COMMANDS_MAX, turn());
    close_nodes();
    assert_int_equal(f.downs, 0);
}

/* --- what it says ------------------------------------------------------------------------------------------- */

static void on_looked(void *data)
{
    *(bool *)data = true;
}

/* So often that every node that is known and every node that is named would have its turn. */
static void look_around(void)
{
    for (int i = 0; i < 2 * CLUSTER_NODES; i++) {
        bool looked = false;
        f.nodes.cluster->map_ms = 1; /* the next one is at once, too */
        releve_nodes_look(&f.nodes, on_looked, &looked);
        await(looked, turn());
    }
}

static void test_a_named_node_that_was_taken_out_is_not_believed(void **state)
{
    (void)state;
    struct stranger alone;
    start_stranger(&alone); /* as CLUSTER RESET leaves a node */
    open_nodes((const int[]){alone.port, cluster.ports[0], 0});
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    begin_load();
    await_done(200);
    uint64_t epoch = releve_nodes_epoch(&f.nodes);
    look_around();
    await_done(200);
    assert_int_equal(f.downs, 0);
    assert_int_equal(releve_nodes_epoch(&f.nodes), epoch);
    end_load();
    check_fields();
    close_nodes();
    redis_server_end(&alone.server);
}

static void test_a_named_node_of_another_cluster_is_not_followed(void **state)
{
    (void)state;
    struct stranger other;
    start_stranger(&other);
    command_stranger(&other, "CLUSTER ADDSLOTSRANGE 0 16383");
    open_nodes((const int[]){cluster.ports[0], other.port, 0});
    begin_load();
    await_done(200);
    look_around();
    await_done(200);
    assert_int_equal(f.downs, 0);
    for (int i = 0; i < CLUSTER_NODES; i++) /* nobody is left but the stranger */
        redis_server_kill(&cluster.nodes[i]);
    await(f.downs > 0, turn());
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "SET", "{astray}", "x", (char *)NULL);
    await(says(&other, "INFO commandstats", "cmdstat_cluster|slots:calls=3,"), /* it was asked more than once */
          uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_int_equal(answer.calls, 0);
    redis_cluster_heal(&cluster);
    await_ok(&answer);
    expect_no_key(&other);
    end_load();
    check_fields();
    close_nodes();
    redis_server_end(&other.server);
}

/* --- whom it sends one to ----------------------------------------------------------------------------------- */

static void give_slot(struct stranger *stranger, int slot, const char *id)
{
    char command[96];
    (void)snprintf(command, sizeof command, "CLUSTER SETSLOT %d NODE %s", slot, id);
    command_stranger(stranger, command);
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (redis_cluster_is_master(&cluster, i))
            redis_cluster_do(&cluster, i, "CLUSTER SETSLOT %d NODE %s", slot, id);
}

/* As an operator does it who keeps the process. It keeps its id. */
static void change_clusters(struct stranger *stranger, struct stranger *other)
{
    char command[96];
    command_stranger(stranger, "CLUSTER RESET SOFT");
    (void)snprintf(command, sizeof command, "CLUSTER MEET 127.0.0.1 %d", other->port);
    command_stranger(stranger, command);
    await(says(stranger, "CLUSTER NODES", "0-16383"), (void)0);
    await(says(stranger, "CLUSTER INFO", "cluster_state:ok"), (void)0);
    await(says(other, "CLUSTER NODES", stranger->id), (void)0);
}

static bool has_place(int port, size_t *turn_of)
{
    *turn_of = 0;
    for (size_t i = 0; i < RELEVE_NODES_MAX; i++) {
        const struct releve_place *place = &f.nodes.cluster->places.of[i];
        if (place->used && place->listed && place->seed.port == port)
            return true;
        *turn_of += place->used && place->listed;
    }
    return false;
}

/* Until then it has the map as it is now, for a minute. */
static bool is_calm(void)
{
    return !uv_is_active((uv_handle_t *)&f.nodes.cluster->map_timer) && f.nodes.cluster->scout.phase == SCOUT_IDLE;
}

static void test_a_node_that_is_in_another_cluster_by_now_sends_no_command_there(void **state)
{
    (void)state;
    struct stranger leaver, other;
    struct answer first = {.calls = 0}, second = {.calls = 0};
    char command[96], id[41];
    size_t turn_of;
    open_cluster();
    start_stranger(&other);
    command_stranger(&other, "CLUSTER ADDSLOTSRANGE 0 16383");
    start_stranger(&leaver);
    join(&leaver);
    int slot = slot_of("{astray}1"), from = owner(slot), elsewhere = slot_of("{elsewhere}");
    redis_cluster_id(&cluster, from, id);
    give_slot(&leaver, slot, leaver.id);
    send_words(NULL, &first, "SET", "{astray}1", "x", (char *)NULL);
    await_ok(&first); /* to a node that no map had */
    await(has_place(leaver.port, &turn_of) && is_calm(), turn());
    command_stranger(&leaver, "FLUSHALL");
    give_slot(&leaver, slot, id);
    forget(&leaver);
    change_clusters(&leaver, &other);
    (void)snprintf(command, sizeof command, "CLUSTER SETSLOT %d NODE %s", elsewhere, leaver.id);
    command_stranger(&leaver, command); /* it serves there, too */
    command_stranger(&other, command);
    f.nodes.cluster->candidate = turn_of; /* it is the next one to be asked for a map */
    send_words(NULL, &second, "SET", "{astray}1", "y", (char *)NULL);
    await_ok(&second);
    expect_no_key(&other);
    look_around();
    assert_false(has_place(other.port, &turn_of));
    assert_false(has_place(leaver.port, &turn_of));
    assert_int_equal(f.downs, 0);
    close_nodes();
    redis_server_end(&leaver.server);
    redis_server_end(&other.server);
}

static void test_what_the_only_node_sends_to_another_cluster_waits(void **state)
{
    (void)state;
    struct stranger known, other;
    struct answer before = {.calls = 0}, after = {.calls = 0};
    start_stranger(&known);
    start_stranger(&other);
    command_stranger(&known, "CLUSTER ADDSLOTSRANGE 0 16383");
    command_stranger(&other, "CLUSTER ADDSLOTSRANGE 0 16383");
    open_nodes((const int[]){known.port, 0});
    send_words(NULL, &before, "SET", "{known}", "x", (char *)NULL);
    await_ok(&before);
    command_stranger(&known, "FLUSHALL");
    change_clusters(&known, &other);
    send_words(NULL, &after, "SET", "{astray}", "x", (char *)NULL);
    await(f.downs > 0 || after.calls > 0, turn());
    assert_int_equal(after.calls, 0);
    assert_non_null(strstr(f.why, "which no map of the cluster has"));
    expect_no_key(&other);
    command_stranger(&known, "CLUSTER RESET SOFT");
    command_stranger(&known, "CLUSTER ADDSLOTSRANGE 0 16383");
    await_ok(&after);
    await_link(1);
    close_nodes();
    redis_server_end(&known.server);
    redis_server_end(&other.server);
}

/* Only the connection to that master is made anew; no map says that it is another one. */
static void test_a_node_of_another_cluster_at_the_address_of_a_master_gets_no_command(void **state)
{
    (void)state;
    struct stranger known, other;
    struct answer before = {.calls = 0}, after = {.calls = 0};
    start_stranger(&known);
    command_stranger(&known, "CLUSTER ADDSLOTSRANGE 0 16383");
    open_nodes((const int[]){known.port, 0});
    send_words(NULL, &before, "SET", "{known}", "x", (char *)NULL);
    await_ok(&before);
    redis_server_kill(&known.server);
    start_stranger_at(&other, known.port);
    long long own = asked_for_its_id(&other);
    command_stranger(&other, "CLUSTER ADDSLOTSRANGE 0 16383");
    await(f.downs > 0, turn());
    send_words(NULL, &after, "SET", "{astray}", "x", (char *)NULL);
    await(after.calls > 0 || asked_for_its_id(&other) >= own + 3, uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_int_equal(after.calls, 0);
    expect_no_key(&other);
    redis_server_end(&other.server);
    launch(&known, redis_server_restart);
    await_ok(&after);
    await_link(1);
    close_nodes();
    redis_server_end(&known.server);
}

static bool does(const struct stranger *stranger, const char *command)
{
    redisReply *reply = redis_server_command(&stranger->server, command);
    bool done = reply->type != REDIS_REPLY_ERROR;
    freeReplyObject(reply);
    return done;
}

/* It may have to be asked for again. */
static bool fails_over(const struct stranger *replica)
{
    (void)does(replica, "CLUSTER FAILOVER");
    return says(replica, "INFO replication", "role:master");
}

static void follow(const struct stranger *master, struct stranger *replica)
{
    char command[96];
    (void)snprintf(command, sizeof command, "CLUSTER MEET 127.0.0.1 %d", master->port);
    command_stranger(replica, command);
    (void)snprintf(command, sizeof command, "CLUSTER REPLICATE %s", master->id);
    await(does(replica, command), turn()); /* when it knows it */
}

static void test_a_node_that_its_cluster_has_with_another_id_by_now_is_used(void **state)
{
    (void)state;
    struct stranger master, replica, again;
    struct answer answer = {.calls = 0};
    char command[96];
    start_stranger(&master);
    start_stranger(&replica);
    command_stranger(&master, "CLUSTER ADDSLOTSRANGE 0 16383");
    open_nodes((const int[]){master.port, 0});
    follow(&master, &replica);
    await(releve_cluster_candidates(f.nodes.cluster) == 3, look_around()); /* both nodes, and the one that is named */
    redis_server_end(&replica.server);
    (void)snprintf(command, sizeof command, "CLUSTER FORGET %s", replica.id);
    command_stranger(&master, command);
    start_stranger_at(&again, replica.port); /* as one that lost its disk */
    follow(&master, &again);
    await(fails_over(&again), uv_run(&f.loop, UV_RUN_NOWAIT));
    send_words(NULL, &answer, "SET", "{apart}1", "x", (char *)NULL);
    await_ok(&answer);
    close_nodes();
    redis_server_end(&master.server);
    redis_server_end(&again.server);
}

/* A cluster of one master: it is replaced by its replica, and goes. */
static void replace(struct stranger *master, struct stranger *next)
{
    char command[96];
    size_t turn_of;
    start_stranger(next);
    follow(master, next);
    await(has_place(next->port, &turn_of), look_around()); /* there is no third node to say that it belongs there */
    await(fails_over(next), turn());
    await_done(200);
    look_around();
    (void)snprintf(command, sizeof command, "CLUSTER FORGET %s", master->id);
    command_stranger(next, command);
    redis_server_end(&master->server);
}

static void test_all_nodes_may_be_replaced_one_after_the_other(void **state)
{
    (void)state;
    struct stranger first, second, third;
    start_stranger(&first);
    command_stranger(&first, "CLUSTER ADDSLOTSRANGE 0 16383");
    open_nodes((const int[]){first.port, 0});
    begin_load();
    await_done(200);
    replace(&first, &second);
    await_done(200);
    replace(&second, &third);
    await_done(200);
    end_load();
    check_fields();
    close_nodes();
    redis_server_end(&third.server);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        healed(test_what_ask_led_to_a_new_master_is_answered_although_that_dies),
        healed(test_what_a_command_waits_for_at_the_beginning_is_said_once),
        healed(test_a_node_that_does_not_serve_yet_is_waited_for),
        healed(test_a_named_node_that_was_taken_out_is_not_believed),
        healed(test_a_named_node_of_another_cluster_is_not_followed),
        healed(test_a_node_that_is_in_another_cluster_by_now_sends_no_command_there),
        healed(test_what_the_only_node_sends_to_another_cluster_waits),
        healed(test_a_node_of_another_cluster_at_the_address_of_a_master_gets_no_command),
        healed(test_a_node_that_its_cluster_has_with_another_id_by_now_is_used),
        healed(test_all_nodes_may_be_replaced_one_after_the_other),
    };
    return run_healed(argc, argv, tests);
}
