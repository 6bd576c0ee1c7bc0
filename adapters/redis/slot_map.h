/* Which node serves which slot, as CLUSTER SLOTS says. Pure. */
#ifndef RELEVE_REDIS_SLOT_MAP_H
#define RELEVE_REDIS_SLOT_MAP_H

#include <adapters/redis/slot.h>
#include <adapters/redis/url.h>
#include <hiredis/hiredis.h>
#include <stdint.h>

#define RELEVE_NODES_MAX 256 /* masters and replicas of a cluster; people are told not to pass 1000 */
#define RELEVE_NOBODY UINT16_MAX
#define RELEVE_NODE_ID_BYTES 41 /* 40 hexadecimal digits and NUL */

struct releve_slot_map {
    struct releve_redis_seed nodes[RELEVE_NODES_MAX];
    char ids[RELEVE_NODES_MAX][RELEVE_NODE_ID_BYTES]; /* which stay where addresses change; "" where not told */
    bool master[RELEVE_NODES_MAX];                    /* serves slots */
    size_t count;
    uint16_t owner[RELEVE_SLOTS]; /* its number in `nodes`; RELEVE_NOBODY where no node serves it */
    unsigned served;              /* slots */
};

/* `asked` is the node that replied: one that does not know its own address, or is not to tell it, is at that host.
 * RELEVE_E_REDIS where the reply makes no sense or names too many nodes; the error then begins with `address`. */
enum releve_code releve_slot_map_read(const redisReply *reply, const struct releve_redis_seed *asked,
                                      const char *address, struct releve_slot_map *map, struct releve_error *error);

#endif
