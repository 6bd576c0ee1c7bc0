/* A walk through all keys, which goes from master to master in a cluster: SCAN knows those of one node only. Where a
 * slot is on its way, or has got another owner meanwhile, keys may have been missed: it begins anew, when they keep
 * still. So it does where a connection was lost, as another process may answer: SCAN's cursor means nothing to it. */
#ifndef RELEVE_REDIS_WALK_H
#define RELEVE_REDIS_WALK_H

#include <adapters/redis/moves.h>
#include <adapters/redis/nodes.h>

#define RELEVE_WALK_TRIES 10 /* before it is given up, as slots keep moving or connections keep being lost */
/* At slots that are on their way, before it is given up: the delay between two looks doubles from RELEVE_MAP_FIRST_MS
 * to RELEVE_MAP_MAX_MS, so that a slot has 17 s. With its keys it moves in a second or so. */
#define RELEVE_WALK_LOOKS 12

enum releve_walk_turn {
    RELEVE_WALK_NODE,  /* look at node number walk->node, from its beginning */
    RELEVE_WALK_AGAIN, /* the same, and forget what was found: it is node 0 again */
    RELEVE_WALK_END,   /* all have been looked at, and nothing has moved meanwhile */
    RELEVE_WALK_FAILED /* the slots do not keep still, or nobody can say; *error is in walk->error */
};

/* Owned by the caller; its fields are read only to others. */
struct releve_walk {
    struct releve_nodes *nodes;
    size_t node;
    uint64_t epoch, config; /* when it began */
    bool begun;             /* there was a turn */
    bool whole;             /* all nodes have been looked at since, in one epoch */
    unsigned tries, looks;
    struct releve_moves moves;
    const char *what;
    struct releve_error error;
    void (*turn)(void *data, enum releve_walk_turn turn);
    void *data;
};

/* Calls `turn` with NODE when nothing moves: at once where there is one Redis only. `what` ("erase a usage point")
 * begins an error's text. */
void releve_walk_begin(struct releve_walk *walk, struct releve_nodes *nodes, const char *what,
                       void (*turn)(void *data, enum releve_walk_turn turn), void *data);

/* That node has been looked at to its end: `turn` says what comes, at once or later. */
void releve_walk_next(struct releve_walk *walk);

/* A command to the node has failed. True where that is because nodes have changed: `turn` is called, at once or later.
 */
bool releve_walk_recover(struct releve_walk *walk);

#endif
