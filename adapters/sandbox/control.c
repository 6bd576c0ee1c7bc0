/* Control JSON is checked whole into a draft, and only then applied. */
#include "control.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define POINT_KEYS 5

/* The settings to come, and what is done once. Lists are read again when they are applied. */
struct draft {
    struct sandbox_settings settings;
    bool set_today, set_quota, set_close, expire_tokens;
    releve_time close_ms;
    enum sandbox_throttle close_form;
    const cJSON *points[POINT_KEYS]; /* as point_keys */
};

static enum releve_code wrong(struct releve_error *error, const char *key, const char *what)
{
    return releve_fail(error, RELEVE_E_USAGE, "control: \"%.40s\" must be %s", key, what);
}

static bool read_whole(const cJSON *item, double max, double *value)
{
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > max ||
        floor(item->valuedouble) < item->valuedouble)
        return false;
    *value = item->valuedouble;
    return true;
}

static enum releve_code read_faults(const cJSON *json, const char *key, struct sandbox_faults *faults,
                                    struct releve_error *error)
{
    *faults = (struct sandbox_faults){{0}};
    if (!cJSON_IsObject(json))
        return wrong(error, key, "an object of fault names and rates");
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        enum sandbox_fault fault;
        if (!sandbox_fault_parse(item->string, strlen(item->string), &fault))
            return releve_fail(error, RELEVE_E_USAGE, "control: \"%.40s\": no fault is named \"%.40s\"", key,
                               item->string);
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 1))
            return wrong(error, item->string, "a rate from 0 to 1");
        faults->rate[fault] = item->valuedouble;
    }
    return RELEVE_OK;
}

static enum releve_code read_latency(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!cJSON_IsString(json) || !sandbox_latency_parse(json->valuestring, &draft->settings.latency))
        return wrong(error, json->string, "\"MS\" or \"MS:JITTER_MS\", each at most 60000");
    return RELEVE_OK;
}

static enum releve_code read_global_faults(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    return read_faults(json, json->string, &draft->settings.faults, error);
}

static enum releve_code read_quota(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!cJSON_IsString(json))
        return wrong(error, json->string, "a text such as \"5/1s,1000/1h\"");
    draft->set_quota = true;
    return releve_quota_parse(json->valuestring, &draft->settings.quota, error);
}

static enum releve_code read_today(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!cJSON_IsString(json) ||
        !releve_day_parse(json->valuestring, strlen(json->valuestring), &draft->settings.today))
        return wrong(error, json->string, "a day: \"YYYY-MM-DD\"");
    draft->set_today = true;
    return RELEVE_OK;
}

static enum releve_code read_late_days(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    double days;
    if (!read_whole(json, SANDBOX_LATE_DAYS_MAX, &days))
        return wrong(error, json->string, "a whole number from 0 to 366");
    draft->settings.late_days = (int)days;
    return RELEVE_OK;
}

static enum releve_code read_expire_tokens(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!cJSON_IsBool(json))
        return wrong(error, json->string, "true or false");
    draft->expire_tokens = cJSON_IsTrue(json);
    return RELEVE_OK;
}

/* --- what is special about usage points: lists of PRMs, or objects {PRM: something} -------------------- */

static enum releve_code revoke(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    (void)item, (void)error;
    point->consent = SANDBOX_CONSENT_REVOKED;
    return RELEVE_OK;
}

static enum releve_code grant(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    (void)item, (void)error;
    point->consent = SANDBOX_CONSENT_GRANTED;
    return RELEVE_OK;
}

static enum releve_code set_faults(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return read_faults(item, item->string, &point->faults, error);
}

static enum releve_code set_consent_start(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    point->consent_start = RELEVE_DAY_NONE;
    bool day =
        cJSON_IsString(item) && releve_day_parse(item->valuestring, strlen(item->valuestring), &point->consent_start);
    return day || cJSON_IsNull(item) ? RELEVE_OK : wrong(error, "consent_start", "days, \"YYYY-MM-DD\", or null");
}

