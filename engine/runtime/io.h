/* All that the runtime needs from outside, as tables of functions.
 *
 * adapters/library/engine.c puts real ones together: a libuv loop, Redis, libcurl, an Enedis dialect.
 * The simulation (tests/simulation) puts virtual ones together, and so drives the runtime that ships. */
#ifndef RELEVE_RUNTIME_IO_H
#define RELEVE_RUNTIME_IO_H

#include "dialect.h"
#include "store.h"
#include "transport.h"

/* The machine that the runtime is on: time, an alarm, chance. Whoever implements the table defines the struct. */
struct releve_host;

struct releve_host_ops {
    /* Milliseconds of the clock by which the transport judges deadlines (releve_clock_boot). Never goes back, and
     * counts on while the machine is suspended, as Redis's clock and the gateway's do: a permit ages meanwhile. */
    releve_time (*now)(struct releve_host *host);
    /* UTC, which may jump: the real time, for the moments that upstream names ... */
    releve_time (*utc)(struct releve_host *host);
    /* ... and the time that says which day it is, pretended or not (RELEVE_TODAY). */
    releve_time (*civil)(struct releve_host *host);
    /* What rings when the alarm goes off. Said once, before the first alarm is set. */
    void (*on_alarm)(struct releve_host *host, void (*ring)(void *data), void *data);
    /* Rings once, in `wait_ms` (0: soon), never from within this call. Takes the place of the alarm that was set
     * before; RELEVE_TIME_NEVER sets none. */
    void (*set_alarm)(struct releve_host *host, releve_time wait_ms);
    /* 64 bits that no other process has: the jitter of retries begins with them. */
    uint64_t (*random)(struct releve_host *host);
};

/* Everything is the caller's, and outlives the runtime: see releve_runtime_close. */
struct releve_io {
    struct releve_host *host;
    const struct releve_host_ops *host_ops;
    struct releve_store *store; /* connected */
    const struct releve_store_ops *store_ops;
    struct releve_transport *transport; /* with room for as many exchanges as the runtime has requests in flight */
    const struct releve_transport_ops *transport_ops;
    const struct releve_dialect *dialect;
};

#endif
