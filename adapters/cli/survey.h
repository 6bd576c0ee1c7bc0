/* What Redis knows of each series of a selection, and what a run would ask of it now. Never a request. */
#ifndef RELEVE_CLI_SURVEY_H
#define RELEVE_CLI_SURVEY_H

#include "lookup.h"
#include "selection.h"
#include <releve/plan.h>

#define RELEVE_SURVEY_AT_ONCE 32 /* series that are looked at, or that the caller is busy with */

/* A series of the selection, and what a run would cost. */
struct releve_finding {
    struct releve_survey *survey;
    struct releve_job job; /* prm, kind and span; nothing else is set */
    struct releve_cost cost;
    size_t place;  /* among those of the selection */
    bool is_known; /* Redis has answered, and it waits for those before it */
    struct releve_coverage coverage;
    struct releve_point_facts facts;
};

struct releve_survey {
    const struct releve_selection *selection;
    struct releve_lookup *lookup;
    /* Called for each series in the order of the selection; `coverage` and `facts` are valid in the call only. The
     * next one is looked at when releve_survey_go_on gets the finding back. */
    void (*found)(void *data, struct releve_finding *finding, const struct releve_coverage *coverage,
                  const struct releve_point_facts *facts);
    /* All series were found and given back. Not called where the lookup has ended before. */
    void (*done)(void *data);
    void *data;
    releve_day today;
    int days_min;                  /* of the dialect */
    size_t next, under_way, known; /* asked about; with the caller or Redis; of those asked, answered */
    size_t told;                   /* of those, handed to the caller */
    struct releve_finding findings[RELEVE_SURVEY_AT_ONCE];
};

/* Begins with the first ones. The lookup has started; the caller has set what stands above `today`. Where Redis cannot
 * answer, the lookup ends with why. */
void releve_survey_begin(struct releve_survey *survey);

/* The caller has done with it; it may be called in `found`, or later. */
void releve_survey_go_on(struct releve_finding *finding);

#endif
