/* What is remembered of a usage point, whether it is still believed or not: for people. What holds for the next request
 * is struct releve_point_facts. */
#ifndef RELEVE_REDIS_RECORD_H
#define RELEVE_REDIS_RECORD_H

#include <releve/point.h>

/* One thing that was learned. */
struct releve_memory {
    releve_time since;           /* when it was learned; 0: it never was */
    releve_time until;           /* it is believed until then */
    enum releve_kind kind;       /* what was asked then; RELEVE_KINDS where that cannot be read ... */
    struct releve_span span;     /* ... and for which days, where it has any */
    struct releve_floor floor;   /* of an activation and a consent */
    struct releve_reason reason; /* of what is refused, absent or unknown */
};

struct releve_direction_record {
    struct releve_memory activation, consent, refused, absent;
};

struct releve_point_record {
    struct releve_direction_record directions[RELEVE_DIRECTIONS];
    struct releve_memory documents_refused;
    struct releve_memory absent[RELEVE_KINDS];      /* by kind */
    struct releve_memory unserved[RELEVE_MEASURES]; /* likewise: none of its services is of that kind */
    struct releve_memory unknown;                   /* the usage point itself */
};

#endif
