/* Upstream: what is true of each usage point, what it answers, and the gateway's audit of arrivals (law 1).
 *
 * Truth is a pure function of the seed, so that what was stored can be checked against it at any time (law 3). */
#ifndef RELEVE_SIMULATION_UPSTREAM_MODEL_H
#define RELEVE_SIMULATION_UPSTREAM_MODEL_H

#include "scenario.h"

enum sickness { HEALTHY, ANSWERS_500, NEVER_ANSWERS };

struct usage_point {
    releve_prm prm;
    releve_kinds kinds;    /* that it has */
    releve_day activation; /* first day with data */
    releve_day consent;    /* first day that may be asked */
    bool refused, forgetful;
    enum sickness sickness;
    unsigned holes, partials; /* of its days, in ten thousand */
    unsigned requests;        /* that arrived */
};

/* Arrivals of one bucket, in order. */
struct audit {
    int64_t *arrivals_us;
    size_t count, capacity;
    size_t begins[RELEVE_QUOTA_WINDOWS_MAX]; /* the oldest arrival that shares a window with the newest */
    int64_t fullest[RELEVE_QUOTA_WINDOWS_MAX];
};

struct upstream {
    struct world *world;
    const struct scenario *scenario;
    struct usage_point *points;
    struct audit audits[RELEVE_BUCKETS_MAX];
    int64_t *token_ends_us; /* of token i */
    size_t tokens, tokens_capacity;
    size_t revoked; /* tokens below that one */
    uint64_t requests, throttled;
    unsigned refusals; /* of the credentials */
};

struct upstream_request {
    bool token_request;
    unsigned bucket;
    unsigned point;
    enum releve_kind kind;
    struct releve_span span;
    uint64_t token;
};

void upstream_open(struct upstream *upstream, struct world *world, const struct scenario *scenario);
void upstream_close(struct upstream *upstream);

releve_time upstream_civil(const struct upstream *upstream); /* now, UTC */
releve_day upstream_today(const struct upstream *upstream);

/* The first day of which it answers, when today is `today`. */
releve_day upstream_first_day(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_day today);

/* What is true of a day: COMPLETE, PARTIAL or HOLE for ever, or MISSING where it is not published at that time. */
enum releve_day_state upstream_day(const struct upstream *upstream, unsigned point, enum releve_kind kind,
                                   releve_day day, releve_time civil);
int32_t upstream_value(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_day day);

/* A request arrives. `readings` has room for its days; `token` is the new one, where it asked for one. */
void upstream_arrive(struct upstream *upstream, const struct upstream_request *request, struct releve_answer *answer,
                     struct releve_reading *readings, uint64_t *token);

void upstream_revoke(struct upstream *upstream);

/* The most arrivals in any closed window of that length so far. */
int64_t upstream_fullest(const struct upstream *upstream, unsigned bucket, size_t window);

#endif
