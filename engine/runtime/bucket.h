/* Names of quota buckets: which requests of which application count together. */
#ifndef RELEVE_RUNTIME_BUCKET_H
#define RELEVE_RUNTIME_BUCKET_H

#include "dialect.h"
#include "store.h"

/* "<family>@<digest of the client id>": applications that share a Redis do not share a quota, machines of one
 * application do. The family is the dialect's. */
void releve_bucket_name(const char *family, const char *client_id, char out[RELEVE_BUCKET_BYTES]);

/* The families of a dialect, each once: that of measures first, that of tokens last unless it is one of a kind. Returns
 * how many. */
#define RELEVE_FAMILIES_MAX (2 * RELEVE_KINDS + 3)
int releve_bucket_families(const struct releve_dialect *dialect, const char *families[RELEVE_FAMILIES_MAX]);

#endif
