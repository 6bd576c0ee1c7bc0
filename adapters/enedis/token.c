/* Answers of the token endpoint. The token goes to the caller and nowhere else (law 7). */
#include "enedis.h"
#include "errors.h"
#include "json.h"
#include "judge.h"
#include "reason.h"
#include <stdio.h>
#include <string.h>

#define EXPIRES_SECONDS_MAX 1000000000.0 /* three decades: beyond, it is no duration */
#define EXPIRES_DIGITS_MAX 9             /* likewise */
#define NAMES_MAX 4                      /* of members that a reason names */
#define NAME_LENGTH_MAX 20               /* what is longer may be no name */
#define MEMBERS_BYTES (NAMES_MAX * (NAME_LENGTH_MAX + 2) + 16)

/* Printable ASCII without spaces, and it fits: it goes into a header line. NULL, or what is wrong with it. */
static const char *why_unusable(const cJSON *item)
{
    if (!item)
        return "it has no access_token";
    if (!cJSON_IsString(item))
        return "its access_token is no text";
    const char *token = item->valuestring;
    if (token[0] == '\0')
        return "its access_token is empty";
    for (size_t length = 0; token[length]; length++) {
        if (token[length] <= ' ' || token[length] > '~')
            return "its access_token holds a character that no header may have";
        if (length + 1 >= RELEVE_TOKEN_BYTES)
            return "its access_token is too long";
    }
    return NULL;
}

/* The names of the body's members, as far as they look like names: values may be secrets. */
static void name_members(const cJSON *root, char out[MEMBERS_BYTES])
{
    size_t used = 0;
    int named = 0;
    const cJSON *item;
    out[0] = '\0';
    cJSON_ArrayForEach(item, root) {
        const char *name = item->string;
        size_t length = name ? strlen(name) : 0;
        if (length == 0 || length > NAME_LENGTH_MAX ||
            strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != length)
            continue;
        if (named++ == NAMES_MAX)
            return;
        used += (size_t)snprintf(out + used, MEMBERS_BYTES - used, "%s%s", named > 1 ? ", " : "; it has ", name);
    }
}

/* Seconds, as a number or a text of digits; 0 where it is neither. */
static int64_t expires_in(const cJSON *root)
{
    const cJSON *item = enedis_json_get(root, "expires_in");
    if (cJSON_IsNumber(item) && item->valuedouble >= 1 && item->valuedouble <= EXPIRES_SECONDS_MAX)
        return (int64_t)item->valuedouble;
    const char *text = cJSON_IsString(item) ? item->valuestring : "";
    size_t length = strlen(text);
    if (length > EXPIRES_DIGITS_MAX || strspn(text, "0123456789") != length)
        return 0;
    int64_t seconds = 0;
    for (; *text; text++)
        seconds = seconds * 10 + (*text - '0');
    return seconds;
}

static void judge_token(const cJSON *root, struct releve_answer *answer, char token[RELEVE_TOKEN_BYTES])
{
    const char *wrong = cJSON_IsObject(root) ? why_unusable(enedis_json_get(root, "access_token")) : "it is no object";
    const char *text = enedis_json_text(root, "access_token");
    int64_t seconds = expires_in(root);
    if (!wrong && seconds <= 0)
        wrong = enedis_json_get(root, "expires_in") ? "its expires_in is no number of seconds" : "it has no expires_in";
    if (wrong) {
        char members[MEMBERS_BYTES];
        name_members(cJSON_IsObject(root) ? root : NULL, members);
        enedis_reason_bad_body(answer, "the token endpoint answered a body of no use: %s%s", wrong, members);
        return;
    }
    memcpy(token, text, strlen(text) + 1);
    answer->verdict = RELEVE_TOKEN;
    answer->expires_in_s = seconds;
}

/* Credentials are refused by the API itself, in JSON. Any other obstacle is no reason to doubt them: people would look
 * in the wrong place. */
static void judge_error(const struct releve_exchange_response *response, const struct enedis_fault *fault,
                        const cJSON *root, struct releve_answer *answer)
{
    int status = response->status;
    char code[RELEVE_REASON_CODE_BYTES];
    enedis_fault_code(fault, status, code);
    /* A body that holds a token is not quoted. */
    const char *message = enedis_json_get(root, "access_token") ? "" : enedis_fault_message(fault);
    const char *colon = message[0] ? ": " : "";
    if (enedis_fault_has_code(fault, "invalid_client") ||
        ((cJSON_IsObject(root) || fault->present) && (status == 400 || status == 401 || status == 403)))
        enedis_reason(answer, RELEVE_CREDENTIALS_REFUSED, code,
                      "upstream refuses the application's credentials (HTTP %d)%s%s", status, colon, message);
    else if (status == 404)
        enedis_reason(answer, RELEVE_BLOCKED, code,
                      "there is no token endpoint at that address (HTTP %d)%s%s; check RELEVE_UPSTREAM", status, colon,
                      message);
    else if (status >= 400 && status < 500 && !fault->present && enedis_errors_is_page(response))
        enedis_reason(answer, RELEVE_BLOCKED, code,
                      "the token endpoint answered HTTP %d with a web page: a security appliance stands before it; "
                      "check RELEVE_UPSTREAM and the network",
                      status);
    else
        enedis_reason(answer, RELEVE_TRANSIENT, code, "the token endpoint answered HTTP %d%s%s", status, colon,
                      message);
}

void releve_dialect_judge_token(const struct releve_exchange_response *response, releve_time now,
                                struct releve_answer *answer, char token[RELEVE_TOKEN_BYTES])
{
    token[0] = '\0';
    struct enedis_reply reply;
    if (!enedis_reply_open(response, NULL, &reply, answer))
        return;
    const cJSON *root = reply.problem ? NULL : reply.json.root;
    if (enedis_errors_judge_throttle(response, &reply.fault, now, answer))
        ; /* judged */
    else if (response->status != 200 || reply.fault.present)
        judge_error(response, &reply.fault, root, answer);
    else if (reply.problem)
        enedis_reason_bad_body(answer, "the token endpoint answered a body of no use: %s",
                               enedis_errors_is_page(response) ? "it is a web page" : reply.problem);
    else
        judge_token(root, answer, token);
    enedis_json_close(&reply.json, true);
}
