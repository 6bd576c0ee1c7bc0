/* Texts to settings; each reader is strict and leaves its result alone where the text is not understood. */
#include "settings.h"
#include <assert.h>
#include <releve/text.h>
#include <stddef.h>
#include <string.h>

static const char *const fault_names[SANDBOX_FAULTS] = {
    "error500",    "error502html", "reset", "timeout",   "truncate", "throttle200", "wrongprm", "garbage", "cut",
    "wronglength", "endless",      "slow",  "duplicate", "missing",  "unsorted",    "extraday", "absurd"};

const char *const sandbox_error_form_names[SANDBOX_ERROR_FORMS] = {"classic", "libelle", "list",
                                                                   "list200", "doubled", "french"};
const char *const sandbox_body_form_names[SANDBOX_BODY_FORMS] = {"octet_stream", "milliseconds", "empty200",
                                                                 "autumn_once", "short_range"};
const char *const sandbox_token_form_names[SANDBOX_TOKEN_FORMS] = {"both", "basic", "body"};
const char *const sandbox_token_answer_names[SANDBOX_TOKEN_ANSWERS] = {"good", "no_access_token", "garbage",
                                                                       "not_found"};

static const char *const api_names[SANDBOX_API_BOTH] = {"v5", "2026", "both"}; /* from SANDBOX_API_V5 on */

const char *sandbox_api_name(enum sandbox_api api)
{
    assert(api >= SANDBOX_API_V5 && api <= SANDBOX_API_BOTH);
    return api_names[api - SANDBOX_API_V5];
}

bool sandbox_api_parse(const char *text, enum sandbox_api *api)
{
    int found = releve_name_find(api_names, SANDBOX_API_BOTH, text, strlen(text));
    if (found >= 0)
        *api = (enum sandbox_api)(SANDBOX_API_V5 + found);
    return found >= 0;
}

const char *sandbox_fault_name(enum sandbox_fault fault)
{
    assert(fault < SANDBOX_FAULTS);
    return fault_names[fault];
}

bool sandbox_fault_parse(const char *text, size_t length, enum sandbox_fault *fault)
{
    int found = releve_name_find(fault_names, SANDBOX_FAULTS, text, length);
    if (found >= 0)
        *fault = (enum sandbox_fault)found;
    return found >= 0;
}

bool sandbox_number_parse(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (value > max / 10 || value * 10 > max - digit)
            return false;
        value = value * 10 + digit;
    }
    if (at == text || *at != '\0')
        return false;
    *number = value;
    return true;
}

bool sandbox_latency_parse(const char *text, struct sandbox_latency *latency)
{
    char fixed[16];
    uint64_t fixed_ms, jitter_ms = 0;
    size_t length = strcspn(text, ":");
    if (length >= sizeof fixed)
        return false;
    memcpy(fixed, text, length);
    fixed[length] = '\0';
    if (!sandbox_number_parse(fixed, SANDBOX_LATENCY_MS_MAX, &fixed_ms))
        return false;
    if (text[length] == ':' && !sandbox_number_parse(text + length + 1, SANDBOX_LATENCY_MS_MAX, &jitter_ms))
        return false;
    *latency = (struct sandbox_latency){(uint32_t)fixed_ms, (uint32_t)jitter_ms};
    return true;
}
