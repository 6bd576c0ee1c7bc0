/* The generation "2026" (Data Connect 2026; docs/enedis.md, Two generations). One quota bucket for each API. */
#include "dialect_2026.h"
#include "enedis.h"
#include "json.h"
#include "judge.h"
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MEASURES "mesure_synchrone_auto"
#define MEASURES_BASE "/" MEASURES "/v2"
#define CONTRACTS "situation_contrat_auto"
#define METERING "comptage_auto"
#define SYNTHESIS "synth_contrat_auto"
#define SERVICES "subscribed_services"
#define IN_CONTRACTS \
    (RELEVE_KIND_BIT(RELEVE_CONTRACTS) | RELEVE_KIND_BIT(RELEVE_IDENTITY) | RELEVE_KIND_BIT(RELEVE_CONTACT_DATA))
#define DAILY_READING "AQ" /* typeReleve */
#define DAYS_MIN 1         /* specification: a range may be one day (docs/enedis.md, Date rules) */

struct place {
    const char *resource; /* of a measure; documents: NULL, the PRM follows the version */
    const char *quantity; /* grandeurPhysique of the body */
    const char *more;     /* further parameters that are required */
};

static const struct place places[RELEVE_KINDS] = {
    /* documents: zero */
    [RELEVE_DAILY_CONSUMPTION] = {"consommation_quotidienne", "EA", ""},
    [RELEVE_CONSUMPTION_LOAD_CURVE] = {"courbe_de_charge_consommation", "PA", ""},
    [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = {"puissance_conso_max_quotidienne", "PMA",
                                            "&mesuresPas=P1D&grandeurPhysique=PMA"},
    [RELEVE_INDEX_CONSUMPTION] = {"index_consommation", "EA", ""},
    [RELEVE_INDEX_PRODUCTION] = {"index_production", "EA", ""},
    [RELEVE_DAILY_PRODUCTION] = {"production_quotidienne", "EA", ""},
    [RELEVE_PRODUCTION_LOAD_CURVE] = {"courbe_de_charge_production", "PA", ""},
};

void enedis_2026_write_measure(const char *base, enum releve_kind kind, releve_prm prm, struct releve_span span,
                               char out[RELEVE_TARGET_BYTES])
{
    const struct place *place = &places[kind];
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    assert(place->resource);
    releve_day_format(span.first, start);
    releve_day_format(span.end, end);
    int length = snprintf(out, RELEVE_TARGET_BYTES, "%s/%s?pointId=" RELEVE_PRM_FORMAT "&dateDebut=%s&dateFin=%s%s",
                          base, place->resource, prm, start, end, place->more);
    assert(length < RELEVE_TARGET_BYTES);
    (void)length;
}

static void target(enum releve_kind kind, releve_prm prm, struct releve_span span, char out[RELEVE_TARGET_BYTES])
{
    assert(kind < RELEVE_KINDS);
    if (!releve_kind_is_document(kind)) {
        enedis_2026_write_measure(MEASURES_BASE, kind, prm, span, out);
        return;
    }
    const char *api = releve_dialect_2026.families[kind]; /* the first segment of the path, and its quota bucket */
    int length = snprintf(out, RELEVE_TARGET_BYTES, "/%s/v1/" RELEVE_PRM_FORMAT, api, prm);
    assert(length < RELEVE_TARGET_BYTES);
    (void)length;
}

static bool is_text(const cJSON *object, const char *name, const char *wanted)
{
    const char *text = enedis_json_text(object, name);
    return text && strcmp(text, wanted) == 0;
}

/* The quantities of a body, or of one of its readings, that are of the kind that was asked; each has its values taken
 * by `take`. *found where there is one of them. */
static bool read_quantities(struct enedis_measures *measures, const cJSON *list,
                            bool (*take)(struct enedis_measures *measures, const cJSON *quantity), bool *found)
{
    const struct releve_kind_facts *facts = releve_kind_facts(measures->kind);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        if (!is_text(item, "grandeurMetier", facts->direction == RELEVE_PRODUCTION ? "PROD" : "CONS") ||
            !is_text(item, "grandeurPhysique", places[measures->kind].quantity))
            continue;
        *found = true;
        if (!take(measures, item) || !enedis_measures_is_unit(measures, enedis_json_get(item, "unite"), facts))
            return false;
    }
    return true;
}

