/* A hash table in order of issue: the oldest tokens are first, and go first. */
#include "tokens.h"
#include "chance.h"
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#include <uthash.h>

struct sandbox_token {
    char text[SANDBOX_TOKEN_BYTES];
    releve_time expires_at;
    UT_hash_handle hh;
};

static void drop(struct sandbox_tokens *tokens, struct sandbox_token *token)
{
    HASH_DEL(tokens->table, token);
    free(token);
}

void sandbox_tokens_issue(struct sandbox_tokens *tokens, releve_time now, char out[SANDBOX_TOKEN_BYTES])
{
    while (tokens->table != NULL &&
           (tokens->table->expires_at <= now || HASH_COUNT(tokens->table) >= SANDBOX_TOKENS_MAX))
        drop(tokens, tokens->table);

    struct sandbox_token *token = releve_alloc(1, sizeof *token);
    for (unsigned part = 0; part < 3; part++)
        (void)snprintf(token->text + 16 * part, 17, "%016" PRIx64,
                       sandbox_chance(tokens->seed, SANDBOX_TOPIC_TOKEN, 3 * tokens->issued + part));
    token->expires_at = now + SANDBOX_TOKEN_LIFE_S * RELEVE_SECOND_MS;
    HASH_ADD_STR(tokens->table, text, token);
    tokens->issued++;
    memcpy(out, token->text, SANDBOX_TOKEN_BYTES);
}

bool sandbox_tokens_valid(const struct sandbox_tokens *tokens, const char *text, releve_time now)
{
    struct sandbox_token *token = NULL;
    HASH_FIND_STR(tokens->table, text, token);
    return token != NULL && token->expires_at > now;
}

void sandbox_tokens_expire(struct sandbox_tokens *tokens)
{
    while (tokens->table != NULL)
        drop(tokens, tokens->table); /* moves the head on. NOLINT(clang-analyzer-unix.Malloc) */
}
