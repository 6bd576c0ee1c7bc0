/* The .env file: NAME=value, quotes optional, # comments, `export` tolerated. Nothing is expanded. */
#include "dotenv.h"
#include "suggest.h"
#include <ctype.h>
#include <errno.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VARIABLES_MAX 64
#define LINE_BYTES_MAX 4096 /* with its end of line */

static struct {
    char *name;
    char *value;
} variables[VARIABLES_MAX];
static size_t variables_count;

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* Removes quotes, or a comment that follows a blank. NULL where a quote is not closed. */
static char *unquote(char *value)
{
    if (*value == '"' || *value == '\'') {
        char *end = strchr(value + 1, *value);
        if (end == NULL)
            return NULL;
        char *rest = trim(end + 1);
        if (*rest != '\0' && *rest != '#')
            return NULL;
        *end = '\0';
        return value + 1;
    }
    for (char *at = value; *at != '\0'; at++) {
        if (*at == '#' && (at == value || isspace((unsigned char)at[-1]))) {
            *at = '\0';
            break;
        }
    }
    return trim(value);
}

static bool is_name(const char *name)
{
    if (*name == '\0' || isdigit((unsigned char)*name))
        return false;
    for (; *name != '\0'; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return false;
    return true;
}

const char *const releve_settings[RELEVE_SETTINGS] = {
    [RELEVE_SETTING_CLIENT_ID] = "CLIENT_ID",
    [RELEVE_SETTING_CLIENT_SECRET] = "CLIENT_SECRET",
    [RELEVE_SETTING_CLIENT_SECRET_FILE] = "CLIENT_SECRET_FILE",
    [RELEVE_SETTING_CONSO_TOKEN] = "CONSO_TOKEN",
    [RELEVE_SETTING_UPSTREAM] = "RELEVE_UPSTREAM",
    [RELEVE_SETTING_API] = "RELEVE_API",
    [RELEVE_SETTING_QUOTA] = "RELEVE_QUOTA",
    [RELEVE_SETTING_REDIS] = "RELEVE_REDIS",
    [RELEVE_SETTING_PREFIX] = "RELEVE_PREFIX",
    [RELEVE_SETTING_KEEP] = "RELEVE_KEEP",
    [RELEVE_SETTING_TODAY] = "RELEVE_TODAY",
    [RELEVE_SETTING_LOG] = "RELEVE_LOG",
};
#define PREFIX "RELEVE_"                       /* of those that no other program has ... */
#define PREFIXED_FIRST RELEVE_SETTING_UPSTREAM /* ... from this one on */

/* Whether these `length` bytes are a name that begins as settings do, and is none of them. */
static bool is_no_setting(const char *name, size_t length)
{
    size_t begun = strlen(PREFIX);
    if (length < begun || memcmp(name, PREFIX, begun) != 0)
        return false;
    return releve_name_find(releve_settings, RELEVE_SETTINGS, name, length) < 0;
}

/* " (did you mean RELEVE_QUOTA?)", or "". */
static const char *suggest(const char *name, size_t length, char out[RELEVE_SUGGEST_TEXT])
{
    /* By what stands behind the prefix: all have that in common. */
    const char *words[RELEVE_SETTINGS - PREFIXED_FIRST], *meant;
    size_t begun = strlen(PREFIX);
    for (size_t i = PREFIXED_FIRST; i < RELEVE_SETTINGS; i++)
        words[i - PREFIXED_FIRST] = releve_settings[i] + begun;
    meant = releve_suggest(name + begun, length - begun, words, RELEVE_SETTINGS - PREFIXED_FIRST);
    out[0] = '\0';
    if (meant != NULL)
        (void)snprintf(out, RELEVE_SUGGEST_TEXT, " (did you mean " PREFIX "%s?)", meant);
    return out;
}

const char *releve_dotenv_unknown(size_t *at)
{
    for (char **variable = environ + *at; *variable != NULL; variable++) {
        ++*at;
        if (is_no_setting(*variable, strcspn(*variable, "=")))
            return *variable;
    }
    return NULL;
}

enum releve_code releve_dotenv_check_environment(struct releve_error *error)
{
    static bool said; /* once, however often the configuration is read */
    char suggestion[RELEVE_SUGGEST_TEXT];
    const char *variable;
    for (size_t at = 0; (variable = releve_dotenv_unknown(&at)) != NULL;) {
        size_t length = strcspn(variable, "=");
        int shown = (int)(length < 60 ? length : 60);
        if (*suggest(variable, length, suggestion) != '\0')
            return releve_fail(error, RELEVE_E_CONFIG, "%.*s in the environment is no setting%s; see releve --help",
                               shown, variable, suggestion);
        if (!said)
            fprintf(stderr, "releve: %.*s in the environment is no setting; see releve --help\n", shown, variable);
    }
    said = true;
    return RELEVE_OK;
}

static enum releve_code parse_line(const char *path, int number, char *line, struct releve_error *error)
{
    char *text = trim(line);
    if (*text == '\0' || *text == '#')
        return RELEVE_OK;
    if (strncmp(text, "export ", 7) == 0)
        text = trim(text + 7);
    char *equals = strchr(text, '=');
    char *value = NULL;
    if (equals != NULL) {
        *equals = '\0';
        text = trim(text);
        value = unquote(trim(equals + 1));
    }
    if (value == NULL || !is_name(text))
        return releve_fail(error, RELEVE_E_CONFIG,
                           "%s, line %d: write NAME=value, with a quote closed where it is opened", path, number);
    char suggestion[RELEVE_SUGGEST_TEXT];
    if (is_no_setting(text, strlen(text)))
        return releve_fail(error, RELEVE_E_CONFIG, "%s, line %d: %.60s is no setting%s; see releve --help", path,
                           number, text, suggest(text, strlen(text), suggestion));
    if (variables_count == VARIABLES_MAX)
        return releve_fail(error, RELEVE_E_CONFIG, "%s, line %d: more than %d variables", path, number, VARIABLES_MAX);
    variables[variables_count].name = releve_strdup(text);
    variables[variables_count].value = releve_strdup(value);
    variables_count++;
    return RELEVE_OK;
}

enum releve_code releve_dotenv_load(const char *path, struct releve_error *error)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        if (errno == ENOENT)
            return RELEVE_OK;
        return releve_fail(error, RELEVE_E_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    enum releve_code code = RELEVE_OK;
    for (int number = 1; code == RELEVE_OK && (length = getline(&line, &room, file)) >= 0; number++) {
        if (length > LINE_BYTES_MAX)
            code =
                releve_fail(error, RELEVE_E_CONFIG, "%s, line %d: longer than %d bytes", path, number, LINE_BYTES_MAX);
        else if (memchr(line, '\0', (size_t)length) != NULL)
            code = releve_fail(error, RELEVE_E_CONFIG, "%s, line %d: holds a NUL", path, number);
        else
            code = parse_line(path, number, line, error);
        explicit_bzero(line, (size_t)length); /* it may hold a secret */
    }
    free(line);
    if (code == RELEVE_OK && ferror(file))
        code = releve_fail(error, RELEVE_E_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    (void)fclose(file);
    return code;
}

const char *releve_dotenv_get(const char *name)
{
    const char *value = getenv(name);
    for (size_t i = variables_count; value == NULL && i-- > 0;)
        if (strcmp(variables[i].name, name) == 0)
            value = variables[i].value;
    return value != NULL && *value != '\0' ? value : NULL;
}

const char *releve_dotenv_source(const char *name)
{
    if (releve_dotenv_get(name) == NULL)
        return NULL;
    return getenv(name) != NULL ? "environment" : ".env";
}

void releve_dotenv_forget(void)
{
    while (variables_count > 0) {
        variables_count--;
        explicit_bzero(variables[variables_count].value, strlen(variables[variables_count].value));
        free(variables[variables_count].value);
        free(variables[variables_count].name);
    }
}
