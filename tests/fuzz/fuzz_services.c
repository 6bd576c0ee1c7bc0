/* What 2026 makes of any body as a page of services and as a synthesis of contracts: no crash, and nothing told that
 * the kinds do not have (law 3). The input is a body. */
#include "adapters/enedis/enedis.h"
#include "fuzz.h"

#define NOW ((releve_time)1784261400000) /* any instant */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 403, 404, 429, 500};
    char *body = fuzz_string(data, size);
    struct releve_exchange_response response = {
        .outcome = RELEVE_EXCHANGE_ANSWERED, .body = body, .body_bytes = size, .content_type = "", .retry_after = ""};
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct releve_services services;
        struct releve_answer answer;
        response.status = statuses[i];
        releve_dialect_2026.judge_services(&response, NOW, &answer, &services);
        MUST((unsigned)answer.verdict < RELEVE_VERDICTS);
        MUST(answer.verdict == RELEVE_DATA || (services.items == NULL && services.count == 0));
        MUST(answer.reason.text[0] == '\0' || fuzz_is_line(answer.reason.text));
        for (size_t j = 0; j < services.count; j++)
            MUST((services.items[j].kinds & ~RELEVE_ALL_MEASURES) == 0);
        free(services.items);
        releve_dialect_2026.judge_activation(&response, NOW, &answer);
        MUST((unsigned)answer.verdict < RELEVE_VERDICTS);
        MUST(answer.reason.text[0] == '\0' || fuzz_is_line(answer.reason.text));
    }
    free(body);
    return 0;
}
