/* See walk.h. Before its first node and behind its last one every master is asked what moves (moves.h). What a walk
 * misses has gone from a node where it was not looked for yet to one where it no longer was: so a slot was on its way
 * when the walk began, or when it ended, or it has another owner since. The latter is looked for in the middle too, as
 * it is not worth going on then. */
#include <adapters/redis/walk.h>

static void look(struct releve_walk *walk);

static void on_looked(void *data)
{
    look(data);
}

static void fail(struct releve_walk *walk)
{
    walk->turn(walk->data, RELEVE_WALK_FAILED);
}

static void begin_turn(struct releve_walk *walk)
{
    enum releve_walk_turn turn = walk->begun ? RELEVE_WALK_AGAIN : RELEVE_WALK_NODE;
    if (walk->begun && ++walk->tries == RELEVE_WALK_TRIES) {
        (void)releve_fail(
            &walk->error, RELEVE_E_REDIS,
            "cannot %s: connections to Redis keep being lost, or slots of the cluster keep moving; try again "
            "when they keep still",
            walk->what);
        fail(walk);
        return;
    }
    walk->begun = true;
    walk->whole = false;
    walk->node = 0;
    walk->epoch = walk->moves.epoch;
    walk->config = walk->moves.config;
    walk->turn(walk->data, turn);
}

static void on_moves(void *data)
{
    struct releve_walk *walk = data;
    const struct releve_moves *seen = &walk->moves;
    bool moving = seen->changed || seen->moving > 0;
    walk->whole = walk->whole && !moving && seen->epoch == walk->epoch && seen->config == walk->config;
    if (seen->error.code != RELEVE_OK) {
        walk->error = seen->error;
        fail(walk);
    } else if (moving && ++walk->looks == RELEVE_WALK_LOOKS) {
        (void)releve_fail(
            &walk->error, RELEVE_E_REDIS,
            "cannot %s: slots of the Redis Cluster are being moved, and their keys are at two nodes; do it "
            "again when they have moved (redis-cli --cluster check says which do)",
            walk->what);
        fail(walk);
    } else if (moving) {
        releve_nodes_look(walk->nodes, on_looked, walk);
    } else if (walk->whole) {
        walk->turn(walk->data, RELEVE_WALK_END);
    } else {
        begin_turn(walk);
    }
}

static void look(struct releve_walk *walk)
{
    releve_moves_begin(&walk->moves, walk->nodes, walk->what, on_moves, walk);
}

static void begin_anew(struct releve_walk *walk)
{
    walk->whole = false;
    look(walk);
}

void releve_walk_begin(struct releve_walk *walk, struct releve_nodes *nodes, const char *what,
                       void (*turn)(void *data, enum releve_walk_turn turn), void *data)
{
    *walk = (struct releve_walk){.nodes = nodes, .what = what, .turn = turn, .data = data};
    look(walk);
}

void releve_walk_next(struct releve_walk *walk)
{
    if (releve_nodes_epoch(walk->nodes) != walk->epoch) {
        begin_anew(walk);
    } else if (++walk->node < releve_nodes_count(walk->nodes)) {
        walk->turn(walk->data, RELEVE_WALK_NODE);
    } else {
        walk->whole = true;
        releve_nodes_look(walk->nodes, on_looked, walk); /* who serves what is told to nobody unasked */
    }
}

bool releve_walk_recover(struct releve_walk *walk)
{
    if (releve_nodes_epoch(walk->nodes) == walk->epoch)
        return false;
    begin_anew(walk);
    return true;
}
