/* Which sort of server answers at an address, and whether it is the one that the address is for. Pure. What passes by
 * itself is no mistake here: a server does not change its sort while it runs. */
#ifndef RELEVE_REDIS_SERVER_H
#define RELEVE_REDIS_SERVER_H

#include <adapters/redis/url.h>
#include <hiredis/hiredis.h>

enum releve_server {
    RELEVE_SERVER_UNTOLD, /* it does not say, or another one than these */
    RELEVE_SERVER_SINGLE,
    RELEVE_SERVER_NODE, /* of a cluster, or of one that is still to be created */
    RELEVE_SERVER_SENTINEL
};

/* By the reply to INFO server. */
enum releve_server releve_server_read(const redisReply *info);

/* By the reply to CLUSTER INFO: how many masters serve slots; 0 where it does not say. */
unsigned releve_server_read_masters(const redisReply *info);

/* RELEVE_E_CONFIG, and in one line what was found at `url` and how RELEVE_REDIS names that, where it is another sort
 * than `url` is for. A node of a cluster (`masters` serve its slots) can be used like a single Redis as long as it
 * serves all of them. */
enum releve_code releve_server_check(enum releve_server server, unsigned masters, const struct releve_redis_url *url,
                                     struct releve_error *error);

#endif
