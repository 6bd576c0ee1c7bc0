/* The gateway for private persons (docs/enedis.md, Conso API): whom it lets in, and how it tells errors. */
#ifndef RELEVE_SANDBOX_CONSO_H
#define RELEVE_SANDBOX_CONSO_H

#include "answer.h"

/* The token is a JWT whose `sub` lists the usage points of a person; nobody's signature is looked at. False, and the
 * refusal in *answer, where there is none, or where it is not about that usage point (NULL: none is named). */
bool sandbox_conso_admit(const char *authorization, const char *prm, struct sandbox_answer *answer);

/* Puts an error of Enedis's into the form in which it passes errors on. */
void sandbox_conso_wrap(struct sandbox_answer *answer);

#endif
