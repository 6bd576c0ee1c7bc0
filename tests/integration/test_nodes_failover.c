/* Commands to a Redis Cluster whose nodes go and come: nothing that was sent is left without an answer. */
#include "nodes_fixture.h"
#include <adapters/redis/cluster_internal.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* --- nodes that go and come --------------------------------------------------------------------------------------- */

static void expect_why(int node)
{
    char port[16];
    (void)snprintf(port, sizeof port, ":%d", cluster.ports[node]);
    if (strstr(f.why, port) == NULL)
        fail_msg("\"%s\" does not name %s", f.why, port);
}

static void test_a_master_that_dies_is_replaced_and_nothing_stays_unanswered(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    await_done(500);
    int slot = slot_of("h:{2}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    redis_server_kill(&cluster.nodes[master]);
    await(f.downs != 0, turn());
    expect_why(master);
    redis_cluster_await_master(&cluster, replica, slot);
    await_link(1);
    await_done(500);
    redis_cluster_heal(&cluster); /* it comes back as a replica */
    await_done(500);
    end_load();
    close_nodes();
    assert_int_equal(f.downs, 1);
}

static void test_a_master_that_is_cut_off_is_replaced_and_finds_out(void **state)
{
    (void)state;
    open_cluster();
    releve_nodes_set_timeout(&f.nodes, SOON_MS);
    begin_load();
    await_done(500);
    int slot = slot_of("h:{3}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    assert_int_equal(kill(cluster.nodes[master].pid, SIGSTOP), 0);
    redis_cluster_await_master(&cluster, replica, slot);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{3}", (char *)NULL);
    await_ok(&answer);
    assert_int_equal(kill(cluster.nodes[master].pid, SIGCONT), 0);
    await_done(2000);
    redis_cluster_heal(&cluster);
    await_done(500);
    end_load();
    await(f.ups >= f.downs, turn());
    close_nodes();
}

static bool says_that_the_cluster_is_down(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "CLUSTER INFO");
    bool down = strstr(reply->str, "cluster_state:fail") != NULL;
    freeReplyObject(reply);
    return down;
}

/* Its replica is dead: nobody can take its place, and all other nodes refuse to serve. */
static void test_a_master_that_stands_still_is_named_where_others_say_that_the_cluster_is_down(void **state)
{
    (void)state;
    char said[RELEVE_ERROR_BYTES];
    struct answer served = {.calls = 0}, silent = {.calls = 0}, refused = {.calls = 0};
    open_cluster();
    int master = owner(slot_of("h:{2}")), other = owner(slot_of("h:{3}"));
    assert_int_not_equal(master, other);
    send_words(NULL, &served, "HLEN", "h:{3}", (char *)NULL); /* from then on it is no node that is about to serve */
    await_ok(&served);
    redis_server_kill(&cluster.nodes[redis_cluster_replica(&cluster, master)]);
    assert_int_equal(kill(cluster.nodes[master].pid, SIGSTOP), 0);
    send_words(NULL, &silent, "HLEN", "h:{2}", (char *)NULL);
    await(says_that_the_cluster_is_down(other), uv_run(&f.loop, UV_RUN_NOWAIT));
    send_words(NULL, &refused, "HLEN", "h:{3}", (char *)NULL);
    await(f.downs != 0, turn());
    (void)snprintf(said, sizeof said,
                   "Redis at redis://127.0.0.1:%d says that not all slots of its cluster are served (CLUSTERDOWN); "
                   "Redis at redis://127.0.0.1:%d does not answer",
                   cluster.ports[other], cluster.ports[master]);
    assert_string_equal(f.why, said);
    redis_cluster_heal(&cluster);
    await_ok(&silent);
    await_ok(&refused);
    close_nodes();
}

/* Since when one is away counts from when it was lost, not from when it was connected to first. */
static void test_of_masters_that_are_away_the_one_that_has_been_for_longest_is_named(void **state)
{
    (void)state;
    char why[RELEVE_ERROR_BYTES], port[16], text[] = "CLUSTERDOWN The cluster is down";
    const redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text, .len = strlen(text)};
    const char *const keys[CLUSTER_MASTERS] = {"h:{2}", "h:{3}", "h:{8}"};
    struct answer served[CLUSTER_MASTERS] = {{.calls = 0}}, silent = {.calls = 0};
    const struct releve_place *places[CLUSTER_MASTERS];
    open_cluster();
    for (int i = 0; i < CLUSTER_MASTERS; i++) {
        places[i] = releve_places_owner(&f.nodes.cluster->places, slot_of(keys[i]));
        send_words(NULL, &served[i], "HLEN", keys[i], (char *)NULL);
        await_ok(&served[i]);
    }
    assert_true(places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
    assert_int_equal(kill(cluster.nodes[owner(slot_of(keys[0]))].pid, SIGSTOP), 0);
    send_words(NULL, &silent, "HLEN", keys[0], (char *)NULL);
    await(releve_commands_silent_ms(&places[0]->node->commands) > RELEVE_SECOND_MS, turn());
    int lost = 0;
    while (cluster.ports[lost] != places[2]->seed.port)
        lost++;
    redis_server_kill(&cluster.nodes[lost]);
    await(!releve_place_is_up(places[2]), turn());
    releve_cluster_say_away(places[1]->node, &reply, why);
    (void)snprintf(port, sizeof port, ":%d", places[0]->seed.port);
    if (strstr(why, port) == NULL)
        fail_msg("\"%s\" does not name %s", why, port);
    redis_cluster_heal(&cluster);
    await_ok(&silent);
    close_nodes();
}

static bool was_called(int node, const char *stat)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "INFO commandstats");
    bool called = strstr(reply->str, stat) != NULL;
    freeReplyObject(reply);
    return called;
}

