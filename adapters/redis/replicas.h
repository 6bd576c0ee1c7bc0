/* What a write wants of replicas, and how long it waits for them (docs/design.md, Failover). */
#ifndef RELEVE_REDIS_REPLICAS_H
#define RELEVE_REDIS_REPLICAS_H

#include <releve/core.h>

/* What becomes of a command that too few replicas have in time. */
enum releve_replicas {
    RELEVE_REPLICAS_ANY,    /* it may be lost: none is waited for */
    RELEVE_REPLICAS_REPEAT, /* it is repeated until they have it, or until nobody waits any more */
    RELEVE_REPLICAS_TELL    /* the reply is nil, whatever Redis said; the command may have been run, or not */
};

/* A connection that waits does nothing else. One WAIT at a time is under way on it, for all that was written before,
 * however much that is: so a heartbeat comes that much later at most. Hundreds of times what a replica on the same
 * network takes. */
#define RELEVE_REPLICAS_WAIT_MS 250
/* Where too few replicas had it by then: after that it is tried again. */
#define RELEVE_UNACKNOWLEDGED_MS 1000
/* Where somebody waits for the end, what has been repeated for so long is refused, as by any Redis that takes nothing.
 */
#define RELEVE_UNACKNOWLEDGED_MAX_MS RELEVE_REFUSED_MAX_MS

#endif
