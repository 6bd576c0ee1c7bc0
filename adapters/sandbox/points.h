/* What control changed for one usage point: its consent, dates, refusals and faults of its own. */
#ifndef RELEVE_SANDBOX_POINTS_H
#define RELEVE_SANDBOX_POINTS_H

#include "clients.h"
#include "settings.h"
#include <releve/kind.h>
#include <releve/usage_point.h>
#include <uthash.h>

#define SANDBOX_POINTS_MAX 100000u

enum sandbox_consent { SANDBOX_CONSENT_AS_PUBLISHED, SANDBOX_CONSENT_GRANTED, SANDBOX_CONSENT_REVOKED };

/* What is asked of a usage point. What is said of one of these need not hold for the others. */
enum sandbox_aspect {
    SANDBOX_CONSUMES = RELEVE_CONSUMPTION,
    SANDBOX_PRODUCES = RELEVE_PRODUCTION,
    SANDBOX_DOCUMENTED = RELEVE_DIRECTIONS, /* customer data */
    SANDBOX_ASPECTS
};

/* Refusals that no published client shows (docs/enedis.md, Errors). */
enum sandbox_objection {
    SANDBOX_NO_OBJECTION,
    SANDBOX_CURVE_OBJECTED, /* ADAM-ERR0075: the customer objected to the recording of load curves */
    SANDBOX_NOT_HOLDER,     /* ADAM-ERR0061 */
    SANDBOX_NOT_OWNER,      /* ADAM-DC-0007 under 403: the customer has moved */
    SANDBOX_NOT_OWNER_400,  /* the same under 400 */
    SANDBOX_NO_CONSENT,     /* ADAM-DC-0008 */
    SANDBOX_NOT_AUTHORIZED, /* its French text, and no code */
    SANDBOX_NO_SUCH_POINT,  /* 404 "PRM non existant" */
    SANDBOX_OBJECTIONS
};

#define SANDBOX_PACE_AS_PUBLISHED SANDBOX_PACES

struct sandbox_point {
    releve_prm prm; /* key */
    enum sandbox_consent consent;
    releve_day consent_start;                 /* RELEVE_DAY_NONE where the consent covers everything */
    releve_day activation[RELEVE_DIRECTIONS]; /* RELEVE_DAY_NONE: as published */
    releve_day told[RELEVE_DIRECTIONS];       /* what synth_contrat_auto says of it; RELEVE_DAY_NONE: the truth */
    enum sandbox_objection objections[SANDBOX_ASPECTS];
    struct sandbox_faults faults[SANDBOX_ASPECTS]; /* all zero: none of its own */
    struct sandbox_late late;
    enum sandbox_pace pace;
    bool watched;                           /* its requests are shown */
    uint32_t requests[RELEVE_MEASURES + 1]; /* by kind; last those for customer data */
    UT_hash_handle hh;
};

struct sandbox_points {
    struct sandbox_point *table;
};

/* What is special about a usage point; never NULL. */
const struct sandbox_point *sandbox_points_find(const struct sandbox_points *points, releve_prm prm);

/* The same to change it; NULL where there are SANDBOX_POINTS_MAX already. */
struct sandbox_point *sandbox_points_edit(struct sandbox_points *points, releve_prm prm);

/* Counts a request for it, where control knows it. `kind`: RELEVE_MEASURES for customer data. */
void sandbox_points_count(struct sandbox_points *points, releve_prm prm, int kind);

/* Counts begin at 0 again. */
void sandbox_points_reset(struct sandbox_points *points);

void sandbox_points_free(struct sandbox_points *points);

#endif
