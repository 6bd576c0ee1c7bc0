/* PRMs: 14 digits in, 14 digits out. */
#include <releve/usage_point.h>

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
    for (int i = RELEVE_PRM_DIGITS; i-- > 0; prm /= 10) /* many times an answer: no printf here */
        out[i] = (char)('0' + prm % 10);
    out[RELEVE_PRM_DIGITS] = '\0';
}
