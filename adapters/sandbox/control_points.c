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

static enum releve_code watch(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    (void)item, (void)error;
    point->watched = true;
    return RELEVE_OK;
}

static enum releve_code set_consent_start(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    point->consent_start = RELEVE_DAY_NONE;
    return cJSON_IsNull(item) || sandbox_read_day(item, &point->consent_start)
               ? RELEVE_OK
               : sandbox_control_wrong(error, "consent_start", "days, \"YYYY-MM-DD\", or null");
}

/* --- what may differ by direction ------------------------------------------------------------------------ */

/* Sets one aspect of a point. `whole`: the value is for all aspects. */
typedef enum releve_code aspect_setter(const cJSON *json, bool whole, enum sandbox_aspect aspect,
                                       struct sandbox_point *point, struct releve_error *error);

/* The direction that a member is named after, or -1. */
static int direction_of(const cJSON *member)
{
    for (int i = 0; i < RELEVE_DIRECTIONS; i++) {
        if (strcmp(member->string, releve_direction_name((enum releve_direction)i)) == 0)
            return i;
    }
    return -1;
}

/* The item is {"consumption": VALUE, "production": VALUE}, or one value for everything. */
static enum releve_code set_aspects(const cJSON *item, aspect_setter *set, struct sandbox_point *point,
                                    struct releve_error *error)
{
    enum releve_code code = RELEVE_OK;
    bool by_direction = cJSON_IsObject(item) && item->child != NULL && direction_of(item->child) >= 0;
    for (int i = 0; !by_direction && code == RELEVE_OK && i < SANDBOX_ASPECTS; i++)
        code = set(item, true, (enum sandbox_aspect)i, point, error);
    const cJSON *member = by_direction ? item->child : NULL;
    for (; code == RELEVE_OK && member != NULL; member = member->next) {
        int direction = direction_of(member);
        if (direction < 0)
            return sandbox_control_wrong(error, member->string, "\"consumption\" or \"production\"");
        code = set(member, false, (enum sandbox_aspect)direction, point, error);
    }
    return code;
}

static enum releve_code read_activation(const cJSON *json, const char *key, releve_day *day, struct releve_error *error)
{
    *day = RELEVE_DAY_NONE;
    if (cJSON_IsString(json) && strcmp(json->valuestring, "never") == 0)
        *day = SANDBOX_NEVER;
    else if (!cJSON_IsNull(json) && !sandbox_read_day(json, day))
        return sandbox_control_wrong(error, key,
                                     "days, \"YYYY-MM-DD\", \"never\" or null, for a point or its directions");
    return RELEVE_OK;
}

static enum releve_code set_one_activation(const cJSON *json, bool whole, enum sandbox_aspect aspect,
                                           struct sandbox_point *point, struct releve_error *error)
{
    releve_day unused;
    (void)whole;
    return read_activation(json, "activation", aspect != SANDBOX_DOCUMENTED ? &point->activation[aspect] : &unused,
                           error);
}

static enum releve_code set_one_told(const cJSON *json, bool whole, enum sandbox_aspect aspect,
                                     struct sandbox_point *point, struct releve_error *error)
{
    releve_day unused;
    (void)whole;
    return read_activation(json, "told_activation", aspect != SANDBOX_DOCUMENTED ? &point->told[aspect] : &unused,
                           error);
}

static enum releve_code set_activation(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return set_aspects(item, set_one_activation, point, error);
}

static enum releve_code set_told_activation(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return set_aspects(item, set_one_told, point, error);
}

static enum releve_code set_one_objection(const cJSON *json, bool whole, enum sandbox_aspect aspect,
                                          struct sandbox_point *point, struct releve_error *error)
{
    static const char *const names[SANDBOX_OBJECTIONS] = {[SANDBOX_NO_OBJECTION] = "", /* in JSON: null */
                                                          [SANDBOX_CURVE_OBJECTED] = "ADAM-ERR0075",
                                                          [SANDBOX_NOT_HOLDER] = "ADAM-ERR0061",
                                                          [SANDBOX_NOT_OWNER] = "ADAM-DC-0007",
                                                          [SANDBOX_NOT_OWNER_400] = "400 ADAM-DC-0007",
                                                          [SANDBOX_NO_CONSENT] = "ADAM-DC-0008",
                                                          [SANDBOX_NOT_AUTHORIZED] = "not_authorized",
                                                          [SANDBOX_NO_SUCH_POINT] = "no_such_point"};
    int found = SANDBOX_NO_OBJECTION;
    if (!cJSON_IsNull(json)) {
        found = sandbox_read_name(json, names, SANDBOX_OBJECTIONS);
        if (found <= SANDBOX_NO_OBJECTION || (found == SANDBOX_NO_SUCH_POINT && !whole))
            return sandbox_control_wrong(error, "refuse",
                                         "ADAM-ERR0075, ADAM-ERR0061, ADAM-DC-0007, \"400 ADAM-DC-0007\", "
                                         "ADAM-DC-0008, not_authorized, for a whole point no_such_point, or null");
    }
    point->objections[aspect] = (enum sandbox_objection)found;
    return RELEVE_OK;
}

static enum releve_code set_objection(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return set_aspects(item, set_one_objection, point, error);
}

static enum releve_code set_some_faults(const cJSON *json, bool whole, enum sandbox_aspect aspect,
                                        struct sandbox_point *point, struct releve_error *error)
{
    (void)whole;
    return sandbox_read_faults(json, json->string, &point->faults[aspect], error);
}

static enum releve_code set_faults(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return set_aspects(item, set_some_faults, point, error);
}

/* --- the others ----------------------------------------------------------------------------------------- */

static enum releve_code set_late(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    return sandbox_read_late(item, item->string, &point->late, error);
}

static enum releve_code set_pace(const cJSON *item, struct sandbox_point *point, struct releve_error *error)
{
    static const char *const names[SANDBOX_PACES] = {[SANDBOX_PACE_30] = "PT30M",
                                                     [SANDBOX_PACE_10] = "PT10M",
                                                     [SANDBOX_PACE_SWITCHED] = "switched",
                                                     [SANDBOX_PACE_60] = "PT60M",
                                                     [SANDBOX_PACE_HOUR] = "PT1H"};
    int found = cJSON_IsNull(item) ? SANDBOX_PACE_AS_PUBLISHED : sandbox_read_name(item, names, SANDBOX_PACES);
    if (found < 0)
        return sandbox_control_wrong(error, "pace", "PT10M, PT30M, PT60M, PT1H, switched or null");
    point->pace = (enum sandbox_pace)found;
    return RELEVE_OK;
}

static const struct point_key {
    const char *name;
    bool list;
    enum releve_code (*set)(const cJSON *item, struct sandbox_point *point, struct releve_error *error);
} point_keys[SANDBOX_POINT_KEYS] = {
    {"revoke", true, revoke},
    {"grant", true, grant},
    {"watch", true, watch},
    {"consent_start", false, set_consent_start},
    {"activation", false, set_activation},
    {"told_activation", false, set_told_activation},
    {"refuse", false, set_objection},
    {"point_faults", false, set_faults},
    {"point_late", false, set_late},
    {"pace", false, set_pace},
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
