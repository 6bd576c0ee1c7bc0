/* Services that are subscribed, as 2026 tells them. */
#ifndef ENEDIS_SUBSCRIBED_H
#define ENEDIS_SUBSCRIBED_H

#include <cjson/cJSON.h>
#include <engine/runtime/dialect.h>

/* One page. NULL where it was read: the items are the caller's then. Else why the body is not to be believed, and there
 * are none. */
const char *enedis_subscribed_read(const cJSON *root, struct releve_services *services);

#endif
