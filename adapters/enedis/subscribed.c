/* A page of subscribed_services to usage points and kinds (docs/enedis.md, Subscribed services). A service is of one
 * sort of measure, withdrawn or fed in; one of documents is of no kind here, and still says that the usage point has
 * services. */
#include "subscribed.h"
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

/* The measures of a sort, by direction. */
static const struct {
    const char *type;
    releve_kinds kinds[RELEVE_DIRECTIONS];
} sorts[] = {
    {"CDC", {RELEVE_KIND_BIT(RELEVE_CONSUMPTION_LOAD_CURVE), RELEVE_KIND_BIT(RELEVE_PRODUCTION_LOAD_CURVE)}},
    {"ENERGIE", {RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION), RELEVE_KIND_BIT(RELEVE_DAILY_PRODUCTION)}},
    {"PMAX", {RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION_MAX_POWER), 0}},
    {"IDX", {RELEVE_KIND_BIT(RELEVE_INDEX_CONSUMPTION), RELEVE_KIND_BIT(RELEVE_INDEX_PRODUCTION)}},
    {"ITC", {0, 0}}, /* documents */
};

/* A service that says less than is known of them may be of anything: nothing is taken to be absent because of it. */
static releve_kinds kinds_of(const cJSON *item)
{
    const char *type = enedis_json_text(item, "mesuresTypeCode");
    bool drawn = cJSON_IsTrue(enedis_json_get(item, "soutirage"));
    bool fed_in = cJSON_IsTrue(enedis_json_get(item, "injection"));
    for (size_t i = 0; type && i < sizeof sorts / sizeof sorts[0]; i++) {
        if (strcmp(type, sorts[i].type) != 0)
            continue;
        releve_kinds consumed = drawn || !fed_in ? sorts[i].kinds[RELEVE_CONSUMPTION] : 0;
        releve_kinds produced = fed_in || !drawn ? sorts[i].kinds[RELEVE_PRODUCTION] : 0;
        return consumed | produced;
    }
    return RELEVE_ALL_MEASURES;
}

static bool read_item(const cJSON *item, struct releve_service *service)
{
    const char *prm = enedis_json_text(item, "pointId");
    service->kinds = kinds_of(item);
    return prm && releve_prm_parse(prm, strlen(prm), &service->prm);
}

const char *enedis_subscribed_read(const cJSON *root, struct releve_services *services)
{
    const cJSON *total = enedis_json_get(root, "nbTotalServices"), *list = enedis_json_get(root, "serviceSouscrit");
    const cJSON *item;
    *services = (struct releve_services){0};
    if (!cJSON_IsNumber(total) || total->valuedouble < 0 || total->valuedouble > 1e9)
        return "the body has no nbTotalServices";
    if (!cJSON_IsArray(list))
        return "the body has no list serviceSouscrit";
    services->total = (uint64_t)total->valuedouble;
    services->items = releve_alloc((size_t)cJSON_GetArraySize(list) + 1, sizeof *services->items);
    cJSON_ArrayForEach(item, list) {
        if (read_item(item, &services->items[services->count++]))
            continue;
        free(services->items);
        *services = (struct releve_services){0};
        return "a service has no pointId of 14 digits";
    }
    return NULL;
}
