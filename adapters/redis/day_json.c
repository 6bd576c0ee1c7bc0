/* One day as others read it (law 3: what upstream said, no more). The curve is written as a grid where it has
 * one: one length through the day, each interval where a clock with that tick has it. */
#include <adapters/redis/day_json.h>
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>

static cJSON *value_or_null(int32_t value)
{
    return value == RELEVE_NO_VALUE ? cJSON_CreateNull() : cJSON_CreateNumber(value);
}

/* The length that all intervals share, where they also sit on its grid; else 0. */
static int grid_minutes(const struct releve_reading *reading)
{
    if (reading->intervals_count == 0)
        return 0;
    int length = reading->intervals[0].length_minutes;
    if (length <= 0 || releve_paris_day_minutes(reading->day) % length != 0)
        return 0;
    for (size_t i = 0; i < reading->intervals_count; i++) {
        if (reading->intervals[i].length_minutes != length || reading->intervals[i].minute % length != 0)
            return 0;
    }
    return length;
}

static bool add_grid(cJSON *json, const struct releve_reading *reading, int length)
{
    char interval[16];
    (void)snprintf(interval, sizeof interval, "PT%dM", length);
    if (cJSON_AddStringToObject(json, "interval", interval) == NULL)
        return false;
    cJSON *values = cJSON_AddArrayToObject(json, "values");
    int slots = releve_paris_day_minutes(reading->day) / length;
    size_t next = 0;
    for (int slot = 0; slot < slots; slot++) {
        int32_t value = RELEVE_NO_VALUE;
        if (next < reading->intervals_count && reading->intervals[next].minute == slot * length)
            value = reading->intervals[next++].value_w;
        if (!cJSON_AddItemToArray(values, value_or_null(value)))
            return false;
    }
    assert(next == reading->intervals_count); /* ascending, inside the day */
    return true;
}

static bool add_points(cJSON *json, const struct releve_reading *reading)
{
    cJSON *points = cJSON_AddArrayToObject(json, "points");
    for (size_t i = 0; i < reading->intervals_count; i++) {
        const struct releve_interval *interval = &reading->intervals[i];
        cJSON *point = cJSON_CreateArray();
        if (!cJSON_AddItemToArray(points, point) ||
            !cJSON_AddItemToArray(point, cJSON_CreateNumber(interval->minute)) ||
            !cJSON_AddItemToArray(point, cJSON_CreateNumber(interval->length_minutes)) ||
            !cJSON_AddItemToArray(point, value_or_null(interval->value_w)))
            return false;
    }
    return points != NULL;
}

static bool add_reading(cJSON *json, enum releve_kind kind, const struct releve_reading *reading)
{
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    if (cJSON_AddStringToObject(json, "unit", facts->unit) == NULL)
        return false;
    if (facts->quantity == RELEVE_LOAD_CURVE) {
        int length = grid_minutes(reading);
        return length != 0 ? add_grid(json, reading, length) : add_points(json, reading);
    }
    if (!cJSON_AddItemToObject(json, "value", value_or_null(reading->value)))
        return false;
    if (facts->quantity != RELEVE_MAX_POWER)
        return true;
    char at[RELEVE_TIME_TEXT];
    releve_paris_format(reading->at, at);
    return cJSON_AddStringToObject(json, "at", at) != NULL;
}

static bool add_all(cJSON *json, const struct releve_day_batch *batch, const struct releve_day_entry *entry)
{
    char prm[RELEVE_PRM_TEXT], date[RELEVE_DAY_TEXT], recheck_after[RELEVE_TIME_TEXT], fetched_at[RELEVE_TIME_TEXT];
    releve_prm_format(batch->prm, prm);
    releve_day_format(entry->day, date);
    releve_utc_format(batch->fetched_at, fetched_at);
    if (cJSON_AddStringToObject(json, "prm", prm) == NULL ||
        cJSON_AddStringToObject(json, "kind", releve_kind_facts(batch->kind)->name) == NULL ||
        cJSON_AddStringToObject(json, "date", date) == NULL ||
        cJSON_AddStringToObject(json, "state", releve_day_state_name(entry->state)) == NULL)
        return false;
    if (entry->recheck_after != RELEVE_TIME_NEVER) {
        releve_utc_format(entry->recheck_after, recheck_after);
        if (cJSON_AddStringToObject(json, "recheck_after", recheck_after) == NULL)
            return false;
    }
    if (entry->reading != NULL && (!add_reading(json, batch->kind, entry->reading) ||
                                   cJSON_AddStringToObject(json, "quality", batch->quality) == NULL))
        return false;
    return cJSON_AddStringToObject(json, "source", batch->source) != NULL &&
           cJSON_AddStringToObject(json, "fetched_at", fetched_at) != NULL;
}

char *releve_day_json_write(const struct releve_day_batch *batch, const struct releve_day_entry *entry)
{
    assert(batch->kind < RELEVE_MEASURES && batch->source != NULL);
    bool has_reading = entry->state == RELEVE_DAY_COMPLETE || entry->state == RELEVE_DAY_PARTIAL;
    assert(has_reading || entry->state == RELEVE_DAY_HOLE || entry->state == RELEVE_DAY_PENDING);
    assert(has_reading == (entry->reading != NULL));
    assert(!has_reading || (entry->reading->day == entry->day && batch->quality != NULL));
    (void)has_reading;
    cJSON *json = cJSON_CreateObject();
    char *text = NULL;
    if (json != NULL && add_all(json, batch, entry))
        text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}
