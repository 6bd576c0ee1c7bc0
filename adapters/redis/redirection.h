/* What a node of a cluster says when it does not do what was asked, and what follows for the command. Pure. */
#ifndef RELEVE_REDIS_REDIRECTION_H
#define RELEVE_REDIS_REDIRECTION_H

#include <adapters/redis/url.h>
#include <hiredis/hiredis.h>

enum releve_redirection_type {
    RELEVE_REDIRECTION_NONE,  /* an error that is for whoever asked */
    RELEVE_REDIRECTION_MOVED, /* the slot is another node's: from now on */
    RELEVE_REDIRECTION_ASK, /* the slot is on its way to another node: this command goes there, the next one may not */
    RELEVE_REDIRECTION_AGAIN, /* a wait was broken off: it passes by itself */
    RELEVE_REDIRECTION_SPLIT, /* the slot is on its way, and not all keys are at this node: it passes by itself, unless
                                 nobody moves the slot any more */
    RELEVE_REDIRECTION_ALIEN, /* the same, where a script says it; but it would say so of a key that it must not use */
    RELEVE_REDIRECTION_AWAY   /* the cluster or this node does not serve now: like a Redis that is away */
};

struct releve_redirection {
    enum releve_redirection_type type;
    int slot;                      /* MOVED, ASK */
    struct releve_redis_seed node; /* MOVED, ASK: "" for a host that is that of the node that answered */
    bool host_unknown;             /* MOVED, ASK: the cluster knows no name for it, and `node` is none */
};

/* `reply` is an error. */
struct releve_redirection releve_redirection_of(const redisReply *reply);

#endif
