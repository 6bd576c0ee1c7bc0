/* Quotas (RELEVE_QUOTA): what is accepted is written in the one canonical form, and that is the same quota. */
#include "fuzz.h"
#include <releve/quota.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_quota quota, again;
    struct releve_error error = {.code = RELEVE_OK};
    char *text = fuzz_string(data, size);
    if (releve_quota_parse(text, &quota, &error) == RELEVE_OK) {
        char canonical[RELEVE_QUOTA_TEXT], twice[RELEVE_QUOTA_TEXT];
        MUST(quota.windows_count <= RELEVE_QUOTA_WINDOWS_MAX);
        MUST((quota.windows_count == 0) == (strcmp(text, "none") == 0));
        releve_quota_format(&quota, canonical);
        MUST(releve_quota_parse(canonical, &again, &error) == RELEVE_OK);
        releve_quota_format(&again, twice);
        MUST(strcmp(canonical, twice) == 0 && again.windows_count == quota.windows_count);
        for (size_t i = 0; i < quota.windows_count; i++) {
            const struct releve_window *window = &quota.windows[i];
            MUST(window->limit >= 1 && window->limit <= RELEVE_QUOTA_LIMIT_MAX);
            MUST(window->span_ms >= 1 && window->span_ms <= releve_quota_longest_ms(&quota));
            MUST(again.windows[i].limit == window->limit && again.windows[i].span_ms == window->span_ms);
        }
        MUST(releve_quota_longest_ms(&quota) <= RELEVE_QUOTA_WINDOW_MS_MAX);
    } else {
        MUST(error.code == RELEVE_E_CONFIG && fuzz_is_line(error.text));
    }
    free(text);
    return 0;
}
