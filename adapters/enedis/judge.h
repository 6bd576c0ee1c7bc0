/* What both generations do with an answer; they differ in names and shapes only. */
#ifndef ENEDIS_JUDGE_H
#define ENEDIS_JUDGE_H

#include "engine/runtime/dialect.h"
#include "measures.h"

struct enedis_generation {
    /* The API that serves a kind: the first segment of its path. */
    const char *(*api)(enum releve_kind kind);

    /* Checks the body's PRM, unit and shape, adds its points, and sets *quality (NULL where it has none). False and
     * measures->problem where the body is not what was asked for. */
    bool (*read)(const cJSON *root, releve_prm prm, struct enedis_measures *measures, const char **quality);
};

void enedis_judge(const struct enedis_generation *generation, enum releve_kind kind, releve_prm prm,
                  struct releve_span span, const struct releve_exchange_response *response, releve_time now,
                  struct releve_answer *answer);

#endif
