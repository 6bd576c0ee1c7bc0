/* releve bench: how much of a quota the program reaches, measured with the program itself. */
#include "command.h"
#include "json_fields.h"
#include "progress.h"
#include "selection.h"
#include "trial.h"
#include <adapters/sandbox/clients.h>
#include <engine/runtime/upstream.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIMULATOR "the simulator"
#define CALLS_MAX 100   /* requests for one usage point: all that they ask lies within two years */
#define SETTLED_DAYS 30 /* what is asked is so old: upstream will never have more of it */
#define REQUESTS_DEFAULT 300
#define REQUESTS_DEFAULT_MS RELEVE_MINUTE_MS /* and no more than that time brings */
#define REQUESTS_MAX 1000000
#define WORKERS_MAX 64
_Static_assert(WORKERS_MAX + 5 <= RELEVE_CHILDREN_MAX, "and the janitor, status, sandbox, enqueue, plan");
#define POPULATION_DEFAULT 100
#define LATENCY_DEFAULT_MS 50

struct bench {
    struct releve_trial trial;
    struct releve_selection selection; /* the usage points of --prms */
    const char *upstream, *quota;      /* as given; NULL: the simulator, the configured one */
    uint64_t requests;                 /* 0: as many as are usual */
    bool named, json;                  /* named: there is --prms */
};

/* --- the report --------------------------------------------------------------------------------------------------- */

static double seconds(const struct releve_trial *trial)
{
    int64_t ms = trial->last_ms - trial->first_ms;
    return (double)(ms > 0 ? ms : 1) / 1000.0;
}

/* When the last of so many requests leaves at the earliest, behind the first. */
static releve_time makespan_ms(const struct releve_trial *trial, const struct releve_quota *quota, uint64_t requests)
{
    releve_time round_trip_ms = trial->latency.fixed_ms + trial->latency.jitter_ms / 2;
    return releve_quota_makespan_ms(quota, requests, round_trip_ms, NULL, 0);
}

/* How much of limit / (window + round trip) was reached; 0 where the window was never the bound. */
static double share_of(const struct releve_trial *trial, size_t window)
{
    struct releve_quota one = {1, {trial->config.quota.windows[window]}};
    return (double)makespan_ms(trial, &one, trial->arrived) / 1000.0 / seconds(trial);
}

static double each(const struct releve_trial *trial, double sum)
{
    return trial->arrived > 0 ? sum / (double)trial->arrived : 0;
}

static void print_table(const struct releve_trial *trial)
{
    const struct releve_quota *quota = &trial->config.quota;
    printf("%-24s %10" PRIu64 "  of %" PRIu64 " usage points, to %s\n", "requests", trial->arrived, trial->points,
           trial->simulated ? SIMULATOR : releve_upstream_name(trial->config.upstream));
    printf("%-24s %10.2f\n", "seconds", seconds(trial));
    printf("%-24s %10.2f\n", "requests/s", (double)trial->arrived / seconds(trial));
    for (size_t i = 0; i < quota->windows_count; i++) {
        struct releve_quota one = {1, {quota->windows[i]}};
        char window[RELEVE_QUOTA_TEXT];
        double share = share_of(trial, i);
        releve_quota_format(&one, window);
        printf("most in a window of %-4s %10" PRIu64 "  of %" PRIu32 " allowed", strchr(window, '/') + 1,
               trial->most[i], one.windows[0].limit);
        if (share > 0)
            printf("; %.1f %% of the safe optimum, %.4g/s", 100 * share,
                   one.windows[0].limit * 1000.0 /
                       ((double)one.windows[0].span_ms + trial->latency.fixed_ms + trial->latency.jitter_ms / 2.0));
        putchar('\n');
    }
    if (trial->simulated)
        printf("%-24s %10" PRIu64 "\n%-24s %10" PRIu64 "\n", "violations", trial->violations, "throttle answers",
               trial->throttled);
    printf("%-24s %10" PRIu64 "  of %" PRIu64 "\n", "days lost", trial->days_lost, releve_trial_days(trial));
    printf("%-24s %10.2f  of %" PRIu64 " worker%s\n", "CPU ms a request", each(trial, trial->cpu_ms), trial->workers,
           trial->workers == 1 ? "" : "s");
    printf("%-24s %10.1f  of the largest worker\n", "peak memory, MB", (double)trial->peak_kb / 1024);
}

static void add(cJSON *json, const char *name, double number)
{
    (void)cJSON_AddNumberToObject(json, name, number);
}

static void add_known(cJSON *json, const char *name, bool known, double number)
{
    (void)cJSON_AddItemToObject(json, name, known ? cJSON_CreateNumber(number) : cJSON_CreateNull());
}

