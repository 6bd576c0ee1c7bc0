/* See heatmap.h. */
#include "heatmap.h"
#include <string.h>

#define LABEL_CHARACTERS 5 /* "Mon  " */
#define WEEKDAYS 7
#define WEEKS_MAX 54 /* that a year has a part in */
#define MONTH_CHARACTERS 3
#define LABELLED_UNTIL 7 /* day of a month: from a later one on, its name would take the place of the next */

static const char *const weekdays[WEEKDAYS] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* In the order of the legend. */
static const struct cell {
    enum releve_day_state state;
    enum releve_colour colour;
    const char *drawn, *plain; /* with any letters; in ASCII */
    const char *meaning;
} cells[] = {
    {RELEVE_DAY_COMPLETE, RELEVE_GOOD, "█", "#", "complete"},
    {RELEVE_DAY_PARTIAL, RELEVE_DOUBTFUL, "▄", "+", "partial"},
    {RELEVE_DAY_HOLE, RELEVE_DIM, "·", ".", "hole"},
    {RELEVE_DAY_PENDING, RELEVE_DIM, "○", "o", "pending"},
    {RELEVE_DAY_MISSING, RELEVE_BAD, "×", "x", "missing"},
    {RELEVE_DAY_CUT, RELEVE_DIM, "-", "-", "before its beginning"},
};
#define CELLS (sizeof cells / sizeof cells[0])

static const struct cell *cell_of(char state)
{
    for (size_t i = 0; i < CELLS; i++)
        if (cells[i].state == (enum releve_day_state)state)
            return &cells[i];
    return NULL;
}

static const char *draw(const struct releve_terminal *terminal, const struct cell *cell)
{
    return terminal->unicode ? cell->drawn : cell->plain;
}

static releve_day monday_of(releve_day day)
{
    return day - releve_day_weekday(day);
}

/* The year, and each month where it begins. */
static void print_header(FILE *out, int columns, releve_day monday, struct releve_span part)
{
    char line[LABEL_CHARACTERS + WEEKS_MAX + MONTH_CHARACTERS + 1];
    int year, month, day_of_month, end = 0;
    releve_day_to_civil(part.first, &year, &month, &day_of_month);
    memset(line, ' ', sizeof line);
    (void)snprintf(line, sizeof line, "%-*d", LABEL_CHARACTERS, year);
    line[LABEL_CHARACTERS] = ' ';
    for (releve_day day = part.first; day < part.end; day++) {
        int at = LABEL_CHARACTERS + (day - monday) / WEEKDAYS;
        releve_day_to_civil(day, &year, &month, &day_of_month);
        bool begins = day_of_month == 1 || (day == part.first && day_of_month <= LABELLED_UNTIL);
        if (!begins || at < end || at + MONTH_CHARACTERS > columns)
            continue;
        memcpy(line + at, months[month - 1], MONTH_CHARACTERS);
        end = at + MONTH_CHARACTERS + 1;
    }
    fprintf(out, "%.*s\n", end > 0 ? end - 1 : LABEL_CHARACTERS - 1, line);
}

static void print_weekday(FILE *out, const struct releve_terminal *terminal, int weekday, releve_day monday,
                          struct releve_span part, const char *states, releve_day first)
{
    enum releve_colour colour = RELEVE_PLAIN;
    fprintf(out, "%-*s", LABEL_CHARACTERS, weekdays[weekday]);
    for (releve_day day = monday + weekday; day < part.end; day += WEEKDAYS) {
        const struct cell *cell = day >= part.first ? cell_of(states[day - first]) : NULL;
        enum releve_colour wanted = cell != NULL ? cell->colour : RELEVE_PLAIN;
        if (wanted != colour && colour != RELEVE_PLAIN)
            fputs(releve_terminal_colour(terminal, RELEVE_PLAIN), out);
        if (wanted != colour && wanted != RELEVE_PLAIN)
            fputs(releve_terminal_colour(terminal, wanted), out);
        colour = wanted;
        fputs(cell != NULL ? draw(terminal, cell) : " ", out);
    }
    fprintf(out, "%s\n", colour != RELEVE_PLAIN ? releve_terminal_colour(terminal, RELEVE_PLAIN) : "");
}

/* Days of one year, of as many weeks as there is room for. */
static void print_block(FILE *out, const struct releve_terminal *terminal, struct releve_span part, const char *states,
                        releve_day first)
{
    releve_day monday = monday_of(part.first);
    print_header(out, terminal->columns, monday, part);
    for (int weekday = 0; weekday < WEEKDAYS; weekday++)
        print_weekday(out, terminal, weekday, monday, part, states, first);
}

static releve_day new_year_after(releve_day day)
{
    int year, month, day_of_month;
    releve_day_to_civil(day, &year, &month, &day_of_month);
    return releve_day_from_civil(year + 1, 1, 1);
}

void releve_heatmap_print(FILE *out, const struct releve_terminal *terminal, const char *states,
                          struct releve_span span)
{
    int weeks = terminal->columns - LABEL_CHARACTERS;
    weeks = weeks > WEEKS_MAX ? WEEKS_MAX : weeks;
    for (releve_day from = span.first; from < span.end;) {
        struct releve_span part = {from, new_year_after(from)};
        releve_day room = monday_of(from) + weeks * WEEKDAYS;
        part.end = part.end < span.end ? part.end : span.end;
        part.end = part.end < room ? part.end : room;
        print_block(out, terminal, part, states, span.first);
        from = part.end;
    }
}

void releve_heatmap_print_legend(FILE *out, const struct releve_terminal *terminal)
{
    int column = 0;
    for (size_t i = 0; i < CELLS; i++) {
        int width = 2 + (int)strlen(cells[i].meaning);
        if (i > 0 && column + 2 + width > terminal->columns) {
            fputc('\n', out);
            column = 0;
        }
        column += width + fprintf(out, "%s", column > 0 ? "  " : "");
        fprintf(out, "%s%s%s %s", releve_terminal_colour(terminal, cells[i].colour), draw(terminal, &cells[i]),
                releve_terminal_colour(terminal, RELEVE_PLAIN), cells[i].meaning);
    }
    fputc('\n', out);
}
