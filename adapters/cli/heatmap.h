/* Days as people look at them from afar: a calendar with a cell a day, a column a week and a block a year. */
#ifndef RELEVE_CLI_HEATMAP_H
#define RELEVE_CLI_HEATMAP_H

#include "terminal.h"
#include <releve/coverage.h>
#include <stdio.h>

/* `states` has an enum releve_day_state for each day of the span. Where a year is wider than the terminal it takes
 * several blocks. */
void releve_heatmap_print(FILE *out, const struct releve_terminal *terminal, const char *states,
                          struct releve_span span);

/* What the cells mean. */
void releve_heatmap_print_legend(FILE *out, const struct releve_terminal *terminal);

#endif
