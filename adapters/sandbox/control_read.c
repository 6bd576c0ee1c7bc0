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
