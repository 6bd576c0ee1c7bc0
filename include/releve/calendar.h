/* Civil days and the Europe/Paris clock, without the process's time zone.
 *
 * Linky days are civil days in Paris: 23, 24 or 25 hours long. Everything here
 * is a pure function of its arguments. Source of the rule: directive 2000/84/EC
 * (last Sundays of March and October, 01:00 UTC) and, for 1981-1995, its
 * predecessors (summer time ended on the last Sunday of September).
 * Valid for 1981-2099.
 *
 * To be called from any thread and from any callback. Nothing is allocated. An argument outside of the range that is
 * given here is an error of the caller. */
#ifndef RELEVE_CALENDAR_H
#define RELEVE_CALENDAR_H

#include <releve/declare.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

RELEVE_DECLARE_BEGIN

/* An instant: milliseconds since 1970-01-01T00:00:00Z. */
typedef int64_t releve_time;

/* A civil day: days since 1970-01-01. It has no time zone of its own. */
typedef int32_t releve_day;

#define RELEVE_TIME_NEVER INT64_MAX
#define RELEVE_DAY_NONE INT32_MIN

#define RELEVE_SECOND_MS ((releve_time)1000)
#define RELEVE_MINUTE_MS (60 * RELEVE_SECOND_MS)
#define RELEVE_HOUR_MS (60 * RELEVE_MINUTE_MS)
#define RELEVE_DAY_MINUTES_MAX 1500 /* the day on which summer time ends */

#define RELEVE_DAY_TEXT 11  /* "2026-09-29" and its NUL */
#define RELEVE_TIME_TEXT 26 /* "2026-09-29T13:03:35+02:00" and its NUL */

/* The days accepted in text: nothing before Linky and nothing absurd. */
#define RELEVE_DAY_YEAR_MIN 1981
#define RELEVE_DAY_YEAR_MAX 2099

/* The day of that date of the Gregorian calendar; `month` 1 to 12, `day` 1 to 31. One that the month lacks is counted
 * on into the next: 31 April is 1 May. */
releve_day releve_day_from_civil(int year, int month, int day);
/* The date of that day: month 1 to 12, day of the month 1 to 31. */
void releve_day_to_civil(releve_day day, int *year, int *month, int *day_of_month);

/* Reads exactly `length` bytes as "YYYY-MM-DD". False, and *day untouched, where
 * the form is another, the date does not exist or the year is out of range. */
bool releve_day_parse(const char *text, size_t length, releve_day *day);
/* Writes "YYYY-MM-DD" and a NUL. Years 0 to 9999. */
void releve_day_format(releve_day day, char out[RELEVE_DAY_TEXT]);

/* 0 is Monday, 6 is Sunday. */
int releve_day_weekday(releve_day day);

/* The same day `months` later (or earlier); a day that the month lacks becomes its last. */
releve_day releve_day_add_months(releve_day day, int months);

/* Minutes that Paris is ahead of UTC at that instant: 60 or 120. */
int releve_paris_offset_minutes(releve_time at);

/* The civil day in Paris at that instant. */
releve_day releve_paris_day(releve_time at);

/* The instant at which that day begins in Paris. */
releve_time releve_paris_midnight(releve_day day);

/* Elapsed minutes in that Paris day: 1380, 1440 or 1500. */
int releve_paris_day_minutes(releve_day day);

/* The instants at which a clock in Paris shows `second_of_day` (0..86399) on `day`,
 * in order. Returns how many: 0 in the hour that spring skips, 2 in the one that
 * autumn repeats, else 1. The label 24:00 is 00:00 of the next day. */
int releve_paris_instants(releve_day day, int second_of_day, releve_time at[2]);

/* "2026-09-29T13:03:35+02:00": the Paris clock at that instant. */
void releve_paris_format(releve_time at, char out[RELEVE_TIME_TEXT]);

/* "2026-09-29T11:03:35Z" (20 bytes and NUL). Sorts as text as it does in time. */
void releve_utc_format(releve_time at, char out[RELEVE_TIME_TEXT]);
/* Reads that form, of a string that ends with a NUL. False, and *at untouched, where it is another, or no instant. */
bool releve_utc_parse(const char *text, releve_time *at);

RELEVE_DECLARE_END

#endif
