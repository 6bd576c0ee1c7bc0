/* See walk.h. The nodes are asked once more at the end who serves what, as nobody tells it unasked. Keys of a slot that
 * is only being moved have left their node before the slot has another owner: what begins and ends its walk in between
 * misses them where the two nodes are walked through in the wrong order. */
#include <adapters/redis/walk.h>

static void begin_anew(struct releve_walk *walk)
{
    walk->node = 0;
    walk->epoch = releve_nodes_epoch(walk->nodes);
    if (++walk->tries < RELEVE_WALK_TRIES) {
        walk->turn(walk->data, RELEVE_WALK_AGAIN);
        return;
    }
    (void)releve_fail(&walk->error, RELEVE_E_REDIS,
                      "cannot %s: slots of the Redis Cluster keep moving; try again when they have moved", walk->what);
    walk->turn(walk->data, RELEVE_WALK_FAILED);
}

static void on_looked(void *data)
{
    struct releve_walk *walk = data;
    if (releve_nodes_epoch(walk->nodes) == walk->epoch)
        walk->turn(walk->data, RELEVE_WALK_END);
    else
        begin_anew(walk);
}

void releve_walk_begin(struct releve_walk *walk, struct releve_nodes *nodes, const char *what,
                       void (*turn)(void *data, enum releve_walk_turn turn), void *data)
{
    *walk = (struct releve_walk){
        .nodes = nodes, .what = what, .epoch = releve_nodes_epoch(nodes), .turn = turn, .data = data};
    turn(data, RELEVE_WALK_NODE);
}

void releve_walk_next(struct releve_walk *walk)
{
    if (releve_nodes_epoch(walk->nodes) != walk->epoch)
        begin_anew(walk);
    else if (++walk->node < releve_nodes_count(walk->nodes))
        walk->turn(walk->data, RELEVE_WALK_NODE);
    else
        releve_nodes_look(walk->nodes, on_looked, walk);
}

bool releve_walk_recover(struct releve_walk *walk)
{
    if (releve_nodes_epoch(walk->nodes) == walk->epoch)
        return false;
    begin_anew(walk);
    return true;
}
