/* See portal.h. */
#include "portal.h"

static const char *const none[] = {NULL};
static const char *const points_parameters[] = {"search", "after", "limit", NULL};
static const char *const span_parameters[] = {"start", "end", NULL};

const struct releve_web_route releve_portal_routes[] = {
    {"/metrics", releve_portal_metrics, NULL, false},
    {"/v1/status", releve_portal_status, none, false},
    {"/v1/events", releve_portal_events, none, false},
    {"/v1/history", releve_portal_history, none, false},
    {"/v1/points", releve_portal_points, points_parameters, false},
    {"/v1/points/{}", releve_portal_point, none, false},
    {"/v1/points/{}/coverage/{}", releve_portal_coverage, span_parameters, false},
    {"/v1/points/{}/days/{}", releve_portal_days, span_parameters, false},
    {"/v1/points/{}/days/{}/{}", releve_portal_day, none, false},
    {"/v1/points/{}/documents/{}", releve_portal_document, none, false},
    {"/api/{}", releve_portal_conso, NULL, true},
};
const size_t releve_portal_routes_count = sizeof releve_portal_routes / sizeof releve_portal_routes[0];

void releve_portal_open(struct releve_portal *portal, uv_loop_t *loop, const struct releve_config *config,
                        struct releve_store *store, struct releve_tokens *tokens)
{
    portal->config = config;
    portal->store = store;
    releve_live_open(&portal->live, loop, config, store);
    releve_turns_open(&portal->turns, loop, config, store);
    releve_roll_open(&portal->roll, loop, store);
    releve_conso_desk_open(&portal->conso, loop, config, store, &portal->turns, tokens);
}

void releve_portal_begin(struct releve_portal *portal, struct releve_web *web)
{
    releve_live_begin(&portal->live, web);
}

void releve_portal_end(struct releve_portal *portal)
{
    releve_live_end(&portal->live);
    releve_turns_end(&portal->turns);
    releve_conso_desk_close(&portal->conso);
}

void releve_portal_free(struct releve_portal *portal)
{
    releve_live_free(&portal->live);
    releve_roll_free(&portal->roll);
}
