/* Load curves: labels on a Paris clock become intervals of elapsed time (docs/enedis.md, Bodies).
 *
 * A stamp marks the end of its interval. Labels that autumn shows twice are doubled.c's. A point that cannot be true
 * spoils the days that it touches, and no others (laws 3 and 5). */
#include "point.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

static int compare(int64_t left, int64_t right)
{
    return (left > right) - (left < right);
}

int enedis_compare_labels(const void *left, const void *right)
{
    const struct enedis_point *const *a = left, *const *b = right;
    int by_label = compare(enedis_label(*a), enedis_label(*b));
    if ((*a)->stamp.has_offset != (*b)->stamp.has_offset)
        return (*a)->stamp.has_offset ? 1 : -1;
    return by_label ? by_label : compare((*a)->order, (*b)->order);
}

static int compare_ends(const void *left, const void *right)
{
    const struct enedis_point *a = left, *b = right;
    int by_end = compare(a->at, b->at);
    return by_end ? by_end : compare(a->order, b->order);
}

static int compare_starts(const void *left, const void *right)
{
    const struct enedis_point *a = left, *b = right;
    int by_start = compare(a->at - a->length_minutes * RELEVE_MINUTE_MS, b->at - b->length_minutes * RELEVE_MINUTE_MS);
    return by_start ? by_start : compare(a->order, b->order);
}

/* Where the body lists the newest point first, its order is turned. */
static void turn_descending(struct enedis_measures *measures)
{
    size_t count = measures->points_count;
    if (count > 0 && enedis_label(&measures->points[0]) > enedis_label(&measures->points[count - 1]))
        for (size_t i = 0; i < count; i++)
            measures->points[i].order = (int)(count - i);
}

/* A label that stands for no instant, or nobody knows for which: what is wrong with it spoils the day that it names. */
static void drop_label(struct enedis_measures *measures, const struct enedis_point *point, const char *wrong)
{
    bool inside = releve_span_has(measures->span, point->stamp.day);
    measures->inside_seen = measures->inside_seen || inside;
    if (!inside)
        enedis_leave_out(measures);
    else if (wrong)
        enedis_spoil(measures, point->stamp.day, wrong);
}

/* Finds the instant of every point, and drops the points that have none. */
static void settle_labels(struct enedis_measures *measures)
{
    turn_descending(measures);
    enedis_doubled_settle(measures);
    size_t kept = 0;
    for (size_t i = 0; i < measures->points_count; i++) {
        struct enedis_point *point = &measures->points[i];
        releve_time at[2];
        int count = enedis_stamp_instants(&point->stamp, &measures->date, at);
        if (count == 0) {
            drop_label(measures, point, "a time that this day does not have");
            continue;
        }
        if (count == 2 && (point->wrong || point->which == ENEDIS_WHICH_UNKNOWN)) {
            drop_label(measures, point, point->wrong);
            continue;
        }
        point->at = at[point->which] + (point->stamp.fraction ? 1 : 0); /* of a fraction it is known that it is later */
        if (point->at % RELEVE_MINUTE_MS != 0 && !point->wrong)
            point->wrong = "a time that is not on a minute";
        enedis_keep(measures, i, &kept);
    }
    measures->points_count = kept;
}

/* A point that ends exactly where the span begins is the last interval of a day that was not asked for. */
static void drop_eve(struct enedis_measures *measures)
{
    releve_time begin = releve_paris_midnight(measures->span.first);
    size_t kept = 0;
    for (size_t i = 0; i < measures->points_count; i++)
        if (measures->points[i].at != begin)
            enedis_keep(measures, i, &kept);
    measures->points_count = kept;
}

static releve_day day_ended_by(struct enedis_measures *measures, releve_time at)
{
    return enedis_date_of(&measures->date, at - 1);
}

static bool is_known_length(int64_t minutes)
{
    return minutes == 5 || minutes == 10 || minutes == 15 || minutes == 30 || minutes == 60;
}

/* The length in minutes that the stamps of a day show, where points do not say it: they follow each other at one
 * distance, from midnight to midnight. 0 where they do not: of a part of a day nobody knows which stamps are missing,
 * and half-hours of which only the full hours came look like hours. Points are sorted by end. */
static int length_shown(const struct enedis_point *points, size_t count, releve_day day)
{
    releve_time last = releve_paris_midnight(day);
    int64_t length = (points[0].at - last) / RELEVE_MINUTE_MS;
    if (!is_known_length(length))
        return 0;
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && points[i].at == last;
        if (!again && points[i].at != last + length * RELEVE_MINUTE_MS)
            return 0;
        if (points[i].length_minutes > 0 && points[i].length_minutes != length)
            return 0;
        last = points[i].at;
    }
    return last == releve_paris_midnight(day + 1) ? (int)length : 0;
}

/* A point without a value needs no length. */
static void infer_lengths(struct enedis_measures *measures)
{
    enedis_measures_sort(measures, compare_ends);
    size_t next;
    for (size_t first = 0; first < measures->points_count; first = next) {
        struct enedis_point *points = &measures->points[first];
        releve_day day = day_ended_by(measures, points[0].at);
        bool said = true;
        for (next = first; next < measures->points_count; next++) {
            if (day_ended_by(measures, measures->points[next].at) != day)
                break;
            said = said && measures->points[next].length_minutes > 0;
        }
        int length = said ? 0 : length_shown(points, next - first, day);
        for (size_t i = 0; i < next - first; i++) {
            if (points[i].length_minutes > 0 || points[i].wrong || points[i].value == RELEVE_NO_VALUE)
                continue;
            points[i].length_minutes = length;
            if (length == 0)
                points[i].wrong = "no interval length, and the stamps of the day do not show it";
        }
    }
}

