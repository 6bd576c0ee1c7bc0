/* Asks one node of a cluster which node serves which slot, over a connection of its own: the others may be held by a
 * blocked command, or stand still. */
#ifndef RELEVE_REDIS_SCOUT_H
#define RELEVE_REDIS_SCOUT_H

#include <adapters/redis/commands.h>
#include <adapters/redis/slot_map.h>

#define RELEVE_SCOUT_MS (3 * RELEVE_SECOND_MS) /* to look up, connect, and have the answer; then another is asked */

/* *error is RELEVE_OK and map is there (valid in the call only), or why not and map is NULL. */
typedef void (*releve_scout_done)(void *data, const struct releve_slot_map *map, const struct releve_error *error);

struct releve_scout {
    uv_loop_t *loop;
    struct releve_redis_url url; /* of who is asked */
    struct releve_commands commands;
    uv_timer_t deadline;
    enum { SCOUT_IDLE, SCOUT_ASKING, SCOUT_LEAVING } phase;
    struct releve_slot_map *map; /* while it is out */
    struct releve_error error;
    bool loading; /* it could not say, as it was loading its data */
    releve_scout_done done;
    void *data;
    struct releve_closing closing; /* the commands and the timer */
};

void releve_scout_init(struct releve_scout *scout, uv_loop_t *loop, releve_scout_done done, void *data);

/* One at a time. `url`, of a node, is copied. `done` follows, once; the scout is free to be sent again in it. */
void releve_scout_ask(struct releve_scout *scout, const struct releve_redis_url *url);

/* Where it is out: it comes back soon, with RELEVE_E_INTERRUPTED if it has no answer yet. */
void releve_scout_recall(struct releve_scout *scout);

#endif
