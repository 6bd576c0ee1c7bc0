/* What the gateway for private persons has of 2026: the same measures, parameters and bodies. */
#ifndef ENEDIS_DIALECT_2026_H
#define ENEDIS_DIALECT_2026_H

#include <engine/runtime/dialect.h>

/* Writes "<base>/consommation_quotidienne?pointId=...": the resource and its parameters. */
void enedis_2026_write_measure(const char *base, enum releve_kind kind, releve_prm prm, struct releve_span span,
                               char out[RELEVE_TARGET_BYTES]);

/* Judges an answer of the API `api` about a measure. */
void enedis_2026_judge_measure(const char *api, enum releve_kind kind, releve_prm prm, struct releve_span span,
                               const struct releve_exchange_response *response, releve_time now,
                               struct releve_answer *answer);

#endif
