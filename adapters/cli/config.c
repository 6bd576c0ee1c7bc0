/* Reads and checks the configuration. Every complaint names the variable, what is allowed and what to do. */
#include "config.h"
#include <adapters/library/parts.h>
#include <adapters/redis/embedded.h>
#include <engine/runtime/clock.h>
#include <engine/runtime/upstream.h>
#include <errno.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES_MAX 80  /* of a wrong value in a message */
#define PLACE_BYTES_MAX 110 /* of the address of Redis, where more has to be said in one line */

static enum releve_code copy(char out[RELEVE_CONFIG_VALUE_BYTES], const char *name, const char *value,
                             struct releve_error *error)
{
    if (strlen(value) >= RELEVE_CONFIG_VALUE_BYTES)
        return releve_fail(error, RELEVE_E_CONFIG, "%s: longer than %d bytes", name, RELEVE_CONFIG_VALUE_BYTES - 1);
    (void)snprintf(out, RELEVE_CONFIG_VALUE_BYTES, "%s", value);
    return RELEVE_OK;
}

static enum releve_code load_upstream(struct releve_config *config, bool needed, struct releve_error *error)
{
    const char *value = releve_dotenv_get("RELEVE_UPSTREAM");
    if (value == NULL && !needed)
        return RELEVE_OK;
    if (value == NULL)
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "RELEVE_UPSTREAM is not set: say production, sandbox (Enedis's own), conso or a base URL such "
            "as http://127.0.0.1:8750");
    if (strchr(value, '@') != NULL) /* and not quoted: what stands before it may be a password */
        return releve_fail(error, RELEVE_E_CONFIG,
                           "RELEVE_UPSTREAM holds an @: credentials belong into CLIENT_ID and CLIENT_SECRET; say "
                           "production, sandbox or a base URL without a user");
    size_t shown = strcspn(value, "?#"); /* what follows may be a key */
    if (!releve_upstream_parse(value, config->upstream))
        return releve_fail(error, RELEVE_E_CONFIG,
                           "RELEVE_UPSTREAM \"%.*s\": say " RELEVE_UPSTREAM_FORM "; at most %d bytes",
                           (int)(shown < SHOWN_BYTES_MAX ? shown : SHOWN_BYTES_MAX), value, RELEVE_UPSTREAM_BYTES - 1);
    return RELEVE_OK;
}

/* Takes everything behind the first line off. NULL, or why that is no secret. */
static const char *take_first_line(char *text, size_t length)
{
    static const char white[] = " \t\r\n";
    if (memchr(text, '\0', length) != NULL)
        return "holds a NUL, so it is no text";
    if (text[strspn(text, white)] == '\0')
        return length == 0 ? "is empty: write the secret into it" : "holds only white space: write the secret into it";
    text[strcspn(text, "\r\n")] = '\0';
    return text[strspn(text, white)] == '\0' ? "its first line is empty: write the secret there" : NULL;
}

static enum releve_code read_secret_file(struct releve_config *config, const char *path, struct releve_error *error)
{
    FILE *file = fopen(path, "r");
    size_t length = file != NULL ? fread(config->client_secret, 1, sizeof config->client_secret, file) : 0;
    int failure = file == NULL || ferror(file) != 0 ? errno : 0;
    if (file != NULL)
        (void)fclose(file);
    if (failure != 0)
        return releve_fail(error, RELEVE_E_CONFIG, "CLIENT_SECRET_FILE %.200s: cannot be read: %s", path,
                           strerror(failure));
    if (length == sizeof config->client_secret)
        return releve_fail(error, RELEVE_E_CONFIG, "CLIENT_SECRET_FILE %.200s: longer than %zu bytes, so no secret",
                           path, length - 1);
    config->client_secret[length] = '\0';
    const char *wrong = take_first_line(config->client_secret, length);
    if (wrong != NULL)
        return releve_fail(error, RELEVE_E_CONFIG, "CLIENT_SECRET_FILE %.200s: %s", path, wrong);
    return RELEVE_OK;
}

/* Takes a secret out of the environment: children inherit that, and it can be read in /proc. */
static void forget_secret(const char *name)
{
    char *secret = getenv(name);
    if (secret == NULL)
        return;
    explicit_bzero(secret, strlen(secret));
    (void)unsetenv(name);
}

