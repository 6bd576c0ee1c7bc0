/* Walks through all keys of a Redis Cluster while its slots move. They leave its slots and epochs otherwise than they
 * found them. */
#include "nodes_fixture.h"
#include <adapters/redis/walk.h>
#include <stdio.h>
#include <string.h>

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
    await(w.turns[RELEVE_WALK_END] + w.turns[RELEVE_WALK_FAILED] != 0, turn());
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
    await(w.walk.looks != 0 || w.turns[RELEVE_WALK_END] != 0, turn());
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
    await(w.walk.looks != 0 || w.turns[RELEVE_WALK_END] != 0, turn());
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
    await(w.walk.looks != 0 || w.turns[RELEVE_WALK_END] != 0, turn());
    close_nodes();
    assert_int_equal(w.turns[RELEVE_WALK_FAILED], 1);
    assert_int_equal(w.walk.error.code, RELEVE_E_INTERRUPTED);
    redis_cluster_move_end(&cluster, w.slot, w.from, w.to);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        healed(test_a_walk_goes_to_every_master_once_where_nothing_moves),
        healed(test_a_walk_that_ends_with_a_slot_half_moved_waits_and_begins_anew),
        healed(test_a_slot_that_went_and_came_back_during_a_walk_is_noticed),
        healed(test_a_walk_gives_up_where_a_slot_stays_half_moved),
        healed(test_closing_ends_a_walk_that_waits_for_a_slot),
    };
    return run_healed(argc, argv, tests);
}
