/* releve backfill: every day of a selection, fetched once, within the quota, into Redis. */
#include "command.h"
#include "config.h"
#include "log.h"
#include "progress.h"
#include "report.h"
#include "selection.h"
#include <adapters/redis/result_json.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONCURRENCY_DEFAULT 16
#define DRAIN_MS (10 * RELEVE_SECOND_MS) /* what is in flight may take so long after a signal */

struct backfill {
    struct releve_selection selection;
    struct releve_config config;
    unsigned concurrency;
    enum releve_class class_;
    bool refresh, json;
    enum releve_progress_mode mode;

    uv_loop_t loop;
    struct releve_runtime *runtime;
    uv_signal_t interrupt, terminate;
    uv_timer_t tick, deadline;
    struct releve_report report;
    struct releve_progress progress;
    size_t next;    /* job to pull */
    uint64_t ahead; /* requests that the jobs not pulled yet may take */
    bool draining, closing;
    struct releve_error error; /* why it ends early; RELEVE_OK else */
};

/* --- what the runtime calls ------------------------------------------------------------------------- */

static uint64_t chunks_of(const struct releve_job *job)
{
    int per_call = releve_kind_facts(job->kind)->call_days_max;
    return (uint64_t)((releve_span_days(job->span) + per_call - 1) / per_call);
}

static bool next_job(void *data, struct releve_job *job)
{
    struct backfill *backfill = data;
    *job = (struct releve_job){0};
    if (!releve_selection_job(&backfill->selection, backfill->next, job))
        return false;
    backfill->next++;
    backfill->ahead -= chunks_of(job);
    releve_job_id_new(job->id);
    job->class_ = backfill->class_;
    job->refresh = backfill->refresh;
    job->created_at = releve_clock_civil(backfill->config.today);
    return true;
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct backfill *backfill = data;
    releve_report_add(&backfill->report, result);
    if (error->code != RELEVE_OK || result->failures_count > 0)
        releve_progress_clear(&backfill->progress);
    releve_log_failures(result);
    if (error->code != RELEVE_OK) {
        fprintf(stderr, "releve: the result of a job could not be written: %s\n", error->text);
        backfill->error = *error;
    }
    if (!backfill->json)
        return;
    char *json = releve_result_json(result);
    if (json != NULL)
        puts(json);
    free(json);
}

static void on_handle_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void close_all(struct backfill *backfill)
{
    if (backfill->closing)
        return;
    backfill->closing = true;
    uv_close((uv_handle_t *)&backfill->interrupt, on_handle_closed);
    uv_close((uv_handle_t *)&backfill->terminate, on_handle_closed);
    uv_close((uv_handle_t *)&backfill->tick, on_handle_closed);
    uv_close((uv_handle_t *)&backfill->deadline, on_handle_closed);
    if (backfill->runtime != NULL)
        releve_runtime_close(backfill->runtime, NULL, NULL);
}

static void on_idle(void *data)
{
    close_all(data); /* everything is done, or was given back */
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct backfill *backfill = data;
    backfill->error = *error;
}

static void on_notice(void *data, const struct releve_action *notice)
{
    struct backfill *backfill = data;
    char line[RELEVE_LOG_LINE_BYTES];
    if (!releve_log_notice(notice, backfill->config.log, line))
        return;
    releve_progress_clear(&backfill->progress);
    fprintf(stderr, "%s\n", line);
}

static void on_link(void *data, bool up, const char *why)
{
    struct backfill *backfill = data;
    releve_progress_clear(&backfill->progress);
    fprintf(stderr, up ? "releve: Redis is back\n" : "releve: Redis: %s\n", why);
}

static void on_ready(void *data, const struct releve_error *error)
{
    struct backfill *backfill = data;
    if (error->code == RELEVE_OK)
        return;
    backfill->error = *error;
    close_all(backfill);
}

