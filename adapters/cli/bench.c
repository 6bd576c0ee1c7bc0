/* releve bench: how much of a quota the program reaches, measured with the program itself. The simulator, a private
 * Redis, jobs and workers are commands of its own, which run as children. */
#include "children.h"
#include "command.h"
#include "config.h"
#include "interrupt.h"
#include "progress.h"
#include "selection.h"
#include <adapters/sandbox/settings.h>
#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <engine/runtime/upstream.h>
#include <errno.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define KIND RELEVE_CONSUMPTION_LOAD_CURVE
#define CALLS_MAX 100                      /* requests for one usage point: all that they ask lies within two years */
#define SETTLED_DAYS 30                    /* what is asked is so old: upstream will never have more of it */
#define FIRST_PRM UINT64_C(30000000000000) /* of the simulator's population */
#define POINTS_FILE "points"
#define FIRST_CHILD 1 /* behind the janitor */

#define REQUESTS_DEFAULT 300
#define REQUESTS_DEFAULT_MS RELEVE_MINUTE_MS /* and no more than that time brings */
#define REQUESTS_MAX 1000000
#define WORKERS_MAX 64
#define POPULATION_MAX 1000000
#define POPULATION_DEFAULT 100
#define LATENCY_DEFAULT_MS 50

#define LOOK_MS 50       /* between two looks at what has arrived */
#define ANSWER_MS 2000L  /* the simulator answers within that time, or is not well */
#define TEXT_BYTES 16384 /* of what a child says */

struct bench {
    struct releve_config config;
    struct releve_selection selection; /* the usage points of --prms */
    const char *upstream, *quota;      /* as given; NULL: the simulator, the configured one */
    struct sandbox_latency latency;
    uint64_t requests, workers, population; /* requests 0: as many as are usual */
    bool named, json;                       /* named: usage points were, by --prms */

    uint64_t points, calls; /* usage points, and requests for each of them */
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];

    struct releve_children children;
    CURL *curl;
    char text[TEXT_BYTES]; /* what a child said last */
    size_t text_bytes;

    /* What was seen. Requests for tokens do not count. */
    uint64_t arrived, violations, throttled, days_left, requests_left;
    uint64_t most[RELEVE_QUOTA_WINDOWS_MAX]; /* in any such window */
    int64_t first_ms, last_ms, drawn_ms;     /* the last look that saw none, the first that saw all */
    double cpu_ms;                           /* of the workers */
    long peak_kb;                            /* of the largest of them */
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint64_t call_days(void)
{
    return (uint64_t)releve_kind_facts(KIND)->call_days_max;
}

static uint64_t planned(const struct bench *bench)
{
    return bench->points * bench->calls;
}

/* When the last of so many leaves at the earliest, behind the first. */
static releve_time makespan_ms(const struct bench *bench, const struct releve_quota *quota, uint64_t requests)
{
    releve_time round_trip_ms = bench->latency.fixed_ms + bench->latency.jitter_ms / 2;
    return releve_quota_makespan_ms(quota, requests, round_trip_ms, NULL, 0);
}

/* --- children ---------------------------------------------------------------------------------------------------- */

/* A command ended that should not have, or not so: its own last line says why. */
static enum releve_code fail_child(struct bench *bench, const struct releve_child *child, const char *command,
                                   struct releve_error *error)
{
    static const enum releve_code codes[] = {RELEVE_E_USAGE, RELEVE_E_CREDENTIALS, RELEVE_E_REDIS};
    enum releve_code code = RELEVE_E_UPSTREAM;
    char file[32], said[RELEVE_ERROR_BYTES];
    (void)snprintf(file, sizeof file, "%s.err", command);
    releve_children_tail(&bench->children, file, said, sizeof said);
    const char *newline = strrchr(said, '\n');
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (releve_code_exit(codes[i]) == child->code)
            code = codes[i];
    return releve_fail(error, code, "bench: releve %s ended with %d: %.400s", command, child->code,
                       newline != NULL ? newline + 1 : said);
}

