/* A hash table of the few usage points that differ from what is published. */
#include "points.h"
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct sandbox_point {
    releve_prm prm;
    enum sandbox_consent consent;
    releve_day consent_start;
    enum sandbox_objection objection;
    struct sandbox_faults faults;
    UT_hash_handle hh;
};

static struct sandbox_point *find(const struct sandbox_points *points, releve_prm prm)
{
    struct sandbox_point *point = NULL;
    HASH_FIND(hh, points->table, &prm, sizeof prm, point);
    return point;
}

static struct sandbox_point *find_or_add(struct sandbox_points *points, releve_prm prm)
{
    struct sandbox_point *point = find(points, prm);
    if (point != NULL)
        return point;
    if (HASH_COUNT(points->table) >= SANDBOX_POINTS_MAX)
        return NULL;
    point = calloc(1, sizeof *point);
    if (point == NULL)
        return NULL;
    point->prm = prm;
    point->consent_start = RELEVE_DAY_NONE;
    HASH_ADD(hh, points->table, prm, sizeof point->prm, point);
    if (point->hh.tbl == NULL) {
        free(point);
        return NULL;
    }
    return point;
}

bool sandbox_points_set_consent(struct sandbox_points *points, releve_prm prm, enum sandbox_consent consent)
{
    struct sandbox_point *point = find_or_add(points, prm);
    if (point == NULL)
        return false;
    point->consent = consent;
    return true;
}

bool sandbox_points_set_consent_start(struct sandbox_points *points, releve_prm prm, releve_day day)
{
    struct sandbox_point *point = find_or_add(points, prm);
    if (point == NULL)
        return false;
    point->consent_start = day;
    return true;
}

bool sandbox_points_set_objection(struct sandbox_points *points, releve_prm prm, enum sandbox_objection objection)
{
    struct sandbox_point *point = find_or_add(points, prm);
    if (point == NULL)
        return false;
    point->objection = objection;
    return true;
}

bool sandbox_points_set_faults(struct sandbox_points *points, releve_prm prm, const struct sandbox_faults *faults)
{
    struct sandbox_point *point = find_or_add(points, prm);
    if (point == NULL)
        return false;
    point->faults = *faults;
    return true;
}

enum sandbox_consent sandbox_points_consent(const struct sandbox_points *points, releve_prm prm)
{
    const struct sandbox_point *point = find(points, prm);
    return point != NULL ? point->consent : SANDBOX_CONSENT_AS_PUBLISHED;
}

releve_day sandbox_points_consent_start(const struct sandbox_points *points, releve_prm prm)
{
    const struct sandbox_point *point = find(points, prm);
    return point != NULL ? point->consent_start : RELEVE_DAY_NONE;
}

enum sandbox_objection sandbox_points_objection(const struct sandbox_points *points, releve_prm prm)
{
    const struct sandbox_point *point = find(points, prm);
    return point != NULL ? point->objection : SANDBOX_NO_OBJECTION;
}

const struct sandbox_faults *sandbox_points_faults(const struct sandbox_points *points, releve_prm prm)
{
    const struct sandbox_point *point = find(points, prm);
    return point != NULL ? &point->faults : NULL;
}

void sandbox_points_free(struct sandbox_points *points)
{
    while (points->table != NULL) {
        struct sandbox_point *point = points->table;
        HASH_DEL(points->table, point);
        free(point);
    }
}
