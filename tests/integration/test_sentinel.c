/* A Redis that sentinels watch: the master is found through them, and found again when it is another one. Real
 * sentinels, real failovers. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis_server.h"
#include "store_fixture.h"
#include <adapters/redis/replicas.h>

#define REDISES 3
#define SENTINELS 3
#define SOON_MS 300 /* a time-out for a test that waits for it */
#define WRITES 90

/* The first one is the master at the beginning. */
static struct redis_server redises[REDISES], sentinels[SENTINELS];
static int ports[REDISES], sentinel_ports[SENTINELS];
static struct store_fixture f;
static struct answer answers[WRITES];

/* --- what is started --------------------------------------------------------------------------------- */

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

/* So many replicas have all that the master holds: WAIT is about what its own connection has written, and so about all
 * before. */
static void await_replicas(const struct redis_server *master, int count)
{
    redisContext *context = redis_server_connect(master);
    freeReplyObject(redisCommand(context, "SET something there"));
    redisReply *reply = redisCommand(context, "WAIT %d 0", count);
    assert_int_equal(reply->integer, count);
    freeReplyObject(reply);
    redisFree(context);
}

static void start_redises(int count)
{
    char port[16], master[32] = "";
    for (int i = 0; i < count; i++) {
        ports[i] = free_port();
        (void)snprintf(port, sizeof port, "%d", ports[i]);
        const char *const extra[] = {
            "--bind", "127.0.0.1", "--port", port, "--repl-diskless-sync-delay", "0", i > 0 ? "--replicaof" : NULL,
            master,   NULL};
        redis_server_start(&redises[i], extra);
        if (i == 0)
            (void)snprintf(master, sizeof master, "127.0.0.1 %s", port);
    }
    if (count > 1)
        await_replicas(&redises[0], count - 1);
}

/* A sentinel that believes this Redis to be the master. */
static void start_sentinel(int i, int master, const char *more)
{
    char text[512];
    sentinel_ports[i] = free_port();
    (void)snprintf(text, sizeof text,
                   "bind 127.0.0.1\nport %d\n%s"
                   "sentinel monitor mymaster 127.0.0.1 %d 2\nsentinel down-after-milliseconds mymaster 1000\n"
                   "sentinel failover-timeout mymaster 5000\n",
                   sentinel_ports[i], more, ports[master]);
    redis_server_start_sentinel(&sentinels[i], text);
}

static long long number_of(const redisReply *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->elements; i += 2)
        if (strcmp(fields->element[i]->str, name) == 0)
            return strtoll(fields->element[i + 1]->str, NULL, 10);
    return -1;
}

static void skip_event(redisContext *events)
{
    void *event;
    assert_int_equal(redisGetReply(events, &event), REDIS_OK);
    freeReplyObject(event);
}

/* The sentinel's events are waited for from before the first question on: none is missed. */
static void await_at_sentinel(const struct redis_server *sentinel, bool (*is_so)(const struct redis_server *sentinel))
{
    redisContext *events = redis_server_connect(sentinel);
    freeReplyObject(redisCommand(events, "PSUBSCRIBE *"));
    await(is_so(sentinel), skip_event(events));
    redisFree(events);
}

static bool knows_all(const struct redis_server *sentinel)
{
    redisReply *fields = redis_server_command(sentinel, "SENTINEL MASTER mymaster");
    bool all =
        number_of(fields, "num-slaves") == REDISES - 1 && number_of(fields, "num-other-sentinels") == SENTINELS - 1;
    freeReplyObject(fields);
    return all;
}

static int begin(void **state)
{
    (void)state;
    memset(redises, 0, sizeof redises);
    memset(sentinels, 0, sizeof sentinels);
    memset(answers, 0, sizeof answers);
    return 0;
}

/* What a failover needs. */
static int begin_failover(void **state)
{
    (void)begin(state);
    start_redises(REDISES);
    for (int i = 0; i < SENTINELS; i++)
        start_sentinel(i, 0, "");
    for (int i = 0; i < SENTINELS; i++)
        await_at_sentinel(&sentinels[i], knows_all);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (int i = 0; i < SENTINELS; i++)
        if (sentinels[i].directory[0] != '\0')
            redis_server_end(&sentinels[i]);
    for (int i = 0; i < REDISES; i++)
        if (redises[i].directory[0] != '\0')
            redis_server_end(&redises[i]);
    return 0;
}

