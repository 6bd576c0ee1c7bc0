/* releve consent: which usage points a customer's consent is about, and for which kinds. */
#include "command.h"
#include "json_fields.h"
#include "session.h"
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUTHORIZATION_DIGITS_MAX 15 /* a number of JSON holds them exactly */

struct consent {
    struct releve_session session;
    struct releve_config config;
    uint64_t authorization;
    bool json, told;
    struct releve_service *points; /* that were told */
    size_t count;
};
RELEVE_SESSION_FIRST(struct consent);

/* --- asking --------------------------------------------------------------------------------------------------- */

static void on_authorized(void *data, const struct releve_service *services, size_t count)
{
    struct consent *consent = data;
    consent->told = true;
    consent->count = count;
    consent->points = releve_alloc(count, sizeof *consent->points);
    if (count > 0)
        memcpy(consent->points, services, count * sizeof *services);
}

static void on_ready(void *data)
{
    struct consent *consent = data;
    releve_runtime_ask_authorization(consent->session.runtime, consent->authorization);
}

static enum releve_code ask(struct consent *consent, struct releve_error *error)
{
    const struct releve_session_options session = {
        .config = &consent->config, .concurrency = 1, .authorized = on_authorized, .ready = on_ready};
    if (releve_config_start_redis(&consent->config, error) != RELEVE_OK)
        return error->code;
    (void)releve_session_run(&consent->session, &session);
    *error = consent->session.error;
    if (error->code == RELEVE_OK && !consent->told)
        return releve_fail(error, RELEVE_E_UPSTREAM,
                           "consent: upstream did not tell what authorization %" PRIu64
                           " is about; the line above says why, or its quota for that is closed (releve status)",
                           consent->authorization);
    if (error->code == RELEVE_OK && consent->count == 0)
        return releve_fail(error, RELEVE_E_UPSTREAM,
                           "consent: authorization %" PRIu64
                           " is of no usage point: there is none of that number, or its consent is over",
                           consent->authorization);
    return error->code;
}

/* --- telling -------------------------------------------------------------------------------------------------- */

/* Lines that `backfill --prms -` reads: it takes the first column. */
static void print_lines(const struct consent *consent)
{
    for (size_t i = 0; i < consent->count; i++) {
        char separator = ',';
        printf(RELEVE_PRM_FORMAT, consent->points[i].prm);
        for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
            if ((consent->points[i].kinds & RELEVE_KIND_BIT(kind)) == 0)
                continue;
            printf("%c%s", separator, releve_kind_facts(kind)->name);
            separator = ' ';
        }
        putchar('\n');
    }
}

static void print_json(const struct consent *consent)
{
    for (size_t i = 0; i < consent->count; i++) {
        char prm[RELEVE_PRM_TEXT];
        cJSON *json = cJSON_CreateObject();
        releve_prm_format(consent->points[i].prm, prm);
        cJSON_AddStringToObject(json, "prm", prm);
        cJSON *kinds = cJSON_AddArrayToObject(json, "kinds");
        for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
            if ((consent->points[i].kinds & RELEVE_KIND_BIT(kind)) != 0)
                cJSON_AddItemToArray(kinds, cJSON_CreateString(releve_kind_facts(kind)->name));
        releve_json_print(json);
    }
}

/* --- the command ---------------------------------------------------------------------------------------------- */

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct consent *consent = data;
    if (option == 'j') {
        consent->json = true;
        return RELEVE_OK;
    }
    size_t digits = strspn(value, "0123456789");
    consent->authorization = digits <= AUTHORIZATION_DIGITS_MAX ? strtoull(value, NULL, 10) : 0;
    if (value[digits] == '\0' && consent->authorization != 0)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_USAGE,
                       "--authorization \"%.40s\": the number that came back as autorisation_id, 1 to %d digits", value,
                       AUTHORIZATION_DIGITS_MAX);
}

static enum releve_code check(const struct consent *consent, struct releve_error *error)
{
    if (consent->authorization == 0)
        return releve_fail(error, RELEVE_E_USAGE, "consent: say which one: --authorization ID");
    if (consent->config.api == RELEVE_API_CONSO)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "consent: conso has no authorizations: its token names usage points");
    if (consent->config.api == RELEVE_API_V5)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "consent: v5 has no authorizations: the usage point comes back with the customer "
                           "(usage_point_id)");
    return RELEVE_OK;
}

static const struct option options[] = {
    {"authorization", required_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int consent_main(int argc, char **argv)
{
    static struct consent consent;
    struct releve_error error = {0};
    int wrong = releve_command_parse("consent", argc, argv, options, apply_option, &consent);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&consent.config, true, &error) == RELEVE_OK && check(&consent, &error) == RELEVE_OK &&
        ask(&consent, &error) == RELEVE_OK)
        (consent.json ? print_json : print_lines)(&consent);
    explicit_bzero(consent.config.client_secret, sizeof consent.config.client_secret);
    free(consent.points);
    return error.code == RELEVE_OK ? releve_command_flush(0) : releve_command_fail(&error);
}

const struct releve_command releve_command_consent = {
    .name = "consent",
    .summary = "which usage points a customer's consent is about",
    .help = "--authorization ID [--json]\n"
            "\n"
            "Asks Enedis (2026) which usage points the authorization is about that the\n"
            "consent page returned, and which kinds their services are of: one request, in a\n"
            "quota of its own. Prints a line for each, the usage point first, so that the\n"
            "rest can follow at once:\n"
            "\n"
            "  releve consent --authorization 100007 | releve backfill --prms -\n"
            "\n"
            "options:\n"
            "  --authorization ID   the number that came back as autorisation_id\n"
            "  --json               one JSON object a usage point instead: prm, kinds\n",
    .run = consent_main,
};
