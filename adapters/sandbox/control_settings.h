/* The control keys that change a setting and do nothing else. */
#ifndef RELEVE_SANDBOX_CONTROL_SETTINGS_H
#define RELEVE_SANDBOX_CONTROL_SETTINGS_H

#include "control_read.h"

/* Reads the item into *settings. *known: whether it is one of these keys. */
enum releve_code sandbox_control_read_setting(const cJSON *item, struct sandbox_settings *settings, bool *known,
                                              struct releve_error *error);

/* All of them as members of `json`. */
void sandbox_control_write_settings(const struct sandbox_settings *settings, cJSON *json);

#endif
