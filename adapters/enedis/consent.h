/* The page on which a customer gives consent (docs/enedis.md, Consent page). No request of ours: a browser goes there.
 */
#ifndef RELEVE_ENEDIS_CONSENT_H
#define RELEVE_ENEDIS_CONSENT_H

#include <releve/api.h>
#include <stdbool.h>

struct releve_consent {
    const char *client_id;
    const char *state;    /* comes back with the customer, and shows that it is the same one */
    const char *duration; /* ISO 8601, "P1Y" */
    const char *redirect; /* NULL, or where the customer comes back to; 2026 has no such thing, and leaves it out */
};

/* Whether the page of that generation is told where the customer comes back to. */
bool releve_consent_has_redirect(enum releve_api api);

/* Its address, with every parameter escaped; give it to free(). */
char *releve_consent_url(enum releve_api api, const struct releve_consent *consent);

#endif
