/* A stamp as upstream writes it: what a clock in Paris shows, or with its offset an instant. */
#ifndef ENEDIS_STAMP_H
#define ENEDIS_STAMP_H

#include <releve/calendar.h>
#include <stdbool.h>

#define ENEDIS_DAY_SECONDS 86400
#define ENEDIS_HOUR_SECONDS 3600

struct enedis_stamp {
    releve_day day;
    int second; /* of the day, 0..86399; 0 where there is no time of day */
    bool has_offset;
    int offset_minutes; /* ahead of UTC */
    bool fraction;      /* a part of a second follows that is not zero */
};

/* The date that was read last: those of a body repeat. Begin with zeros. */
struct enedis_date_text {
    char text[RELEVE_DAY_TEXT];
    releve_day day;
};

/* "YYYY-MM-DD", then perhaps "HH:MM[:SS[.fff]]" after a blank or a T, then perhaps "Z", "+HH:MM" or "+HHMM". The label
 * 24:00 becomes 00:00 of the next day. False where it is anything else. */
bool enedis_stamp_parse(const char *text, struct enedis_date_text *last, struct enedis_stamp *stamp);

/* A day in Paris, looked up once for the many stamps of it. Begin with ENEDIS_NO_DATE. */
struct enedis_date {
    releve_day day;
    releve_time midnight;
    int minutes; /* 1380, 1440 or 1500 */
};

#define ENEDIS_NO_DATE ((struct enedis_date){RELEVE_DAY_NONE, 0, 0})

void enedis_date_look_up(struct enedis_date *date, releve_day day);

/* Looks that day up, unless it is the one that *date has. */
static inline void enedis_date_set(struct enedis_date *date, releve_day day)
{
    if (date->day != day)
        enedis_date_look_up(date, day);
}

/* The day that an instant is of, as releve_paris_day. */
static inline releve_day enedis_date_of(struct enedis_date *date, releve_time at)
{
    if (date->day == RELEVE_DAY_NONE || at < date->midnight || at >= date->midnight + date->minutes * RELEVE_MINUTE_MS)
        enedis_date_look_up(date, releve_paris_day(at));
    return date->day;
}

/* The instants that it may mean, in order: as releve_paris_instants, and 1 where it has an offset. */
int enedis_stamp_instants(const struct enedis_stamp *stamp, struct enedis_date *date, releve_time at[2]);

/* "2026-Jul-17 05:00:00+0000 UTC", the gateway's own form, at the beginning of `text`. */
bool enedis_stamp_parse_gateway(const char *text, releve_time *at);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7). */
bool enedis_stamp_parse_http(const char *text, releve_time *at);

#endif
