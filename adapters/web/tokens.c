/* See tokens.h. A table is read whole and replaces the old one only where it is right from the first line to the last:
 * half a file would lock out those who stand in the other half. */
#include "tokens.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEARER "Bearer " /* in any case: RFC 9110, 11.1 */
#define BLANKS " \t\r"
#define WRONG_BYTES 160 /* what may be wrong with a line, in words */

static_assert(RELEVE_TOKENS_DIGEST_BYTES == SHA256_DIGEST_LENGTH, "the digest is SHA-256");

struct token {
    uint8_t digest[RELEVE_TOKENS_DIGEST_BYTES];
    size_t first, count; /* its usage points, among those of the table */
    int line;
};

struct table {
    struct token *tokens;
    size_t count, room;
    releve_prm *prms;
    size_t prms_count, prms_room;
};

/* Which state of the file was looked at; zeros: there was none. */
struct version {
    dev_t device;
    ino_t inode;
    off_t bytes;
    struct timespec modified, changed; /* `changed` is later where its mode has changed */
};

struct releve_tokens {
    char *path;
    releve_tokens_say say;
    void *data;
    struct version version; /* at the last look */
    struct table table;
};

/* A file while it is read. */
struct reading {
    const struct releve_tokens *tokens;
    struct table table;
    int line; /* from 1 */
    size_t wrong;
};

static void free_table(struct table *table)
{
    free(table->tokens);
    free(table->prms);
    *table = (struct table){.tokens = NULL};
}

static void write_digest(const char *token, size_t length, uint8_t digest[RELEVE_TOKENS_DIGEST_BYTES])
{
    if (SHA256((const unsigned char *)token, length, digest) == NULL)
        abort(); /* it has no way to fail, but where memory runs out */
}

/* --- a line ------------------------------------------------------------------------------------------------------- */

static void note_wrong(struct reading *reading, int line, const char *what)
{
    char said[RELEVE_ERROR_BYTES];
    if (++reading->wrong > RELEVE_TOKENS_WRONG_SAID)
        return;
    (void)snprintf(said, sizeof said, "%.200s, line %d: %s", reading->tokens->path, line, what);
    reading->tokens->say(reading->tokens->data, said);
}

