/* The connection to Redis: what a failure to connect says, and that nothing is lost, doubled or forgotten when a
 * connection breaks. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "redis_server.h"
#include "store_fixture.h"

#define SOON_MS 100 /* a time-out for tests that wait for it */

static struct redis_server server;
static struct store_fixture f;

static int start(void **state)
{
    (void)state;
    redis_server_start(&server, NULL);
    return 0;
}

/* A port that was free a moment ago. */
static int free_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, bytes), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &bytes), 0);
    (void)close(fd);
    return ntohs(name.sin_port);
}

static int port;

static int start_with_password(void **state)
{
    (void)state;
    char text[16];
    port = free_port();
    (void)snprintf(text, sizeof text, "%d", port);
    const char *const extra[] = {"--bind", "127.0.0.1", "--port", text, "--requirepass", "s3cret/@", NULL};
    redis_server_start(&server, extra);
    return 0;
}

static int end(void **state)
{
    (void)state;
    redis_server_end(&server);
    return 0;
}

/* --- the first connection --------------------------------------------------------------------------- */

static void expect_failure(const char *url, releve_time timeout_ms, const char *said, const char *address)
{
    struct answer answer = {.calls = 0};
    fixture_open(&f, url, timeout_ms);
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    if (strstr(f.ready.error.text, said) == NULL || strstr(f.ready.error.text, address) == NULL)
        fail_msg("\"%s\" does not say \"%s\" and \"%s\"", f.ready.error.text, said, address);
    assert_null(strstr(f.ready.error.text, "s3cret"));
    releve_store_learn(f.store, 1, &(struct releve_lesson){.type = RELEVE_LESSON_REFUSED}, 0, on_done, &answer);
    await_answer(&f, &answer);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    fixture_close(&f);
    assert_int_equal(f.ready.calls, 1);
}

static void test_nobody_at_that_address_is_said_with_the_address(void **state)
{
    (void)state;
    expect_failure("unix:///tmp/releve-test-nobody", 0, "No such file", "unix:///tmp/releve-test-nobody");
    expect_failure("redis://user:s3cret@127.0.0.1:1/0", 0, "refused", "redis://127.0.0.1:1/0");
}

static void test_a_peer_that_never_answers_is_given_up(void **state)
{
    (void)state;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(name.sun_path, sizeof name.sun_path, "/tmp/releve-test-mute-%d", (int)getpid());
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(fd, 8), 0);
    char url[160];
    (void)snprintf(url, sizeof url, "unix://%s", name.sun_path);
    expect_failure(url, SOON_MS, "no answer within 100 ms", url);
    (void)close(fd);
    (void)unlink(name.sun_path);
}

static void test_a_wrong_or_missing_password_is_told_apart_and_never_shown(void **state)
{
    (void)state;
    char url[256], address[64];
    (void)snprintf(url, sizeof url, "unix://%s?db=3", server.socket);
    expect_failure(server.url, 0, "wants a password", server.url);
    expect_failure(url, 0, "wants a password", server.url);
    (void)snprintf(address, sizeof address, "redis://127.0.0.1:%d/3", port);
    (void)snprintf(url, sizeof url, "redis://:s3crets@127.0.0.1:%d/3", port);
    expect_failure(url, 0, "refuses the password", address);
    (void)snprintf(url, sizeof url, "redis://ada:s3cret%%2F%%40@127.0.0.1:%d/3", port);
    expect_failure(url, 0, "refuses the password", address);
    static const char *const users[] = {":", "default:"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(url, sizeof url, "redis://%ss3cret%%2F%%40@127.0.0.1:%d/3", users[i], port);
        fixture_open(&f, url, 0);
        if (f.ready.error.code != RELEVE_OK)
            fail_msg("%s", f.ready.error.text);
        fixture_close(&f);
    }
}

static void test_the_store_works_in_its_database(void **state)
{
    (void)state;
    char url[256];
    (void)snprintf(url, sizeof url, "unix://%s?db=3", server.socket);
    fixture_open(&f, url, 0);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    struct answer answer = {.calls = 0};
    releve_store_learn(f.store, 1, &(struct releve_lesson){.type = RELEVE_LESSON_REFUSED}, 0, on_done, &answer);
    await_ok(&f, &answer);
    fixture_close(&f);
    redisReply *reply = redis_server_command(&server, "INFO keyspace");
    assert_non_null(strstr(reply->str, "db3:keys=1"));
    assert_null(strstr(reply->str, "db0:"));
    freeReplyObject(reply);
    (void)snprintf(url, sizeof url, "unix://%s?db=99", server.socket);
    expect_failure(url, 0, "does not give that database", server.url);
}

