/* releve backfill: every day of a selection, fetched once, within the quota, into Redis. */
#include "command.h"
#include "config.h"
#include "progress.h"
#include "report.h"
#include "selection.h"
#include "session.h"
#include <adapters/redis/result_json.h>
#include <engine/runtime/clock.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOES_ON ", and the same command goes on from there"

struct backfill {
    struct releve_session session;
    struct releve_selection selection;
    struct releve_config config;
    unsigned concurrency;
    enum releve_class class_;
    bool refresh, adopt, json;
    enum releve_progress_mode mode;

    struct releve_report report;
    struct releve_progress progress;
    size_t next;    /* job to pull */
    uint64_t ahead; /* requests that the jobs not pulled yet may take */
};

RELEVE_SESSION_FIRST(struct backfill);

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
    (void)error; /* the session has reported it */
    releve_report_add(&backfill->report, result, true);
    if (!backfill->json)
        return;
    char *json = releve_result_json(result);
    releve_progress_clear(&backfill->progress); /* standard output may be the same terminal */
    if (json != NULL)
        puts(json);
    free(json);
}

static void on_given_back(void *data, const struct releve_result *so_far)
{
    struct backfill *backfill = data;
    releve_report_add(&backfill->report, so_far, false);
}

static void on_idle(void *data)
{
    struct backfill *backfill = data;
    releve_session_end(&backfill->session);
}

static void on_tick(void *data)
{
    struct backfill *backfill = data;
    releve_progress_draw(&backfill->progress, backfill->session.runtime, uv_now(&backfill->session.loop),
                         backfill->ahead);
}

/* Connected: the first look at what is used, and the beginning of the rate. */
static void on_ready(void *data)
{
    struct backfill *backfill = data;
    releve_progress_begin(&backfill->progress, backfill->session.runtime, uv_now(&backfill->session.loop));
}

/* The last look: behind it there is no runtime. */
static void on_closing(void *data)
{
    struct backfill *backfill = data;
    if (backfill->session.runtime != NULL)
        backfill->report.requests = releve_runtime_look(backfill->session.runtime).requests;
    backfill->report.jobs_taken = backfill->next;
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
    struct releve_session_options options = {
        .config = &backfill->config,
        .concurrency = backfill->concurrency,
        .adopt = backfill->adopt,
        .progress = &backfill->progress,
        .tick_ms = backfill->progress.terminal ? RELEVE_PROGRESS_TERMINAL_MS : RELEVE_PROGRESS_LINE_MS,
        .next = next_job,
        .ended = on_ended,
        .given_back = on_given_back,
        .idle = on_idle,
        .tick = on_tick,
        .ready = on_ready,
        .closing = on_closing,
    };
    struct releve_error *error = &backfill->session.error;
    (void)releve_session_run(&backfill->session, &options);
    bool everything = releve_report_all_ended(&backfill->report);
    if (error->code == RELEVE_E_INTERRUPTED && everything)
        error->code = RELEVE_OK; /* the signal came when nothing was left to do */
    if (!backfill->json && (error->code == RELEVE_OK || releve_report_any(&backfill->report)))
        releve_report_print(&backfill->report, stdout);
    if (fflush(stdout) != 0 || ferror(stdout))
        releve_fail(error, RELEVE_E_SYSTEM, "standard output cannot be written");
    if (error->code == RELEVE_E_INTERRUPTED)
        fprintf(stderr, "releve: %s" GOES_ON "\n", error->text);
    else if (error->code != RELEVE_OK)
        return releve_command_fail(error);
    if (error->code != RELEVE_OK)
        return releve_code_exit(error->code);
    return releve_code_exit(releve_report_all_obtained(&backfill->report) ? RELEVE_OK : RELEVE_E_PARTIAL);
}

static enum releve_code parse_progress(const char *value, enum releve_progress_mode *mode, struct releve_error *error)
{
    static const char *const names[] = {"auto", "always", "never"};
    int found = releve_name_find(names, 3, value, strlen(value));
    if (found < 0)
        return releve_fail(error, RELEVE_E_USAGE, "--progress \"%.40s\": say auto, always or never", value);
    *mode = (enum releve_progress_mode)found;
    return RELEVE_OK;
}

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct backfill *backfill = data;
    switch (option) {
    case 'p':
        return releve_command_priority(value, &backfill->class_, error);
    case 'c':
        return releve_command_concurrency(value, &backfill->concurrency, error);
    case 'g':
        return parse_progress(value, &backfill->mode, error);
    case 'r':
        backfill->refresh = true;
        return RELEVE_OK;
    case 'a':
        backfill->adopt = true;
        return RELEVE_OK;
    case 'j':
        backfill->json = true;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&backfill->selection, option, value, error);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"priority", required_argument, NULL, 'p'},
    {"concurrency", required_argument, NULL, 'c'},
    {"progress", required_argument, NULL, 'g'},
    {"refresh", no_argument, NULL, 'r'},
    {"adopt", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int backfill_main(int argc, char **argv)
{
    static struct backfill backfill = {.concurrency = RELEVE_CONCURRENCY_DEFAULT, .class_ = RELEVE_NORMAL};
    struct releve_error error = {0};
    int wrong = releve_command_parse("backfill", argc, argv, options, apply_option, &backfill);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&backfill.config, true, &error) != RELEVE_OK ||
        releve_selection_close(&backfill.selection, releve_config_today(&backfill.config), &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (releve_selection_jobs(&backfill.selection) == 0 && !backfill.adopt)
        return 0;
    if (releve_config_start_redis(&backfill.config, &error) != RELEVE_OK)
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
            "  --refresh          ask again for days that are known too, for kinds that a usage point lacks and after\n"
            "                     refusals; a better day is never replaced by a worse one\n" RELEVE_ADOPT_HELP
            "  --progress WHEN    auto (default): drawn on a terminal, a line every 10 s elsewhere; always: drawn;\n"
            "                     never\n"
            "  --json             one JSON object a job on standard output, as it ends, instead of the table\n",
    .interrupted = RELEVE_KEPT GOES_ON,
    .run = backfill_main,
};
