/* releve token: a token for the Conso API of releve serve (docs/conso.md). Asks neither Redis nor Enedis.
 *
 * It has the form of a JWT (RFC 7519), as those who ask the Conso API look into it for their usage points. What would
 * be its signature is 256 random bits, and no key is behind it: releve serve knows the digest of the whole, and
 * believes nothing that stands in it. */
#include "command.h"
#include "selection.h"
#include <adapters/web/tokens.h>
#include <assert.h>
#include <engine/runtime/random.h>
#include <errno.h>
#include <fcntl.h>
#include <releve/text.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define RANDOM_BYTES 32 /* as many as HS256 signs with */

struct token {
    struct releve_selection selection;
    const char *file; /* NULL: the line is shown */
    char text[RELEVE_TOKENS_TOKEN_BYTES];
};

/* --- its form ---------------------------------------------------------------------------------------------------- */

/* base64url without padding (RFC 4648, section 5; RFC 7515, section 2). Returns where it ends. */
static char *encode(char *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int pending = 0; /* bits that were not written yet */
    for (size_t i = 0; i < count; i++) {
        bits = bits << 8 | bytes[i];
        for (pending += 8; pending >= 6; pending -= 6)
            *out++ = digits[bits >> (pending - 6) & 63];
    }
    if (pending > 0)
        *out++ = digits[bits << (6 - pending) & 63];
    return out;
}

/* {"sub":["22516914714270"],"iat":1700000000} */
static void write_payload(struct releve_text *out, const struct releve_selection *selection)
{
    releve_text_puts(out, "{\"sub\":[");
    for (size_t i = 0; i < selection->prms_count; i++) {
        releve_text_puts(out, i > 0 ? ",\"" : "\"");
        releve_text_prm(out, selection->prms[i]);
        releve_text_byte(out, '"');
    }
    releve_text_format(out, "],\"iat\":%lld}", (long long)time(NULL));
}

static char *write_signature(char *out)
{
    char hex[2 * RANDOM_BYTES + 1];
    unsigned char bytes[RANDOM_BYTES];
    releve_random_hex(sizeof bytes, hex);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(releve_hex_digit(hex[2 * i]) * 16 + releve_hex_digit(hex[2 * i + 1]));
    out = encode(out, bytes, sizeof bytes);
    explicit_bzero(hex, sizeof hex);
    explicit_bzero(bytes, sizeof bytes);
    return out;
}

static void make(struct token *token)
{
    struct releve_text payload = {.length = 0};
    write_payload(&payload, &token->selection);
    char *at = encode(token->text, (const unsigned char *)HEADER, strlen(HEADER));
    *at++ = '.';
    at = encode(at, (const unsigned char *)payload.bytes, payload.length);
    *at++ = '.';
    at = write_signature(at);
    *at = '\0';
    assert(at < token->text + sizeof token->text);
    releve_text_free(&payload);
}

/* --- its line ---------------------------------------------------------------------------------------------------- */

static void say(void *data, const char *line)
{
    (void)data;
    fprintf(stderr, "releve: %s\n", line);
}

/* The service would not read a file that is wrong, or too long. */
static enum releve_code check_file(const char *path, struct releve_error *error)
{
    struct releve_tokens *tokens;
    if (releve_tokens_open(&tokens, path, say, NULL, error) != RELEVE_OK)
        return error->code;
    size_t count = releve_tokens_count(tokens);
    releve_tokens_close(tokens);
    if (count < RELEVE_TOKENS_MAX)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_CONFIG, "--token-file %.200s: has %d tokens, and that is all it can have", path,
                       RELEVE_TOKENS_MAX);
}