/* The address with these two sentinels, or with one (the other is 0). A Redis without replicas waits for none. */
static const char *url_of(int one, int other, const char *tail)
{
    static char url[256];
    int used = snprintf(url, sizeof url, "redis+sentinel://127.0.0.1:%d", one);
    if (other != 0)
        used += snprintf(url + used, sizeof url - (size_t)used, ",127.0.0.1:%d", other);
    bool is_said = redises[1].directory[0] != '\0' || strstr(tail, "replicas=") != NULL;
    const char *alone = is_said ? "" : strchr(tail, '?') != NULL ? "&replicas=0" : "?replicas=0";
    (void)snprintf(url + used, sizeof url - (size_t)used, "/%s%s", tail, alone);
    return url;
}

static void expect_open(void)
{
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
}

static void expect_said(const char *said)
{
    if (strstr(f.ready.error.text, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f.ready.error.text, said);
}

static void expect_failure_as(enum releve_code code, const char *url, const char *said)
{
    fixture_open(&f, url, 0);
    assert_int_equal(f.ready.error.code, code);
    expect_said(said);
    assert_null(strstr(f.ready.error.text, "s3cret"));
    fixture_close(&f);
}

static void expect_failure(const char *url, const char *said)
{
    expect_failure_as(RELEVE_E_REDIS, url, said);
}

/* --- work -------------------------------------------------------------------------------------------- */

static void ask_for_permit(struct answer *answer)
{
    static const struct releve_quota quota = {1, {{1000, RELEVE_HOUR_MS}}};
    static uint64_t number;
    number++;
    memset(answer, 0, sizeof *answer);
    releve_store_permit_ask(f.store, "b", &quota, false, (struct releve_permit){1, number}, on_permit, answer);
}

/* WRITES calls of three sorts. */
static void send_work(const char *name)
{
    memset(answers, 0, sizeof answers);
    for (int i = 0; i < WRITES; i += 3) {
        struct releve_result result = {.job = {.kind = RELEVE_DAILY_CONSUMPTION}};
        (void)snprintf(result.job.id, sizeof result.job.id, "%s%d", name, i);
        releve_store_finish(f.store, &result, on_done, &answers[i]);
        struct releve_day_entry day = {20000 + i, RELEVE_DAY_HOLE, RELEVE_TIME_NEVER, NULL};
        struct releve_day_batch batch = {1, RELEVE_DAILY_CONSUMPTION, "v5", "", 0, &day, 1, {1, 1}, NULL, 0, 0};
        releve_store_put_days(f.store, &batch, on_done, &answers[i + 1]);
        ask_for_permit(&answers[i + 2]);
    }
}

/* The quota has room for it: it is refused only where too few replicas had it in time, and so is not counted. */
static void ask_again(struct answer *answer)
{
    assert_int_equal(answer->wait_ms, RELEVE_UNACKNOWLEDGED_MS);
    assert_true(f.store->url.replicas > 0);
    ask_for_permit(answer);
    await_ok(&f, answer);
}

/* What a new master is asked for may come before a replica has found it: its permits are asked for again then, as a
 * worker does (docs/design.md, Failover). Days and results are not: the client repeats them until a replica has them.
 */
static void await_work(void)
{
    for (int i = 0; i < WRITES; i++) {
        await_ok(&f, &answers[i]);
        await(answers[i].wait_ms == 0, ask_again(&answers[i]));
    }
}

static void expect_each_answered_once(void)
{
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 1);
}

static void turn_until_sent(void)
{
    await(f.store->nodes.commands.waiting == NULL, uv_run(&f.loop, UV_RUN_ONCE));
    for (int i = 0; i < 10; i++)
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
}

