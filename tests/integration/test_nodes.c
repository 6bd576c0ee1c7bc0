/* Commands to a Redis Cluster: nothing that was sent is left without an answer, whatever happens to slots and nodes. */
#include <adapters/redis/nodes.h>
#include <adapters/redis/slot.h>
#include <adapters/redis/walk.h>
#include <adapters/redis/watcher.h>
#include <releve/memory.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redis_cluster.h"

#define TAGS 48      /* of keys: they are spread over all nodes */
#define UNDER_WAY 24 /* commands at once while there is load */
#define SOON_MS 2000 /* a time-out, for tests that wait for it */
#define ANSWERS_MAX (RELEVE_COMMANDS_MAX + 1)

static struct redis_cluster cluster;
static struct redis_server single;

struct answer {
    int calls;
    struct releve_error error;
    long long number; /* an integer, or the length of an array */
    char text[64];
};

/* A client, and a load of writes that goes on while the loop turns: each is a field of the hash of its tag. */
static struct {
    uv_loop_t loop;
    struct releve_redis_url url;
    struct releve_nodes nodes;
    struct answer ready;
    int ups, downs;
    char why[RELEVE_ERROR_BYTES]; /* of the latest down */
    bool closed;
    bool load;
    int under_way;
    unsigned sent, done;
    long long fields[TAGS]; /* that were acknowledged */
} f;

static char put_text[] = "redis.call('HSET', KEYS[1], ARGV[1], '1') return redis.call('HLEN', KEYS[1])";
static char pair_text[] = "return (redis.call('GET', KEYS[1]) or '-') .. (redis.call('GET', KEYS[2]) or '-')";
static char pop_text[] = "return redis.call('LPOP', KEYS[2])";
static char put_sha[41], pair_sha[41], pop_sha[41];
static struct releve_script put = {"put", put_text, sizeof put_text - 1, put_sha};
static struct releve_script pair = {"pair", pair_text, sizeof pair_text - 1, pair_sha};
static struct releve_script pop = {"pop", pop_text, sizeof pop_text - 1, pop_sha};

/* --- the client ------------------------------------------------------------------------------------------ */

static void on_ready(void *data, const struct releve_error *error)
{
    struct answer *answer = data != NULL ? data : &f.ready;
    answer->calls++;
    answer->error = *error;
}

static void on_link(void *data, bool up, const char *why)
{
    (void)data;
    assert_null(strchr(why, '\n'));
    f.ups += up;
    f.downs += !up;
    assert_true(f.downs == f.ups || f.downs == f.ups + 1);
    if (!up)
        (void)snprintf(f.why, sizeof f.why, "%s", why);
}

static void on_closed(void *data)
{
    (void)data;
    f.closed = true;
}

static void turn(void)
{
    (void)uv_run(&f.loop, UV_RUN_ONCE);
}

/* An address that names the nodes with these ports, up to a 0. */
static void name_nodes(const int *ports)
{
    memset(&f, 0, sizeof f);
    assert_int_equal(uv_loop_init(&f.loop), 0);
    f.url.where = RELEVE_REDIS_CLUSTER;
    for (; *ports != 0; ports++) {
        struct releve_redis_seed *seed = &f.url.seeds[f.url.seeds_count++];
        (void)snprintf(seed->host, sizeof seed->host, "127.0.0.1");
        seed->port = *ports;
    }
    (void)snprintf(f.url.password, sizeof f.url.password, "%s", cluster.password);
    (void)snprintf(f.url.address, sizeof f.url.address, "redis+cluster://127.0.0.1:%d", f.url.seeds[0].port);
}

static void open_nodes(const int *ports)
{
    name_nodes(ports);
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    assert_int_equal(f.ready.calls, 0);
    while (f.ready.calls == 0)
        turn();
}

static void open_cluster(void)
{
    open_nodes((const int[]){cluster.ports[0], cluster.ports[4], 0});
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    assert_true(releve_nodes_is_up(&f.nodes));
}

static void close_nodes(void)
{
    releve_nodes_close(&f.nodes, on_closed);
    (void)uv_run(&f.loop, UV_RUN_DEFAULT); /* ends: no handle is left behind */
    assert_true(f.closed);
    assert_int_equal(f.ready.calls, 1);
    assert_int_equal(uv_loop_close(&f.loop), 0);
}

