/* What was asked and what was given: counters, and which days were delivered.
 *
 * requests == ok + the sum of errors, at any moment: an answer is counted when it is decided. Days count
 * only when their answer has left whole. */
#ifndef RELEVE_SANDBOX_STATS_H
#define RELEVE_SANDBOX_STATS_H

#include "answer.h"
#include "points.h"
#include <cjson/cJSON.h>

#define SANDBOX_STATUS_MAX 600

/* A block has one bit for each of 1024 days of one (usage point, kind, generation): 128 bytes, and with its table entry
 * about 200; as much again where some were doubtful. Beyond the limit new days are no longer marked, and the statistics
 * say so. */
#define SANDBOX_SERVED_BLOCKS_MAX (4u * 1024u * 1024u)

struct sandbox_served_block;

struct sandbox_stats {
    uint64_t requests, ok, tokens;
    uint64_t by_status[SANDBOX_STATUS_MAX]; /* honest errors */
    uint64_t by_fault[SANDBOX_FAULTS];      /* answers spoiled otherwise than by their status, and disturbed ones */
    uint64_t by_route[SANDBOX_ROUTES];
    uint64_t elsewhere; /* paths that are no route */
    uint64_t in_flight, in_flight_max;
    uint64_t days_served, days_served_twice;
    struct sandbox_served_block *blocks;
    bool days_unnoted; /* the limit of blocks was met */
};

void sandbox_stats_enter(struct sandbox_stats *stats); /* a request is there */
void sandbox_stats_leave(struct sandbox_stats *stats); /* and over, however */

/* An arrival was judged and its answer decided. `route` may be -1. */
void sandbox_stats_answer(struct sandbox_stats *stats, int route, const struct sandbox_answer *answer);

/* An answer's days have left whole. A day counts as served twice where it was given without doubt before. */
void sandbox_stats_served(struct sandbox_stats *stats, const struct sandbox_served *served);

/* Forgets everything but the requests that are in flight. */
void sandbox_stats_reset(struct sandbox_stats *stats);

/* The body of GET /__sandbox/stats; NULL where memory is short. */
cJSON *sandbox_stats_json(const struct sandbox_stats *stats, const struct sandbox_audit *audit,
                          const struct sandbox_points *points);

#endif
