/* What upstream says about a usage point beside its measures: contracts, addresses, identity, contact data. One form
 * for both generations (docs/redis.md, Documents). Personal data: never logged, never part of a reason. */
#ifndef RELEVE_DOCUMENT_H
#define RELEVE_DOCUMENT_H

#include <releve/kind.h>

/* Kept for so long; then it is asked for again. */
#define RELEVE_DOCUMENT_KEEP_S (24 * 3600)
/* One answer may hold so many. */
#define RELEVE_DOCUMENTS_MAX (RELEVE_KINDS - RELEVE_MEASURES)

struct releve_document {
    enum releve_kind kind;
    const char *members; /* JSON: "data":…,"raw":… without brackets. Owned by the answer that holds it */
};

#endif