static void print_json(const struct releve_trial *trial)
{
    const struct releve_quota *quota = &trial->config.quota;
    char text[RELEVE_QUOTA_TEXT];
    cJSON *json = cJSON_CreateObject();
    releve_quota_format(quota, text);
    (void)cJSON_AddStringToObject(json, "upstream",
                                  trial->simulated ? SIMULATOR : releve_upstream_name(trial->config.upstream));
    (void)cJSON_AddStringToObject(json, "quota", text);
    add(json, "workers", (double)trial->workers);
    add(json, "latency_ms", trial->latency.fixed_ms);
    add(json, "jitter_ms", trial->latency.jitter_ms);
    add(json, "usage_points", (double)trial->points);
    add(json, "requests", (double)trial->arrived);
    add(json, "seconds", seconds(trial));
    add(json, "requests_per_s", (double)trial->arrived / seconds(trial));
    cJSON *windows = cJSON_AddArrayToObject(json, "windows");
    for (size_t i = 0; i < quota->windows_count; i++) {
        cJSON *window = cJSON_CreateObject();
        add(window, "limit", quota->windows[i].limit);
        add(window, "ms", (double)quota->windows[i].span_ms);
        add(window, "most", (double)trial->most[i]);
        add_known(window, "share", share_of(trial, i) > 0, share_of(trial, i));
        (void)cJSON_AddItemToArray(windows, window);
    }
    add_known(json, "violations", trial->simulated, (double)trial->violations);
    add_known(json, "throttled", trial->simulated, (double)trial->throttled);
    add(json, "days", (double)(releve_trial_days(trial)));
    add(json, "days_lost", (double)trial->days_lost);
    add(json, "cpu_ms_per_request", each(trial, trial->cpu_ms));
    add(json, "peak_kb", (double)trial->peak_kb);
    releve_json_print(json);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static enum releve_code parse_number(const char *option, const char *value, uint64_t max, uint64_t *number,
                                     struct releve_error *error)
{
    if (sandbox_number_parse(value, max, number) && *number > 0)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_USAGE, "%s \"%.40s\": say a whole number from 1 to %" PRIu64, option, value,
                       max);
}

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct bench *bench = data;
    struct releve_quota quota;
    switch (option) {
    case 'q':
        bench->quota = value;
        return releve_quota_parse(value, &quota, error);
    case 'w':
        return parse_number("--workers", value, WORKERS_MAX, &bench->trial.workers, error);
    case 'p':
        return parse_number("--population", value, SANDBOX_POPULATION_MAX, &bench->trial.population, error);
    case 'r':
        return parse_number("--requests", value, REQUESTS_MAX, &bench->requests, error);
    case 'l':
        if (sandbox_latency_parse(value, &bench->trial.latency))
            return RELEVE_OK;
        return releve_fail(error, RELEVE_E_USAGE, "--latency \"%.40s\": write MS or MS:JITTER_MS, each at most %d",
                           value, SANDBOX_LATENCY_MS_MAX);
    case 'u':
        bench->upstream = value;
        return RELEVE_OK;
    case 'f':
        bench->named = true;
        return releve_selection_apply(&bench->selection, RELEVE_SELECTION_OPTION + 1, value, error);
    default:
        bench->json = true;
        return RELEVE_OK;
    }
}

/* So many requests of whole calls, of as few usage points as that takes; of days that do not change any more. */
static enum releve_code choose(struct bench *bench, struct releve_error *error)
{
    uint64_t points = bench->named ? bench->selection.prms_count : bench->trial.population;
    if (bench->requests > points * CALLS_MAX)
        return releve_fail(error, RELEVE_E_USAGE,
                           "--requests %" PRIu64 ": %" PRIu64 " usage points are good for %" PRIu64
                           " requests at most; name more of them, or fewer requests",
                           bench->requests, points, points * CALLS_MAX);
    if (bench->requests == 0) {
        bench->requests = REQUESTS_DEFAULT < points * CALLS_MAX ? REQUESTS_DEFAULT : points * CALLS_MAX;
        while (bench->requests > 1 &&
               makespan_ms(&bench->trial, &bench->trial.config.quota, bench->requests) > REQUESTS_DEFAULT_MS)
            bench->requests--;
    }
    bench->trial.calls = (bench->requests + points - 1) / points;
    bench->trial.points = (bench->requests + bench->trial.calls - 1) / bench->trial.calls;
    releve_day end = releve_config_today(&bench->trial.config) - SETTLED_DAYS;
    releve_day_format(end, bench->trial.end);
    int days = (int)bench->trial.calls * releve_kind_facts(RELEVE_TRIAL_KIND)->call_days_max;
    releve_day_format(end - days, bench->trial.start);
    return RELEVE_OK;
}

/* What people have to know before it begins. */
static void announce(const struct releve_trial *trial)
{
    char text[RELEVE_DURATION_TEXT];
    releve_time least_ms = makespan_ms(trial, &trial->config.quota, releve_trial_requests(trial));
    releve_duration_format(least_ms, text);
    fprintf(stderr, "releve: %" PRIu64 " requests of %" PRIu64 " usage points to %s%s%s\n",
            releve_trial_requests(trial), trial->points,
            trial->simulated ? SIMULATOR : releve_upstream_name(trial->config.upstream),
            least_ms >= RELEVE_SECOND_MS ? ", for at least " : "", least_ms >= RELEVE_SECOND_MS ? text : "");
    if (trial->simulated)
        return;
    releve_duration_format(releve_quota_longest_ms(&trial->config.quota), text);
    fprintf(
        stderr,
        "releve: they cost that upstream's quota, and their days are thrown away. They are counted in a new ledger: "
        "nothing else may use these credentials, from %s before to %s after\n",
        text, text);
}

