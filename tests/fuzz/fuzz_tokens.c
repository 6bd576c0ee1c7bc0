/* The file of tokens: it is taken whole or not at all; what is said of it is lines, and holds nothing of it. */
#include "adapters/web/tokens.h"
#include "fuzz_file.h"
#include <sys/stat.h>

#define TOKEN "a.b.c"
#define PRM ((releve_prm)10000000000018)

static void say(void *data, const char *line)
{
    size_t *lines = data;
    MUST(fuzz_is_line(line) && fuzz_digits_in_a_row(line) < 10); /* no digest and no usage point */
    ++*lines;
}

/* Adds a line of a token that is known, so that what is good is seen to let somebody in. */
static struct releve_text with_token(const uint8_t *data, size_t size)
{
    struct releve_text text = {.length = 0};
    releve_tokens_write_line(&text, TOKEN, (releve_prm[]){PRM}, 1);
    releve_text_byte(&text, '\n');
    releve_text_add(&text, (const char *)data, size);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[FUZZ_PATH_BYTES];
    size_t lines = 0;
    struct releve_tokens *tokens;
    struct releve_error error = {.code = RELEVE_OK};
    struct releve_text text = with_token(data, size);
    int fd = fuzz_file_open(text.bytes, text.length, path);
    MUST(fchmod(fd, 0600) == 0);
    if (releve_tokens_open(&tokens, path, say, &lines, &error) == RELEVE_OK) {
        MUST(lines == 0 && releve_tokens_count(tokens) >= 1 && memchr(text.bytes, '\0', text.length) == NULL);
        MUST(releve_tokens_judge(tokens, "Bearer " TOKEN, PRM) == RELEVE_TOKENS_RIGHT);
        MUST(releve_tokens_judge(tokens, "Bearer " TOKEN, PRM + 8) == RELEVE_TOKENS_OTHER);
        MUST(releve_tokens_look(tokens, &error) == RELEVE_TOKENS_AS_BEFORE);
        releve_tokens_close(tokens);
    } else {
        MUST(error.code == RELEVE_E_CONFIG && fuzz_is_line(error.text));
        MUST(lines >= 1 && lines <= RELEVE_TOKENS_WRONG_SAID);
    }
    releve_text_free(&text);
    (void)close(fd);
    return 0;
}
