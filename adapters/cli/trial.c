/* Runs a trial: composes what the program has already, and looks on. */
#include "trial.h"
#include "interrupt.h"
#include "progress.h"
#include <adapters/sandbox/clients.h>
#include <cjson/cJSON.h>
#include <engine/runtime/clock.h>
#include <errno.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define POINTS_FILE "points"
#define IN_FLIGHT "256" /* of a worker: so many that only the quota holds it up */
#define LOOK_MS 50      /* between two looks at what has arrived */
#define ANSWER_MS 2000L /* the simulator answers within that time, or is not well */

uint64_t releve_trial_requests(const struct releve_trial *trial)
{
    return trial->points * trial->calls;
}

uint64_t releve_trial_days(const struct releve_trial *trial)
{
    return releve_trial_requests(trial) * (uint64_t)releve_kind_facts(RELEVE_TRIAL_KIND)->call_days_max;
}

/* --- children ---------------------------------------------------------------------------------------------------- */

/* A command ended that should not have, or not so: its own last line says why. */
static enum releve_code fail_child(struct releve_trial *trial, const struct releve_child *child,
                                   struct releve_error *error)
{
    static const enum releve_code codes[] = {RELEVE_E_USAGE, RELEVE_E_CREDENTIALS, RELEVE_E_REDIS};
    enum releve_code code = RELEVE_E_UPSTREAM;
    char file[32], said[RELEVE_ERROR_BYTES];
    (void)snprintf(file, sizeof file, "%s.err", child->command);
    releve_children_tail(&trial->children, file, said, sizeof said);
    const char *newline = strrchr(said, '\n'), *line = newline != NULL ? newline + 1 : said;
    if (strncmp(line, "releve: ", strlen("releve: ")) == 0)
        line += strlen("releve: ");
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (releve_code_exit(codes[i]) == child->code)
            code = codes[i];
    return releve_fail(error, code, "bench: releve %s ended with %d: %.400s", child->command, child->code, line);
}

static enum releve_code wait_a_little(struct releve_trial *trial, struct releve_error *error)
{
    if (releve_children_wait(&trial->children, LOOK_MS))
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_INTERRUPTED, "interrupted by %s",
                       releve_interrupt_name(trial->children.interrupted));
}

/* Runs a command to its end; what it said is in `text` then. */
static enum releve_code run_command(struct releve_trial *trial, const char *const words[], struct releve_error *error)
{
    char file[32];
    (void)snprintf(file, sizeof file, "%s.out", words[1]);
    const struct releve_child *child = releve_children_start(&trial->children, words, NULL);
    while (child->pid != 0)
        if (wait_a_little(trial, error) != RELEVE_OK)
            return error->code;
    releve_children_tail(&trial->children, file, trial->text, sizeof trial->text);
    return child->code == 0 ? RELEVE_OK : fail_child(trial, child, error);
}

