/* The points of a body, in the order in which they will be written, and the days that they are of. */
#ifndef RELEVE_SANDBOX_SERIES_H
#define RELEVE_SANDBOX_SERIES_H

#include "answer.h"
#include "rules.h"
#include <stddef.h>

/* What a good request gets. */
struct sandbox_measure {
    enum sandbox_generation generation;
    enum releve_kind kind;
    struct sandbox_asked asked;
    const struct sandbox_settings *settings;
    const struct sandbox_point *own;
    releve_day published_end; /* nothing of this day or later is there yet */
    releve_prm label;         /* the PRM that the body names: the right one, but for a fault */
    enum sandbox_fault fault; /* that shall happen to it; only those that change points matter here */
    uint64_t number;          /* of the request: what its faults are drawn by */
};

struct sandbox_reading {
    int64_t value;
    const char *absurd; /* or NULL: written instead of the value */
    releve_day of;      /* the day that it belongs to */
    releve_day day;     /* of its stamp */
    int second_of_day;  /* of its stamp; -1: the stamp is the day alone */
    int length_minutes; /* 0: no interval */
    int order;          /* in time, from 0 on */
};

struct sandbox_series {
    struct sandbox_reading *readings;
    size_t count;
    struct sandbox_served served; /* the days whose points are true, with what is doubtful among them */
};

/* The points that upstream has. The caller frees it. */
void sandbox_series_read(struct sandbox_series *series, const struct sandbox_measure *measure, struct releve_span span);
void sandbox_series_free(struct sandbox_series *series);

/* `day` is no day of this answer: nobody can keep it. */
void sandbox_series_disown(struct sandbox_series *series, releve_day day);

/* All its days are doubtful. */
void sandbox_series_doubt(struct sandbox_series *series);

#endif
