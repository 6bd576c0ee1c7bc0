/* A day that only the master has: a job does not rest on it, and whoever only looks sees it at once. A real master with
 * a real replica that can be stopped. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redis_cluster.h"
#include "redis_server.h"
#include "store_fixture.h"

#define PRM 12345678901234u
#define DAY 20000
#define NOW ((releve_time)1790755200000) /* 2026-09-30T08:00:00Z */

static struct redis_server master, replica;
static struct store_fixture f;

static void open_with(unsigned replicas)
{
    struct releve_error error = {.text = ""};
    struct releve_redis_url redis;
    memset(&f, 0, sizeof f);
    await_loop_init(&f.loop, &f.tick);
    assert_int_equal(releve_redis_url_parse(master.url, &redis, &error), RELEVE_OK);
    redis.replicas = replicas;
    struct releve_store_options options = {.redis = &redis, .prefix = "t", .on_link = on_fixture_link, .data = &f};
    f.store = releve_store_open(&f.loop, &options, on_answer_ready, &f.ready);
    await_answer(&f, &f.ready);
}

static int start(void **state)
{
    (void)state;
    char port[16];
    (void)snprintf(port, sizeof port, "%d", redis_cluster_free_port());
    const char *const of_replica[] = {"--replicaof", "127.0.0.1", port, NULL};
    const char *const of_master[] = {"--bind", "127.0.0.1", "--port", port, "--repl-diskless-sync-delay", "0", NULL};
    redis_server_start(&master, of_master);
    redis_server_start(&replica, of_replica);
    redis_server_await_replica(&master);
    return 0;
}

static int end(void **state)
{
    (void)state;
    redis_server_end(&replica);
    redis_server_end(&master);
    return 0;
}

/* By somebody else, and no replica hears of it. */
static void store_a_day_without_the_replica(void)
{
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    freeReplyObject(redis_server_command(&master, "SET t:day:{%llu}:daily_consumption:2024-10-04 {\"state\":\"hole\"}",
                                         (unsigned long long)PRM));
}

static void let_the_replica_go_on(void)
{
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
}

static struct releve_job job_of(releve_day first, releve_day end_)
{
    return (struct releve_job){.prm = PRM, .kind = RELEVE_DAILY_CONSUMPTION, .span = {first, end_}};
}

static void test_a_job_begins_with_what_is_known_when_a_replica_has_it(void **state)
{
    (void)state;
    struct answer begun = {.calls = 0}, seen = {.calls = 0}, others = {.calls = 0};
    struct releve_job job = job_of(DAY, DAY + 2), of_others = job_of(DAY + 1, DAY + 2);
    open_with(1);
    store_a_day_without_the_replica();
    releve_store_begin(f.store, &job, NOW, on_known, &begun);
    await_calls(&f, &f.downs, 1); /* it has lasted so long that it is said */
    assert_int_equal(begun.calls, 0);
    releve_store_begin(f.store, &of_others, NOW, on_known, &others);
    await_ok(&f, &others); /* nothing of it is known, so there is nothing to wait for */
    assert_int_equal(releve_coverage_get(&others.coverage, DAY + 1), RELEVE_DAY_MISSING);
    releve_store_look_up(f.store, &job, NOW, on_known, &seen);
    await_ok(&f, &seen);
    assert_int_equal(releve_coverage_get(&seen.coverage, DAY), RELEVE_DAY_HOLE);
    assert_int_equal(begun.calls, 0);
    let_the_replica_go_on();
    await_ok(&f, &begun);
    assert_int_equal(releve_coverage_get(&begun.coverage, DAY), RELEVE_DAY_HOLE);
    assert_int_equal(releve_coverage_get(&begun.coverage, DAY + 1), RELEVE_DAY_MISSING);
    assert_int_equal(redis_server_integer(&replica, "EXISTS t:day:{12345678901234}:daily_consumption:2024-10-04"), 1);
    assert_int_equal(redis_server_integer(&master, "EXISTS t:mark:{12345678901234}"), 0);
    fixture_close(&f);
}

