/* Who may ask what: parameters, dates, consent and direction (docs/enedis.md, Date rules, Errors and Sandbox clients),
 * in the order in which the simulator checks them. Decides only; writes no body. */
#ifndef RELEVE_SANDBOX_RULES_H
#define RELEVE_SANDBOX_RULES_H

#include "answer.h"
#include "clients.h"
#include "points.h"
#include <releve/span.h>

/* Where the rules are applied. */
struct sandbox_scene {
    releve_day today;
    const struct sandbox_settings *settings;
    const struct sandbox_points *points;
};

/* A measure request as it came; a parameter that is missing is NULL. */
struct sandbox_ask {
    enum sandbox_generation generation;
    enum releve_kind kind;
    const char *prm, *start, *end;
    const char *step, *quantity; /* mesuresPas, grandeurPhysique */
};

/* What a good request is about. */
struct sandbox_asked {
    struct sandbox_client client;
    struct releve_span span;
};

/* NULL where the request is good; then *asked is filled. */
const struct sandbox_refusal *sandbox_rules_measure(const struct sandbox_ask *ask, const struct sandbox_scene *scene,
                                                    struct sandbox_asked *asked);

/* The same for customer APIs, which know no dates. */
const struct sandbox_refusal *sandbox_rules_customer(enum sandbox_generation generation, const char *prm,
                                                     const struct sandbox_scene *scene, struct sandbox_client *client);

/* Whether a range of that measure is answered at all, be it now or later. Fills *client where the usage point exists.
 */
bool sandbox_rules_serve(enum releve_kind kind, releve_prm prm, const struct sandbox_scene *scene,
                         struct sandbox_client *client);

/* No measure in the range, or no customer data. */
const struct sandbox_refusal *sandbox_rules_no_data(enum sandbox_generation generation);

/* "Please try later": also what 2026 says to requests outside its specification. */
const struct sandbox_refusal *sandbox_rules_technical(void);

#endif
