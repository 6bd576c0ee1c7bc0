/* A duration for people, and when it is over. */
#ifndef RELEVE_CLI_DURATION_H
#define RELEVE_CLI_DURATION_H

#include <releve/calendar.h>

/* "3 h 20 min", "45 s"; "unknown" for RELEVE_TIME_NEVER. */
#define RELEVE_DURATION_TEXT 32
void releve_duration_format(releve_time ms, char out[RELEVE_DURATION_TEXT]);

/* When it is over, by the clock of whoever looks: "14:52", or "Sat 28 Nov, 09:10" where that is another day. */
void releve_duration_format_end(releve_time ms, char out[RELEVE_DURATION_TEXT]);

#endif
