/* See kept_day.h. The reverse of what adapters/redis writes: whatever that can write is read, and little else. */
#include "kept_day.h"
#include <releve/json_guard.h>
#include <releve/text.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define NESTING_MAX 3           /* a day, its points or registers, one of them */
#define REGISTER_TEXT_BYTES 100 /* of a name, calendar, class or label */

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A whole number from `least` to `most`. */
static bool read_number(const cJSON *item, int32_t least, int32_t most, int32_t *number)
{
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= least && item->valuedouble <= most))
        return false;
    *number = (int32_t)item->valuedouble;
    return (double)*number >= item->valuedouble; /* it had no fraction */
}

/* null is no value. */
static bool read_value(const cJSON *item, int32_t *value)
{
    *value = RELEVE_NO_VALUE;
    return cJSON_IsNull(item) || read_number(item, 0, RELEVE_VALUE_MAX, value);
}

/* --- load curves -------------------------------------------------------------------------------------------------- */

static bool is_length(int32_t minutes)
{
    return minutes == 5 || minutes == 10 || minutes == 15 || minutes == 30 || minutes == 60;
}

/* Behind the ones that are there, inside the day, and with no other at the same time. */
static bool add_interval(struct releve_kept_day *kept, int32_t minute, int32_t length, const cJSON *item)
{
    struct releve_reading *reading = &kept->reading;
    const struct releve_interval *last =
        reading->intervals_count > 0 ? &kept->intervals[reading->intervals_count - 1] : NULL;
    int32_t value;
    if (reading->intervals_count == RELEVE_INTERVALS_MAX || !is_length(length) || !read_value(item, &value) ||
        minute < 0 || minute + length > releve_paris_day_minutes(reading->day) ||
        (last != NULL && minute < last->minute + last->length_minutes))
        return false;
    kept->intervals[reading->intervals_count++] =
        (struct releve_interval){.minute = (int16_t)minute, .length_minutes = (int16_t)length, .value_w = value};
    return true;
}

/* "PT30M" */
static bool read_length(const cJSON *item, int32_t *minutes)
{
    static const int32_t lengths[] = {5, 10, 15, 30, 60};
    char text[8];
    for (size_t i = 0; cJSON_IsString(item) && i < sizeof lengths / sizeof lengths[0]; i++) {
        (void)snprintf(text, sizeof text, "PT%dM", (int)lengths[i]);
        *minutes = lengths[i];
        if (strcmp(item->valuestring, text) == 0)
            return true;
    }
    return false;
}

/* A grid has a place for each interval of the day. */
static bool read_grid(struct releve_kept_day *kept, const cJSON *values)
{
    const cJSON *item;
    int32_t length, minute = 0;
    if (!cJSON_IsArray(values) || !read_length(member(kept->json, "interval"), &length))
        return false;
    cJSON_ArrayForEach(item, values) {
        if (!add_interval(kept, minute, length, item))
            return false;
        minute += length;
    }
    return minute == releve_paris_day_minutes(kept->reading.day);
}

static bool read_points(struct releve_kept_day *kept, const cJSON *points)
{
    const cJSON *point;
    if (!cJSON_IsArray(points))
        return false;
    cJSON_ArrayForEach(point, points) {
        int32_t minute, length;
        if (cJSON_GetArraySize(point) != 3 ||
            !read_number(cJSON_GetArrayItem(point, 0), 0, RELEVE_DAY_MINUTES_MAX, &minute) ||
            !read_number(cJSON_GetArrayItem(point, 1), 0, RELEVE_DAY_MINUTES_MAX, &length) ||
            !add_interval(kept, minute, length, cJSON_GetArrayItem(point, 2)))
            return false;
    }
    return true;
}

static bool read_curve(struct releve_kept_day *kept)
{
    const cJSON *values = member(kept->json, "values"), *points = member(kept->json, "points");
    kept->reading.intervals = kept->intervals;
    return (values == NULL) != (points == NULL) &&
           (values != NULL ? read_grid(kept, values) : read_points(kept, points));
}

/* --- other kinds -------------------------------------------------------------------------------------------------- */

