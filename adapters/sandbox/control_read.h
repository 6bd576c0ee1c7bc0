/* Readers of control values that several keys share. Each is strict, and says in *error what it wanted. */
#ifndef RELEVE_SANDBOX_CONTROL_READ_H
#define RELEVE_SANDBOX_CONTROL_READ_H

#include "settings.h"
#include <cjson/cJSON.h>
#include <releve/error.h>

/* "control: KEY must be WHAT". */
enum releve_code sandbox_control_wrong(struct releve_error *error, const char *key, const char *what);

/* A whole number from 0 to `max`. */
bool sandbox_read_whole(const cJSON *json, double max, double *value);

/* A number from 0 to 1. */
bool sandbox_read_rate(const cJSON *json, double *rate);

bool sandbox_read_day(const cJSON *json, releve_day *day);

/* Which of the names it is; -1: none. */
int sandbox_read_name(const cJSON *json, const char *const *names, int count);

/* {NAME: RATE}: the whole new set. */
enum releve_code sandbox_read_faults(const cJSON *json, const char *key, struct sandbox_faults *faults,
                                     struct releve_error *error);

/* {"YYYY-MM-DD": DAYS}: the whole new list; null: none. */
enum releve_code sandbox_read_late(const cJSON *json, const char *key, struct sandbox_late *late,
                                   struct releve_error *error);

#endif
