/* The refusals, one constant each, and the order in which they come. */
#include "rules.h"
#include <releve/kind.h>
#include <string.h>

#define V5_DAYS_MIN 2 /* the specification's own advice, which v5 enforces */
#define CURVE_CALL_DAYS 7

#define NO_MEASURE "Pas de mesure trouvée pour ce point"
#define NO_POINT "PRM non existant"
#define NOT_AUTHORIZED "Le client n'est pas autorisé pour le point demandé"
#define NOT_OWNER "Le client n'est pas titulaire du point demandé"

static const struct sandbox_refusal technical = {500, "technical_error", "Technical error. Please try later.", NULL};

static const struct sandbox_refusal no_data[SANDBOX_GENERATIONS] = {
    {404, "no_data_found", "no measure found for this usage point", NO_MEASURE},
    {404, "STM-ERR-0000014", NO_MEASURE, NO_MEASURE},
};

static const struct sandbox_refusal unknown_point = {404, "STM-ERR-0000019", "Unknown usage point", NO_POINT};

/* Only its text says so. */
static const struct sandbox_refusal no_such_point = {404, "404", NO_POINT, NO_POINT};

static const struct sandbox_refusal no_consent[SANDBOX_GENERATIONS] = {
    {403, "ADAM-DC-0008", "No consent can be found for this customer and this usage point", NOT_AUTHORIZED},
    {403, "ADAM_DC_0008", NOT_AUTHORIZED, NOT_AUTHORIZED},
};

static const struct sandbox_refusal not_authorized = {403, "403", NOT_AUTHORIZED, NOT_AUTHORIZED};

static const struct sandbox_refusal before_consent = {
    403, "ADAM-DC-0009", "The requested start date is anterior to the start of the consent", NULL};

static const struct sandbox_refusal curve_objected = {400, "ADAM-ERR0075",
                                                      "The customer objected to the load curve recording", NULL};

static const struct sandbox_refusal not_holder = {400, "ADAM-ERR0061", "The customer is not the actual meter holder",
                                                  NULL};

static const struct sandbox_refusal not_owner[SANDBOX_GENERATIONS] = {
    {403, "ADAM-DC-0007", "The customer is not the owner of this usage point", NOT_OWNER},
    {403, "ADAM_DC_0007", NOT_OWNER, NOT_OWNER},
};

static const struct sandbox_refusal not_owner_400 = {400, "ADAM-DC-0007",
                                                     "The customer is not the owner of this usage point", NOT_OWNER};

static const struct sandbox_refusal *const objections[SANDBOX_OBJECTIONS][SANDBOX_GENERATIONS] = {
    [SANDBOX_NOT_HOLDER] = {&not_holder, &not_holder},
    [SANDBOX_NOT_OWNER] = {&not_owner[SANDBOX_V5], &not_owner[SANDBOX_2026]},
    [SANDBOX_NOT_OWNER_400] = {&not_owner_400, &not_owner_400},
    [SANDBOX_NO_CONSENT] = {&no_consent[SANDBOX_V5], &no_consent[SANDBOX_2026]},
    [SANDBOX_NOT_AUTHORIZED] = {&not_authorized, &not_authorized},
    [SANDBOX_NO_SUCH_POINT] = {&no_such_point, &no_such_point},
};

static const struct sandbox_refusal wrong_direction = {
    400, "ADAM-ERR0069",
    "The requested measure does not exist for this usage point: consumption asked of a production "
    "point, or the reverse",
    NULL};

static const struct sandbox_refusal too_long[SANDBOX_GENERATIONS][2] = {
    {{400, "ADAM-ERR0126", "The requested period must be less than 7 days", NULL},
     {400, "ADAM-ERR0126", "The requested period must be less than 365 days", NULL}},
    {{400, "ADAM-DC-0015", "The requested period must be less than 7 days", NULL},
     {400, "ADAM-DC-0015", "The requested period must be less than 365 days", NULL}},
};

static const struct sandbox_refusal too_old[SANDBOX_GENERATIONS] = {
    {400, "ADAM-ERR0125", "The start date must be greater than the history deadline", NULL},
    {400, "ADAM-DC-0016", "The start date must be greater than the history deadline", NULL},
};

static const struct sandbox_refusal before_activation = {
    400, "ADAM-ERR0123", "The requested period cannot be anterior to the meter's last activation date",
    "La date de début demandée est antérieure à la date de dernière mise en service du point"};

