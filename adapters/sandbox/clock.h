/* The simulator's time: the real Paris clock, or noon of a day that the user chose, going on from there. */
#ifndef RELEVE_SANDBOX_CLOCK_H
#define RELEVE_SANDBOX_CLOCK_H

#include <releve/calendar.h>
#include <stdint.h>

struct sandbox_clock {
    releve_day today;   /* RELEVE_DAY_NONE: the real one */
    releve_time set_at; /* monotonic instant at which `today` was set */
};

void sandbox_clock_set(struct sandbox_clock *clock, releve_day today);

/* The simulator's instant. With a chosen day: its noon plus the time since it was chosen. */
releve_time sandbox_clock_now(const struct sandbox_clock *clock);

/* The simulator's civil day. A chosen day stays, however long the simulator runs. */
releve_day sandbox_clock_today(const struct sandbox_clock *clock);

/* The first day of which nothing is published yet at that instant: today, or before 08:00 Paris time yesterday
 * (docs/enedis.md, Date rules). */
releve_day sandbox_published_end(releve_time now);

/* The same, now. */
releve_day sandbox_clock_published_end(const struct sandbox_clock *clock);

/* The real instant (UTC): for absolute times in answers, which clients compare with their own clock. */
releve_time sandbox_clock_real(void);

/* Microseconds that never go back: for the audit. */
int64_t sandbox_clock_monotonic_us(void);

#endif
