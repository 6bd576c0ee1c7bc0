/* The places in a cluster where a node listens or listened, and which of them serves which slot. Connects to nothing.
 */
#ifndef RELEVE_REDIS_PLACES_H
#define RELEVE_REDIS_PLACES_H

#include <adapters/redis/slot_map.h>

struct releve_node;

struct releve_place {
    struct releve_redis_seed seed;
    char id[RELEVE_NODE_ID_BYTES]; /* of the node, as the latest map has it; "" where it does not say */
    struct releve_node *node;      /* connected or connecting to it; NULL for none */
    bool used;                     /* this entry is one */
    bool listed;                   /* the latest map has it, as a master or as a replica */
    bool master;                   /* it serves slots */
    bool was_master;               /* it did, since there has been a connection */
    bool doubted; /* since the latest map it sent us to a node that is not listed: it may be in another cluster */
};

struct releve_places {
    struct releve_place of[RELEVE_NODES_MAX];
    uint16_t owner[RELEVE_SLOTS]; /* its number in `of`, or RELEVE_NOBODY */
    uint64_t epoch;               /* grows when a slot gets another owner; 0 while no map is known */
};

void releve_places_init(struct releve_places *places);

/* The place at that address, a new one where it was not known; NULL where there is no room for it. */
struct releve_place *releve_places_find(struct releve_places *places, const struct releve_redis_seed *seed);

/* NULL where no node serves the slot. */
struct releve_place *releve_places_owner(struct releve_places *places, int slot);

/* The place that serves slots behind `previous`; NULL for the first one, and behind the last. */
struct releve_place *releve_places_next_master(struct releve_places *places, const struct releve_place *previous);

/* The `i`th place that serves slots; NULL behind the last. */
struct releve_place *releve_places_master(struct releve_places *places, size_t i);

/* A node said that the slot is another's. False where that one is not listed: then nothing changes. */
bool releve_places_move(struct releve_places *places, int slot, const struct releve_redis_seed *to);

/* Whether the node at `asked`, whose answer the map is, belongs to the cluster that these places are of: the map has
 * another node that is listed here. Its own entry says so only where it serves slots, and did: a node that was taken
 * out and put into another cluster knows itself. Of one that is doubted, it does so only where no other is listed. */
bool releve_places_recognize(const struct releve_places *places, const struct releve_slot_map *map,
                             const struct releve_redis_seed *asked);

/* All as in the map. Places that are not in it are forgotten, unless they have a node. */
void releve_places_merge(struct releve_places *places, const struct releve_slot_map *map);

#endif