/* In one write, behind a line that is whole. What is written in part is taken back. */
static enum releve_code append_line(int file, const char *path, const struct releve_text *line,
                                    struct releve_error *error)
{
    struct releve_text whole = {.length = 0};
    struct stat about;
    char last = '\n';
    if (fstat(file, &about) != 0 || (about.st_size > 0 && pread(file, &last, 1, about.st_size - 1) != 1))
        return releve_fail(error, RELEVE_E_SYSTEM, "--token-file %.200s: %s", path, strerror(errno));
    if (last != '\n')
        releve_text_byte(&whole, '\n');
    releve_text_add(&whole, line->bytes, line->length);
    releve_text_byte(&whole, '\n');
    ssize_t written = write(file, whole.bytes, whole.length);
    bool kept = written == (ssize_t)whole.length && fsync(file) == 0;
    int why = written >= 0 && written < (ssize_t)whole.length ? ENOSPC : errno;
    bool broken = !kept && written > 0 && ftruncate(file, about.st_size) != 0;
    releve_text_free(&whole);
    return kept ? RELEVE_OK
                : releve_fail(error, RELEVE_E_SYSTEM, "--token-file %.200s: %s%s", path, strerror(why),
                              broken ? ", and its last line is not whole: delete it" : "");
}

/* Two commands at once come one after the other. */
static enum releve_code keep_line(const char *path, const struct releve_text *line, struct releve_error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file < 0 || flock(file, LOCK_EX) != 0) {
        int why = errno;
        if (file >= 0)
            (void)close(file);
        return releve_fail(error, RELEVE_E_CONFIG, "--token-file %.200s: %s", path, strerror(why));
    }
    enum releve_code code = check_file(path, error);
    if (code == RELEVE_OK)
        code = append_line(file, path, line, error);
    (void)close(file);
    return code;
}

/* The line is written before the token is shown: a line without its token does no harm, a token without its line opens
 * nothing. */
static enum releve_code keep(const struct token *token, struct releve_error *error)
{
    struct releve_text line = {.length = 0};
    releve_tokens_write_line(&line, token->text, token->selection.prms, token->selection.prms_count);
    enum releve_code code = RELEVE_OK;
    if (token->file != NULL)
        code = keep_line(token->file, &line, error);
    else
        fprintf(
            stderr,
            "releve: add this line to the file of releve serve --token-file (chmod 600); until then the token opens "
            "nothing:\n%.*s\n",
            (int)line.length, line.bytes);
    releve_text_free(&line);
    return code;
}

/* --- the command ------------------------------------------------------------------------------------------------- */

static const struct option options[] = {
    RELEVE_SELECTION_POINT_OPTIONS,
    {"token-file", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct token *token = data;
    if (option != 'f')
        return releve_selection_apply(&token->selection, option, value, error);
    token->file = value;
    return RELEVE_OK;
}

static enum releve_code check(struct token *token, struct releve_error *error)
{
    struct releve_selection *selection = &token->selection;
    if (releve_selection_close(selection, releve_paris_day((releve_time)time(NULL) * RELEVE_SECOND_MS), error) !=
        RELEVE_OK)
        return error->code;
    if (selection->prms_count <= RELEVE_TOKENS_PRMS_MAX)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_USAGE,
                       "token: %zu usage points: a token names at most %d, so that it fits into a request",
                       selection->prms_count, RELEVE_TOKENS_PRMS_MAX);
}

static int token_main(int argc, char **argv)
{
    static struct token token;
    struct releve_error error = {0};
    int code = releve_command_parse("token", argc, argv, options, apply_option, &token);
    if (code != 0)
        return code;
    if (check(&token, &error) == RELEVE_OK) {
        make(&token);
        (void)keep(&token, &error);
    }
    if (error.code == RELEVE_OK)
        puts(token.text);
    explicit_bzero(token.text, sizeof token.text);
    releve_selection_free(&token.selection);
    return error.code == RELEVE_OK ? releve_command_flush(0) : releve_command_fail(&error);
}

const struct releve_command releve_command_token = {
    .name = "token",
    .summary = "make a token for a person who asks releve serve",
    .help = "--prm PRM [--prm PRM]... [--prms FILE] [--token-file FILE]\n"
            "\n"
            "Prints a new token: whoever has it may ask releve serve --token-file for the\n"
            "days of these usage points, as one asks the Conso API (docs/conso.md). It is\n"
            "shown once: only its digest is kept, from which nobody gets the token. To take\n"
            "it back, delete its line from the file. Asks neither Redis nor Enedis.\n"
            "\n"
            "options:\n" RELEVE_SELECTION_POINT_HELP
            "  --token-file FILE  append the line with its digest to this file, which is made\n"
            "                     for you alone where there is none; a releve serve that runs\n"
            "                     takes it up. Without it the line is shown on standard\n"
            "                     error\n",
    .run = token_main,
};
