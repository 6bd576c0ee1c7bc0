/* Points to readings, shared by both generations, so that both come to the same (law 3). Here: reading points, and the
 * kinds with one value a day; load curves are in curve.c, registers in registers.c.
 *
 * Nothing is guessed at. A point that cannot be true spoils its day, and the other days are delivered (law 5). A point
 * whose day is not certain, or a body that is not what was asked for, makes the whole body unusable. */
#include "measures.h"
#include "json.h"
#include "point.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUE_DIGITS_MAX 10   /* of RELEVE_VALUE_MAX */
#define STAMP_BYTES_MAX 64    /* more than any date and time, fraction and offset */
#define POINTS_ROOM_FIRST 512 /* more than seven days of half-hours; doubled as needed */

bool enedis_problem(struct enedis_measures *measures, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(measures->problem, sizeof measures->problem, format, arguments);
    va_end(arguments);
    return false;
}

void enedis_leave_out(struct enedis_measures *measures)
{
    measures->outside_seen = true;
}

static void mark(struct enedis_measures *measures, releve_day day, enum releve_reading_state state, const char *what)
{
    assert(releve_span_has(measures->span, day));
    if (measures->unusable_count == 0 || day < measures->unusable_first) {
        char text[RELEVE_DAY_TEXT];
        releve_day_format(day, text);
        measures->unusable_first = day;
        (void)snprintf(measures->unusable_why, sizeof measures->unusable_why, "%s of %s: %s",
                       releve_kind_facts(measures->kind)->name, text, what);
    }
    uint8_t *kept = &measures->states[day - measures->span.first];
    measures->unusable_count += *kept == RELEVE_READING_USABLE;
    *kept = (uint8_t)state;
}

void enedis_spoil(struct enedis_measures *measures, releve_day day, const char *what)
{
    mark(measures, day, RELEVE_READING_UNUSABLE, what);
}

void enedis_drop_unusable(struct enedis_measures *measures)
{
    size_t kept = 0;
    for (size_t i = 0; i < measures->points_count; i++)
        if (enedis_state(measures, measures->points[i].day) == RELEVE_READING_USABLE)
            enedis_keep(measures, i, &kept);
    measures->points_count = kept;
}

void enedis_mark_unsaid(struct enedis_measures *measures)
{
    bool told[RELEVE_JOB_DAYS_MAX] = {false};
    for (size_t i = 0; i < measures->points_count; i++)
        told[measures->points[i].day - measures->span.first] = true;
    for (releve_day day = measures->span.first; day < measures->span.end; day++)
        if (!releve_span_has(measures->named, day) && !told[day - measures->span.first])
            mark(measures, day, day < measures->named.first ? RELEVE_READING_UNUSABLE : RELEVE_READING_UNSAID,
                 "the body is of a range without it");
}

bool enedis_inside(struct enedis_measures *measures)
{
    return measures->inside_seen || !measures->outside_seen ||
           enedis_problem(measures, "all points lie outside the days that were asked");
}

/* --- reading a point ------------------------------------------------------------------------------------ */

/* Absent, null, "" and "null" are no value (docs/enedis.md, Bodies); otherwise a whole number, as a text or a number.
 */
static bool read_value(const struct enedis_scanned *item, int32_t *value)
{
    *value = RELEVE_NO_VALUE;
    if (item->type == ENEDIS_SCANNED_NOTHING || item->type == ENEDIS_SCANNED_NULL)
        return true;
    if (item->type == ENEDIS_SCANNED_NUMBER) {
        double number = enedis_scanned_number(item);
        if (!(number >= 0 && number <= RELEVE_VALUE_MAX) || (double)(int32_t)number < number)
            return false;
        *value = (int32_t)number;
        return true;
    }
    char text[VALUE_DIGITS_MAX + 1];
    if (!enedis_scanned_copy(item, text, sizeof text))
        return false;
    if (text[0] == '\0' || strcmp(text, "null") == 0)
        return true;
    int64_t parsed = 0;
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9')
            return false;
        parsed = parsed * 10 + (*digit - '0');
    }
    if (parsed > RELEVE_VALUE_MAX)
        return false;
    *value = (int32_t)parsed;
    return true;
}

