/* Access tokens: given out, looked up, expired. A token is derived from the seed and a counter; it names nobody. */
#ifndef RELEVE_SANDBOX_TOKENS_H
#define RELEVE_SANDBOX_TOKENS_H

#include <releve/calendar.h>
#include <stdbool.h>
#include <stdint.h>

#define SANDBOX_TOKEN_LIFE_S 12600 /* 3 h 30, as captured (docs/enedis.md, Token) */
#define SANDBOX_TOKEN_BYTES 49     /* 48 hexadecimal digits and NUL */
#define SANDBOX_TOKENS_MAX 100000u /* live at once; beyond it the oldest goes */

struct sandbox_token;

struct sandbox_tokens {
    struct sandbox_token *table;
    uint64_t seed;
    uint64_t issued;
};

void sandbox_tokens_issue(struct sandbox_tokens *tokens, releve_time now, char out[SANDBOX_TOKEN_BYTES]);

bool sandbox_tokens_valid(const struct sandbox_tokens *tokens, const char *text, releve_time now);

/* All at once. */
void sandbox_tokens_expire(struct sandbox_tokens *tokens);

#endif
