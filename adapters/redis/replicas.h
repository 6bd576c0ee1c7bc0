/* How long a write waits for its replicas (docs/design.md, Failover). */
#ifndef RELEVE_REDIS_REPLICAS_H
#define RELEVE_REDIS_REPLICAS_H

/* A connection that waits does nothing else. One WAIT at a time is under way on it, for all that was written before,
 * however much that is: so a heartbeat comes that much later at most. Hundreds of times what a replica on the same
 * network takes. */
#define RELEVE_REPLICAS_WAIT_MS 250
/* Where too few replicas had it by then: after that it is tried again. */
#define RELEVE_UNACKNOWLEDGED_MS 1000

#endif
