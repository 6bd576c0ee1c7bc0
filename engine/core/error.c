/* How the process ends for each of this program's own errors, and the writing of their texts. */
#include <assert.h>
#include <ctype.h>
#include <releve/error.h>
#include <stdarg.h>
#include <stdio.h>

static const int exits[RELEVE_CODES] = {
    [RELEVE_OK] = 0,       [RELEVE_E_PARTIAL] = 1,     [RELEVE_E_USAGE] = 2,
    [RELEVE_E_CONFIG] = 2, [RELEVE_E_CREDENTIALS] = 3, [RELEVE_E_UPSTREAM] = 1,
    [RELEVE_E_REDIS] = 4,  [RELEVE_E_SYSTEM] = 1,      [RELEVE_E_INTERRUPTED] = 130,
};

int releve_code_exit(enum releve_code code)
{
    assert(code < RELEVE_CODES);
    return exits[code];
}

enum releve_code releve_fail(struct releve_error *error, enum releve_code code, const char *format, ...)
{
    assert(code < RELEVE_CODES);
    if (error != NULL) {
        error->code = code;
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(error->text, sizeof error->text, format, arguments);
        va_end(arguments);
        /* What is quoted may hold anything: it must neither end the line nor steer a terminal. */
        for (char *at = error->text; *at != '\0'; at++)
            if (iscntrl((unsigned char)*at))
                *at = '?';
    }
    return code;
}
