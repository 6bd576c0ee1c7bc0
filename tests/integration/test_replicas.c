/* What may not be lost with its master counts only when replicas have it: grants, days, results, queued jobs, numbers
 * of processes. A real master with a real replica that can be stopped. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis_server.h"
#include "store_fixture.h"
#include <adapters/redis/replicas.h>

static struct redis_server master, replica;
static struct store_fixture f;
static char port[16];
static const char *master_arguments[] = {"--bind", "127.0.0.1", "--port", port, "--repl-diskless-sync-delay",
                                         "0",      NULL};

/* A port that was free a moment ago. */
static void find_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, bytes), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &bytes), 0);
    (void)close(fd);
    (void)snprintf(port, sizeof port, "%d", ntohs(name.sin_port));
}

static long long count_keys(const struct redis_server *server, const char *pattern)
{
    redisReply *reply = redis_server_command(server, "KEYS %s", pattern);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    long long count = (long long)reply->elements;
    freeReplyObject(reply);
    return count;
}

static int start(void **state)
{
    (void)state;
    const char *const of_master[] = {"--replicaof", "127.0.0.1", port, NULL};
    find_port();
    redis_server_start(&master, master_arguments);
    redis_server_start(&replica, of_master);
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

static char last_why[512];

static void on_link(void *data, bool up, const char *why)
{
    on_fixture_link(data, up, why);
    (void)snprintf(last_why, sizeof last_why, "%s", why);
}

static void open_with(const char *url, unsigned replicas)
{
    struct releve_error error = {.text = ""};
    struct releve_redis_url redis;
    memset(&f, 0, sizeof f);
    await_loop_init(&f.loop, &f.tick);
    assert_int_equal(releve_redis_url_parse(url, &redis, &error), RELEVE_OK);
    redis.replicas = replicas;
    struct releve_store_options options = {.redis = &redis, .prefix = "t", .on_link = on_link, .data = &f};
    f.store = releve_store_open(&f.loop, &options, on_answer_ready, &f.ready);
    await_answer(&f, &f.ready);
}

/* --- permits ------------------------------------------------------------------------------------------ */

static const struct releve_quota hourly = {1, {{1000, RELEVE_HOUR_MS}}};

static releve_time ask(uint64_t number)
{
    struct answer answer = {.calls = 0};
    releve_store_permit_ask(f.store, "b", &hourly, false, (struct releve_permit){1, number}, on_permit, &answer);
    await_ok(&f, &answer);
    return answer.wait_ms;
}

/* A slow machine may take longer than the replica is waited for: then it is asked again. */
static uint64_t ask_until_granted(uint64_t number)
{
    await(ask(number) == 0, number++);
    return number;
}

/* Whatever was sent before has been carried out. */
static void settle_down(void)
{
    struct answer answer = {.calls = 0};
    releve_store_bucket_usage(f.store, "b", &hourly, on_usage, &answer);
    await_ok(&f, &answer);
}

static void test_a_permit_is_handed_over_when_the_replica_has_it(void **state)
{
    (void)state;
    open_with(master.url, 1);
    char command[64];
    (void)snprintf(command, sizeof command, "ZRANK t:quota:{b} 1.%llx", (unsigned long long)ask_until_granted(1));
    assert_true(redis_server_integer(&replica, command) >= 0);
    fixture_close(&f);
}

static void test_a_permit_that_no_replica_has_is_not_used_and_not_counted(void **state)
{
    (void)state;
    open_with(master.url, 1);
    uint64_t number = ask_until_granted(1);
    settle_down();
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    for (int i = 0; i < 3; i++) {
        number++;
        assert_int_equal(ask(number), RELEVE_UNACKNOWLEDGED_MS);
        settle_down();
        assert_int_equal(redis_server_integer(&master, "ZCARD t:quota:{b}"), 1); /* given back */
    }
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    (void)ask_until_granted(number + 1);
    settle_down();
    redis_server_await_replica(&master);
    assert_int_equal(redis_server_integer(&master, "ZCARD t:quota:{b}"), 2); /* one permit */
    assert_int_equal(redis_server_integer(&replica, "ZCARD t:quota:{b}"), 2);
    fixture_close(&f);
}

/* --- all else ----------------------------------------------------------------------------------------- */

#define WRITES 6

static struct answer answers[WRITES];

static void on_number(void *data, const struct releve_error *error, uint64_t number)
{
    on_answer_ready(data, error);
    ((struct answer *)data)->wait_ms = (releve_time)number;
}

static void on_bound(void *data, const struct releve_error *error, const char *bound)
{
    (void)bound;
    on_answer_ready(data, error);
}

static void on_queued(void *data, const struct releve_error *error, bool queued)
{
    (void)queued;
    on_answer_ready(data, error);
}

static void put_day(releve_day day, enum releve_day_state state, struct answer *answer)
{
    struct releve_day_entry entry = {day, state, RELEVE_TIME_NEVER, NULL};
    struct releve_day_batch batch = {1, RELEVE_DAILY_CONSUMPTION, "v5", "", 0, &entry, 1, {1, 1}, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, answer);
}

static void send_writes(void)
{
    memset(answers, 0, sizeof answers);
    put_day(20000, RELEVE_DAY_HOLE, &answers[0]);
    struct releve_result result = {.job = {.id = "j1", .prm = 1, .kind = RELEVE_DAILY_CONSUMPTION}};
    releve_store_finish(f.store, &result, on_done, &answers[1]);
    struct releve_job job = {.id = "j2", .prm = 1, .kind = RELEVE_DAILY_CONSUMPTION, .span = {20000, 20001}};
    releve_store_enqueue(f.store, &job, RELEVE_ENQUEUE_ALWAYS, on_queued, &answers[2]);
    releve_store_number_process(f.store, on_number, &answers[3]);
    releve_store_bind(f.store, "somewhere", on_bound, &answers[4]);
    releve_store_bucket_close(f.store, "b", 3000, on_done, &answers[5]);
}

static void await_writes(void)
{
    for (int i = 0; i < WRITES; i++)
        await_ok(&f, &answers[i]);
}

static void test_what_must_not_be_lost_waits_for_the_replica_and_goes_on_with_it(void **state)
{
    (void)state;
    open_with(master.url, 1);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    send_writes();
    await_calls(&f, &f.downs, 1); /* it has lasted so long that it is said */
    assert_non_null(strstr(last_why, "no replica of unix:///"));
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 0);
    assert_int_equal(count_keys(&master, "t:day:*"), 1); /* it is the replica that is missing */
    struct answer learned = {.calls = 0};
    releve_store_learn(f.store, 1, &(struct releve_lesson){.type = RELEVE_LESSON_REFUSED}, 0, on_done, &learned);
    await_ok(&f, &learned); /* what may be lost waits for nobody */
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    await_writes();
    assert_int_equal(f.ups, 1);
    assert_int_equal(f.downs, 1);
    assert_int_equal(count_keys(&replica, "t:day:*"), 1);
    assert_int_equal(redis_server_integer(&replica, "EXISTS t:quota:{b}:closed"), 1);
    fixture_close(&f);
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 1);
}

