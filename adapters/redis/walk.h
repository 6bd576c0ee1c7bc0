/* A walk through all keys, which goes from master to master in a cluster: SCAN knows those of one node only. Where
 * slots have got another owner meanwhile, keys may have been missed, and it begins anew. */
#ifndef RELEVE_REDIS_WALK_H
#define RELEVE_REDIS_WALK_H

#include <adapters/redis/nodes.h>

#define RELEVE_WALK_TRIES 10 /* before it is given up, as slots keep moving */

enum releve_walk_turn {
    RELEVE_WALK_NODE,  /* look at node number walk->node, from its beginning */
    RELEVE_WALK_AGAIN, /* the same, and forget what was found: it is node 0 again */
    RELEVE_WALK_END,   /* all have been looked at */
    RELEVE_WALK_FAILED /* the slots do not keep still; *error is in walk->error */
};

/* Owned by the caller; its fields are read only to others. */
struct releve_walk {
    struct releve_nodes *nodes;
    size_t node;
    uint64_t epoch;
    unsigned tries;
    const char *what;
    struct releve_error error;
    void (*turn)(void *data, enum releve_walk_turn turn);
    void *data;
};

/* Calls `turn` with NODE at once. `what` ("erase a usage point") begins an error's text. */
void releve_walk_begin(struct releve_walk *walk, struct releve_nodes *nodes, const char *what,
                       void (*turn)(void *data, enum releve_walk_turn turn), void *data);

/* That node has been looked at to its end: `turn` says what comes, at once or later. */
void releve_walk_next(struct releve_walk *walk);

/* A command to the node has failed. True where that is because nodes have changed: `turn` was called. */
bool releve_walk_recover(struct releve_walk *walk);

#endif
