/* What the dialects make of any body as a customer document: no crash, and what is kept is JSON, in UTF-8, and holds
 * upstream's answer as it came (law 3). The input is a body; as a supplement it is added to a document that is sound.
 */
#include "adapters/enedis/enedis.h"
#include "adapters/enedis/scan.h"
#include "fuzz.h"
#include <cjson/cJSON.h>

#define PRM ((releve_prm)10000000000018)
#define NOW ((releve_time)1784261400000) /* any instant */

static const char situation[] = "[{\"usage_point_id\":\"10000000000018\",\"contract_type\":\"Contrat GRD-F\"}]";

static void check_document(const struct releve_document *document, const char *body, size_t size)
{
    size_t bytes = strlen(document->members) + sizeof "{}";
    char *text = malloc(bytes);
    MUST(text != NULL);
    (void)snprintf(text, bytes, "{%s}", document->members);
    struct enedis_scan scan = {.at = text};
    struct enedis_scanned whole;
    MUST(enedis_scan_value(&scan, &whole) && *scan.at == '\0');
    cJSON *json = cJSON_Parse(text);
    MUST(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "data")));
    MUST(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(json, "raw")));
    cJSON_Delete(json);
    bool marked = size >= 3 && memcmp(body, "\xEF\xBB\xBF", 3) == 0; /* no part of the text */
    MUST(marked || size == 0 || strstr(document->members, body));
    free(text);
}

/* `body` NULL: its text need not be in the documents. */
static void check_answer(enum releve_kind kind, const struct releve_answer *answer, const char *body, size_t size)
{
    MUST((unsigned)answer->verdict < RELEVE_VERDICTS);
    MUST((answer->verdict == RELEVE_DATA) == (answer->documents_count > 0));
    MUST((answer->verdict == RELEVE_DATA) == (answer->readings_count == 1));
    MUST(answer->documents_count <= RELEVE_DOCUMENTS_MAX);
    bool asked = false;
    for (size_t i = 0; i < answer->documents_count; i++) {
        MUST(releve_kind_is_document(answer->documents[i].kind));
        asked = asked || answer->documents[i].kind == kind;
        check_document(&answer->documents[i], body != NULL ? body : "", body != NULL ? size : 0);
    }
    MUST(asked == (answer->verdict == RELEVE_DATA));
    MUST(answer->reason.text[0] == '\0' || fuzz_is_line(answer->reason.text));
}

static void judge(const struct releve_dialect *dialect, enum releve_kind kind,
                  struct releve_exchange_response *response)
{
    struct releve_answer answer;
    dialect->judge(kind, PRM, RELEVE_DOCUMENT_SPAN, response, NOW, &answer);
    check_answer(kind, &answer, response->body, response->body_bytes);
    releve_dialect_answer_free(&answer);
}

static void judge_supplement(struct releve_exchange_response *response)
{
    static const int statuses[] = {200, 403, 404, 429, 500};
    struct releve_exchange_response first = *response;
    struct releve_answer so_far, answer;
    first.status = 200;
    first.body = situation;
    first.body_bytes = sizeof situation - 1;
    releve_dialect_2026.judge(RELEVE_CONTRACTS, PRM, RELEVE_DOCUMENT_SPAN, &first, NOW, &so_far);
    MUST(so_far.verdict == RELEVE_DATA && so_far.wants_supplement);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        response->status = statuses[i];
        releve_dialect_2026.judge_supplement(RELEVE_CONTRACTS, PRM, &so_far, response, NOW, &answer);
        check_answer(RELEVE_CONTRACTS, &answer, NULL, 0);
        MUST(!answer.wants_supplement);
        releve_dialect_answer_free(&answer);
    }
    releve_dialect_answer_free(&so_far);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *body = fuzz_string(data, size);
    struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_ANSWERED,
                                                .status = 200,
                                                .body = body,
                                                .body_bytes = size,
                                                .content_type = "",
                                                .retry_after = ""};
    for (enum releve_kind kind = RELEVE_MEASURES; kind < RELEVE_KINDS; kind++) {
        judge(&releve_dialect_v5, kind, &response);
        judge(&releve_dialect_2026, kind, &response);
    }
    judge_supplement(&response);
    free(body);
    return 0;
}
