/* Draws while it reads, but for kinds whose bars want the whole series first: a line of those takes 200 bytes, and a
 * series has some thousand days at most. */
#include "picture.h"
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define LINES_ROOM_FIRST 64
#define SPARK_COLUMNS_MAX 48 /* half-hours of a day; halved until there is room */
#define SPARK_COLUMNS_MIN 6  /* of four hours each: a terminal that is narrower than that wraps the line */
#define HOURS_CELLS_MIN 12   /* fewer have no room for hours above them ... */
#define HOURS_APART 6        /* ... of which every sixth stands there */
#define TEXT_BYTES 40        /* of a state or a moment */
#define CLOCK_AT 11          /* of a moment: where its time of day begins ... */
#define CLOCK_CHARACTERS 8   /* ... and how long that is */
#define DAILY_LEAD 36        /* characters of a daily line before its bar */
#define CURVE_LEAD 52        /* of a curve's line before its picture, and for what may follow it */
#define CURVE_AT 45          /* where its picture begins */

struct releve_picture_line {
    releve_day day;
    size_t days; /* how many, for days that are missing; else 1 */
    bool has_value;
    double value;
    const char *unit;
    char state[TEXT_BYTES], at[TEXT_BYTES], recheck_after[TEXT_BYTES];
};

static void copy(char out[TEXT_BYTES], const char *text)
{
    (void)snprintf(out, TEXT_BYTES, "%s", text);
}

static const char *colour(const struct releve_picture *picture, const char *state)
{
    bool good = strcmp(state, "complete") == 0, doubtful = strcmp(state, "partial") == 0;
    return releve_terminal_colour(&picture->terminal, good ? RELEVE_GOOD : doubtful ? RELEVE_DOUBTFUL : RELEVE_DIM);
}

static const char *plain(const struct releve_picture *picture)
{
    return releve_terminal_colour(&picture->terminal, RELEVE_PLAIN);
}

/* --- days that are missing: one line for all that follow each other ---------------------------------------- */

static void print_missing(const struct releve_picture *picture, releve_day first, size_t days)
{
    char from[RELEVE_DAY_TEXT], to[RELEVE_DAY_TEXT];
    releve_day_format(first, from);
    releve_day_format(first + (releve_day)days - 1, to);
    fprintf(picture->out, "%s%s", releve_terminal_colour(&picture->terminal, RELEVE_DIM), from);
    if (days > 1)
        fprintf(picture->out, " to %s", to);
    fprintf(picture->out, "  missing%s\n", plain(picture));
}

/* --- kinds with a value a day ------------------------------------------------------------------------------- */

static struct releve_picture_line *add_line(struct releve_picture *picture, releve_day day)
{
    if (picture->lines_count == picture->lines_room) {
        picture->lines_room = picture->lines_room == 0 ? LINES_ROOM_FIRST : picture->lines_room * 2;
        picture->lines = releve_realloc(picture->lines, picture->lines_room * sizeof *picture->lines);
    }
    struct releve_picture_line *line = &picture->lines[picture->lines_count++];
    *line = (struct releve_picture_line){.day = day, .days = 1};
    return line;
}

static void keep_daily(struct releve_picture *picture, const struct releve_stored_day *day)
{
    struct releve_picture_line *line = add_line(picture, day->day);
    line->has_value = day->has_value;
    line->value = day->value;
    line->unit = releve_kind_facts(day->kind)->unit;
    copy(line->state, day->state);
    copy(line->at, day->at);
    copy(line->recheck_after, day->recheck_after);
}

