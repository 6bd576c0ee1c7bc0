/* What Redis holds of the days of one series (a kind of a usage point): their states, the gaps, and whether what is
 * missing can be had. Never a request. */
#ifndef RELEVE_CLI_SERIES_LOOK_H
#define RELEVE_CLI_SERIES_LOOK_H

#include "selection.h"
#include <adapters/redis/store.h>
#include <cjson/cJSON.h>
#include <releve/coverage.h>

/* How many days are in each state. */
struct releve_series_days {
    int complete, partial, holes, pending, missing, cut; /* cut: before activation or consent, or not kept */
};

struct releve_series_look {
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span span;
    releve_day kept; /* the oldest day that is kept (releve_keep_first): what is missing before it is cut */
    char states[RELEVE_SELECTION_DAYS_MAX]; /* enum releve_day_state, from the first day of the span on */
    struct releve_series_days days;
    enum releve_standing standing; /* while what was learned of it is believed */
    struct releve_reason reason;   /* unless OPEN */

    /* while it is read */
    struct releve_store *store;
    releve_time now;       /* what was learned is believed until later than this, or no longer */
    struct releve_job job; /* the part of it that is asked for */
    releve_store_done done;
    void *data;
};

/* What stands above `states` is set. Reads the days of `span`, at most RELEVE_SELECTION_DAYS_MAX. `done` is called
 * once, later; `look` lives until then. */
void releve_series_look_begin(struct releve_series_look *look, struct releve_store *store, releve_time now,
                              releve_store_done done, void *data);

/* Upstream does not say that it cannot be had. */
bool releve_series_look_is_had(const struct releve_series_look *look);

/* The next run of missing days at or after `from`; an empty span at the end of the series where there is none. */
struct releve_span releve_series_look_next_gap(const struct releve_series_look *look, releve_day from);

/* As releve coverage --json prints it; the caller's. */
cJSON *releve_series_look_json(const struct releve_series_look *look);

/* One letter a day: c complete, p partial, h hole, w pending, m missing, x cut. */
void releve_series_look_letters(const struct releve_series_look *look, char out[RELEVE_SELECTION_DAYS_MAX + 1]);

#endif