static bool read_digits(const char *text, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

/* "2026-09-29T13:03:35+02:00", as releve_paris_format writes it, of that day. */
static bool read_at(const cJSON *item, releve_day day, releve_time *at)
{
    const char *text = cJSON_GetStringValue(item);
    char again[RELEVE_TIME_TEXT];
    releve_time instants[2];
    releve_day found;
    int hour, minute, second;
    if (text == NULL || strlen(text) != RELEVE_TIME_TEXT - 1 || !releve_day_parse(text, RELEVE_DAY_TEXT - 1, &found) ||
        found != day || !read_digits(text + 11, 2, &hour) || !read_digits(text + 14, 2, &minute) ||
        !read_digits(text + 17, 2, &second) || hour > 23 || minute > 59 || second > 59)
        return false;
    int count = releve_paris_instants(day, (hour * 60 + minute) * 60 + second, instants);
    for (int i = 0; i < count; i++) { /* of two, the offset says which */
        releve_paris_format(instants[i], again);
        *at = instants[i];
        if (strcmp(again, text) == 0)
            return true;
    }
    return false;
}

/* null is as good as a text. */
static bool read_text(const cJSON *item, const char **text)
{
    *text = cJSON_GetStringValue(item);
    if (*text == NULL)
        return cJSON_IsNull(item);
    for (size_t at = 0, length; (*text)[at] != '\0'; at += length) {
        length = releve_utf8_length(*text + at);
        if (length == 0 || at + length >= REGISTER_TEXT_BYTES)
            return false;
    }
    return true;
}

static bool same_text(const char *left, const char *right)
{
    return left != NULL && right != NULL ? strcmp(left, right) == 0 : left == right;
}

/* It has a name of some sort, and none of the `count` before it has the same. */
static bool is_named(const struct releve_register *registers, size_t count)
{
    const struct releve_register *named = &registers[count];
    for (size_t i = 0; i < count; i++)
        if (same_text(registers[i].name, named->name) && same_text(registers[i].calendar, named->calendar) &&
            same_text(registers[i].class_, named->class_))
            return false;
    return named->name != NULL || named->class_ != NULL;
}

static bool read_registers(struct releve_kept_day *kept)
{
    struct releve_reading *reading = &kept->reading;
    const cJSON *item, *list = member(kept->json, "registers");
    if (!cJSON_IsArray(list) || !read_at(member(kept->json, "at"), reading->day, &reading->at))
        return false;
    reading->registers = kept->registers;
    cJSON_ArrayForEach(item, list) {
        struct releve_register *each = &kept->registers[reading->registers_count];
        if (reading->registers_count == RELEVE_REGISTERS_MAX || !read_text(member(item, "register"), &each->name) ||
            !read_text(member(item, "calendar"), &each->calendar) || !read_text(member(item, "class"), &each->class_) ||
            !read_text(member(item, "label"), &each->label) || !read_value(member(item, "value"), &each->value_wh) ||
            !is_named(kept->registers, reading->registers_count))
            return false;
        reading->registers_count++;
    }
    return true;
}

/* --- a day -------------------------------------------------------------------------------------------------------- */

/* What upstream calls it: capitals and the like. */
static void read_quality(struct releve_kept_day *kept)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *text = cJSON_GetStringValue(member(kept->json, "quality"));
    if (text != NULL && strlen(text) < sizeof kept->quality && strspn(text, letters) == strlen(text))
        memcpy(kept->quality, text, strlen(text) + 1);
}

static bool is_text(const cJSON *item, const char *text)
{
    return cJSON_IsString(item) && strcmp(item->valuestring, text) == 0;
}

static bool read_values(enum releve_kind kind, struct releve_kept_day *kept)
{
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    struct releve_reading *reading = &kept->reading;
    if (!is_text(member(kept->json, "unit"), facts->unit))
        return false;
    switch (facts->quantity) {
    case RELEVE_LOAD_CURVE:
        return read_curve(kept);
    case RELEVE_REGISTERS:
        return read_registers(kept);
    case RELEVE_MAX_POWER:
        return read_number(member(kept->json, "value"), 0, RELEVE_VALUE_MAX, &reading->value) &&
               read_at(member(kept->json, "at"), reading->day, &reading->at);
    default:
        return read_number(member(kept->json, "value"), 0, RELEVE_VALUE_MAX, &reading->value);
    }
}

static bool read_day(enum releve_kind kind, releve_day day, struct releve_kept_day *kept)
{
    const cJSON *state = member(kept->json, "state");
    kept->reading = (struct releve_reading){.day = day, .complete = is_text(state, "complete")};
    kept->has_reading = kept->reading.complete || is_text(state, "partial");
    read_quality(kept);
    return kept->has_reading ? read_values(kind, kept) : is_text(state, "hole") || is_text(state, "pending");
}

bool releve_kept_day_read(enum releve_kind kind, releve_day day, const char *text, size_t text_bytes,
                          struct releve_kept_day *kept)
{
    kept->json = NULL;
    kept->quality[0] = '\0';
    if (releve_json_guard(text, text_bytes, RELEVE_KEPT_DAY_BYTES_MAX, NESTING_MAX) != RELEVE_JSON_SOUND)
        return false;
    kept->json = cJSON_ParseWithLength(text, text_bytes);
    if (cJSON_IsObject(kept->json) && read_day(kind, day, kept))
        return true;
    releve_kept_day_free(kept);
    return false;
}

void releve_kept_day_free(struct releve_kept_day *kept)
{
    cJSON_Delete(kept->json);
    kept->json = NULL;
}
