/* Conso API, the gateway for private persons (docs/enedis.md, Conso API): the measures of 2026, under names of its own,
 * with a token that it gives to each person. It has no documents: what it says to such a request is the answer. */
#include "dialect_2026.h"
#include "enedis.h"
#include "judge.h"
#include <stdio.h>

#define API "conso" /* one quota for all that is asked of it */
#define BASE "/api"

static void target(enum releve_kind kind, releve_prm prm, struct releve_span span, char out[RELEVE_TARGET_BYTES])
{
    if (releve_kind_is_document(kind))
        (void)snprintf(out, RELEVE_TARGET_BYTES, BASE "/%s?pointId=" RELEVE_PRM_FORMAT, releve_kind_facts(kind)->name,
                       prm);
    else
        enedis_2026_write_measure(BASE, kind, prm, span, out);
}

static void judge(enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer)
{
    if (!releve_kind_is_document(kind)) {
        enedis_2026_judge_measure(API, kind, prm, span, response, now, answer);
        return;
    }
    const struct enedis_document_reader document = {API, RELEVE_KIND_BIT(kind), enedis_document_write_2026};
    enedis_judge_document(&document, kind, prm, response, now, answer);
}

const struct releve_dialect releve_dialect_conso = {
    .name = "2026", /* its bodies are Enedis's own */
    .days_min = 1,
    .token_family = API,
    .families = {API, API, API, API, API, API, API, API, API},
    .target = target,
    .judge = judge,
    .judge_token = releve_dialect_judge_token,
    .answer_free = releve_dialect_answer_free,
};

_Static_assert(RELEVE_KINDS == 9, "one family for each kind");