/* What one Redis holds of it: days, and results of `rounds` turns of work. */
static void expect_work_at(const struct redis_server *server, int rounds)
{
    redisReply *reply = redis_server_command(
        server, "EVAL %s 0",
        "return {#redis.call('KEYS', 't:day:*'), redis.call('XLEN', redis.call('KEYS', '*:results')[1])}");
    if (reply->type != REDIS_REPLY_ARRAY)
        fail_msg("%s", reply->str);
    assert_int_equal(reply->element[0]->integer, WRITES / 3);
    assert_int_equal(reply->element[1]->integer, rounds * WRITES / 3);
    freeReplyObject(reply);
}

/* The results of the only turn of work came in the order of their commands. */
static void expect_order_at(const struct redis_server *server, const char *name)
{
    redisReply *reply = redis_server_command(
        server, "EVAL %s 0", "return redis.call('XRANGE', redis.call('KEYS', '*:results')[1], '-', '+')");
    assert_int_equal(reply->elements, WRITES / 3);
    for (size_t i = 0; i < reply->elements; i++) {
        char id[64];
        const redisReply *fields = reply->element[i]->element[1];
        (void)snprintf(id, sizeof id, "\"id\":\"%s%zu\"", name, 3 * i);
        assert_non_null(strstr(fields->element[fields->elements - 1]->str, id));
    }
    freeReplyObject(reply);
}

/* Which Redis the first sentinel takes for the master. */
static struct redis_server *master_of_sentinels(void)
{
    redisReply *reply = redis_server_command(&sentinels[0], "SENTINEL get-master-addr-by-name mymaster");
    int port = (int)strtol(reply->element[1]->str, NULL, 10);
    freeReplyObject(reply);
    for (int i = 0; i < REDISES; i++)
        if (ports[i] == port)
            return &redises[i];
    fail_msg("no Redis listens on port %d", port);
    return NULL;
}

/* The sentinel that makes it a replica closes its connections, and this one may be among them: NULL. */
static redisReply *ask_role(const struct redis_server *server)
{
    redisContext *context = redis_server_connect(server);
    redisReply *reply = redisCommand(context, "ROLE");
    redisFree(context);
    return reply;
}

static bool is_replica(const struct redis_server *server)
{
    redisReply *reply = NULL;
    await((reply = ask_role(server)) != NULL, (void)0);
    bool is = strcmp(reply->element[0]->str, "slave") == 0;
    freeReplyObject(reply);
    return is;
}

static void on_due(void *data, const char *bucket, releve_time wait_ms)
{
    (void)bucket;
    assert_int_equal(wait_ms, 0);
    ++*(int *)data;
}

/* --- the master is found ------------------------------------------------------------------------------ */

static void test_the_master_is_found_where_one_sentinel_is_away(void **state)
{
    (void)state;
    start_redises(1);
    start_sentinel(0, 0, "");
    fixture_open(&f, url_of(free_port(), sentinel_ports[0], "mymaster/3"), 0);
    expect_open();
    send_work("found");
    await_work();
    /* The one that answered is the first next time. */
    assert_int_equal(f.store->nodes.commands.connection.first_sentinel, 1);
    fixture_close(&f);
    redisReply *reply = redis_server_command(&redises[0], "INFO keyspace");
    assert_non_null(strstr(reply->str, "db3:"));
    freeReplyObject(reply);
}

static void test_a_master_that_no_sentinel_watches_is_said_with_those_that_they_do(void **state)
{
    (void)state;
    start_redises(1);
    start_sentinel(0, 0, "");
    expect_failure_as(RELEVE_E_CONFIG, url_of(sentinel_ports[0], 0, "nosuch"),
                      "/nosuch/0?replicas=0 says where the master is");
    expect_failure_as(RELEVE_E_CONFIG, url_of(sentinel_ports[0], 0, "nosuch"),
                      "watches no master of that name but mymaster");
    expect_failure(url_of(sentinel_ports[0], free_port(), "nosuch"), "Connection refused"); /* that one may know it */
}

static void test_a_sentinel_that_watches_nobody_yet_may_be_about_to(void **state)
{
    (void)state;
    start_redises(1);
    start_sentinel(0, 0, "");
    freeReplyObject(redis_server_command(&sentinels[0], "SENTINEL REMOVE mymaster"));
    expect_failure(url_of(sentinel_ports[0], 0, "mymaster"), "watches no master of that name)");
}

