/* A worker's connection to one master: operations are carried out in the order in which they were sent, and so are
 * replies. When it breaks, what had no reply is sent again, and may then happen twice.
 *
 * Where there are replicas it does what adapters/redis/acknowledge.c does, and lets the same code decide: which writes
 * a WAIT speaks for, and what follows from its answer (adapters/redis/waits.h). */
#ifndef RELEVE_SIMULATION_NODE_LINK_H
#define RELEVE_SIMULATION_NODE_LINK_H

#include "replication.h"
#include <adapters/redis/waits.h>

struct operation;
struct releve_store;
struct transit;

struct node_link {
    struct releve_store *store;
    unsigned shard;
    uint32_t connection;    /* the present one's number */
    struct operation *sent; /* in their order, until they are answered */
    struct operation *kept; /* too few replicas had them, or are away; the first one is tried next */
    struct releve_waits waits;
    uint32_t pause; /* the present one's number */
    int64_t last_done_us, last_reply_us, cut_until_us;
    int64_t stale_until_us; /* it talks to what was the master */
    /* At the master: */
    int64_t reach_us[REPLICATION_REPLICAS_MAX]; /* when each replica has what was there at the last operation */
    bool blocked;                               /* a WAIT is under way */
    struct transit *behind;                     /* what came behind one, in its order; owned */
};

void node_link_open(struct node_link *link, struct releve_store *store, unsigned shard);
void node_link_free(struct node_link *link);
/* The operation is sent, or kept back; it is answered once, whatever breaks. */
void node_link_send(struct node_link *link, struct operation *operation);
/* At that moment; until then it is on no link. */
void node_link_send_later(struct node_link *link, struct operation *operation, int64_t at_us);
/* The connection breaks, and is up again after a while. */
void node_link_cut(struct node_link *link);
/* The process is gone: each hears RELEVE_E_INTERRUPTED. */
void node_link_close(struct node_link *link);
bool node_link_is_stranded(const struct node_link *link);
/* Nothing is without a reply that the runtime waits for. */
bool node_link_is_quiet(const struct node_link *link);

#endif