static enum releve_code prepare(struct bench *bench, struct releve_error *error)
{
    bool elsewhere = bench->upstream != NULL;
    bench->trial.simulated = !elsewhere;
    if (elsewhere && !bench->named)
        return releve_fail(error, RELEVE_E_USAGE, "--upstream needs --prms FILE: the usage points to ask for");
    if (!elsewhere && bench->named)
        return releve_fail(error, RELEVE_E_USAGE, "--prms is for --upstream: the simulator has its own usage points");
    if (setenv("RELEVE_UPSTREAM", elsewhere ? bench->upstream : "", 1) != 0)
        return releve_fail(error, RELEVE_E_SYSTEM, "--upstream: out of memory");
    if (releve_config_load(&bench->trial.config, elsewhere, error) != RELEVE_OK ||
        (bench->quota != NULL && releve_quota_parse(bench->quota, &bench->trial.config.quota, error) != RELEVE_OK) ||
        (elsewhere &&
         releve_selection_close(&bench->selection, releve_config_today(&bench->trial.config), error) != RELEVE_OK))
        return error->code;
    if (elsewhere && bench->trial.config.api == RELEVE_API_CONSO)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "bench: not against conso: its one quota is shared by private persons");
    bench->trial.prms = bench->selection.prms;
    return choose(bench, error);
}

static const struct option options[] = {
    {"quota", required_argument, NULL, 'q'},
    {"workers", required_argument, NULL, 'w'},
    {"latency", required_argument, NULL, 'l'},
    {"population", required_argument, NULL, 'p'},
    {"requests", required_argument, NULL, 'r'},
    {"upstream", required_argument, NULL, 'u'},
    {"prms", required_argument, NULL, 'f'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int bench_main(int argc, char **argv)
{
    static struct bench bench = {
        .trial = {.workers = 1, .population = POPULATION_DEFAULT, .latency = {.fixed_ms = LATENCY_DEFAULT_MS}}};
    struct releve_trial *trial = &bench.trial;
    struct releve_error error = {0};
    int wrong = releve_command_parse("bench", argc, argv, options, apply_option, &bench);
    if (wrong != 0)
        return wrong;
    if (prepare(&bench, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    announce(trial);
    (void)releve_trial_run(trial, &error);
    explicit_bzero(trial->config.client_secret, sizeof trial->config.client_secret);
    releve_selection_free(&bench.selection);
    if (error.code != RELEVE_OK)
        return releve_command_fail(&error);
    (bench.json ? print_json : print_table)(trial);
    bool well = trial->violations == 0 && trial->days_lost == 0;
    return releve_command_flush(releve_code_exit(well ? RELEVE_OK : RELEVE_E_PARTIAL));
}

const struct releve_command releve_command_bench = {
    .name = "bench",
    .summary = "how much of a quota is reached, measured against the simulator",
    .help = "[OPTION]...\n"
            "\n"
            "Starts the simulator, a private Redis in a temporary directory and workers, has\n"
            "them fetch load curves, and says how many requests a second arrived, how many\n"
            "in the fullest window of each length, how much that is of the safe optimum\n"
            "limit / (window + round trip), and what it cost. Leaves nothing behind. Ends\n"
            "with 1 where the quota was violated or a day was lost.\n"
            "\n"
            "options:\n"
            "  --quota Q          N/DURATION[,N/DURATION] or none (default RELEVE_QUOTA,\n"
            "                     else 5/1s,1000/1h)\n"
            "  --workers N        how many share it, 1 to 64 (default 1)\n"
            "  --latency MS[:JITTER_MS]  how long the simulator takes for each request\n"
            "                     (default 50); of another upstream, the round trip that the\n"
            "                     optimum is reckoned with\n"
            "  --population N     usage points of the simulator, 1 to 1000000 (default 100);\n"
            "                     at most 100 requests each\n"
            "  --requests N       about so many, 1 to 1000000 (default 300, or what a minute\n"
            "                     brings)\n"
            "  --upstream U       production, sandbox (Enedis's own) or a base URL instead\n"
            "                     of the simulator, with CLIENT_ID and CLIENT_SECRET. It\n"
            "                     COSTS THAT UPSTREAM'S QUOTA, which is counted in a ledger\n"
            "                     of its own: nothing else may use these credentials\n"
            "                     meanwhile, nor for one longest window before and after.\n"
            "                     What arrived there, violations and throttling, is not\n"
            "                     known here\n"
            "  --prms FILE|-      the usage points to ask for, with --upstream: one a line\n"
            "  --json             one JSON object instead of the table\n",
    .run = bench_main,
};
