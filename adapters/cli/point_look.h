/* What is known of one usage point, as it is printed: for people as a block or as one line, for programs as JSON
 * (docs/operations.md, What is known of a usage point). */
#ifndef RELEVE_CLI_POINT_LOOK_H
#define RELEVE_CLI_POINT_LOOK_H

#include <adapters/redis/record.h>
#include <cjson/cJSON.h>
#include <releve/coverage.h>
#include <releve/error.h>
#include <releve/usage_point.h>

/* Of one kind: how many days of the span are in each state. */
struct releve_point_days {
    struct releve_span span;
    int complete, partial, holes, pending, missing;
    releve_day first, last;    /* that are stored; RELEVE_DAY_NONE where none is */
    struct releve_error error; /* RELEVE_OK, or which day in between has a key that holds something else */
};

struct releve_point_look {
    releve_prm prm;
    releve_time now;           /* what was learned is believed until later than this, or no longer */
    struct releve_error error; /* RELEVE_OK, or why there is no record */
    struct releve_point_record record;
    struct releve_point_days days[RELEVE_MEASURES];
};

void releve_point_days_count(const struct releve_coverage *coverage, struct releve_point_days *days);

/* All of it, in lines that fit the terminal, or 80 columns. */
void releve_point_look_print_block(const struct releve_point_look *look);

/* One line of 80 columns: what holds of each direction, and the days of all kinds together. */
void releve_point_look_print_header(void);
void releve_point_look_print_line(const struct releve_point_look *look);

/* As releve points --json prints it; the caller's. */
cJSON *releve_point_look_json(const struct releve_point_look *look);

#endif