static void test_a_connection_cut_before_the_replica_answered_sends_both_again(void **state)
{
    (void)state;
    open_with(master.url, 1);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    send_writes();
    await(count_keys(&master, "t:day:*") != 0, uv_run(&f.loop, UV_RUN_NOWAIT));
    freeReplyObject(redis_server_command(&master, "CLIENT KILL TYPE normal"));
    await_calls(&f, &f.downs, 1);
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 0);
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    await_writes();
    assert_int_equal(count_keys(&replica, "t:day:*"), 1);
    assert_int_equal(redis_server_integer(&replica, "XLEN t:results") + count_keys(&replica, "{t}:results"),
                     1); /* the result once */
    fixture_close(&f);
}

static void test_whatever_is_under_way_hears_so_at_the_end(void **state)
{
    (void)state;
    open_with(master.url, 1);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    send_writes();
    await(count_keys(&master, "t:day:*") != 0, uv_run(&f.loop, UV_RUN_NOWAIT));
    fixture_close(&f);
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].error.code, RELEVE_E_INTERRUPTED);
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
}

static void test_a_forgotten_script_and_a_wrong_key_are_what_they_were(void **state)
{
    (void)state;
    open_with(master.url, 1);
    freeReplyObject(redis_server_command(&master, "SCRIPT FLUSH"));
    uint64_t number = ask_until_granted(1);
    freeReplyObject(redis_server_command(&master, "SET t:quota:{c} x"));
    struct answer answer = {.calls = 0};
    releve_store_permit_ask(f.store, "c", &hourly, false, (struct releve_permit){1, 9}, on_permit, &answer);
    await_answer(&f, &answer);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(answer.error.text, "t:quota:{c} holds a string instead of a zset"));
    (void)ask_until_granted(number + 1);
    fixture_close(&f);
}

