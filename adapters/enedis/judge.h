/* What both generations do with an answer; they differ in names and shapes only. */
#ifndef ENEDIS_JUDGE_H
#define ENEDIS_JUDGE_H

#include "documents.h"
#include "engine/runtime/dialect.h"
#include "fault.h"
#include "json.h"
#include "measures.h"

/* What came back for a request, of data or of a token. */
struct enedis_reply {
    struct enedis_json json;
    const char *problem; /* why the body is no JSON; NULL where it is */
    struct enedis_fault fault;
};

/* Begins *answer. False where nothing came back: that is judged then. Otherwise close reply->json. `lists`, NULL where
 * there are none, are those of the body where it is data: what is no strict JSON may still be an error. */
bool enedis_reply_open(const struct releve_exchange_response *response, const struct enedis_json_lists *lists,
                       struct enedis_reply *reply, struct releve_answer *answer);

/* How a generation serves the kind that was asked. */
struct enedis_reader {
    const char *api;                 /* the first segment of the path */
    struct enedis_point_names names; /* what it calls the parts of a point */

    /* Checks the body's PRM, unit and shape, adds its points, and sets *quality (NULL where it has none). False and
     * measures->problem where the body is not what was asked for. */
    bool (*read)(const cJSON *root, releve_prm prm, struct enedis_measures *measures, const char **quality);
};

/* The same for a document. */
void enedis_judge_document(const struct enedis_document_reader *reader, enum releve_kind kind, releve_prm prm,
                           const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer);

/* The same for what comptage_auto adds to contracts. */
void enedis_judge_metering(const char *api, const struct releve_answer *so_far,
                           const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer);

/* The same for the activations that synth_contrat_auto tells. */
void enedis_judge_activation(const char *api, const struct releve_exchange_response *response, releve_time now,
                             struct releve_answer *answer);

/* The same for a page of subscribed_services. */
void enedis_judge_services(const char *api, const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer, struct releve_services *services);

void enedis_judge(const struct enedis_reader *reader, enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer);

#endif
