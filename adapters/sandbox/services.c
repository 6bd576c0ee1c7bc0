/* The answer. Its texts are of one shape and may be some thousands, so no tree is built of them. */
#include "services.h"
#include "chance.h"

#define CONSENT_DAYS 365 /* how long a consent holds, again and again */

/* The services of a usage point, each there where that measure is. */
static const struct {
    const char *type;
    enum releve_kind kind;
} services[] = {
    {"CDC", RELEVE_CONSUMPTION_LOAD_CURVE},
    {"ENERGIE", RELEVE_DAILY_CONSUMPTION},
    {"PMAX", RELEVE_DAILY_CONSUMPTION_MAX_POWER},
    {"IDX", RELEVE_INDEX_CONSUMPTION},
    {"CDC", RELEVE_PRODUCTION_LOAD_CURVE},
    {"ENERGIE", RELEVE_DAILY_PRODUCTION},
    {"IDX", RELEVE_INDEX_PRODUCTION},
};

#define SERVICES_COUNT (sizeof services / sizeof services[0])

/* A usage point's consent, which is one for all of its services. */
struct consent {
    releve_day first, end;
    bool requested; /* it has not begun yet */
};

static struct consent consent_of(const struct sandbox_scene *scene, releve_prm prm)
{
    const struct sandbox_point *point = sandbox_points_find(scene->points, prm);
    releve_day drawn = (releve_day)(sandbox_chance(scene->settings->seed, SANDBOX_TOPIC_CONSENT, prm) % CONSENT_DAYS);
    releve_day first = point->consent_start;
    if (first == RELEVE_DAY_NONE) /* the last one of its anniversaries */
        first = scene->today - (scene->today - drawn) % CONSENT_DAYS;
    releve_day end = first + CONSENT_DAYS;
    while (end <= scene->today)
        end += CONSENT_DAYS;
    return (struct consent){first, end, first > scene->today};
}

static const char *step_of(const struct sandbox_client *client, enum releve_kind kind, releve_day today)
{
    static const char *const steps[SANDBOX_PACES] = {[SANDBOX_PACE_30] = "PT30M",
                                                     [SANDBOX_PACE_10] = "PT10M",
                                                     [SANDBOX_PACE_SWITCHED] = "PT30M",
                                                     [SANDBOX_PACE_60] = "PT60M",
                                                     [SANDBOX_PACE_HOUR] = "PT1H"};
    releve_day switched = releve_day_from_civil(SANDBOX_SWITCH_YEAR, SANDBOX_SWITCH_MONTH, SANDBOX_SWITCH_DAY);
    if (releve_kind_facts(kind)->quantity != RELEVE_LOAD_CURVE)
        return "P1D";
    return client->pace == SANDBOX_PACE_SWITCHED && today > switched ? steps[SANDBOX_PACE_10] : steps[client->pace];
}

static void write_service(const struct sandbox_client *client, size_t number, const struct consent *consent,
                          releve_prm label, releve_day today, struct releve_text *body)
{
    enum releve_kind kind = services[number].kind;
    bool feeds = releve_kind_facts(kind)->direction == RELEVE_PRODUCTION;
    uint64_t authorization = sandbox_client_authorization(client->prm), id = authorization * 10 + number;
    char first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_day_format(consent->first, first);
    releve_day_format(consent->end, end);
    releve_text_format(
        body,
        "{\"id\":\"%" PRIu64 "\",\"injection\":%s,\"soutirage\":%s,\"serviceCode\":\"ACCES\",\"dateDebut\":\"%s\","
        "\"dateFin\":\"%s\",\"etatCode\":\"%s\",\"etatLibelle\":\"%s\",\"pointId\":\"" RELEVE_PRM_FORMAT
        "\",\"mesuresTypeCode\":\"%s\",\"mesuresPas\":\"%s\",\"autorisation\":{\"autorisationId\":%" PRIu64
        ",\"autorisationLibelle\":\"Data Connect\",\"autorisationType\":\"EXPLICITE\"}}",
        id, feeds ? "true" : "false", feeds ? "false" : "true", first, end, consent->requested ? "DEMANDE" : "ACTIF",
        consent->requested ? "Demandé" : "Actif", label, services[number].type, step_of(client, kind, today),
        authorization);
}

/* Where the writing of a page is. */
struct pager {
    uint64_t first, end; /* numbers of the services on the page */
    uint64_t total;      /* services so far */
    size_t written;
    struct releve_text list;
};

static void write_point(const struct sandbox_scene *scene, releve_prm prm, releve_prm label, struct pager *pager)
{
    struct consent consent = consent_of(scene, prm);
    for (size_t i = 0; i < SERVICES_COUNT; i++) {
        struct sandbox_client client;
        if (!sandbox_rules_serve(services[i].kind, prm, scene, &client))
            continue;
        uint64_t number = pager->total++;
        if (number < pager->first || number >= pager->end)
            continue;
        if (pager->written++ > 0)
            releve_text_byte(&pager->list, ',');
        write_service(&client, i, &consent, label != 0 ? label : prm, scene->today, &pager->list);
    }
}

size_t sandbox_services_write(const struct sandbox_inquiry *inquiry, const struct sandbox_scene *scene,
                              releve_prm label, struct releve_text *body)
{
    uint64_t page = (uint64_t)scene->settings->services_page;
    struct pager pager = {.first = (inquiry->page - 1) * page, .end = inquiry->page * page};
    for (size_t i = 0; i < inquiry->points_count; i++) {
        bool requested = consent_of(scene, inquiry->points[i]).requested;
        if (inquiry->access && (requested ? inquiry->requested : inquiry->active))
            write_point(scene, inquiry->points[i], label, &pager);
    }
    releve_text_format(body, "{\"nbTotalServices\":%" PRIu64 ",\"serviceSouscrit\":[", pager.total);
    if (pager.written > 0)
        releve_text_add(body, pager.list.bytes, pager.list.length);
    releve_text_puts(body, "]}");
    releve_text_free(&pager.list);
    return pager.written;
}
