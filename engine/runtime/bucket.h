/* Names of quota buckets: which requests of which application count together. */
#ifndef RELEVE_RUNTIME_BUCKET_H
#define RELEVE_RUNTIME_BUCKET_H

#include "store.h"

/* "<family>@<digest of the client id>": applications that share a Redis do not share a quota, machines of one
 * application do. The family is the dialect's. */
void releve_bucket_name(const char *family, const char *client_id, char out[RELEVE_BUCKET_BYTES]);

#endif
