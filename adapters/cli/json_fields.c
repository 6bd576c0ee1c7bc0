/* See json_fields.h. */
#include "json_fields.h"
#include <releve/memory.h>
#include <stdio.h>

void releve_json_add_day(cJSON *json, const char *name, releve_day day)
{
    char text[RELEVE_DAY_TEXT];
    if (day == RELEVE_DAY_NONE) {
        cJSON_AddNullToObject(json, name);
        return;
    }
    releve_day_format(day, text);
    cJSON_AddStringToObject(json, name, text);
}

void releve_json_add_time(cJSON *json, const char *name, releve_time at)
{
    char text[RELEVE_TIME_TEXT];
    releve_utc_format(at, text);
    cJSON_AddStringToObject(json, name, text);
}

void releve_json_print(cJSON *json)
{
    char *line = releve_must(cJSON_PrintUnformatted(json));
    puts(line);
    cJSON_free(line);
    cJSON_Delete(json);
}
