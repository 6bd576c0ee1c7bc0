/* What the runtime asks of a generation of the upstream API: request lines out, judged answers in.
 * Pure functions: no socket, no clock. Implemented by adapters/enedis. */
#ifndef RELEVE_RUNTIME_DIALECT_H
#define RELEVE_RUNTIME_DIALECT_H

#include "transport.h"
#include <releve/judged_answer.h>
#include <releve/kind.h>
#include <releve/span.h>
#include <releve/text.h>
#include <releve/usage_point.h>

#define RELEVE_TARGET_BYTES 256
#define RELEVE_TOKEN_BYTES 4096 /* longest access token accepted, NUL included */

/* A usage point, and the measures that one of its services is of: none where it is of something else. */
struct releve_service {
    releve_prm prm;
    releve_kinds kinds;
};

/* One page of them. */
struct releve_services {
    uint64_t total;               /* services on all pages */
    struct releve_service *items; /* allocated; the caller's */
    size_t count;
};

#define RELEVE_SERVICES_POINTS_MAX 1000 /* usage points in one question */

struct releve_dialect {
    const char *name;         /* "2026" or "v5": the `source` of a day */
    int days_min;             /* shortest range that upstream accepts */
    const char *token_family; /* the quota bucket of token requests */

    /* The quota bucket that requests of this kind count in: "v5", "mesure_synchrone_auto", ...; NULL: upstream has no
     * such kind, and it is never asked for. */
    const char *families[RELEVE_KINDS];

    /* Path and query of the request for `span` of a measure, "/mesure_.../v2/...?pointId=...". */
    void (*target)(enum releve_kind kind, releve_prm prm, struct releve_span span, char out[RELEVE_TARGET_BYTES]);

    /* Judges what came back for that request. `now` is the real time (UTC), for absolute times in
     * throttle answers. The answer owns memory: give it to `answer_free`. Never fails: what cannot be understood is a
     * verdict (RELEVE_TRANSIENT). */
    void (*judge)(enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer);

    /* What another API adds to a document: the quota bucket of that kind's second request (NULL where it has none), its
     * path, and what came back for it, put together with `so_far`, which is what the first one came to. Where upstream
     * refuses for good, *answer is `so_far` alone, as RELEVE_DATA with the refusal as its reason. */
    const char *supplement_families[RELEVE_KINDS];
    void (*supplement_target)(enum releve_kind kind, releve_prm prm, char out[RELEVE_TARGET_BYTES]);
    void (*judge_supplement)(enum releve_kind kind, releve_prm prm, const struct releve_answer *so_far,
                             const struct releve_exchange_response *response, releve_time now,
                             struct releve_answer *answer);

    /* An API that tells when a usage point was activated: its quota bucket (NULL where there is none), the path, and
     * what came back: RELEVE_DATA with `activations`, or a refusal or failure as of any other request. */
    const char *activation_family;
    void (*activation_target)(releve_prm prm, char out[RELEVE_TARGET_BYTES]);
    void (*judge_activation)(const struct releve_exchange_response *response, releve_time now,
                             struct releve_answer *answer);

    /* Who has which services: the quota bucket (NULL where that cannot be asked), the path and JSON of a POST for the
     * `page`th page (1, 2, ...) of at most RELEVE_SERVICES_POINTS_MAX usage points, or (`count` 0) of those of an
     * authorization, and what came back: RELEVE_DATA and *services, or a refusal or failure as of any other request. */
    const char *services_family;
    const char *services_target;
    void (*services_question)(const releve_prm *prms, size_t count, uint64_t authorization, uint64_t page,
                              struct releve_text *json);
    void (*judge_services)(const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer, struct releve_services *services);

    /* Judges an answer of the token endpoint; on RELEVE_TOKEN, `token` holds the access token. */
    void (*judge_token)(const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer,
                        char token[RELEVE_TOKEN_BYTES]);

    void (*answer_free)(struct releve_answer *answer);
};

/* The token request is the same in both generations. */
#define RELEVE_TOKEN_TARGET "/oauth2/v3/token"
#define RELEVE_TOKEN_FORM "grant_type=client_credentials"

#endif
