/* Lines for people, on stderr: the runtime's notices, and days that failed. No secret, no token, no personal datum
 * (law 7). */
#ifndef RELEVE_CLI_LOG_H
#define RELEVE_CLI_LOG_H

#include "config.h"
#include <releve/core.h>
#include <stdbool.h>

#define RELEVE_LOG_LINE_BYTES 512
#define RELEVE_LOG_PRM_DIGITS 6 /* of a usage point, that are shown below debug */

/* The line for a notice; false where it is below `level`. */
bool releve_log_notice(const struct releve_action *notice, enum releve_log_level level,
                       char line[RELEVE_LOG_LINE_BYTES]);

/* The lines for a job whose days were not all obtained, one a failed span, written to stderr. At RELEVE_LOG_DEBUG they
 * name the usage point whole. */
void releve_log_failures(const struct releve_result *result, enum releve_log_level level);

#endif
