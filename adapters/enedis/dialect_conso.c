/* Conso API, the gateway for private persons (docs/enedis.md, Conso API): the measures of 2026, under names of its own,
 * with a token that it gives to each person. It has no documents. */
#include "dialect_2026.h"
#include "enedis.h"

#define API "conso" /* one quota for all that is asked of it */
#define BASE "/api"

static void target(enum releve_kind kind, releve_prm prm, struct releve_span span, char out[RELEVE_TARGET_BYTES])
{
    enedis_2026_write_measure(BASE, kind, prm, span, out);
}

static void judge(enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer)
{
    enedis_2026_judge_measure(API, kind, prm, span, response, now, answer);
}

const struct releve_dialect releve_dialect_conso = {
    .name = "2026", /* its bodies are Enedis's own */
    .days_min = 1,
    .token_family = API,
    .families = {[RELEVE_DAILY_CONSUMPTION] = API,
                 [RELEVE_CONSUMPTION_LOAD_CURVE] = API,
                 [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = API,
                 [RELEVE_DAILY_PRODUCTION] = API,
                 [RELEVE_PRODUCTION_LOAD_CURVE] = API,
                 [RELEVE_INDEX_CONSUMPTION] = API,
                 [RELEVE_INDEX_PRODUCTION] = API}, /* no documents */
    .target = target,
    .judge = judge,
    .judge_token = releve_dialect_judge_token,
    .answer_free = releve_dialect_answer_free,
};