/* The gateway for private persons gives everyone a token. */
static enum releve_code load_conso_token(struct releve_config *config, bool needed, struct releve_error *error)
{
    const char *token = releve_dotenv_get("CONSO_TOKEN");
    (void)snprintf(config->client_id, sizeof config->client_id, "%s", RELEVE_UPSTREAM_CONSO_CLIENT);
    if (token == NULL && !needed)
        return RELEVE_OK;
    if (token == NULL)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "CONSO_TOKEN is not set: give the token that https://conso.boris.sh shows you, in the "
                           "environment or in a .env file");
    if (!releve_upstream_token_is_legal(token))
        return releve_fail(error, RELEVE_E_CONFIG,
                           "CONSO_TOKEN is no token: letters, digits, - _ = and dots only, less than %d of them; copy "
                           "all of what https://conso.boris.sh shows you",
                           RELEVE_TOKEN_BYTES);
    (void)snprintf(config->token, sizeof config->token, "%s", token);
    return RELEVE_OK;
}

static enum releve_code load_credentials(struct releve_config *config, bool needed, struct releve_error *error)
{
    if (config->api == RELEVE_API_CONSO)
        return load_conso_token(config, needed, error);
    const char *id = releve_dotenv_get("CLIENT_ID");
    const char *secret = releve_dotenv_get("CLIENT_SECRET");
    const char *file = releve_dotenv_get("CLIENT_SECRET_FILE");
    enum releve_code code = RELEVE_OK;
    if (needed && secret != NULL && file != NULL)
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "CLIENT_SECRET and CLIENT_SECRET_FILE are both set (in the environment or in .env), and they "
            "may differ: set one of them");
    if (id != NULL)
        code = copy(config->client_id, "CLIENT_ID", id, error);
    if (code == RELEVE_OK && secret != NULL)
        code = copy(config->client_secret, "CLIENT_SECRET", secret, error);
    else if (code == RELEVE_OK && file != NULL && needed)
        code = read_secret_file(config, file, error);
    if (code != RELEVE_OK || !needed)
        return code;
    if (config->client_id[0] == '\0' || config->client_secret[0] == '\0')
        return releve_fail(error, RELEVE_E_CONFIG,
                           "%s is not set: give the application's credentials in CLIENT_ID and CLIENT_SECRET (or "
                           "CLIENT_SECRET_FILE), in the environment or in a .env file",
                           config->client_id[0] == '\0' ? "CLIENT_ID" : "CLIENT_SECRET");
    return RELEVE_OK;
}

static const char *const api_names[] = {
    [RELEVE_API_2026] = "2026", [RELEVE_API_V5] = "v5", [RELEVE_API_CONSO] = "conso"};

const char *releve_config_api_name(const struct releve_config *config)
{
    return api_names[config->api];
}

static enum releve_code load_api(struct releve_config *config, struct releve_error *error)
{
    const char *value = releve_dotenv_get("RELEVE_API");
    bool conso = strcmp(releve_upstream_name(config->upstream), "conso") == 0;
    config->api = conso ? RELEVE_API_CONSO : RELEVE_API_2026;
    if (value == NULL)
        return RELEVE_OK;
    int found = releve_name_find(api_names, 3, value, strlen(value));
    if (found < 0)
        return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_API \"%.40s\": say 2026, v5 or conso", value);
    if (conso && found != RELEVE_API_CONSO)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "RELEVE_API %s: RELEVE_UPSTREAM conso speaks its own; leave RELEVE_API out", value);
    config->api = (enum releve_api)found;
    return RELEVE_OK;
}

static enum releve_code load_quota(struct releve_config *config, struct releve_error *error)
{
    const char *value = releve_dotenv_get("RELEVE_QUOTA");
    struct releve_error inner;
    const char *usual = config->api == RELEVE_API_CONSO ? RELEVE_QUOTA_CONSO : RELEVE_QUOTA_ENEDIS;
    if (releve_quota_parse(value != NULL ? value : usual, &config->quota, &inner) != RELEVE_OK)
        return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_QUOTA: %.400s", inner.text);
    return RELEVE_OK;
}

static enum releve_code load_redis(struct releve_config *config, struct releve_error *error)
{
    const char *value = releve_dotenv_get("RELEVE_REDIS");
    enum releve_code code = releve_redis_url_parse(value != NULL ? value : "embedded", &config->redis, error);
    if (code != RELEVE_OK)
        return code;
    const char *prefix = releve_dotenv_get("RELEVE_PREFIX");
    if (prefix == NULL)
        prefix = "releve";
    if (!releve_redis_prefix_is_legal(prefix))
        return releve_fail(error, RELEVE_E_CONFIG,
                           "RELEVE_PREFIX \"%.60s\": " RELEVE_PREFIX_LEGAL " only, 1 to %d of them", prefix,
                           RELEVE_PREFIX_BYTES - 1);
    (void)snprintf(config->prefix, sizeof config->prefix, "%s", prefix);
    return RELEVE_OK;
}