/* --- time and signals -------------------------------------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    struct backfill *backfill = timer->data;
    releve_progress_draw(&backfill->progress, backfill->runtime, uv_now(&backfill->loop), backfill->ahead);
}

static void on_deadline(uv_timer_t *timer)
{
    close_all(timer->data);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct backfill *backfill = handle->data;
    if (backfill->error.code == RELEVE_OK)
        releve_fail(&backfill->error, RELEVE_E_INTERRUPTED,
                    "interrupted by %s: what was fetched is kept, and the same "
                    "command goes on from there",
                    number == SIGINT ? "SIGINT" : "SIGTERM");
    if (backfill->draining) {
        close_all(backfill);
        return;
    }
    backfill->draining = true;
    uv_timer_start(&backfill->deadline, on_deadline, DRAIN_MS, 0);
    releve_progress_clear(&backfill->progress);
    fprintf(stderr, "releve: ending what is in flight (at most %d s; once more: at once)\n",
            (int)(DRAIN_MS / RELEVE_SECOND_MS));
    releve_runtime_drain(backfill->runtime);
}

/* --- the command -------------------------------------------------------------------------------------- */

static enum releve_code open_loop(struct backfill *backfill)
{
    uv_loop_init(&backfill->loop);
    uv_signal_init(&backfill->loop, &backfill->interrupt);
    uv_signal_init(&backfill->loop, &backfill->terminate);
    uv_timer_init(&backfill->loop, &backfill->tick);
    uv_timer_init(&backfill->loop, &backfill->deadline);
    backfill->interrupt.data = backfill->terminate.data = backfill->tick.data = backfill->deadline.data = backfill;
    struct releve_runtime_options options = {
        .upstream = backfill->config.upstream,
        .api = backfill->config.api,
        .client_id = backfill->config.client_id,
        .client_secret = backfill->config.client_secret,
        .quota = backfill->config.quota,
        .concurrency = backfill->concurrency,
        .redis = backfill->config.redis,
        .prefix = backfill->config.prefix,
        .today = backfill->config.today,
        .token_tries_max = RELEVE_TOKEN_TRIES_MAX,
        .data = backfill,
        .next = next_job,
        .ended = on_ended,
        .idle = on_idle,
        .stopped = on_stopped,
        .notice = on_notice,
        .link = on_link,
    };
    enum releve_code code =
        releve_runtime_open(&backfill->runtime, &backfill->loop, &options, on_ready, &backfill->error);
    if (code != RELEVE_OK) {
        backfill->runtime = NULL;
        close_all(backfill);
        return code;
    }
    uv_signal_start(&backfill->interrupt, on_signal, SIGINT);
    uv_signal_start(&backfill->terminate, on_signal, SIGTERM);
    uint64_t period = backfill->progress.terminal ? RELEVE_PROGRESS_TERMINAL_MS : RELEVE_PROGRESS_LINE_MS;
    uv_timer_start(&backfill->tick, on_tick, period, period);
    return RELEVE_OK;
}

static int run_backfill(struct backfill *backfill)
{
    releve_report_init(&backfill->report, backfill->selection.prms, backfill->selection.prms_count);
    struct releve_job job = {0};
    for (size_t i = 0; releve_selection_job(&backfill->selection, i, &job); i++) {
        backfill->report.kinds[job.kind].jobs_wanted++;
        backfill->ahead += chunks_of(&job);
    }
    releve_progress_init(&backfill->progress, backfill->mode, &backfill->config.quota, &backfill->report);
    (void)open_loop(backfill);
    (void)uv_run(&backfill->loop, UV_RUN_DEFAULT);
    int status = uv_loop_close(&backfill->loop);
    if (status != 0)
        fprintf(stderr, "releve: libuv: %s\n", uv_strerror(status));
    releve_progress_clear(&backfill->progress);

    bool connected = backfill->error.code != RELEVE_E_REDIS;
    if (!backfill->json && connected)
        releve_report_print(&backfill->report, stdout);
    if (fflush(stdout) != 0)
        releve_fail(&backfill->error, RELEVE_E_SYSTEM, "standard output cannot be written");
    if (backfill->error.code != RELEVE_OK)
        return releve_command_fail(&backfill->error);
    return releve_code_exit(releve_report_all_obtained(&backfill->report) ? RELEVE_OK : RELEVE_E_PARTIAL);
}

