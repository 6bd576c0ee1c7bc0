/* POST /__sandbox/control: what a test changes while the simulator runs. */
#ifndef RELEVE_SANDBOX_CONTROL_H
#define RELEVE_SANDBOX_CONTROL_H

#include "gateway.h"
#include <releve/error.h>

/* Applies a JSON object, all of it or, where something in it is wrong, none of it. Keys:
 *   latency        "MS[:JITTER_MS]"
 *   faults         {NAME: RATE}: the whole new set; what is not named is off
 *   point_faults   {PRM: {NAME: RATE}}: the whole new set of each PRM named
 *   quota          "5/1s,1000/1h"
 *   today          "YYYY-MM-DD"; the clock goes to its noon, tokens of a day before have expired
 *   late_days      the newest N days are not published yet
 *   expire_tokens  true
 *   revoke, grant  [PRM, ...]: consent
 *   consent_start  {PRM: "YYYY-MM-DD" | null}: ADAM-DC-0009 before that day
 *   refuse         {PRM: "ADAM-ERR0061" | "ADAM-ERR0075" | "ADAM-DC-0007" | null}: refusals that no published
 *                  client shows
 *   unsubscribed   ["mesure_synchrone_auto", ...]: the whole new set of API families that answer 403 900908
 *   close          {"ms": N, "form": "wso2"|"q4"|"sla"|"throttle200"|"retry_after"}: everything is throttled so
 *                  long; ms 0 opens again */
enum releve_code sandbox_control_apply(struct sandbox_gateway *gateway, const char *text, size_t length,
                                       struct releve_error *error);

/* The settings as they are; NULL where memory is short. */
cJSON *sandbox_control_json(const struct sandbox_gateway *gateway);

#endif