static void test_a_redis_is_told_from_a_sentinel(void **state)
{
    (void)state;
    start_redises(1);
    start_sentinel(0, 0, "");
    expect_failure_as(RELEVE_E_CONFIG, url_of(ports[0], 0, "mymaster"), "is no sentinel but a Redis");
    expect_failure_as(RELEVE_E_CONFIG, url_of(ports[0], sentinel_ports[0], "nosuch"), "is no sentinel but a Redis");
}

static void test_sentinels_that_do_not_answer_are_each_named_with_what_came_back(void **state)
{
    (void)state;
    char said[128];
    int nobody = free_port();
    start_redises(1);
    (void)snprintf(said, sizeof said, "(127.0.0.1:%d: Connection refused, 127.0.0.1:%d: is no sentinel but a Redis",
                   nobody, ports[0]);
    expect_failure(url_of(nobody, ports[0], "mymaster"), said);
}

static void test_a_sentinel_that_stands_still_is_passed_over(void **state)
{
    (void)state;
    start_redises(1);
    start_sentinel(0, 0, "");
    start_sentinel(1, 0, "");
    assert_int_equal(kill(sentinels[0].pid, SIGSTOP), 0);
    fixture_open(&f, url_of(sentinel_ports[0], sentinel_ports[1], "mymaster"), 0);
    expect_open();
    fixture_close(&f);
}

static void test_sentinels_may_want_a_password_of_their_own(void **state)
{
    (void)state;
    start_redises(1);
    start_sentinel(0, 0, "requirepass \"s3cret &\"\n");
    expect_failure(url_of(sentinel_ports[0], 0, "mymaster"), "wants a password (sentinel-password=");
    expect_failure(url_of(sentinel_ports[0], 0, "mymaster?sentinel-password=s3cret"), "WRONGPASS");
    fixture_open(&f, url_of(sentinel_ports[0], 0, "mymaster?sentinel-password=s3cret%20%26"), 0);
    expect_open();
    fixture_close(&f);
}

static void test_a_sentinel_that_lags_behind_is_not_believed(void **state)
{
    (void)state;
    start_redises(2);
    start_sentinel(0, 1, "");
    start_sentinel(1, 0, "");
    fixture_open(&f, url_of(sentinel_ports[0], sentinel_ports[1], "mymaster"), 0);
    expect_open();
    assert_int_equal(f.store->nodes.commands.connection.first_sentinel % 2, 1);
    send_work("lag");
    await_work();
    expect_work_at(&redises[0], 1);
    fixture_close(&f);
}

static void begin_at_a_replica(void)
{
    start_redises(2);
    start_sentinel(0, 1, "");
    fixture_begin(&f, url_of(sentinel_ports[0], 0, "mymaster"), 0);
    /* The first attempt has ended. */
    await(f.store->nodes.commands.connection.first_sentinel != 0, uv_run(&f.loop, UV_RUN_ONCE));
    assert_int_equal(f.ready.calls, 0);
}

static void test_the_first_connection_waits_for_a_replica_to_become_the_master(void **state)
{
    (void)state;
    begin_at_a_replica();
    freeReplyObject(redis_server_command(&redises[1], "REPLICAOF NO ONE"));
    await_answer(&f, &f.ready);
    expect_open();
    fixture_close(&f);
}

static void test_the_first_connection_does_not_wait_for_ever(void **state)
{
    (void)state;
    begin_at_a_replica();
    f.store->nodes.commands.connection.opened_ms -= RELEVE_RECONNECT_MAX_MS;
    await_answer(&f, &f.ready);
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    expect_said("(mymaster, says sentinel 127.0.0.1:");
    expect_said("is no master: ROLE says slave");
    fixture_close(&f);
}

/* --- another one takes over ---------------------------------------------------------------------------- */

