/* Bucket names. The digest is FNV-1a, folded to 32 bits: it has to be short and the same everywhere, not secret. */
#include "bucket.h"
#include <stdio.h>

void releve_bucket_name(const char *family, const char *client_id, char out[RELEVE_BUCKET_BYTES])
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (const char *at = client_id; *at != '\0'; at++)
        digest = (digest ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
    (void)snprintf(out, RELEVE_BUCKET_BYTES, "%s@%08x", family, (unsigned)(digest ^ (digest >> 32)));
}
