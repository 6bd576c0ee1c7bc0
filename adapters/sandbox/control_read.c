/* What is read is whole, or left alone. */
#include "control_read.h"
#include <math.h>
#include <releve/text.h>
#include <string.h>

enum releve_code sandbox_control_wrong(struct releve_error *error, const char *key, const char *what)
{
    return releve_fail(error, RELEVE_E_USAGE, "control: \"%.40s\" must be %s", key, what);
}

bool sandbox_read_whole(const cJSON *json, double max, double *value)
{
    if (!cJSON_IsNumber(json) || json->valuedouble < 0 || json->valuedouble > max ||
        floor(json->valuedouble) < json->valuedouble)
        return false;
    *value = json->valuedouble;
    return true;
}

bool sandbox_read_rate(const cJSON *json, double *rate)
{
    if (!cJSON_IsNumber(json) || !(json->valuedouble >= 0 && json->valuedouble <= 1))
        return false;
    *rate = json->valuedouble;
    return true;
}

bool sandbox_read_day(const cJSON *json, releve_day *day)
{
    return cJSON_IsString(json) && releve_day_parse(json->valuestring, strlen(json->valuestring), day);
}

int sandbox_read_name(const cJSON *json, const char *const *names, int count)
{
    return cJSON_IsString(json) ? releve_name_find(names, count, json->valuestring, strlen(json->valuestring)) : -1;
}

enum releve_code sandbox_read_faults(const cJSON *json, const char *key, struct sandbox_faults *faults,
                                     struct releve_error *error)
{
    *faults = (struct sandbox_faults){{0}};
    if (!cJSON_IsObject(json))
        return sandbox_control_wrong(error, key, "an object of fault names and rates");
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        enum sandbox_fault fault;
        if (!sandbox_fault_parse(item->string, strlen(item->string), &fault))
            return releve_fail(error, RELEVE_E_USAGE, "control: \"%.40s\": no fault is named \"%.40s\"", key,
                               item->string);
        if (!sandbox_read_rate(item, &faults->rate[fault]))
            return sandbox_control_wrong(error, item->string, "a rate from 0 to 1");
    }
    return RELEVE_OK;
}

enum releve_code sandbox_read_late(const cJSON *json, const char *key, struct sandbox_late *late,
                                   struct releve_error *error)
{
    *late = (struct sandbox_late){0};
    if (cJSON_IsNull(json))
        return RELEVE_OK;
    if (!cJSON_IsObject(json) || cJSON_GetArraySize(json) > SANDBOX_LATE_ITEMS_MAX)
        return sandbox_control_wrong(error, key, "an object of at most 16 days, each with its number of days, or null");
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        double days;
        releve_day day;
        if (!releve_day_parse(item->string, strlen(item->string), &day))
            return sandbox_control_wrong(error, item->string, "a day: \"YYYY-MM-DD\"");
        if (!sandbox_read_whole(item, SANDBOX_LATE_DAYS_MAX, &days) || days < 1)
            return sandbox_control_wrong(error, item->string, "a whole number of days from 1 to 366");
        late->items[late->count].day = day;
        late->items[late->count++].appears_after = (int)days;
    }
    return RELEVE_OK;
}