static bool read_digest(const char *word, size_t length, uint8_t digest[RELEVE_TOKENS_DIGEST_BYTES])
{
    if (length != 2 * (size_t)RELEVE_TOKENS_DIGEST_BYTES)
        return false;
    for (size_t i = 0; i < RELEVE_TOKENS_DIGEST_BYTES; i++) {
        int high = releve_hex_digit(word[2 * i]), low = releve_hex_digit(word[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static struct token *add_token(struct table *table)
{
    if (table->count == table->room) {
        table->room = table->room == 0 ? 64 : table->room * 2;
        table->tokens = releve_realloc(table->tokens, table->room * sizeof *table->tokens);
    }
    return &table->tokens[table->count++];
}

static void add_prm(struct table *table, releve_prm prm)
{
    if (table->prms_count == table->prms_room) {
        table->prms_room = table->prms_room == 0 ? 64 : table->prms_room * 2;
        table->prms = releve_realloc(table->prms, table->prms_room * sizeof *table->prms);
    }
    table->prms[table->prms_count++] = prm;
}

/* The next word of a line; its length is 0 at the end. */
static const char *next_word(const char **at, size_t *length)
{
    const char *word = *at + strspn(*at, BLANKS);
    *length = strcspn(word, BLANKS);
    *at = word + *length;
    return word;
}

/* The usage points behind the digest. False, and `what` says it, where they are none. */
static bool read_prms(struct table *table, const char *at, struct token *token, char what[WRONG_BYTES])
{
    size_t length;
    token->first = table->prms_count;
    token->count = 0;
    for (const char *word = next_word(&at, &length); length > 0; word = next_word(&at, &length)) {
        releve_prm prm;
        if (token->count == RELEVE_TOKENS_PRMS_MAX) {
            (void)snprintf(what, WRONG_BYTES, "more than %d usage points: make another token for the rest",
                           RELEVE_TOKENS_PRMS_MAX);
            return false;
        }
        if (!releve_prm_parse(word, length, &prm)) {
            (void)snprintf(what, WRONG_BYTES,
                           "usage point number %zu is no PRM: write its 14 digits, a blank between two of them",
                           token->count + 1);
            return false;
        }
        add_prm(table, prm);
        token->count++;
    }
    if (token->count == 0)
        (void)snprintf(what, WRONG_BYTES, "no usage point stands behind the digest: write their PRMs of 14 digits");
    return token->count > 0;
}

/* `line` ends with a NUL and has no other. What is wrong with it is said without a word of it: it may be a token. */
static void read_line(struct reading *reading, char *line)
{
    char what[WRONG_BYTES];
    struct token token = {.line = reading->line};
    size_t length;
    line[strcspn(line, "#")] = '\0';
    const char *at = line, *word = next_word(&at, &length);
    if (length == 0)
        return;
    if (!read_digest(word, length, token.digest))
        note_wrong(reading, reading->line,
                   "its first word is no digest, which has 64 hexadecimal digits: releve token makes such a line");
    else if (!read_prms(&reading->table, at, &token, what))
        note_wrong(reading, reading->line, what);
    else
        *add_token(&reading->table) = token;
}

/* --- a file ------------------------------------------------------------------------------------------------------- */

static int compare_digests(const void *left, const void *right)
{
    return memcmp(((const struct token *)left)->digest, ((const struct token *)right)->digest,
                  RELEVE_TOKENS_DIGEST_BYTES);
}

static void refuse_repeated(struct reading *reading)
{
    struct table *table = &reading->table;
    if (table->count > 1)
        qsort(table->tokens, table->count, sizeof *table->tokens, compare_digests);
    for (size_t i = 1; i < table->count; i++) {
        const struct token *a = &table->tokens[i - 1], *b = &table->tokens[i];
        char what[WRONG_BYTES];
        if (compare_digests(a, b) != 0)
            continue;
        (void)snprintf(what, sizeof what, "the digest of line %d again: write all its usage points into one line",
                       a->line < b->line ? a->line : b->line);
        note_wrong(reading, a->line < b->line ? b->line : a->line, what);
    }
}

/* `text` has a byte more than `bytes`. */
static void read_lines(struct reading *reading, char *text, size_t bytes)
{
    char *end = text + bytes;
    for (char *line = text; line < end;) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            stop = end;
        *stop = '\0';
        reading->line++;
        if (stop - line >= RELEVE_TOKENS_LINE_BYTES)
            note_wrong(reading, reading->line, "longer than 4 kB");
        else if (strlen(line) != (size_t)(stop - line))
            note_wrong(reading, reading->line, "holds a NUL");
        else
            read_line(reading, line);
        line = stop + 1;
    }
}

static struct version version_of(const struct stat *about)
{
    return (struct version){.device = about->st_dev,
                            .inode = about->st_ino,
                            .bytes = about->st_size,
                            .modified = about->st_mtim,
                            .changed = about->st_ctim};
}

/* As many bytes of the file as it had at first; NULL where it cannot be read. */
static char *read_bytes(int file, size_t room, size_t *bytes)
{
    char *text = releve_alloc(room + 1, 1); /* read_lines ends the last one */
    ssize_t part = 1;
    for (*bytes = 0; part > 0 && *bytes<room; *bytes += part> 0 ? (size_t)part : 0)
        part = read(file, text + *bytes, room - *bytes);
    if (part >= 0)
        return text;
    free(text);
    return NULL;
}

/* NULL, and *error, where there is no such file that may be read. The version is taken before the first byte: what is
 * written meanwhile makes another one, which the next look finds. */
static char *read_open(struct releve_tokens *tokens, int file, size_t *bytes, struct releve_error *error)
{
    struct stat about;
    const char *why = NULL;
    char *text = NULL;
    if (fstat(file, &about) == 0) {
        tokens->version = version_of(&about);
        if (!S_ISREG(about.st_mode))
            why = "is no file";
        else if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
            why = "others may read it: chmod 600";
        else if (about.st_size > RELEVE_TOKENS_FILE_BYTES_MAX)
            why = "longer than 8 MB";
        else
            text = read_bytes(file, (size_t)about.st_size, bytes);
    }
    if (text == NULL)
        releve_fail(error, RELEVE_E_CONFIG, "--token-file %.200s: %s", tokens->path,
                    why != NULL ? why : strerror(errno));
    return text;
}

/* The table changes only where all is right. */
static enum releve_code read_file(struct releve_tokens *tokens, struct releve_error *error)
{
    struct reading reading = {.tokens = tokens};
    size_t bytes;
    int file = open(tokens->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return releve_fail(error, RELEVE_E_CONFIG, "--token-file %.200s: %s", tokens->path, strerror(errno));
    char *text = read_open(tokens, file, &bytes, error);
    (void)close(file);
    if (text == NULL)
        return error->code;
    read_lines(&reading, text, bytes);
    free(text);
    refuse_repeated(&reading);
    enum releve_code code = RELEVE_OK;
    if (reading.wrong > 0)
        code = releve_fail(error, RELEVE_E_CONFIG, "--token-file %.200s: %zu of its lines %s wrong", tokens->path,
                           reading.wrong, reading.wrong == 1 ? "is" : "are");
    else if (reading.table.count > RELEVE_TOKENS_MAX)
        code = releve_fail(error, RELEVE_E_CONFIG, "--token-file %.200s: more than %d tokens", tokens->path,
                           RELEVE_TOKENS_MAX);
    if (code == RELEVE_OK) {
        free_table(&tokens->table);
        tokens->table = reading.table;
    } else {
        free_table(&reading.table);
    }
    return code;
}

/* --- life --------------------------------------------------------------------------------------------------------- */

enum releve_code releve_tokens_open(struct releve_tokens **tokens, const char *path, releve_tokens_say say, void *data,
                                    struct releve_error *error)
{
    struct releve_tokens *opened = releve_alloc(1, sizeof *opened);
    *opened = (struct releve_tokens){.path = releve_strdup(path), .say = say, .data = data};
    enum releve_code code = read_file(opened, error);
    *tokens = code == RELEVE_OK ? opened : NULL;
    if (code != RELEVE_OK)
        releve_tokens_close(opened);
    return code;
}

static bool same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_version(const struct version *a, const struct version *b)
{
    return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
           same_time(a->modified, b->modified) && same_time(a->changed, b->changed);
}

enum releve_tokens_news releve_tokens_look(struct releve_tokens *tokens, struct releve_error *error)
{
    struct stat about;
    struct version now = {.bytes = 0};
    if (stat(tokens->path, &about) == 0)
        now = version_of(&about);
    if (same_version(&now, &tokens->version))
        return RELEVE_TOKENS_AS_BEFORE;
    tokens->version = now;
    return read_file(tokens, error) == RELEVE_OK ? RELEVE_TOKENS_READ : RELEVE_TOKENS_WRONG;
}

size_t releve_tokens_count(const struct releve_tokens *tokens)
{
    return tokens->table.count;
}

void releve_tokens_close(struct releve_tokens *tokens)
{
    free_table(&tokens->table);
    free(tokens->path);
    free(tokens);
}

/* --- a request ---------------------------------------------------------------------------------------------------- */

/* The token in the header; NULL where there is none. */
static const char *find_bearer(const char *authorization, size_t *length)
{
    if (authorization == NULL || strncasecmp(authorization, BEARER, strlen(BEARER)) != 0)
        return NULL;
    const char *token = authorization + strlen(BEARER);
    token += strspn(token, " ");
    *length = strcspn(token, BLANKS);
    return *length > 0 && token[*length + strspn(token + *length, BLANKS)] == '\0' ? token : NULL;
}

/* All are compared, each to its end, and the one that it is does not end it: the time is that of the table's length.
 * (What could be learned from it is a digest, from which no token comes; but then nobody has to argue so.) */
static const struct token *find_token(const struct table *table, const uint8_t digest[RELEVE_TOKENS_DIGEST_BYTES])
{
    size_t found = 0; /* its number, from 1 */
    for (size_t i = 0; i < table->count; i++) {
        size_t same = CRYPTO_memcmp(table->tokens[i].digest, digest, RELEVE_TOKENS_DIGEST_BYTES) == 0;
        found |= (i + 1) * same; /* no digest is there twice */
    }
    return found > 0 ? &table->tokens[found - 1] : NULL;
}

enum releve_tokens_answer releve_tokens_judge(const struct releve_tokens *tokens, const char *authorization,
                                              releve_prm prm)
{
    uint8_t digest[RELEVE_TOKENS_DIGEST_BYTES];
    size_t length;
    const char *given = find_bearer(authorization, &length);
    if (given == NULL)
        return RELEVE_TOKENS_NONE;
    if (length >= RELEVE_TOKENS_TOKEN_BYTES)
        return RELEVE_TOKENS_UNKNOWN;
    write_digest(given, length, digest);
    const struct token *token = find_token(&tokens->table, digest);
    if (token == NULL)
        return RELEVE_TOKENS_UNKNOWN;
    const releve_prm *prms = tokens->table.prms + token->first; /* no secret: they stand in the token too */
    for (size_t i = 0; i < token->count; i++)
        if (prms[i] == prm)
            return RELEVE_TOKENS_RIGHT;
    return RELEVE_TOKENS_OTHER;
}

void releve_tokens_write_line(struct releve_text *out, const char *token, const releve_prm *prms, size_t prms_count)
{
    uint8_t digest[RELEVE_TOKENS_DIGEST_BYTES];
    assert(prms_count >= 1 && prms_count <= RELEVE_TOKENS_PRMS_MAX);
    write_digest(token, strlen(token), digest);
    for (size_t i = 0; i < sizeof digest; i++)
        releve_text_format(out, "%02x", digest[i]);
    for (size_t i = 0; i < prms_count; i++) {
        releve_text_byte(out, ' ');
        releve_text_prm(out, prms[i]);
    }
}