static enum releve_code wait_a_little(struct bench *bench, struct releve_error *error)
{
    if (releve_children_wait(&bench->children, LOOK_MS))
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_INTERRUPTED, "interrupted by %s",
                       releve_interrupt_name(bench->children.interrupted));
}

/* Runs a command to its end; what it said is in `text` then. */
static enum releve_code run_command(struct bench *bench, const char *const words[], struct releve_error *error)
{
    char file[32];
    (void)snprintf(file, sizeof file, "%s.out", words[1]);
    const struct releve_child *child = releve_children_start(&bench->children, words, NULL);
    while (child->pid != 0)
        if (wait_a_little(bench, error) != RELEVE_OK)
            return error->code;
    releve_children_tail(&bench->children, file, bench->text, sizeof bench->text);
    return child->code == 0 ? RELEVE_OK : fail_child(bench, child, words[1], error);
}

/* Starts a command that goes on, and waits for its first line, which is in `text` then. */
static enum releve_code begin_command(struct bench *bench, const char *const words[], struct releve_error *error)
{
    char file[32];
    (void)snprintf(file, sizeof file, "%s.out", words[1]);
    const struct releve_child *child = releve_children_start(&bench->children, words, NULL);
    for (bench->text[0] = '\0'; bench->text[0] == '\0';) {
        if (wait_a_little(bench, error) != RELEVE_OK)
            return error->code;
        if (child->pid == 0)
            return fail_child(bench, child, words[1], error);
        releve_children_tail(&bench->children, file, bench->text, sizeof bench->text);
    }
    return RELEVE_OK;
}

/* --- looking ------------------------------------------------------------------------------------------------------ */

static uint64_t count_of(const cJSON *item)
{
    return cJSON_IsNumber(item) && item->valuedouble > 0 ? (uint64_t)item->valuedouble : 0;
}

static uint64_t member_of(const cJSON *object, const char *name)
{
    return count_of(cJSON_GetObjectItemCaseSensitive(object, name));
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data)
{
    struct bench *bench = data;
    size_t room = sizeof bench->text - 1 - bench->text_bytes, taken = size * count < room ? size * count : room;
    memcpy(bench->text + bench->text_bytes, bytes, taken);
    bench->text_bytes += taken;
    bench->text[bench->text_bytes] = '\0';
    return taken;
}

/* As the simulator counts, in its own words. */
static void look_at_simulator(struct bench *bench)
{
    bench->text_bytes = 0;
    cJSON *stats = curl_easy_perform(bench->curl) == CURLE_OK ? cJSON_Parse(bench->text) : NULL;
    if (stats == NULL)
        return; /* if it is gone, that is seen elsewhere */
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(stats, "max_in_window");
    bench->arrived = member_of(stats, "requests") - member_of(stats, "tokens");
    bench->violations = member_of(stats, "violations");
    bench->throttled = member_of(cJSON_GetObjectItemCaseSensitive(stats, "errors"), "429");
    for (size_t i = 0; i < bench->config.quota.windows_count; i++)
        bench->most[i] = count_of(cJSON_GetArrayItem(most, (int)i));
    cJSON_Delete(stats);
}

/* Of another upstream only what the ledger counts is known. */
static void look_at_ledger(struct bench *bench)
{
    releve_children_tail(&bench->children, "status.out", bench->text, sizeof bench->text);
    const char *newline = strrchr(bench->text, '\n');
    cJSON *status = cJSON_Parse(newline != NULL ? newline + 1 : bench->text);
    const cJSON *bucket = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(status, "quota"), 0);
    const cJSON *windows = cJSON_GetObjectItemCaseSensitive(bucket, "windows");
    for (size_t i = 0; i < bench->config.quota.windows_count; i++) {
        uint64_t used = member_of(cJSON_GetArrayItem(windows, (int)i), "used");
        bench->most[i] = used > bench->most[i] ? used : bench->most[i];
        bench->arrived = used > bench->arrived ? used : bench->arrived;
    }
    cJSON_Delete(status);
}

