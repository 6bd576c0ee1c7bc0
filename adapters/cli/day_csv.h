/* Days as CSV: one row a value, with the beginning of its interval in Paris time with its offset, and its state. A day
 * without values has one row, so that nobody takes it for one that is not there. */
#ifndef RELEVE_CLI_DAY_CSV_H
#define RELEVE_CLI_DAY_CSV_H

#include "stored_day.h"

/* The first line: names of columns, the unit in that of the value. Kinds with the same one can share a table. */
const char *releve_day_csv_header(enum releve_kind kind);

void releve_day_csv_print(FILE *out, const struct releve_stored_day *day);

#endif