static bool take_points(struct enedis_measures *measures, const cJSON *quantity)
{
    return enedis_measures_take(measures, enedis_json_get(quantity, "points"));
}

/* What a body says beside its values. `found`: it has a quantity of the kind that was asked, or none at all. */
static bool check_rest(const cJSON *root, struct enedis_measures *measures, bool found)
{
    const struct releve_kind_facts *facts = releve_kind_facts(measures->kind);
    const cJSON *range = enedis_json_get(root, "periode");
    return (found ||
            enedis_problem(measures, "the body has no grandeur %s %s",
                           facts->direction == RELEVE_PRODUCTION ? "PROD" : "CONS", places[measures->kind].quantity)) &&
           enedis_measures_check_period(measures, enedis_json_get(root, "pas")) &&
           enedis_measures_check_range(measures, enedis_json_get(range, "dateDebut"),
                                       enedis_json_get(range, "dateFin"));
}

static bool read_body(const cJSON *root, releve_prm prm, struct enedis_measures *measures, const char **quality)
{
    const cJSON *list = enedis_json_get(root, "grandeur");
    if (!cJSON_IsArray(list))
        return enedis_problem(measures, "the body has no grandeur");
    if (!enedis_measures_is_prm(enedis_json_get(root, "idPrm"), prm))
        return enedis_problem(measures, "the body is not of the usage point that was asked");
    *quality = enedis_json_text(root, "etapeMetier");
    bool found = cJSON_GetArraySize(list) == 0;
    return read_quantities(measures, list, take_points, &found) && check_rest(root, measures, found);
}

/* A reading that is not the daily one, as of a visit or of a change of the contract. */
static bool is_other_reading(const cJSON *reading)
{
    const char *type = enedis_json_text(reading, "typeReleve");
    return type && strcmp(type, DAILY_READING) != 0;
}

/* Registers stand in readings, `contexte`; also where those of a curve stand, should they come there. Lists are taken
 * in the order of the body. */
static bool read_registers(const cJSON *root, releve_prm prm, struct enedis_measures *measures, const char **quality)
{
    const cJSON *member, *reading;
    bool any = false, lists = false, found = false;
    if (!enedis_measures_is_prm(enedis_json_get(root, "idPrm"), prm))
        return enedis_problem(measures, "the body is not of the usage point that was asked");
    *quality = enedis_json_text(root, "etapeMetier");
    cJSON_ArrayForEach(member, root) {
        bool readings = strcmp(member->string, "contexte") == 0;
        if (!cJSON_IsArray(member) || (!readings && strcmp(member->string, "grandeur") != 0))
            continue;
        lists = true;
        any = any || cJSON_GetArraySize(member) > 0;
        if (!readings && !read_quantities(measures, member, enedis_registers_take, &found))
            return false;
        cJSON_ArrayForEach(reading, member) {
            if (!readings || is_other_reading(reading))
                continue;
            *quality = *quality ? *quality : enedis_json_text(reading, "etapeMetier");
            if (!read_quantities(measures, enedis_json_get(reading, "grandeur"), enedis_registers_take, &found))
                return false;
        }
    }
    return (lists || enedis_problem(measures, "the body has neither contexte nor grandeur")) &&
           check_rest(root, measures, found || !any);
}

void enedis_2026_judge_measure(const char *api, enum releve_kind kind, releve_prm prm, struct releve_span span,
                               const struct releve_exchange_response *response, releve_time now,
                               struct releve_answer *answer)
{
    static const struct enedis_point_names points = {"points", "v", "d", "p"}, registers = {"valeur", "v", "d", "p"};
    bool has_registers = releve_kind_facts(kind)->quantity == RELEVE_REGISTERS;
    const struct enedis_reader reader = {api, has_registers ? registers : points,
                                         has_registers ? read_registers : read_body};
    enedis_judge(&reader, kind, prm, span, response, now, answer);
}

/* One answer about the contracts says who the customer is, too; but contracts are not whole without what METERING adds,
 * which is asked for them only. */
static releve_kinds held_with(enum releve_kind kind)
{
    if (kind == RELEVE_ADDRESSES)
        return RELEVE_KIND_BIT(kind);
    return kind == RELEVE_CONTRACTS ? IN_CONTRACTS : IN_CONTRACTS & ~RELEVE_KIND_BIT(RELEVE_CONTRACTS);
}

