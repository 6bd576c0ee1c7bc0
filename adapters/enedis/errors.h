/* Error answers to verdicts. */
#ifndef ENEDIS_ERRORS_H
#define ENEDIS_ERRORS_H

#include "engine/runtime/transport.h"
#include "fault.h"

/* What an error body comes to: of a list, its worst member. A list that is empty, or that holds something else than
 * errors, is no error (`present` is false). `root` may be NULL. */
void enedis_errors_read(const cJSON *root, struct enedis_fault *fault);

/* An exchange that brought no answer: RELEVE_UNREACHED, or RELEVE_TRANSIENT with "timeout", "broken", ... */
void enedis_errors_judge_outcome(const struct releve_exchange_response *response, struct releve_answer *answer);

/* Quota, in every form and under every status: RELEVE_THROTTLED and true. Otherwise false, nothing changed. */
bool enedis_errors_judge_throttle(const struct releve_exchange_response *response, const struct enedis_fault *fault,
                                  releve_time now, struct releve_answer *answer);

/* Is the body a web page? Then something in between has answered, and not the API. */
bool enedis_errors_is_page(const struct releve_exchange_response *response);

/* An answer to a data request that is an error: its status is not 200, or its body is a fault. `api` names the
 * API that was asked, for people. */
void enedis_errors_judge(const struct releve_exchange_response *response, const struct enedis_fault *fault,
                         const char *api, releve_time now, struct releve_answer *answer);

#endif
