/* Who may ask the Conso API, and about which usage points: a file of tokens (docs/conso.md). A line of it:
 *
 *   9b74c9...e0b4 22516914714270 11453290002823   # the digest of a token, and its usage points
 *
 * The file lets nobody in: a token has 256 random bits, and only their SHA-256 is kept. That is why it may be a fast
 * one, unlike the hash of a password: nobody can try all tokens. What is asked with a token is compared with every line
 * in a time that does not tell how near it came. */
#ifndef RELEVE_WEB_TOKENS_H
#define RELEVE_WEB_TOKENS_H

#include <releve/error.h>
#include <releve/text.h>
#include <releve/usage_point.h>
#include <stdint.h>

#define RELEVE_TOKENS_MAX 10000                        /* in a file */
#define RELEVE_TOKENS_PRMS_MAX 128                     /* of one token, which names them: so it has 3 kB at most */
#define RELEVE_TOKENS_TOKEN_BYTES 4096                 /* longest token, NUL included: as releve takes it itself */
#define RELEVE_TOKENS_LINE_BYTES 4096                  /* longest line, comment included */
#define RELEVE_TOKENS_FILE_BYTES_MAX (8 * 1024 * 1024) /* it is read at once, on the loop */
#define RELEVE_TOKENS_WRONG_SAID 20                    /* wrong lines of a file that are said one by one */
#define RELEVE_TOKENS_DIGEST_BYTES 32                  /* SHA-256 */

struct releve_tokens;

/* Says to people what is wrong with a line of the file: "FILE, line 3: ...". No part of the line is in it. */
typedef void (*releve_tokens_say)(void *data, const char *line);

/* Reads the file. Returns RELEVE_OK and *tokens, to be closed with releve_tokens_close; a file without a token is good,
 * and lets nobody in. Errors: RELEVE_E_CONFIG: it cannot be read, others may read it, some of its lines are wrong (each
 * was said then). */
enum releve_code releve_tokens_open(struct releve_tokens **tokens, const char *path, releve_tokens_say say, void *data,
                                    struct releve_error *error);

enum releve_tokens_news {
    RELEVE_TOKENS_AS_BEFORE, /* the file is as it was at the last look, good or wrong */
    RELEVE_TOKENS_READ,      /* it has changed, and counts from now on */
    RELEVE_TOKENS_WRONG      /* it has changed, and is wrong or gone: what was read before goes on to count */
};

/* Looks whether the file has changed, and reads it then. Costs one system call where it has not. With WRONG *error says
 * what releve_tokens_open would have, once for each change. */
enum releve_tokens_news releve_tokens_look(struct releve_tokens *tokens, struct releve_error *error);

enum releve_tokens_answer {
    RELEVE_TOKENS_NONE,    /* no token was given */
    RELEVE_TOKENS_UNKNOWN, /* the file has no such token */
    RELEVE_TOKENS_OTHER,   /* it is for other usage points */
    RELEVE_TOKENS_RIGHT
};

/* What the Authorization header of a request (NULL: it has none) is worth for that usage point. */
enum releve_tokens_answer releve_tokens_judge(const struct releve_tokens *tokens, const char *authorization,
                                              releve_prm prm);

size_t releve_tokens_count(const struct releve_tokens *tokens);

void releve_tokens_close(struct releve_tokens *tokens);

/* Appends the line of a new token, without the end of the line. */
void releve_tokens_write_line(struct releve_text *out, const char *token, const releve_prm *prms, size_t prms_count);

#endif