/* One line on the terminal, cut to its width: one that wraps could not be written over. */
static void draw(struct bench *bench)
{
    char line[RELEVE_PROGRESS_LINE_BYTES], usage[RELEVE_USAGE_TEXT];
    uint32_t most[RELEVE_QUOTA_WINDOWS_MAX];
    struct winsize size;
    if (isatty(STDERR_FILENO) != 1 || bench->drawn_ms + RELEVE_PROGRESS_TERMINAL_MS > now_ms())
        return;
    bench->drawn_ms = now_ms();
    for (size_t i = 0; i < RELEVE_QUOTA_WINDOWS_MAX; i++)
        most[i] = (uint32_t)bench->most[i];
    releve_usage_format(&bench->config.quota, most, 0, 0, usage);
    (void)snprintf(line, sizeof line, "%" PRIu64 " of %" PRIu64 " requests, %.1f/s; at most %s", bench->arrived,
                   planned(bench), (double)bench->arrived * 1000.0 / (double)(now_ms() - bench->first_ms + 1), usage);
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && strlen(line) >= size.ws_col)
        line[size.ws_col - 1] = '\0';
    fprintf(stderr, "\r\x1b[K%s", line);
}

static void look(struct bench *bench)
{
    uint64_t before = bench->arrived;
    int64_t begun_ms = now_ms();
    (bench->upstream == NULL ? look_at_simulator : look_at_ledger)(bench);
    if (bench->arrived == 0)
        bench->first_ms = begun_ms;
    if (bench->arrived != before)
        bench->last_ms = now_ms();
    draw(bench);
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static void set(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0)
        (void)releve_must(NULL);
}

/* Children see nothing of a .env file, as they are in another directory: all that they need is here. */
static void set_environment(const struct bench *bench)
{
    char redis[PATH_MAX + 32], quota[RELEVE_QUOTA_TEXT], today[RELEVE_DAY_TEXT];
    (void)snprintf(redis, sizeof redis, "embedded:%s/" RELEVE_CHILDREN_REDIS, bench->children.directory);
    releve_quota_format(&bench->config.quota, quota);
    set("RELEVE_REDIS", redis);
    set("RELEVE_PREFIX", "bench");
    set("RELEVE_QUOTA", quota);
    set("RELEVE_API", bench->config.api == RELEVE_API_V5 ? "v5" : "2026");
    set("RELEVE_LOG", "warn");
    set("CLIENT_ID", bench->upstream != NULL ? bench->config.client_id : "bench");
    (void)unsetenv("CLIENT_SECRET_FILE");
    if (bench->config.today == RELEVE_DAY_NONE)
        return;
    releve_day_format(bench->config.today, today);
    set("RELEVE_TODAY", today);
}

