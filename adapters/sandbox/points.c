/* A table by PRM; what stands in no entry is as published. */
#include "points.h"
#include <releve/memory.h>
#include <string.h>

static const struct sandbox_point ordinary = {.consent_start = RELEVE_DAY_NONE,
                                              .activation = {RELEVE_DAY_NONE, RELEVE_DAY_NONE},
                                              .told = {RELEVE_DAY_NONE, RELEVE_DAY_NONE},
                                              .pace = SANDBOX_PACE_AS_PUBLISHED};

static struct sandbox_point *find(const struct sandbox_points *points, releve_prm prm)
{
    struct sandbox_point *point = NULL;
    HASH_FIND(hh, points->table, &prm, sizeof prm, point);
    return point;
}

const struct sandbox_point *sandbox_points_find(const struct sandbox_points *points, releve_prm prm)
{
    const struct sandbox_point *point = find(points, prm);
    return point != NULL ? point : &ordinary;
}

struct sandbox_point *sandbox_points_edit(struct sandbox_points *points, releve_prm prm)
{
    struct sandbox_point *point = find(points, prm);
    if (point != NULL || HASH_COUNT(points->table) >= SANDBOX_POINTS_MAX)
        return point;
    point = releve_alloc(1, sizeof *point);
    *point = ordinary;
    point->prm = prm;
    HASH_ADD(hh, points->table, prm, sizeof point->prm, point);
    return point;
}

void sandbox_points_count(struct sandbox_points *points, releve_prm prm, int kind)
{
    struct sandbox_point *point = find(points, prm);
    if (point != NULL)
        point->requests[kind]++;
}

void sandbox_points_reset(struct sandbox_points *points)
{
    for (struct sandbox_point *point = points->table; point != NULL; point = point->hh.next)
        memset(point->requests, 0, sizeof point->requests);
}

void sandbox_points_free(struct sandbox_points *points)
{
    while (points->table != NULL) {
        struct sandbox_point *point = points->table;
        HASH_DEL(points->table, point); /* moves the head on. NOLINT(clang-analyzer-unix.Malloc) */
        free(point);
    }
}
