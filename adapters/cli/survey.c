/* See survey.h. The replies of one connection come in the order of the questions, so findings do too. */
#include "survey.h"
#include <engine/runtime/clock.h>

static void look_at_next(struct releve_finding *finding);

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct releve_finding *finding = data;
    struct releve_survey *survey = finding->survey;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(survey->lookup, error);
        return;
    }
    if (survey->lookup->ended) /* another one's failure has ended it */
        return;
    finding->cost = releve_plan_cost(&finding->job, coverage, facts, survey->today, survey->days_min);
    releve_lookup_advance(survey->lookup, ++survey->known, releve_selection_jobs(survey->selection));
    survey->found(survey->data, finding, coverage, facts);
}

static void look_at_next(struct releve_finding *finding)
{
    struct releve_survey *survey = finding->survey;
    if (survey->lookup->ended)
        return;
    finding->job = (struct releve_job){0};
    if (releve_selection_job(survey->selection, survey->next, &finding->job)) {
        survey->next++;
        survey->under_way++;
        releve_store_begin(survey->lookup->store, &finding->job, releve_clock_civil(survey->lookup->config->today),
                           on_known, finding);
    } else if (survey->under_way == 0) {
        survey->done(survey->data);
    }
}

void releve_survey_go_on(struct releve_finding *finding)
{
    finding->survey->under_way--;
    look_at_next(finding);
}

void releve_survey_begin(struct releve_survey *survey)
{
    const struct releve_config *config = survey->lookup->config;
    survey->today = releve_config_today(config);
    survey->days_min = releve_config_dialect(config)->days_min;
    for (size_t i = 0; i < RELEVE_SURVEY_AT_ONCE && !survey->lookup->ended; i++) {
        survey->findings[i].survey = survey;
        look_at_next(&survey->findings[i]);
    }
}
