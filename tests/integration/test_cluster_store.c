/* The store over a Redis Cluster: what is its own there, beside what nodes.h promises (test_nodes.c). */
#include "redis_cluster.h"
#include "store_fixture.h"
#include <adapters/redis/cluster_internal.h>
#include <adapters/redis/slot.h>
#include <signal.h>
#include <stdio.h>

#define BUCKET_BYTES 16 /* of a name, and its NUL */

static struct redis_cluster cluster;
static struct store_fixture f;

static int start(void **state)
{
    (void)state;
    redis_cluster_start(&cluster, NULL);
    redis_cluster_form(&cluster);
    return 0;
}

static int end(void **state)
{
    (void)state;
    redis_cluster_end(&cluster);
    return 0;
}

static int heal(void **state)
{
    (void)state;
    redis_cluster_heal(&cluster);
    return 0;
}

static void open_store(void)
{
    char url[64];
    (void)snprintf(url, sizeof url, "redis+cluster://127.0.0.1:%d?replicas=0", cluster.ports[0]);
    fixture_open(&f, url, 0);
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
}

static int owner_of(const char *key)
{
    return redis_cluster_owner(&cluster, releve_slot_of_key(key, strlen(key)));
}

static void close_bucket(const char *bucket, struct answer *answer)
{
    releve_store_bucket_close(f.store, bucket, 3000, on_done, answer);
}

/* Buckets whose ledgers are at two nodes. */
static int find_buckets(char near[BUCKET_BYTES], char far[BUCKET_BYTES])
{
    char key[32];
    (void)snprintf(near, BUCKET_BYTES, "b0");
    int node = owner_of("{b0}");
    for (int i = 1;; i++) {
        (void)snprintf(far, BUCKET_BYTES, "b%d", i);
        (void)snprintf(key, sizeof key, "{%s}", far);
        if (owner_of(key) != node)
            return owner_of(key);
    }
}

static void test_at_the_end_one_node_that_dies_does_not_cut_off_what_others_answer(void **state)
{
    (void)state;
    char near[BUCKET_BYTES], far[BUCKET_BYTES];
    int other = find_buckets(near, far), node = owner_of("{b0}");
    open_store();
    redis_cluster_do(&cluster, node, "CLIENT PAUSE 100000 WRITE"); /* so that its reply is still to come */
    struct answer answer = {.calls = 0};
    close_bucket(near, &answer);
    releve_store_close(f.store, on_fixture_closed, &f);
    redis_server_kill(&cluster.nodes[other]);
    /* It hears that one is gone. */
    await(f.closed || !releve_nodes_is_up(&f.store->nodes), uv_run(&f.loop, UV_RUN_ONCE));
    redis_cluster_do(&cluster, node, "CLIENT UNPAUSE");
    await_loop_end(&f.loop, &f.tick);
    assert_true(f.closed);
    if (answer.error.code != RELEVE_OK)
        fail_msg("%s", answer.error.text);
    assert_int_equal(answer.calls, 1);
}

static void test_a_store_that_ends_while_a_node_is_away_waits_for_the_others(void **state)
{
    (void)state;
    char near[BUCKET_BYTES], far[BUCKET_BYTES];
    int other = find_buckets(near, far);
    open_store();
    redis_server_kill(&cluster.nodes[other]);
    await_calls(&f, &f.downs, 1);
    struct answer kept = {.calls = 0}, lost = {.calls = 0};
    close_bucket(near, &kept);
    close_bucket(far, &lost);
    fixture_close(&f);
    if (kept.error.code != RELEVE_OK)
        fail_msg("%s", kept.error.text);
    assert_int_equal(kept.calls, 1);
    assert_int_equal(lost.calls, 1); /* whatever became of it */
}

/* One that was used, of that bucket. */
static void use_permit(const char *bucket)
{
    static const struct releve_quota hourly = {.windows = {{1000, RELEVE_HOUR_MS}}, .windows_count = 1};
    static const struct releve_permit permit = {1, 1};
    struct answer asked = {.calls = 0}, settled = {.calls = 0};
    releve_store_permit_ask(f.store, bucket, &hourly, false, permit, on_permit, &asked);
    await_ok(&f, &asked);
    assert_int_equal(asked.wait_ms, 0);
    releve_store_permit_settle(f.store, bucket, &hourly, permit, 0, on_permit, &settled);
    await_ok(&f, &settled);
}

static long long integer_of(int node, const char *command, const char *bucket, const char *note)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "%s t:quota:{%s}%s", command, bucket, note);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}

static bool was_looked_for(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "INFO commandstats");
    bool found = strstr(reply->str, "cmdstat_zscore:") != NULL;
    freeReplyObject(reply);
    return found;
}

static void test_a_ledger_that_is_away_hides_no_loss_of_another_one(void **state)
{
    (void)state;
    char near[BUCKET_BYTES], far[BUCKET_BYTES];
    int other = find_buckets(near, far), node = owner_of("{b0}");
    open_store();
    use_permit(far); /* it is looked for first */
    use_permit(near);
    redis_cluster_require_full_coverage(&cluster, "no");
    redis_server_kill(&cluster.nodes[redis_cluster_replica(&cluster, other)]);
    redis_server_kill(&cluster.nodes[other]);
    await_calls(&f, &f.downs, 1);
    redis_cluster_do(&cluster, node, "CONFIG RESETSTAT");
    await(was_looked_for(node), uv_run(&f.loop, UV_RUN_ONCE)); /* for both: the other look gets no reply */
    assert_int_equal(integer_of(node, "DEL", near, ""), 1);
    await(integer_of(node, "EXISTS", near, ":forgotten") == 1, uv_run(&f.loop, UV_RUN_ONCE));
    fixture_close(&f);
    redis_cluster_heal(&cluster);
    redis_cluster_require_full_coverage(&cluster, "yes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_at_the_end_one_node_that_dies_does_not_cut_off_what_others_answer, heal),
        cmocka_unit_test_setup(test_a_store_that_ends_while_a_node_is_away_waits_for_the_others, heal),
        cmocka_unit_test_setup(test_a_ledger_that_is_away_hides_no_loss_of_another_one, heal),
    };
    return cmocka_run_group_tests(tests, start, end);
}