static enum releve_code load_keep(struct releve_config *config, struct releve_error *error)
{
    const char *value = releve_dotenv_get("RELEVE_KEEP");
    struct releve_error inner;
    if (value != NULL && releve_keep_parse(value, &config->keep, &inner) != RELEVE_OK)
        return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_KEEP: %.400s", inner.text);
    return RELEVE_OK;
}

static enum releve_code load_today(struct releve_config *config, struct releve_error *error)
{
    const char *value = releve_dotenv_get("RELEVE_TODAY");
    config->today = RELEVE_DAY_NONE;
    if (value != NULL && !releve_day_parse(value, strlen(value), &config->today))
        return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_TODAY \"%.40s\": write a day that exists, as YYYY-MM-DD",
                           value);
    return RELEVE_OK;
}

static enum releve_code load_log(struct releve_config *config, struct releve_error *error)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    const char *value = releve_dotenv_get("RELEVE_LOG");
    config->log = RELEVE_LOG_INFO;
    if (value == NULL)
        return RELEVE_OK;
    for (int i = 0; i < 4; i++) {
        config->log = (enum releve_log_level)i;
        if (strcmp(value, levels[i]) == 0)
            return RELEVE_OK;
    }
    return releve_fail(error, RELEVE_E_CONFIG, "RELEVE_LOG \"%.40s\": say error, warn, info or debug", value);
}

enum releve_code releve_config_load(struct releve_config *config, bool asks_upstream, struct releve_error *error)
{
    memset(config, 0, sizeof *config);
    enum releve_code code = releve_dotenv_check_environment(error);
    if (code == RELEVE_OK)
        code = releve_dotenv_load(".env", error);
    for (int i = 0; i < RELEVE_SETTINGS; i++)
        config->sources[i] = releve_dotenv_source(releve_settings[i]);
    if (code == RELEVE_OK)
        code = load_log(config, error);
    if (code == RELEVE_OK)
        code = load_today(config, error);
    if (code == RELEVE_OK)
        code = load_keep(config, error);
    if (code == RELEVE_OK)
        code = load_upstream(config, asks_upstream, error);
    if (code == RELEVE_OK)
        code = load_api(config, error);
    if (code == RELEVE_OK)
        code = load_quota(config, error);
    if (code == RELEVE_OK)
        code = load_redis(config, error);
    if (code == RELEVE_OK)
        code = load_credentials(config, asks_upstream, error);
    releve_dotenv_forget();
    forget_secret("CLIENT_SECRET");
    forget_secret("CONSO_TOKEN");
    return code;
}

const struct releve_dialect *releve_config_dialect(const struct releve_config *config)
{
    return releve_engine_dialect(config->api);
}

enum releve_code releve_config_check_kinds(const struct releve_config *config, releve_kinds kinds,
                                           struct releve_error *error)
{
    static const char *const absent[] = {
        [RELEVE_API_2026] = "", [RELEVE_API_V5] = "registers (RELEVE_API=2026 has)", [RELEVE_API_CONSO] = "documents"};
    const struct releve_dialect *dialect = releve_config_dialect(config);
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        if ((kinds & RELEVE_KIND_BIT(kind)) != 0 && dialect->families[kind] == NULL)
            return releve_fail(error, RELEVE_E_USAGE, "--kind %s: %s has no %s", releve_kind_facts(kind)->name,
                               config->api == RELEVE_API_V5 ? "v5" : "conso", absent[config->api]);
    return RELEVE_OK;
}

enum releve_code releve_config_start_redis(struct releve_config *config, struct releve_error *error)
{
    return config->redis.where == RELEVE_REDIS_EMBEDDED ? releve_embedded_start(&config->redis, error) : RELEVE_OK;
}

releve_day releve_config_today(const struct releve_config *config)
{
    return releve_paris_day(releve_clock_civil(config->today));
}

struct releve_span releve_config_history(const struct releve_config *config, enum releve_kind kind)
{
    return releve_keep_history(&config->keep, kind, releve_config_today(config));
}

enum releve_code releve_config_check_bound(const struct releve_config *config, const char *bound,
                                           struct releve_error *error)
{
    if (config->upstream[0] == '\0' || releve_upstream_check(config->upstream, bound, error) == RELEVE_OK)
        return RELEVE_OK;
    releve_config_add_place(config, error);
    return error->code;
}

void releve_config_add_place(const struct releve_config *config, struct releve_error *error)
{
    struct releve_error inner = *error;
    releve_fail(error, inner.code, "%.*s, prefix %s: %s", PLACE_BYTES_MAX, config->redis.address, config->prefix,
                inner.text);
}
