/* Commands of one slot are carried out in the order in which they were given, whether Redis knows their script or not,
 * and also when the connection is lost: with one Redis and at a node of a cluster. */
#include "nodes_fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST "{order}list"
#define SEEN "{order}seen"
#define ITEMS 3000
#define UNDER_WAY 64
#define CUTS 5 /* of the connection, spread over the items */

/* --- one Redis, or the node of the slot ------------------------------------------------------------------ */

/* Whom the test speaks to besides. */
static redisReply *ask(const char *command)
{
    return f.nodes.cluster != NULL ? redis_cluster_ask(&cluster, owner(slot_of(LIST)), command)
                                   : redis_server_command(&single, command);
}

static void tell(const char *command)
{
    redisReply *reply = ask(command);
    assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
    freeReplyObject(reply);
}

static void forget_scripts(void)
{
    tell("SCRIPT FLUSH");
}

static void check_list(const char *wanted)
{
    char found[256] = "";
    redisReply *reply = ask("LRANGE " LIST " 0 -1");
    for (size_t i = 0; i < reply->elements; i++)
        (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%s ", reply->element[i]->str);
    freeReplyObject(reply);
    assert_string_equal(found, wanted);
}

static int start_single(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&single, "FLUSHALL"));
    freeReplyObject(redis_server_command(&single, "SCRIPT FLUSH"));
    return 0;
}

/* --- scripts that Redis does not know -------------------------------------------------------------------- */

static struct answer appended[8];

static void send_append(const char *item, struct answer *answer)
{
    *answer = (struct answer){.calls = 0};
    send_words(&append, answer, "EVALSHA", append_sha, "2", LIST, SEEN, item, (char *)NULL);
}

/* The third item is given when the first one was refused, if it was, and the second one was not yet. */
static void on_between(void *data, const redisReply *reply, const struct releve_error *error)
{
    on_reply(data, reply, error);
    send_append("c", &appended[2]);
}

static void append_three(void)
{
    struct answer between = {.calls = 0};
    struct releve_words words = {.count = 0};
    send_append("a", &appended[0]);
    releve_words_add(&words, "STRLEN");
    releve_words_add(&words, "{order}none");
    releve_nodes_send(&f.nodes, "test", NULL, &words, on_between, &between);
    send_append("b", &appended[1]);
    await_ok(&between);
    for (int i = 0; i < 3; i++)
        await_ok(&appended[i]);
}

static void check_unknown(void)
{
    append_three();
    check_list("a b c ");
    close_nodes();
}

static void check_forgotten(void)
{
    send_append("first", &appended[3]);
    await_ok(&appended[3]);
    forget_scripts();
    append_three();
    check_list("first a b c ");
    close_nodes();
}

static void test_what_one_redis_has_no_script_for_keeps_its_order(void **state)
{
    (void)state;
    open_single();
    check_unknown();
}

static void test_what_a_node_has_no_script_for_keeps_its_order(void **state)
{
    (void)state;
    open_cluster();
    check_unknown();
}

static void test_what_one_redis_has_forgotten_the_script_of_keeps_its_order(void **state)
{
    (void)state;
    open_single();
    check_forgotten();
}

static void test_what_a_node_has_forgotten_the_script_of_keeps_its_order(void **state)
{
    (void)state;
    open_cluster();
    check_forgotten();
}

/* --- connections that are cut ---------------------------------------------------------------------------- */

static int given, done;

static void on_item(void *data, const redisReply *reply, const struct releve_error *error);

static void give_item(void)
{
    struct releve_words words = {.count = 0};
    if (given == ITEMS)
        return;
    releve_words_script(&words, &append, 2);
    releve_words_add(&words, LIST);
    releve_words_add(&words, SEEN);
    releve_words_format(&words, "%d", given++);
    releve_nodes_send(&f.nodes, "append", &append, &words, on_item, NULL);
}

static void on_item(void *data, const redisReply *reply, const struct releve_error *error)
{
    (void)data;
    (void)reply;
    assert_int_equal(error->code, RELEVE_OK);
    done++;
    give_item();
}

/* Redis forgets the script besides, at each other cut. */
static void check_cuts(void)
{
    given = done = 0;
    for (int i = 0; i < UNDER_WAY; i++)
        give_item();
    for (int cut = 1; cut <= CUTS; cut++) {
        while (done < cut * ITEMS / (CUTS + 1))
            turn();
        if (cut % 2 == 0)
            forget_scripts();
        tell("CLIENT KILL TYPE normal SKIPME yes");
        while (f.downs < cut)
            turn();
        for (int i = 0; i < UNDER_WAY / 2; i++)
            give_item(); /* while it is away */
        while (f.ups < cut)
            turn();
    }
    while (done < ITEMS)
        turn();
    redisReply *reply = ask("LRANGE " LIST " 0 -1");
    assert_int_equal(reply->elements, ITEMS);
    for (int i = 0; i < ITEMS; i++)
        assert_int_equal(atoi(reply->element[i]->str), i);
    freeReplyObject(reply);
    close_nodes();
}

static void test_the_order_outlives_the_connection_to_one_redis(void **state)
{
    (void)state;
    open_single();
    check_cuts();
}

static void test_the_order_outlives_the_connection_to_a_node(void **state)
{
    (void)state;
    open_cluster();
    check_cuts();
}

/* --- replicas that are away -------------------------------------------------------------------------------- */

/* Of all scripts that the single Redis has run since its figures were cleared. */
static int count_runs(void)
{
    redisReply *reply = redis_server_command(&single, "INFO commandstats");
    const char *found = strstr(reply->str, "cmdstat_evalsha:calls=");
    int runs = found != NULL ? atoi(found + strlen("cmdstat_evalsha:calls=")) : 0;
    freeReplyObject(reply);
    return runs;
}

/* A master that was replaced by one that has nothing of what it ran: what was tried again goes behind nothing. */
static void test_what_no_replica_has_keeps_its_order_at_the_next_master(void **state)
{
    (void)state;
    static const char *const items[] = {"a", "b", "c"};
    open_single();
    f.url.replicas = 1; /* it has none */
    tell("CONFIG RESETSTAT");
    for (int i = 0; i < 3; i++) {
        struct releve_words words = {.count = 0};
        appended[i] = (struct answer){.calls = 0};
        releve_words_script(&words, &append, 2);
        releve_words_add(&words, LIST);
        releve_words_add(&words, SEEN);
        releve_words_add(&words, items[i]);
        releve_nodes_send_replicated(&f.nodes, RELEVE_REPLICAS_REPEAT, "append", &append, &words, on_reply,
                                     &appended[i]);
    }
    while (count_runs() < 3 + 2) /* the first one was tried again, and then the second one */
        (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    tell("FLUSHALL");
    f.url.replicas = 0;
    tell("CLIENT KILL TYPE normal SKIPME yes");
    for (int i = 0; i < 3; i++)
        await_ok(&appended[i]);
    check_list("a b c ");
    close_nodes();
}

#define emptied(test) cmocka_unit_test_setup(test, start_single)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        emptied(test_what_one_redis_has_no_script_for_keeps_its_order),
        healed(test_what_a_node_has_no_script_for_keeps_its_order),
        emptied(test_what_one_redis_has_forgotten_the_script_of_keeps_its_order),
        healed(test_what_a_node_has_forgotten_the_script_of_keeps_its_order),
        emptied(test_the_order_outlives_the_connection_to_one_redis),
        healed(test_the_order_outlives_the_connection_to_a_node),
        emptied(test_what_no_replica_has_keeps_its_order_at_the_next_master),
    };
    return run_healed(argc, argv, tests);
}