static void test_a_redis_that_does_not_let_its_user_wait_says_so(void **state)
{
    (void)state;
    char url[256];
    freeReplyObject(redis_server_command(&master, "ACL SETUSER w on >p ~* &* +@all -wait"));
    (void)snprintf(url, sizeof url, "unix://w:p@%s", master.socket);
    open_with(url, 1);
    memset(answers, 0, sizeof answers);
    for (int i = 0; i < WRITES; i++)
        put_day(20000 + i, RELEVE_DAY_HOLE, &answers[i]);
    for (int i = 0; i < WRITES; i++) {
        await_answer(&f, &answers[i]);
        assert_int_equal(answers[i].error.code, RELEVE_E_REDIS);
        assert_non_null(strstr(answers[i].error.text, "NOPERM"));
    }
    fixture_close(&f);
}

static void on_item(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct answer *answer = data;
    answer->calls++;
    answer->error = *error;
    assert_true((reply == NULL) == (error->code != RELEVE_OK));
}

static bool blocks(const redisReply *info)
{
    return strstr(info->str, "blocked_clients:0") == NULL;
}

static bool is_blocked(void)
{
    redisReply *reply = redis_server_command(&master, "INFO clients");
    bool blocked = blocks(reply);
    freeReplyObject(reply);
    return blocked;
}

static void test_a_master_that_becomes_a_replica_before_it_is_asked_for_its_own_says_so(void **state)
{
    (void)state;
    struct answer answer = {.calls = 0};
    struct releve_words words = {.count = 0};
    open_with(master.url, 1);
    releve_words_add(&words, "BLPOP");
    releve_words_add(&words, "list");
    releve_words_add(&words, "0");
    releve_nodes_send_replicated(&f.store->nodes, RELEVE_REPLICAS_REPEAT, "take an item", NULL, &words, on_item,
                                 &answer);
    await(is_blocked(), uv_run(&f.loop, UV_RUN_NOWAIT));
    redis_server_push_and_demote(&master, 9); /* where nobody is */
    await_answer(&f, &answer);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(answer.error.text, "is a replica: name its master in RELEVE_REDIS"));
    assert_int_equal(f.downs, 0);
    fixture_close(&f);
}

static void test_that_redis_is_back_is_said_once_where_replicas_were_missed_first(void **state)
{
    (void)state;
    open_with(master.url, 1);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    send_writes();
    await_calls(&f, &f.downs, 1);
    freeReplyObject(redis_server_command(&master, "CLIENT KILL TYPE normal"));
    await_calls(&f, &f.downs, 2);
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    await_writes();
    assert_int_equal(f.ups, f.downs - 1); /* they may be missed once more before they are there */
    fixture_close(&f);
}

/* All in one go, so that no command finds it a replica: it breaks off what waits, and is a master again. False where
 * nothing waited. */
static bool demote_for_a_moment(void)
{
    static const char *const commands[] = {"INFO clients", "REPLICAOF 127.0.0.1 9", "REPLICAOF NO ONE"};
    redisContext *context = redis_server_connect(&master);
    redisReply *reply;
    bool blocked = false;
    for (size_t i = 0; i < 3; i++)
        redisAppendCommand(context, commands[i]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(redisGetReply(context, (void **)&reply), REDIS_OK);
        assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
        if (i == 0)
            blocked = blocks(reply);
        freeReplyObject(reply);
    }
    redisFree(context);
    return blocked;
}

