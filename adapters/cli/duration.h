/* Durations for people, besides releve_duration_format: how long something has taken, and when it is over. */
#ifndef RELEVE_CLI_DURATION_H
#define RELEVE_CLI_DURATION_H

#include <releve/text.h>

/* How long it has taken: whole seconds that are over. What is to be waited for is rounded up instead. */
void releve_duration_format_past(releve_time ms, char out[RELEVE_DURATION_TEXT]);

/* When it is over, by the clock of whoever looks: "14:52", or "Sat 28 Nov, 09:10" where that is another day. */
void releve_duration_format_end(releve_time ms, char out[RELEVE_DURATION_TEXT]);

#endif
