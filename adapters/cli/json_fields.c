/* See json_fields.h. */
#include "json_fields.h"
#include <limits.h>
#include <releve/memory.h>
#include <stdio.h>

#define FIGURE_MAX 1e12 /* of what is counted */

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

double releve_json_figure(const cJSON *json, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
    double figure = cJSON_IsNumber(item) && item->valuedouble > 0 ? item->valuedouble : 0;
    return figure < FIGURE_MAX ? figure : FIGURE_MAX;
}

int releve_json_count(const cJSON *json, const char *name)
{
    double figure = releve_json_figure(json, name);
    return figure < INT_MAX ? (int)figure : INT_MAX;
}

void releve_json_print(cJSON *json)
{
    char *line = releve_must(cJSON_PrintUnformatted(json));
    puts(line);
    cJSON_free(line);
    cJSON_Delete(json);
}
