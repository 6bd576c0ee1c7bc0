/* Commands to a Redis Cluster: where they go, and how it begins. */
#include "nodes_fixture.h"
#include <adapters/redis/watcher.h>
#include <stdio.h>
#include <string.h>

/* --- where commands go ---------------------------------------------------------------------------------------- */

static void test_slots_are_those_of_redis(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "{releve}:jobs", "releve:day:{22516914714270}:daily_consumption:2026-01-02", "a{b}c{d}", "{}x", "{x", "",
        "\xff{\x80}"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        redisReply *reply = redis_cluster_ask(&cluster, 0, "CLUSTER KEYSLOT %s", keys[i]);
        assert_int_equal(slot_of(keys[i]), reply->integer);
        freeReplyObject(reply);
    }
}

static void test_a_command_goes_to_the_node_of_its_key_at_once(void **state)
{
    (void)state;
    open_cluster();
    assert_int_equal(releve_nodes_count(&f.nodes), CLUSTER_MASTERS);
    begin_load();
    await_done(1000);
    end_load();
    check_fields();
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "PING", (char *)NULL);
    await_ok(&answer);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        redisReply *reply = redis_cluster_ask(&cluster, i, "INFO errorstats");
        assert_null(strstr(reply->str, "MOVED"));
        freeReplyObject(reply);
    }
    const struct releve_latencies *latencies = releve_nodes_latencies(&f.nodes);
    uint64_t measured = 0;
    for (size_t i = 0; i <= RELEVE_LATENCY_BOUNDS; i++)
        measured += latencies->counts[i];
    assert_int_equal(measured, f.done + TAGS + 1);
    assert_int_equal(releve_nodes_unanswered(&f.nodes), 0);
    close_nodes();
    assert_int_equal(f.downs, 0);
}

static void test_every_master_can_be_asked_in_turn(void **state)
{
    (void)state;
    open_cluster();
    begin_load();
    await_done(TAGS * 2);
    end_load();
    long long keys = 0;
    for (size_t i = 0; i < releve_nodes_count(&f.nodes); i++) {
        struct answer answer = {.calls = 0};
        struct releve_words words = {.count = 0};
        releve_words_add(&words, "DBSIZE");
        releve_nodes_send_to(&f.nodes, i, "count", NULL, &words, on_reply, &answer);
        await_ok(&answer);
        keys += answer.number;
    }
    assert_int_equal(keys, TAGS);
    uint64_t epoch = releve_nodes_epoch(&f.nodes);
    int slot = slot_of("h:{0}"), from = owner(slot), to = another(from);
    redis_cluster_move_begin(&cluster, slot, from, to);
    redis_cluster_move_end(&cluster, slot, from, to);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{0}", (char *)NULL);
    await_ok(&answer);
    assert_int_not_equal(epoch, releve_nodes_epoch(&f.nodes));
    struct answer beyond = {.calls = 0}; /* of a node that is no more */
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "DBSIZE");
    releve_nodes_send_to(&f.nodes, CLUSTER_NODES, "count", NULL, &words, on_reply, &beyond);
    await(beyond.calls != 0, turn());
    assert_int_equal(beyond.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(beyond.error.text, "have changed"));
    close_nodes();
}

/* --- the first attempt ---------------------------------------------------------------------------------------- */

static void expect_failure_as(enum releve_code code, const char *said)
{
    assert_int_equal(f.ready.error.code, code);
    if (strstr(f.ready.error.text, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f.ready.error.text, said);
    assert_null(strchr(f.ready.error.text, '\n'));
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "GET", "x", (char *)NULL);
    await(answer.calls != 0, turn());
    assert_int_equal(answer.error.code, code);
    close_nodes();
}

static void expect_failure(const char *said)
{
    expect_failure_as(RELEVE_E_REDIS, said);
}

static void test_nodes_that_are_named_are_asked_in_turn(void **state)
{
    (void)state;
    open_nodes((const int[]){1, single_port, cluster.ports[2], 0});
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    close_nodes();
    open_nodes((const int[]){1, 0});
    expect_failure("cannot connect to Redis at redis://127.0.0.1:1: Connection refused; start it, or correct");
    open_nodes((const int[]){2, 1, 0});
    expect_failure("none of the 2 nodes of the Redis Cluster at redis+cluster://127.0.0.1:2 can be asked; of the last "
                   "one: cannot connect to Redis at redis://127.0.0.1:1: ");
}

