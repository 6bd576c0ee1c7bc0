/* Points of a body, of either generation, to readings. */
#ifndef ENEDIS_MEASURES_H
#define ENEDIS_MEASURES_H

#include "json.h"
#include "stamp.h"
#include <cjson/cJSON.h>
#include <releve/judged_answer.h>
#include <releve/kind.h>
#include <releve/reading.h>
#include <releve/span.h>
#include <releve/usage_point.h>
#include <stdint.h>

struct enedis_point;

/* What a generation calls its lists of points, and the parts of a point. */
struct enedis_point_names {
    const char *list, *value, *stamp, *length;
};

/* One list of points of a body. A body may have others beside that of the kind that was asked. */
struct enedis_list {
    size_t first, count; /* those of `points` that are its; what lies outside of the asked days is left out */
    int seen;            /* in the body, outside of the asked days too */
    int unreadable;      /* the number, from 1, of the first point without a date; 0 where all have one */
    bool inside_seen, outside_seen, value_seen; /* as below */
    bool taken;
};

#define ENEDIS_REGISTERS_MAX 96 /* of a body: those of a meter, and of the tariffs that it had in three years */

/* A register that the body names; the texts are the tree's. */
struct enedis_register {
    const char *name, *calendar, *class_, *label;
};

struct enedis_measures {
    enum releve_kind kind;
    struct releve_span span;  /* asked */
    struct releve_span named; /* those that the body says it is about; those asked, where it does not */
    const struct enedis_point_names *names;
    struct enedis_date_text date_text;
    struct enedis_date date;                         /* of the stamp that was looked at last */
    struct enedis_list lists[ENEDIS_JSON_LISTS_MAX]; /* of the body, whether they are taken or not */
    int lists_count;
    struct enedis_point *points; /* those of all lists while the body is read; then of those that were taken */
    size_t points_count, points_room;
    size_t points_read;
    size_t points_seen;                     /* in lists that were taken, outside of the asked days too */
    bool inside_seen;                       /* some point is of a day that was asked */
    bool outside_seen;                      /* some point is of another day, and was left out */
    bool value_seen;                        /* some point has the member that holds the value, whatever is in it */
    char problem[RELEVE_REASON_TEXT_BYTES]; /* of the whole body; set by the function that returns false */

    struct enedis_register registers[ENEDIS_REGISTERS_MAX]; /* as it names them, each once */
    int registers_count;

    /* Days about which the body says what cannot be true, or nothing (law 5: they are not to hold up the others). */
    uint8_t states[RELEVE_JOB_DAYS_MAX]; /* states[i] is the enum releve_reading_state of day span.first + i */
    size_t unusable_count;
    releve_day unusable_first;
    char unusable_why[RELEVE_REASON_TEXT_BYTES]; /* of the first of them */
};

/* Keeps what is wrong with the body; returns false, so that a reader can `return enedis_problem(...)`. Only names and
 * days: values are personal data. */
bool enedis_problem(struct enedis_measures *measures, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads a list of points, as struct enedis_json_lists wants it; `data` are the measures. */
void enedis_measures_read(void *data, struct enedis_scan *scan, int number);

/* Adds the points of a list that was read, in its order; may be called for several, each later in the body than the one
 * before. False: the whole body is not to be believed. */
bool enedis_measures_take(struct enedis_measures *measures, const cJSON *list);

/* Whether `item` is that PRM, as a text or a number. */
bool enedis_measures_is_prm(const cJSON *item, releve_prm prm);

/* Whether `item`, NULL where the body has none, says that the values of a daily kind are of one day each. */
bool enedis_measures_check_period(struct enedis_measures *measures, const cJSON *item);

/* Checks the range that the body names, from the day of `start` to before the day of `end`; either may be NULL: not
 * named. False where the body is of other days than were asked. Call it when all points are added: where there are
 * none, the range must be readable and begin with the first asked day. Asked days behind the range that have no point
 * will be unsaid, those before it unusable. */
bool enedis_measures_check_range(struct enedis_measures *measures, const cJSON *start, const cJSON *end);

/* Whether `item`, NULL where the body has none, is the unit of that kind; none will do where no points were seen. */
bool enedis_measures_is_unit(struct enedis_measures *measures, const cJSON *item,
                             const struct releve_kind_facts *facts);

/* Makes the readings of all points: ascending, each day once, days without any value absent, spoiled days in their
 * state. Points of other days than were asked are left out, but all may not be. One
 * allocation, at *readings (NULL where there are none). False: the whole body is not to be believed. */
bool enedis_measures_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count);

/* Adds the values of all registers of a quantity of the body (registers.c). */
bool enedis_registers_take(struct enedis_measures *measures, const cJSON *quantity);

void enedis_measures_free(struct enedis_measures *measures);

#endif
