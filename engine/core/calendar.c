/* Civil days and the Paris clock: arithmetic only, no tzdata, no TZ. Carries the calendar part of law 3:
 * a value is never put into an hour or a day that it is not of. */
#include <assert.h>
#include <releve/calendar.h>
#include <stdio.h>
#include <string.h>

#define DAY_MS (24 * RELEVE_HOUR_MS)
#define WINTER_MINUTES 60       /* CET is UTC+1 */
#define SUMMER_MINUTES 120      /* CEST is UTC+2 */
#define SWITCH_HOUR_UTC 1       /* both changes happen at 01:00 UTC */
#define FIRST_OCTOBER_RULE 1996 /* before that, summer time ended in September */

/* Days and civil dates after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": the year
 * begins in March, so that the leap day is its last. */
releve_day releve_day_from_civil(int year, int month, int day)
{
    assert(month >= 1 && month <= 12);
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void releve_day_to_civil(releve_day day, int *year, int *month, int *day_of_month)
{
    int z = day + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = z - era * 146097;
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (5 * day_of_year + 2) / 153;
    *day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

bool releve_day_parse(const char *text, size_t length, releve_day *day)
{
    if (length != RELEVE_DAY_TEXT - 1 || text[4] != '-' || text[7] != '-')
        return false;
    int year = digits(text, 4);
    int month = digits(text + 5, 2);
    int day_of_month = digits(text + 8, 2);
    if (year < RELEVE_DAY_YEAR_MIN || year > RELEVE_DAY_YEAR_MAX || month < 1 || month > 12 || day_of_month < 1)
        return false;
    if (day_of_month > month_days(year, month))
        return false;
    *day = releve_day_from_civil(year, month, day_of_month);
    return true;
}

/* Exactly `count` digits; returns where they end. Every day of every answer is written twice: no printf here. */
static char *put_digits(char *out, unsigned number, int count)
{
    for (int i = count; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return out + count;
}

void releve_day_format(releve_day day, char out[RELEVE_DAY_TEXT])
{
    int year, month, day_of_month;
    releve_day_to_civil(day, &year, &month, &day_of_month);
    char *at = put_digits(out, (unsigned)year % 10000u, 4);
    *at++ = '-';
    at = put_digits(at, (unsigned)month, 2);
    *at++ = '-';
    *put_digits(at, (unsigned)day_of_month, 2) = '\0';
}

int releve_day_weekday(releve_day day)
{
    int weekday = (day + 3) % 7; /* 1970-01-01 was a Thursday */
    return weekday < 0 ? weekday + 7 : weekday;
}

releve_day releve_day_add_months(releve_day day, int months)
{
    int year, month, day_of_month;
    releve_day_to_civil(day, &year, &month, &day_of_month);
    int count = year * 12 + (month - 1) + months;
    year = count / 12;
    month = count % 12 + 1;
    int length = month_days(year, month);
    return releve_day_from_civil(year, month, day_of_month < length ? day_of_month : length);
}

static releve_day last_sunday(int year, int month)
{
    releve_day last = releve_day_from_civil(year, month, month_days(year, month));
    return last - (releve_day_weekday(last) + 1) % 7;
}

static releve_day utc_day(releve_time at)
{
    releve_time day = at / DAY_MS;
    if (at % DAY_MS < 0)
        day--;
    return (releve_day)day;
}

/* The instant at which the clock changes in that month. */
static releve_time clock_change(int year, int month)
{
    return (releve_time)last_sunday(year, month) * DAY_MS + SWITCH_HOUR_UTC * RELEVE_HOUR_MS;
}

int releve_paris_offset_minutes(releve_time at)
{
    int year, month, day_of_month;
    releve_day_to_civil(utc_day(at), &year, &month, &day_of_month);
    int last_month = year >= FIRST_OCTOBER_RULE ? 10 : 9; /* of summer time */
    bool summer = month > 3 && month < last_month;
    if (month == 3)
        summer = at >= clock_change(year, month);
    else if (month == last_month)
        summer = at < clock_change(year, month);
    return summer ? SUMMER_MINUTES : WINTER_MINUTES;
}

releve_day releve_paris_day(releve_time at)
{
    return utc_day(at + releve_paris_offset_minutes(at) * RELEVE_MINUTE_MS);
}

releve_time releve_paris_midnight(releve_day day)
{
    releve_time at[2];
    int count = releve_paris_instants(day, 0, at);
    assert(count == 1); /* the clock never changes at midnight */
    (void)count;
    return at[0];
}

int releve_paris_day_minutes(releve_day day)
{
    return (int)((releve_paris_midnight(day + 1) - releve_paris_midnight(day)) / RELEVE_MINUTE_MS);
}

int releve_paris_instants(releve_day day, int second_of_day, releve_time at[2])
{
    assert(second_of_day >= 0 && second_of_day < 86400);
    releve_time wall = (releve_time)day * DAY_MS + second_of_day * RELEVE_SECOND_MS;
    int count = 0;
    /* Summer first: where both hold, the summer one is the earlier. */
    for (int offset = SUMMER_MINUTES; offset >= WINTER_MINUTES; offset -= SUMMER_MINUTES - WINTER_MINUTES) {
        releve_time candidate = wall - offset * RELEVE_MINUTE_MS;
        if (releve_paris_offset_minutes(candidate) == offset)
            at[count++] = candidate;
    }
    return count;
}

static void format_wall(releve_time wall, char out[RELEVE_TIME_TEXT], const char *suffix)
{
    int year, month, day_of_month;
    releve_day day = utc_day(wall);
    releve_day_to_civil(day, &year, &month, &day_of_month);
    unsigned second = (unsigned)((wall - (releve_time)day * DAY_MS) / RELEVE_SECOND_MS);
    (void)snprintf(out, RELEVE_TIME_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u%s", (unsigned)year % 10000u,
                   (unsigned)month % 100u, (unsigned)day_of_month % 100u, second / 3600u % 100u, second / 60u % 60u,
                   second % 60u, suffix);
}

void releve_paris_format(releve_time at, char out[RELEVE_TIME_TEXT])
{
    int offset = releve_paris_offset_minutes(at);
    format_wall(at + offset * RELEVE_MINUTE_MS, out, offset == SUMMER_MINUTES ? "+02:00" : "+01:00");
}

void releve_utc_format(releve_time at, char out[RELEVE_TIME_TEXT])
{
    format_wall(at, out, "Z");
}

bool releve_utc_parse(const char *text, releve_time *at)
{
    releve_day day;
    unsigned hour, minute, second;
    int read = 0;
    if (strlen(text) != 20 || !releve_day_parse(text, 10, &day) ||
        sscanf(text + 10, "T%2u:%2u:%2uZ%n", &hour, &minute, &second, &read) != 3 || read != 10 || hour > 23 ||
        minute > 59 || second > 59)
        return false;
    *at = (releve_time)day * DAY_MS + hour * RELEVE_HOUR_MS + minute * RELEVE_MINUTE_MS + second * RELEVE_SECOND_MS;
    return true;
}
