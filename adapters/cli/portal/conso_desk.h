/* The Conso API (docs/conso.md): days from Redis where they are there; else a job in class high, which is waited for.
 * A request in its life:
 *
 *   its turn ──▶ what is known? ──▶ nothing is missing ────────────────────────────▶ its days are read ──▶ answered
 *                              └──▶ a job is queued, and looked at until it has ended ──▶ what is known? ──▶ ... */
#ifndef RELEVE_CLI_CONSO_DESK_H
#define RELEVE_CLI_CONSO_DESK_H

#include "turns.h"
#include <adapters/web/conso_body.h>
#include <adapters/web/conso_refusal.h>

#define RELEVE_CONSO_WAIT_MS 25000   /* a request waits for its job no longer: less than clients and proxies do */
#define RELEVE_CONSO_LOOK_MS 250     /* how often it is looked whether a job has ended */
#define RELEVE_CONSO_REQUESTS_MAX 64 /* that are answered at once, waiting ones included; beyond it 503 */
#define RELEVE_CONSO_OF_POINT_MAX 8  /* of them, about one usage point */
#define RELEVE_CONSO_SAME_MS (10 * RELEVE_MINUTE_MS) /* the same question is no new job within so long */
#define RELEVE_CONSO_RETRY_MS (1 * RELEVE_MINUTE_MS) /* but where that job has failed: not within so long */

struct releve_conso_request;

struct releve_conso_desk {
    const struct releve_config *config;
    uv_loop_t *loop;
    struct releve_store *store;
    struct releve_turns *turns;
    struct releve_tokens *tokens; /* NULL: the API is not served */
    uv_timer_t timer;             /* while there are requests */
    struct releve_conso_request *requests;
    unsigned requests_count;
    bool ended;
    bool said_late; /* on standard error, since a job has ended last */
};

/* `tokens` is NULL where the API is not served; the caller's. */
void releve_conso_desk_open(struct releve_conso_desk *desk, uv_loop_t *loop, const struct releve_config *config,
                            struct releve_store *store, struct releve_turns *turns, struct releve_tokens *tokens);

/* Answers /api/<type>, now or later. */
void releve_conso_desk_answer(struct releve_conso_desk *desk, struct releve_web_asked *asked);

/* Answers every waiting request with 503. */
void releve_conso_desk_close(struct releve_conso_desk *desk);

#endif
