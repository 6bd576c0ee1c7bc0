/* Commands to a Redis Cluster whose slots move: nothing that was sent is left without an answer. */
#include "nodes_fixture.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void test_a_slot_that_moves_under_load_loses_nothing(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    await_done(500);
    for (int tag = 0; tag < 6; tag++) {
        char key[16];
        (void)snprintf(key, sizeof key, "h:{%d}", tag);
        int slot = slot_of(key), from = owner(slot), to = another(from);
        for (int i = 0; i < CLUSTER_NODES; i++)
            redis_cluster_do(&cluster, i, "SCRIPT FLUSH"); /* ASK and NOSCRIPT together */
        redis_cluster_move_begin(&cluster, slot, from, to);
        await_done(200);
        redis_cluster_move_keys(&cluster, slot, from, to, 1);
        await_done(200);
        redis_cluster_move_end(&cluster, slot, from, to);
        await_done(200);
    }
    end_load();
    check_fields();
    close_nodes();
    assert_int_equal(f.downs, 0);
}

static void test_keys_of_a_script_that_are_apart_are_waited_for(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    struct answer first = {.calls = 0}, second = {.calls = 0}, both = {.calls = 0};
    send_words(NULL, &first, "SET", "{apart}1", "a", (char *)NULL);
    send_words(NULL, &second, "SET", "{apart}2", "b", (char *)NULL);
    await_ok(&first);
    await_ok(&second);
    int slot = slot_of("{apart}1"), from = owner(slot), to = another(from);
    redis_cluster_move_begin(&cluster, slot, from, to);
    redis_cluster_move_keys(&cluster, slot, from, to, 1);
    send_words(&pair, &both, "EVALSHA", pair_sha, "2", "{apart}1", "{apart}2", (char *)NULL);
    await_done(500); /* others are not held up */
    assert_int_equal(both.calls, 0);
    redis_cluster_move_end(&cluster, slot, from, to);
    await_ok(&both);
    assert_string_equal(both.text, "ab");
    end_load();
    close_nodes();
    assert_int_equal(f.downs, 0);
}

static void test_a_slot_that_stays_half_moved_is_named(void **state)
{
    (void)state;
    open_cluster();
    struct answer first = {.calls = 0}, both = {.calls = 0};
    send_words(NULL, &first, "SET", "{apart}1", "a", (char *)NULL);
    await_ok(&first);
    int slot = slot_of("{apart}1"), from = owner(slot), to = another(from);
    char named[32];
    (void)snprintf(named, sizeof named, "slot %d ", slot);
    redis_cluster_move_begin(&cluster, slot, from, to); /* as when redis-cli is interrupted there */
    send_words(&pair, &both, "EVALSHA", pair_sha, "2", "{apart}1", "{apart}2", (char *)NULL);
    await(f.downs != 0, turn());
    assert_non_null(strstr(f.why, named));
    assert_non_null(strstr(f.why, "redis-cli --cluster fix"));
    assert_int_equal(both.calls, 0);
    redis_cluster_move_end(&cluster, slot, from, to);
    await_ok(&both);
    assert_string_equal(both.text, "a-");
    await_link(1);
    close_nodes();
}

static void open_patient(void)
{
    name_nodes((const int[]){cluster.ports[0], cluster.ports[1], 0});
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    releve_nodes_set_timeout(&f.nodes, 30 * RELEVE_SECOND_MS);
    releve_nodes_set_patient(&f.nodes);
    await(f.ready.calls != 0, turn());
    assert_int_equal(f.ready.error.code, RELEVE_OK);
}

static void wait_for_item(struct answer *answer)
{
    struct releve_words wait = {.count = 0}, take = {.count = 0};
    static const char *const words[] = {"BLMOVE", "{q}from", "{q}to", "RIGHT", "LEFT", "100"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        releve_words_add(&wait, words[i]);
    releve_words_script(&take, &pop, 2);
    releve_words_add(&take, "{q}from");
    releve_words_add(&take, "{q}to");
    releve_nodes_send_behind(&f.nodes, &wait, "take", &pop, &take, on_reply, answer);
}

static bool is_blocked(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "INFO clients");
    bool blocked = strstr(reply->str, "blocked_clients:1") != NULL;
    freeReplyObject(reply);
    return blocked;
}