static void on_reply(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct answer *answer = data;
    answer->calls++;
    answer->error = *error;
    assert_true((reply == NULL) == (error->code != RELEVE_OK));
    if (reply == NULL)
        return;
    answer->number = reply->type == REDIS_REPLY_ARRAY ? (long long)reply->elements : reply->integer;
    if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS)
        (void)snprintf(answer->text, sizeof answer->text, "%s", reply->str);
}

static void await_ok(struct answer *answer)
{
    while (answer->calls == 0)
        turn();
    if (answer->error.code != RELEVE_OK)
        fail_msg("%s", answer->error.text);
    assert_int_equal(answer->calls, 1);
}

/* Words up to a NULL. */
static void send_words(const struct releve_script *script, struct answer *answer, ...)
{
    struct releve_words words = {.count = 0};
    va_list list;
    va_start(list, answer);
    for (const char *word; (word = va_arg(list, const char *)) != NULL;)
        releve_words_add(&words, word);
    va_end(list);
    releve_nodes_send(&f.nodes, "test", script, &words, on_reply, answer);
}

/* --- the load -------------------------------------------------------------------------------------------- */

static void on_put(void *data, const redisReply *reply, const struct releve_error *error);

static void send_put(void)
{
    struct releve_words words = {.count = 0};
    unsigned number = f.sent++;
    releve_words_script(&words, &put, 1);
    releve_words_format(&words, "h:{%u}", number % TAGS);
    releve_words_format(&words, "%u", number);
    f.under_way++;
    releve_nodes_send(&f.nodes, "put", &put, &words, on_put, &f.fields[number % TAGS]);
}

static void on_put(void *data, const redisReply *reply, const struct releve_error *error)
{
    long long *fields = data;
    f.under_way--;
    if (error->code != RELEVE_OK)
        fail_msg("%s", error->text);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    ++*fields;
    f.done++;
    if (f.load)
        send_put();
}

static void begin_load(void)
{
    f.load = true;
    for (int i = 0; i < UNDER_WAY; i++)
        send_put();
}

/* So many more are answered. */
static void await_done(unsigned more)
{
    for (unsigned wanted = f.done + more; f.done < wanted;)
        turn();
}

static void end_load(void)
{
    f.load = false;
    while (f.under_way > 0)
        turn();
}

/* Everything that was acknowledged is there. */
static void check_fields(void)
{
    for (int tag = 0; tag < TAGS; tag++) {
        struct answer answer = {.calls = 0};
        char key[16];
        (void)snprintf(key, sizeof key, "h:{%d}", tag);
        send_words(NULL, &answer, "HLEN", key, (char *)NULL);
        await_ok(&answer);
        assert_int_equal(answer.number, f.fields[tag]);
    }
}

static void await_link(int pairs)
{
    while (f.ups < pairs)
        turn();
    assert_int_equal(f.ups, pairs);
    assert_int_equal(f.downs, pairs);
}

static int slot_of(const char *key)
{
    return releve_slot_of_key(key, strlen(key));
}

/* --- the tests' servers ------------------------------------------------------------------------------------ */

static void learn_sha(const struct releve_script *script, char sha[41])
{
    redisReply *reply = redis_server_command(&single, "SCRIPT LOAD %s", script->text);
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    (void)snprintf(sha, 41, "%s", reply->str);
    freeReplyObject(reply);
}

static int single_port;

static int start_all(void **state)
{
    (void)state;
    char port[16];
    single_port = redis_cluster_free_port();
    (void)snprintf(port, sizeof port, "%d", single_port);
    redis_server_start(&single, (const char *const[]){"--bind", "127.0.0.1", "--port", port, NULL});
    learn_sha(&put, put_sha);
    learn_sha(&pair, pair_sha);
    learn_sha(&pop, pop_sha);
    redis_cluster_start(&cluster, NULL);
    redis_cluster_form(&cluster);
    return 0;
}

static int end_all(void **state)
{
    (void)state;
    redis_server_end(&single);
    redis_cluster_end(&cluster);
    return 0;
}

/* Before each test: a cluster that is well, without keys and without scripts. */
static int heal(void **state)
{
    (void)state;
    redis_cluster_heal(&cluster);
    for (int i = 0; i < CLUSTER_NODES; i++) {
        redisReply *reply = redis_cluster_ask(&cluster, i, "FLUSHALL"); /* a replica refuses */
        freeReplyObject(reply);
        redis_cluster_do(&cluster, i, "SCRIPT FLUSH");
        redis_cluster_do(&cluster, i, "CONFIG RESETSTAT");
    }
    return 0;
}

static int owner(int slot)
{
    return redis_cluster_owner(&cluster, slot);
}

