/* See reasons.h. */
#include "reasons.h"
#include <stdio.h>
#include <string.h>

void releve_reasons_code(const struct releve_reason *reason, char out[RELEVE_REASONS_CODE_TEXT])
{
    const char *code = reason->code;
    if (strncmp(code, "http-", 5) == 0)
        code += 5;
    bool status = strlen(code) == 3 && strspn(code, "0123456789") == 3;
    (void)snprintf(out, RELEVE_REASONS_CODE_TEXT, "%s%s", status ? "HTTP " : "", status ? code : reason->code);
}

bool releve_reasons_is_refusal(const struct releve_reason *reason)
{
    return reason->verdict == RELEVE_DIRECTION_REFUSED || reason->verdict == RELEVE_POINT_REFUSED ||
           reason->verdict == RELEVE_API_REFUSED;
}
