/* A day as it stands in Redis (docs/redis.md), read for printing. Anybody who can write to Redis can write one: what is
 * no day is refused, and no text of it can steer a terminal. */
#ifndef RELEVE_CLI_STORED_DAY_H
#define RELEVE_CLI_STORED_DAY_H

#include <cjson/cJSON.h>
#include <releve/calendar.h>
#include <releve/kind.h>
#include <releve/text.h>
#include <releve/usage_point.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RELEVE_STORED_DAY_BYTES_MAX (64 * 1024) /* a curve of 5 minutes has 4 kB */
#define RELEVE_STORED_DOCUMENT_BYTES_MAX (256 * 1024)

struct releve_stored_day {
    /* Of the key that it stands under; what the text says of them is not looked at. */
    releve_prm prm;
    enum releve_kind kind;
    releve_day day;

    cJSON *json;               /* NULL: nothing stands there, the day was never asked for, or failed */
    const char *state;         /* "complete", ..., "missing" */
    const char *at;            /* of a peak, or of registers; "" */
    const char *recheck_after; /* "" */
    bool has_value;            /* of the day: daily energy, maximum power */
    double value;

    const cJSON *values, *points; /* of a load curve: a grid of `minutes`, or points; NULL */
    int minutes;
    const cJSON *registers; /* NULL */
};

/* One value of a load curve, `minute` elapsed minutes after local midnight. */
struct releve_stored_interval {
    int minute, length_minutes;
    bool has_value;
    double value_w;
};

/* A day that Redis has nothing of. */
struct releve_stored_day releve_stored_day_missing(releve_prm prm, enum releve_kind kind, releve_day day);

/* False where the text is no day of that kind; then there is nothing to free. */
bool releve_stored_day_read(releve_prm prm, enum releve_kind kind, releve_day day, const char *text, size_t text_bytes,
                            struct releve_stored_day *out);
void releve_stored_day_free(struct releve_stored_day *day);

/* The interval behind *next, which is NULL at first; false at the end. */
bool releve_stored_day_interval(const struct releve_stored_day *day, const cJSON **next, int *index,
                                struct releve_stored_interval *interval);

/* Of a load curve: the energy of the intervals that have a value, in Wh. Power is the mean of its interval. */
double releve_stored_day_energy_wh(const struct releve_stored_day *day);

/* What is stored there is no day, or no document, of that kind: a line on standard error. */
void releve_stored_day_name_broken(releve_prm prm, enum releve_kind kind, releve_day day);

/* The text as it is stored, in one line; what could steer a terminal is escaped. */
void releve_stored_day_write_json(struct releve_text *out, const struct releve_stored_day *day, const char *text,
                                  size_t text_bytes);
/* The same on a line of its own. */
void releve_stored_day_print_json(FILE *out, const struct releve_stored_day *day, const char *text, size_t text_bytes);

/* A text member that no CSV and no terminal understands anything of; else "". */
const char *releve_stored_day_text(const cJSON *object, const char *name);

/* A text member that may have any letter, comma or quote; "" where it could steer a terminal. */
const char *releve_stored_day_words(const cJSON *item, const char *name);

/* The text; "" where there is none or it could steer a terminal. */
const char *releve_stored_day_harmless(const char *text);

/* A document as JSON: indented, or on one line. False, and nothing written, where the text is none. */
bool releve_stored_document_write(struct releve_text *out, bool indented, const char *text, size_t text_bytes);
bool releve_stored_document_print(FILE *out, bool indented, const char *text, size_t text_bytes);

#endif
