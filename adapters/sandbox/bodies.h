/* Measure bodies of both generations (docs/enedis.md, Bodies): one series of points, two ways of writing. */
#ifndef RELEVE_SANDBOX_BODIES_H
#define RELEVE_SANDBOX_BODIES_H

#include "series.h"

/* Writes the body and marks its days in answer->served. False, with nothing of use written, where the range has no
 * point, and where an error is usual then. */
bool sandbox_body_write(const struct sandbox_measure *measure, struct sandbox_answer *answer);

/* "2026-09-29 13:03:35": the Paris clock, without its offset; or the day alone, where the reading has no time. */
void sandbox_body_write_stamp(const struct sandbox_measure *measure, struct releve_text *body,
                              const struct sandbox_reading *reading);

#endif
