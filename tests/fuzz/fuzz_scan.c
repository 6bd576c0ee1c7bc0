/* The scanner against cJSON: what it takes, cJSON takes too, and means the same by it; what it refuses, cJSON refuses
 * too, but for the forms in which cJSON is laxer than RFC 8259 (docs/enedis.md, Scanning). */
#include "adapters/enedis/json.h"
#include "adapters/enedis/scan.h"
#include "fuzz.h"
#include <releve/json_guard.h>

/* Why the scanner refuses what cJSON takes. */
static const char *const stricter[] = {"a text has a control character", "a text has an escape that is none",
                                       "a number is none of JSON's", "a control character stands between values"};

static bool is_stricter(const char *why)
{
    for (size_t i = 0; i < sizeof stricter / sizeof stricter[0]; i++)
        if (strcmp(why, stricter[i]) == 0)
            return true;
    return false;
}

/* No escape stands for more bytes than it has. */
static void check_text(const struct enedis_scanned *scanned, const char *text)
{
    char *copy = malloc(scanned->length + 1);
    MUST(copy && enedis_scanned_copy(scanned, copy, scanned->length + 1));
    MUST(strcmp(copy, text) == 0);
    MUST(strlen(text) >= 64 || enedis_scanned_is(scanned, text));
    free(copy);
}

static void check_value(struct enedis_scan *scan, const cJSON *item)
{
    struct enedis_scanned scanned;
    char c = enedis_scan_peek(scan);
    if (c == '{' || c == '[') {
        MUST(c == '{' ? cJSON_IsObject(item) : cJSON_IsArray(item));
        const cJSON *child = item->child;
        for (bool more = enedis_scan_enter(scan, c); more; more = enedis_scan_more(scan, c == '{' ? '}' : ']')) {
            MUST(child);
            if (c == '{') {
                MUST(enedis_scan_name(scan, &scanned));
                check_text(&scanned, child->string);
            }
            check_value(scan, child);
            child = child->next;
        }
        MUST(!scan->wrong && !child);
        return;
    }
    double number;
    MUST(enedis_scan_value(scan, &scanned));
    switch (scanned.type) {
    case ENEDIS_SCANNED_TEXT:
        MUST(cJSON_IsString(item));
        check_text(&scanned, item->valuestring);
        break;
    case ENEDIS_SCANNED_NUMBER:
        number = enedis_scanned_number(&scanned);
        MUST(cJSON_IsNumber(item) && memcmp(&item->valuedouble, &number, sizeof number) == 0);
        break;
    case ENEDIS_SCANNED_NULL:
        MUST(cJSON_IsNull(item));
        break;
    case ENEDIS_SCANNED_OTHER:
        MUST(cJSON_IsBool(item));
        break;
    case ENEDIS_SCANNED_NOTHING:
        MUST(false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    struct enedis_json json;
    const char *problem = enedis_json_open(&json, text, size);
    struct enedis_scan scan = {.at = text};
    struct enedis_scanned whole;
    (void)enedis_scan_value(&scan, &whole);
    bool taken = !scan.wrong && enedis_scan_peek(&scan) == '\0' && scan.at == text + size;
    if (taken) {
        MUST(!problem);
        scan = (struct enedis_scan){.at = text};
        check_value(&scan, json.root);
    } else if (!problem) {
        bool marked = strncmp(text, "\xEF\xBB\xBF", 3) == 0; /* whose text begins behind it */
        MUST(marked || !scan.wrong || is_stricter(scan.wrong));
        MUST(marked || scan.wrong || (*scan.at > '\0' && *scan.at < ' '));
    }
    enedis_json_close(&json, false);
    free(text);
    return 0;
}