/* Finds the day of every point, spoils each day that a wrong point touches, and drops the points of days that were not
 * asked. */
static void settle_days(struct enedis_measures *measures)
{
    size_t kept = 0;
    for (size_t i = 0; i < measures->points_count; i++) {
        struct enedis_point *point = &measures->points[i];
        releve_day last = day_ended_by(measures, point->at), first = last;
        if (point->length_minutes > 0)
            first = enedis_date_of(&measures->date, point->at - point->length_minutes * RELEVE_MINUTE_MS);
        if (first != last && !point->wrong)
            point->wrong = "an interval crosses midnight";
        point->day = releve_span_has(measures->span, first) ? first : last;
        for (releve_day day = first; point->wrong && day <= last; day++)
            if (releve_span_has(measures->span, day))
                enedis_spoil(measures, day, point->wrong);
        if (!releve_span_has(measures->span, point->day)) {
            enedis_leave_out(measures);
            continue;
        }
        measures->inside_seen = true;
        enedis_keep(measures, i, &kept);
    }
    measures->points_count = kept;
}

/* Of equal intervals one stays; intervals that contradict each other spoil their day. None crosses midnight by now. */
static void settle_values(struct enedis_measures *measures)
{
    enedis_measures_sort(measures, compare_starts);
    const struct enedis_point *last = NULL; /* that has a value */
    for (size_t i = 0; i < measures->points_count; i++) {
        struct enedis_point *point = &measures->points[i];
        if (point->value == RELEVE_NO_VALUE)
            continue;
        if (last && last->at == point->at && last->length_minutes == point->length_minutes) {
            if (last->value != point->value)
                enedis_spoil(measures, point->day, "two values for one interval");
            point->value = RELEVE_NO_VALUE;
            continue;
        }
        if (last && last->at > point->at - point->length_minutes * RELEVE_MINUTE_MS)
            enedis_spoil(measures, point->day, "intervals overlap");
        last = point;
    }
}

static void drop_valueless(struct enedis_measures *measures)
{
    size_t kept = 0;
    for (size_t i = 0; i < measures->points_count; i++)
        if (measures->points[i].value != RELEVE_NO_VALUE)
            enedis_keep(measures, i, &kept);
    measures->points_count = kept;
}

/* The reading of one day, from its points, which are the first of `points`; its intervals go to `interval`. */
static struct releve_reading read_day(const struct enedis_date *date, const struct enedis_point *points, size_t count,
                                      struct releve_interval *interval)
{
    struct releve_reading reading = {.day = date->day, .intervals = interval};
    int covered = 0;
    for (size_t i = 0; i < count && points[i].day == date->day; i++) {
        int64_t end = (points[i].at - date->midnight) / RELEVE_MINUTE_MS;
        assert(end - points[i].length_minutes >= 0 && end <= RELEVE_DAY_MINUTES_MAX);
        assert(reading.intervals_count < RELEVE_INTERVALS_MAX);
        interval[reading.intervals_count++] =
            (struct releve_interval){.minute = (int16_t)(end - points[i].length_minutes),
                                     .length_minutes = (int16_t)points[i].length_minutes,
                                     .value_w = points[i].value};
        covered += points[i].length_minutes;
    }
    reading.complete = covered == date->minutes;
    return reading;
}

/* One block: the readings, and behind them the intervals of all. */
static bool build(struct enedis_measures *measures, const struct releve_reading **out, size_t *count)
{
    const struct enedis_point *points = measures->points;
    size_t days = measures->unusable_count;
    for (size_t i = 0; i < measures->points_count; i++)
        days += i == 0 || points[i].day != points[i - 1].day;
    if (days == 0)
        return true;
    static_assert(_Alignof(struct releve_reading) >= _Alignof(struct releve_interval), "intervals follow readings");
    struct releve_reading *readings =
        releve_alloc(1, days * sizeof *readings + measures->points_count * sizeof(struct releve_interval));
    struct releve_interval *intervals = (struct releve_interval *)(void *)(readings + days);
    size_t used = 0, next = 0;
    for (releve_day day = measures->span.first; day < measures->span.end; day++) {
        enum releve_reading_state state = enedis_state(measures, day);
        if (state != RELEVE_READING_USABLE) {
            readings[used++] = (struct releve_reading){.day = day, .state = state};
        } else if (next < measures->points_count && points[next].day == day) {
            enedis_date_set(&measures->date, day);
            readings[used] = read_day(&measures->date, &points[next], measures->points_count - next, &intervals[next]);
            next += readings[used++].intervals_count;
        }
    }
    assert(used == days && next == measures->points_count);
    *out = readings;
    *count = days;
    return true;
}

bool enedis_curve_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count)
{
    settle_labels(measures);
    drop_eve(measures);
    infer_lengths(measures);
    settle_days(measures);
    enedis_mark_unsaid(measures);
    if (!enedis_inside(measures))
        return false;
    enedis_drop_unusable(measures);
    settle_values(measures);
    enedis_drop_unusable(measures);
    drop_valueless(measures);
    return build(measures, readings, count);
}
