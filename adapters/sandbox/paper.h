/* A customer document while it is written: who it is about, and members that may be there, be null or be missing, by
 * seed, usage point and name of the member. */
#ifndef RELEVE_SANDBOX_PAPER_H
#define RELEVE_SANDBOX_PAPER_H

#include "customers.h"
#include <cjson/cJSON.h>

struct sandbox_paper {
    uint64_t seed;
    const struct sandbox_client *client;
    const struct sandbox_customer *customer;
    releve_prm label; /* the usage point that the document names */
};

/* A text that may be null or missing, as it is where `value` is NULL. Nothing where `object` is NULL. */
void sandbox_paper_text(const struct sandbox_paper *paper, cJSON *object, const char *name, const char *value);

/* An object that may be null or missing: then NULL. */
cJSON *sandbox_paper_object(const struct sandbox_paper *paper, cJSON *object, const char *name);

/* The label. */
void sandbox_paper_prm(const struct sandbox_paper *paper, cJSON *object, const char *name);

/* The members of a company, the same in both generations. */
void sandbox_paper_company(const struct sandbox_paper *paper, cJSON *object);

#endif