/* Starts a command that goes on to the end of the trial, and waits for its first line, which is in `text` then. */
static enum releve_code begin_command(struct releve_trial *trial, const char *const words[], struct releve_error *error)
{
    char file[32];
    (void)snprintf(file, sizeof file, "%s.out", words[1]);
    const struct releve_child *child = releve_children_start(&trial->children, words, NULL);
    trial->lasting[trial->lasting_count++] = child;
    for (trial->text[0] = '\0'; trial->text[0] == '\0';) {
        if (wait_a_little(trial, error) != RELEVE_OK)
            return error->code;
        if (child->pid == 0)
            return fail_child(trial, child, error);
        releve_children_tail(&trial->children, file, trial->text, sizeof trial->text);
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
    struct releve_trial *trial = data;
    size_t room = sizeof trial->text - 1 - trial->text_bytes, taken = size * count < room ? size * count : room;
    memcpy(trial->text + trial->text_bytes, bytes, taken);
    trial->text_bytes += taken;
    trial->text[trial->text_bytes] = '\0';
    return taken;
}

/* As the simulator counts, in its own words: requests for days, which have a quota of their own in 2026. */
static void look_at_simulator(struct releve_trial *trial)
{
    trial->text_bytes = 0;
    cJSON *stats = curl_easy_perform(trial->curl) == CURLE_OK ? cJSON_Parse(trial->text) : NULL;
    if (stats == NULL)
        return; /* if it is gone, that is seen elsewhere */
    const struct releve_dialect *dialect = releve_config_dialect(&trial->config);
    const cJSON *apis = cJSON_GetObjectItemCaseSensitive(stats, "by_api");
    const cJSON *measures = cJSON_GetObjectItemCaseSensitive(apis, dialect->families[RELEVE_TRIAL_KIND]);
    const cJSON *most = cJSON_GetObjectItemCaseSensitive(measures, "max_in_window");
    trial->arrived = member_of(measures, "requests");
    trial->violations = member_of(stats, "violations");
    trial->throttled = member_of(cJSON_GetObjectItemCaseSensitive(stats, "errors"), "429");
    for (size_t i = 0; i < trial->config.quota.windows_count; i++)
        trial->most[i] = count_of(cJSON_GetArrayItem(most, (int)i));
    cJSON_Delete(stats);
}

/* Another upstream does not say what arrived there: which jobs are done is known, and what the ledger counts. */
static void look_at_ledger(struct releve_trial *trial)
{
    releve_children_tail(&trial->children, "status.out", trial->text, sizeof trial->text);
    const char *newline = strrchr(trial->text, '\n');
    cJSON *status = cJSON_Parse(newline != NULL ? newline + 1 : trial->text);
    if (status == NULL)
        return; /* half a line */
    const cJSON *bucket = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(status, "quota"), 0);
    const cJSON *windows = cJSON_GetObjectItemCaseSensitive(bucket, "windows");
    trial->arrived = trial->calls * member_of(cJSON_GetObjectItemCaseSensitive(status, "ended"), "done");
    for (size_t i = 0; i < trial->config.quota.windows_count; i++) {
        uint64_t used = member_of(cJSON_GetArrayItem(windows, (int)i), "used");
        trial->most[i] = used > trial->most[i] ? used : trial->most[i];
    }
    cJSON_Delete(status);
}

/* One line on the terminal, cut to its width: one that wraps could not be written over. */
static void draw(struct releve_trial *trial)
{
    char line[RELEVE_PROGRESS_LINE_BYTES], usage[RELEVE_USAGE_TEXT];
    uint32_t most[RELEVE_QUOTA_WINDOWS_MAX];
    struct winsize size;
    if (isatty(STDERR_FILENO) != 1 || trial->drawn_ms + RELEVE_PROGRESS_TERMINAL_MS > releve_clock_boot())
        return;
    trial->drawn_ms = releve_clock_boot();
    for (size_t i = 0; i < RELEVE_QUOTA_WINDOWS_MAX; i++)
        most[i] = (uint32_t)trial->most[i];
    releve_usage_format(&trial->config.quota, most, 0, 0, usage);
    (void)snprintf(line, sizeof line, "%" PRIu64 " of %" PRIu64 " requests, %.1f/s; at most %s", trial->arrived,
                   releve_trial_requests(trial),
                   (double)trial->arrived * 1000.0 / (double)(releve_clock_boot() - trial->first_ms + 1), usage);
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && strlen(line) >= size.ws_col)
        line[size.ws_col - 1] = '\0';
    fprintf(stderr, "\r\x1b[K%s", line);
}

/* What a worker said last, once: that upstream cannot be reached, or that Redis refuses. Its first line names it, and
 * is no news. */
static void relay(struct releve_trial *trial)
{
    releve_children_tail(&trial->children, "worker.err", trial->text, sizeof trial->text);
    const char *newline = strrchr(trial->text, '\n'), *line = newline != NULL ? newline + 1 : trial->text;
    bool old = strncmp(line, trial->relayed, sizeof trial->relayed - 1) == 0;
    if (old || line[0] == '\0' || strncmp(line, "releve: worker ", strlen("releve: worker ")) == 0)
        return;
    (void)snprintf(trial->relayed, sizeof trial->relayed, "%.*s", (int)sizeof trial->relayed - 1, line);
    fprintf(stderr, "%s%s\n", trial->drawn_ms > 0 ? "\r\x1b[K" : "", trial->relayed);
}

