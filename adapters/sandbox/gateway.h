/* The gateway: every arrival is audited, then answered: quota, token, rules, data, faults, in this order.
 *
 * Knows no socket and waits for nothing; the server brings requests in and sends answers out. */
#ifndef RELEVE_SANDBOX_GATEWAY_H
#define RELEVE_SANDBOX_GATEWAY_H

#include "answer.h"
#include "audit.h"
#include "clock.h"
#include "points.h"
#include "settings.h"
#include "stats.h"
#include "tokens.h"

/* Query parameters that mean something, in either generation. */
enum sandbox_parameter {
    SANDBOX_USAGE_POINT_ID,
    SANDBOX_START,
    SANDBOX_END,
    SANDBOX_POINT_ID,
    SANDBOX_DATE_DEBUT,
    SANDBOX_DATE_FIN,
    SANDBOX_MESURES_PAS,
    SANDBOX_GRANDEUR_PHYSIQUE,
    SANDBOX_PARAMETERS
};

const char *sandbox_parameter_name(enum sandbox_parameter parameter);

#define SANDBOX_GRANT_BYTES 64
#define SANDBOX_CREDENTIAL_BYTES 256
#define SANDBOX_SECRET_REFUSED "wrong" /* any other secret gets a token */

/* A request as it came; pointers are NULL where there was no such thing. */
struct sandbox_request {
    const char *method, *path;
    const char *authorization;
    bool basic; /* credentials came in the header: those of a form do not count */
    const char *parameters[SANDBOX_PARAMETERS];
    const char *body; /* where it is no form and not too large */
    size_t body_bytes;
    /* Of a token request: from the form, or from Basic authorization. */
    char grant_type[SANDBOX_GRANT_BYTES];
    char client_id[SANDBOX_CREDENTIAL_BYTES];
    char client_secret[SANDBOX_CREDENTIAL_BYTES];
};

#define SANDBOX_CLOSE_MS_MAX (24 * RELEVE_HOUR_MS)

struct sandbox_gateway {
    struct sandbox_settings settings;
    struct sandbox_clock clock;
    struct sandbox_audit audit;
    struct sandbox_tokens tokens;
    struct sandbox_points points;
    struct sandbox_stats stats;
    uint64_t data_requests;   /* what faults count by */
    releve_time closed_until; /* real time; 0: open. Everything is throttled until then */
    enum sandbox_throttle closed_form;
};

void sandbox_gateway_init(struct sandbox_gateway *gateway, const struct sandbox_settings *settings);
void sandbox_gateway_free(struct sandbox_gateway *gateway);

/* The request has arrived, now. Fills *answer, which the caller frees. `busy`: the server has no place for
 * it; it counts as an arrival all the same and is answered 503. */
void sandbox_gateway_arrive(struct sandbox_gateway *gateway, const struct sandbox_request *request, bool busy,
                            struct sandbox_answer *answer);

/* The answer has left whole. */
void sandbox_gateway_delivered(struct sandbox_gateway *gateway, const struct sandbox_answer *answer);

/* Forgets what was counted; settings, tokens and consents stay. */
void sandbox_gateway_reset(struct sandbox_gateway *gateway);

#endif
