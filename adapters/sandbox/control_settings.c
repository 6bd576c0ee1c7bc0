/* One reader for each key. */
#include "control_settings.h"
#include "routes.h"
#include <releve/text.h>
#include <stdio.h>
#include <string.h>

static enum releve_code read_latency(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error)
{
    if (!cJSON_IsString(json) || !sandbox_latency_parse(json->valuestring, &settings->latency))
        return sandbox_control_wrong(error, json->string, "\"MS\" or \"MS:JITTER_MS\", each at most 60000");
    return RELEVE_OK;
}

static enum releve_code read_global_faults(const cJSON *json, struct sandbox_settings *settings,
                                           struct releve_error *error)
{
    return sandbox_read_faults(json, json->string, &settings->faults, error);
}

/* A whole number from 0 to `max` into *number. */
static enum releve_code read_number(const cJSON *json, int max, int *number, struct releve_error *error)
{
    double value;
    char what[48];
    (void)snprintf(what, sizeof what, "a whole number from 0 to %d", max);
    if (!sandbox_read_whole(json, max, &value))
        return sandbox_control_wrong(error, json->string, what);
    *number = (int)value;
    return RELEVE_OK;
}

static enum releve_code read_late_days(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error)
{
    return read_number(json, SANDBOX_LATE_DAYS_MAX, &settings->late_days, error);
}

static enum releve_code read_late(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error)
{
    return sandbox_read_late(json, json->string, &settings->late, error);
}

static enum releve_code read_tardiness(const cJSON *json, struct sandbox_tardiness *tardiness,
                                       struct releve_error *error)
{
    double days;
    *tardiness = (struct sandbox_tardiness){0};
    if (cJSON_IsNull(json))
        return RELEVE_OK;
    if (!cJSON_IsObject(json) || cJSON_GetArraySize(json) != 2 ||
        !sandbox_read_rate(cJSON_GetObjectItemCaseSensitive(json, "rate"), &tardiness->rate) ||
        !sandbox_read_whole(cJSON_GetObjectItemCaseSensitive(json, "days_max"), SANDBOX_LATE_DAYS_MAX, &days) ||
        days < 2)
        return sandbox_control_wrong(error, json->string,
                                     "{\"rate\": 0 to 1, \"days_max\": a whole number from 2 to 366}, or null");
    tardiness->days_max = (int)days;
    return RELEVE_OK;
}

static enum releve_code read_tardy(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error)
{
    return read_tardiness(json, &settings->tardy, error);
}

static enum releve_code read_partial(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error)
{
    return read_tardiness(json, &settings->partial, error);
}

static enum releve_code read_unsubscribed(const cJSON *json, struct sandbox_settings *settings,
                                          struct releve_error *error)
{
    const cJSON *item;
    if (!cJSON_IsArray(json))
        return sandbox_control_wrong(error, json->string, "a list of API families");
    settings->unsubscribed = 0;
    cJSON_ArrayForEach(item, json) {
        const char *name = cJSON_GetStringValue(item);
        uint32_t routes = name != NULL ? sandbox_routes_of_family(name, strlen(name)) : 0;
        if (routes == 0)
            return sandbox_control_wrong(error, json->string, "a list of API families, such as mesure_synchrone_auto");
        settings->unsubscribed |= routes;
    }
    return RELEVE_OK;
}

static enum releve_code read_end_today_refused(const cJSON *json, struct sandbox_settings *settings,
                                               struct releve_error *error)
{
    if (!cJSON_IsBool(json))
        return sandbox_control_wrong(error, json->string, "true or false");
    settings->end_today_refused = cJSON_IsTrue(json);
    return RELEVE_OK;
}

static enum releve_code read_call_days_less(const cJSON *json, struct sandbox_settings *settings,
                                            struct releve_error *error)
{
    return read_number(json, SANDBOX_CALL_DAYS_LESS_MAX, &settings->call_days_less, error);
}

static enum releve_code read_services_page(const cJSON *json, struct sandbox_settings *settings,
                                           struct releve_error *error)
{
    double services;
    if (!sandbox_read_whole(json, SANDBOX_SERVICES_PAGE, &services) || services < 1)
        return sandbox_control_wrong(error, json->string, "a whole number from 1 to 5000");
    settings->services_page = (int)services;
    return RELEVE_OK;
}

static enum releve_code read_slow_ms(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error)
{
    return read_number(json, SANDBOX_SLOW_MS_MAX, &settings->slow_ms, error);
}

/* One of `names` into *found; where it is none, the error lists them. */
static enum releve_code read_choice(const cJSON *json, const char *key, const char *const *names, int count, int *found,
                                    struct releve_error *error)
{
    *found = sandbox_read_name(json, names, count);
    if (*found >= 0)
        return RELEVE_OK;
    struct releve_text text = {0};
    for (int i = 0; i < count; i++)
        releve_text_format(&text, "%s%s", i == 0 ? "one of " : ", ", names[i]);
    releve_text_add(&text, "", 1);
    enum releve_code code = sandbox_control_wrong(error, key, text.bytes);
    releve_text_free(&text);
    return code;
}

static enum releve_code read_error_form(const cJSON *json, struct sandbox_settings *settings,
                                        struct releve_error *error)
{
    int form;
    enum releve_code code =
        read_choice(json, json->string, sandbox_error_form_names, SANDBOX_ERROR_FORMS, &form, error);
    if (code == RELEVE_OK)
        settings->error_form = (enum sandbox_error_form)form;
    return code;
}

