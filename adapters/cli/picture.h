/* The days of one series as people look at them: a line a day, with a bar for the value of a day or a curve in small.
 * Fits the width of the terminal. */
#ifndef RELEVE_CLI_PICTURE_H
#define RELEVE_CLI_PICTURE_H

#include "stored_day.h"
#include "terminal.h"

struct releve_picture {
    FILE *out;
    struct releve_terminal terminal;
    /* Of kinds with a value a day: lines that wait until the longest bar is known. */
    struct releve_picture_line *lines;
    size_t lines_count, lines_room;
    releve_day missing_since; /* days without anything, which share a line */
    size_t missing;
};

/* Prints the heading. Of a document there is nothing else. */
void releve_picture_begin(struct releve_picture *picture, FILE *out, const struct releve_terminal *terminal,
                          releve_prm prm, enum releve_kind kind);
void releve_picture_add(struct releve_picture *picture, const struct releve_stored_day *day);
/* The end of the series: everything is printed, nothing is left to free. */
void releve_picture_end(struct releve_picture *picture);

#endif
