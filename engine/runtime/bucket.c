/* Bucket names, with the digest folded to 32 bits. Should two applications have the same, they share one quota. */
#include "bucket.h"
#include <releve/digest.h>
#include <stdio.h>

void releve_bucket_name(const char *family, const char *client_id, char out[RELEVE_BUCKET_BYTES])
{
    uint64_t digest = releve_digest(client_id);
    (void)snprintf(out, RELEVE_BUCKET_BYTES, "%s@%08x", family, (unsigned)(digest ^ (digest >> 32)));
}
