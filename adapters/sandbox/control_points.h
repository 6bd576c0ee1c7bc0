/* The control keys that change what is special about usage points: lists of PRMs, or objects {PRM: something}. */
#ifndef RELEVE_SANDBOX_CONTROL_POINTS_H
#define RELEVE_SANDBOX_CONTROL_POINTS_H

#include "control_read.h"
#include "points.h"

#define SANDBOX_POINT_KEYS 10

/* The number of that key, or -1. */
int sandbox_control_point_key(const char *name);

/* Whether the value of that key is well-formed, as a whole. */
enum releve_code sandbox_control_check_points(int key, const cJSON *json, struct releve_error *error);

/* Applies a value that is well-formed, or NULL. False where SANDBOX_POINTS_MAX is met. */
bool sandbox_control_apply_points(int key, const cJSON *json, struct sandbox_points *points);

#endif
