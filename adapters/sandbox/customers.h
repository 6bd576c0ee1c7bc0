/* Customer data: plausible, invented, small. */
#ifndef RELEVE_SANDBOX_CUSTOMERS_H
#define RELEVE_SANDBOX_CUSTOMERS_H

#include "clients.h"
#include "routes.h"
#include <releve/text.h>

/* `label` is the PRM that the body names. */
void sandbox_customer_write(enum sandbox_document document, const struct sandbox_client *client, releve_prm label,
                            struct releve_text *body);

#endif