static enum releve_code start_simulator(struct bench *bench, struct releve_error *error)
{
    char quota[RELEVE_QUOTA_TEXT], latency[32], population[32], stats[128];
    releve_quota_format(&bench->config.quota, quota);
    (void)snprintf(latency, sizeof latency, "%" PRIu32 ":%" PRIu32, bench->latency.fixed_ms, bench->latency.jitter_ms);
    (void)snprintf(population, sizeof population, "%" PRIu64, bench->population);
    const char *const words[] = {"releve",    "sandbox", "--listen",     "127.0.0.1:0", "--quota", quota,
                                 "--latency", latency,   "--population", population,    NULL};
    if (begin_command(bench, words, error) != RELEVE_OK)
        return error->code;
    char *url = strstr(bench->text, "http://");
    if (url == NULL)
        return releve_fail(error, RELEVE_E_SYSTEM, "bench: the simulator says no address: %.200s", bench->text);
    url[strcspn(url, " ")] = '\0';
    set("RELEVE_UPSTREAM", url);
    (void)snprintf(stats, sizeof stats, "%.80s/__sandbox/stats", url);
    bench->curl = releve_must(curl_easy_init());
    (void)curl_easy_setopt(bench->curl, CURLOPT_URL, stats);
    (void)curl_easy_setopt(bench->curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(bench->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(bench->curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
    (void)curl_easy_setopt(bench->curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(bench->curl, CURLOPT_WRITEDATA, bench);
    return RELEVE_OK;
}

static enum releve_code write_points(const struct bench *bench, struct releve_error *error)
{
    char path[PATH_MAX + sizeof POINTS_FILE + 1];
    (void)snprintf(path, sizeof path, "%s/" POINTS_FILE, bench->children.directory);
    FILE *file = fopen(path, "w");
    for (uint64_t i = 0; file != NULL && i < bench->points; i++)
        fprintf(file, RELEVE_PRM_FORMAT "\n", bench->named ? bench->selection.prms[i] : FIRST_PRM + i);
    bool written = file != NULL && ferror(file) == 0;
    if (file != NULL && fclose(file) == 0 && written)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_SYSTEM, "bench: %.200s cannot be written: %s", path, strerror(errno));
}

/* `enqueue` or `plan` of what is to be asked. */
static enum releve_code run_selection(struct bench *bench, const char *command, struct releve_error *error)
{
    const char *kind = releve_kind_facts(KIND)->name;
    const char *const words[] = {"releve",  command,      "--prms", POINTS_FILE, "--kind", kind,
                                 "--start", bench->start, "--end",  bench->end,  "--json", NULL};
    return run_command(bench, words, error);
}

/* Redis lives as long as somebody uses it: this one does to the end, and tells of its ledger. */
static enum releve_code start_redis(struct bench *bench, struct releve_error *error)
{
    static const char *const words[] = {"releve", "status", "--watch", "--json", NULL};
    return begin_command(bench, words, error);
}

/* What was started before the workers is needed to the end: status, and the simulator. */
static const struct releve_child *find_gone(const struct bench *bench)
{
    size_t count = bench->upstream == NULL ? 2 : 1;
    for (size_t i = 0; i < count; i++)
        if (bench->children.list[FIRST_CHILD + i].pid == 0)
            return &bench->children.list[FIRST_CHILD + i];
    return NULL;
}

/* Until all workers have ended; they do when nothing is left to do. */
static enum releve_code run_workers(struct bench *bench, struct releve_error *error)
{
    static const char *const words[] = {"releve", "worker", "--drain", "--concurrency", "256", NULL};
    const char *secret = bench->upstream != NULL ? bench->config.client_secret : "bench";
    const struct releve_child *workers = bench->children.list + bench->children.count;
    for (uint64_t i = 0; i < bench->workers; i++)
        (void)releve_children_start(&bench->children, words, secret);
    bench->first_ms = bench->last_ms = now_ms();
    for (bool working = true; working;) {
        if (wait_a_little(bench, error) != RELEVE_OK)
            return error->code;
        working = false;
        for (uint64_t i = 0; i < bench->workers; i++)
            working = working || workers[i].pid != 0;
        look(bench);
        const struct releve_child *gone = find_gone(bench);
        if (gone != NULL)
            return fail_child(bench, gone, gone == bench->children.list + FIRST_CHILD ? "status" : "sandbox", error);
    }
    for (uint64_t i = 0; i < bench->workers; i++) {
        const struct rusage *usage = &workers[i].usage;
        if (workers[i].code != 0)
            return fail_child(bench, &workers[i], words[1], error);
        bench->cpu_ms += (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
                         (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
        bench->peak_kb = usage->ru_maxrss > bench->peak_kb ? usage->ru_maxrss : bench->peak_kb;
    }
    return RELEVE_OK;
}

/* What a plan would still ask for has been lost. */
static enum releve_code count_lost(struct bench *bench, struct releve_error *error)
{
    if (run_selection(bench, "plan", error) != RELEVE_OK)
        return error->code;
    cJSON *plan = cJSON_Parse(bench->text);
    bench->days_left = member_of(plan, "days");
    uint64_t left = member_of(plan, "requests");
    if (bench->upstream != NULL && left < planned(bench) && planned(bench) - left > bench->arrived)
        bench->arrived = planned(bench) - left;
    bool read = cJSON_HasObjectItem(plan, "days");
    cJSON_Delete(plan);
    return read ? RELEVE_OK : releve_fail(error, RELEVE_E_SYSTEM, "bench: the plan is no JSON: %.200s", bench->text);
}

static enum releve_code measure(struct bench *bench, struct releve_error *error)
{
    set_environment(bench);
    if (write_points(bench, error) != RELEVE_OK || start_redis(bench, error) != RELEVE_OK ||
        (bench->upstream == NULL && start_simulator(bench, error) != RELEVE_OK) ||
        run_selection(bench, "enqueue", error) != RELEVE_OK || run_workers(bench, error) != RELEVE_OK)
        return error->code;
    return count_lost(bench, error);
}

/* --- the report --------------------------------------------------------------------------------------------------- */

static double seconds(const struct bench *bench)
{
    int64_t ms = bench->last_ms - bench->first_ms;
    return (double)(ms > 0 ? ms : 1) / 1000.0;
}

/* How much of limit / (window + round trip) was reached; 0 where the window was never the bound. */
static double share_of(const struct bench *bench, size_t window)
{
    struct releve_quota one = {1, {bench->config.quota.windows[window]}};
    return (double)makespan_ms(bench, &one, bench->arrived) / 1000.0 / seconds(bench);
}

static double each(const struct bench *bench, double sum)
{
    return bench->arrived > 0 ? sum / (double)bench->arrived : 0;
}

static void print_table(const struct bench *bench)
{
    const struct releve_quota *quota = &bench->config.quota;
    printf("%-24s %10" PRIu64 "  of %" PRIu64 " usage points, %s\n", "requests", bench->arrived, bench->points,
           bench->upstream == NULL ? "to the simulator" : releve_upstream_name(bench->config.upstream));
    printf("%-24s %10.2f\n", "seconds", seconds(bench));
    printf("%-24s %10.2f\n", "requests/s", (double)bench->arrived / seconds(bench));
    for (size_t i = 0; i < quota->windows_count; i++) {
        struct releve_quota one = {1, {quota->windows[i]}};
        char window[RELEVE_QUOTA_TEXT];
        double share = share_of(bench, i);
        releve_quota_format(&one, window);
        printf("most in a window of %-4s %10" PRIu64 "  of %" PRIu32 " allowed", strchr(window, '/') + 1,
               bench->most[i], one.windows[0].limit);
        if (share > 0)
            printf("; %.1f %% of the safe optimum, %.4g/s", 100 * share,
                   one.windows[0].limit * 1000.0 /
                       ((double)one.windows[0].span_ms + bench->latency.fixed_ms + bench->latency.jitter_ms / 2.0));
        putchar('\n');
    }
    if (bench->upstream == NULL)
        printf("%-24s %10" PRIu64 "\n%-24s %10" PRIu64 "\n", "violations", bench->violations, "throttle answers",
               bench->throttled);
    printf("%-24s %10" PRIu64 "  of %" PRIu64 "\n", "days lost", bench->days_left, planned(bench) * call_days());
    printf("%-24s %10.2f  of %" PRIu64 " worker%s\n", "CPU ms a request", each(bench, bench->cpu_ms), bench->workers,
           bench->workers == 1 ? "" : "s");
    printf("%-24s %10.1f  of the largest worker\n", "peak memory, MB", (double)bench->peak_kb / 1024);
}

static void add(cJSON *json, const char *name, double number)
{
    (void)cJSON_AddNumberToObject(json, name, number);
}

static void add_known(cJSON *json, const char *name, bool known, double number)
{
    (void)cJSON_AddItemToObject(json, name, known ? cJSON_CreateNumber(number) : cJSON_CreateNull());
}

static void print_json(const struct bench *bench)
{
    const struct releve_quota *quota = &bench->config.quota;
    char text[RELEVE_QUOTA_TEXT];
    cJSON *json = cJSON_CreateObject();
    releve_quota_format(quota, text);
    (void)cJSON_AddStringToObject(json, "upstream",
                                  bench->upstream == NULL ? "simulator" : releve_upstream_name(bench->config.upstream));
    (void)cJSON_AddStringToObject(json, "quota", text);
    add(json, "workers", (double)bench->workers);
    add(json, "latency_ms", bench->latency.fixed_ms);
    add(json, "jitter_ms", bench->latency.jitter_ms);
    add(json, "usage_points", (double)bench->points);
    add(json, "requests", (double)bench->arrived);
    add(json, "seconds", seconds(bench));
    add(json, "requests_per_s", (double)bench->arrived / seconds(bench));
    cJSON *windows = cJSON_AddArrayToObject(json, "windows");
    for (size_t i = 0; i < quota->windows_count; i++) {
        cJSON *window = cJSON_CreateObject();
        add(window, "limit", quota->windows[i].limit);
        add(window, "ms", (double)quota->windows[i].span_ms);
        add(window, "most", (double)bench->most[i]);
        add_known(window, "share", share_of(bench, i) > 0, share_of(bench, i));
        (void)cJSON_AddItemToArray(windows, window);
    }
    add_known(json, "violations", bench->upstream == NULL, (double)bench->violations);
    add_known(json, "throttled", bench->upstream == NULL, (double)bench->throttled);
    add(json, "days", (double)(planned(bench) * call_days()));
    add(json, "days_lost", (double)bench->days_left);
    add(json, "cpu_ms_per_request", each(bench, bench->cpu_ms));
    add(json, "peak_kb", (double)bench->peak_kb);
    char *line = releve_must(cJSON_PrintUnformatted(json));
    puts(line);
    cJSON_free(line);
    cJSON_Delete(json);
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
        return parse_number("--workers", value, WORKERS_MAX, &bench->workers, error);
    case 'p':
        return parse_number("--population", value, POPULATION_MAX, &bench->population, error);
    case 'r':
        return parse_number("--requests", value, REQUESTS_MAX, &bench->requests, error);
    case 'l':
        if (sandbox_latency_parse(value, &bench->latency))
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
    uint64_t points = bench->named ? bench->selection.prms_count : bench->population;
    if (bench->requests > points * CALLS_MAX)
        return releve_fail(error, RELEVE_E_USAGE,
                           "--requests %" PRIu64 ": %" PRIu64 " usage points are good for %" PRIu64
                           " requests at most; name more of them, or fewer requests",
                           bench->requests, points, points * CALLS_MAX);
    if (bench->requests == 0) {
        bench->requests = REQUESTS_DEFAULT < points * CALLS_MAX ? REQUESTS_DEFAULT : points * CALLS_MAX;
        while (bench->requests > 1 && makespan_ms(bench, &bench->config.quota, bench->requests) > REQUESTS_DEFAULT_MS)
            bench->requests--;
    }
    bench->calls = (bench->requests + points - 1) / points;
    bench->points = (bench->requests + bench->calls - 1) / bench->calls;
    releve_day end = releve_config_today(&bench->config) - SETTLED_DAYS;
    releve_day_format(end, bench->end);
    releve_day_format(end - (releve_day)(bench->calls * call_days()), bench->start);
    return RELEVE_OK;
}

/* What people have to know before it begins. */
static void announce(const struct bench *bench)
{
    char text[RELEVE_DURATION_TEXT];
    releve_duration_format(makespan_ms(bench, &bench->config.quota, planned(bench)), text);
    fprintf(stderr, "releve: bench: %" PRIu64 " requests of %" PRIu64 " usage points to %s, at least %s\n",
            planned(bench), bench->points,
            bench->upstream == NULL ? "the simulator" : releve_upstream_name(bench->config.upstream), text);
    if (bench->upstream == NULL)
        return;
    releve_duration_format(releve_quota_longest_ms(&bench->config.quota), text);
    fprintf(stderr,
            "releve: bench: they count in that upstream's quota, and nothing of them is kept. The ledger is a new one: "
            "nothing else may use these credentials from %s before to %s after\n",
            text, text);
}

static enum releve_code prepare(struct bench *bench, struct releve_error *error)
{
    bool elsewhere = bench->upstream != NULL;
    if (elsewhere && !bench->named)
        return releve_fail(error, RELEVE_E_USAGE, "--upstream needs --prms FILE: the usage points to ask for");
    if (!elsewhere && bench->named)
        return releve_fail(error, RELEVE_E_USAGE, "--prms is for --upstream: the simulator has its own usage points");
    if (elsewhere)
        set("RELEVE_UPSTREAM", bench->upstream);
    else
        (void)unsetenv("RELEVE_UPSTREAM");
    if (releve_config_load(&bench->config, elsewhere, error) != RELEVE_OK ||
        (bench->quota != NULL && releve_quota_parse(bench->quota, &bench->config.quota, error) != RELEVE_OK) ||
        (elsewhere &&
         releve_selection_close(&bench->selection, releve_config_today(&bench->config), error) != RELEVE_OK))
        return error->code;
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
        .workers = 1, .population = POPULATION_DEFAULT, .latency = {.fixed_ms = LATENCY_DEFAULT_MS}};
    struct releve_error error = {0};
    int wrong = releve_command_parse("bench", argc, argv, options, apply_option, &bench);
    if (wrong != 0)
        return wrong;
    if (prepare(&bench, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    announce(&bench);
    if (releve_children_open(&bench.children, &error) == RELEVE_OK)
        (void)measure(&bench, &error);
    if (bench.drawn_ms > 0)
        fputs("\r\x1b[K", stderr);
    curl_easy_cleanup(bench.curl);
    explicit_bzero(bench.config.client_secret, sizeof bench.config.client_secret);
    releve_selection_free(&bench.selection);
    releve_children_close(&bench.children);
    if (error.code != RELEVE_OK)
        return releve_command_fail(&error);
    (bench.json ? print_json : print_table)(&bench);
    bool well = bench.violations == 0 && bench.days_left == 0;
    return releve_command_flush(releve_code_exit(well ? RELEVE_OK : RELEVE_E_PARTIAL));
}

const struct releve_command releve_command_bench = {
    .name = "bench",
    .summary = "how much of a quota is reached, measured against the simulator",
    .help =
        "[OPTION]...\n"
        "\n"
        "Starts the simulator, a private Redis in a temporary directory and workers, has them fetch load curves, and\n"
        "says how many requests a second arrived, how many in the fullest window of each length, how much that is of\n"
        "the safe optimum limit / (window + round trip), and what it cost. Leaves nothing behind. Ends with 1 where "
        "the\n"
        "quota was violated or a day was lost.\n"
        "\n"
        "options:\n"
        "  --quota Q          N/DURATION[,N/DURATION] or none (default RELEVE_QUOTA, else 5/1s,1000/1h)\n"
        "  --workers N        how many share it, 1 to 64 (default 1)\n"
        "  --latency MS[:JITTER_MS]  how long the simulator takes for each request (default 50); of another upstream,\n"
        "                     the round trip that the optimum is reckoned with\n"
        "  --population N     usage points of the simulator, 1 to 1000000 (default 100); at most 100 requests each\n"
        "  --requests N       about so many, 1 to 1000000 (default 300, or what a minute brings)\n"
        "  --upstream U       production, sandbox (Enedis's own) or a base URL instead of the simulator, with "
        "CLIENT_ID\n"
        "                     and CLIENT_SECRET. It COSTS THAT UPSTREAM'S QUOTA, which is counted in a ledger of its\n"
        "                     own: nothing else may use these credentials meanwhile, nor for one longest window\n"
        "                     before and after. What arrived there, violations and throttling, is not known here\n"
        "  --prms FILE|-      the usage points to ask for, with --upstream: one a line\n"
        "  --json             one JSON object instead of the table\n",
    .run = bench_main,
};
