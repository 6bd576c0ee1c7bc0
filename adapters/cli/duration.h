/* When a duration is over, for people; how long it is has releve_duration_format. */
#ifndef RELEVE_CLI_DURATION_H
#define RELEVE_CLI_DURATION_H

#include <releve/text.h>

/* When it is over, by the clock of whoever looks: "14:52", or "Sat 28 Nov, 09:10" where that is another day. */
void releve_duration_format_end(releve_time ms, char out[RELEVE_DURATION_TEXT]);

#endif
