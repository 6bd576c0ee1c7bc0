/* The days of one usage point and kind, read from Redis and printed. What show and get have in common. */
#ifndef RELEVE_CLI_DAYS_H
#define RELEVE_CLI_DAYS_H

#include "config.h"
#include "lookup.h"
#include "selection.h"

enum releve_days_format { RELEVE_DAYS_PRETTY, RELEVE_DAYS_JSON, RELEVE_DAYS_CSV };

struct releve_days {
    struct releve_lookup lookup;
    const struct releve_config *config;
    enum releve_days_format format;
    struct releve_job job; /* usage point, kind and span */
    const char *remedy;    /* what is said behind "nothing is stored of these days"; NULL: nothing */
    size_t printed;
    bool broken; /* something that is no day stood in Redis, and was named */
};

/* The kind that is the first word of a command line, as the selection's. RELEVE_E_USAGE where it is none. */
enum releve_code releve_days_read_kind(const char *command, int argc, char **argv, struct releve_selection *selection,
                                       struct releve_error *error);
/* That kind and no other, and one usage point; and a form in which the kind can be printed. */
enum releve_code releve_days_check_selection(const char *command, const struct releve_selection *selection,
                                             enum releve_days_format format, struct releve_error *error);
/* Reads the value of --format. */
enum releve_code releve_days_read_format(const char *value, enum releve_days_format *format,
                                         struct releve_error *error);

/* Prints what Redis holds of days->job on standard output; where that is nothing, why on standard error. */
enum releve_code releve_days_print(struct releve_days *days, struct releve_config *config, struct releve_error *error);

#define RELEVE_DAYS_KINDS_HELP                                                                                   \
    "KIND: daily_consumption, consumption_load_curve, daily_consumption_max_power, daily_production,\n"          \
    "production_load_curve, index_consumption, index_production (the meter's registers); or a document, which\n" \
    "has no days: contracts, addresses, identity, contact_data.\n"
#define RELEVE_DAYS_FORMAT_HELP                                                                                 \
    "  --format FORMAT    pretty (default: a line a day), json (an array of the days as stored), csv (a line\n" \
    "                     a day; for load curves a line an interval, with its beginning in Paris time; for\n"   \
    "                     registers a line a register)\n"

#endif
