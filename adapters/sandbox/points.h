/* What control changed for one usage point: its consent, a refusal and faults of its own. */
#ifndef RELEVE_SANDBOX_POINTS_H
#define RELEVE_SANDBOX_POINTS_H

#include "settings.h"
#include <releve/usage_point.h>

#define SANDBOX_POINTS_MAX 100000u

enum sandbox_consent { SANDBOX_CONSENT_AS_PUBLISHED, SANDBOX_CONSENT_GRANTED, SANDBOX_CONSENT_REVOKED };

/* Refusals that no published client shows (docs/enedis.md, Errors). */
enum sandbox_objection {
    SANDBOX_NO_OBJECTION,
    SANDBOX_CURVE_OBJECTED, /* ADAM-ERR0075: the customer objected to the recording of load curves */
    SANDBOX_NOT_HOLDER,     /* ADAM-ERR0061 */
    SANDBOX_NOT_OWNER       /* ADAM-DC-0007: the customer has moved */
};

struct sandbox_point;

struct sandbox_points {
    struct sandbox_point *table;
};

/* False where there are SANDBOX_POINTS_MAX already, or memory is short. */
bool sandbox_points_set_consent(struct sandbox_points *points, releve_prm prm, enum sandbox_consent consent);
bool sandbox_points_set_consent_start(struct sandbox_points *points, releve_prm prm, releve_day day);
bool sandbox_points_set_objection(struct sandbox_points *points, releve_prm prm, enum sandbox_objection objection);
bool sandbox_points_set_faults(struct sandbox_points *points, releve_prm prm, const struct sandbox_faults *faults);

enum sandbox_consent sandbox_points_consent(const struct sandbox_points *points, releve_prm prm);

/* RELEVE_DAY_NONE where the consent covers everything. */
releve_day sandbox_points_consent_start(const struct sandbox_points *points, releve_prm prm);
enum sandbox_objection sandbox_points_objection(const struct sandbox_points *points, releve_prm prm);

/* NULL where it has none. */
const struct sandbox_faults *sandbox_points_faults(const struct sandbox_points *points, releve_prm prm);

void sandbox_points_free(struct sandbox_points *points);

#endif
