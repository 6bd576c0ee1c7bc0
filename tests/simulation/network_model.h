/* The way to the gateway and back: how long, and whether at all. */
#ifndef RELEVE_SIMULATION_NETWORK_MODEL_H
#define RELEVE_SIMULATION_NETWORK_MODEL_H

#include "scenario.h"

enum fate {
    FATE_UNREACHED,  /* no connection: nothing was sent */
    FATE_LOST,       /* the request never arrives */
    FATE_UNANSWERED, /* it arrives, the answer does not */
    FATE_RESET,      /* it arrives, the connection breaks before the answer's first byte */
    FATE_ANSWERED
};

struct journey {
    enum fate fate;
    int64_t arrival_us;    /* after it was sent: at the gateway; also for requests that the client gave up */
    int64_t first_byte_us; /* after it was sent: the answer's, or the reset */
    int64_t end_us;        /* after it was sent: its last byte */
};

/* A straggler arrives when its client has long given up: at most `slack_us` after `timeout_us`. */
struct journey network_draw(struct world *world, const struct scenario *scenario, int64_t timeout_us, int64_t slack_us);

#endif