static void print_daily(const struct releve_picture *picture, const struct releve_picture_line *line, double highest)
{
    FILE *out = picture->out;
    char date[RELEVE_DAY_TEXT], bar[RELEVE_BAR_BYTES(RELEVE_TERMINAL_COLUMNS_MAX)];
    releve_day_format(line->day, date);
    fprintf(out, "%s  %s%-8s%s", date, colour(picture, line->state), line->state, plain(picture));
    int cells = picture->terminal.columns - DAILY_LEAD;
    if (line->has_value)
        fprintf(out, "  %8.0f %-2s", line->value, line->unit);
    if (strlen(line->at) > CLOCK_AT + CLOCK_CHARACTERS) {
        fprintf(out, "  at %.*s", CLOCK_CHARACTERS, line->at + CLOCK_AT);
        cells -= CLOCK_CHARACTERS + 5;
    }
    if (line->has_value && highest > 0 && cells > 0) {
        releve_terminal_bar(&picture->terminal, line->value / highest, cells, bar);
        fprintf(out, "  %s%s%s", colour(picture, line->state), bar, plain(picture));
    }
    if (*line->recheck_after != '\0')
        fprintf(out, "  asked again after %s", line->recheck_after);
    fputc('\n', out);
}

static void print_lines(struct releve_picture *picture)
{
    double highest = 0;
    for (size_t i = 0; i < picture->lines_count; i++)
        if (picture->lines[i].has_value && picture->lines[i].value > highest)
            highest = picture->lines[i].value;
    for (size_t i = 0; i < picture->lines_count; i++) {
        const struct releve_picture_line *line = &picture->lines[i];
        if (strcmp(line->state, "missing") == 0)
            print_missing(picture, line->day, line->days);
        else
            print_daily(picture, line, highest);
    }
    free(picture->lines);
    picture->lines = NULL;
    picture->lines_count = picture->lines_room = 0;
}

/* --- load curves -------------------------------------------------------------------------------------------- */

/* What a day's curve comes to, and its columns: the mean power of each part of the day, where all of it has values. */
struct small_curve {
    int slots, given;
    double low_w, high_w;
    double watt_minutes[SPARK_COLUMNS_MAX];
    int minutes[SPARK_COLUMNS_MAX];
};

static void shrink(const struct releve_stored_day *day, int cells, struct small_curve *curve)
{
    const cJSON *at = NULL;
    struct releve_stored_interval interval;
    int length = releve_paris_day_minutes(day->day);
    *curve = (struct small_curve){0};
    for (int index = 0; releve_stored_day_interval(day, &at, &index, &interval);) {
        curve->slots++;
        if (!interval.has_value)
            continue;
        double watts = interval.value_w;
        curve->low_w = curve->given == 0 || watts < curve->low_w ? watts : curve->low_w;
        curve->high_w = curve->given == 0 || watts > curve->high_w ? watts : curve->high_w;
        curve->given++;
        int cell = interval.minute * cells / length;
        if (cell >= cells)
            continue; /* of a text that is longer than the day */
        curve->watt_minutes[cell] += watts * interval.length_minutes;
        curve->minutes[cell] += interval.length_minutes;
    }
}

static int count_cells(const struct releve_picture *picture)
{
    int cells = SPARK_COLUMNS_MAX;
    while (cells > SPARK_COLUMNS_MIN && cells > picture->terminal.columns - CURVE_LEAD)
        cells /= 2;
    return cells;
}

/* The hours of the day above the pictures, where there is room for them; `length` characters stand there already. A day
 * on which the clock changes has its hours nearly there. */
static void print_hours(const struct releve_picture *picture, int length)
{
    int cells = count_cells(picture);
    if (cells < HOURS_CELLS_MIN || length >= CURVE_AT)
        return;
    for (int hour = 0; hour < 24; hour += HOURS_APART) {
        int at = CURVE_AT + cells * hour / 24;
        length += fprintf(picture->out, "%*s%d", at - length, "", hour);
    }
}

