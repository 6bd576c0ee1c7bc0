/* POST /subscribed_services/v1 (2026): which measures the application may read, of many usage points at once
 * (docs/enedis.md, Subscribed services). What it tells is what the measures answer: rules.h judges both. */
#ifndef RELEVE_SANDBOX_SERVICES_H
#define RELEVE_SANDBOX_SERVICES_H

#include "inquiry.h"
#include "rules.h"

/* Writes the page that was asked for; returns how many services are on it. `label`: the usage point that each of them
 * names; 0: its own. */
size_t sandbox_services_write(const struct sandbox_inquiry *inquiry, const struct sandbox_scene *scene,
                              releve_prm label, struct releve_text *body);

#endif