static void test_what_waits_for_replicas_of_a_master_that_is_demoted_is_repeated(void **state)
{
    (void)state;
    memset(answers, 0, sizeof answers);
    open_with(master.url, 1);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    for (int i = 0; i < WRITES; i++)
        put_day(20000 + i, RELEVE_DAY_HOLE, &answers[i]);
    await(is_blocked() && demote_for_a_moment(), uv_run(&f.loop, UV_RUN_NOWAIT));
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    await_writes();
    assert_true(f.downs >= 1);
    fixture_close(&f);
    for (int i = 0; i < WRITES; i++)
        assert_int_equal(answers[i].calls, 1);
}

/* --- one WAIT for many ----------------------------------------------------------------------------------- */

#define BURST 100
#define BURST_WAITS_MAX 10 /* with its replica; two, as a rule */

static struct answer burst[BURST];

/* That Redis has ended, since its figures were reset last. */
static long long waits_ended(void)
{
    static const char name[] = "cmdstat_wait:calls=";
    redisReply *stats = redis_server_command(&master, "INFO commandstats");
    const char *found = strstr(stats->str, name);
    long long count = found != NULL ? atoll(found + sizeof name - 1) : 0;
    freeReplyObject(stats);
    return count;
}

static void test_writes_that_wait_for_their_replica_let_others_through_after_one_wait(void **state)
{
    (void)state;
    struct answer first = {.calls = 0};
    open_with(master.url, 1);
    put_day(20000, RELEVE_DAY_HOLE, &first);
    await_ok(&f, &first);
    settle_down(); /* Redis knows both scripts */
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    freeReplyObject(redis_server_command(&master, "CONFIG RESETSTAT"));
    memset(burst, 0, sizeof burst);
    for (int i = 0; i < BURST; i++)
        put_day(20001 + i, RELEVE_DAY_HOLE, &burst[i]);
    settle_down();
    assert_true(waits_ended() <= 2); /* the second was sent behind it, and may have ended by now */
    for (int i = 0; i < BURST; i++)
        assert_int_equal(burst[i].calls, 0);
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    for (int i = 0; i < BURST; i++)
        await_ok(&f, &burst[i]);
    assert_int_equal(count_keys(&replica, "t:day:*"), 1 + BURST);
    fixture_close(&f);
}

static bool burst_is_granted(uint64_t number)
{
    bool granted = true;
    freeReplyObject(redis_server_command(&master, "CONFIG RESETSTAT"));
    memset(burst, 0, sizeof burst);
    for (uint64_t i = 0; i < BURST; i++)
        releve_store_permit_ask(f.store, "b", &hourly, false, (struct releve_permit){1, number + i}, on_permit,
                                &burst[i]);
    for (int i = 0; i < BURST; i++) {
        await_ok(&f, &burst[i]);
        granted = granted && burst[i].wait_ms == 0;
    }
    return granted;
}

static void test_many_permits_are_acknowledged_by_few_waits(void **state)
{
    (void)state;
    open_with(master.url, 1);
    uint64_t number = ask_until_granted(1) + 1;
    /* A slow machine may take longer than the replica is waited for. */
    await(burst_is_granted(number), (settle_down(), number += BURST));
    assert_true(waits_ended() <= BURST_WAITS_MAX);
    for (uint64_t i = 0; i < BURST; i++) {
        redisReply *rank = redis_server_command(&replica, "ZRANK t:quota:{b} 1.%x", (unsigned)(number + i));
        assert_int_equal(rank->type, REDIS_REPLY_INTEGER);
        freeReplyObject(rank);
    }
    fixture_close(&f);
}

static void count_up(const char *key, struct answer *answer)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "INCR");
    releve_words_add(&words, key);
    releve_nodes_send_replicated(&f.store->nodes, RELEVE_REPLICAS_REPEAT, "count up", NULL, &words, on_item, answer);
}

