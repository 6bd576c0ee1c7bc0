/* The two generations of Enedis's API, as engine/runtime/dialect.h asks for them. */
#ifndef RELEVE_ENEDIS_ENEDIS_H
#define RELEVE_ENEDIS_ENEDIS_H

#include <engine/runtime/dialect.h>

extern const struct releve_dialect releve_dialect_2026;
extern const struct releve_dialect releve_dialect_v5;
extern const struct releve_dialect releve_dialect_conso;

/* Members of both. */
void releve_dialect_judge_token(const struct releve_exchange_response *response, releve_time now,
                                struct releve_answer *answer, char token[RELEVE_TOKEN_BYTES]);
void releve_dialect_answer_free(struct releve_answer *answer);

#endif
