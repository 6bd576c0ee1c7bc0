/* Bucket names, with the digest folded to 32 bits. Should two applications have the same, they share one quota. */
#include "bucket.h"
#include <releve/digest.h>
#include <stdio.h>
#include <string.h>

void releve_bucket_name(const char *family, const char *client_id, char out[RELEVE_BUCKET_BYTES])
{
    uint64_t digest = releve_digest(client_id);
    (void)snprintf(out, RELEVE_BUCKET_BYTES, "%s@%08x", family, (unsigned)(digest ^ (digest >> 32)));
}

/* Unless it is among them already; NULL is none. */
static int add_family(const char *family, const char **families, int count)
{
    if (family == NULL)
        return count;
    for (int i = 0; i < count; i++)
        if (strcmp(families[i], family) == 0)
            return count;
    families[count] = family;
    return count + 1;
}

int releve_bucket_families(const struct releve_dialect *dialect, const char *families[RELEVE_FAMILIES_MAX])
{
    int count = 0;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        count = add_family(dialect->families[kind], families, count);
        count = add_family(dialect->supplement_families[kind], families, count);
    }
    count = add_family(dialect->activation_family, families, count);
    count = add_family(dialect->services_family, families, count);
    return add_family(dialect->token_family, families, count);
}