/* The lengths that upstream is known to use (docs/enedis.md, Bodies). Absent is 0. */
static bool read_length(const struct enedis_scanned *item, int *minutes)
{
    static const struct {
        const char *text;
        int minutes;
    } lengths[] = {{"PT30M", 30}, {"PT60M", 60}, {"PT10M", 10}, {"PT15M", 15}, {"PT5M", 5}, {"PT1H", 60}};
    *minutes = 0;
    if (item->type == ENEDIS_SCANNED_NOTHING || item->type == ENEDIS_SCANNED_NULL)
        return true;
    for (size_t i = 0; *minutes == 0 && i < sizeof lengths / sizeof lengths[0]; i++)
        if (enedis_scanned_is(item, lengths[i].text))
            *minutes = lengths[i].minutes;
    return *minutes > 0;
}

/* The day that a daily value is of: its date, or where it is an instant, the day in Paris then. */
static releve_day stamp_day(struct enedis_date *date, const struct enedis_stamp *stamp)
{
    releve_time at[2];
    if (!stamp->has_offset)
        return stamp->day;
    (void)enedis_stamp_instants(stamp, date, at);
    return enedis_date_of(date, at[0]);
}

/* What an element of a list has of the parts of a point. */
struct parts {
    struct enedis_scanned value, stamp, length;
};

/* Of members with one name the first counts. */
static void keep(struct enedis_scanned *part, const struct enedis_scanned *value)
{
    if (part->type == ENEDIS_SCANNED_NOTHING)
        *part = *value;
}

static void read_parts(struct enedis_scan *scan, const struct enedis_point_names *names, struct parts *parts)
{
    struct enedis_scanned name, value;
    *parts = (struct parts){.value = {.type = ENEDIS_SCANNED_NOTHING}};
    if (enedis_scan_peek(scan) != '{') {
        (void)enedis_scan_value(scan, &value);
        return;
    }
    for (bool more = enedis_scan_enter(scan, '{'); more; more = enedis_scan_more(scan, '}')) {
        if (!enedis_scan_name(scan, &name) || !enedis_scan_value(scan, &value))
            return;
        if (enedis_scanned_is(&name, names->value))
            keep(&parts->value, &value);
        else if (enedis_scanned_is(&name, names->stamp))
            keep(&parts->stamp, &value);
        else if (enedis_scanned_is(&name, names->length))
            keep(&parts->length, &value);
    }
}

/* Sets *outside where the point is of a day that was not asked: it is left out then. False where it has no date that
 * can be read. */
static bool read_point(struct enedis_measures *measures, struct enedis_list *list, const struct parts *parts,
                       struct enedis_point *point, bool *outside)
{
    char stamp[STAMP_BYTES_MAX];
    if (!enedis_scanned_copy(&parts->stamp, stamp, sizeof stamp) ||
        !enedis_stamp_parse(stamp, &measures->date_text, &point->stamp))
        return false;
    struct releve_span span = measures->span;
    list->value_seen = list->value_seen || parts->value.type != ENEDIS_SCANNED_NOTHING;
    if (!read_value(&parts->value, &point->value))
        point->wrong = "a value is not a whole number";
    if (point->stamp.fraction)
        point->wrong = "a time that is not a whole second";
    if (releve_kind_facts(measures->kind)->quantity == RELEVE_LOAD_CURVE) {
        if (!read_length(&parts->length, &point->length_minutes))
            point->wrong = "an unknown interval length";
        /* Roughly: an offset may shift it by one, and midnight is of the day before. curve.c knows. */
        *outside = point->stamp.day < span.first - 1 || point->stamp.day > span.end + 1;
        return true;
    }
    point->day = stamp_day(&measures->date, &point->stamp);
    *outside = !releve_span_has(span, point->day);
    list->inside_seen = list->inside_seen || !*outside;
    return true;
}

/* --- reading a list ------------------------------------------------------------------------------------ */

static void make_room(struct enedis_measures *measures)
{
    if (measures->points_read < measures->points_room)
        return;
    measures->points_room = measures->points_room ? measures->points_room * 2 : POINTS_ROOM_FIRST;
    measures->points = releve_realloc(measures->points, measures->points_room * sizeof *measures->points);
}

