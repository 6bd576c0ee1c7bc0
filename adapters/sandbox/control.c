/* Control JSON is checked whole into a draft, and only then applied. */
#include "control.h"
#include "control_points.h"
#include "control_settings.h"
#include <string.h>

/* The settings to come, and what is done once. Lists are read again when they are applied. */
struct draft {
    struct sandbox_settings settings;
    bool set_today, set_quota, set_close, expire_tokens;
    releve_time close_ms;
    enum sandbox_throttle close_form;
    const cJSON *points[SANDBOX_POINT_KEYS]; /* the value of each key */
};

static enum releve_code read_quota(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!cJSON_IsString(json))
        return sandbox_control_wrong(error, json->string, "a text such as \"5/1s,1000/1h\"");
    draft->set_quota = true;
    return releve_quota_parse(json->valuestring, &draft->settings.quota, error);
}

static enum releve_code read_today(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!sandbox_read_day(json, &draft->settings.today))
        return sandbox_control_wrong(error, json->string, "a day: \"YYYY-MM-DD\"");
    draft->set_today = true;
    return RELEVE_OK;
}

static enum releve_code read_expire_tokens(const cJSON *json, struct draft *draft, struct releve_error *error)
{
    if (!cJSON_IsBool(json))
        return sandbox_control_wrong(error, json->string, "true or false");
    draft->expire_tokens = cJSON_IsTrue(json);
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
    if (!sandbox_read_whole(cJSON_GetObjectItemCaseSensitive(json, "ms"), SANDBOX_CLOSE_MS_MAX, &ms))
        return sandbox_control_wrong(error, json->string, "an object with \"ms\": a whole number of at most 86400000");
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
    return sandbox_control_wrong(error, "form", "\"wso2\", \"q4\", \"sla\", \"throttle200\" or \"retry_after\"");
}

static const struct {
    const char *name;
    enum releve_code (*read)(const cJSON *json, struct draft *draft, struct releve_error *error);
} keys[] = {
    {"quota", read_quota},
    {"today", read_today},
    {"expire_tokens", read_expire_tokens},
    {"close", read_close},
};

static enum releve_code read_key(const cJSON *item, struct draft *draft, struct releve_error *error)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(item->string, keys[i].name) == 0)
            return keys[i].read(item, draft, error);
    }
    bool known;
    enum releve_code code = sandbox_control_read_setting(item, &draft->settings, &known, error);
    int key = sandbox_control_point_key(item->string);
    if (known)
        return code;
    if (key < 0)
        return releve_fail(error, RELEVE_E_USAGE, "control: nothing is named \"%.40s\"", item->string);
    draft->points[key] = item;
    return sandbox_control_check_points(key, item, error);
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
    for (int i = 0; i < SANDBOX_POINT_KEYS; i++)
        all = sandbox_control_apply_points(i, draft->points[i], &gateway->points) && all;
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
    (void)cJSON_AddNumberToObject(json, "population", settings->population);
    sandbox_control_write_settings(settings, json);
    return json;
}
