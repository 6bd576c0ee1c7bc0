/* Which upstream is meant, in a word: what is kept in Redis to tell real data from simulated. */
#ifndef RELEVE_RUNTIME_UPSTREAM_H
#define RELEVE_RUNTIME_UPSTREAM_H

#include <releve/error.h>

#define RELEVE_UPSTREAM_PRODUCTION "https://gw.ext.prod.api.enedis.fr"
#define RELEVE_UPSTREAM_SANDBOX "https://gw.ext.prod-sandbox.api.enedis.fr"

/* "production", "sandbox" or "other", for a base URL. */
const char *releve_upstream_name(const char *url);

/* RELEVE_OK where data from `bound` (NULL: none yet) may be mixed with that of `url`; else RELEVE_E_CONFIG and what to
 * do. */
enum releve_code releve_upstream_check(const char *url, const char *bound, struct releve_error *error);

#endif
