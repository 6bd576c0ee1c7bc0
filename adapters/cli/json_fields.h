/* JSON as all commands print it: days, times, and a document in one line. */
#ifndef RELEVE_CLI_JSON_FIELDS_H
#define RELEVE_CLI_JSON_FIELDS_H

#include <cjson/cJSON.h>
#include <releve/calendar.h>

/* "2026-09-29"; null for RELEVE_DAY_NONE. */
void releve_json_add_day(cJSON *json, const char *name, releve_day day);

/* "2026-09-29T11:03:35Z" */
void releve_json_add_time(cJSON *json, const char *name, releve_time at);

/* A member that is counted, which anybody may have written: from 0 to what a whole number can hold; 0 where it is no
 * number. */
double releve_json_figure(const cJSON *json, const char *name);
/* Likewise, to INT_MAX. */
int releve_json_count(const cJSON *json, const char *name);

/* The document in one line on standard output; it is freed. */
void releve_json_print(cJSON *json);

#endif
