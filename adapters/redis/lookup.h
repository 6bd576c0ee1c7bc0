/* The addresses behind a host's name, looked up beside the loop: hiredis would ask the resolver in the loop's own
 * thread, which stands still until the resolver answers or gives up, and libuv in one that keeps the process. */
#ifndef RELEVE_REDIS_LOOKUP_H
#define RELEVE_REDIS_LOOKUP_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define RELEVE_ADDRESSES_MAX 8 /* of one name that are tried; the resolver puts the best first */
#define RELEVE_LOOKUPS_MAX 16  /* questions that are with the resolver at once, given up or not */

/* In digits, IPv4 or IPv6, in the resolver's order. */
struct releve_addresses {
    char text[RELEVE_ADDRESSES_MAX][INET6_ADDRSTRLEN + 1 + IF_NAMESIZE]; /* "fe80::1%eth0" */
    size_t count;
};

struct releve_lookup;

/* Is the host an address in digits already? */
bool releve_lookup_is_numeric(const char *host);

/* `why` is NULL and there is one address at least; or why there is none, and `addresses` is NULL. */
typedef void (*releve_lookup_done)(void *data, const struct releve_addresses *addresses, const char *why);

/* `done` is called once, in a later turn of the loop, unless the lookup is dropped. NULL where it cannot even begin,
 * with the reason in *why. */
struct releve_lookup *releve_lookup_start(uv_loop_t *loop, const char *host, releve_lookup_done done, void *data,
                                          const char **why);

/* `done` is not called any more. A question that is with the resolver cannot be taken back, but neither the loop nor
 * the end of the process waits for it (it may take minutes: resolv.conf(5), 5 s for each try). */
void releve_lookup_drop(struct releve_lookup *lookup);

#endif
