/* Paths of both generations (docs/enedis.md, Two generations) and what stands behind them. */
#ifndef RELEVE_SANDBOX_ROUTES_H
#define RELEVE_SANDBOX_ROUTES_H

#include "audit.h"
#include "settings.h"
#include <releve/kind.h>

enum sandbox_generation { SANDBOX_V5, SANDBOX_2026, SANDBOX_GENERATIONS };

enum sandbox_service { SANDBOX_TOKEN, SANDBOX_MEASURE, SANDBOX_CUSTOMER, SANDBOX_SERVICES };

/* What a customer API serves. */
enum sandbox_document {
    SANDBOX_DOCUMENT_CONTRACTS,
    SANDBOX_DOCUMENT_ADDRESSES,
    SANDBOX_DOCUMENT_IDENTITY,
    SANDBOX_DOCUMENT_CONTACT,
    SANDBOX_DOCUMENTS_V5,
    SANDBOX_DOCUMENT_SITUATION = SANDBOX_DOCUMENTS_V5, /* 2026: a list of contracts, with person and contact */
    SANDBOX_DOCUMENT_GENERAL,
    SANDBOX_DOCUMENT_SYNTHESIS,
    SANDBOX_DOCUMENT_METER
};

struct sandbox_route {
    const char *path;
    enum sandbox_service service;
    enum sandbox_generation generation;
    enum sandbox_bucket bucket;
    enum releve_kind kind;          /* of a MEASURE */
    enum sandbox_document document; /* of a CUSTOMER */
};

#define SANDBOX_ROUTES 29

/* The route number of a path under the generations served, or -1. *rest is what follows the path of a 2026
 * customer API ("/12345678901234", or ""), else "". */
int sandbox_route_find(enum sandbox_api api, const char *path, const char **rest);

const struct sandbox_route *sandbox_route(int number);

/* The routes of an API family, the first segment of their path ("mesure_synchrone_auto"): bit i is route i;
 * 0 where there is no such family. */
uint32_t sandbox_routes_of_family(const char *family, size_t length);

#define SANDBOX_FAMILY_BYTES 40

/* The name of that route's family, and all of its routes. */
uint32_t sandbox_route_family(int number, char family[SANDBOX_FAMILY_BYTES]);

#endif
