/* What was learned of a usage point and outlives the run that learned it (releve:point:<prm>). */
#ifndef RELEVE_POINT_H
#define RELEVE_POINT_H

#include <releve/kind.h>
#include <releve/verdict.h>
#include <stdbool.h>

#define RELEVE_ABSENT_KIND_HOLDS_MS (30 * 24 * RELEVE_HOUR_MS) /* then the kind is asked again */
#define RELEVE_REFUSAL_HOLDS_MS (24 * RELEVE_HOUR_MS)          /* then the consent is asked again */

/* Where the data of a usage point begins. Upstream refuses a range that begins too early without saying
 * which day would do, so both ends of what is known are kept: the first day is after `after` and not after
 * `first`. It is known exactly where first == after + 1. */
struct releve_floor {
    releve_day after; /* newest day refused as too early; RELEVE_DAY_NONE where none was */
    releve_day first; /* oldest day accepted as a start; RELEVE_DAY_NONE where none was */
};

#define RELEVE_FLOOR_UNKNOWN ((struct releve_floor){RELEVE_DAY_NONE, RELEVE_DAY_NONE})

struct releve_point_facts {
    struct releve_floor activation;               /* the meter's; never expires */
    struct releve_floor consent;                  /* the consent's; holds RELEVE_REFUSAL_HOLDS_MS */
    releve_kinds absent_kinds;                    /* kinds it does not have; each holds RELEVE_ABSENT_KIND_HOLDS_MS */
    struct releve_reason absent[RELEVE_MEASURES]; /* why, for those */
    bool refused;                                 /* consent, holder or unknown point; holds RELEVE_REFUSAL_HOLDS_MS */
    struct releve_reason refusal;
    bool refuted;         /* learning only: it answered after all, so no refusal holds, and ... */
    releve_kinds present; /* ... these kinds are there */
};

#endif
