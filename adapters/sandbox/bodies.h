/* Measure bodies of both generations (docs/enedis.md, Bodies): one walk over the days, two ways of writing. */
#ifndef RELEVE_SANDBOX_BODIES_H
#define RELEVE_SANDBOX_BODIES_H

#include "answer.h"
#include "rules.h"

struct sandbox_measure {
    enum sandbox_generation generation;
    enum releve_kind kind;
    struct sandbox_asked asked;
    releve_day published_end; /* nothing of this day or later is there yet */
    uint64_t seed;
    releve_prm label; /* the PRM that the body names: the right one, but for a fault */
};

/* Writes the body and marks its days in answer->served. False, with nothing of use written, where no day of the range
 * has data. */
bool sandbox_body_write(const struct sandbox_measure *measure, struct sandbox_answer *answer);

#endif
