/* How a client of a Redis Cluster begins while a shard is away, where the queue is enough for it. */
#include "nodes_fixture.h"
#include <adapters/redis/cluster.h>
#include <signal.h>
#include <string.h>

#define QUEUE "{t}:jobs" /* of the fixture's prefix */

static int start_without_coverage(void **state)
{
    (void)heal(state);
    redis_cluster_require_full_coverage(&cluster, "no");
    return 0;
}

#define uncovered(test) cmocka_unit_test_setup(test, start_without_coverage)

/* A key that is served by this master. */
static const char *key_at(int master)
{
    static const char *const keys[] = {"{0}", "{1}", "{2}", "{3}", "{4}", "{5}", "{6}", "{7}"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (owner(slot_of(keys[i])) == master)
            return keys[i];
    fail_msg("no key of node %d", master);
    return NULL;
}

static int master_without(int first, int second)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (i != first && i != second && redis_cluster_is_master(&cluster, i))
            return i;
    fail_msg("no third master");
    return -1;
}

static void open_with_queue(releve_time start_ms)
{
    int ports[CLUSTER_NODES + 1] = {0};
    memcpy(ports, cluster.ports, sizeof cluster.ports);
    name_nodes(ports);
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    releve_nodes_set_start(&f.nodes, start_ms, NULL);
    releve_nodes_begin_with_queue(&f.nodes);
    await(f.ready.calls != 0, turn());
}

/* As long as they wait for `away`, the others are served. */
static void check_that_others_are_served(int away, const char *there, struct answer *waiting)
{
    struct answer queue = {.calls = 0}, other = {.calls = 0};
    char port[16];
    size_t place;
    (void)snprintf(port, sizeof port, ":%d", cluster.ports[away]);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    assert_int_equal(f.downs, 1);
    assert_false(releve_nodes_is_up(&f.nodes));
    if (strstr(f.why, port) == NULL)
        fail_msg("\"%s\" does not name %s", f.why, port);
    assert_true(releve_nodes_serves(&f.nodes, QUEUE, &place));
    send_words(NULL, &queue, "EXISTS", QUEUE, (char *)NULL);
    send_words(NULL, &other, "EXISTS", there, (char *)NULL);
    await_ok(&queue);
    await_ok(&other);
    assert_int_equal(waiting->calls, 0);
}

static void test_whoever_needs_the_queue_begins_without_a_shard_that_is_dead(void **state)
{
    (void)state;
    struct answer waiting = {.calls = 0};
    int queue = owner(slot_of(QUEUE)), away = another(queue), other = master_without(queue, away);
    const char *key = key_at(away), *there = key_at(other);
    redis_server_kill(&cluster.nodes[redis_cluster_replica(&cluster, away)]);
    redis_server_kill(&cluster.nodes[away]);
    open_with_queue(0);
    size_t place;
    assert_false(releve_nodes_serves(&f.nodes, key, &place));
    send_words(NULL, &waiting, "EXISTS", key, (char *)NULL);
    check_that_others_are_served(away, there, &waiting);
    assert_non_null(strstr(f.why, "cannot connect to Redis at "));
    redis_cluster_heal(&cluster);
    await_ok(&waiting);
    await_link(1);
    close_nodes();
}

static void test_whoever_needs_the_queue_begins_without_a_shard_that_is_silent(void **state)
{
    (void)state;
    struct answer waiting = {.calls = 0};
    int queue = owner(slot_of(QUEUE)), away = another(queue), other = master_without(queue, away);
    const char *key = key_at(away), *there = key_at(other);
    redis_server_kill(&cluster.nodes[redis_cluster_replica(&cluster, away)]);
    assert_int_equal(kill(cluster.nodes[away].pid, SIGSTOP), 0);
    open_with_queue(0);
    send_words(NULL, &waiting, "EXISTS", key, (char *)NULL);
    check_that_others_are_served(away, there, &waiting);
    redis_cluster_heal(&cluster);
    await_ok(&waiting);
    await_link(1);
    close_nodes();
}

/* It is served when its replica has taken over, although the dead one was tried first. */
static void test_what_is_replaced_after_the_beginning_is_followed(void **state)
{
    (void)state;
    struct answer waiting = {.calls = 0};
    int queue = owner(slot_of(QUEUE)), away = another(queue);
    int replica = redis_cluster_replica(&cluster, away);
    const char *key = key_at(away);
    assert_int_equal(kill(cluster.nodes[replica].pid, SIGSTOP), 0);
    redis_server_kill(&cluster.nodes[away]);
    open_with_queue(0);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    assert_int_equal(f.downs, 1);
    send_words(NULL, &waiting, "EXISTS", key, (char *)NULL);
    assert_int_equal(kill(cluster.nodes[replica].pid, SIGCONT), 0);
    await_ok(&waiting);
    await_link(1);
    close_nodes();
}

static void test_without_the_queue_nobody_begins(void **state)
{
    (void)state;
    char port[16];
    int queue = owner(slot_of(QUEUE));
    (void)snprintf(port, sizeof port, ":%d", cluster.ports[queue]);
    redis_server_kill(&cluster.nodes[redis_cluster_replica(&cluster, queue)]);
    redis_server_kill(&cluster.nodes[queue]);
    open_with_queue(RELEVE_CLUSTER_SAY_MS + RELEVE_SECOND_MS);
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    if (strstr(f.ready.error.text, port) == NULL)
        fail_msg("\"%s\" does not name %s", f.ready.error.text, port);
    assert_int_equal(f.downs, 0);
    close_nodes();
}

static void test_where_all_are_there_nothing_is_said(void **state)
{
    (void)state;
    open_with_queue(0);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    assert_true(releve_nodes_is_up(&f.nodes));
    begin_load();
    await_done(200);
    end_load();
    close_nodes();
    assert_int_equal(f.downs, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        uncovered(test_whoever_needs_the_queue_begins_without_a_shard_that_is_dead),
        uncovered(test_whoever_needs_the_queue_begins_without_a_shard_that_is_silent),
        uncovered(test_what_is_replaced_after_the_beginning_is_followed),
        uncovered(test_without_the_queue_nobody_begins),
        uncovered(test_where_all_are_there_nothing_is_said),
    };
    return run_healed(argc, argv, tests);
}
