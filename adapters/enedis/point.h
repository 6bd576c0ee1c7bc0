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
};

/* The readings of a load curve: curve.c. */
bool enedis_curve_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count);

#endif
