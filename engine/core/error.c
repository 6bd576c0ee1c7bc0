/* The one table of this program's own errors: what logs call them and how the process ends. */
#include <assert.h>
#include <releve/error.h>
#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name;
    int exit;
} codes[RELEVE_CODES] = {
    [RELEVE_OK] = {"ok", 0},
    [RELEVE_E_PARTIAL] = {"partial", 1},
    [RELEVE_E_USAGE] = {"usage", 2},
    [RELEVE_E_CONFIG] = {"config", 2},
    [RELEVE_E_CREDENTIALS] = {"credentials", 3},
    [RELEVE_E_UPSTREAM] = {"upstream", 1},
    [RELEVE_E_REDIS] = {"redis", 4},
    [RELEVE_E_SYSTEM] = {"system", 1},
    [RELEVE_E_INTERRUPTED] = {"interrupted", 130},
};

const char *releve_code_name(enum releve_code code)
{
    assert(code < RELEVE_CODES);
    return codes[code].name;
}

int releve_code_exit(enum releve_code code)
{
    assert(code < RELEVE_CODES);
    return codes[code].exit;
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
    }
    return code;
}
