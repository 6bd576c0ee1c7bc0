/* The .env file: a setting that is read, written in quotes, is read again as the same; a complaint names file and line,
 * and never a value. */
#include "adapters/cli/dotenv.h"
#include "fuzz_file.h"
#include <releve/text.h>

static const char *const names[] = {"CLIENT_ID",       "CLIENT_SECRET", "RELEVE_REDIS", "RELEVE_PREFIX",
                                    "RELEVE_UPSTREAM", "RELEVE_QUOTA",  "FUZZED"};
#define NAMES (sizeof names / sizeof names[0])

static enum releve_code load(const void *bytes, size_t size, struct releve_error *error)
{
    char path[FUZZ_PATH_BYTES];
    int fd = fuzz_file_open(bytes, size, path);
    enum releve_code code = releve_dotenv_load(path, error);
    MUST(code == RELEVE_OK || strncmp(error->text, path, strlen(path)) == 0);
    (void)close(fd);
    return code;
}

static void check_again(void)
{
    char *values[NAMES] = {NULL};
    struct releve_text lines = {.length = 0};
    for (size_t i = 0; i < NAMES; i++) {
        const char *value = releve_dotenv_get(names[i]);
        if (value == NULL)
            continue;
        MUST(strchr(value, '\n') == NULL && value[0] != '\0');
        const char *quote = strchr(value, '"') == NULL ? "\"" : "'";
        if (quote[0] == '\'' && strchr(value, '\'') != NULL)
            continue; /* there is no way to write it in quotes */
        values[i] = fuzz_string((const uint8_t *)value, strlen(value));
        releve_text_format(&lines, "%s=%s%s%s\n", names[i], quote, value, quote);
    }
    releve_dotenv_forget();
    struct releve_error error;
    MUST(load(lines.bytes, lines.length, &error) == RELEVE_OK);
    for (size_t i = 0; i < NAMES; i++) {
        MUST(values[i] == NULL || strcmp(releve_dotenv_get(names[i]), values[i]) == 0);
        free(values[i]);
    }
    releve_text_free(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_error error = {.code = RELEVE_OK};
    if (load(data, size, &error) == RELEVE_OK) {
        MUST(size == 0 || !memchr(data, '\0', size)); /* it would hide the rest of its line */
        check_again();
    } else {
        MUST(error.code == RELEVE_E_CONFIG && fuzz_is_line(error.text));
    }
    releve_dotenv_forget();
    for (size_t i = 0; i < NAMES; i++)
        MUST(releve_dotenv_get(names[i]) == NULL);
    return 0;
}