void enedis_measures_read(void *data, struct enedis_scan *scan, int number)
{
    struct enedis_measures *measures = data;
    struct enedis_list *list = &measures->lists[number];
    *list = (struct enedis_list){.first = measures->points_read};
    measures->lists_count = number + 1;
    for (bool more = enedis_scan_enter(scan, '['); more; more = enedis_scan_more(scan, ']')) {
        struct parts parts;
        read_parts(scan, measures->names, &parts);
        if (scan->wrong || list->unreadable > 0)
            continue;
        make_room(measures);
        struct enedis_point *point = &measures->points[measures->points_read];
        *point = (struct enedis_point){.order = list->seen};
        bool outside = false;
        list->seen++;
        if (!read_point(measures, list, &parts, point, &outside))
            list->unreadable = list->seen;
        else if (outside)
            list->outside_seen = true;
        else
            measures->points_read++;
    }
    list->count = measures->points_read - list->first;
}

bool enedis_measures_take(struct enedis_measures *measures, const cJSON *item)
{
    int number = enedis_json_list_number(item);
    if (number < 0 || number >= measures->lists_count)
        return enedis_problem(measures, "the body has no list of points");
    struct enedis_list *list = &measures->lists[number];
    int before = (int)measures->points_seen;
    if (list->unreadable > 0)
        return enedis_problem(measures, "point %d has no date that can be read", before + list->unreadable);
    assert(!list->taken && list->first >= measures->points_count);
    list->taken = true;
    for (size_t i = 0; i < list->count; i++) {
        measures->points[list->first + i].order += before;
        enedis_keep(measures, list->first + i, &measures->points_count);
    }
    measures->points_seen += (size_t)list->seen;
    measures->inside_seen = measures->inside_seen || list->inside_seen;
    measures->outside_seen = measures->outside_seen || list->outside_seen;
    measures->value_seen = measures->value_seen || list->value_seen;
    return true;
}

/* --- what else a body says -------------------------------------------------------------------------- */

bool enedis_measures_is_prm(const cJSON *item, releve_prm prm)
{
    if (cJSON_IsNumber(item)) /* 14 digits are exact in a double */
        return item->valuedouble >= (double)prm && item->valuedouble <= (double)prm;
    releve_prm found;
    return cJSON_IsString(item) && releve_prm_parse(item->valuestring, strlen(item->valuestring), &found) &&
           found == prm;
}

bool enedis_measures_is_unit(struct enedis_measures *measures, const cJSON *item, const struct releve_kind_facts *facts)
{
    bool right =
        item ? cJSON_IsString(item) && strcmp(item->valuestring, facts->unit) == 0 : measures->points_seen == 0;
    return right || enedis_problem(measures, "the unit is not %s", facts->unit);
}

bool enedis_measures_check_period(struct enedis_measures *measures, const cJSON *item)
{
    if (item == NULL || releve_kind_facts(measures->kind)->quantity == RELEVE_LOAD_CURVE)
        return true;
    return (cJSON_IsString(item) && strcmp(item->valuestring, "P1D") == 0) ||
           enedis_problem(measures, "the values of the body are not of one day each");
}

/* The instant at which a named day begins, or the named moment; where it can be two, the first. */
static bool read_bound(struct enedis_measures *measures, const cJSON *item, releve_time *at)
{
    releve_time found[2];
    struct enedis_stamp stamp;
    if (!item || !cJSON_IsString(item) || !enedis_stamp_parse(item->valuestring, &measures->date_text, &stamp) ||
        enedis_stamp_instants(&stamp, &measures->date, found) == 0)
        return false;
    *at = found[0];
    return true;
}

