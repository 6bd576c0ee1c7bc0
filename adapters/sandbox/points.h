/* What control changed for one usage point: its consent, a refusal and faults of its own. */
#ifndef RELEVE_SANDBOX_POINTS_H
#define RELEVE_SANDBOX_POINTS_H

#include "settings.h"
#include <releve/usage_point.h>
#include <uthash.h>

#define SANDBOX_POINTS_MAX 100000u

enum sandbox_consent { SANDBOX_CONSENT_AS_PUBLISHED, SANDBOX_CONSENT_GRANTED, SANDBOX_CONSENT_REVOKED };

/* Refusals that no published client shows (docs/enedis.md, Errors). */
enum sandbox_objection {
    SANDBOX_NO_OBJECTION,
    SANDBOX_CURVE_OBJECTED, /* ADAM-ERR0075: the customer objected to the recording of load curves */
    SANDBOX_NOT_HOLDER,     /* ADAM-ERR0061 */
    SANDBOX_NOT_OWNER       /* ADAM-DC-0007: the customer has moved */
};

struct sandbox_point {
    releve_prm prm; /* key */
    enum sandbox_consent consent;
    releve_day consent_start; /* RELEVE_DAY_NONE where the consent covers everything */
    enum sandbox_objection objection;
    struct sandbox_faults faults; /* all zero: none of its own */
    UT_hash_handle hh;
};

struct sandbox_points {
    struct sandbox_point *table;
};

/* What is special about a usage point; never NULL. */
const struct sandbox_point *sandbox_points_find(const struct sandbox_points *points, releve_prm prm);

/* The same to change it; NULL where there are SANDBOX_POINTS_MAX already. */
struct sandbox_point *sandbox_points_edit(struct sandbox_points *points, releve_prm prm);

void sandbox_points_free(struct sandbox_points *points);

#endif
