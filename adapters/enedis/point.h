/* A point of a body while it is on its way to a reading; private to measures.c, curve.c, registers.c and doubled.c. */
#ifndef ENEDIS_POINT_H
#define ENEDIS_POINT_H

#include "measures.h"
#include "stamp.h"

#define ENEDIS_WHICH_UNKNOWN (-1)

struct enedis_point {
    struct enedis_stamp stamp;
    releve_time at;     /* the instant of the stamp; for a doubled label only once it is settled */
    releve_day day;     /* the day it counts for */
    int order;          /* its place in the body */
    int length_minutes; /* of a load curve's interval; 0 where upstream does not say */
    int32_t value;      /* or RELEVE_NO_VALUE */
    int which;          /* of the instants of its label: 0, 1, or ENEDIS_WHICH_UNKNOWN: it has no value */
    uint8_t series;     /* of which of the body's registers it is */
    bool repeated;      /* another point says the same of the same label */
    const char *wrong;  /* what cannot be true about it, for people; NULL where all may be */
};

/* That day, which is one of the span, is not to be believed; the others may be. */
void enedis_spoil(struct enedis_measures *measures, releve_day day, const char *what);

/* Drops the points of days that are not usable. */
void enedis_drop_unusable(struct enedis_measures *measures);

/* Of the asked days behind the range that the body names, unless there is a point of them, the body says nothing, not
 * even that they are empty; that it leaves out days before it is odd. All points have their day. */
void enedis_mark_unsaid(struct enedis_measures *measures);

/* Sorts the points; costs one pass where they are sorted already. */
void enedis_measures_sort(struct enedis_measures *measures, int (*order)(const void *, const void *));

/* Keeps the i-th point, behind the `*kept` that were kept before it. */
static inline void enedis_keep(struct enedis_measures *measures, size_t i, size_t *kept)
{
    if (*kept != i)
        measures->points[*kept] = measures->points[i];
    ++*kept;
}

/* A point of a day that was not asked for is left out. */
void enedis_leave_out(struct enedis_measures *measures);

/* False where points were left out and none is of an asked day: then it is not what was asked for. */
bool enedis_inside(struct enedis_measures *measures);

/* What a clock shows, in seconds since 1970-01-01 of that clock. */
static inline int64_t enedis_label(const struct enedis_point *point)
{
    return (int64_t)point->stamp.day * ENEDIS_DAY_SECONDS + point->stamp.second;
}

/* Orders pointers to points by label, then by their place in the body, and those with an offset last: for qsort. */
int enedis_compare_labels(const void *left, const void *right);

static inline enum releve_reading_state enedis_state(const struct enedis_measures *measures, releve_day day)
{
    return (enum releve_reading_state)measures->states[day - measures->span.first];
}

/* Finds out which of its instants each doubled label stands for, and what is wrong with it: doubled.c. Points are in
 * the order of the body; their `order` runs with the time. */
void enedis_doubled_settle(struct enedis_measures *measures);

/* The readings of registers: registers.c. */
bool enedis_registers_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count);

/* The readings of a load curve: curve.c. */
bool enedis_curve_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count);

#endif
