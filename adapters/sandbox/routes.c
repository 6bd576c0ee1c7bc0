/* The table of paths. A few string comparisons are nothing beside one system call. */
#include "routes.h"
#include <assert.h>
#include <string.h>

#define MEASURE_V5(path, kind)                                        \
    {                                                                 \
        path, SANDBOX_MEASURE, SANDBOX_V5, SANDBOX_BUCKET_V5, kind, 0 \
    }
#define MEASURE_2026(path, kind)                                                      \
    {                                                                                 \
        path, SANDBOX_MEASURE, SANDBOX_2026, SANDBOX_BUCKET_MESURE_SYNCHRONE, kind, 0 \
    }
#define MEASURE_CONSO(path, kind)                                          \
    {                                                                      \
        path, SANDBOX_MEASURE, SANDBOX_2026, SANDBOX_BUCKET_CONSO, kind, 0 \
    }
#define CUSTOMER_V5(path, document)                                                   \
    {                                                                                 \
        path, SANDBOX_CUSTOMER, SANDBOX_V5, SANDBOX_BUCKET_V5, RELEVE_KINDS, document \
    }
#define CUSTOMER_2026(path, bucket, document)                                \
    {                                                                        \
        path, SANDBOX_CUSTOMER, SANDBOX_2026, bucket, RELEVE_KINDS, document \
    }

static const struct sandbox_route routes[SANDBOX_ROUTES] = {
    {"/oauth2/v3/token", SANDBOX_TOKEN, SANDBOX_2026, SANDBOX_BUCKET_OAUTH2, RELEVE_KINDS, 0},
    MEASURE_V5("/metering_data_dc/v5/daily_consumption", RELEVE_DAILY_CONSUMPTION),
    MEASURE_V5("/metering_data_clc/v5/consumption_load_curve", RELEVE_CONSUMPTION_LOAD_CURVE),
    MEASURE_V5("/metering_data_dcmp/v5/daily_consumption_max_power", RELEVE_DAILY_CONSUMPTION_MAX_POWER),
    MEASURE_V5("/metering_data_dp/v5/daily_production", RELEVE_DAILY_PRODUCTION),
    MEASURE_V5("/metering_data_plc/v5/production_load_curve", RELEVE_PRODUCTION_LOAD_CURVE),
    MEASURE_2026("/mesure_synchrone_auto/v2/consommation_quotidienne", RELEVE_DAILY_CONSUMPTION),
    MEASURE_2026("/mesure_synchrone_auto/v2/courbe_de_charge_consommation", RELEVE_CONSUMPTION_LOAD_CURVE),
    MEASURE_2026("/mesure_synchrone_auto/v2/puissance_conso_max_quotidienne", RELEVE_DAILY_CONSUMPTION_MAX_POWER),
    MEASURE_2026("/mesure_synchrone_auto/v2/production_quotidienne", RELEVE_DAILY_PRODUCTION),
    MEASURE_2026("/mesure_synchrone_auto/v2/courbe_de_charge_production", RELEVE_PRODUCTION_LOAD_CURVE),
    MEASURE_2026("/mesure_synchrone_auto/v2/index_consommation", RELEVE_INDEX_CONSUMPTION),
    MEASURE_2026("/mesure_synchrone_auto/v2/index_production", RELEVE_INDEX_PRODUCTION),
    CUSTOMER_V5("/customers_upc/v5/usage_points/contracts", SANDBOX_DOCUMENT_CONTRACTS),
    CUSTOMER_V5("/customers_upa/v5/usage_points/addresses", SANDBOX_DOCUMENT_ADDRESSES),
    CUSTOMER_V5("/customers_i/v5/identity", SANDBOX_DOCUMENT_IDENTITY),
    CUSTOMER_V5("/customers_cd/v5/contact_data", SANDBOX_DOCUMENT_CONTACT),
    CUSTOMER_2026("/situation_contrat_auto/v1", SANDBOX_BUCKET_SITUATION_CONTRAT, SANDBOX_DOCUMENT_SITUATION),
    CUSTOMER_2026("/donnees_generales_auto/v1", SANDBOX_BUCKET_DONNEES_GENERALES, SANDBOX_DOCUMENT_GENERAL),
    CUSTOMER_2026("/synth_contrat_auto/v1", SANDBOX_BUCKET_SYNTH_CONTRAT, SANDBOX_DOCUMENT_SYNTHESIS),
    CUSTOMER_2026("/comptage_auto/v1", SANDBOX_BUCKET_COMPTAGE, SANDBOX_DOCUMENT_METER),
    MEASURE_CONSO("/api/consommation_quotidienne", RELEVE_DAILY_CONSUMPTION),
    MEASURE_CONSO("/api/courbe_de_charge_consommation", RELEVE_CONSUMPTION_LOAD_CURVE),
    MEASURE_CONSO("/api/puissance_conso_max_quotidienne", RELEVE_DAILY_CONSUMPTION_MAX_POWER),
    MEASURE_CONSO("/api/production_quotidienne", RELEVE_DAILY_PRODUCTION),
    MEASURE_CONSO("/api/courbe_de_charge_production", RELEVE_PRODUCTION_LOAD_CURVE),
    MEASURE_CONSO("/api/index_consommation", RELEVE_INDEX_CONSUMPTION),
    MEASURE_CONSO("/api/index_production", RELEVE_INDEX_PRODUCTION),
    {"/subscribed_services/v1", SANDBOX_SERVICES, SANDBOX_2026, SANDBOX_BUCKET_SUBSCRIBED_SERVICES, RELEVE_KINDS, 0},
};

static bool served(enum sandbox_api api, const struct sandbox_route *route)
{
    return route->service == SANDBOX_TOKEN ||
           (route->generation == SANDBOX_V5 ? api != SANDBOX_API_2026 : api != SANDBOX_API_V5);
}

int sandbox_route_find(enum sandbox_api api, const char *path, const char **rest)
{
    for (int i = 0; i < SANDBOX_ROUTES; i++) {
        size_t length = strlen(routes[i].path);
        if (!served(api, &routes[i]) || strncmp(path, routes[i].path, length) != 0)
            continue;
        bool takes_rest = routes[i].service == SANDBOX_CUSTOMER && routes[i].generation == SANDBOX_2026;
        if (path[length] == '\0' || (path[length] == '/' && takes_rest)) {
            *rest = path + length;
            return i;
        }
    }
    return -1;
}

static_assert(SANDBOX_ROUTES <= 32, "routes are bits of a uint32_t");

uint32_t sandbox_routes_of_family(const char *family, size_t length)
{
    uint32_t found = 0;
    for (int i = 0; i < SANDBOX_ROUTES; i++) {
        const char *segment = routes[i].path + 1;
        if (strcspn(segment, "/") == length && strncmp(segment, family, length) == 0)
            found |= 1u << i;
    }
    return found;
}

uint32_t sandbox_route_family(int number, char family[SANDBOX_FAMILY_BYTES])
{
    const char *segment = sandbox_route(number)->path + 1;
    size_t length = strcspn(segment, "/");
    assert(length < SANDBOX_FAMILY_BYTES);
    memcpy(family, segment, length);
    family[length] = '\0';
    return sandbox_routes_of_family(segment, length);
}

const struct sandbox_route *sandbox_route(int number)
{
    assert(number >= 0 && number < SANDBOX_ROUTES);
    return &routes[number];
}