static void test_a_wrong_key_is_named_although_its_node_is_replaced_meanwhile(void **state)
{
    (void)state;
    open_cluster();
    releve_nodes_set_timeout(&f.nodes, SOON_MS);
    int slot = slot_of("{wrong}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    struct answer set = {.calls = 0}, answer = {.calls = 0};
    send_words(NULL, &set, "SET", "t:point:{wrong}", "x", (char *)NULL);
    await_ok(&set);
    send_words(NULL, &answer, "LLEN", "t:point:{wrong}", (char *)NULL);
    /* Its reply is left unread until the server stands still. No node has the script that says which key it is: it
     * takes two replies. */
    await(was_called(master, "cmdstat_llen:"), uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_int_equal(kill(cluster.nodes[master].pid, SIGSTOP), 0);
    redis_cluster_await_master(&cluster, replica, slot);
    assert_int_equal(answer.calls, 0);
    await(answer.calls != 0, turn());
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    if (strstr(answer.error.text, "t:point:{wrong} holds a string") == NULL)
        fail_msg("%s", answer.error.text);
    redis_cluster_heal(&cluster);
    close_nodes();
}

static void test_masters_and_replicas_change_places_without_loss(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    int slot = slot_of("h:{0}");
    for (int i = 0; i < 4; i++) {
        await_done(300);
        (void)redis_cluster_fail_over(&cluster, slot);
        await_done(300);
    }
    end_load();
    check_fields();
    await(f.ups == f.downs, turn()); /* a takeover that took long was told */
    close_nodes();
}

/* We are there, by TCP; the test itself comes by the socket. */
static bool is_visited(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "CLIENT LIST TYPE normal");
    bool found = strstr(reply->str, "laddr=127.0.0.1:") != NULL;
    freeReplyObject(reply);
    return found;
}

static bool are_masters_visited_and_no_others(void)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (is_visited(i) != redis_cluster_is_master(&cluster, i))
            return false;
    return true;
}

static void test_a_node_that_serves_no_more_is_left(void **state)
{
    (void)state;
    open_cluster();
    int slot = slot_of("h:{4}"), master = owner(slot);
    assert_true(is_visited(master));
    assert_int_not_equal(redis_cluster_fail_over(&cluster, slot), master);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{4}", (char *)NULL);
    await_ok(&answer);
    await(are_masters_visited_and_no_others(), uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_false(is_visited(master));
    close_nodes();
}

static void test_a_node_is_found_at_its_new_address(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    int slot = slot_of("h:{5}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    await_done(200);
    redis_server_kill(&cluster.nodes[master]);
    redis_cluster_await_master(&cluster, replica, slot);
    cluster.ports[master] = redis_cluster_free_port();
    redis_cluster_heal(&cluster);
    await_done(200);
    assert_int_equal(redis_cluster_fail_over(&cluster, slot), master);
    await_done(500);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{5}", (char *)NULL);
    await_ok(&answer);
    end_load();
    close_nodes();
}

/* Does node `i` say that the cluster serves not? */
static bool says_that_all_is_over(int i)
{
    redisReply *reply = redis_cluster_ask(&cluster, i, "CLUSTER INFO");
    bool over = strstr(reply->str, "cluster_state:fail") != NULL;
    freeReplyObject(reply);
    return over;
}

static void test_an_outage_ends_although_replicas_were_away_when_it_did(void **state)
{
    (void)state;
    name_nodes((const int[]){cluster.ports[0], 0});
    f.url.replicas = 1;
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    await(f.ready.calls != 0, turn());
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    int slot = slot_of("{told}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    assert_int_equal(kill(cluster.nodes[replica].pid, SIGSTOP), 0);
    struct answer first = {.calls = 0};
    send_words(NULL, &first, "GET", "{told}", (char *)NULL); /* from then on it is no node that is about to serve */
    await_ok(&first);
    redis_cluster_do(&cluster, master, "CLUSTER DELSLOTS %d", slot); /* it alone thinks that a slot is nobody's */
    await(says_that_all_is_over(master), (void)0);
    struct answer answer = {.calls = 0};
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "SET");
    releve_words_add(&words, "{told}");
    releve_words_add(&words, "x");
    releve_nodes_send_replicated(&f.nodes, RELEVE_REPLICAS_TELL, "test", NULL, &words, on_reply, &answer);
    await(f.downs != 0, turn());
    assert_non_null(strstr(f.why, "CLUSTERDOWN"));
    redis_cluster_do(&cluster, master, "CLUSTER ADDSLOTS %d", slot);
    await_ok(&answer); /* that the replica is away */
    redis_cluster_heal(&cluster);
    await_link(1);
    close_nodes();
}

static void on_looked(void *data)
{
    *(bool *)data = true;
}

/* What SCAN answers means nothing to another process, even where that has the slots and the address of the former. */
static void test_whoever_walks_through_keys_notices_that_a_master_was_away(void **state)
{
    (void)state;
    open_cluster();
    const struct releve_place *first = releve_places_master(&f.nodes.cluster->places, 0);
    int node = 0;
    while (cluster.ports[node] != first->seed.port)
        node++;
    uint64_t epoch = releve_nodes_epoch(&f.nodes);
    redis_server_kill(&cluster.nodes[node]);
    await(f.downs != 0, turn());
    struct answer answer = {.calls = 0};
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "DBSIZE");
    releve_nodes_send_to(&f.nodes, 0, "count", NULL, &words, on_reply, &answer);
    bool looked = false;
    releve_nodes_look(&f.nodes, on_looked, &looked);
    await(looked, turn());
    assert_true(answer.calls == 0 || releve_nodes_epoch(&f.nodes) != epoch); /* it waits, unless it was replaced */
    redis_cluster_heal(&cluster);
    await(answer.calls != 0, turn());
    assert_int_not_equal(releve_nodes_epoch(&f.nodes), epoch);
    close_nodes();
}

static void kill_all(void)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_server_kill(&cluster.nodes[i]);
}

