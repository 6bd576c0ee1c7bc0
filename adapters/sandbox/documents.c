/* From a usage point to the text of one of its documents. */
#include "documents.h"
#include <releve/memory.h>

void sandbox_document_write(enum sandbox_document document, uint64_t seed, const struct sandbox_client *client,
                            releve_prm label, releve_day today, struct releve_text *body)
{
    struct sandbox_customer customer;
    sandbox_customer_find(seed, client, today, &customer);
    const struct sandbox_paper paper = {seed, client, &customer, label};
    cJSON *json = document < SANDBOX_DOCUMENTS_V5 ? sandbox_document_v5(document, &paper)
                                                  : sandbox_document_2026(document, &paper);
    char *text = cJSON_PrintUnformatted(json);
    if (text != NULL)
        releve_text_puts(body, text);
    cJSON_free(text);
    cJSON_Delete(json);
}

bool sandbox_document_names_point(enum sandbox_document document)
{
    return document == SANDBOX_DOCUMENT_CONTRACTS || document == SANDBOX_DOCUMENT_ADDRESSES ||
           document == SANDBOX_DOCUMENT_SITUATION;
}
