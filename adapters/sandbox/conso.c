/* See conso.h. */
#include "conso.h"
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BEARER "Bearer "
#define PAYLOAD_BYTES_MAX 3072

/* What stands between the first two dots, decoded (base64url, RFC 4648, section 5). The length; 0 where it is none. */
static size_t decode_payload(const char *token, char out[PAYLOAD_BYTES_MAX])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *payload = strchr(token, '.');
    uint32_t bits = 0;
    int count = 0;
    size_t length = 0;
    for (const char *c = payload != NULL ? payload + 1 : ""; *c != '.' && *c != '='; c++) {
        const char *digit = *c != '\0' ? strchr(digits, *c) : NULL;
        if (digit == NULL || length == PAYLOAD_BYTES_MAX)
            return 0;
        bits = bits << 6 | (uint32_t)(digit - digits);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[length++] = (char)(bits >> count);
        }
    }
    return length;
}

static bool lists(const cJSON *sub, const char *prm)
{
    const cJSON *item;
    bool listed = cJSON_IsString(sub) && strcmp(sub->valuestring, prm) == 0;
    cJSON_ArrayForEach(item, sub)
        listed = listed || (cJSON_IsString(item) && strcmp(item->valuestring, prm) == 0);
    return listed;
}

/* In its own words: {"status","message","error"}. */
static void refuse(struct sandbox_answer *answer, int status, const char *message)
{
    sandbox_answer_clear(answer);
    answer->status = status;
    releve_text_format(&answer->body, "{\"status\":%d,\"message\":\"%s\",\"error\":null}", status, message);
}

bool sandbox_conso_admit(const char *authorization, const char *prm, struct sandbox_answer *answer)
{
    char payload[PAYLOAD_BYTES_MAX];
    bool bearer = authorization != NULL && strncasecmp(authorization, BEARER, strlen(BEARER)) == 0;
    size_t length = bearer ? decode_payload(authorization + strlen(BEARER), payload) : 0;
    cJSON *json = cJSON_ParseWithLength(payload, length);
    const cJSON *sub = cJSON_GetObjectItemCaseSensitive(json, "sub");
    bool known = sub != NULL, admitted = known && (prm == NULL || lists(sub, prm));
    cJSON_Delete(json);
    if (!known)
        refuse(answer, 401, "Token invalide");
    else if (!admitted)
        refuse(answer, 403, "Ce token ne permet pas d'acc\u00e9der au PRM");
    return admitted;
}

/* A page passes as it is; what is wrapped already too. */
void sandbox_conso_wrap(struct sandbox_answer *answer)
{
    static const char own[] = "{\"status\":";
    struct releve_text *body = &answer->body, wrapped = {.length = 0};
    bool whole = answer->status == 200 || body->length == 0 || body->bytes[0] == '<';
    if (whole || (body->length > strlen(own) && memcmp(body->bytes, own, strlen(own)) == 0))
        return;
    releve_text_format(&wrapped,
                       "{\"status\":%d,\"message\":\"La requ\u00eate a \u00e9chou\u00e9\",\"error\":", answer->status);
    releve_text_add(&wrapped, body->bytes, body->length);
    releve_text_byte(&wrapped, '}');
    releve_text_free(body);
    *body = wrapped;
}
