/* Lines for people, on stderr: days that failed. Notices have theirs (adapters/library/notices.c). No secret, no token,
 * no personal datum (law 7). */
#ifndef RELEVE_CLI_LOG_H
#define RELEVE_CLI_LOG_H

#include <releve/job.h>
#include <stdbool.h>

#define RELEVE_LOG_LINE_BYTES 512

/* The line for one of the failures of a job. `whole`: it names the usage point so. What is refused for more than this
 * kind is said without it and without the days, so that the line is the same for all kinds of it. */
void releve_log_failure(const struct releve_result *result, size_t index, bool whole, char line[RELEVE_LOG_LINE_BYTES]);

#endif