static int another(int master)
{
    for (int slot = 0; slot < RELEVE_SLOTS; slot += 1000)
        if (owner(slot) != master)
            return owner(slot);
    return -1;
}

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
    while (beyond.calls == 0)
        turn();
    assert_int_equal(beyond.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(beyond.error.text, "have changed"));
    close_nodes();
}

/* --- the first attempt ---------------------------------------------------------------------------------------- */

static void expect_failure(const char *said)
{
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    if (strstr(f.ready.error.text, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", f.ready.error.text, said);
    assert_null(strchr(f.ready.error.text, '\n'));
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "GET", "x", (char *)NULL);
    while (answer.calls == 0)
        turn();
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    close_nodes();
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
    expect_failure("is no node of a cluster");
    name_nodes((const int[]){cluster.ports[0], 0});
    f.url.where = RELEVE_REDIS_TCP;
    (void)snprintf(f.url.host, sizeof f.url.host, "127.0.0.1");
    f.url.port = cluster.ports[0];
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    int moved = 0; /* two of three keys are elsewhere */
    for (int i = 0; i < 20; i++) {
        char key[16];
        struct answer answer = {.calls = 0};
        (void)snprintf(key, sizeof key, "%d", i);
        send_words(NULL, &answer, "GET", key, (char *)NULL);
        while (answer.calls == 0)
            turn();
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
    while (f.ready.calls == 0)
        turn();
    assert_null(strstr(f.ready.error.text, "s3cre!"));
    expect_failure("refuses the password");
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(&cluster, i, "CONFIG SET requirepass %s masterauth %s", "", "");
    cluster.password[0] = '\0';
}

static void announce(const char *name, const char *type)
{
    for (int i = 0; i < CLUSTER_NODES; i++)
        redis_cluster_do(&cluster, i, "CONFIG SET cluster-announce-hostname %s cluster-preferred-endpoint-type %s",
                         name, type);
    for (int i = 0; i < CLUSTER_NODES; i++) /* they tell each other */
        for (bool known = false; !known;) {
            redisReply *reply = redis_cluster_ask(&cluster, i, "CLUSTER SLOTS");
            known = true;
            for (size_t j = 0; j < reply->elements; j++) {
                const redisReply *host = reply->element[j]->element[2]->element[0];
                known = known && (name[0] == '\0' || type[0] != 'h' ||
                                  (host->type == REDIS_REPLY_STRING && strcmp(host->str, name) == 0));
            }
            freeReplyObject(reply);
        }
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

static void test_a_cluster_that_is_not_complete_yet_is_waited_for(void **state)
{
    (void)state;
    int master = owner(77);
    redis_cluster_do(&cluster, master, "CLUSTER DELSLOTS 77");
    for (int i = 0; i < CLUSTER_NODES; i++) /* what was on its way then may still say otherwise */
        if (redis_cluster_owner_seen_by(&cluster, i, 77) >= 0) {
            freeReplyObject(redis_cluster_ask(&cluster, i, "CLUSTER DELSLOTS 77"));
            i = -1;
        }
    name_nodes((const int[]){cluster.ports[1], 0});
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "GET", "x", (char *)NULL);
    for (int i = 0; i < 50; i++)
        turn();
    if (f.ready.calls > 0)
        fail_msg("ready: %s", f.ready.error.text);
    redis_cluster_do(&cluster, master, "CLUSTER ADDSLOTS 77");
    while (f.ready.calls == 0)
        turn();
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

/* --- slots that move ------------------------------------------------------------------------------------------ */

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

/* --- a walk through all keys ----------------------------------------------------------------------------------- */

/* It looks at nothing: what counts is where a slot is while it goes on. */
static struct {
    struct releve_walk walk;
    int turns[RELEVE_WALK_FAILED + 1];
    void (*at_node)(void);
    int slot, from, to;
} w;

static void on_turn(void *data, enum releve_walk_turn turn)
{
    (void)data;
    w.turns[turn]++;
    if (turn == RELEVE_WALK_END || turn == RELEVE_WALK_FAILED)
        return;
    if (w.at_node != NULL)
        w.at_node();
    releve_walk_next(&w.walk);
}

static void begin_walk(void (*at_node)(void))
{
    memset(&w, 0, sizeof w);
    w.at_node = at_node;
    w.slot = slot_of("h:{1}");
    w.from = owner(w.slot);
    w.to = another(w.from);
    redis_cluster_do(&cluster, w.from, "HSET h:{1} field 1");
    releve_walk_begin(&w.walk, &f.nodes, "walk", on_turn, NULL);
}

static void await_end_of_walk(void)
{
    while (w.turns[RELEVE_WALK_END] + w.turns[RELEVE_WALK_FAILED] == 0)
        turn();
}

static void test_a_walk_goes_to_every_master_once_where_nothing_moves(void **state)
{
    (void)state;
    open_cluster();
    begin_walk(NULL);
    await_end_of_walk();
    assert_int_equal(w.turns[RELEVE_WALK_NODE], CLUSTER_MASTERS);
    assert_int_equal(w.turns[RELEVE_WALK_AGAIN] + w.turns[RELEVE_WALK_FAILED], 0);
    close_nodes();
}

static void begin_move_at_the_second(void)
{
    if (w.turns[RELEVE_WALK_NODE] != 2 || w.turns[RELEVE_WALK_AGAIN] > 0)
        return;
    redis_cluster_move_begin(&cluster, w.slot, w.from, w.to);
    redis_cluster_move_keys(&cluster, w.slot, w.from, w.to, 1);
}

static void test_a_walk_that_ends_with_a_slot_half_moved_waits_and_begins_anew(void **state)
{
    (void)state;
    open_cluster();
    begin_walk(begin_move_at_the_second);
    while (w.walk.looks == 0 && w.turns[RELEVE_WALK_END] == 0)
        turn();
    assert_int_equal(w.turns[RELEVE_WALK_END], 0);
    redis_cluster_move_end(&cluster, w.slot, w.from, w.to);
    await_end_of_walk();
    assert_int_equal(w.turns[RELEVE_WALK_END], 1);
    assert_true(w.turns[RELEVE_WALK_AGAIN] >= 1);
    close_nodes();
}

static void move_there_and_back(void)
{
    if (w.turns[RELEVE_WALK_NODE] != 2 || w.turns[RELEVE_WALK_AGAIN] > 0)
        return;
    redis_cluster_move_begin(&cluster, w.slot, w.from, w.to);
    redis_cluster_move_end(&cluster, w.slot, w.from, w.to);
    redis_cluster_move_begin(&cluster, w.slot, w.to, w.from);
    redis_cluster_move_end(&cluster, w.slot, w.to, w.from);
}

static void test_a_slot_that_went_and_came_back_during_a_walk_is_noticed(void **state)
{
    (void)state;
    open_cluster();
    begin_walk(move_there_and_back);
    await_end_of_walk();
    assert_int_equal(w.turns[RELEVE_WALK_END], 1);
    assert_true(w.turns[RELEVE_WALK_AGAIN] >= 1);
    close_nodes();
}

static void test_a_walk_gives_up_where_a_slot_stays_half_moved(void **state)
{
    (void)state;
    open_cluster();
    begin_walk(begin_move_at_the_second);
    while (w.walk.looks == 0 && w.turns[RELEVE_WALK_END] == 0)
        turn();
    w.walk.looks = RELEVE_WALK_LOOKS - 2; /* the time is not waited for */
    await_end_of_walk();
    assert_int_equal(w.turns[RELEVE_WALK_FAILED], 1);
    assert_non_null(strstr(w.walk.error.text, "cannot walk: slots of the Redis Cluster are being moved"));
    redis_cluster_move_end(&cluster, w.slot, w.from, w.to);
    close_nodes();
}

static void test_closing_ends_a_walk_that_waits_for_a_slot(void **state)
{
    (void)state;
    open_cluster();
    begin_walk(begin_move_at_the_second);
    while (w.walk.looks == 0 && w.turns[RELEVE_WALK_END] == 0)
        turn();
    close_nodes();
    assert_int_equal(w.turns[RELEVE_WALK_FAILED], 1);
    assert_int_equal(w.walk.error.code, RELEVE_E_INTERRUPTED);
    redis_cluster_move_end(&cluster, w.slot, w.from, w.to);
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
    while (f.downs == 0)
        turn();
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
    while (f.ready.calls == 0)
        turn();
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
    while (!is_blocked(node))
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
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
    redis_cluster_do(&cluster, replica, "CLUSTER FAILOVER"); /* UNBLOCKED, and the master becomes a replica */
    redis_cluster_await_master(&cluster, replica, slot);
    await_blocked(replica);
    redis_cluster_heal(&cluster);
    redis_server_kill(&cluster.nodes[replica]);
    redis_cluster_await_master(&cluster, master, slot);
    await_blocked(master);
    assert_int_equal(answer.calls, 0);
    redis_cluster_do(&cluster, master, "LPUSH {q}from item");
    await_ok(&answer);
    assert_string_equal(answer.text, "item");
    close_nodes();
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
    while (redis_cluster_owner_seen_by(&cluster, witness, slot) != replica)
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    assert_int_equal(kill(cluster.nodes[master].pid, SIGCONT), 0);
    redisFree(context);
    while (!is_blocked(replica)) {
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
        if (answer.calls > 0)
            fail_msg("%s", answer.error.text);
    }
    redis_cluster_do(&cluster, replica, "LPUSH {q}from item");
    await_ok(&answer);
    close_nodes();
}

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
    while (f.downs == 0)
        turn();
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
    while (f.ups < f.downs)
        turn();
    close_nodes();
}

/* Its reply is left unread until the server stands still. */
static void await_called(int node, const char *stat)
{
    for (bool called = false; !called;) {
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
        redisReply *reply = redis_cluster_ask(&cluster, node, "INFO commandstats");
        called = strstr(reply->str, stat) != NULL;
        freeReplyObject(reply);
    }
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
    await_called(master, "cmdstat_llen:"); /* no node has the script that says which key it is: it takes two replies */
    assert_int_equal(kill(cluster.nodes[master].pid, SIGSTOP), 0);
    redis_cluster_await_master(&cluster, replica, slot);
    assert_int_equal(answer.calls, 0);
    while (answer.calls == 0)
        turn();
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
    for (int tag = 0; tag < 3; tag++) {
        await_done(300);
        char key[16];
        (void)snprintf(key, sizeof key, "h:{%d}", tag);
        int slot = slot_of(key), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
        redis_cluster_do(&cluster, replica, "CLUSTER FAILOVER");
        redis_cluster_await_master(&cluster, replica, slot);
        await_done(300);
        redis_cluster_heal(&cluster);
    }
    end_load();
    check_fields();
    close_nodes();
    assert_int_equal(f.ups, f.downs);
}

/* We are there, by TCP; the test itself comes by the socket. */
static bool is_visited(int node)
{
    redisReply *reply = redis_cluster_ask(&cluster, node, "CLIENT LIST TYPE normal");
    bool found = strstr(reply->str, "laddr=127.0.0.1:") != NULL;
    freeReplyObject(reply);
    return found;
}

static void test_a_node_that_serves_no_more_is_left(void **state)
{
    (void)state;
    open_cluster();
    int slot = slot_of("h:{4}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    assert_true(is_visited(master));
    redis_cluster_do(&cluster, replica, "CLUSTER FAILOVER");
    redis_cluster_await_master(&cluster, replica, slot);
    redis_cluster_heal(&cluster); /* the old one knows */
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{4}", (char *)NULL);
    await_ok(&answer);
    while (is_visited(master))
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
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
    redis_cluster_do(&cluster, master, "CLUSTER FAILOVER");
    redis_cluster_await_master(&cluster, master, slot);
    await_done(500);
    struct answer answer = {.calls = 0};
    send_words(NULL, &answer, "HLEN", "h:{5}", (char *)NULL);
    await_ok(&answer);
    end_load();
    close_nodes();
}

/* Waits until node `i` says that the cluster serves, or that it does not. */
static void await_state(int i, const char *state)
{
    for (bool reached = false; !reached;) {
        redisReply *reply = redis_cluster_ask(&cluster, i, "CLUSTER INFO");
        reached = strstr(reply->str, state) != NULL;
        freeReplyObject(reply);
    }
}

static void test_an_outage_ends_although_replicas_were_away_when_it_did(void **state)
{
    (void)state;
    name_nodes((const int[]){cluster.ports[0], 0});
    f.url.replicas = 1;
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    while (f.ready.calls == 0)
        turn();
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    int slot = slot_of("{told}"), master = owner(slot), replica = redis_cluster_replica(&cluster, master);
    assert_int_equal(kill(cluster.nodes[replica].pid, SIGSTOP), 0);
    redis_cluster_do(&cluster, master, "CLUSTER DELSLOTS %d", slot); /* it alone thinks that a slot is nobody's */
    await_state(master, "cluster_state:fail");
    struct answer answer = {.calls = 0};
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "SET");
    releve_words_add(&words, "{told}");
    releve_words_add(&words, "x");
    releve_nodes_send_replicated(&f.nodes, RELEVE_REPLICAS_TELL, "test", NULL, &words, on_reply, &answer);
    while (f.downs == 0)
        turn();
    assert_non_null(strstr(f.why, "CLUSTERDOWN"));
    redis_cluster_do(&cluster, master, "CLUSTER ADDSLOTS %d", slot);
    await_ok(&answer); /* that the replica is away */
    redis_cluster_heal(&cluster);
    await_link(1);
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
    while (f.downs == 0)
        turn();
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
    while (f.ups < f.downs)
        turn();
    close_nodes();
}

static void test_what_waits_is_bounded_over_all_nodes(void **state)
{
    (void)state;
    static struct answer answers[ANSWERS_MAX];
    memset(answers, 0, sizeof answers);
    open_cluster();
    kill_all();
    while (f.downs == 0)
        turn();
    for (int i = 0; i < ANSWERS_MAX; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "%d", i);
        send_words(NULL, &answers[i], "GET", key, (char *)NULL);
    }
    struct answer *last = &answers[ANSWERS_MAX - 1];
    while (last->calls == 0)
        turn();
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
    while (begun == 0)
        turn();
    for (int i = 0; i < CLUSTER_NODES; i++) {
        redis_cluster_do(&cluster, i, "PUBLISH t:b:due 5");
        while (news <= i)
            turn();
    }
    assert_int_equal(news, CLUSTER_NODES);
    for (int i = 0; i < CLUSTER_NODES; i++)
        if (cluster.ports[i] == watcher.url.port)
            redis_server_kill(&cluster.nodes[i]);
    while (begun < 2)
        turn();
    redis_cluster_heal(&cluster);
    releve_watcher_close(&watcher, NULL);
    close_nodes();
}

int main(int argc, char **argv)
{
    bool walks = argc > 1 && strcmp(argv[1], "--walks") == 0;
    if (argc > 1 && !walks)
        cmocka_set_test_filter(argv[1]); /* one of them, by hand: "*moves*" */
#define healed(test) cmocka_unit_test_setup(test, heal)
    const struct CMUnitTest tests[] = {
        healed(test_slots_are_those_of_redis),
        healed(test_a_command_goes_to_the_node_of_its_key_at_once),
        healed(test_every_master_can_be_asked_in_turn),
        healed(test_nodes_that_are_named_are_asked_in_turn),
        healed(test_a_single_redis_is_told_from_a_cluster),
        healed(test_every_node_gets_the_password),
        healed(test_an_announced_address_that_cannot_be_reached_is_named),
        healed(test_nodes_may_have_names_or_none),
        healed(test_a_cluster_that_is_not_complete_yet_is_waited_for),
        healed(test_a_master_that_is_being_replaced_is_waited_for),
        healed(test_a_slot_that_moves_under_load_loses_nothing),
        healed(test_keys_of_a_script_that_are_apart_are_waited_for),
        healed(test_a_slot_that_stays_half_moved_is_named),
        healed(test_a_blocked_wait_moves_with_its_slot),
        healed(test_a_blocked_wait_goes_on_at_the_new_master),
        healed(test_a_master_that_dies_is_replaced_and_nothing_stays_unanswered),
        healed(test_a_master_that_is_cut_off_is_replaced_and_finds_out),
        healed(test_a_wrong_key_is_named_although_its_node_is_replaced_meanwhile),
        healed(test_masters_and_replicas_change_places_without_loss),
        healed(test_a_node_that_serves_no_more_is_left),
        healed(test_a_node_is_found_at_its_new_address),
        healed(test_an_outage_ends_although_replicas_were_away_when_it_did),
        healed(test_a_cluster_that_goes_and_comes_back_goes_on),
        healed(test_what_waits_is_bounded_over_all_nodes),
        healed(test_closing_tells_all_that_wait),
        healed(test_news_of_every_node_arrive_and_survive_the_node_that_brings_them),
    };
    /* With a cluster of their own: they leave its slots and epochs otherwise than they found them. */
    const struct CMUnitTest of_walks[] = {
        healed(test_a_walk_goes_to_every_master_once_where_nothing_moves),
        healed(test_a_walk_that_ends_with_a_slot_half_moved_waits_and_begins_anew),
        healed(test_a_slot_that_went_and_came_back_during_a_walk_is_noticed),
        healed(test_a_walk_gives_up_where_a_slot_stays_half_moved),
        healed(test_closing_ends_a_walk_that_waits_for_a_slot),
        healed(test_a_master_that_is_replaced_before_its_replicas_are_asked_is_left),
    };
    if (walks)
        return cmocka_run_group_tests(of_walks, start_all, end_all);
    return cmocka_run_group_tests(tests, start_all, end_all);
}
