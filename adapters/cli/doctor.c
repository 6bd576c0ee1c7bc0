/* releve doctor: is everything in place? Each finding says what to do. Here: the command, the settings and where each
 * comes from. */
#include "doctor.h"
#include "command.h"
#include "duration.h"
#include "json_fields.h"
#include <adapters/http/transport.h>
#include <adapters/redis/store.h>
#include <engine/runtime/upstream.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLOCKS_APART_MAX_MS (5 * RELEVE_SECOND_MS) /* a Date header has whole seconds, and answers take their time */
#define ID_SHOWN 4                                 /* characters of CLIENT_ID: findings are sent around */

void releve_doctor_clock(struct doctor *doctor, const char *whose, releve_time ahead_ms, const char *why)
{
    char apart[RELEVE_DURATION_TEXT];
    releve_duration_format(ahead_ms < 0 ? -ahead_ms : ahead_ms, apart);
    if (ahead_ms > CLOCKS_APART_MAX_MS || ahead_ms < -CLOCKS_APART_MAX_MS)
        DOUBTFUL(doctor, "clock", "%s is %s %s this machine's%s: set both by NTP", whose, apart,
                 ahead_ms > 0 ? "ahead of" : "behind", why);
    else
        OK(doctor, "clock", "%s agrees with this machine's within %d s", whose,
           (int)(CLOCKS_APART_MAX_MS / RELEVE_SECOND_MS));
}

static void show_setting(struct doctor *doctor, cJSON *list, enum releve_setting setting, const char *value)
{
    const char *source = doctor->config.sources[setting];
    if (source == NULL)
        source = *value != '\0' ? "default" : "not set";
    if (list == NULL) {
        printf("          %-18s  %s%s(%s)\n", releve_settings[setting], value, *value != '\0' ? "  " : "", source);
        return;
    }
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", releve_settings[setting]);
    cJSON_AddStringToObject(item, "value", value);
    cJSON_AddStringToObject(item, "source", source);
    cJSON_AddItemToArray(list, item);
}

static void mask_id(const char *id, char out[DOCTOR_VALUE_BYTES])
{
    size_t length = strlen(id);
    bool ascii = true;
    for (size_t i = 0; i < length; i++)
        ascii = ascii && id[i] > ' ' && id[i] <= '~';
    if (length > 2 * (size_t)ID_SHOWN && ascii)
        (void)snprintf(out, DOCTOR_VALUE_BYTES, "%.*s... (%zu characters)", ID_SHOWN, id, length);
    else
        (void)snprintf(out, DOCTOR_VALUE_BYTES, "%s", length > 0 ? "set" : "");
}

/* "embedded", with its folder where it is not the usual one. */
static void describe_redis(const struct releve_redis_url *redis, char out[DOCTOR_VALUE_BYTES])
{
    bool embedded = redis->where == RELEVE_REDIS_EMBEDDED, usual = redis->path[0] == '\0';
    (void)snprintf(out, DOCTOR_VALUE_BYTES, "%.*s", DOCTOR_VALUE_BYTES - 1, redis->address);
    if (embedded)
        (void)snprintf(out, DOCTOR_VALUE_BYTES, "embedded%s%.*s", usual ? "" : ":", DOCTOR_VALUE_BYTES - 10,
                       redis->path);
}

/* Each with where it comes from. Secrets are "set" or not. */
static void show_settings(struct doctor *doctor, cJSON *list)
{
    const struct releve_config *config = &doctor->config;
    const char *const *sources = config->sources;
    char id[DOCTOR_VALUE_BYTES], redis[DOCTOR_VALUE_BYTES], quota[RELEVE_QUOTA_TEXT], today[RELEVE_DAY_TEXT] = "";
    char keep[RELEVE_KEEP_TEXT];
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    mask_id(sources[RELEVE_SETTING_CLIENT_ID] != NULL ? config->client_id : "", id);
    if (config->quota.windows_count > 0)
        releve_quota_format(&config->quota, quota);
    else
        (void)snprintf(quota, sizeof quota, "none");
    if (config->today != RELEVE_DAY_NONE)
        releve_day_format(config->today, today);
    describe_redis(&config->redis, redis);
    releve_keep_format(&config->keep, keep);
    const char *const values[RELEVE_SETTINGS] = {
        [RELEVE_SETTING_CLIENT_ID] = id,
        [RELEVE_SETTING_CLIENT_SECRET] = sources[RELEVE_SETTING_CLIENT_SECRET] != NULL ? "set" : "",
        [RELEVE_SETTING_CLIENT_SECRET_FILE] = sources[RELEVE_SETTING_CLIENT_SECRET_FILE] != NULL ? "set" : "",
        [RELEVE_SETTING_CONSO_TOKEN] = sources[RELEVE_SETTING_CONSO_TOKEN] != NULL ? "set" : "",
        [RELEVE_SETTING_UPSTREAM] = config->upstream[0] != '\0' ? releve_upstream_name(config->upstream) : "",
        [RELEVE_SETTING_API] = releve_config_api_name(config),
        [RELEVE_SETTING_QUOTA] = quota,
        [RELEVE_SETTING_REDIS] = redis,
        [RELEVE_SETTING_PREFIX] = config->prefix,
        [RELEVE_SETTING_KEEP] = keep,
        [RELEVE_SETTING_TODAY] = today,
        [RELEVE_SETTING_LOG] = levels[config->log],
    };
    for (enum releve_setting setting = 0; setting < RELEVE_SETTINGS; setting++)
        show_setting(doctor, list, setting, values[setting]);
}

