/* The two clocks of a machine. */
#ifndef RELEVE_RUNTIME_CLOCK_H
#define RELEVE_RUNTIME_CLOCK_H

#include <releve/calendar.h>

/* Milliseconds since the machine was started. Goes on while it is suspended, as Redis's clock and the gateway's do: the
 * clock of permits and deadlines. Never goes back. */
releve_time releve_clock_boot(void);

/* Now, UTC: the real time, or the same time of day on the day that `today` pretends. */
releve_time releve_clock_civil(releve_day today);

#endif
