/* What a stream can show: how wide it is, whether in colour, and whether more than ASCII. */
#ifndef RELEVE_CLI_TERMINAL_H
#define RELEVE_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RELEVE_TERMINAL_COLUMNS 80      /* where it is not known */
#define RELEVE_TERMINAL_COLUMNS_MIN 40  /* narrower ones get lines of so many */
#define RELEVE_TERMINAL_COLUMNS_MAX 400 /* wider ones are not filled */

#define RELEVE_TERMINAL_ROWS 24
#define RELEVE_TERMINAL_ROWS_MIN 8

struct releve_terminal {
    int columns, rows; /* to fill */
    int width;        /* as it is, where it is narrower than RELEVE_TERMINAL_COLUMNS_MIN too: longer lines wrap there */
    int text_columns; /* of text that goes on below: as many; no limit in a file or pipe, where each is a line */
    bool is_one;      /* a terminal, and no file or pipe */
    bool colours;     /* on a terminal, unless NO_COLOR is set or TERM is "dumb" */
    bool unicode;     /* the locale's letters are UTF-8 */
};

struct releve_terminal releve_terminal_look(int fd);

/* How many of the first `bytes` bytes of `text` fit into so many columns (`cells`). Letters beyond ASCII have one here;
 * none is cut in half. */
size_t releve_terminal_fit(const char *text, size_t bytes, int cells);

/* Writes `text` and a newline, in lines of at most so many columns that end between words; a longer word has a line of
 * its own. The cursor is at column `at`; the lines below begin at `indent`. Control characters are written as "?". */
void releve_terminal_wrap(FILE *out, const char *text, int at, int indent, int columns);

/* Escape sequences; "" where there are no colours. */
enum releve_colour { RELEVE_PLAIN, RELEVE_DIM, RELEVE_GOOD, RELEVE_DOUBTFUL, RELEVE_BAD };
const char *releve_terminal_colour(const struct releve_terminal *terminal, enum releve_colour colour);

/* `share` (0 to 1) of `cells` characters, as a bar of eighths of them or of whole ones. `out` has room for
 * RELEVE_BAR_BYTES(cells). */
#define RELEVE_BAR_BYTES(cells) ((cells)*3 + 1)
void releve_terminal_bar(const struct releve_terminal *terminal, double share, int cells, char *out);

/* One character for a share: a column of eight heights. Never an empty one, so that 0 is not taken for nothing. */
const char *releve_terminal_column(const struct releve_terminal *terminal, double share);

#endif