static void look(struct releve_trial *trial)
{
    uint64_t before = trial->arrived;
    int64_t begun_ms = releve_clock_boot();
    (trial->simulated ? look_at_simulator : look_at_ledger)(trial);
    if (trial->simulated && trial->arrived == 0)
        trial->first_ms = begun_ms;
    if (!trial->simulated || trial->arrived != before)
        trial->last_ms = releve_clock_boot();
    draw(trial);
}

/* --- the run ------------------------------------------------------------------------------------------------------ */

static void set(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0)
        (void)releve_must(NULL);
}

/* Children see nothing of a .env file, as they are in another directory: all that they need is here. */
static void set_environment(const struct releve_trial *trial)
{
    char redis[PATH_MAX + 32], quota[RELEVE_QUOTA_TEXT], today[RELEVE_DAY_TEXT];
    (void)snprintf(redis, sizeof redis, "embedded:%s/" RELEVE_CHILDREN_REDIS, trial->children.directory);
    releve_quota_format(&trial->config.quota, quota);
    set("RELEVE_REDIS", redis);
    set("RELEVE_PREFIX", "bench");
    set("RELEVE_QUOTA", quota);
    set("RELEVE_API", trial->config.api == RELEVE_API_V5 ? "v5" : "2026");
    set("RELEVE_LOG", "warn");
    set("CLIENT_ID", trial->simulated ? "bench" : trial->config.client_id);
    set("RELEVE_UPSTREAM", trial->config.upstream); /* of the simulator nothing is known yet: none */
    (void)unsetenv("CLIENT_SECRET_FILE");
    (void)unsetenv("RELEVE_KEEP");
    if (trial->config.today == RELEVE_DAY_NONE)
        return;
    releve_day_format(trial->config.today, today);
    set("RELEVE_TODAY", today);
}