/* --- on the way -------------------------------------------------------------------------------------- */

#define WRITES 300

static struct answer answers[RELEVE_COMMANDS_MAX + 1];

/* A load of work of every sort: WRITES calls. */
static void send_work(const char *name)
{
    static const struct releve_quota quota = {1, {{1000, RELEVE_HOUR_MS}}};
    static uint64_t process;
    process++;
    memset(answers, 0, sizeof answers);
    for (int i = 0; i < WRITES; i += 3) {
        struct releve_day_entry day = {20000 + i, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
        struct releve_day_batch batch = {1, RELEVE_DAILY_CONSUMPTION, "v5", "", 0, &day, 1, {1, 1}, NULL, 0, 0};
        releve_store_put_days(f.store, &batch, on_done, &answers[i]);
        struct releve_result result = {.job = {.kind = RELEVE_DAILY_CONSUMPTION}};
        (void)snprintf(result.job.id, sizeof result.job.id, "%s%d", name, i);
        releve_store_finish(f.store, &result, on_done, &answers[i + 1]);
        struct releve_permit permit = {process, (uint64_t)i + 1};
        releve_store_permit_ask(f.store, "b", &quota, false, permit, on_permit, &answers[i + 2]);
    }
}

static void await_work(int total)
{
    for (int i = 0; i < WRITES; i++) {
        await_ok(&f, &answers[i]);
        assert_int_equal(answers[i].wait_ms, 0);
    }
    redisReply *reply =
        redis_server_command(&server, "EVAL %s 0",
                             "return {#redis.call('KEYS', 't:day:*'), redis.call('XLEN', '{t}:results'), "
                             "redis.call('ZCARD', 't:quota:{b}')}");
    assert_int_equal(reply->element[0]->integer, WRITES / 3);
    assert_int_equal(reply->element[1]->integer, total / 3);
    assert_int_equal(reply->element[2]->integer, total / 3);
    freeReplyObject(reply);
}

static void turn_until_sent(void)
{
    await(f.store->nodes.commands.waiting == NULL, uv_run(&f.loop, UV_RUN_ONCE));
    for (int i = 0; i < 10; i++)
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
}

static void test_a_server_killed_in_mid_flight_loses_and_doubles_nothing(void **state)
{
    (void)state;
    fixture_open(&f, server.url, 0);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    /* Half of the work is done before the kill, and its replies lie unread in the socket. */
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    send_work("first");
    turn_until_sent();
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 0);
    redis_server_kill(&server);
    await_calls(&f, &f.downs, 1);
    redis_server_restart(&server, NULL);
    await_work(WRITES);
    assert_int_equal(f.ups, 1);

    /* Now with work that was done, but whose replies never came. */
    send_work("second");
    await(f.store->nodes.commands.load.count <= WRITES / 2, uv_run(&f.loop, UV_RUN_ONCE));
    redis_server_kill(&server);
    redis_server_restart(&server, NULL);
    await_work(2 * WRITES);
    fixture_close(&f);
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 1);
}

static void test_a_peer_that_falls_silent_is_noticed_and_everything_is_sent_again(void **state)
{
    (void)state;
    fixture_open(&f, server.url, SOON_MS);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    assert_int_equal(kill(server.pid, SIGSTOP), 0);
    send_work("silent");
    await_calls(&f, &f.downs, 1);
    releve_store_set_command_timeout(f.store, RELEVE_COMMAND_TIMEOUT_MS);
    assert_int_equal(kill(server.pid, SIGCONT), 0);
    await_work(WRITES);
    assert_int_equal(f.ups, 1);
    fixture_close(&f);
}

static void test_a_redis_that_forgot_the_scripts_learns_them_again(void **state)
{
    (void)state;
    fixture_open(&f, server.url, 0);
    for (int round = 1; round <= 3; round++) {
        char name[16];
        (void)snprintf(name, sizeof name, "round%d-", round);
        send_work(name);
        await_work(round * WRITES);
        freeReplyObject(redis_server_command(&server, "SCRIPT FLUSH"));
    }
    fixture_close(&f);
}

static void on_due(void *data, const char *bucket, releve_time wait_ms)
{
    (void)bucket;
    assert_int_equal(wait_ms, 0);
    ++*(int *)data;
}