static void test_a_cluster_that_goes_and_comes_back_goes_on(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    await_done(500);
    kill_all();
    await(f.downs != 0, turn());
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{6}", (char *)NULL);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        redis_cluster_restart(&cluster, i);
        for (int j = 0; j < 20; j++)
            turn();
    }
    await_ok(&answer);
    await_link(1);
    await_done(500);
    end_load();
    redis_cluster_heal(&cluster);
    await(f.ups >= f.downs, turn());
    close_nodes();
}

static void test_what_waits_is_bounded_over_all_nodes(void **state)
{
    (void)state;
    static struct answer answers[ANSWERS_MAX];
    memset(answers, 0, sizeof answers);
    open_cluster();
    kill_all();
    await(f.downs != 0, turn());
    for (int i = 0; i < ANSWERS_MAX; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        send_words(NULL, &answers[i], "GET", key, (char *)NULL);
    }
    struct answer *last = &answers[ANSWERS_MAX - 1];
    await(last->calls != 0, turn());
    assert_int_equal(last->error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(last->error.text, "10000 commands"));
    redis_cluster_heal(&cluster);
    for (int i = 0; i < ANSWERS_MAX - 1; i++)
        await_ok(&answers[i]);
    close_nodes();
}

static void test_closing_tells_all_that_wait(void **state)
{
    (void)state;
    struct answer answers[200] = {{.calls = 0}};
    open_cluster();
    kill_all();
    for (int i = 0; i < 200; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        send_words(NULL, &answers[i], "GET", key, (char *)NULL);
        if (i == 100)
            for (int j = 0; j < 50; j++)
                turn();
    }
    close_nodes();
    for (int i = 0; i < 200; i++) {
        assert_int_equal(answers[i].calls, 1);
        assert_int_equal(answers[i].error.code, RELEVE_E_INTERRUPTED);
    }
    name_nodes((const int[]){cluster.ports[0], 0}); /* and before anything is known */
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "GET", "x", (char *)NULL);
    close_nodes();
    assert_int_equal(f.ready.error.code, RELEVE_E_INTERRUPTED);
    assert_int_equal(answer.error.code, RELEVE_E_INTERRUPTED);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        healed(test_a_master_that_dies_is_replaced_and_nothing_stays_unanswered),
        healed(test_a_master_that_is_cut_off_is_replaced_and_finds_out),
        healed(test_a_master_that_stands_still_is_named_where_others_say_that_the_cluster_is_down),
        healed(test_of_masters_that_are_away_the_one_that_has_been_for_longest_is_named),
        healed(test_a_wrong_key_is_named_although_its_node_is_replaced_meanwhile),
        healed(test_masters_and_replicas_change_places_without_loss),
        healed(test_a_node_that_serves_no_more_is_left),
        healed(test_a_node_is_found_at_its_new_address),
        healed(test_an_outage_ends_although_replicas_were_away_when_it_did),
        healed(test_whoever_walks_through_keys_notices_that_a_master_was_away),
        healed(test_a_cluster_that_goes_and_comes_back_goes_on),
        healed(test_what_waits_is_bounded_over_all_nodes),
        healed(test_closing_tells_all_that_wait),
    };
    return run_healed(argc, argv, tests);
}
