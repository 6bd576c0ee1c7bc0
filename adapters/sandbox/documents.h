/* Customer documents, as their APIs serve them (docs/enedis.md, Customer documents). */
#ifndef RELEVE_SANDBOX_DOCUMENTS_H
#define RELEVE_SANDBOX_DOCUMENTS_H

#include "paper.h"
#include "routes.h"
#include <releve/text.h>

/* `label` is the usage point that the document names, where it names one. */
void sandbox_document_write(enum sandbox_document document, uint64_t seed, const struct sandbox_client *client,
                            releve_prm label, releve_day today, struct releve_text *body);

/* Whether it names its usage point; the others cannot be told from those of another one. */
bool sandbox_document_names_point(enum sandbox_document document);

/* The writers of the two generations; NULL where memory is short. */
cJSON *sandbox_document_v5(enum sandbox_document document, const struct sandbox_paper *paper);
cJSON *sandbox_document_2026(enum sandbox_document document, const struct sandbox_paper *paper);

#endif
