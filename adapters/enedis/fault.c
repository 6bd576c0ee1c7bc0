/* Error bodies: {"code","message","description"} of the gateway, {"code","libelle"} of 2026, {"error",
 * "error_description"} of v5 and of OAuth, any of them inside "error" or "fault", or as members of a list. Forms:
 * docs/enedis.md, Quotas, Errors and Conso API. */
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
    static const char *const texts[] = {"message", "libelle", "error_description", "description"};
    add_code(fault, enedis_json_get(object, "code"));
    add_code(fault, enedis_json_get(object, "error"));
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(fault, enedis_json_text(object, texts[i]));
    if (!fault->next_access_time)
        fault->next_access_time = enedis_json_text(object, "nextAccessTime");
}

const cJSON *enedis_fault_list(const cJSON *root)
{
    const cJSON *list = cJSON_IsObject(root) ? enedis_json_get(root, "error") : root;
    return cJSON_IsArray(list) ? list : NULL;
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

void enedis_fault_copy(struct enedis_fault *to, const struct enedis_fault *from)
{
    *to = *from;
    if (from->code == from->number)
        to->code = to->number;
}

/* `phrase` at the beginning of `text`, in any case. */
static bool begins_with_phrase(const char *text, const char *phrase)
{
    for (; *phrase && *phrase != ENEDIS_FAULT_ANY; text++, phrase++)
        if (tolower((unsigned char)*text) != tolower((unsigned char)*phrase))
            return false;
    if (*phrase == '\0')
        return true;
    for (size_t skipped = 0; skipped <= ENEDIS_FAULT_ANY_BYTES_MAX; skipped++) {
        if (begins_with_phrase(text + skipped, phrase + 1))
            return true;
        if (text[skipped] == '\0')
            break;
    }
    return false;
}

static bool holds_phrase(const char *text, const char *phrase)
{
    for (; *text; text++)
        if (begins_with_phrase(text, phrase))
            return true;
    return false;
}

bool enedis_fault_says(const struct enedis_fault *fault, const char *phrase)
{
    bool found = holds_phrase(fault->code, phrase); /* "error" may be a sentence */
    for (int i = 0; i < fault->texts_count && !found; i++)
        found = holds_phrase(fault->texts[i], phrase);
    return found;
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

static bool carries(const char *text, const char *code)
{
    if (strchr(code, '-') == NULL) /* a bare number or word in a sentence is no code */
        return begins_with(text, code) && text[strlen(code)] == '\0';
    for (; *text; text++)
        if (begins_with(text, code))
            return true;
    return false;
}

bool enedis_fault_has_code(const struct enedis_fault *fault, const char *code)
{
    bool found = carries(fault->code, code);
    for (int i = 0; i < fault->texts_count && !found; i++)
        found = carries(fault->texts[i], code);
    return found;
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
