/* A .env file: NAME=value lines. It is kept apart from the process's environment, so that secrets do not reach child
 * processes. */
#ifndef RELEVE_CLI_DOTENV_H
#define RELEVE_CLI_DOTENV_H

#include <releve/error.h>
#include <stddef.h>

/* The names of all settings. */
enum releve_setting {
    RELEVE_SETTING_CLIENT_ID,
    RELEVE_SETTING_CLIENT_SECRET,
    RELEVE_SETTING_CLIENT_SECRET_FILE,
    RELEVE_SETTING_CONSO_TOKEN,
    RELEVE_SETTING_UPSTREAM,
    RELEVE_SETTING_API,
    RELEVE_SETTING_QUOTA,
    RELEVE_SETTING_REDIS,
    RELEVE_SETTING_PREFIX,
    RELEVE_SETTING_KEEP,
    RELEVE_SETTING_TODAY,
    RELEVE_SETTING_LOG,
    RELEVE_SETTINGS
};
extern const char *const releve_settings[RELEVE_SETTINGS];

/* Reads `path`; a file that does not exist is an empty one. RELEVE_E_CONFIG names file and line. */
enum releve_code releve_dotenv_load(const char *path, struct releve_error *error);

/* The next variable of the environment ("NAME=value") that looks like a setting and is none, from the *at-th on, which
 * is moved behind it; NULL at the end. */
const char *releve_dotenv_unknown(size_t *at);

/* Variables of the environment that look like settings and are none: RELEVE_E_CONFIG where one is nearly a setting; any
 * other is named on stderr (containers bring such names). */
enum releve_code releve_dotenv_check_environment(struct releve_error *error);

/* The environment's value, else the file's, else NULL. An empty value counts as none. */
const char *releve_dotenv_get(const char *name);

/* "environment", ".env", or NULL where it has no value. */
const char *releve_dotenv_source(const char *name);

/* Overwrites and frees what was read of files; texts that releve_dotenv_get gave of them are gone. */
void releve_dotenv_forget(void);

#endif
