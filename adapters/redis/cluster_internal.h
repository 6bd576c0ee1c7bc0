/* What cluster.c, cluster_route.c and cluster_map.c share. Not for others. Every command that is not answered is in
 * exactly one struct releve_commands: that of a node, or the lobby. */
#ifndef RELEVE_REDIS_CLUSTER_INTERNAL_H
#define RELEVE_REDIS_CLUSTER_INTERNAL_H

#include <adapters/redis/cluster.h>
#include <adapters/redis/places.h>
#include <adapters/redis/scout.h>

enum cluster_phase {
    CLUSTER_STARTING, /* `ready` was not called */
    CLUSTER_WORKING,
    CLUSTER_FAILED, /* never became ready */
    CLUSTER_CLOSING
};

struct releve_node {
    struct releve_cluster *cluster;
    struct releve_place *place; /* NULL: being closed */
    struct releve_redis_url url;
    struct releve_commands commands;
    bool served; /* it has answered a command of a slot */
};

/* Somebody who waits for a map that was asked for after he came. */
struct releve_look {
    struct releve_look *next;
    void (*done)(void *data);
    void *data;
};

struct releve_cluster {
    uv_loop_t *loop;
    const struct releve_redis_url *url;
    const char *prefix;
    void (*ready)(void *data, const struct releve_error *error);
    void (*on_link)(void *data, bool up, const char *why);
    void (*on_wait)(void *data, const char *line); /* NULL once it was called */
    void (*closed)(void *data);
    void *data;
    enum cluster_phase phase;
    bool patient, impatient; /* about a master that is away at first; about replicas that are away (nodes.h) */
    int needed; /* the slot whose master has to be there at the beginning; RELEVE_SLOT_ANY: all masters have to */
    bool link_up;
    bool lossy;                          /* a node said that it keeps nothing on disk */
    struct releve_error trouble;         /* the latest */
    struct releve_error refused;         /* why a node could not be connected to at the beginning: the latest such */
    const struct releve_place *refusing; /* that node's */
    releve_time timeout_ms, started_ms, start_ms; /* the latter: for what is not complete at the beginning */
    struct releve_commands lobby;
    struct releve_places places;
    size_t unserved;         /* commands that wait because the cluster does not serve them */
    uv_timer_t start_timer;  /* it is to be said what is waited for, and then: it has taken too long */
    uv_timer_t settle_timer; /* all is there again: will it last? */
    uv_timer_t retry_timer;
    releve_time retry_ms; /* the next delay */
    struct releve_scout scout;
    bool scout_again;        /* wanted while it was out */
    bool bound;              /* a map was complete: from then on it is this cluster, and no other */
    size_t candidate, asked; /* whom to ask next, and how many were asked in vain in a row */
    size_t misnamed;         /* ... how many of those are no nodes of a cluster */
    bool begins;             /* one of those was loading its data, or is in no cluster yet */
    uv_timer_t map_timer, age_timer;
    struct releve_look *coming, *looking; /* wait for the scout to go out, and to come back */
    releve_time map_ms, mapped_ms;        /* the next delay, and when the latest map came */
    size_t lent;                          /* addresses given to subscriptions */
    uint64_t numbers;                     /* of commands: the order in which they were given */
    uint64_t reconnected;     /* nodes that were connected to again, or were gone when something was asked of them */
    struct releve_load total; /* in the lobby and at all nodes */
    struct releve_latencies latencies;
    struct releve_closing parts; /* timers, nodes, the scout; and one until it is closed */
};

/* --- cluster.c ------------------------------------------------------------------------------------------- */

/* Something is away that is needed. */
void releve_cluster_link_down(struct releve_cluster *cluster, const char *why);
/* Whether it has just begun: what is not there yet is on its way. */
bool releve_cluster_is_young(const struct releve_cluster *cluster);
/* That is waited for, which is said once, after a while. */
void releve_cluster_await(struct releve_cluster *cluster, const char *why);
/* Looks at what has changed: is all there that is needed? */
void releve_cluster_judge(struct releve_cluster *cluster);
/* cluster->trouble is why there is no first map, or no node to work with. */
void releve_cluster_fail_start(struct releve_cluster *cluster);

/* --- cluster_route.c ------------------------------------------------------------------------------------- */

/* The address of one node, with all else as in RELEVE_REDIS. */
void releve_cluster_url(const struct releve_cluster *cluster, const struct releve_redis_seed *seed,
                        struct releve_redis_url *url);
bool releve_place_is_up(const struct releve_place *place);
/* The node at that place, opened where it was not. */
struct releve_node *releve_cluster_node_at(struct releve_cluster *cluster, struct releve_place *place);
/* NULL where no node serves the slot, or there is no map yet. */
struct releve_node *releve_cluster_node_for(struct releve_cluster *cluster, int slot);
/* Closes the node; returns what had no reply there, the oldest first. */
struct releve_command *releve_cluster_abandon(struct releve_node *node);
void releve_cluster_on_node_closed(void *data);
/* Commands that are in no list go to where they belong now. */
void releve_cluster_route(struct releve_cluster *cluster, struct releve_command *list);
/* The same of what waits at a master that is away, but for what was asked of this very node: that waits for it. */
void releve_cluster_reroute(struct releve_node *node);
/* What is in the lobby is sent again soon. */
void releve_cluster_want_retry(struct releve_cluster *cluster);

/* --- cluster_away.c -------------------------------------------------------------------------------------- */

/* One line for an error reply of RELEVE_REDIRECTION_AWAY: who refuses, and which master is to blame for it. */
void releve_cluster_say_away(const struct releve_node *node, const redisReply *reply, char why[RELEVE_ERROR_BYTES]);

/* --- cluster_map.c --------------------------------------------------------------------------------------- */

/* All who wait hear, whatever is known. */
void releve_cluster_end_looks(struct releve_cluster *cluster);
/* The first look; and another one soon, but not too often. */
void releve_cluster_first_map(struct releve_cluster *cluster);
void releve_cluster_want_map(struct releve_cluster *cluster);
/* Whom to ask: the nodes that are listed, and then what RELEVE_REDIS names. */
size_t releve_cluster_candidates(const struct releve_cluster *cluster);
void releve_cluster_candidate(struct releve_cluster *cluster, size_t number, struct releve_redis_url *url);

#endif