static long long counted(const struct redis_server *server, const char *key)
{
    redisReply *reply = redis_server_command(server, "GET %s", key);
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    long long count = atoll(reply->str);
    freeReplyObject(reply);
    return count;
}

static void test_what_is_sent_while_a_wait_is_under_way_is_held_for_the_next_one(void **state)
{
    (void)state;
    struct answer first = {.calls = 0}, second = {.calls = 0};
    open_with(master.url, 1);
    settle_down(); /* Redis knows the script */
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    count_up("first", &first);
    count_up("second", &second);
    settle_down(); /* both are answered */
    assert_int_equal(counted(&master, "second"), 1);
    freeReplyObject(redis_server_command(&master, "CLIENT KILL TYPE normal"));
    await_calls(&f, &f.downs, 1);
    assert_int_equal(first.calls + second.calls, 0);
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    await_ok(&f, &first);
    await_ok(&f, &second);
    assert_true(counted(&master, "first") >= 2 && counted(&master, "second") >= 2);
    assert_int_equal(counted(&replica, "first"), counted(&master, "first"));
    assert_int_equal(counted(&replica, "second"), counted(&master, "second"));
    fixture_close(&f);
}

/* --- whose clock it is --------------------------------------------------------------------------------- */

static void test_the_ledger_notes_which_process_judges_and_minds_another(void **state)
{
    (void)state;
    open_with(master.url, 1);
    char command[64];
    uint64_t number = ask_until_granted(1);
    (void)snprintf(command, sizeof command, "ZSCORE t:quota:{b} 1.%llx", (unsigned long long)number);
    redisReply *noted = redis_server_command(&replica, "GET t:quota:{b}:node");
    assert_int_equal(noted->type, REDIS_REPLY_STRING);
    redisReply *score = redis_server_command(&replica, command);
    redis_server_kill(&master);
    struct answer answer = {.calls = 0};
    await_calls(&f, &f.downs, 1);
    releve_store_permit_ask(f.store, "b", &hourly, false, (struct releve_permit){1, number + 1}, on_permit, &answer);
    redis_server_restart(&master, master_arguments); /* another process answers than when the question was written */
    await_answer(&f, &answer);
    redisReply *now_noted = redis_server_command(&master, "GET t:quota:{b}:node");
    assert_string_not_equal(now_noted->str, noted->str);
    redisReply *now_score = redis_server_command(&master, command);
    assert_int_equal(atoll(now_score->str) - atoll(score->str), 1000000);
    freeReplyObject(noted);
    freeReplyObject(score);
    freeReplyObject(now_noted);
    freeReplyObject(now_score);
    fixture_close(&f);
}

#define PERMITS 50

static void test_a_replica_that_takes_over_has_all_that_was_handed_over(void **state)
{
    (void)state;
    static struct answer asked[PERMITS];
    memset(asked, 0, sizeof asked);
    open_with(master.url, 1);
    char command[64];
    (void)snprintf(command, sizeof command, "ZRANK t:quota:{b} 1.%llx", (unsigned long long)ask_until_granted(1));
    send_writes();
    for (uint64_t i = 0; i < PERMITS; i++)
        releve_store_permit_ask(f.store, "a", &hourly, false, (struct releve_permit){1, i + 1}, on_permit, &asked[i]);
    await_writes();
    await_calls(&f, &asked[PERMITS / 2].calls, 1); /* the others are on their way when it dies */
    redis_server_kill(&master);
    freeReplyObject(redis_server_command(&replica, "REPLICAOF NO ONE"));
    await_calls(&f, &f.downs, 1);
    fixture_close(&f);
    assert_int_equal(count_keys(&replica, "t:day:*"), 1);
    assert_int_equal(redis_server_integer(&replica, "EXISTS t:quota:{b}:closed"), 1);
    assert_true(redis_server_integer(&replica, command) >= 0);
    for (unsigned i = 0; i < PERMITS; i++) {
        if (asked[i].error.code != RELEVE_OK || asked[i].wait_ms > 0)
            continue;
        redisReply *rank = redis_server_command(&replica, "ZRANK t:quota:{a} 1.%x", i + 1);
        assert_int_equal(rank->type, REDIS_REPLY_INTEGER);
        freeReplyObject(rank);
    }
}