/* Requests that are wrong in themselves. */
enum wrong {
    PRM_MISSING,
    PRM_ILL_FORMED,
    START_MISSING,
    START_ILL_FORMED,
    END_MISSING,
    END_ILL_FORMED,
    START_NOT_BEFORE_END,
    END_IN_FUTURE,
    TOO_SHORT,
    WRONGS
};

#define INVALID(text)                      \
    {                                      \
        400, "Invalid_request", text, NULL \
    }

static const struct sandbox_refusal end_today = INVALID("The end date parameter must be earlier than the current date");

static const struct sandbox_refusal wrong_requests[SANDBOX_GENERATIONS][WRONGS] = {
    {INVALID("usage_point_id parameter is mandatory."), INVALID("usage_point_id parameter must be 14 digits."),
     INVALID("start parameter is mandatory."), INVALID("start parameter must be a date: YYYY-MM-DD."),
     INVALID("end parameter is mandatory."), INVALID("end parameter must be a date: YYYY-MM-DD."),
     INVALID("start parameter must be before the end parameter."), INVALID("end parameter cannot be in the future."),
     INVALID("The requested period must be at least 2 days.")},
    {INVALID("pointId parameter is mandatory."), INVALID("pointId parameter must be 14 digits."),
     INVALID("dateDebut parameter is mandatory."), INVALID("dateDebut parameter must be a date: YYYY-MM-DD."),
     INVALID("dateFin parameter is mandatory."), INVALID("dateFin parameter must be a date: YYYY-MM-DD."),
     INVALID("dateDebut parameter must be before the dateFin parameter."),
     INVALID("dateFin parameter cannot be in the future."), INVALID("The requested period is empty.")},
};

const struct sandbox_refusal *sandbox_rules_no_data(enum sandbox_generation generation)
{
    return &no_data[generation];
}

const struct sandbox_refusal *sandbox_rules_technical(void)
{
    return &technical;
}

/* Control may know the client better than the published table. */
static void correct_client(const struct sandbox_point *point, struct sandbox_client *client)
{
    for (int i = 0; i < RELEVE_DIRECTIONS; i++) {
        if (point->activation[i] != RELEVE_DAY_NONE)
            client->activation[i] = point->activation[i];
        client->told[i] = point->told[i] != RELEVE_DAY_NONE ? point->told[i] : client->activation[i];
    }
    if (point->pace != SANDBOX_PACE_AS_PUBLISHED)
        client->pace = point->pace;
}

/* The PRM exists and consents to what is asked. */
static const struct sandbox_refusal *judge_point(enum sandbox_generation generation, releve_prm prm,
                                                 enum sandbox_aspect aspect, const struct sandbox_scene *scene,
                                                 struct sandbox_client *client)
{
    if (!sandbox_client_find(prm, scene->settings->population, client))
        return &unknown_point;
    const struct sandbox_point *point = sandbox_points_find(scene->points, prm);
    const struct sandbox_refusal *objection = objections[point->objections[aspect]][generation];
    correct_client(point, client);
    if (objection != NULL)
        return objection;
    switch (point->consent) {
    case SANDBOX_CONSENT_GRANTED:
        return NULL;
    case SANDBOX_CONSENT_REVOKED:
        return &no_consent[generation];
    case SANDBOX_CONSENT_AS_PUBLISHED:
        break;
    }
    return client->refused ? &no_consent[generation] : NULL;
}

/* The parameters alone: whole, well-formed, and dates in order. */
static const struct sandbox_refusal *judge_form(const struct sandbox_ask *ask, const struct sandbox_scene *scene,
                                                releve_prm *prm, struct releve_span *span)
{
    const struct sandbox_refusal *wrong = wrong_requests[ask->generation];
    if (ask->prm == NULL)
        return &wrong[PRM_MISSING];
    if (!releve_prm_parse(ask->prm, strlen(ask->prm), prm))
        return &wrong[PRM_ILL_FORMED];
    if (ask->start == NULL)
        return &wrong[START_MISSING];
    if (!releve_day_parse(ask->start, strlen(ask->start), &span->first))
        return &wrong[START_ILL_FORMED];
    if (ask->end == NULL)
        return &wrong[END_MISSING];
    if (!releve_day_parse(ask->end, strlen(ask->end), &span->end))
        return &wrong[END_ILL_FORMED];
    if (span->first >= span->end)
        return &wrong[START_NOT_BEFORE_END];
    if (span->end > scene->today)
        return &wrong[END_IN_FUTURE];
    if (span->end == scene->today && scene->settings->end_today_refused)
        return &end_today;
    if (ask->generation == SANDBOX_V5 && releve_span_days(*span) < V5_DAYS_MIN)
        return &wrong[TOO_SHORT];
    return NULL;
}

