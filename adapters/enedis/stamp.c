/* Reading dates and times by hand: no locale, no time zone of the process. */
#include "stamp.h"
#include <string.h>

#define DAY_SECONDS 86400
#define OFFSET_MINUTES_MAX (14 * 60) /* the largest in use anywhere */

/* Exactly `count` digits, moved over; -1 where they are not there. */
static int take_digits(const char **text, int count)
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

static bool take(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

/* "HH:MM" or "HH:MM:SS"; 24:00:00 is 86400. */
static bool take_clock(const char **text, int *second)
{
    int h = take_digits(text, 2);
    if (h < 0 || !take(text, ':'))
        return false;
    int m = take_digits(text, 2);
    int s = 0;
    if (m >= 0 && take(text, ':'))
        s = take_digits(text, 2);
    if (h > 24 || m < 0 || m > 59 || s < 0 || s > 59 || (h == 24 && (m > 0 || s > 0)))
        return false;
    *second = h * 3600 + m * 60 + s;
    return true;
}

/* "+0000" or "+00:00". */
static bool take_offset(const char **text, int *minutes)
{
    int sign = **text == '-' ? -1 : 1;
    if (!take(text, '+') && !take(text, '-'))
        return false;
    int h = take_digits(text, 2);
    (void)take(text, ':');
    int m = h >= 0 ? take_digits(text, 2) : -1;
    if (h < 0 || m < 0 || m > 59 || h * 60 + m > OFFSET_MINUTES_MAX)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

bool enedis_stamp_parse(const char *text, struct enedis_stamp *stamp)
{
    *stamp = (struct enedis_stamp){.second = 0};
    if (strlen(text) < RELEVE_DAY_TEXT - 1 || !releve_day_parse(text, RELEVE_DAY_TEXT - 1, &stamp->day))
        return false;
    text += RELEVE_DAY_TEXT - 1;
    if (*text == '\0')
        return true;
    if ((!take(&text, ' ') && !take(&text, 'T')) || !take_clock(&text, &stamp->second))
        return false;
    if (stamp->second == DAY_SECONDS) {
        stamp->day++;
        stamp->second = 0;
    }
    if (*text != '\0') {
        stamp->has_offset = true;
        if (!take(&text, 'Z') && !take_offset(&text, &stamp->offset_minutes))
            return false;
    }
    return *text == '\0';
}

int enedis_stamp_instants(const struct enedis_stamp *stamp, releve_time at[2])
{
    if (!stamp->has_offset)
        return releve_paris_instants(stamp->day, stamp->second, at);
    at[0] = ((releve_time)stamp->day * DAY_SECONDS + stamp->second) * RELEVE_SECOND_MS -
            stamp->offset_minutes * RELEVE_MINUTE_MS;
    return 1;
}

/* "Jan" to "Dec", moved over; 0 where there is none. */
static int take_month(const char **text)
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
    *at = ((releve_time)releve_day_from_civil(year, month, day) * DAY_SECONDS + second) * RELEVE_SECOND_MS;
    return true;
}

bool enedis_stamp_parse_gateway(const char *text, releve_time *at)
{
    int second, offset = 0;
    int year = take_digits(&text, 4);
    if (year < 0 || !take(&text, '-'))
        return false;
    int month = take_month(&text);
    if (month == 0 || !take(&text, '-'))
        return false;
    int day = take_digits(&text, 2);
    if (day < 0 || !take(&text, ' ') || !take_clock(&text, &second))
        return false;
    if ((*text == '+' || *text == '-') && !take_offset(&text, &offset))
        return false;
    return instant(year, month, day, second - offset * 60, at);
}

bool enedis_stamp_parse_http(const char *text, releve_time *at)
{
    const char *comma = strchr(text, ',');
    if (!comma)
        return false;
    text = comma + 1;
    (void)take(&text, ' ');
    int day = take_digits(&text, 2);
    if (day < 0 || !take(&text, ' '))
        return false;
    int month = take_month(&text);
    if (month == 0 || !take(&text, ' '))
        return false;
    int year = take_digits(&text, 4);
    int second;
    if (year < 0 || !take(&text, ' ') || !take_clock(&text, &second) || strncmp(text, " GMT", 4) != 0)
        return false;
    return instant(year, month, day, second, at);
}
