/* Reads all that Redis knows of one usage point: what is remembered, and how many days of each kind are stored. */
#ifndef RELEVE_CLI_POINT_READING_H
#define RELEVE_CLI_POINT_READING_H

#include "point_look.h"
#include <adapters/redis/store.h>
#include <releve/kind.h>

struct releve_point_reading;

/* About the days of one kind. */
struct releve_point_question {
    struct releve_point_reading *reading;
    enum releve_kind kind;
};

/* Questions that one usage point costs, at most: its facts, each kind, and what lies in the gaps of each. */
#define RELEVE_POINT_QUESTIONS (1 + 2 * RELEVE_MEASURES)

struct releve_point_reading {
    struct releve_point_look look; /* what was found; its errors say what could not be read */

    struct releve_store *store;
    releve_store_done done;
    void *data;
    unsigned under_way;          /* questions */
    struct releve_error failure; /* why Redis could not be asked; RELEVE_OK where it could */
    struct releve_point_question questions[RELEVE_MEASURES];
};

/* Asks about the days that upstream serves on `today`. `done` is called once, later, with why Redis cannot be asked, or
 * RELEVE_OK: then a key that holds something else is in the errors of `look`. `reading` lives until then. */
void releve_point_reading_begin(struct releve_point_reading *reading, struct releve_store *store, releve_prm prm,
                                releve_day today, releve_time now, releve_store_done done, void *data);

#endif
