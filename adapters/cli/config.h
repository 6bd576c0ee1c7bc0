/* Configuration: the environment, then a .env file that never overrides it. */
#ifndef RELEVE_CLI_CONFIG_H
#define RELEVE_CLI_CONFIG_H

#include "dotenv.h"
#include <adapters/redis/url.h>
#include <engine/runtime/dialect.h>
#include <releve/api.h>
#include <releve/keep.h>
#include <releve/quota.h>
#include <releve/runtime.h>
#include <stdbool.h>

enum releve_log_level { RELEVE_LOG_ERROR, RELEVE_LOG_WARN, RELEVE_LOG_INFO, RELEVE_LOG_DEBUG };

#define RELEVE_CONFIG_VALUE_BYTES 1024 /* longest value of a variable, NUL included */

struct releve_config {
    char upstream[RELEVE_UPSTREAM_BYTES]; /* base URL in normal form; "" where not needed and not set */
    enum releve_api api;
    char client_id[RELEVE_CONFIG_VALUE_BYTES];
    char client_secret[RELEVE_CONFIG_VALUE_BYTES];
    char token[RELEVE_TOKEN_BYTES]; /* CONSO_TOKEN; "" for an upstream that is asked for one */
    struct releve_quota quota;
    struct releve_redis_url redis; /* `embedded` is started and becomes its socket by releve_config_start_redis */
    char prefix[RELEVE_PREFIX_BYTES];
    struct releve_keep keep; /* how long days are kept */
    releve_day today;        /* as pretended; RELEVE_DAY_NONE: the real one */
    enum releve_log_level log;
    const char *sources[RELEVE_SETTINGS]; /* where each setting comes from: as releve_dotenv_source has it */
};

/* Reads and checks all variables. `asks_upstream`: upstream and credentials must be there. Nothing is started. */
enum releve_code releve_config_load(struct releve_config *config, bool asks_upstream, struct releve_error *error);

/* As RELEVE_API has it. */
const char *releve_config_api_name(const struct releve_config *config);

/* How the configured upstream is asked. */
const struct releve_dialect *releve_config_dialect(const struct releve_config *config);

/* RELEVE_E_USAGE where one of them is a kind that the configured upstream does not have. */
enum releve_code releve_config_check_kinds(const struct releve_config *config, releve_kinds kinds,
                                           struct releve_error *error);

/* Starts the embedded Redis where it is configured. Call it after all input has been checked, and before the loop
 * exists. */
enum releve_code releve_config_start_redis(struct releve_config *config, struct releve_error *error);

/* Puts in front of an error's text which keys it is about: the address of Redis and the prefix. */
void releve_config_add_place(const struct releve_config *config, struct releve_error *error);

/* releve_upstream_check with the place; RELEVE_OK where no upstream is configured. */
enum releve_code releve_config_check_bound(const struct releve_config *config, const char *bound,
                                           struct releve_error *error);

/* The civil day that counts as today. */
releve_day releve_config_today(const struct releve_config *config);

/* The days of that kind that a job can get today: what upstream serves and RELEVE_KEEP keeps. */
struct releve_span releve_config_history(const struct releve_config *config, enum releve_kind kind);

#endif