static enum releve_code read_body_forms(const cJSON *json, struct sandbox_settings *settings,
                                        struct releve_error *error)
{
    const cJSON *item;
    enum releve_code code = RELEVE_OK;
    if (!cJSON_IsArray(json))
        return sandbox_control_wrong(error, json->string, "a list of forms");
    settings->body_forms = 0;
    cJSON_ArrayForEach(item, json) {
        int form;
        code = read_choice(item, json->string, sandbox_body_form_names, SANDBOX_BODY_FORMS, &form, error);
        if (code != RELEVE_OK)
            break;
        settings->body_forms |= 1u << form;
    }
    return code;
}

static enum releve_code read_token_form(const cJSON *json, struct sandbox_settings *settings,
                                        struct releve_error *error)
{
    int form;
    enum releve_code code =
        read_choice(json, json->string, sandbox_token_form_names, SANDBOX_TOKEN_FORMS, &form, error);
    if (code == RELEVE_OK)
        settings->token_form = (enum sandbox_token_form)form;
    return code;
}

static enum releve_code read_token_answer(const cJSON *json, struct sandbox_settings *settings,
                                          struct releve_error *error)
{
    int answer;
    enum releve_code code =
        read_choice(json, json->string, sandbox_token_answer_names, SANDBOX_TOKEN_ANSWERS, &answer, error);
    if (code == RELEVE_OK)
        settings->token_answer = (enum sandbox_token_answer)answer;
    return code;
}

static const struct {
    const char *name;
    enum releve_code (*read)(const cJSON *json, struct sandbox_settings *settings, struct releve_error *error);
} keys[] = {
    {"latency", read_latency},
    {"faults", read_global_faults},
    {"slow_ms", read_slow_ms},
    {"late_days", read_late_days},
    {"late", read_late},
    {"tardy", read_tardy},
    {"partial", read_partial},
    {"unsubscribed", read_unsubscribed},
    {"end_today_refused", read_end_today_refused},
    {"call_days_less", read_call_days_less},
    {"services_page", read_services_page},
    {"error_form", read_error_form},
    {"body_forms", read_body_forms},
    {"token_form", read_token_form},
    {"token_answer", read_token_answer},
};

enum releve_code sandbox_control_read_setting(const cJSON *item, struct sandbox_settings *settings, bool *known,
                                              struct releve_error *error)
{
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strcmp(item->string, keys[i].name) != 0)
            continue;
        *known = true;
        return keys[i].read(item, settings, error);
    }
    *known = false;
    return RELEVE_OK;
}

static void write_late(const struct sandbox_late *late, cJSON *json)
{
    for (int i = 0; i < late->count; i++) {
        char day[RELEVE_DAY_TEXT];
        releve_day_format(late->items[i].day, day);
        (void)cJSON_AddNumberToObject(json, day, late->items[i].appears_after);
    }
}

/* A family is named at its first route. */
static void write_unsubscribed(uint32_t unsubscribed, cJSON *json)
{
    for (int i = 0; i < SANDBOX_ROUTES; i++) {
        char family[SANDBOX_FAMILY_BYTES];
        uint32_t routes = sandbox_route_family(i, family);
        if ((unsubscribed & routes) != 0 && (routes & ((1u << i) - 1)) == 0)
            (void)cJSON_AddItemToArray(json, cJSON_CreateString(family));
    }
}

static void write_tardiness(const struct sandbox_tardiness *tardiness, const char *key, cJSON *json)
{
    if (tardiness->days_max == 0) {
        (void)cJSON_AddNullToObject(json, key);
        return;
    }
    cJSON *object = cJSON_AddObjectToObject(json, key);
    (void)cJSON_AddNumberToObject(object, "rate", tardiness->rate);
    (void)cJSON_AddNumberToObject(object, "days_max", tardiness->days_max);
}

void sandbox_control_write_settings(const struct sandbox_settings *settings, cJSON *json)
{
    char latency[32];
    (void)snprintf(latency, sizeof latency, "%u:%u", settings->latency.fixed_ms, settings->latency.jitter_ms);
    (void)cJSON_AddStringToObject(json, "latency", latency);
    cJSON *faults = cJSON_AddObjectToObject(json, "faults");
    for (int i = 0; i < SANDBOX_FAULTS; i++) {
        if (settings->faults.rate[i] > 0)
            (void)cJSON_AddNumberToObject(faults, sandbox_fault_name((enum sandbox_fault)i), settings->faults.rate[i]);
    }
    (void)cJSON_AddNumberToObject(json, "slow_ms", settings->slow_ms);
    (void)cJSON_AddNumberToObject(json, "late_days", settings->late_days);
    write_unsubscribed(settings->unsubscribed, cJSON_AddArrayToObject(json, "unsubscribed"));
    write_late(&settings->late, cJSON_AddObjectToObject(json, "late"));
    write_tardiness(&settings->tardy, "tardy", json);
    write_tardiness(&settings->partial, "partial", json);
    (void)cJSON_AddBoolToObject(json, "end_today_refused", settings->end_today_refused);
    (void)cJSON_AddNumberToObject(json, "call_days_less", settings->call_days_less);
    (void)cJSON_AddNumberToObject(json, "services_page", settings->services_page);
    (void)cJSON_AddStringToObject(json, "error_form", sandbox_error_form_names[settings->error_form]);
    cJSON *forms = cJSON_AddArrayToObject(json, "body_forms");
    for (int i = 0; i < SANDBOX_BODY_FORMS; i++) {
        if (sandbox_settings_body(settings, (enum sandbox_body_form)i))
            (void)cJSON_AddItemToArray(forms, cJSON_CreateString(sandbox_body_form_names[i]));
    }
    (void)cJSON_AddStringToObject(json, "token_form", sandbox_token_form_names[settings->token_form]);
    (void)cJSON_AddStringToObject(json, "token_answer", sandbox_token_answer_names[settings->token_answer]);
}
