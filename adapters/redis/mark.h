/* Whether replicas have what was done before, perhaps by another process, which nobody can tell from what is found
 * (docs/design.md, Failover). */
#ifndef RELEVE_REDIS_MARK_H
#define RELEVE_REDIS_MARK_H

#include <adapters/redis/store.h>

/* Only where the address names replicas. `done` hears when they have all that was written before in the slots of the
 * queue and of these usage points (0: of the queue only), or why not. `prms` is the caller's until this returns. */
void releve_store_await_replicas(struct releve_store *store, const char *what, const releve_prm *prms,
                                 size_t prms_count, releve_store_done done, void *data);

#endif