static enum releve_code set_objection(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    static const char *const codes[] = {[SANDBOX_CURVE_OBJECTED] = "ADAM-ERR0075",
                                        [SANDBOX_NOT_HOLDER] = "ADAM-ERR0061",
                                        [SANDBOX_NOT_OWNER] = "ADAM-DC-0007"};
    point->objection = SANDBOX_NO_OBJECTION;
    for (size_t i = 1; cJSON_IsString(item) && i < sizeof codes / sizeof codes[0]; i++) {
        if (strcmp(item->valuestring, codes[i]) == 0)
            point->objection = (enum sandbox_objection)i;
    }
    return point->objection != SANDBOX_NO_OBJECTION || cJSON_IsNull(item)
               ? RELEVE_OK
               : wrong(error, "refuse", "\"ADAM-ERR0061\", \"ADAM-ERR0075\", \"ADAM-DC-0007\" or null");
}

static const struct point_key {
    const char *name;
    bool list;
    enum releve_code (*set)(const cJSON *item, struct sandbox_point *point, struct releve_error *error);
} point_keys[POINT_KEYS] = {
    {"revoke", true, revoke},
    {"grant", true, grant},
    {"consent_start", false, set_consent_start},
    {"refuse", false, set_objection},
    {"point_faults", false, set_faults},
};

static bool prm_of(const struct point_key *key, const cJSON *item, releve_prm *prm)
{
    const char *text = key->list ? cJSON_GetStringValue(item) : item->string;
    return text != NULL && releve_prm_parse(text, strlen(text), prm);
}

static enum releve_code read_points(const struct point_key *key, const cJSON *json, struct releve_error *error)
{
    const char *what = key->list ? "a list of PRMs, each a text of 14 digits" : "an object of PRMs";
    if (!(key->list ? cJSON_IsArray(json) : cJSON_IsObject(json)))
        return wrong(error, key->name, what);
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        releve_prm prm;
        struct sandbox_point tried;
        if (!prm_of(key, item, &prm))
            return key->list ? wrong(error, key->name, what) : wrong(error, item->string, "a PRM of 14 digits");
        if (key->set(item, &tried, error) != RELEVE_OK)
            return error->code;
    }
    return RELEVE_OK;
}

/* Items were read before: they are well-formed. */
static bool apply_points(struct sandbox_points *points, const struct point_key *key, const cJSON *json)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        releve_prm prm = 0;
        struct sandbox_point *point = prm_of(key, item, &prm) ? sandbox_points_edit(points, prm) : NULL;
        if (point == NULL)
            return false;
        (void)key->set(item, point, NULL);
    }
    return true;
}

/* --- everything else ------------------------------------------------------------------------------------ */

static enum releve_code read_unsubscribed(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    const cJSON *item;
    if (!cJSON_IsArray(json))
        return wrong(error, json->string, "a list of API families");
    draft->settings.unsubscribed = 0;
    cJSON_ArrayForEach(item, json) {
        uint32_t routes = cJSON_IsString(item) ? sandbox_routes_of_family(item->valuestring) : 0;
        if (routes == 0)
            return wrong(error, json->string, "a list of API families, such as mesure_synchrone_auto");
        draft->settings.unsubscribed |= routes;
    }
    return RELEVE_OK;
}

static enum releve_code read_close(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    static const struct {
        const char *name;
        enum sandbox_throttle form;
    } forms[] = {{"wso2", SANDBOX_THROTTLE_WSO2},
                 {"q4", SANDBOX_THROTTLE_Q4},
                 {"sla", SANDBOX_THROTTLE_SLA},
                 {"throttle200", SANDBOX_THROTTLE_UNDER_200},
                 {"retry_after", SANDBOX_THROTTLE_RETRY_AFTER}};
    const cJSON *form = cJSON_GetObjectItemCaseSensitive(json, "form");
    double ms;
    if (!read_whole(cJSON_GetObjectItemCaseSensitive(json, "ms"), SANDBOX_CLOSE_MS_MAX, &ms))
        return wrong(error, json->string, "an object with \"ms\": a whole number of at most 86400000");
    draft->set_close = true;
    draft->close_ms = (releve_time)ms;
    draft->close_form = SANDBOX_THROTTLE_WSO2;
    if (form == NULL)
        return RELEVE_OK;
    for (size_t i = 0; cJSON_IsString(form) && i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(form->valuestring, forms[i].name) == 0) {
            draft->close_form = forms[i].form;
            return RELEVE_OK;
        }
    }
    return wrong(error, "form", "\"wso2\", \"q4\", \"sla\", \"throttle200\" or \"retry_after\"");
}