static void test_a_single_redis_is_told_from_a_cluster(void **state)
{
    (void)state;
    open_nodes((const int[]){single_port, 0});
    expect_failure_as(RELEVE_E_CONFIG, "is no node of a cluster but a single one; write redis://127.0.0.1:");
    open_nodes((const int[]){single_port, single_port, 0});
    expect_failure_as(RELEVE_E_CONFIG, "none of the 2 nodes");
    open_nodes((const int[]){single_port, 1, 0}); /* another one may be a node, when it is there */
    expect_failure("none of the 2 nodes");
    open_nodes((const int[]){1, single_port, 0});
    expect_failure("none of the 2 nodes");
}

/* As redis:// names it. */
static void open_node_alone(int node, bool any_server)
{
    name_nodes((const int[]){cluster.ports[node], 0});
    f.url.where = RELEVE_REDIS_TCP;
    f.url.any_server = any_server;
    (void)snprintf(f.url.host, sizeof f.url.host, "127.0.0.1");
    f.url.port = cluster.ports[node];
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    await(f.ready.calls > 0, turn());
}

static void test_a_node_is_told_from_a_single_redis(void **state)
{
    (void)state;
    for (int node = 0; node < CLUSTER_NODES; node++) { /* replicas too */
        open_node_alone(node, false);
        expect_failure_as(RELEVE_E_CONFIG, "is a node of a cluster of 3 masters; write redis+cluster://127.0.0.1:");
    }
}

static void test_a_node_that_is_looked_at_says_what_is_elsewhere(void **state)
{
    (void)state;
    open_node_alone(0, true);
    int moved = 0; /* two of three keys are elsewhere */
    for (int i = 0; i < 20; i++) {
        char key[16];
        struct answer answer = {.calls = 0};
        (void)snprintf(key, sizeof key, "%d", i);
        send_words(NULL, &answer, "GET", key, (char *)NULL);
        await(answer.calls != 0, turn());
        if (answer.error.code != RELEVE_OK) {
            assert_non_null(strstr(answer.error.text, "redis+cluster://"));
            moved++;
        }
    }
    assert_true(moved > 0);
    close_nodes();
}

static void test_every_node_gets_the_password(void **state)
{
    (void)state;
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(&cluster, i, "CONFIG SET masterauth s3cret requirepass s3cret");
    open_nodes((const int[]){cluster.ports[0], 0});
    expect_failure("wants a password");
    (void)snprintf(cluster.password, sizeof cluster.password, "s3cret");
    open_cluster();
    begin_load();
    await_done(500);
    end_load();
    close_nodes();
    name_nodes((const int[]){cluster.ports[0], 0});
    (void)snprintf(f.url.password, sizeof f.url.password, "s3cre!");
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    await(f.ready.calls != 0, turn());
    assert_null(strstr(f.ready.error.text, "s3cre!"));
    expect_failure("refuses the password");
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(&cluster, i, "CONFIG SET requirepass %s masterauth %s", "", "");
    cluster.password[0] = '\0';
}

static bool knows_all_as(int node, const char *name)
{
    bool known = true;
    redisReply *reply = redis_cluster_ask(&cluster, node, "CLUSTER SLOTS");
    for (size_t i = 0; i < reply->elements; i++) {
        const redisReply *host = reply->element[i]->element[2]->element[0];
        known = known && host->type == REDIS_REPLY_STRING && strcmp(host->str, name) == 0;
    }
    freeReplyObject(reply);
    return known;
}

static void announce(const char *name, const char *type)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(&cluster, i, "CONFIG SET cluster-announce-hostname %s cluster-preferred-endpoint-type %s",
                         name, type);
    for (int i = 0; i < CLUSTER_NODES; i++) /* they tell each other */
        await(name[0] == '\0' || type[0] != 'h' || knows_all_as(i, name), (void)0);
}

static void test_an_announced_address_that_cannot_be_reached_is_named(void **state)
{
    (void)state;
    announce("127.0.0.9", "hostname"); /* where nobody listens */
    open_nodes((const int[]){cluster.ports[0], 0});
    expect_failure("redis://127.0.0.9:");
    assert_non_null(strstr(f.ready.error.text, "cluster-announce-ip"));
    announce("nowhere.invalid", "hostname");
    open_nodes((const int[]){cluster.ports[0], 0});
    expect_failure("redis://nowhere.invalid:");
    assert_non_null(strstr(f.ready.error.text, "cluster-announce-ip"));
    announce("", "ip");
}

