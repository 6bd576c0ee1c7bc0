/* POST /__sandbox/control: what a test changes while the simulator runs. */
#ifndef RELEVE_SANDBOX_CONTROL_H
#define RELEVE_SANDBOX_CONTROL_H

#include "gateway.h"
#include <releve/error.h>

/* Applies a JSON object, all of it or, where something in it is wrong, none of it. docs/sandbox.md describes its keys.
 */
enum releve_code sandbox_control_apply(struct sandbox_gateway *gateway, const char *text, size_t length,
                                       struct releve_error *error);

/* The settings as they are; NULL where memory is short. */
cJSON *sandbox_control_json(const struct sandbox_gateway *gateway);

#endif
