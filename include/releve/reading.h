/* One day as upstream delivered it, in one form for both generations. */
#ifndef RELEVE_READING_H
#define RELEVE_READING_H

#include <releve/calendar.h>
#include <releve/coverage.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An interval for which upstream gave no value. */
#define RELEVE_NO_VALUE INT32_MIN
#define RELEVE_VALUE_MAX INT32_MAX

/* One interval of a load curve. */
struct releve_interval {
    int16_t minute;         /* where it begins: elapsed minutes since local midnight */
    int16_t length_minutes; /* 5, 10, 15, 30 or 60 */
    int32_t value_w;        /* mean power, or RELEVE_NO_VALUE */
};

/* One register of a meter. Its texts are as upstream has them; NULL where it says nothing. */
struct releve_register {
    const char *name;     /* "IDX_EAS_F1": the place of it in the meter */
    const char *calendar; /* "FC000050": the tariff that it counts for; NULL for what counts always */
    const char *class_;   /* "BUHC": the hours of that tariff */
    const char *label;    /* "Bleu Heures Creuses" */
    int32_t value_wh;     /* what it showed, or RELEVE_NO_VALUE */
};

#define RELEVE_REGISTERS_MAX 32 /* a Linky has 10 of the supplier, 4 of the distributor, and the total */

/* A day has at most so many intervals: 25 hours of 5 minutes. */
#define RELEVE_INTERVALS_MAX (RELEVE_DAY_MINUTES_MAX / 5)

#define RELEVE_QUALITY_BYTES 16

/* What upstream said of a day. Where it is not usable, the answer's reason says why, and the reading has no value. */
enum releve_reading_state {
    RELEVE_READING_USABLE,
    RELEVE_READING_UNUSABLE, /* something that cannot be true */
    RELEVE_READING_UNSAID,   /* nothing: it answered for fewer days than were asked, and this one is not among them */
};

struct releve_reading {
    releve_day day;
    enum releve_reading_state state;
    bool complete; /* every interval or register of the day has a value; always true for other daily kinds */

    /* Energy (Wh) and max power (VA). */
    int32_t value;
    releve_time at; /* max power: the instant of the peak; registers: when they were read */

    /* Load curves: the intervals that upstream named, ascending, not overlapping, inside the day.
     * Owned by the answer that holds this reading. */
    const struct releve_interval *intervals;
    size_t intervals_count;

    /* Registers: in upstream's order. Owned likewise. */
    const struct releve_register *registers;
    size_t registers_count;
};

/* One day as it is to be kept. */
struct releve_day_entry {
    releve_day day;
    enum releve_day_state state;          /* COMPLETE, PARTIAL, HOLE or PENDING */
    releve_time recheck_after;            /* civil clock; RELEVE_TIME_NEVER: not to be asked again */
    const struct releve_reading *reading; /* NULL for HOLE and PENDING */
};

#endif
