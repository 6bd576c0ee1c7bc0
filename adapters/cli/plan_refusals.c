/* See plan_refusals.h. */
#include "plan_refusals.h"
#include "json_fields.h"
#include "reasons.h"
#include "terminal.h"
#include <stdio.h>

/* The direction that it is about; NULL for the usage point as a whole. */
static const char *direction_of(const struct releve_plan_refusal *refusal)
{
    return refusal->reason.verdict == RELEVE_POINT_REFUSED
               ? NULL
               : releve_direction_name(releve_kind_facts(refusal->kind)->direction);
}

void releve_plan_refusals_note(struct releve_plan_refusals *refusals, const struct releve_job *job,
                               const struct releve_reason *why)
{
    struct releve_plan_refusal refusal = {job->prm, job->kind, *why};
    if (refusals->count > 0 && refusals->latest.prm == job->prm &&
        direction_of(&refusals->latest) == direction_of(&refusal))
        return;
    refusals->latest = refusal;
    if (refusals->count < RELEVE_PLAN_REFUSALS_MAX)
        refusals->named[refusals->count] = refusal;
    refusals->count++;
}

void releve_plan_refusals_print(const struct releve_plan_refusals *refusals, int columns)
{
    for (size_t i = 0; i < refusals->count && i < RELEVE_PLAN_REFUSALS_MAX; i++) {
        const struct releve_plan_refusal *refusal = &refusals->named[i];
        char reason[RELEVE_REASONS_TEXT], text[2 * RELEVE_REASONS_TEXT];
        releve_reasons_format(&refusal->reason, refusal->kind, reason);
        (void)snprintf(text, sizeof text, "%s" RELEVE_REASONS_REMEDY, reason, refusal->prm);
        int indent = printf(RELEVE_PRM_FORMAT ": ", refusal->prm);
        releve_terminal_wrap(stdout, text, indent, indent, columns);
    }
    if (refusals->count > RELEVE_PLAN_REFUSALS_MAX)
        printf("(and %zu more)\n", refusals->count - RELEVE_PLAN_REFUSALS_MAX);
}

static cJSON *refusal_json(const struct releve_plan_refusal *refusal)
{
    char prm[RELEVE_PRM_TEXT];
    const char *direction = direction_of(refusal);
    cJSON *json = cJSON_CreateObject();
    releve_prm_format(refusal->prm, prm);
    cJSON_AddStringToObject(json, "prm", prm);
    cJSON_AddItemToObject(json, "direction", direction != NULL ? cJSON_CreateString(direction) : cJSON_CreateNull());
    cJSON_AddStringToObject(json, "code", refusal->reason.code);
    cJSON_AddStringToObject(json, "message", refusal->reason.text);
    releve_json_add_time(json, "since", refusal->reason.since);
    releve_json_add_time(json, "until", refusal->reason.until);
    return json;
}

void releve_plan_refusals_add(cJSON *json, const struct releve_plan_refusals *refusals)
{
    cJSON_AddNumberToObject(json, "refused_count", (double)refusals->count);
    cJSON *refused = cJSON_AddArrayToObject(json, "refused");
    for (size_t i = 0; i < refusals->count && i < RELEVE_PLAN_REFUSALS_MAX; i++)
        cJSON_AddItemToArray(refused, refusal_json(&refusals->named[i]));
}
