/* releve consent-url: the address of the page on which a customer gives consent. Nothing is sent, and no Redis is
 * asked. */
#include "command.h"
#include "config.h"
#include "json_fields.h"
#include <adapters/enedis/consent.h>
#include <engine/runtime/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STATE_RANDOM_BYTES 16   /* 128 bits */
#define STATE_MAX 100           /* characters; docs/enedis.md, Consent page */
#define REDIRECT_BYTES_MAX 1000 /* some browsers and servers stop at 2000 for the whole address */
#define DURATION_BYTES 8        /* "P1095D" and its NUL, and more */

#define DURATIONS "P1Y to P3Y, P1M to P36M or P1D to P1095D (ISO 8601, one unit, at most three years)"

struct consent_url {
    struct releve_config config;
    struct releve_consent consent;
    bool json;
    char drawn[2 * STATE_RANDOM_BYTES + 1];
};

/* A number without leading zeros and its unit, at most as many as three years have. */
static bool is_duration(const char *value)
{
    static const struct {
        char unit;
        long most;
    } units[] = {{'Y', 3}, {'M', 36}, {'D', 1095}};
    size_t length = strlen(value);
    if (length < 3 || length >= DURATION_BYTES || value[0] != 'P' || value[1] < '1' || value[1] > '9')
        return false;
    char *end;
    long number = strtol(value + 1, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (*end == units[i].unit && end[1] == '\0')
            return number <= units[i].most;
    return false;
}

static bool is_state(const char *value)
{
    size_t length = strlen(value);
    for (size_t i = 0; i < length; i++)
        if (value[i] < ' ' || value[i] > '~')
            return false;
    return length >= 1 && length <= STATE_MAX;
}

/* A fragment would be taken off by the browser (RFC 6749, 3.1.2). */
static bool is_redirect(const char *value)
{
    const char *host = strncasecmp(value, "https://", 8) == 0  ? value + 8
                       : strncasecmp(value, "http://", 7) == 0 ? value + 7
                                                               : NULL;
    if (host == NULL || *host == '\0' || strchr("/?:", *host) != NULL || strlen(value) > REDIRECT_BYTES_MAX)
        return false;
    for (const char *at = value; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("#\"<>\\", *at) != NULL)
            return false;
    return true;
}

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct consent_url *command = data;
    switch (option) {
    case 'd':
        command->consent.duration = value;
        return is_duration(value) ? RELEVE_OK
                                  : releve_fail(error, RELEVE_E_USAGE, "--duration \"%.40s\": say " DURATIONS, value);
    case 's':
        command->consent.state = value;
        return is_state(value)
                   ? RELEVE_OK
                   : releve_fail(error, RELEVE_E_USAGE,
                                 "--state \"%.40s\": say 1 to %d printable ASCII characters, or leave it out "
                                 "for a random one",
                                 value, STATE_MAX);
    case 'r':
        command->consent.redirect = value;
        return is_redirect(value) ? RELEVE_OK
                                  : releve_fail(error, RELEVE_E_USAGE,
                                                "--redirect \"%.60s\": say https://HOST/PATH as it is registered with "
                                                "Enedis, without blanks and without #, at most %d bytes",
                                                value, REDIRECT_BYTES_MAX);
    default:
        command->json = true;
        return RELEVE_OK;
    }
}

static enum releve_code check(const struct consent_url *command, struct releve_error *error)
{
    if (command->consent.duration == NULL)
        return releve_fail(error, RELEVE_E_USAGE, "consent-url: for how long? Give --duration: " DURATIONS);
    if (command->config.api == RELEVE_API_CONSO)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "consent-url: for conso consent is given on https://conso.boris.sh, which shows the token");
    if (command->config.client_id[0] == '\0')
        return releve_fail(error, RELEVE_E_CONFIG,
                           "CLIENT_ID is not set: the page is asked in the name of the application; give its id in the "
                           "environment or in a .env file (its secret is not needed here)");
    return RELEVE_OK;
}

static void print_json(const struct consent_url *command, const char *url)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "api", command->config.api == RELEVE_API_V5 ? "v5" : "2026");
    cJSON_AddStringToObject(json, "url", url);
    cJSON_AddStringToObject(json, "state", command->consent.state);
    releve_json_print(json);
}

static void print(struct consent_url *command)
{
    if (command->consent.redirect != NULL && !releve_consent_has_redirect(command->config.api))
        fprintf(stderr,
                "releve: --redirect is left out: the page of 2026 has no such parameter, and Enedis sends the customer "
                "back to the address that is registered with the application\n");
    bool drawn = command->consent.state == NULL;
    if (drawn) {
        releve_random_hex(STATE_RANDOM_BYTES, command->drawn);
        command->consent.state = command->drawn;
    }
    command->consent.client_id = command->config.client_id;
    char *url = releve_consent_url(command->config.api, &command->consent);
    if (command->json) {
        print_json(command, url);
    } else {
        puts(url);
        if (drawn)
            fprintf(stderr, "releve: the state is %s: believe nobody who comes back with another one\n",
                    command->consent.state);
    }
    free(url);
}

static const struct option options[] = {
    {"redirect", required_argument, NULL, 'r'},
    {"duration", required_argument, NULL, 'd'},
    {"state", required_argument, NULL, 's'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int consent_url_main(int argc, char **argv)
{
    static struct consent_url command;
    struct releve_error error = {0};
    int wrong = releve_command_parse("consent-url", argc, argv, options, apply_option, &command);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&command.config, false, &error) != RELEVE_OK || check(&command, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    print(&command);
    return releve_command_flush(0);
}

const struct releve_command releve_command_consent_url = {
    .name = "consent-url",
    .summary = "the address of the page on which a customer gives consent",
    .help = "--duration DURATION [OPTION]...\n"
            "\n"
            "Prints the address of Enedis's consent page for CLIENT_ID, in the form of\n"
            "RELEVE_API. Open it in the customer's browser. Sends nothing, and asks no\n"
            "Redis. The page is the same for every RELEVE_UPSTREAM.\n"
            "\n"
            "options:\n"
            "  --duration DURATION  for how long: P1Y to P3Y, P1M to P36M or P1D to P1095D\n"
            "  --redirect URL       v5: where the customer comes back to, as it is\n"
            "                       registered with Enedis. 2026 has no such parameter: it\n"
            "                       is left out, and a line says so\n"
            "  --state TEXT         1 to 100 printable ASCII characters that come back with\n"
            "                       the customer; default: 128 random bits, said on standard\n"
            "                       error\n"
            "  --json               one JSON object instead: api, url, state\n",
    .run = consent_url_main,
};
