/* Where the master is: sentinels are asked in turn until one knows it, as Redis's guidelines for their clients say
 * (https://redis.io/docs/latest/develop/reference/sentinel-clients/). Whether it is true what a sentinel says is found
 * out by whoever connects there, with ROLE. */
#ifndef RELEVE_REDIS_SENTINELS_H
#define RELEVE_REDIS_SENTINELS_H

#include <adapters/redis/url.h>
#include <releve/calendar.h>
#include <stddef.h>
#include <uv.h>

/* For the name of a sentinel's host, and again for an answer at each of its addresses. A sentinel answers at once or is
 * no help, and there are others; two seconds allow for one packet that is lost. */
#define RELEVE_SENTINEL_TIMEOUT_MS (2 * RELEVE_SECOND_MS)

struct releve_sentinels; /* that are being asked */

/* What url->seeds[sentinel] said, and *why is RELEVE_OK; or `master` is NULL, and *why has what came back from each of
 * them: RELEVE_E_CONFIG where all of them answered, and none is a sentinel that knows the name but watches others,
 * RELEVE_E_REDIS where it may pass by itself. */
typedef void (*releve_sentinels_done)(void *data, const struct releve_redis_seed *master, size_t sentinel,
                                      const struct releve_error *why);

/* Asks each of url->seeds once for url->master, beginning with `first`, and waits no longer than `timeout_ms` or
 * RELEVE_SENTINEL_TIMEOUT_MS where they may be silent. `done` is called once, in a later turn of the loop, unless the
 * question is dropped; `url` must live as long. */
struct releve_sentinels *releve_sentinels_ask(uv_loop_t *loop, const struct releve_redis_url *url, size_t first,
                                              releve_time timeout_ms, releve_sentinels_done done, void *data);

/* `done` is not called any more. The loop gives the memory back. */
void releve_sentinels_drop(struct releve_sentinels *sentinels);

#endif