static void test_without_replicas_there_is_nothing_to_wait_for(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&master, "CONFIG RESETSTAT"));
    open_with(master.url, 0);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    assert_int_equal(ask(1), 0);
    send_writes();
    await_writes();
    fixture_close(&f);
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    assert_int_equal(redis_server_integer(&master, "EXISTS t:quota:{b}:node"), 0);
    redisReply *stats = redis_server_command(&master, "INFO commandstats");
    assert_null(strstr(stats->str, "cmdstat_wait:"));
    freeReplyObject(stats);
}

static void deliver(void)
{
    releve_replies_deliver_old(&f.store->replies, 0, NULL, NULL);
    settle_down();
}

static void test_replies_that_no_replica_has_wait_in_the_stream_and_are_not_piled_up(void **state)
{
    (void)state;
    enum { REPLIES = 150, LOOKS = 200 };
    open_with(master.url, 1);
    (void)ask_until_granted(1);
    assert_int_equal(kill(replica.pid, SIGSTOP), 0);
    freeReplyObject(
        redis_server_command(&master, "EVAL %s 0",
                             "for i = 1, 150 do redis.call('XADD', '{t}:replies', '*', 'list', 'r', 'id', i, "
                             "'json', '{}') end"));
    for (int i = 0; i < LOOKS; i++) {
        deliver();
        assert_true(f.store->nodes.commands.load.count <= REPLIES);
    }
    assert_int_equal(kill(replica.pid, SIGCONT), 0);
    await(redis_server_integer(&master, "XLEN {t}:replies") == 0, deliver());
    assert_int_equal(redis_server_integer(&master, "LLEN r"), REPLIES);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_permit_is_handed_over_when_the_replica_has_it, start, end),
        cmocka_unit_test_setup_teardown(test_a_permit_that_no_replica_has_is_not_used_and_not_counted, start, end),
        cmocka_unit_test_setup_teardown(test_what_must_not_be_lost_waits_for_the_replica_and_goes_on_with_it, start,
                                        end),
        cmocka_unit_test_setup_teardown(test_a_connection_cut_before_the_replica_answered_sends_both_again, start, end),
        cmocka_unit_test_setup_teardown(test_whatever_is_under_way_hears_so_at_the_end, start, end),
        cmocka_unit_test_setup_teardown(test_a_forgotten_script_and_a_wrong_key_are_what_they_were, start, end),
        cmocka_unit_test_setup_teardown(test_a_redis_that_does_not_let_its_user_wait_says_so, start, end),
        cmocka_unit_test_setup_teardown(test_a_master_that_becomes_a_replica_before_it_is_asked_for_its_own_says_so,
                                        start, end),

        cmocka_unit_test_setup_teardown(test_that_redis_is_back_is_said_once_where_replicas_were_missed_first, start,
                                        end),
        cmocka_unit_test_setup_teardown(test_what_waits_for_replicas_of_a_master_that_is_demoted_is_repeated, start,
                                        end),
        cmocka_unit_test_setup_teardown(test_writes_that_wait_for_their_replica_let_others_through_after_one_wait,
                                        start, end),
        cmocka_unit_test_setup_teardown(test_many_permits_are_acknowledged_by_few_waits, start, end),
        cmocka_unit_test_setup_teardown(test_what_is_sent_while_a_wait_is_under_way_is_held_for_the_next_one, start,
                                        end),
        cmocka_unit_test_setup_teardown(test_the_ledger_notes_which_process_judges_and_minds_another, start, end),
        cmocka_unit_test_setup_teardown(test_a_replica_that_takes_over_has_all_that_was_handed_over, start, end),
        cmocka_unit_test_setup_teardown(test_without_replicas_there_is_nothing_to_wait_for, start, end),
        cmocka_unit_test_setup_teardown(test_replies_that_no_replica_has_wait_in_the_stream_and_are_not_piled_up, start,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