static enum releve_code take_option(struct backfill *backfill, int option, const char *value,
                                    struct releve_error *error)
{
    char *end;
    switch (option) {
    case 'p':
        if (!releve_class_parse(value, strlen(value), &backfill->class_))
            return releve_fail(error, RELEVE_E_USAGE, "--priority \"%.40s\": say high, normal or low", value);
        return RELEVE_OK;
    case 'c':
        backfill->concurrency = (unsigned)strtoul(value, &end, 10);
        if (*value < '0' || *value > '9' || *end != '\0' || strlen(value) > 4 || backfill->concurrency < 1 ||
            backfill->concurrency > RELEVE_CONCURRENCY_MAX)
            return releve_fail(error, RELEVE_E_USAGE, "--concurrency \"%.40s\": say a number from 1 to %d", value,
                               RELEVE_CONCURRENCY_MAX);
        return RELEVE_OK;
    case 'g':
        if (strcmp(value, "auto") == 0)
            backfill->mode = RELEVE_PROGRESS_AUTO;
        else if (strcmp(value, "always") == 0)
            backfill->mode = RELEVE_PROGRESS_ALWAYS;
        else if (strcmp(value, "never") == 0)
            backfill->mode = RELEVE_PROGRESS_NEVER;
        else
            return releve_fail(error, RELEVE_E_USAGE, "--progress \"%.40s\": say auto, always or never", value);
        return RELEVE_OK;
    case 'r':
        backfill->refresh = true;
        return RELEVE_OK;
    case 'j':
        backfill->json = true;
        return RELEVE_OK;
    default:
        return releve_selection_take(&backfill->selection, option, value, error);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"priority", required_argument, NULL, 'p'},
    {"concurrency", required_argument, NULL, 'c'},
    {"progress", required_argument, NULL, 'g'},
    {"refresh", no_argument, NULL, 'r'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int backfill_main(int argc, char **argv)
{
    static struct backfill backfill = {.concurrency = CONCURRENCY_DEFAULT, .class_ = RELEVE_NORMAL};
    struct releve_error error = {0};
    int option, index = 0;
    while ((option = getopt_long(argc, argv, ":", options, &index)) != -1) {
        if (option == '?' || option == ':')
            return releve_command_bad_option("backfill", argc, argv, option);
        if (take_option(&backfill, option, optarg, &error) != RELEVE_OK)
            return releve_command_fail(&error);
    }
    if (optind < argc)
        return releve_command_usage("backfill", "\"%.40s\" is no option", argv[optind]);
    if (releve_config_load(&backfill.config, true, &error) != RELEVE_OK ||
        releve_selection_close(&backfill.selection, releve_config_today(&backfill.config), &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (releve_selection_jobs(&backfill.selection) == 0)
        return 0;
    if (releve_config_redis(&backfill.config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    int code = run_backfill(&backfill);
    releve_selection_free(&backfill.selection);
    explicit_bzero(backfill.config.client_secret, sizeof backfill.config.client_secret);
    return code;
}

const struct releve_command releve_command_backfill = {
    .name = "backfill",
    .summary = "fetch every day of a selection that is not known yet",
    .help = "SELECTION [OPTION]...\n"
            "\n"
            "Fetches every day that Redis does not hold yet, newest first, within the quota. Interrupted and started\n"
            "again it asks for nothing that it already has.\n"
            "\n" RELEVE_SELECTION_HELP "\noptions:\n"
            "  --priority CLASS   high, normal (default) or low\n"
            "  --concurrency N    requests in flight, 1 to 256 (default 16); the quota holds whatever it is\n"
            "  --refresh          ask again for days that are known too\n"
            "  --progress WHEN    auto (default): drawn on a terminal, a line every 10 s elsewhere; always; never\n"
            "  --json             one JSON object a job on standard output, as it ends, instead of the table\n",
    .run = backfill_main,
};
