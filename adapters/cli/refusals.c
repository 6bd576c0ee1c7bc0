/* See refusals.h. */
#include "refusals.h"
#include <stdio.h>
#include <string.h>

bool releve_refusals_note(struct releve_refusals *refusals, const char *line, releve_time now)
{
    size_t oldest = 0;
    for (size_t i = 0; i < refusals->count; i++) {
        if (strcmp(refusals->lines[i].text, line) == 0) {
            if (now - refusals->lines[i].said_ms < RELEVE_REFUSAL_AGAIN_MS)
                return false;
            refusals->lines[i].said_ms = now;
            return true;
        }
        if (refusals->lines[i].said_ms < refusals->lines[oldest].said_ms)
            oldest = i;
    }
    size_t at = refusals->count < RELEVE_REFUSALS_MAX ? refusals->count++ : oldest;
    (void)snprintf(refusals->lines[at].text, sizeof refusals->lines[at].text, "%s", line);
    refusals->lines[at].said_ms = now;
    return true;
}
