/* See nodes_fixture.h. */
#include "nodes_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDER_WAY 24 /* commands at once while there is load */

struct redis_cluster cluster;
struct redis_server single;
struct nodes_fixture f;

static char put_text[] = "redis.call('HSET', KEYS[1], ARGV[1], '1') return redis.call('HLEN', KEYS[1])";
static char pair_text[] = "return (redis.call('GET', KEYS[1]) or '-') .. (redis.call('GET', KEYS[2]) or '-')";
static char pop_text[] = "return redis.call('LPOP', KEYS[2])";
static char append_text[] =
    "if redis.call('SADD', KEYS[2], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[1], ARGV[1]) end";
char put_sha[41], pair_sha[41], pop_sha[41], append_sha[41];
struct releve_script put = {"put", put_text, sizeof put_text - 1, put_sha};
struct releve_script pair = {"pair", pair_text, sizeof pair_text - 1, pair_sha};
struct releve_script pop = {"pop", pop_text, sizeof pop_text - 1, pop_sha};
struct releve_script append = {"append", append_text, sizeof append_text - 1, append_sha};

/* --- the client ------------------------------------------------------------------------------------------ */

void on_ready(void *data, const struct releve_error *error)
{
    struct answer *answer = data != NULL ? data : &f.ready;
    answer->calls++;
    answer->error = *error;
}

void on_link(void *data, bool up, const char *why)
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

void turn(void)
{
    (void)uv_run(&f.loop, UV_RUN_ONCE);
}

void name_nodes(const int *ports)
{
    memset(&f, 0, sizeof f);
    await_loop_init(&f.loop, &f.tick);
    f.url.where = RELEVE_REDIS_CLUSTER;
    for (; *ports != 0; ports++) {
        struct releve_redis_seed *seed = &f.url.seeds[f.url.seeds_count++];
        (void)snprintf(seed->host, sizeof seed->host, "127.0.0.1");
        seed->port = *ports;
    }
    (void)snprintf(f.url.password, sizeof f.url.password, "%s", cluster.password);
    (void)snprintf(f.url.address, sizeof f.url.address, "redis+cluster://127.0.0.1:%d", f.url.seeds[0].port);
}

void open_nodes(const int *ports)
{
    name_nodes(ports);
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    assert_int_equal(f.ready.calls, 0);
    await(f.ready.calls != 0, turn());
}

void open_single(void)
{
    memset(&f, 0, sizeof f);
    await_loop_init(&f.loop, &f.tick);
    f.url.where = RELEVE_REDIS_TCP;
    f.url.port = single_port;
    (void)snprintf(f.url.host, sizeof f.url.host, "127.0.0.1");
    (void)snprintf(f.url.address, sizeof f.url.address, "redis://127.0.0.1:%d", single_port);
    releve_nodes_open(&f.nodes, &f.loop, &f.url, "t", on_ready, on_link, NULL);
    await_ok(&f.ready);
}

void open_cluster(void)
{
    open_nodes((const int[]){cluster.ports[0], cluster.ports[4], 0});
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
    assert_true(releve_nodes_is_up(&f.nodes));
}

void close_nodes(void)
{
    releve_nodes_close(&f.nodes, on_closed);
    await_loop_end(&f.loop, &f.tick);
    assert_true(f.closed);
    assert_int_equal(f.ready.calls, 1);
}

void on_reply(void *data, const redisReply *reply, const struct releve_error *error)
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

void await_ok(struct answer *answer)
{
    await(answer->calls != 0, turn());
    if (answer->error.code != RELEVE_OK)
        fail_msg("%s", answer->error.text);
    assert_int_equal(answer->calls, 1);
}

void send_words(const struct releve_script *script, struct answer *answer, ...)
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

void begin_load(void)
{
    f.load = true;
    for (int i = 0; i < UNDER_WAY; i++)
        send_put();
}

void await_done(unsigned more)
{
    unsigned wanted = f.done + more;
    await(f.done >= wanted, turn());
}

void end_load(void)
{
    f.load = false;
    await(f.under_way == 0, turn());
}

void check_fields(void)
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

void await_link(int pairs)
{
    await(f.ups >= pairs, turn());
    assert_int_equal(f.ups, pairs);
    assert_int_equal(f.downs, pairs);
}

int slot_of(const char *key)
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

int single_port;

int start_all(void **state)
{
    (void)state;
    char port[16];
    single_port = redis_cluster_free_port();
    (void)snprintf(port, sizeof port, "%d", single_port);
    redis_server_start(&single, (const char *const[]){"--bind", "127.0.0.1", "--port", port, NULL});
    learn_sha(&put, put_sha);
    learn_sha(&pair, pair_sha);
    learn_sha(&pop, pop_sha);
    learn_sha(&append, append_sha);
    redis_cluster_start(&cluster, NULL);
    redis_cluster_form(&cluster);
    return 0;
}

int end_all(void **state)
{
    (void)state;
    redis_server_end(&single);
    redis_cluster_end(&cluster);
    return 0;
}

int heal(void **state)
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

int owner(int slot)
{
    return redis_cluster_owner(&cluster, slot);
}

int another(int master)
{
    for (int slot = 0; slot < RELEVE_SLOTS; slot += 1000)
        if (owner(slot) != master)
            return owner(slot);
    return -1;
}