bool enedis_measures_check_range(struct enedis_measures *measures, const cJSON *start, const cJSON *end)
{
    struct releve_span asked = measures->span, named = asked;
    bool empty = measures->points_seen == 0;
    releve_time at;
    if ((start && !cJSON_IsNull(start)) || (end && !cJSON_IsNull(end))) {
        bool has_start = read_bound(measures, start, &at);
        named.first = has_start ? releve_paris_day(at) : asked.first;
        bool has_end = read_bound(measures, end, &at);
        named.end = has_end ? releve_paris_day(at - 1) + 1 : asked.end;
        if (empty && !(has_start && has_end))
            return enedis_problem(measures, "the body has no points, and its range cannot be read");
        /* Points have dates of their own, so a range that cannot be read does no harm. One day may be named twice. */
        if (named.end <= named.first && has_start)
            named.end = named.first + 1;
        if (named.first >= asked.end || named.end <= asked.first)
            return enedis_problem(measures, "the body is of a range outside the days that were asked");
        measures->named = named;
    }
    return !empty || named.first <= asked.first ||
           enedis_problem(measures, "the body has no points, and is not of all days that were asked");
}

/* Upstream's points mostly are in order. */
void enedis_measures_sort(struct enedis_measures *measures, int (*order)(const void *, const void *))
{
    size_t sorted = 1;
    while (sorted < measures->points_count && order(&measures->points[sorted - 1], &measures->points[sorted]) < 0)
        sorted++;
    if (sorted < measures->points_count)
        qsort(measures->points, measures->points_count, sizeof *measures->points, order);
}

static int compare_days(const void *left, const void *right)
{
    const struct enedis_point *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

/* Daily energy and max power: what cannot be true spoils its day. Of points that say the same, one stays. Points are
 * sorted by day. */
static void settle_daily(struct enedis_measures *measures)
{
    bool power = releve_kind_facts(measures->kind)->quantity == RELEVE_MAX_POWER;
    const struct enedis_point *last = NULL; /* that has a value */
    for (size_t i = 0; i < measures->points_count; i++) {
        struct enedis_point *point = &measures->points[i];
        releve_time at[2] = {0, 0}; /* of a doubled label, the earlier one */
        if (point->wrong)
            enedis_spoil(measures, point->day, point->wrong);
        else if (power && enedis_stamp_instants(&point->stamp, &measures->date, at) == 0)
            enedis_spoil(measures, point->day, "the peak has a time that this day does not have");
        point->at = at[0];
        if (point->wrong || point->value == RELEVE_NO_VALUE)
            continue;
        if (!last || last->day != point->day)
            last = point;
        else if (last->value == point->value && last->at == point->at)
            point->value = RELEVE_NO_VALUE;
        else
            enedis_spoil(measures, point->day, "two values for one day");
    }
}

static bool finish_daily(struct enedis_measures *measures, const struct releve_reading **out, size_t *count)
{
    if (!enedis_inside(measures))
        return false;
    enedis_measures_sort(measures, compare_days);
    settle_daily(measures);
    enedis_mark_unsaid(measures);
    enedis_drop_unusable(measures);
    struct releve_reading *readings = releve_alloc(measures->points_count + measures->unusable_count, sizeof *readings);
    size_t used = 0, next = 0;
    for (releve_day day = measures->span.first; day < measures->span.end; day++) {
        enum releve_reading_state state = enedis_state(measures, day);
        if (state != RELEVE_READING_USABLE)
            readings[used++] = (struct releve_reading){.day = day, .state = state};
        for (; next < measures->points_count && measures->points[next].day == day; next++) {
            const struct enedis_point *point = &measures->points[next];
            if (point->value != RELEVE_NO_VALUE)
                readings[used++] =
                    (struct releve_reading){.day = day, .complete = true, .value = point->value, .at = point->at};
        }
    }
    assert(next == measures->points_count);
    if (used == 0) {
        free(readings);
        readings = NULL;
    }
    *out = readings;
    *count = used;
    return true;
}

bool enedis_measures_finish(struct enedis_measures *measures, const struct releve_reading **readings, size_t *count)
{
    *readings = NULL;
    *count = 0;
    if (!measures->value_seen && measures->points_seen > 0)
        return enedis_problem(measures, "no point of the body has the member that holds its value");
    switch (releve_kind_facts(measures->kind)->quantity) {
    case RELEVE_LOAD_CURVE:
        return enedis_curve_finish(measures, readings, count);
    case RELEVE_REGISTERS:
        return enedis_registers_finish(measures, readings, count);
    default:
        return finish_daily(measures, readings, count);
    }
}

void enedis_measures_free(struct enedis_measures *measures)
{
    free(measures->points);
    measures->points = NULL;
    measures->points_count = measures->points_room = 0;
}
