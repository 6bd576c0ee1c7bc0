/* Names of verdicts, and reasons. */
#include <assert.h>
#include <releve/judged_answer.h>
#include <stdio.h>

static const char *const names[RELEVE_VERDICTS] = {
    [RELEVE_DATA] = "data",
    [RELEVE_NO_DATA] = "no_data",
    [RELEVE_BEFORE_ACTIVATION] = "before_activation",
    [RELEVE_BEFORE_CONSENT] = "before_consent",
    [RELEVE_BEYOND_HISTORY] = "beyond_history",
    [RELEVE_END_TOO_RECENT] = "end_too_recent",
    [RELEVE_TOO_LONG] = "too_long",
    [RELEVE_NOT_APPLICABLE] = "not_applicable",
    [RELEVE_DIRECTION_REFUSED] = "direction_refused",
    [RELEVE_POINT_REFUSED] = "point_refused",
    [RELEVE_API_REFUSED] = "api_refused",
    [RELEVE_TOKEN_STALE] = "token_stale",
    [RELEVE_CREDENTIALS_REFUSED] = "credentials_refused",
    [RELEVE_THROTTLED] = "throttled",
    [RELEVE_UNREACHED] = "unreached",
    [RELEVE_TRANSIENT] = "transient",
    [RELEVE_BAD_REQUEST] = "bad_request",
    [RELEVE_BLOCKED] = "blocked",
    [RELEVE_TOKEN] = "token",
};

const char *releve_verdict_name(enum releve_verdict verdict)
{
    assert(verdict < RELEVE_VERDICTS);
    return names[verdict];
}

void releve_reason_set(struct releve_reason *reason, const char *code, const char *text)
{
    (void)snprintf(reason->code, sizeof reason->code, "%s", code);
    (void)snprintf(reason->text, sizeof reason->text, "%s", text);
}
