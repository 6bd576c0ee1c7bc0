/* What anybody may ask of the Conso API: what is understood is a kind, a usage point and days that are some; what is
 * not is refused in JSON.
 *
 * The first line of the input is the type, each other one a parameter, name=value. */
#include "adapters/web/conso_refusal.h"
#include "fuzz.h"
#include <cjson/cJSON.h>

static void check_refusal(struct releve_conso_answer *answer)
{
    cJSON *json = cJSON_ParseWithLength(answer->body.bytes, answer->body.length);
    MUST(answer->status == 400 && cJSON_IsObject(json));
    MUST(cJSON_IsString(cJSON_GetObjectItem(json, "message")) && cJSON_IsObject(cJSON_GetObjectItem(json, "error")));
    cJSON_Delete(json);
    releve_text_free(&answer->body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size), *rest = text, *line = strsep(&rest, "\n");
    struct releve_conso_answer answer = {.status = 0};
    struct releve_conso_ask ask;
    releve_conso_begin(&ask, line);
    while ((line = strsep(&rest, "\n")) != NULL) {
        char *value = line, *name = strsep(&value, "=");
        releve_conso_add(&ask, name, value != NULL ? value : "");
    }
    if (releve_conso_end(&ask, &answer)) {
        const char *type = releve_conso_type(ask.shape, ask.kind);
        MUST(answer.status == 0 && type != NULL && strncmp((const char *)data, type, strlen(type)) == 0);
        MUST(ask.prm <= 99999999999999u);
        releve_day today = releve_day_from_civil(2026, 11, 27);
        if (releve_conso_judge_dates(&ask, today, &answer))
            MUST(releve_span_days(ask.span) >= 1 && releve_span_days(ask.span) <= 365 && ask.span.end <= today);
        else
            check_refusal(&answer);
    } else {
        check_refusal(&answer);
    }
    free(text);
    return 0;
}
