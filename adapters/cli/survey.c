/* See survey.h. Usage points may be on several nodes, which answer in any order: what comes early waits for its turn.
 */
#include "survey.h"
#include <engine/runtime/clock.h>

static void look_at_next(struct releve_finding *finding);

/* The finding whose turn it is; NULL where it is not known yet. */
static struct releve_finding *next_known(struct releve_survey *survey)
{
    for (size_t i = 0; i < RELEVE_SURVEY_AT_ONCE; i++)
        if (survey->findings[i].is_known && survey->findings[i].place == survey->told)
            return &survey->findings[i];
    return NULL;
}

static void tell(struct releve_survey *survey)
{
    struct releve_finding *finding;
    while (!survey->lookup->ended && (finding = next_known(survey)) != NULL) {
        survey->told++;
        finding->is_known = false;
        /* Where the caller gives the finding back at once, it is used again: what is handed over is copied first. */
        const struct releve_coverage coverage = finding->coverage;
        const struct releve_point_facts facts = finding->facts;
        survey->found(survey->data, finding, &coverage, &facts);
    }
}

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
    finding->is_known = true;
    finding->coverage = *coverage;
    finding->facts = *facts;
    tell(survey);
}

static void look_at_next(struct releve_finding *finding)
{
    struct releve_survey *survey = finding->survey;
    if (survey->lookup->ended)
        return;
    finding->job = (struct releve_job){0};
    if (releve_selection_job(survey->selection, survey->next, &finding->job)) {
        finding->place = survey->next++;
        survey->under_way++;
        releve_store_look_up(survey->lookup->store, &finding->job, releve_clock_civil(survey->lookup->config->today),
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