static void await_blocked(int node)
{
    await(is_blocked(node), uv_run(&f.loop, UV_RUN_NOWAIT));
}

static void test_a_blocked_wait_moves_with_its_slot(void **state)
{
    (void)state;
    open_patient();
    struct answer answer = {.calls = 0};
    int slot = slot_of("{q}from"), from = owner(slot), to = another(from);
    wait_for_item(&answer);
    await_blocked(from);
    redis_cluster_move_begin(&cluster, slot, from, to);
    redis_cluster_move_end(&cluster, slot, from, to);
    await_blocked(to);
    assert_int_equal(answer.calls, 0);
    redis_cluster_do(&cluster, to, "LPUSH {q}from item");
    await_ok(&answer);
    assert_string_equal(answer.text, "item");
    close_nodes();
}

static void test_a_blocked_wait_goes_on_at_the_new_master(void **state)
{
    (void)state;
    open_patient();
    struct answer answer = {.calls = 0};
    int slot = slot_of("{q}from"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    wait_for_item(&answer);
    await_blocked(master);
    assert_int_equal(redis_cluster_fail_over(&cluster, slot),
                     replica); /* UNBLOCKED, and the master becomes a replica */
    await_blocked(replica);
    redis_server_kill(&cluster.nodes[replica]);
    redis_cluster_await_master(&cluster, master, slot);
    await_blocked(master);
    assert_int_equal(answer.calls, 0);
    redis_cluster_do(&cluster, master, "LPUSH {q}from item");
    await_ok(&answer);
    assert_string_equal(answer.text, "item");
    close_nodes();
}

static bool has_replica(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "INFO replication");
    bool there = strstr(reply->str, "state=online") != NULL;
    freeReplyObject(reply);
    return there;
}

/* A master stands still with an item for whoever waits, and with the news behind it that another one has its place: the
 * wait is answered, and the master asked for its replicas when it has become one itself. */
static void test_a_master_that_is_replaced_before_its_replicas_are_asked_is_left(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    struct releve_words words = {.count = 0};
    open_patient();
    f.url.replicas = 1;
    int slot = slot_of("{q}from"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    int witness = another(master); /* nobody asks who stands still */
    releve_words_add(&words, "BLPOP");
    releve_words_add(&words, "{q}from");
    releve_words_add(&words, "0");
    releve_nodes_send_replicated(&f.nodes, RELEVE_REPLICAS_REPEAT, "take an item", NULL, &words, on_reply, &answer);
    await_blocked(master);
    redisContext *context = redis_server_connect(&cluster.nodes[master]);
    freeReplyObject(redisCommand(context, "PING"));
    assert_int_equal(kill(cluster.nodes[master].pid, SIGSTOP), 0);
    int done = 0;
    redisAppendCommand(context, "LPUSH {q}from lost");
    assert_int_equal(redisBufferWrite(context, &done), REDIS_OK);
    redis_cluster_do(&cluster, replica, "CLUSTER FAILOVER TAKEOVER");
    await(redis_cluster_owner_seen_by(&cluster, witness, slot) == replica, uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_int_equal(kill(cluster.nodes[master].pid, SIGCONT), 0);
    redisFree(context);
    await(is_blocked(replica) || answer.calls > 0, uv_run(&f.loop, UV_RUN_NOWAIT));
    if (answer.calls > 0)
        fail_msg("%s", answer.error.text);
    await(has_replica(replica),
          uv_run(&f.loop, UV_RUN_NOWAIT)); /* else it would be taken twice, and is not there twice */
    redis_cluster_do(&cluster, replica, "LPUSH {q}from item");
    await_ok(&answer);
    close_nodes();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        healed(test_a_slot_that_moves_under_load_loses_nothing),
        healed(test_keys_of_a_script_that_are_apart_are_waited_for),
        healed(test_a_slot_that_stays_half_moved_is_named),
        healed(test_a_blocked_wait_moves_with_its_slot),
        healed(test_a_blocked_wait_goes_on_at_the_new_master),
        healed(test_a_master_that_is_replaced_before_its_replicas_are_asked_is_left),
    };
    return run_healed(argc, argv, tests);
}
