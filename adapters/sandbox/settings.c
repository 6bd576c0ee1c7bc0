/* Texts to settings; each reader is strict and leaves its result alone where the text is not understood. */
#include "settings.h"
#include <assert.h>
#include <stddef.h>
#include <string.h>

static const char *const fault_names[SANDBOX_FAULTS] = {"error500", "error502html", "reset",    "timeout",
                                                        "truncate", "throttle200",  "wrongprm", "garbage"};

const char *sandbox_api_name(enum sandbox_api api)
{
    return api == SANDBOX_API_V5 ? "v5" : api == SANDBOX_API_2026 ? "2026" : "both";
}

bool sandbox_api_parse(const char *text, enum sandbox_api *api)
{
    static const enum sandbox_api all[] = {SANDBOX_API_V5, SANDBOX_API_2026, SANDBOX_API_BOTH};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(text, sandbox_api_name(all[i])) == 0) {
            *api = all[i];
            return true;
        }
    }
    return false;
}

const char *sandbox_fault_name(enum sandbox_fault fault)
{
    assert(fault < SANDBOX_FAULTS);
    return fault_names[fault];
}

bool sandbox_fault_parse(const char *text, size_t length, enum sandbox_fault *fault)
{
    for (int i = 0; i < SANDBOX_FAULTS; i++) {
        if (strlen(fault_names[i]) == length && memcmp(fault_names[i], text, length) == 0) {
            *fault = (enum sandbox_fault)i;
            return true;
        }
    }
    return false;
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
