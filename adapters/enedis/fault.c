/* Error bodies: {"code","message","description"} of the gateway, {"error","error_description"} of v5 and of
 * OAuth, either of them inside "error" or "fault". Forms: docs/enedis.md, Quotas, Errors and Conso API. */
#include "fault.h"
#include "json.h"
#include "reason.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define CODE_NUMBER_MAX 1e15 /* beyond, a number is no code */

static void add_text(struct enedis_fault *fault, const char *text)
{
    if (text && text[0] != '\0' && fault->texts_count < ENEDIS_FAULT_TEXTS_MAX)
        fault->texts[fault->texts_count++] = text;
}

static void add_code(struct enedis_fault *fault, const cJSON *item)
{
    const char *text = NULL;
    if (cJSON_IsString(item)) {
        text = item->valuestring;
    } else if (cJSON_IsNumber(item) && item->valuedouble > -CODE_NUMBER_MAX && item->valuedouble < CODE_NUMBER_MAX &&
               fault->number[0] == '\0') {
        (void)snprintf(fault->number, sizeof fault->number, "%.0f", item->valuedouble);
        text = fault->number;
    }
    if (!text || text[0] == '\0')
        return;
    /* The first code counts. A second one is kept as a text: an outer code around "error": {"code": …}, or OAuth's
     * "error" beside a "code". */
    if (fault->code[0] == '\0')
        fault->code = text;
    else if (text != fault->number)
        add_text(fault, text);
}

static void read_object(const cJSON *object, struct enedis_fault *fault)
{
    static const char *const texts[] = {"message", "error_description", "description"};
    add_code(fault, enedis_json_get(object, "code"));
    add_code(fault, enedis_json_get(object, "error"));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(fault, enedis_json_text(object, texts[i]));
    if (!fault->next_access_time)
        fault->next_access_time = enedis_json_text(object, "nextAccessTime");
}

void enedis_fault_read(const cJSON *root, struct enedis_fault *fault)
{
    static const char *const wrappers[] = {"error", "fault"};
    *fault = (struct enedis_fault){.code = ""};
    if (!cJSON_IsObject(root))
        return;
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        const cJSON *inside = enedis_json_get(root, wrappers[i]);
        if (cJSON_IsObject(inside))
            read_object(inside, fault);
    }
    read_object(root, fault);
    bool named = enedis_json_get(root, "error") || enedis_json_get(root, "code") || enedis_json_get(root, "fault");
    bool data = enedis_json_get(root, "meter_reading") || enedis_json_get(root, "grandeur") ||
                enedis_json_get(root, "access_token");
    fault->present = named || (!data && (fault->texts_count > 0 || fault->next_access_time));
}

bool enedis_fault_says(const struct enedis_fault *fault, const char *phrase)
{
    for (int i = 0; i < fault->texts_count; i++)
        if (strcasestr(fault->texts[i], phrase))
            return true;
    return false;
}

static int folded(char c)
{
    return c == '_' ? '-' : toupper((unsigned char)c);
}

/* `code` at the beginning of `text`, and not part of a longer one. */
static bool begins_with(const char *text, const char *code)
{
    for (; *code; text++, code++)
        if (folded(*text) != folded(*code))
            return false;
    return !isalnum((unsigned char)*text);
}

bool enedis_fault_has_code(const struct enedis_fault *fault, const char *code)
{
    bool quotable = strchr(code, '-') != NULL; /* a bare number or word in a sentence is no code */
    size_t length = strlen(code);
    if (begins_with(fault->code, code) && (quotable || fault->code[length] == '\0'))
        return true;
    for (int i = 0; i < fault->texts_count; i++) {
        const char *text = fault->texts[i];
        if (begins_with(text, code) && (quotable || text[length] == '\0'))
            return true;
        for (; quotable && *text; text++)
            if (begins_with(text, code))
                return true;
    }
    return false;
}

const char *enedis_fault_message(const struct enedis_fault *fault)
{
    return fault->texts_count > 0 ? fault->texts[0] : "";
}

void enedis_fault_code(const struct enedis_fault *fault, int status, char out[RELEVE_REASON_CODE_BYTES])
{
    int digits = 0;
    size_t length = strlen(fault->code);
    bool fit = length > 0 && length < RELEVE_REASON_CODE_BYTES;
    for (size_t i = 0; fit && i < length; i++) {
        unsigned char c = (unsigned char)fault->code[i];
        digits = isdigit(c) ? digits + 1 : 0;
        fit = (isalnum(c) || c == '-' || c == '_' || c == '.') && digits <= ENEDIS_REASON_DIGITS_MAX;
    }
    if (fit)
        (void)snprintf(out, RELEVE_REASON_CODE_BYTES, "%s", fault->code);
    else
        (void)snprintf(out, RELEVE_REASON_CODE_BYTES, "http-%d", status);
}
