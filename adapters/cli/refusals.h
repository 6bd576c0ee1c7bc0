/* What was refused, said to people: each line when it is news, and again only after a while. */
#ifndef RELEVE_CLI_REFUSALS_H
#define RELEVE_CLI_REFUSALS_H

#include <releve/calendar.h>
#include <releve/error.h>
#include <stdbool.h>
#include <stddef.h>

#define RELEVE_REFUSAL_AGAIN_MS (10 * RELEVE_SECOND_MS) /* the same line is not said again before */
#define RELEVE_REFUSALS_MAX 16 /* lines that are remembered; the one that was said longest ago makes room */

/* Zeroed is empty. */
struct releve_refusals {
    struct {
        char text[RELEVE_ERROR_BYTES];
        releve_time said_ms;
    } lines[RELEVE_REFUSALS_MAX];
    size_t count;
};

/* Whether this line is to be said at `now` (ms, of a clock that never goes back); then it counts as said. */
bool releve_refusals_note(struct releve_refusals *refusals, const char *line, releve_time now);

#endif
