/* The options of an engine: read, checked, filled up and taken over. Each complaint names the option, and quotes no
 * secret. */
#include "inside.h"
#include <adapters/enedis/enedis.h>
#include <assert.h>
#include <engine/runtime/upstream.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "releve" /* where none is given */

const struct releve_dialect *releve_engine_dialect(enum releve_api api)
{
    static const struct releve_dialect *const dialects[] = {[RELEVE_API_2026] = &releve_dialect_2026,
                                                            [RELEVE_API_V5] = &releve_dialect_v5,
                                                            [RELEVE_API_CONSO] = &releve_dialect_conso};
    return dialects[api];
}

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static enum releve_code check_credentials(const struct releve_engine_options *options, struct releve_error *error)
{
    if (options->api == RELEVE_API_CONSO) {
        if (options->token != NULL && releve_upstream_token_is_legal(options->token))
            return RELEVE_OK;
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "token: RELEVE_API_CONSO needs the one that the customer was given: letters, digits, - _ = and "
            "dots only");
    }
    if (options->token != NULL)
        return releve_fail(error, RELEVE_E_CONFIG, "token: only RELEVE_API_CONSO is given one; leave it NULL");
    if (!is_given(options->client_id) || !is_given(options->client_secret))
        return releve_fail(error, RELEVE_E_CONFIG, "%s: the application's credentials are needed",
                           is_given(options->client_id) ? "client_secret" : "client_id");
    return RELEVE_OK;
}

static bool is_quota(const struct releve_quota *quota)
{
    for (size_t i = 0; i < quota->windows_count && i < RELEVE_QUOTA_WINDOWS_MAX; i++)
        if (quota->windows[i].limit < 1 || quota->windows[i].limit > RELEVE_QUOTA_LIMIT_MAX ||
            quota->windows[i].span_ms < 1 || quota->windows[i].span_ms > RELEVE_QUOTA_WINDOW_MS_MAX)
            return false;
    return quota->windows_count <= RELEVE_QUOTA_WINDOWS_MAX;
}

static enum releve_code read_quota(struct releve_engine *engine, struct releve_error *error)
{
    const struct releve_engine_options *options = &engine->options;
    if (options->quota == NULL)
        return releve_quota_parse(options->api == RELEVE_API_CONSO ? RELEVE_QUOTA_CONSO : RELEVE_QUOTA_ENEDIS,
                                  &engine->quota, error);
    if (!is_quota(options->quota))
        return releve_fail(error, RELEVE_E_CONFIG, "quota: more windows than there can be, or one out of range");
    engine->quota = *options->quota;
    return RELEVE_OK;
}

static enum releve_code read_keep(struct releve_engine *engine, struct releve_error *error)
{
    static const struct releve_keep for_ever = {0};
    engine->keep = engine->options.keep != NULL ? *engine->options.keep : for_ever;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        int days = engine->keep.days[kind];
        if (days != 0 && (releve_kind_is_document(kind) || days < RELEVE_KEEP_DAYS_MIN || days > RELEVE_KEEP_DAYS_MAX))
            return releve_fail(error, RELEVE_E_CONFIG, "keep: %s: 0, or %d to %d days of a measure",
                               releve_kind_facts(kind)->name, RELEVE_KEEP_DAYS_MIN, RELEVE_KEEP_DAYS_MAX);
    }
    return RELEVE_OK;
}

static enum releve_code read_upstream(struct releve_engine *engine, struct releve_error *error)
{
    const struct releve_engine_options *options = &engine->options;
    if (options->upstream == NULL || !releve_upstream_parse(options->upstream, engine->upstream))
        return releve_fail(error, RELEVE_E_CONFIG, "upstream: has to be " RELEVE_UPSTREAM_FORM ", at most %d bytes",
                           RELEVE_UPSTREAM_BYTES - 1);
    bool conso = strcmp(releve_upstream_name(engine->upstream), "conso") == 0;
    if ((unsigned)options->api > RELEVE_API_CONSO || (conso && options->api != RELEVE_API_CONSO))
        return releve_fail(error, RELEVE_E_CONFIG,
                           "api: there is none of that number, or this upstream speaks another");
    return check_credentials(options, error);
}

static enum releve_code read_redis(struct releve_engine *engine, struct releve_error *error)
{
    const struct releve_engine_options *options = &engine->options;
    const char *prefix = options->prefix != NULL ? options->prefix : PREFIX;
    if (engine->more.redis != NULL)
        engine->redis = *engine->more.redis;
    else if (options->redis == NULL)
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "redis: say where it is: redis://host:port/db, unix:///path, redis+sentinel://host:port/NAME "
            "or redis+cluster://host:port");
    else if (releve_redis_url_parse(options->redis, &engine->redis, error) != RELEVE_OK)
        return error->code;
    if (engine->redis.where == RELEVE_REDIS_EMBEDDED)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "redis: an embedded one is the releve command's alone; run your own");
    if (!releve_redis_prefix_is_legal(prefix))
        return releve_fail(error, RELEVE_E_CONFIG, "prefix \"%.60s\": " RELEVE_PREFIX_LEGAL " only, 1 to %d of them",
                           prefix, RELEVE_PREFIX_BYTES - 1);
    (void)snprintf(engine->prefix, sizeof engine->prefix, "%s", prefix);
    return RELEVE_OK;
}

enum releve_code releve_engine_read_options(struct releve_engine *engine, struct releve_error *error)
{
    struct releve_engine_options *options = &engine->options;
    assert(options->ended != NULL && options->stopped != NULL);
    if (read_upstream(engine, error) != RELEVE_OK || read_redis(engine, error) != RELEVE_OK ||
        read_quota(engine, error) != RELEVE_OK || read_keep(engine, error) != RELEVE_OK)
        return error->code;
    if (options->concurrency > RELEVE_CONCURRENCY_MAX)
        return releve_fail(error, RELEVE_E_CONFIG, "concurrency: 1 to %d, or 0", RELEVE_CONCURRENCY_MAX);
    options->concurrency = options->concurrency > 0 ? options->concurrency : RELEVE_CONCURRENCY_DEFAULT;
    options->today = options->today != 0 ? options->today : RELEVE_DAY_NONE;
    return RELEVE_OK;
}

void releve_engine_own_options(struct releve_engine *engine)
{
    struct releve_engine_options *options = &engine->options;
    const char *id = is_given(options->client_id) ? options->client_id : RELEVE_UPSTREAM_CONSO_CLIENT;
    const char *secret = options->client_secret != NULL ? options->client_secret : "";
    options->client_id = releve_strdup(id);
    options->client_secret = releve_strdup(secret);
    options->token = options->token != NULL ? releve_strdup(options->token) : NULL;
    options->upstream = options->redis = options->prefix = NULL;
    options->quota = NULL;
    options->keep = NULL;
    engine->more.redis = NULL;
}

static void wipe(const char **secret)
{
    if (*secret != NULL) {
        explicit_bzero((char *)(uintptr_t)*secret, strlen(*secret));
        free((char *)(uintptr_t)*secret);
    }
    *secret = NULL;
}

void releve_engine_wipe_credentials(struct releve_engine *engine)
{
    wipe(&engine->options.client_id);
    wipe(&engine->options.client_secret);
    wipe(&engine->options.token);
}