/* Where a value is wrong: which of them are set, and where. */
static void show_sources(struct doctor *doctor, cJSON *list)
{
    for (enum releve_setting setting = 0; setting < RELEVE_SETTINGS; setting++)
        if (doctor->config.sources[setting] != NULL)
            show_setting(doctor, list, setting, "set");
}

/* False where nothing can be looked at. Where only what upstream wants is missing, Redis can. */
static bool check_settings(struct doctor *doctor, cJSON *list, bool *asks_upstream)
{
    struct releve_error error, ignored;
    struct releve_config *config = &doctor->config;
    const char *unknown;
    *asks_upstream = releve_config_load(config, true, &error) == RELEVE_OK;
    if (!*asks_upstream)
        BAD(doctor, error.code, "settings", "%s", error.text);
    /* One that is nearly a setting is the error itself. */
    for (size_t at = 0; *asks_upstream && (unknown = releve_dotenv_unknown(&at)) != NULL;)
        DOUBTFUL(doctor, "settings", "%.*s in the environment is no setting: see releve --help",
                 (int)strcspn(unknown, "="), unknown);
    if (!*asks_upstream && releve_config_load(config, false, &ignored) != RELEVE_OK) {
        show_sources(doctor, list);
        return false;
    }
    if (*asks_upstream)
        OK(doctor, "settings", "all there; what is not set has its default");
    show_settings(doctor, list);
    if (config->today != RELEVE_DAY_NONE)
        DOUBTFUL(doctor, "settings", "RELEVE_TODAY pretends another day, for tests: unset it");
    if (config->upstream[0] != '\0' && releve_upstream_is_clear(config->upstream))
        DOUBTFUL(doctor, "settings", "CLIENT_SECRET goes in clear to RELEVE_UPSTREAM: use https://");
    return true;
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static const struct option options[] = {
    {"prm", required_argument, NULL, 'p'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct doctor *doctor = data;
    doctor->json = doctor->json || option == 'j';
    if (option != 'p')
        return RELEVE_OK;
    doctor->has_prm = true;
    if (!releve_prm_parse(value, strlen(value), &doctor->prm))
        return releve_fail(error, RELEVE_E_USAGE, "--prm \"%.40s\": a usage point has 14 digits", value);
    return RELEVE_OK;
}

static void print_json(struct doctor *doctor, cJSON *settings)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddBoolToObject(json, "well", doctor->findings.code == RELEVE_OK);
    cJSON_AddItemToObject(json, "settings", settings);
    cJSON_AddItemToObject(json, "findings", doctor->findings.json);
    releve_json_print(json);
}

/* How many characters the first two words have. */
static int count_first_words(const char *text)
{
    size_t one = strcspn(text, " ");
    return (int)(text[one] == '\0' ? one : one + 1 + strcspn(text + one + 1, " "));
}

static int doctor_main(int argc, char **argv)
{
    static struct doctor doctor;
    int wrong = releve_command_parse("doctor", argc, argv, options, apply_option, &doctor);
    if (wrong != 0)
        return wrong;
    cJSON *settings = doctor.json ? cJSON_CreateArray() : NULL;
    doctor.findings.json = doctor.json ? cJSON_CreateArray() : NULL;
    doctor.findings.terminal = releve_terminal_look(STDOUT_FILENO);
    const char *curl = releve_transport_version(); /* and many more libraries, behind that of TLS */
    OK(&doctor, "program", "releve %s, libuv %s, %.*s, cJSON %s, %s", RELEVE_VERSION, uv_version_string(),
       count_first_words(curl), curl, cJSON_Version(), releve_store_version());
    bool asks_upstream;
    if (check_settings(&doctor, settings, &asks_upstream) && releve_doctor_redis(&doctor) && asks_upstream &&
        !doctor.mismatched && !doctor.lonely)
        releve_doctor_upstream(&doctor);
    explicit_bzero(doctor.config.client_secret, sizeof doctor.config.client_secret);
    explicit_bzero(doctor.config.token, sizeof doctor.config.token);
    if (doctor.json)
        print_json(&doctor, settings);
    return releve_command_flush(releve_code_exit(doctor.findings.code));
}

const struct releve_command releve_command_doctor = {
    .name = "doctor",
    .summary = "whether everything is in place, and what to do where it is not",
    .help = "[--prm PRM] [--json]\n"
            "\n"
            "Looks at the settings (and where each comes from), Redis (version, persistence,\n"
            "eviction, replicas, clock; of a cluster each master), what RELEVE_REDIS names\n"
            "(each sentinel, each node), the replicas that may be masters next, whose data\n"
            "Redis holds, how much of each quota is used, and asks upstream for a token: one\n"
            "request, within the quota (two where the credentials are refused in their first\n"
            "form). With a usage point each API is asked about it too, some six requests;\n"
            "what comes is kept, as by releve get. A quota that is used up is not waited for.\n"
            "Each finding is ok, doubtful or bad, and says what to do. Secrets are never\n"
            "shown.\n"
            "\n"
            "options:\n"
            "  --prm PRM          a usage point, 14 digits, that the application has the\n"
            "                     consent of\n"
            "  --json             one JSON object: well (true or false), settings (name,\n"
            "                     value, source), findings (finding, area, text)\n"
            "\n"
            "exit codes: 0 all is well; 1 something is doubtful, or upstream cannot be used;\n"
            "            2 the configuration is wrong; 3 the credentials are refused; 4\n"
            "            Redis cannot be reached, or endangers the quota; 130 interrupted\n",
    .run = doctor_main,
};
