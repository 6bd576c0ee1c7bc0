/* See conso.h. Rules of dates: docs/enedis.md, Date rules. */
#include "conso.h"
#include "conso_refusal.h"
#include <assert.h>
#include <string.h>

#define SHAPES 2

/* How a parameter is called, by the shape that its name comes from. */
static const char *const names[RELEVE_CONSO_PARAMETERS][SHAPES] = {
    [RELEVE_CONSO_POINT] = {"prm", "pointId"},
    [RELEVE_CONSO_START] = {"start", "dateDebut"},
    [RELEVE_CONSO_END] = {"end", "dateFin"},
    [RELEVE_CONSO_STEP] = {NULL, "mesuresPas"},
    [RELEVE_CONSO_QUANTITY] = {NULL, "grandeurPhysique"},
};

static const char *const types[RELEVE_MEASURES][SHAPES] = {
    [RELEVE_DAILY_CONSUMPTION] = {"daily_consumption", "consommation_quotidienne"},
    [RELEVE_CONSUMPTION_LOAD_CURVE] = {"consumption_load_curve", "courbe_de_charge_consommation"},
    [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = {"consumption_max_power", "puissance_conso_max_quotidienne"},
    [RELEVE_DAILY_PRODUCTION] = {"daily_production", "production_quotidienne"},
    [RELEVE_PRODUCTION_LOAD_CURVE] = {"production_load_curve", "courbe_de_charge_production"},
    [RELEVE_INDEX_CONSUMPTION] = {NULL, "index_consommation"},
    [RELEVE_INDEX_PRODUCTION] = {NULL, "index_production"},
};

const char *releve_conso_type(enum releve_conso_shape shape, enum releve_kind kind)
{
    return kind < RELEVE_MEASURES ? types[kind][shape] : NULL;
}

void releve_conso_begin(struct releve_conso_ask *ask, const char *type)
{
    *ask = (struct releve_conso_ask){.shape = RELEVE_CONSO_2026};
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        for (int shape = 0; shape < SHAPES; shape++)
            if (types[kind][shape] != NULL && strcmp(types[kind][shape], type) == 0) {
                ask->type_known = true;
                ask->kind = (enum releve_kind)kind;
                ask->shape = (enum releve_conso_shape)shape;
            }
}

/* Maximum power alone has a step and a quantity. */
static bool has_parameter(const struct releve_conso_ask *ask, int parameter)
{
    return parameter < RELEVE_CONSO_STEP ||
           (ask->kind == RELEVE_DAILY_CONSUMPTION_MAX_POWER && ask->shape == RELEVE_CONSO_2026);
}

void releve_conso_add(struct releve_conso_ask *ask, const char *name, const char *value)
{
    for (int i = 0; i < RELEVE_CONSO_PARAMETERS; i++)
        for (int shape = 0; shape < SHAPES; shape++)
            if (names[i][shape] != NULL && strcmp(names[i][shape], name) == 0 && has_parameter(ask, i)) {
                ask->repeated[i] = ask->repeated[i] || ask->values[i] != NULL;
                ask->values[i] = value;
                return;
            }
    ask->stray = true;
}

static bool read_day(const char *value, releve_day *day)
{
    return releve_day_parse(value, strlen(value), day);
}

/* NULL where the value is right. */
static const char *read_value(struct releve_conso_ask *ask, int parameter, const char *value)
{
    switch ((enum releve_conso_parameter)parameter) {
    case RELEVE_CONSO_POINT:
        return releve_prm_parse(value, strlen(value), &ask->prm) ? NULL : "a PRM has 14 digits";
    case RELEVE_CONSO_START:
        return read_day(value, &ask->span.first) ? NULL : "a day is written YYYY-MM-DD";
    case RELEVE_CONSO_END:
        return read_day(value, &ask->span.end) ? NULL : "a day is written YYYY-MM-DD";
    case RELEVE_CONSO_STEP:
        return strcmp(value, "P1D") == 0 ? NULL : "days are kept here: P1D";
    case RELEVE_CONSO_QUANTITY:
        return strcmp(value, "PMA") == 0 ? NULL : "maximum power is kept here: PMA";
    default:
        assert(parameter == RELEVE_CONSO_PARAMETERS);
        return NULL;
    }
}

/* What is wrong with a parameter; .code NULL: nothing. */
static struct releve_conso_issue judge_parameter(struct releve_conso_ask *ask, int parameter)
{
    const char *name = names[parameter][ask->shape], *value = ask->values[parameter];
    if (ask->repeated[parameter])
        return (struct releve_conso_issue){"custom", name, "given more than once"};
    if (value == NULL && parameter < RELEVE_CONSO_STEP)
        return (struct releve_conso_issue){"invalid_type", name, "Required"};
    const char *wrong = value != NULL ? read_value(ask, parameter, value) : NULL;
    return (struct releve_conso_issue){wrong != NULL ? "invalid_string" : NULL, name, wrong};
}

bool releve_conso_end(struct releve_conso_ask *ask, struct releve_conso_answer *answer)
{
    struct releve_conso_issue issues[RELEVE_CONSO_PARAMETERS + 2];
    size_t count = 0;
    if (!ask->type_known)
        issues[count++] = (struct releve_conso_issue){"invalid_enum_value", "type", "no such type of data"};
    for (int i = 0; i < RELEVE_CONSO_PARAMETERS; i++) {
        struct releve_conso_issue issue = judge_parameter(ask, i);
        if (issue.code != NULL)
            issues[count++] = issue;
    }
    if (ask->stray && ask->type_known)
        issues[count++] = (struct releve_conso_issue){"unrecognized_keys", NULL,
                                                      ask->kind == RELEVE_DAILY_CONSUMPTION_MAX_POWER
                                                          ? "only pointId, dateDebut, dateFin, mesuresPas and "
                                                            "grandeurPhysique are known, or prm, start and end"
                                                          : "only prm, start and end are known, or pointId, "
                                                            "dateDebut and dateFin"};
    if (count > 0)
        releve_conso_refuse_parameters(issues, count, answer);
    return count == 0;
}

bool releve_conso_judge_dates(const struct releve_conso_ask *ask, releve_day today, struct releve_conso_answer *answer)
{
    enum releve_conso_refusal refusal = RELEVE_CONSO_REFUSALS;
    if (ask->span.first >= ask->span.end)
        refusal = RELEVE_CONSO_START_NOT_BEFORE_END;
    else if (ask->span.end > today)
        refusal = RELEVE_CONSO_END_TOO_RECENT;
    else if (releve_span_days(ask->span) > releve_kind_facts(ask->kind)->call_days_max)
        refusal = RELEVE_CONSO_TOO_LONG;
    if (refusal != RELEVE_CONSO_REFUSALS)
        releve_conso_refuse(ask, refusal, answer);
    return refusal == RELEVE_CONSO_REFUSALS;
}
