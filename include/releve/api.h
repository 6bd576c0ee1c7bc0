/* Which interface an upstream speaks. */
#ifndef RELEVE_API_H
#define RELEVE_API_H

enum releve_api {
    RELEVE_API_2026, /* Enedis's, of 2026 */
    RELEVE_API_V5,   /* Enedis's before that */
    RELEVE_API_CONSO /* the gateway for private persons (docs/enedis.md, Conso API) */
};

#endif
