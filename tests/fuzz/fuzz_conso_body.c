/* Days as they stand in Redis, where others may write: whatever is answered with is JSON that the dialects read as they
 * read upstream, and no day of it is spoiled.
 *
 * The first byte of the input says kind and shape, the rest is the day. */
#include "adapters/enedis/enedis.h"
#include "adapters/web/conso_body.h"
#include "fuzz.h"
#include <cjson/cJSON.h>
#include <releve/json_guard.h>

#define PRM ((releve_prm)10000000000018)
#define BODY_BYTES_MAX (1 << 20)

static void check_json(const struct releve_text *body)
{
    MUST(releve_json_guard(body->bytes, body->length, BODY_BYTES_MAX, 16) == RELEVE_JSON_SOUND);
    cJSON *json = cJSON_ParseWithLength(body->bytes, body->length);
    MUST(cJSON_IsObject(json));
    cJSON_Delete(json);
    for (size_t at = 0, length; at < body->length; at += length) {
        length = releve_utf8_length(body->bytes + at); /* it ends with a brace */
        MUST(length > 0);
    }
}

static void check_readings(const struct releve_conso_ask *ask, const struct releve_conso_answer *answer)
{
    struct releve_text text = {.length = 0};
    bool v5 = ask->shape == RELEVE_CONSO_V5, inside = v5 && answer->status == 200;
    releve_text_puts(&text, inside ? "{\"meter_reading\":" : "");
    releve_text_add(&text, answer->body.bytes, answer->body.length);
    releve_text_add(&text, "}", inside ? 2 : 0);
    releve_text_byte(&text, '\0');
    const struct releve_dialect *dialect = v5 ? &releve_dialect_v5 : &releve_dialect_2026;
    const struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_ANSWERED,
                                                      .status = (int)answer->status,
                                                      .body = text.bytes,
                                                      .body_bytes = strlen(text.bytes),
                                                      .content_type = "application/json",
                                                      .retry_after = ""};
    struct releve_answer judged;
    dialect->judge(ask->kind, PRM, ask->span, &response, 0, &judged);
    MUST(judged.verdict == (answer->status == 200 ? RELEVE_DATA : RELEVE_NO_DATA));
    MUST(answer->status == 404 || (judged.reason.code[0] == '\0' && judged.readings_count == 1));
    releve_dialect_answer_free(&judged);
    releve_text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    releve_day day = releve_day_from_civil(2026, 10, 25);
    struct releve_conso_ask ask = {.kind = (enum releve_kind)(data[0] / 2 % RELEVE_MEASURES),
                                   .shape = data[0] % 2 == 0 ? RELEVE_CONSO_V5 : RELEVE_CONSO_2026,
                                   .prm = PRM,
                                   .span = {day, day + 1}};
    if (releve_conso_type(ask.shape, ask.kind) == NULL)
        return 0;
    struct releve_conso_answer answer = {.status = 0};
    struct releve_conso_body body;
    char *text = fuzz_string(data + 1, size - 1);
    releve_conso_body_begin(&body, &ask);
    bool sound = releve_conso_body_add(&body, day, text, size - 1);
    releve_conso_body_end(&body, &answer);
    MUST(answer.status == 404 || (answer.status == 200 && sound));
    check_json(&answer.body);
    check_readings(&ask, &answer);
    releve_text_free(&answer.body);
    free(text);
    return 0;
}