static void test_a_watch_begins_anew_with_the_connection(void **state)
{
    (void)state;
    int calls = 0;
    fixture_open(&f, server.url, 0);
    releve_store_bucket_watch(f.store, "b", on_due, &calls);
    await_calls(&f, &calls, 1);
    redis_server_kill(&server);
    redis_server_restart(&server, NULL);
    await_calls(&f, &calls, 2);
    fixture_close(&f);
}

static void test_what_waits_for_redis_is_bounded(void **state)
{
    (void)state;
    fixture_open(&f, server.url, 0);
    redis_server_kill(&server);
    await_calls(&f, &f.downs, 1);
    memset(answers, 0, sizeof answers);
    for (int i = 0; i <= RELEVE_COMMANDS_MAX; i++)
        releve_store_bucket_close(f.store, "b", 1, on_done, &answers[i]);
    await_answer(&f, &answers[RELEVE_COMMANDS_MAX]);
    assert_int_equal(answers[RELEVE_COMMANDS_MAX].error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(answers[RELEVE_COMMANDS_MAX].error.text, "10000 commands"));
    redis_server_restart(&server, NULL);
    for (int i = 0; i < RELEVE_COMMANDS_MAX; i++)
        await_ok(&f, &answers[i]);
    fixture_close(&f);
}

static void test_a_redis_that_still_loads_its_data_is_waited_for(void **state)
{
    (void)state;
    static const char *const slow[] = {
        "--appendonly", "no", "--key-load-delay", "200", "--loading-process-events-interval-bytes", "1024", NULL};
    static const char fill[] = "for i = 1, 3000 do redis.call('SET', 'k' .. i, string.rep('x', 100) .. i) end";
    static const char *const quick[] = {"--appendonly", "no", NULL};
    redis_server_kill(&server);
    redis_server_restart(&server, quick);
    freeReplyObject(redis_server_command(&server, "EVAL %s 0", fill));
    freeReplyObject(redis_server_command(&server, "SAVE"));
    redis_server_kill(&server);
    redis_server_restart_until(&server, slow, "Loading RDB");
    redisReply *reply = redis_server_command(&server, "PING");
    assert_int_equal(reply->type, REDIS_REPLY_ERROR); /* else this test tests nothing */
    assert_non_null(strstr(reply->str, "LOADING"));
    freeReplyObject(reply);
    fixture_open(&f, server.url, 0);
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    fixture_close(&f);
}

#define POINTS 5000 /* several steps of a walk through all keys */

static bool seen[POINTS], restarted;

/* With the first one Redis is another process, for which its predecessor's place among the keys means nothing. */
static bool on_point(void *data, releve_prm prm)
{
    (void)data;
    if (!restarted) {
        restarted = true;
        redis_server_kill(&server);
        redis_server_restart(&server, NULL);
    }
    seen[prm - 1] = true;
    return true;
}

static void test_a_walk_through_all_keys_begins_anew_where_redis_is_restarted(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    redisContext *context = redis_server_connect(&server);
    for (int i = 1; i <= POINTS; i++)
        redisAppendCommand(context, "HSET t:point:{%014d} segment C5", i);
    for (int i = 1; i <= POINTS; i++) {
        redisReply *reply = NULL;
        assert_int_equal(redisGetReply(context, (void **)&reply), REDIS_OK);
        assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
        freeReplyObject(reply);
    }
    redisFree(context);
    fixture_open(&f, server.url, 0);
    releve_store_known_points(f.store, on_point, on_done, &answer);
    await_ok(&f, &answer);
    assert_true(restarted);
    for (int i = 0; i < POINTS; i++)
        if (!seen[i])
            fail_msg("%d was missed", i + 1);
    fixture_close(&f);
}

int main(void)
{
#define with_server(test) cmocka_unit_test_setup_teardown(test, start, end)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_at_that_address_is_said_with_the_address),
        cmocka_unit_test(test_a_peer_that_never_answers_is_given_up),
        cmocka_unit_test_setup_teardown(test_a_wrong_or_missing_password_is_told_apart_and_never_shown,
                                        start_with_password, end),
        with_server(test_the_store_works_in_its_database),
        with_server(test_a_server_killed_in_mid_flight_loses_and_doubles_nothing),
        with_server(test_a_peer_that_falls_silent_is_noticed_and_everything_is_sent_again),
        with_server(test_a_redis_that_forgot_the_scripts_learns_them_again),
        with_server(test_a_watch_begins_anew_with_the_connection),
        with_server(test_what_waits_for_redis_is_bounded),
        with_server(test_a_redis_that_still_loads_its_data_is_waited_for),
        cmocka_unit_test_setup_teardown(test_a_walk_through_all_keys_begins_anew_where_redis_is_restarted, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
