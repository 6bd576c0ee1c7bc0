/* What tests of commands to a Redis Cluster share: the cluster, a client, and a load of writes. */
#ifndef RELEVE_TESTS_NODES_FIXTURE_H
#define RELEVE_TESTS_NODES_FIXTURE_H

#include <adapters/redis/nodes.h>
#include <adapters/redis/slot.h>

#include "await.h"
#include "redis_cluster.h"

#define TAGS 48      /* of keys: they are spread over all nodes */
#define SOON_MS 2000 /* a time-out, for tests that wait for it */
#define ANSWERS_MAX (RELEVE_COMMANDS_MAX + 1)

struct answer {
    int calls;
    struct releve_error error;
    long long number; /* an integer, or the length of an array */
    char text[64];
};

/* A client, and a load of writes that goes on while the loop turns: each is a field of the hash of its tag. */
struct nodes_fixture {
    uv_loop_t loop;
    uv_timer_t tick;
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
};

extern struct redis_cluster cluster;
extern struct redis_server single; /* that belongs to no cluster */
extern int single_port;
extern struct nodes_fixture f;

/* Scripts with two keys at most: put a field and count them, join two strings, pop from the second key, and append to
 * the first one what was not appended before. */
extern struct releve_script put, pair, pop, append;
extern char put_sha[41], pair_sha[41], pop_sha[41], append_sha[41];

void on_ready(void *data, const struct releve_error *error);
void on_link(void *data, bool up, const char *why);
void turn(void);
/* An address that names the nodes with these ports, up to a 0. */
void name_nodes(const int *ports);
void open_nodes(const int *ports);
void open_cluster(void);
void open_single(void);
void close_nodes(void);
void on_reply(void *data, const redisReply *reply, const struct releve_error *error);
void await_ok(struct answer *answer);
/* Words up to a NULL. */
void send_words(const struct releve_script *script, struct answer *answer, ...);
void begin_load(void);
/* So many more are answered. */
void await_done(unsigned more);
void end_load(void);
/* Everything that was acknowledged is there. */
void check_fields(void);
void await_link(int pairs);
int slot_of(const char *key);
int start_all(void **state);
int end_all(void **state);
/* Before each test: a cluster that is well, without keys and without scripts. */
int heal(void **state);
int owner(int slot);
int another(int master);

#define healed(test) cmocka_unit_test_setup(test, heal)

/* The argument: one of the tests, by hand: "*moves*". */
#define run_healed(argc, argv, tests) \
    ((argc) > 1 ? cmocka_set_test_filter((argv)[1]) : (void)0, cmocka_run_group_tests(tests, start_all, end_all))

#endif
