/* Errors of this program itself: one enum, one table of exit codes.
 *
 * What upstream answers is not an error but a verdict (releve/verdict.h). Both functions may be called from any thread
 * and from any callback. */
#ifndef RELEVE_ERROR_H
#define RELEVE_ERROR_H

#include <releve/declare.h>

RELEVE_DECLARE_BEGIN

enum releve_code {
    RELEVE_OK,
    RELEVE_E_PARTIAL,     /* finished, but some days failed */
    RELEVE_E_USAGE,       /* wrong usage: flags, dates, PRMs */
    RELEVE_E_CONFIG,      /* wrong configuration */
    RELEVE_E_CREDENTIALS, /* upstream refuses the credentials */
    RELEVE_E_UPSTREAM,    /* upstream cannot be used at all */
    RELEVE_E_REDIS,       /* Redis unreachable or refusing */
    RELEVE_E_SYSTEM,      /* memory, files, sockets of this machine */
    RELEVE_E_INTERRUPTED, /* stopped by the user; work is kept */
    RELEVE_CODES
};

#define RELEVE_ERROR_BYTES 512

/* What was attempted, on what, what came back and what the user can do: one line, no secret. */
struct releve_error {
    enum releve_code code;
    char text[RELEVE_ERROR_BYTES];
};

/* The process exit code: 0 everything obtained, 1 some days failed, upstream out of reach or a failure of this machine,
 * 2 wrong usage or configuration, 3 credentials refused, 4 Redis, 130 interrupted. `code` is one of the enum. */
int releve_code_exit(enum releve_code code);

/* Fills *error (may be NULL) and returns `code`, so that a failing function can `return releve_fail(...)`; a program
 * may use it for its own functions. `format` as in printf. A text that is too long is cut, and control characters in it
 * become question marks: it stays one line. */
enum releve_code releve_fail(struct releve_error *error, enum releve_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

RELEVE_DECLARE_END

#endif
