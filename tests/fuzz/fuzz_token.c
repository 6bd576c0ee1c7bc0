/* Answers of the token endpoint: a token comes out only where a header line can hold it, and no reason quotes one.
 *
 * The first byte of the input says the status, the rest is the body. */
#include "adapters/enedis/enedis.h"
#include "fuzz.h"

#define NOW ((releve_time)1784261400000) /* any instant */
#define DIGITS_MAX 9                     /* in a row: a telephone number has 10, a PRM 14 */

static void check_token(const char token[RELEVE_TOKEN_BYTES])
{
    MUST(memchr(token, '\0', RELEVE_TOKEN_BYTES));
    for (const char *at = token; *at != '\0'; at++)
        MUST(*at > ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 400, 401, 403, 404, 429, 500, 503};
    if (size == 0)
        return 0;
    char *body = fuzz_string(data + 1, size - 1);
    const struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_ANSWERED,
                                                      .status = statuses[data[0] % 8],
                                                      .body = body,
                                                      .body_bytes = size - 1,
                                                      .content_type = data[0] & 8 ? "text/html" : "application/json",
                                                      .retry_after = data[0] & 16 ? "120" : ""};
    char token[RELEVE_TOKEN_BYTES];
    struct releve_answer answer;
    releve_dialect_judge_token(&response, NOW, &answer, token);
    bool given = answer.verdict == RELEVE_TOKEN;
    check_token(token);
    MUST(given == (token[0] != '\0'));
    MUST(given == (answer.expires_in_s > 0));
    MUST(!given || response.status == 200);
    MUST(given == (answer.reason.text[0] == '\0'));
    MUST(given || fuzz_is_line(answer.reason.text));
    MUST(fuzz_digits_in_a_row(answer.reason.text) <= DIGITS_MAX);
    MUST(fuzz_digits_in_a_row(answer.reason.code) <= DIGITS_MAX);
    MUST(answer.readings == NULL);
    /* The same answer under any other status brings no token, and the one that it holds is not quoted. */
    if (given) {
        struct releve_exchange_response refused = response;
        char none[RELEVE_TOKEN_BYTES];
        refused.status = 401;
        releve_dialect_answer_free(&answer);
        releve_dialect_judge_token(&refused, NOW, &answer, none);
        MUST(answer.verdict != RELEVE_TOKEN && none[0] == '\0');
        MUST(strlen(token) < 8 || strstr(answer.reason.text, token) == NULL);
    }
    releve_dialect_answer_free(&answer);
    free(body);
    return 0;
}
