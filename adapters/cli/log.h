/* Lines for people, on stderr: the runtime's notices, and days that failed. No secret, no token, no personal datum
 * (law 7). */
#ifndef RELEVE_CLI_LOG_H
#define RELEVE_CLI_LOG_H

#include "config.h"
#include <releve/core.h>
#include <stdbool.h>

#define RELEVE_LOG_LINE_BYTES 512
#define RELEVE_LOG_PRM_DIGITS 6 /* of a usage point, that are shown below debug */

/* The line for a notice; false where it is below `level`. `whole`: it names the usage point so. */
bool releve_log_notice(const struct releve_action *notice, enum releve_log_level level, bool whole,
                       char line[RELEVE_LOG_LINE_BYTES]);

/* The line for one of the failures of a job. What is refused for more than this kind is said without it and without the
 * days, so that the line is the same for all kinds of it. */
void releve_log_failure(const struct releve_result *result, size_t index, bool whole, char line[RELEVE_LOG_LINE_BYTES]);

#endif
