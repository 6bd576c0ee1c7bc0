/* Asks every master of a cluster, one after the other, whether slots of its are on their way, and which configuration
 * of the cluster it knows: what a walk through all keys has to know, and CLUSTER SLOTS does not say. A slot with some
 * of its keys at its next owner still has its old one. */
#ifndef RELEVE_REDIS_MOVES_H
#define RELEVE_REDIS_MOVES_H

#include <adapters/redis/nodes.h>

struct releve_moves {
    struct releve_nodes *nodes;
    const char *what;
    size_t node; /* that is asked */
    uint64_t epoch;
    bool changed;    /* masters have changed while they were asked: what follows says nothing */
    uint64_t moving; /* slots that are on their way, as their nodes say: each may count twice */
    uint64_t config; /* differs where a slot has got another owner in between, and be it the old one again */
    struct releve_error error;
    void (*done)(void *data);
    void *data;
};

/* `moves` is the caller's; `done` follows, at once where there is one Redis only. `what` begins an error's text. */
void releve_moves_begin(struct releve_moves *moves, struct releve_nodes *nodes, const char *what,
                        void (*done)(void *data), void *data);

/* What a node's CLUSTER NODES says of itself is added. False where it says nothing of the kind. Pure. */
bool releve_moves_add(struct releve_moves *moves, const char *text);

#endif
