/* PRMs: 14 digits in, 14 digits out. */
#include <releve/usage_point.h>
#include <stdio.h>

bool releve_prm_parse(const char *text, size_t length, releve_prm *prm)
{
    if (length != RELEVE_PRM_DIGITS)
        return false;
    releve_prm value = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (releve_prm)(text[i] - '0');
    }
    *prm = value;
    return true;
}

void releve_prm_format(releve_prm prm, char out[RELEVE_PRM_TEXT])
{
    (void)snprintf(out, RELEVE_PRM_TEXT, RELEVE_PRM_FORMAT, prm % UINT64_C(100000000000000));
}
