/* What a plan leaves out because upstream refused it lately: a usage point, or one direction of it, is named once. */
#ifndef RELEVE_CLI_PLAN_REFUSALS_H
#define RELEVE_CLI_PLAN_REFUSALS_H

#include <cjson/cJSON.h>
#include <releve/job.h>
#include <releve/kind.h>
#include <releve/usage_point.h>
#include <releve/verdict.h>
#include <stddef.h>

#define RELEVE_PLAN_REFUSALS_MAX 24 /* that are named */

struct releve_plan_refusal {
    releve_prm prm;
    enum releve_kind kind; /* one of its kinds */
    struct releve_reason reason;
};

/* Zeroed is none. */
struct releve_plan_refusals {
    struct releve_plan_refusal named[RELEVE_PLAN_REFUSALS_MAX], latest;
    size_t count; /* also of those that are not named */
};

/* That job's kind is refused for that reason. Kinds of one direction of a usage point come one after the other. */
void releve_plan_refusals_note(struct releve_plan_refusals *refusals, const struct releve_job *job,
                               const struct releve_reason *why);

/* A line or more for each on standard output, wrapped at `columns`. */
void releve_plan_refusals_print(const struct releve_plan_refusals *refusals, int columns);

/* Adds refused_count and refused, those that are named. */
void releve_plan_refusals_add(cJSON *json, const struct releve_plan_refusals *refusals);

#endif
