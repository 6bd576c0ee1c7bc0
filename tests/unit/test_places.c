/* Whose map is that of the cluster that is known: where nodes are replaced, and where they leave for another one. */
#include <adapters/redis/places.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define ADDRESSED "" /* instead of an id: the node does not say one */

static struct releve_places places;
static struct releve_slot_map map;

static struct releve_redis_seed at_port(int port)
{
    return (struct releve_redis_seed){.host = "h", .port = port};
}

/* The first node serves all slots. */
static void add(int port, const char *id)
{
    map.nodes[map.count] = at_port(port);
    map.master[map.count] = map.count == 0;
    (void)snprintf(map.ids[map.count++], RELEVE_NODE_ID_BYTES, "%s", id);
}

static void know(void)
{
    releve_places_merge(&places, &map);
    map.count = 0;
}

static bool recognizes(int asked)
{
    struct releve_redis_seed seed = at_port(asked);
    bool is_known = releve_places_recognize(&places, &map, &seed);
    map.count = 0;
    return is_known;
}

static int begin(void **state)
{
    (void)state;
    releve_places_init(&places);
    memset(&map, 0, sizeof map);
    add(1, "aa");
    add(2, "bb");
    know();
    return 0;
}

static void test_a_cluster_is_recognized_by_any_node_that_stayed(void **state)
{
    (void)state;
    add(3, "cc");
    add(2, "bb");
    assert_true(recognizes(3));
    add(9, "bb"); /* at another address */
    assert_true(recognizes(9));
    add(3, "cc");
    add(4, "dd");
    assert_false(recognizes(3));
    assert_false(recognizes(1)); /* which knows nobody */
}

static void test_a_master_that_is_left_alone_is_recognized(void **state)
{
    (void)state;
    add(1, "aa");
    assert_true(recognizes(1));
}

static void test_a_replica_that_went_to_another_cluster_is_not_followed(void **state)
{
    (void)state;
    add(3, "cc");
    add(2, "bb");
    assert_false(recognizes(2));
}

static void test_another_node_at_the_address_of_a_known_one_is_not_followed(void **state)
{
    (void)state;
    add(1, "cc");
    add(2, "dd");
    assert_false(recognizes(1));
}

static void test_nodes_without_an_id_are_recognized_by_their_address(void **state)
{
    (void)state;
    add(3, ADDRESSED);
    add(2, ADDRESSED);
    assert_true(recognizes(3));
    add(3, ADDRESSED);
    assert_false(recognizes(3));
}

static int owner(int slot)
{
    const struct releve_place *place = releve_places_owner(&places, slot);
    return place != NULL ? place->seed.port : 0;
}

static void test_a_slot_moves_to_a_node_that_is_listed_and_to_no_other(void **state)
{
    (void)state;
    struct releve_redis_seed stranger = at_port(9), replica = at_port(2);
    uint64_t epoch = places.epoch;
    assert_false(releve_places_move(&places, 1, &stranger));
    assert_int_equal(owner(1), 1);
    assert_int_equal(places.epoch, epoch);
    add(9, "zz");
    assert_false(recognizes(9));
    assert_true(releve_places_move(&places, 1, &replica));
    assert_int_equal(owner(1), 2);
    assert_int_equal(owner(2), 1);
    assert_true(places.epoch > epoch);
}

static void doubt(int port)
{
    struct releve_redis_seed seed = at_port(port);
    releve_places_find(&places, &seed)->doubted = true;
}

static void test_a_node_that_is_doubted_needs_another_one_to_be_believed(void **state)
{
    (void)state;
    doubt(1);
    add(1, "aa");
    assert_false(recognizes(1));
    add(1, "aa");
    add(2, "bb");
    assert_true(recognizes(1));
    add(1, "aa");
    add(3, "cc");
    assert_true(recognizes(3)); /* that one is not doubted */
    add(1, "aa");
    know(); /* which ends the doubt */
    add(1, "aa");
    assert_true(recognizes(1));
    doubt(1);
    add(1, "aa");
    assert_true(recognizes(1)); /* there is no other to ask */
}

#define begun(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        begun(test_a_cluster_is_recognized_by_any_node_that_stayed),
        begun(test_a_master_that_is_left_alone_is_recognized),
        begun(test_a_replica_that_went_to_another_cluster_is_not_followed),
        begun(test_another_node_at_the_address_of_a_known_one_is_not_followed),
        begun(test_a_slot_moves_to_a_node_that_is_listed_and_to_no_other),
        begun(test_a_node_that_is_doubted_needs_another_one_to_be_believed),
        begun(test_nodes_without_an_id_are_recognized_by_their_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