static void test_what_a_demoted_master_refuses_is_sent_to_the_new_one_in_its_old_order(void **state)
{
    (void)state;
    char port[16];
    start_redises(2);
    start_sentinel(0, 0, "");
    start_sentinel(1, 1, "");
    fixture_open(&f, url_of(sentinel_ports[0], sentinel_ports[1], "mymaster"), 0);
    expect_open();
    /* By hand, so that the connection stays: sentinels would close it. */
    (void)snprintf(port, sizeof port, "%d", ports[1]);
    freeReplyObject(redis_server_command(&redises[1], "REPLICAOF NO ONE"));
    freeReplyObject(redis_server_command(&redises[0], "REPLICAOF 127.0.0.1 %s", port));
    send_work("demoted");
    await_work();
    assert_int_equal(f.downs, 1);
    assert_int_equal(f.ups, 1);
    expect_work_at(&redises[1], 1);
    expect_order_at(&redises[1], "demoted");
    fixture_close(&f);
    expect_each_answered_once();
}

static bool is_blocked_at(const struct redis_server *server)
{
    redisReply *reply = redis_server_command(server, "INFO clients");
    bool blocked = strstr(reply->str, "blocked_clients:1") != NULL;
    freeReplyObject(reply);
    return blocked;
}

static void turn_without(const struct answer *answer)
{
    (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    if (answer->calls > 0)
        fail_msg("%s", answer->error.text);
}

static void on_item(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct answer *answer = data;
    answer->calls++;
    answer->error = *error;
    assert_true((reply == NULL) == (error->code != RELEVE_OK));
}

static void test_a_master_that_is_demoted_before_its_replicas_are_asked_is_left(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    struct releve_words words = {.count = 0};
    start_redises(2);
    start_sentinel(0, 0, "");
    start_sentinel(1, 1, "");
    fixture_open(&f, url_of(sentinel_ports[0], sentinel_ports[1], "mymaster"), 0);
    expect_open();
    releve_words_add(&words, "BLPOP");
    releve_words_add(&words, "list");
    releve_words_add(&words, "0");
    releve_nodes_send_replicated(&f.store->nodes, RELEVE_REPLICAS_REPEAT, "take an item", NULL, &words, on_item,
                                 &answer);
    await(is_blocked_at(&redises[0]), turn_without(&answer));
    freeReplyObject(redis_server_command(&redises[1], "REPLICAOF NO ONE"));
    redis_server_push_and_demote(&redises[0], ports[1]);
    await(is_blocked_at(&redises[1]), turn_without(&answer));
    freeReplyObject(redis_server_command(&redises[1], "LPUSH list item"));
    await_ok(&f, &answer);
    assert_int_equal(f.downs, 1);
    fixture_close(&f);
    assert_int_equal(answer.calls, 1);
}

static void test_under_a_plain_address_a_replica_refuses_as_ever(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    start_redises(2);
    fixture_open(&f, redises[1].url, 0);
    expect_open();
    releve_store_bucket_close(f.store, "b", 1, on_done, &answer);
    await_answer(&f, &answer);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(answer.error.text, "READONLY"));
    assert_int_equal(f.downs, 0);
    fixture_close(&f);
}

static void test_a_killed_master_is_followed_and_nothing_is_lost_or_doubled(void **state)
{
    (void)state;
    int watched = 0;
    fixture_open(&f, url_of(sentinel_ports[0], sentinel_ports[1], "mymaster"), 0);
    expect_open();
    releve_store_bucket_watch(f.store, "b", on_due, &watched);
    await_calls(&f, &watched, 1);
    send_work("before");
    await_work();
    await_replicas(&redises[0], REDISES - 1);
    /* This work lies unread in its socket when it dies. */
    assert_int_equal(kill(redises[0].pid, SIGSTOP), 0);
    send_work("after");
    turn_until_sent();
    redis_server_kill(&redises[0]);
    await_calls(&f, &f.ups, 1);
    await_work();
    await_calls(&f, &watched, 2);
    struct redis_server *promoted = master_of_sentinels();
    assert_ptr_not_equal(promoted, &redises[0]);
    expect_work_at(promoted, 2);
    fixture_close(&f);
    expect_each_answered_once();
}

static bool has_demoted_the_first(const struct redis_server *sentinel)
{
    (void)sentinel;
    return is_replica(&redises[0]);
}