static void test_nodes_may_have_names_or_none(void **state)
{
    (void)state;
    static const char *const types[] = {"hostname", "hostname", "unknown-endpoint"};
    static const char *const names[] = {"localhost", "", ""};
    for (int i = 0; i < 3; i++) {
        announce(names[i], types[i]);
        open_cluster();
        begin_load();
        await_done(200);
        int slot = slot_of("h:{1}"), from = owner(slot), to = another(from);
        redis_cluster_move_begin(&cluster, slot, from, to);
        await_done(200); /* ASK names nodes as they are announced, too */
        redis_cluster_move_end(&cluster, slot, from, to);
        await_done(500);
        end_load();
        close_nodes();
    }
    announce("", "ip");
}

/* What was on its way when a node was told so may say otherwise: then it is told again. */
static bool is_nobodys(int slot)
{
    bool all = true;
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (redis_cluster_owner_seen_by(&cluster, i, slot) >= 0) {
            freeReplyObject(redis_cluster_ask(&cluster, i, "CLUSTER DELSLOTS %d", slot));
            all = false;
        }
    return all;
}

static void test_a_cluster_that_is_not_complete_yet_is_waited_for(void **state)
{
    (void)state;
    int master = owner(77);
    redis_cluster_do(&cluster, master, "CLUSTER DELSLOTS 77");
    await(is_nobodys(77), (void)0);
    name_nodes((const int[]){cluster.ports[1], 0});
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "GET", "x", (char *)NULL);
    for (int i = 0; i < 50; i++)
        turn();
    if (f.ready.calls > 0)
        fail_msg("ready: %s", f.ready.error.text);
    redis_cluster_do(&cluster, master, "CLUSTER ADDSLOTS 77");
    await(f.ready.calls != 0, turn());
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    await_ok(&answer);
    close_nodes();
}

static void test_a_master_that_is_being_replaced_is_waited_for(void **state)
{
    (void)state;
    int slot = slot_of("h:{7}"), master = owner(slot), other = another(master);
    redis_server_kill(&cluster.nodes[master]);
    open_nodes((const int[]){cluster.ports[other], 0});
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{7}", (char *)NULL);
    await_ok(&answer);
    close_nodes();
}

/* --- subscriptions ------------------------------------------------------------------------------------------------ */

static int begun, news;

static void on_due(void *data, const char *bucket, releve_time wait_ms)
{
    (void)data;
    (void)bucket;
    begun += wait_ms == 0;
    news += wait_ms > 0;
}

static void test_news_of_every_node_arrive_and_survive_the_node_that_brings_them(void **state)
{
    (void)state;
    static struct releve_watcher watcher;
    begun = news = 0;
    open_cluster();
    releve_watcher_open(&watcher, &f.nodes, &f.url, NULL);
    releve_watcher_add(&watcher, "t:b:due", "b", on_due, NULL);
    await(begun != 0, turn());
    for (int i = 0; i < CLUSTER_NODES; i++) {
        redis_cluster_do(&cluster, i, "PUBLISH t:b:due 5");
        await(news > i, turn());
    }
    assert_int_equal(news, CLUSTER_NODES);
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.ports[i] == watcher.url.port)
            redis_server_kill(&cluster.nodes[i]);
    await(begun >= 2, turn());
    redis_cluster_heal(&cluster);
    releve_watcher_close(&watcher, NULL);
    close_nodes();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        healed(test_slots_are_those_of_redis),
        healed(test_a_command_goes_to_the_node_of_its_key_at_once),
        healed(test_every_master_can_be_asked_in_turn),
        healed(test_nodes_that_are_named_are_asked_in_turn),
        healed(test_a_single_redis_is_told_from_a_cluster),
        healed(test_a_node_is_told_from_a_single_redis),
        healed(test_a_node_that_is_looked_at_says_what_is_elsewhere),
        healed(test_every_node_gets_the_password),
        healed(test_an_announced_address_that_cannot_be_reached_is_named),
        healed(test_nodes_may_have_names_or_none),
        healed(test_a_cluster_that_is_not_complete_yet_is_waited_for),
        healed(test_a_master_that_is_being_replaced_is_waited_for),
        healed(test_news_of_every_node_arrive_and_survive_the_node_that_brings_them),
    };
    return run_healed(argc, argv, tests);
}