static const struct {
    const char *name;
    enum releve_code (*read)(const cJSON *json, struct draft *draft, struct releve_error *error);
} keys[] = {
    {"latency", read_latency},
    {"faults", read_global_faults},
    {"quota", read_quota},
    {"today", read_today},
    {"late_days", read_late_days},
    {"expire_tokens", read_expire_tokens},
    {"unsubscribed", read_unsubscribed},
    {"close", read_close},
};

static enum releve_code read_key(const cJSON *item, struct draft *draft, struct releve_error *error)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(item->string, keys[i].name) == 0)
            return keys[i].read(item, draft, error);
    }
    for (size_t i = 0; i < POINT_KEYS; i++) {
        if (strcmp(item->string, point_keys[i].name) != 0)
            continue;
        draft->points[i] = item;
        return read_points(&point_keys[i], item, error);
    }
    return releve_fail(error, RELEVE_E_USAGE, "control: nothing is named \"%.40s\"", item->string);
}

static enum releve_code apply(struct sandbox_gateway *gateway, const struct draft *draft, struct releve_error *error)
{
    gateway->settings = draft->settings;
    if (draft->set_today)
        sandbox_clock_set(&gateway->clock, draft->settings.today);
    if (draft->set_quota)
        sandbox_audit_set_quota(&gateway->audit, &draft->settings.quota);
    if (draft->expire_tokens)
        sandbox_tokens_expire(&gateway->tokens);
    if (draft->set_close) {
        gateway->closed_until = draft->close_ms > 0 ? sandbox_clock_real() + draft->close_ms : 0;
        gateway->closed_form = draft->close_form;
    }
    bool all = true;
    for (size_t i = 0; i < POINT_KEYS; i++)
        all = apply_points(&gateway->points, &point_keys[i], draft->points[i]) && all;
    return all ? RELEVE_OK
               : releve_fail(error, RELEVE_E_SYSTEM,
                             "control: no room for more than %u PRMs of their own; the first ones were applied",
                             SANDBOX_POINTS_MAX);
}

enum releve_code sandbox_control_apply(struct sandbox_gateway *gateway, const char *text, size_t length,
                                       struct releve_error *error)
{
    cJSON *json = cJSON_ParseWithLength(text, length);
    enum releve_code code = RELEVE_OK;
    struct draft draft = {.settings = gateway->settings};
    if (!cJSON_IsObject(json))
        code = releve_fail(error, RELEVE_E_USAGE, "control: the body must be one JSON object");
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
        if (code == RELEVE_OK)
            code = read_key(item, &draft, error);
    if (code == RELEVE_OK)
        code = apply(gateway, &draft, error);
    cJSON_Delete(json);
    return code;
}

cJSON *sandbox_control_json(const struct sandbox_gateway *gateway)
{
    const struct sandbox_settings *settings = &gateway->settings;
    char text[RELEVE_QUOTA_TEXT];
    cJSON *json = cJSON_CreateObject();
    (void)cJSON_AddStringToObject(json, "api", sandbox_api_name(settings->api));
    releve_quota_format(&settings->quota, text);
    (void)cJSON_AddStringToObject(json, "quota", text);
    releve_day_format(sandbox_clock_today(&gateway->clock), text);
    (void)cJSON_AddStringToObject(json, "today", text);
    (void)snprintf(text, sizeof text, "%u:%u", settings->latency.fixed_ms, settings->latency.jitter_ms);
    (void)cJSON_AddStringToObject(json, "latency", text);
    (void)cJSON_AddNumberToObject(json, "late_days", settings->late_days);
    (void)cJSON_AddNumberToObject(json, "population", settings->population);
    cJSON *faults = cJSON_AddObjectToObject(json, "faults");
    for (int i = 0; i < SANDBOX_FAULTS; i++) {
        if (settings->faults.rate[i] > 0)
            (void)cJSON_AddNumberToObject(faults, sandbox_fault_name((enum sandbox_fault)i), settings->faults.rate[i]);
    }
    return json;
}