static void test_a_master_that_stood_still_comes_back_as_a_replica_and_is_not_used(void **state)
{
    (void)state;
    fixture_open(&f, url_of(sentinel_ports[1], sentinel_ports[2], "mymaster"), 0);
    expect_open();
    send_work("before");
    await_work();
    await_replicas(&redises[0], REDISES - 1);
    assert_int_equal(kill(redises[0].pid, SIGSTOP), 0);
    releve_store_set_command_timeout(f.store, SOON_MS);
    send_work("while");
    await_calls(&f, &f.downs, 1);
    releve_store_set_command_timeout(f.store, RELEVE_COMMAND_TIMEOUT_MS);
    await_calls(&f, &f.ups, 1);
    await_work();
    struct redis_server *promoted = master_of_sentinels();
    assert_ptr_not_equal(promoted, &redises[0]);
    assert_int_equal(kill(redises[0].pid, SIGCONT), 0);
    await_at_sentinel(&sentinels[0], has_demoted_the_first);
    uv_update_time(&f.loop); /* which stood still */
    send_work("later");
    await_work();
    expect_work_at(promoted, 3);
    assert_int_equal(f.downs, 1);
    fixture_close(&f);
    expect_each_answered_once();
}

/* The sentinels' side of a partition: one of the others is the master there. The old one lives on and is told nothing.
 */
static void replace_master_behind_its_back(void)
{
    char port[16];
    (void)snprintf(port, sizeof port, "%d", ports[1]);
    freeReplyObject(redis_server_command(&redises[1], "REPLICAOF NO ONE"));
    freeReplyObject(redis_server_command(&redises[2], "REPLICAOF 127.0.0.1 %s", port));
    for (int i = 0; i < SENTINELS && sentinels[i].directory[0] != '\0'; i++) {
        freeReplyObject(redis_server_command(&sentinels[i], "SENTINEL REMOVE mymaster"));
        freeReplyObject(redis_server_command(&sentinels[i], "SENTINEL MONITOR mymaster 127.0.0.1 %s 2", port));
    }
}

static void open_that_checks_soon(const char *url)
{
    fixture_begin(&f, url, 0);
    f.store->nodes.commands.connection.check_ms = SOON_MS;
    await_answer(&f, &f.ready);
    expect_open();
}

static void test_a_master_that_was_replaced_and_lives_on_is_left(void **state)
{
    (void)state;
    int watched = 0;
    start_redises(REDISES);
    start_sentinel(0, 0, "");
    open_that_checks_soon(url_of(sentinel_ports[0], 0, "mymaster"));
    releve_store_bucket_watch(f.store, "b", on_due, &watched);
    f.store->watcher.connection.check_ms = SOON_MS;
    await_calls(&f, &watched, 1);
    replace_master_behind_its_back();
    send_work("behind"); /* no replica of the old one acknowledges that */
    await_work();
    await_calls(&f, &watched, 2); /* news of the ledger come from the new one, too */
    expect_work_at(&redises[1], 1);
    assert_int_equal(f.store->nodes.commands.connection.master.port, ports[1]);
    assert_int_equal(f.store->watcher.connection.master.port, ports[1]);
    fixture_close(&f);
    expect_each_answered_once();
}

static void test_a_master_that_was_replaced_is_left_although_nothing_is_asked_of_it(void **state)
{
    (void)state;
    start_redises(REDISES);
    start_sentinel(0, 0, "");
    open_that_checks_soon(url_of(sentinel_ports[0], 0, "mymaster?replicas=0"));
    replace_master_behind_its_back();
    await_calls(&f, &f.ups, 1);
    assert_int_equal(f.store->nodes.commands.connection.master.port, ports[1]);
    fixture_close(&f);
}

/* Three sentinels, of which the second one names another master. */
static void open_with_one_that_says_otherwise(void)
{
    char url[256];
    start_redises(2);
    for (int i = 0; i < SENTINELS; i++)
        start_sentinel(i, i == 1, "");
    (void)snprintf(url, sizeof url, "redis+sentinel://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/mymaster",
                   sentinel_ports[0], sentinel_ports[1], sentinel_ports[2]);
    open_that_checks_soon(url);
}

