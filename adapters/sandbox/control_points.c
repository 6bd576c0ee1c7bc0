/* Values are read twice: into a point that nobody sees, to check them, and then into the real one. */
#include "control_points.h"
#include <releve/text.h>
#include <string.h>

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

static enum releve_code set_consent_start(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    point->consent_start = RELEVE_DAY_NONE;
    return cJSON_IsNull(item) || sandbox_read_day(item, &point->consent_start)
               ? RELEVE_OK
               : sandbox_control_wrong(error, "consent_start", "days, \"YYYY-MM-DD\", or null");
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
               : sandbox_control_wrong(error, "refuse", "\"ADAM-ERR0061\", \"ADAM-ERR0075\", \"ADAM-DC-0007\" or null");
}

static enum releve_code set_faults(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return sandbox_read_faults(item, item->string, &point->faults, error);
}

static const struct point_key {
    const char *name;
    bool list;
    enum releve_code (*set)(const cJSON *item, struct sandbox_point *point, struct releve_error *error);
} point_keys[SANDBOX_POINT_KEYS] = {
    {"revoke", true, revoke},
    {"grant", true, grant},
    {"consent_start", false, set_consent_start},
    {"refuse", false, set_objection},
    {"point_faults", false, set_faults},
};

int sandbox_control_point_key(const char *name)
{
    for (int i = 0; i < SANDBOX_POINT_KEYS; i++) {
        if (strcmp(name, point_keys[i].name) == 0)
            return i;
    }
    return -1;
}

static bool prm_of(const struct point_key *key, const cJSON *item, releve_prm *prm)
{
    const char *text = key->list ? cJSON_GetStringValue(item) : item->string;
    return text != NULL && releve_prm_parse(text, strlen(text), prm);
}

enum releve_code sandbox_control_check_points(int number, const cJSON *json, struct releve_error *error)
{
    const struct point_key *key = &point_keys[number];
    const char *what = key->list ? "a list of PRMs, each a text of 14 digits" : "an object of PRMs";
    if (!(key->list ? cJSON_IsArray(json) : cJSON_IsObject(json)))
        return sandbox_control_wrong(error, key->name, what);
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        releve_prm prm;
        struct sandbox_point tried;
        if (!prm_of(key, item, &prm))
            return key->list ? sandbox_control_wrong(error, key->name, what)
                             : sandbox_control_wrong(error, item->string, "a PRM of 14 digits");
        if (key->set(item, &tried, error) != RELEVE_OK)
            return error->code;
    }
    return RELEVE_OK;
}

bool sandbox_control_apply_points(int number, const cJSON *json, struct sandbox_points *points)
{
    const struct point_key *key = &point_keys[number];
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
