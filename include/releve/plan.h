/* Plans: the fewest chunks that cover the missing days of a coverage (law 2, thrift). */
#ifndef RELEVE_PLAN_H
#define RELEVE_PLAN_H

#include <releve/coverage.h>
#include <releve/job.h>
#include <releve/point.h>
#include <stdbool.h>

struct releve_plan_limits {
    int days_max;        /* longest chunk, in days (7 or 365) */
    int days_min;        /* shortest request that upstream accepts: 1 (2026) or 2 (v5) */
    releve_day earliest; /* no request may begin before this day */
    releve_day latest;   /* no request may end after this day (excluded end): today */
    releve_day settled;  /* a day before it stays as it is: a partial one is not asked again */
};

/* Upstream's rules for that kind when a request may end with `latest`; nothing is settled. */
struct releve_plan_limits releve_plan_limits_of(enum releve_kind kind, releve_day latest, int days_min);

/* A request: `asked` goes upstream, `wanted` is the part that the plan is about. They differ only
 * where a chunk was widened to days_min. */
struct releve_chunk_span {
    struct releve_span asked;
    struct releve_span wanted;
};

/* The next chunk of the best plan, newest first. It begins and ends with a missing day. False where
 * no day is missing, or where the only missing day cannot be asked within the limits (then
 * chunk->wanted names it, and asked is empty). */
bool releve_plan_next(const struct releve_coverage *coverage, const struct releve_plan_limits *limits,
                      struct releve_chunk_span *chunk);

/* Widens `asked` over days that may have changed since they were asked (pending ones; partial ones that are not
 * settled), as far as one request reaches: so they cost none of their own. */
void releve_plan_take_along(const struct releve_coverage *coverage, const struct releve_plan_limits *limits,
                            struct releve_chunk_span *chunk);

/* Widens `wanted` to what upstream accepts: into the past, else into the future. False where neither
 * is within the limits. */
bool releve_plan_widen(struct releve_span wanted, const struct releve_plan_limits *limits,
                       struct releve_chunk_span *chunk);

/* How many chunks the whole plan has. */
int releve_plan_chunks(const struct releve_coverage *coverage, const struct releve_plan_limits *limits);

#define RELEVE_DEEP_DAYS 30 /* before today: deep history begins there */

/* Does the job want deep history, by more than one request, and is nothing older known of it? Then it is worth another
 * API's request to be told where the days begin. */
bool releve_plan_is_deep(const struct releve_job *job, const struct releve_coverage *known, releve_day latest);

/* What a job would cost, as far as can be known before it is run. */
struct releve_cost {
    int requests;
    int days;                 /* that would be asked for */
    int known;                /* that would not: known, or known not to exist */
    struct releve_span asked; /* from the first to the last of `days`; empty where there are none */
    bool sure;                /* else there may be no such kind, or it may begin late: then it costs fewer */
};

/* `coverage` and `facts` are what the store knows; `latest` and `days_min` as above. */
struct releve_cost releve_plan_cost(const struct releve_job *job, const struct releve_coverage *coverage,
                                    const struct releve_point_facts *facts, releve_day latest, int days_min);

#endif
