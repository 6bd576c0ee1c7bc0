/* What releve serve answers: the handlers of its routes, and what they share.
 *
 *   web ──▶ live.c       what goes on: one look at Redis for all who ask within a second, and for the streams
 *      ├──▶ point_list.c, days.c, history.c ──▶ turns.c   what is read of usage points: a few at once, so many a second
 *      └──▶ conso_desk.c ──▶ turns.c                       the Conso API: from Redis, or by way of a job that is queued
 *
 * Reads Redis, and puts jobs into its queue; never a request to upstream. */
#ifndef RELEVE_CLI_PORTAL_H
#define RELEVE_CLI_PORTAL_H

#include "conso_desk.h"
#include "live.h"
#include "roll.h"
#include "turns.h"
#include <adapters/web/web.h>

struct releve_portal {
    const struct releve_config *config;
    struct releve_store *store;
    struct releve_live live;
    struct releve_turns turns;
    struct releve_roll roll;
    struct releve_conso_desk conso;
};

/* Its routes; their data is the portal. */
extern const struct releve_web_route releve_portal_routes[];
extern const size_t releve_portal_routes_count;

/* `tokens` are those of the Conso API; NULL: it is not served. */
void releve_portal_open(struct releve_portal *portal, uv_loop_t *loop, const struct releve_config *config,
                        struct releve_store *store, struct releve_tokens *tokens);

/* The web service is there: streams are told what goes on. */
void releve_portal_begin(struct releve_portal *portal, struct releve_web *web);

/* Whoever waits is answered, and nothing begins any more. What Redis is still asked for ends with the store. */
void releve_portal_end(struct releve_portal *portal);

/* The loop has ended. */
void releve_portal_free(struct releve_portal *portal);

/* --- handlers ---------------------------------------------------------------------------------------------------- */

void releve_portal_metrics(void *data, struct releve_web_asked *asked);
void releve_portal_status(void *data, struct releve_web_asked *asked);
void releve_portal_events(void *data, struct releve_web_asked *asked);
void releve_portal_history(void *data, struct releve_web_asked *asked);
void releve_portal_points(void *data, struct releve_web_asked *asked);
void releve_portal_point(void *data, struct releve_web_asked *asked);
void releve_portal_coverage(void *data, struct releve_web_asked *asked);
void releve_portal_days(void *data, struct releve_web_asked *asked);
void releve_portal_day(void *data, struct releve_web_asked *asked);
void releve_portal_document(void *data, struct releve_web_asked *asked);
void releve_portal_conso(void *data, struct releve_web_asked *asked);

#endif
