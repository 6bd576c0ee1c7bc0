/* See rate.h. */
#include "rate.h"
#include <stddef.h>

void releve_rate_add(struct releve_rate *rate, uint64_t now_ms, uint64_t value)
{
    unsigned newest = rate->count++ % RELEVE_RATE_SAMPLES;
    rate->samples[newest].at_ms = now_ms;
    rate->samples[newest].value = value;
}

double releve_rate_per_second(const struct releve_rate *rate, uint64_t *span_ms)
{
    uint64_t elapsed_ms = 0, increase = 0;
    unsigned kept = rate->count < RELEVE_RATE_SAMPLES ? rate->count : RELEVE_RATE_SAMPLES;
    for (unsigned i = 0, newest = rate->count + RELEVE_RATE_SAMPLES - 1; i < kept; i++) {
        unsigned at = (newest - i) % RELEVE_RATE_SAMPLES;
        uint64_t age_ms = rate->samples[newest % RELEVE_RATE_SAMPLES].at_ms - rate->samples[at].at_ms;
        if (age_ms > rate->window_ms)
            break; /* and so are all that come behind it */
        elapsed_ms = age_ms;
        increase = rate->samples[newest % RELEVE_RATE_SAMPLES].value - rate->samples[at].value;
    }
    if (span_ms != NULL)
        *span_ms = elapsed_ms;
    return elapsed_ms > 0 ? (double)increase * 1000.0 / (double)elapsed_ms : 0;
}
