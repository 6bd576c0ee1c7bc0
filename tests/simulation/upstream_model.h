/* Upstream: what is true of each usage point, what it answers, and the gateway's audit of arrivals (law 1).
 *
 * Truth is a pure function of the seed, so that what was stored can be checked against it at any time (law 3). */
#ifndef RELEVE_SIMULATION_UPSTREAM_MODEL_H
#define RELEVE_SIMULATION_UPSTREAM_MODEL_H

#include "scenario.h"

/* What is true of one direction of a usage point, and not of the other. */
struct usage_direction {
    releve_day activation;    /* first day with data; RELEVE_DAY_NONE: before all history */
    releve_day corrected;     /* the same, as upstream has it after `corrected_at`: never later */
    releve_time corrected_at; /* RELEVE_TIME_NEVER: it is not corrected */
    releve_day consent;       /* first day that may be asked */
    releve_time absent_until; /* "before the activation" for every range; 0: it is there */
    bool refused;
    unsigned refusals; /* requests that were told so */
};

struct usage_point {
    releve_prm prm;
    releve_kinds kinds; /* that it has */
    struct usage_direction directions[RELEVE_DIRECTIONS];
    bool unknown; /* there is no such usage point */
    bool forgetful;
    enum sickness sickness;
    releve_kinds sick_kinds; /* that fail, while ... */
    int64_t sick_from_us, sick_until_us;
    unsigned holes, partials; /* of its days, in ten thousand */
    unsigned requests;        /* that arrived */
    unsigned inquiries;       /* beside those: about its activation */
    unsigned failures;        /* those of them that failed because of its sickness */
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
    unsigned refusals;    /* of the credentials */
    int64_t last_good_us; /* when a request for days came that did not fail, last */
};

struct upstream_request {
    bool token_request;
    bool inquiry; /* when the usage point was activated */
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

const struct usage_direction *upstream_direction(const struct upstream *upstream, unsigned point,
                                                 enum releve_kind kind);
/* Does a request for that kind fail now, whatever is asked? */
bool upstream_is_sick(const struct upstream *upstream, unsigned point, enum releve_kind kind);
/* Was even the newest range of that direction "before the activation" at some time between `since` and now? */
bool upstream_was_absent(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_time since);

/* The oldest day that it keeps of that kind. */
releve_day upstream_history_first(const struct upstream *upstream, enum releve_kind kind, releve_day today);
/* What another API tells of the beginning of a direction at that time; RELEVE_DAY_NONE: nothing. */
releve_day upstream_told(const struct upstream *upstream, unsigned point, enum releve_direction which,
                         releve_time civil);
/* The first day of which it answers, when today is `today`; before an activation is corrected. */
releve_day upstream_first_day(const struct upstream *upstream, unsigned point, enum releve_kind kind, releve_day today);

/* What is true of a day at that time: MISSING where it is not published; HOLE for ever; PARTIAL for ever or until the
 * rest comes; COMPLETE. Nothing comes later than on the morning of J+14. */
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
