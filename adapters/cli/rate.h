/* How fast something grows: of a count, the increase a second over the last while. */
#ifndef RELEVE_CLI_RATE_H
#define RELEVE_CLI_RATE_H

#include <stdint.h>

#define RELEVE_RATE_SAMPLES 192 /* the latest are kept */

/* Zeroed but for the window. */
struct releve_rate {
    uint64_t window_ms; /* what is older does not count; RELEVE_RATE_SAMPLES of them should fill it */
    unsigned count;     /* samples so far */
    struct {
        uint64_t at_ms, value;
    } samples[RELEVE_RATE_SAMPLES]; /* a ring */
};

/* The count is `value` at `now_ms`, which never goes back. */
void releve_rate_add(struct releve_rate *rate, uint64_t now_ms, uint64_t value);

/* Increase a second since the oldest sample within the window, which is *span_ms before the newest one (NULL: not
 * wanted); 0 where there is none older than the newest. */
double releve_rate_per_second(const struct releve_rate *rate, uint64_t *span_ms);

#endif