static void test_a_master_is_not_left_for_one_sentinel_that_lags_behind_nor_for_none(void **state)
{
    (void)state;
    open_with_one_that_says_otherwise();
    const struct releve_connection *connection = &f.store->nodes.commands.connection;
    await(connection->denials != 0, uv_run(&f.loop, UV_RUN_ONCE)); /* the second one has said otherwise */
    await(connection->denials == 0, uv_run(&f.loop, UV_RUN_ONCE)); /* and the third one not */
    for (int i = 0; i < SENTINELS; i++)
        redis_server_kill(&sentinels[i]);
    for (int i = 0; i < 2; i++) { /* the second question comes behind the answer to the first */
        await(connection->sentinels == NULL, uv_run(&f.loop, UV_RUN_ONCE));
        await(connection->sentinels != NULL, uv_run(&f.loop, UV_RUN_ONCE));
    }
    send_work("alone");
    await_work();
    assert_int_equal(f.downs, 0);
    assert_int_equal(connection->master.port, ports[0]);
    fixture_close(&f);
}

/* What one sentinel says twice is what one sentinel says. */
static void test_a_master_is_not_left_for_the_last_sentinel_that_lives_of_three(void **state)
{
    (void)state;
    open_with_one_that_says_otherwise();
    redis_server_kill(&sentinels[0]);
    redis_server_kill(&sentinels[2]);
    const struct releve_connection *connection = &f.store->nodes.commands.connection;
    for (int i = 0; i < 8; i++) { /* four checks, of two questions each */
        await(connection->sentinels == NULL, uv_run(&f.loop, UV_RUN_ONCE));
        await(connection->sentinels != NULL, uv_run(&f.loop, UV_RUN_ONCE));
    }
    assert_int_equal(f.downs, 0);
    assert_int_equal(connection->master.port, ports[0]);
    fixture_close(&f);
}

static void test_replicas_that_are_away_are_waited_for_at_the_master_that_is_named(void **state)
{
    (void)state;
    start_redises(2);
    start_sentinel(0, 0, "");
    open_that_checks_soon(url_of(sentinel_ports[0], 0, "mymaster"));
    assert_int_equal(kill(redises[1].pid, SIGSTOP), 0);
    send_work("patient");
    await_calls(&f, &f.downs, 1); /* that they are away is said, and no more, however often sentinels are asked */
    assert_int_equal(kill(redises[1].pid, SIGCONT), 0);
    await_work();
    assert_int_equal(f.downs, 1);
    assert_int_equal(f.ups, 1);
    expect_work_at(&redises[0], 1);
    fixture_close(&f);
    expect_each_answered_once();
}

/* The argument: one of the tests, by hand: "*killed*". */
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
#define one(test) cmocka_unit_test_setup_teardown(test, begin, end)
#define failover(test) cmocka_unit_test_setup_teardown(test, begin_failover, end)
    const struct CMUnitTest tests[] = {
        one(test_the_master_is_found_where_one_sentinel_is_away),
        one(test_a_master_that_no_sentinel_watches_is_said_with_those_that_they_do),
        one(test_a_sentinel_that_watches_nobody_yet_may_be_about_to),
        one(test_a_redis_is_told_from_a_sentinel),
        one(test_sentinels_that_do_not_answer_are_each_named_with_what_came_back),
        one(test_a_sentinel_that_stands_still_is_passed_over),
        one(test_sentinels_may_want_a_password_of_their_own),
        one(test_a_sentinel_that_lags_behind_is_not_believed),
        one(test_the_first_connection_waits_for_a_replica_to_become_the_master),
        one(test_the_first_connection_does_not_wait_for_ever),
        one(test_what_a_demoted_master_refuses_is_sent_to_the_new_one_in_its_old_order),
        one(test_a_master_that_is_demoted_before_its_replicas_are_asked_is_left),
        one(test_a_master_that_was_replaced_and_lives_on_is_left),
        one(test_a_master_that_was_replaced_is_left_although_nothing_is_asked_of_it),
        one(test_a_master_is_not_left_for_one_sentinel_that_lags_behind_nor_for_none),
        one(test_a_master_is_not_left_for_the_last_sentinel_that_lives_of_three),
        one(test_replicas_that_are_away_are_waited_for_at_the_master_that_is_named),
        one(test_under_a_plain_address_a_replica_refuses_as_ever),
        failover(test_a_killed_master_is_followed_and_nothing_is_lost_or_doubled),
        failover(test_a_master_that_stood_still_comes_back_as_a_replica_and_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
