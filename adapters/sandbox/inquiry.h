/* What a client of subscribed_services wants to know: the body of its request, read. */
#ifndef RELEVE_SANDBOX_INQUIRY_H
#define RELEVE_SANDBOX_INQUIRY_H

#include <releve/usage_point.h>

#define SANDBOX_INQUIRY_POINTS_MAX 1000 /* usage points that one request may name (specification) */

struct sandbox_inquiry {
    releve_prm points[SANDBOX_INQUIRY_POINTS_MAX]; /* each once */
    size_t points_count;
    bool by_authorization;  /* the client named no usage point */
    bool active, requested; /* the states that are wanted: ACTIF, DEMANDE */
    bool access;            /* services of type ACCES are wanted; there are no others */
    uint64_t page;          /* from 1 */
};

/* False where the body is outside the specification. An authorization that nobody has is about no usage point. */
bool sandbox_inquiry_read(const char *text, size_t length, uint32_t population, struct sandbox_inquiry *inquiry);

#endif
