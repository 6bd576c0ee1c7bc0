/* A point of a body while it is on its way to a reading; private to measures.c and curve.c. */
#ifndef ENEDIS_POINT_H
#define ENEDIS_POINT_H

#include "measures.h"
#include "stamp.h"

struct enedis_point {
    struct enedis_stamp stamp;
    releve_time at;     /* the instant of the stamp; for a doubled label only once it is settled */
    releve_day day;     /* the day it counts for */
    int order;          /* its place in the body */
    int length_minutes; /* of a load curve's interval; 0 where upstream does not say */
    int32_t value;      /* or RELEVE_NO_VALUE */
    const char *wrong;  /* what cannot be true about it, for people; NULL where all may be */
};

/* As enedis_problem, about a day. */
bool enedis_problem_on(struct enedis_measures *measures, releve_day day, const char *what);

/* That day, which is one of the span, is not to be believed; the others may be. */
void enedis_spoil(struct enedis_measures *measures, releve_day day, const char *what);

/* Drops the points of spoiled days. False where points were there and none is left: then nothing in the body can be
 * used, and it is to be asked again like any bad body. */
bool enedis_drop_spoiled(struct enedis_measures *measures);

static inline bool enedis_is_spoiled(const struct enedis_measures *measures, releve_day day)
{
    return measures->spoiled[day - measures->span.first];
}

/* The readings of a load curve: curve.c. */
bool enedis_curve_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count);

#endif
