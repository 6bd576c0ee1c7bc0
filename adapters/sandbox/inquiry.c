/* Strict: what is not known to be right is outside the specification. */
#include "control_read.h"
#include "services.h"
#include <string.h>

#define AUTHORIZATION_MAX 9007199254740991.0 /* whole numbers that a double holds exactly */
#define PAGE_MAX 1000000.0

static bool read_points(const cJSON *json, struct sandbox_inquiry *inquiry)
{
    int count = cJSON_GetArraySize(json);
    bool again = inquiry->points_count > 0; /* the member is there twice */
    if (again || !cJSON_IsArray(json) || count < 1 || count > SANDBOX_INQUIRY_POINTS_MAX)
        return false;
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        const char *text = cJSON_GetStringValue(item);
        releve_prm prm;
        size_t i = 0;
        if (text == NULL || !releve_prm_parse(text, strlen(text), &prm))
            return false;
        while (i < inquiry->points_count && inquiry->points[i] != prm)
            i++;
        if (i == inquiry->points_count)
            inquiry->points[inquiry->points_count++] = prm;
    }
    return true;
}

static bool read_authorization(const cJSON *json, uint32_t population, struct sandbox_inquiry *inquiry)
{
    double number;
    inquiry->by_authorization = true;
    if (!sandbox_read_whole(json, AUTHORIZATION_MAX, &number))
        return false;
    inquiry->points_count = sandbox_client_by_authorization((uint64_t)number, population, &inquiry->points[0]) ? 1 : 0;
    return true;
}

static bool read_states(const cJSON *json, struct sandbox_inquiry *inquiry)
{
    inquiry->active = inquiry->requested = false;
    if (!cJSON_IsArray(json) || cJSON_GetArraySize(json) == 0)
        return false;
    const cJSON *item;
    cJSON_ArrayForEach(item, json) {
        const char *text = cJSON_GetStringValue(item);
        if (text == NULL)
            return false;
        inquiry->active = inquiry->active || strcmp(text, "ACTIF") == 0;
        inquiry->requested = inquiry->requested || strcmp(text, "DEMANDE") == 0;
    }
    return true;
}

static bool read_member(const cJSON *item, uint32_t population, struct sandbox_inquiry *inquiry)
{
    const char *name = item->string;
    double page;
    if (strcmp(name, "pointId") == 0)
        return read_points(item, inquiry);
    if (strcmp(name, "autorisationId") == 0)
        return read_authorization(item, population, inquiry);
    if (strcmp(name, "etatCode") == 0)
        return read_states(item, inquiry);
    if (strcmp(name, "serviceType") == 0) {
        inquiry->access = cJSON_IsString(item) && strcmp(item->valuestring, "ACCES") == 0;
        return cJSON_IsString(item);
    }
    if (strcmp(name, "page") == 0) {
        if (!sandbox_read_whole(item, PAGE_MAX, &page) || page < 1)
            return false;
        inquiry->page = (uint64_t)page;
        return true;
    }
    return strcmp(name, "comptage") == 0 && cJSON_IsFalse(item);
}

bool sandbox_inquiry_read(const char *text, size_t length, uint32_t population, struct sandbox_inquiry *inquiry)
{
    cJSON *json = cJSON_ParseWithLength(text, length);
    *inquiry = (struct sandbox_inquiry){.active = true, .requested = true, .access = true, .page = 1};
    bool good = cJSON_IsObject(json) && cJSON_HasObjectItem(json, "comptage") &&
                cJSON_HasObjectItem(json, "pointId") != cJSON_HasObjectItem(json, "autorisationId");
    const cJSON *item;
    cJSON_ArrayForEach(item, json)
        good = good && read_member(item, population, inquiry);
    cJSON_Delete(json);
    return good;
}
