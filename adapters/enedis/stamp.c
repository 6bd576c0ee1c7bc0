/* Reading dates and times by hand: no locale, no time zone of the process. */
#include "stamp.h"
#include <string.h>

#define OFFSET_MINUTES_MAX (14 * 60) /* the largest in use anywhere */
#define FRACTION_DIGITS_MAX 9        /* nanoseconds */

/* Parses exactly `count` digits and moves *text behind them; -1 where there are fewer. */
static int parse_digits(const char **text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    *text += count;
    return value;
}

/* Moves *text behind `wanted`; false where something else is there. */
static bool skip(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

/* Parses "HH:MM" or "HH:MM:SS", likewise; 24:00:00 is ENEDIS_DAY_SECONDS. */
static bool parse_clock(const char **text, int *second)
{
    int h = parse_digits(text, 2);
    if (h < 0 || !skip(text, ':'))
        return false;
    int m = parse_digits(text, 2);
    int s = 0;
    if (m >= 0 && skip(text, ':'))
        s = parse_digits(text, 2);
    if (h > 24 || m < 0 || m > 59 || s < 0 || s > 59 || (h == 24 && (m > 0 || s > 0)))
        return false;
    *second = h * 3600 + m * 60 + s;
    return true;
}

/* Parses ".000", likewise, if it is there; *fraction says whether it is more than zero. */
static bool parse_fraction(const char **text, bool *fraction)
{
    if (!skip(text, '.'))
        return true;
    const char *first = *text;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        *fraction = *fraction || **text != '0';
    return *text > first && *text - first <= FRACTION_DIGITS_MAX;
}

/* Parses "+0000" or "+00:00", likewise. */
static bool parse_offset(const char **text, int *minutes)
{
    int sign = **text == '-' ? -1 : 1;
    if (!skip(text, '+') && !skip(text, '-'))
        return false;
    int h = parse_digits(text, 2);
    (void)skip(text, ':');
    int m = h >= 0 ? parse_digits(text, 2) : -1;
    if (h < 0 || m < 0 || m > 59 || h * 60 + m > OFFSET_MINUTES_MAX)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

static bool parse_date(const char *text, struct enedis_date_text *last, releve_day *day)
{
    if (strncmp(text, last->text, RELEVE_DAY_TEXT - 1) != 0 || last->text[0] == '\0') {
        if (strlen(text) < RELEVE_DAY_TEXT - 1 || !releve_day_parse(text, RELEVE_DAY_TEXT - 1, &last->day)) {
            last->text[0] = '\0';
            return false;
        }
        memcpy(last->text, text, RELEVE_DAY_TEXT - 1);
    }
    *day = last->day;
    return true;
}

bool enedis_stamp_parse(const char *text, struct enedis_date_text *last, struct enedis_stamp *stamp)
{
    *stamp = (struct enedis_stamp){.second = 0};
    if (!parse_date(text, last, &stamp->day))
        return false;
    text += RELEVE_DAY_TEXT - 1;
    if (*text == '\0')
        return true;
    if ((!skip(&text, ' ') && !skip(&text, 'T')) || !parse_clock(&text, &stamp->second) ||
        !parse_fraction(&text, &stamp->fraction))
        return false;
    if (stamp->second == ENEDIS_DAY_SECONDS) {
        stamp->day++;
        stamp->second = 0;
    }
    if (*text != '\0') {
        stamp->has_offset = true;
        if (!skip(&text, 'Z') && !parse_offset(&text, &stamp->offset_minutes))
            return false;
    }
    return *text == '\0';
}

void enedis_date_look_up(struct enedis_date *date, releve_day day)
{
    bool next = date->day != RELEVE_DAY_NONE && day == date->day + 1; /* stamps mostly go on from day to day */
    releve_time midnight = next ? date->midnight + date->minutes * RELEVE_MINUTE_MS : releve_paris_midnight(day);
    int minutes = (int)((releve_paris_midnight(day + 1) - midnight) / RELEVE_MINUTE_MS);
    *date = (struct enedis_date){day, midnight, minutes};
}

int enedis_stamp_instants(const struct enedis_stamp *stamp, struct enedis_date *date, releve_time at[2])
{
    if (stamp->has_offset) {
        at[0] = ((releve_time)stamp->day * ENEDIS_DAY_SECONDS + stamp->second) * RELEVE_SECOND_MS -
                stamp->offset_minutes * RELEVE_MINUTE_MS;
        return 1;
    }
    enedis_date_set(date, stamp->day);
    if (date->minutes * RELEVE_MINUTE_MS != ENEDIS_DAY_SECONDS * RELEVE_SECOND_MS) /* the clock changes that day */
        return releve_paris_instants(stamp->day, stamp->second, at);
    at[0] = date->midnight + stamp->second * RELEVE_SECOND_MS;
    return 1;
}

/* Parses "Jan" to "Dec", likewise; 0 where there is none. */
static int parse_month(const char **text)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 1; month <= 12; month++) {
        if (strncmp(*text, names + (month - 1) * 3, 3) == 0) {
            *text += 3;
            return month;
        }
    }
    return 0;
}

static bool instant(int year, int month, int day, int second, releve_time *at)
{
    if (year < RELEVE_DAY_YEAR_MIN || year > RELEVE_DAY_YEAR_MAX || month < 1 || day < 1 || day > 31)
        return false;
    *at = ((releve_time)releve_day_from_civil(year, month, day) * ENEDIS_DAY_SECONDS + second) * RELEVE_SECOND_MS;
    return true;
}

bool enedis_stamp_parse_gateway(const char *text, releve_time *at)
{
    int second, offset = 0;
    int year = parse_digits(&text, 4);
    if (year < 0 || !skip(&text, '-'))
        return false;
    int month = parse_month(&text);
    if (month == 0 || !skip(&text, '-'))
        return false;
    int day = parse_digits(&text, 2);
    if (day < 0 || !skip(&text, ' ') || !parse_clock(&text, &second))
        return false;
    if ((*text == '+' || *text == '-') && !parse_offset(&text, &offset))
        return false;
    return instant(year, month, day, second - offset * 60, at);
}

bool enedis_stamp_parse_http(const char *text, releve_time *at)
{
    const char *comma = strchr(text, ',');
    if (!comma)
        return false;
    text = comma + 1;
    (void)skip(&text, ' ');
    int day = parse_digits(&text, 2);
    if (day < 0 || !skip(&text, ' '))
        return false;
    int month = parse_month(&text);
    if (month == 0 || !skip(&text, ' '))
        return false;
    int year = parse_digits(&text, 4);
    int second;
    if (year < 0 || !skip(&text, ' ') || !parse_clock(&text, &second) || strncmp(text, " GMT", 4) != 0)
        return false;
    return instant(year, month, day, second, at);
}