/* 2026 requires mesuresPas and grandeurPhysique for maximum power, and accepts one value of each. */
static bool outside_specification(const struct sandbox_ask *ask)
{
    if (ask->generation != SANDBOX_2026 || ask->kind != RELEVE_DAILY_CONSUMPTION_MAX_POWER)
        return false;
    return ask->step == NULL || strcmp(ask->step, "P1D") != 0 || ask->quantity == NULL ||
           strcmp(ask->quantity, "PMA") != 0;
}

/* The usage point has such a measure. */
static const struct sandbox_refusal *judge_kind(enum releve_kind kind, const struct sandbox_scene *scene,
                                                const struct sandbox_client *client)
{
    const struct sandbox_point *point = sandbox_points_find(scene->points, client->prm);
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    if (facts->direction == RELEVE_PRODUCTION ? !client->production : !client->consumption)
        return &wrong_direction;
    if (facts->quantity == RELEVE_LOAD_CURVE && point->objections[facts->direction] == SANDBOX_CURVE_OBJECTED)
        return &curve_objected;
    return NULL;
}

/* The range is one that it may be asked for. */
static const struct sandbox_refusal *judge_range(const struct sandbox_ask *ask, const struct sandbox_scene *scene,
                                                 const struct sandbox_asked *asked)
{
    const struct sandbox_point *point = sandbox_points_find(scene->points, asked->client.prm);
    const struct releve_kind_facts *facts = releve_kind_facts(ask->kind);
    if (releve_span_days(asked->span) > facts->call_days_max - scene->settings->call_days_less)
        return &too_long[ask->generation][facts->call_days_max == CURVE_CALL_DAYS ? 0 : 1];
    if (asked->span.first < releve_kind_history(ask->kind, scene->today).first)
        return &too_old[ask->generation];
    if (asked->span.first < point->consent_start)
        return &before_consent;
    if (asked->span.first < asked->client.activation[facts->direction])
        return &before_activation; /* the whole range, even where its end has data */
    return NULL;
}

const struct sandbox_refusal *sandbox_rules_measure(const struct sandbox_ask *ask, const struct sandbox_scene *scene,
                                                    struct sandbox_asked *asked)
{
    releve_prm prm;
    if (outside_specification(ask))
        return &technical;
    const struct sandbox_refusal *refusal = judge_form(ask, scene, &prm, &asked->span);
    if (refusal == NULL)
        refusal = judge_point(ask->generation, prm, (enum sandbox_aspect)releve_kind_facts(ask->kind)->direction, scene,
                              &asked->client);
    if (refusal == NULL)
        refusal = judge_kind(ask->kind, scene, &asked->client);
    return refusal != NULL ? refusal : judge_range(ask, scene, asked);
}

bool sandbox_rules_serve(enum releve_kind kind, releve_prm prm, const struct sandbox_scene *scene,
                         struct sandbox_client *client)
{
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    enum sandbox_aspect aspect = (enum sandbox_aspect)facts->direction;
    return judge_point(SANDBOX_2026, prm, aspect, scene, client) == NULL && judge_kind(kind, scene, client) == NULL &&
           sandbox_client_has(client, facts->direction) && (client->curve || facts->quantity != RELEVE_LOAD_CURVE);
}

const struct sandbox_refusal *sandbox_rules_customer(enum sandbox_generation generation, const char *prm,
                                                     const struct sandbox_scene *scene, struct sandbox_client *client)
{
    const struct sandbox_refusal *wrong = wrong_requests[generation];
    bool v5 = generation == SANDBOX_V5;
    releve_prm number;
    if (prm == NULL)
        return v5 ? &wrong[PRM_MISSING] : &technical; /* in 2026 it belongs into the path */
    if (!releve_prm_parse(prm, strlen(prm), &number))
        return v5 ? &wrong[PRM_ILL_FORMED] : &technical;
    const struct sandbox_refusal *refusal = judge_point(generation, number, SANDBOX_DOCUMENTED, scene, client);
    if (refusal == NULL && v5 && !client->consumption)
        return &no_data[generation]; /* docs/enedis.md, Sandbox clients */
    return refusal;
}
