/* Notices in words: which people want them, and the line for each. No secret, no token, no personal datum (law 7). */
#ifndef RELEVE_LIBRARY_NOTICES_H
#define RELEVE_LIBRARY_NOTICES_H

#include <releve/core.h>
#include <releve/notice.h>
#include <stdbool.h>

#define RELEVE_NOTICES_LINE_BYTES 512
#define RELEVE_NOTICES_PRM_DIGITS 6 /* of a usage point, that are shown where it is not shown whole */

enum releve_notice_level releve_notices_level(enum releve_notice notice);

/* The line for a notice of the core, REDIS_REFUSED excepted, which comes with its own. `whole`: it names the usage
 * point so. */
void releve_notices_format(const struct releve_action *notice, bool whole, char line[RELEVE_NOTICES_LINE_BYTES]);

/* The usage point, whole or by its last digits, which still find it in a list. */
void releve_notices_name_point(releve_prm prm, bool whole, char out[RELEVE_PRM_TEXT]);

#endif