static enum releve_code start_simulator(struct releve_trial *trial, struct releve_error *error)
{
    char quota[RELEVE_QUOTA_TEXT], latency[32], population[32], stats[128];
    releve_quota_format(&trial->config.quota, quota);
    (void)snprintf(latency, sizeof latency, "%" PRIu32 ":%" PRIu32, trial->latency.fixed_ms, trial->latency.jitter_ms);
    (void)snprintf(population, sizeof population, "%" PRIu64, trial->population);
    const char *const words[] = {"releve",    "sandbox", "--listen",     "127.0.0.1:0", "--quota", quota,
                                 "--latency", latency,   "--population", population,    NULL};
    if (begin_command(trial, words, error) != RELEVE_OK)
        return error->code;
    char *url = strstr(trial->text, "http://");
    if (url == NULL)
        return releve_fail(error, RELEVE_E_SYSTEM, "bench: the simulator says no address: %.200s", trial->text);
    url[strcspn(url, " ")] = '\0';
    set("RELEVE_UPSTREAM", url);
    (void)snprintf(stats, sizeof stats, "%.80s/__sandbox/stats", url);
    trial->curl = releve_must(curl_easy_init());
    (void)curl_easy_setopt(trial->curl, CURLOPT_URL, stats);
    (void)curl_easy_setopt(trial->curl, CURLOPT_NOPROXY, "*");
    (void)curl_easy_setopt(trial->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(trial->curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
    (void)curl_easy_setopt(trial->curl, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(trial->curl, CURLOPT_WRITEDATA, trial);
    return RELEVE_OK;
}

static enum releve_code write_points(const struct releve_trial *trial, struct releve_error *error)
{
    char path[PATH_MAX + sizeof POINTS_FILE + 1];
    (void)snprintf(path, sizeof path, "%s/" POINTS_FILE, trial->children.directory);
    FILE *file = fopen(path, "w");
    for (uint64_t i = 0; file != NULL && i < trial->points; i++)
        fprintf(file, RELEVE_PRM_FORMAT "\n", trial->prms != NULL ? trial->prms[i] : SANDBOX_POPULATION_FIRST + i);
    bool written = file != NULL && ferror(file) == 0;
    if (file != NULL && fclose(file) == 0 && written)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_SYSTEM, "bench: %.200s cannot be written: %s", path, strerror(errno));
}

/* `enqueue` or `plan` of what is to be asked. */
static enum releve_code run_selection(struct releve_trial *trial, const char *command, struct releve_error *error)
{
    const char *kind = releve_kind_facts(RELEVE_TRIAL_KIND)->name;
    const char *const words[] = {"releve",  command,      "--prms", POINTS_FILE, "--kind", kind,
                                 "--start", trial->start, "--end",  trial->end,  "--json", NULL};
    return run_command(trial, words, error);
}

/* Redis lives as long as somebody uses it: this one does to the end, and tells of its ledger. */
static enum releve_code start_redis(struct releve_trial *trial, struct releve_error *error)
{
    static const char *const words[] = {"releve", "status", "--watch", "--json", NULL};
    return begin_command(trial, words, error);
}

/* Until all workers have ended; they do when nothing is left to do. */
static enum releve_code run_workers(struct releve_trial *trial, struct releve_error *error)
{
    static const char *const words[] = {"releve", "worker", "--drain", "--concurrency", IN_FLIGHT, NULL};
    const char *secret = trial->simulated ? "bench" : trial->config.client_secret;
    const struct releve_child *workers = trial->children.list + trial->children.count;
    for (uint64_t i = 0; i < trial->workers; i++)
        (void)releve_children_start(&trial->children, words, secret);
    trial->first_ms = trial->last_ms = releve_clock_boot();
    for (bool working = true; working;) {
        if (wait_a_little(trial, error) != RELEVE_OK)
            return error->code;
        working = false;
        for (uint64_t i = 0; i < trial->workers; i++)
            working = working || workers[i].pid != 0;
        look(trial);
        if (working)
            relay(trial);
        for (size_t i = 0; i < trial->lasting_count; i++)
            if (trial->lasting[i]->pid == 0)
                return fail_child(trial, trial->lasting[i], error);
    }
    for (uint64_t i = 0; i < trial->workers; i++) {
        const struct rusage *usage = &workers[i].usage;
        if (workers[i].code != 0)
            return fail_child(trial, &workers[i], error);
        trial->cpu_ms += (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
                         (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
        trial->peak_kb = usage->ru_maxrss > trial->peak_kb ? usage->ru_maxrss : trial->peak_kb;
    }
    return RELEVE_OK;
}

/* What a plan would still ask for has been lost, and what was refused did not come either. */
static enum releve_code count_lost(struct releve_trial *trial, struct releve_error *error)
{
    if (run_selection(trial, "plan", error) != RELEVE_OK)
        return error->code;
    cJSON *plan = cJSON_Parse(trial->text);
    trial->days_lost = member_of(plan, "days") + member_of(plan, "days_refused");
    uint64_t left = member_of(plan, "requests"), all = releve_trial_requests(trial);
    if (!trial->simulated)
        trial->arrived = left < all ? all - left : 0;
    bool read = cJSON_HasObjectItem(plan, "days");
    cJSON_Delete(plan);
    return read ? RELEVE_OK : releve_fail(error, RELEVE_E_SYSTEM, "bench: the plan is no JSON: %.200s", trial->text);
}

static enum releve_code measure(struct releve_trial *trial, struct releve_error *error)
{
    set_environment(trial);
    if (write_points(trial, error) != RELEVE_OK || start_redis(trial, error) != RELEVE_OK ||
        (trial->simulated && start_simulator(trial, error) != RELEVE_OK) ||
        run_selection(trial, "enqueue", error) != RELEVE_OK || run_workers(trial, error) != RELEVE_OK)
        return error->code;
    return count_lost(trial, error);
}

enum releve_code releve_trial_run(struct releve_trial *trial, struct releve_error *error)
{
    if (releve_children_open(&trial->children, error) == RELEVE_OK)
        (void)measure(trial, error);
    if (trial->drawn_ms > 0)
        fputs("\r\x1b[K", stderr);
    curl_easy_cleanup(trial->curl);
    releve_children_close(&trial->children);
    return error->code;
}
