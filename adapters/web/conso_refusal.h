/* What the Conso API answers where it has no days to give: {"status", "message", "error": what Enedis said}. Programs
 * read the texts (docs/conso.md), so those that are known are Enedis's own, to the letter. */
#ifndef RELEVE_WEB_CONSO_REFUSAL_H
#define RELEVE_WEB_CONSO_REFUSAL_H

#include "conso.h"
#include "tokens.h"
#include <releve/verdict.h>

enum releve_conso_refusal {
    /* Of the days that are asked. */
    RELEVE_CONSO_START_NOT_BEFORE_END,
    RELEVE_CONSO_END_TOO_RECENT,
    RELEVE_CONSO_TOO_LONG,
    RELEVE_CONSO_BEYOND_HISTORY,
    RELEVE_CONSO_BEFORE_ACTIVATION,
    RELEVE_CONSO_BEFORE_CONSENT,
    RELEVE_CONSO_NO_DATA,
    /* Of the usage point. */
    RELEVE_CONSO_NO_CONSENT,
    RELEVE_CONSO_NOT_OWNER,
    RELEVE_CONSO_NOT_HOLDER,
    RELEVE_CONSO_WRONG_DIRECTION,
    RELEVE_CONSO_CURVE_OBJECTED,
    RELEVE_CONSO_UNKNOWN_POINT,
    /* Of the application that asks Enedis. */
    RELEVE_CONSO_API_REFUSED,
    RELEVE_CONSO_NO_CREDENTIALS,
    RELEVE_CONSO_NOT_SERVED,
    RELEVE_CONSO_TECHNICAL,
    RELEVE_CONSO_REFUSALS
};

/* *answer is zeroed before, here and below. */
void releve_conso_refuse(const struct releve_conso_ask *ask, enum releve_conso_refusal refusal,
                         struct releve_conso_answer *answer);

/* Which of them is what a job ended with, or what is remembered of a usage point: by its code, else by its verdict. A
 * code that nobody knows, and no verdict (RELEVE_DATA), is a technical error. */
enum releve_conso_refusal releve_conso_refusal_of(const struct releve_conso_ask *ask,
                                                  const struct releve_reason *reason);

/* The client has not the right token. */
void releve_conso_refuse_token(enum releve_tokens_answer answered, struct releve_conso_answer *answer);

/* 503, in the same form: the days are not there yet, or Redis is not. `message` is a line. */
void releve_conso_refuse_for_now(const char *message, struct releve_conso_answer *answer);

/* What is wrong with a parameter: `path` is its name, or "type". */
struct releve_conso_issue {
    const char *code, *path, *message;
};

void releve_conso_refuse_parameters(const struct releve_conso_issue *issues, size_t count,
                                    struct releve_conso_answer *answer);

#endif