static void judge(enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer)
{
    assert(kind < RELEVE_KINDS);
    if (releve_kind_is_document(kind)) {
        const struct enedis_document_reader document = {releve_dialect_2026.families[kind], held_with(kind),
                                                        enedis_document_write_2026};
        enedis_judge_document(&document, kind, prm, response, now, answer);
        answer->wants_supplement = answer->verdict == RELEVE_DATA && kind == RELEVE_CONTRACTS;
        return;
    }
    enedis_2026_judge_measure(MEASURES, kind, prm, span, response, now, answer);
}

static void supplement_target(enum releve_kind kind, releve_prm prm, char out[RELEVE_TARGET_BYTES])
{
    assert(kind == RELEVE_CONTRACTS);
    (void)kind;
    (void)snprintf(out, RELEVE_TARGET_BYTES, "/" METERING "/v1/" RELEVE_PRM_FORMAT, prm);
}

static void judge_supplement(enum releve_kind kind, releve_prm prm, const struct releve_answer *so_far,
                             const struct releve_exchange_response *response, releve_time now,
                             struct releve_answer *answer)
{
    (void)kind, (void)prm; /* its body names no usage point */
    enedis_judge_metering(METERING, so_far, response, now, answer);
}

static void activation_target(releve_prm prm, char out[RELEVE_TARGET_BYTES])
{
    (void)snprintf(out, RELEVE_TARGET_BYTES, "/" SYNTHESIS "/v1/" RELEVE_PRM_FORMAT, prm);
}

static void judge_activation(const struct releve_exchange_response *response, releve_time now,
                             struct releve_answer *answer)
{
    enedis_judge_activation(SYNTHESIS, response, now, answer); /* its body names no usage point */
}

static void services_question(const releve_prm *prms, size_t count, uint64_t authorization, uint64_t page,
                              struct releve_text *json)
{
    assert(count <= RELEVE_SERVICES_POINTS_MAX && page > 0);
    if (count == 0)
        releve_text_format(json, "{\"autorisationId\":%" PRIu64, authorization);
    for (size_t i = 0; i < count; i++) {
        releve_text_puts(json, i == 0 ? "{\"pointId\":[\"" : "\",\"");
        releve_text_prm(json, prms[i]);
    }
    releve_text_puts(json, count > 0 ? "\"],\"comptage\":false" : ",\"comptage\":false");
    if (page > 1)
        releve_text_format(json, ",\"page\":%" PRIu64, page);
    releve_text_byte(json, '}');
}

static void judge_services(const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer, struct releve_services *services)
{
    enedis_judge_services(SERVICES, response, now, answer, services);
}

const struct releve_dialect releve_dialect_2026 = {
    .name = "2026",
    .days_min = DAYS_MIN,
    .token_family = "oauth2",
    .families = {[RELEVE_DAILY_CONSUMPTION] = MEASURES,
                 [RELEVE_CONSUMPTION_LOAD_CURVE] = MEASURES,
                 [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = MEASURES,
                 [RELEVE_DAILY_PRODUCTION] = MEASURES,
                 [RELEVE_PRODUCTION_LOAD_CURVE] = MEASURES,
                 [RELEVE_INDEX_CONSUMPTION] = MEASURES,
                 [RELEVE_INDEX_PRODUCTION] = MEASURES,
                 [RELEVE_CONTRACTS] = CONTRACTS,
                 [RELEVE_ADDRESSES] = "donnees_generales_auto",
                 [RELEVE_IDENTITY] = CONTRACTS,      /* `person` inside it */
                 [RELEVE_CONTACT_DATA] = CONTRACTS}, /* `contact_data` inside it */
    .target = target,
    .judge = judge,
    .supplement_families = {[RELEVE_CONTRACTS] = METERING}, /* off-peak hours */
    .supplement_target = supplement_target,
    .judge_supplement = judge_supplement,
    .activation_family = SYNTHESIS,
    .activation_target = activation_target,
    .judge_activation = judge_activation,
    .services_family = SERVICES,
    .services_target = "/" SERVICES "/v1",
    .services_question = services_question,
    .judge_services = judge_services,
    .judge_token = releve_dialect_judge_token,
    .answer_free = releve_dialect_answer_free,
};