static void print_curve(const struct releve_picture *picture, const struct releve_stored_day *day)
{
    FILE *out = picture->out;
    char date[RELEVE_DAY_TEXT];
    struct small_curve curve;
    int cells = count_cells(picture);
    releve_day_format(day->day, date);
    shrink(day, cells, &curve);
    fprintf(out, "%s  %s%-8s%s", date, colour(picture, day->state), day->state, plain(picture));
    if (curve.slots > 0)
        fprintf(out, " %6.0f Wh %5.0f-%5.0f W ", releve_stored_day_energy_wh(day), curve.low_w, curve.high_w);
    if (curve.slots > 0)
        fputs(colour(picture, day->state), out);
    for (int i = 0; curve.slots > 0 && i < cells; i++) {
        double mean = curve.minutes[i] > 0 ? curve.watt_minutes[i] / curve.minutes[i] : 0;
        fputs(curve.minutes[i] > 0
                  ? releve_terminal_column(&picture->terminal, curve.high_w > 0 ? mean / curve.high_w : 0)
                  : " ",
              out);
    }
    if (curve.slots > 0)
        fputs(plain(picture), out);
    if (curve.given < curve.slots)
        fprintf(out, " %d/%d", curve.given, curve.slots);
    if (*day->recheck_after != '\0')
        fprintf(out, "  asked again after %s", day->recheck_after);
    fputc('\n', out);
}

/* --- registers ---------------------------------------------------------------------------------------------- */

static void print_registers(const struct releve_picture *picture, const struct releve_stored_day *day)
{
    FILE *out = picture->out;
    char date[RELEVE_DAY_TEXT];
    const cJSON *each;
    releve_day_format(day->day, date);
    fprintf(out, "%s  %s%-8s%s", date, colour(picture, day->state), day->state, plain(picture));
    if (*day->at != '\0')
        fprintf(out, "  at %s", day->at);
    if (*day->recheck_after != '\0')
        fprintf(out, "  asked again after %s", day->recheck_after);
    fputc('\n', out);
    cJSON_ArrayForEach(each, day->registers) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(each, "value");
        fprintf(out, "  %-11s  %-8s  %-4s  ", releve_stored_day_text(each, "register"),
                releve_stored_day_text(each, "calendar"), releve_stored_day_text(each, "class"));
        if (cJSON_IsNumber(value))
            fprintf(out, "%10.0f %s", value->valuedouble, releve_kind_facts(day->kind)->unit);
        else
            fputs("     no value", out);
        fprintf(out, "  %s\n", releve_stored_day_words(each, "label"));
    }
}

/* --- a series ------------------------------------------------------------------------------------------------ */

void releve_picture_begin(struct releve_picture *picture, FILE *out, const struct releve_terminal *terminal,
                          releve_prm prm, enum releve_kind kind)
{
    *picture = (struct releve_picture){.out = out, .terminal = *terminal};
    int length = fprintf(out, RELEVE_PRM_FORMAT "  %s", prm, releve_kind_facts(kind)->name);
    if (releve_kind_facts(kind)->quantity == RELEVE_LOAD_CURVE)
        print_hours(picture, length);
    fputc('\n', out);
}

static bool is_daily(enum releve_kind kind)
{
    enum releve_quantity quantity = releve_kind_facts(kind)->quantity;
    return quantity == RELEVE_ENERGY || quantity == RELEVE_MAX_POWER;
}

/* What was missing up to here has its line. */
static void end_missing(struct releve_picture *picture, bool daily)
{
    if (picture->missing == 0)
        return;
    if (daily) {
        struct releve_picture_line *line = add_line(picture, picture->missing_since);
        line->days = picture->missing;
        copy(line->state, "missing");
    } else {
        print_missing(picture, picture->missing_since, picture->missing);
    }
    picture->missing = 0;
}

void releve_picture_add(struct releve_picture *picture, const struct releve_stored_day *day)
{
    if (day->json == NULL) {
        if (day->day != picture->missing_since + (releve_day)picture->missing)
            end_missing(picture, is_daily(day->kind));
        picture->missing_since = picture->missing == 0 ? day->day : picture->missing_since;
        picture->missing++;
        return;
    }
    end_missing(picture, is_daily(day->kind));
    switch (releve_kind_facts(day->kind)->quantity) {
    case RELEVE_LOAD_CURVE:
        print_curve(picture, day);
        break;
    case RELEVE_REGISTERS:
        print_registers(picture, day);
        break;
    default:
        keep_daily(picture, day);
    }
}

void releve_picture_end(struct releve_picture *picture)
{
    end_missing(picture, picture->lines_count > 0);
    print_lines(picture);
}