static enum releve_claim claimed;

static void on_claimed(void *data, const struct releve_error *error, enum releve_claim claim,
                       const struct releve_coverage *coverage)
{
    struct answer *answer = data;
    on_answer_ready(data, error);
    answer->coverage = *coverage;
    claimed = claim;
}

static void claim(const struct releve_job *job, uint64_t number, struct answer *answer)
{
    *answer = (struct answer){.calls = 0};
    releve_store_claim(f.store, job, job->span, RELEVE_CLAIM_BOTH_MISSING, (struct releve_permit){1, number}, NOW,
                       on_claimed, answer);
}

static void test_a_claim_is_refused_as_known_when_a_replica_has_the_day(void **state)
{
    (void)state;
    struct answer refused, granted;
    struct releve_job job = job_of(DAY, DAY + 2), of_others = job_of(DAY + 1, DAY + 2);
    open_with(1);
    store_a_day_without_the_replica();
    claim(&job, 1, &refused);
    await_calls(&f, &f.downs, 1);
    assert_int_equal(refused.calls, 0);
    claim(&of_others, 2, &granted);
    await_ok(&f, &granted);
    assert_int_equal(claimed, RELEVE_CLAIM_GRANTED);
    let_the_replica_go_on();
    await_ok(&f, &refused);
    assert_int_equal(claimed, RELEVE_CLAIM_KNOWN);
    assert_int_equal(releve_coverage_get(&refused.coverage, DAY), RELEVE_DAY_HOLE);
    fixture_close(&f);
}

/* A replica that lacks the day takes over while it is waited for: the day is missing then, and nobody was told more. */
static void test_what_a_failover_has_lost_is_not_known_any_more(void **state)
{
    (void)state;
    struct answer begun = {.calls = 0}, refused;
    struct releve_job job = job_of(DAY, DAY + 1);
    open_with(1);
    store_a_day_without_the_replica();
    releve_store_begin(f.store, &job, NOW, on_known, &begun);
    claim(&job, 1, &refused);
    await_calls(&f, &f.downs, 1);
    freeReplyObject(redis_server_command(&master, "FLUSHALL")); /* as the new master would be */
    let_the_replica_go_on();
    await_ok(&f, &begun);
    assert_int_equal(releve_coverage_get(&begun.coverage, DAY), RELEVE_DAY_MISSING);
    await_ok(&f, &refused);
    assert_int_equal(releve_coverage_get(&refused.coverage, DAY), RELEVE_DAY_MISSING);
    fixture_close(&f);
}

static bool has_run(const char *command)
{
    redisReply *stats = redis_server_command(&master, "INFO commandstats");
    bool found = strstr(stats->str, command) != NULL;
    freeReplyObject(stats);
    return found;
}

static void test_without_replicas_what_is_known_costs_no_write(void **state)
{
    (void)state;
    struct answer begun = {.calls = 0}, refused;
    struct releve_job job = job_of(DAY, DAY + 1);
    open_with(0);
    store_a_day_without_the_replica();
    freeReplyObject(redis_server_command(&master, "CONFIG RESETSTAT"));
    releve_store_begin(f.store, &job, NOW, on_known, &begun);
    claim(&job, 1, &refused);
    await_ok(&f, &begun);
    await_ok(&f, &refused);
    assert_int_equal(claimed, RELEVE_CLAIM_KNOWN);
    assert_false(has_run("cmdstat_set:") || has_run("cmdstat_del:") || has_run("cmdstat_wait:"));
    assert_true(has_run("cmdstat_mget:calls=3,")); /* one of `known`; the claim's ends, and its days */
    let_the_replica_go_on();
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_job_begins_with_what_is_known_when_a_replica_has_it, start, end),
        cmocka_unit_test_setup_teardown(test_a_claim_is_refused_as_known_when_a_replica_has_the_day, start, end),
        cmocka_unit_test_setup_teardown(test_what_a_failover_has_lost_is_not_known_any_more, start, end),
        cmocka_unit_test_setup_teardown(test_without_replicas_what_is_known_costs_no_write, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
