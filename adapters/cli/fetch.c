/* See fetch.h. */
#include "fetch.h"
#include "command.h"
#include <adapters/redis/result_json.h>
#include <adapters/redis/store.h>
#include <engine/runtime/bucket.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NANOSECONDS_IN_MS 1000000

RELEVE_SESSION_FIRST(struct releve_fetch);

static uint64_t chunks_of(const struct releve_job *job)
{
    int per_call = releve_kind_facts(job->kind)->call_days_max;
    return (uint64_t)((releve_span_days(job->span) + per_call - 1) / per_call);
}

static bool next_job(void *data, struct releve_job *job)
{
    struct releve_fetch *fetch = data;
    *job = (struct releve_job){0};
    if (!releve_selection_job(&fetch->selection, fetch->next, job))
        return false;
    fetch->next++;
    fetch->report.kinds[job->kind].requests_ahead -= chunks_of(job);
    fetch->report.kinds[job->kind].days_ahead -= (uint64_t)releve_span_days(job->span);
    releve_job_id_new(job->id);
    job->class_ = fetch->class_;
    job->refresh = fetch->refresh;
    job->created_at = releve_clock_civil(fetch->config.today);
    return true;
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct releve_fetch *fetch = data;
    (void)error; /* the session has reported it */
    releve_report_add(&fetch->report, result, true);
    if (!fetch->json)
        return;
    char *json = releve_result_json(result);
    releve_progress_clear(&fetch->progress); /* standard output may be the same terminal */
    if (json != NULL)
        puts(json);
    free(json);
    if (fflush(stdout) != 0 && releve_command_is_unread())
        releve_session_drain(&fetch->session);
}

static void on_given_back(void *data, const struct releve_result *so_far)
{
    struct releve_fetch *fetch = data;
    releve_report_add(&fetch->report, so_far, false);
}

static void on_idle(void *data)
{
    struct releve_fetch *fetch = data;
    releve_session_end(&fetch->session);
}

/* --- progress: first the ledger is asked, so that what is shown is as it is now ----------------------------- */

static void draw_with(struct releve_fetch *fetch, struct releve_progress_usage *usage)
{
    usage->redis_away_ms = releve_engine_redis_outage(fetch->session.engine).away_ms;
    releve_progress_draw(&fetch->progress, fetch->session.runtime, usage, uv_now(&fetch->session.loop));
}

static void draw(struct releve_fetch *fetch)
{
    fetch->looking = false;
    draw_with(fetch, &fetch->usage);
    free(fetch->usage.over_ms);
    fetch->usage = (struct releve_progress_usage){.known = false};
}

static void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    struct releve_fetch *fetch = data;
    if (error->code == RELEVE_OK) {
        fetch->usage.known = true;
        fetch->usage.next_ms = usage->next_ms;
        fetch->usage.closed_ms = usage->closed_ms;
        memcpy(fetch->usage.used, usage->used, sizeof fetch->usage.used);
    }
    if (!fetch->session.closing)
        draw(fetch);
}

static void on_permits(void *data, const struct releve_error *error, const releve_time *over_ms, size_t count)
{
    struct releve_fetch *fetch = data;
    if (fetch->session.closing)
        return;
    if (error->code != RELEVE_OK) {
        draw(fetch);
        return;
    }
    fetch->usage.over_ms = releve_alloc(count + 1, sizeof *over_ms);
    memcpy(fetch->usage.over_ms, over_ms, count * sizeof *over_ms);
    fetch->usage.permits = count;
    releve_store_bucket_usage(fetch->session.store, fetch->bucket, &fetch->config.quota, on_usage, fetch);
}

static void on_tick(void *data)
{
    struct releve_fetch *fetch = data;
    struct releve_progress_usage unknown = {.known = false};
    if (!fetch->progress.shown)
        return;
    if (fetch->looking) { /* Redis does not answer */
        draw_with(fetch, &unknown);
        return;
    }
    fetch->looking = true;
    if (fetch->config.quota.windows_count == 0)
        draw(fetch);
    else
        releve_store_bucket_permits(fetch->session.store, fetch->bucket, &fetch->config.quota, on_permits, fetch);
}

static struct releve_job_counts count_jobs(void *data)
{
    const struct releve_fetch *fetch = data;
    return releve_report_count_jobs(&fetch->report);
}

/* The bucket of measures, where there are some; else that of the first document. */
static void name_bucket(struct releve_fetch *fetch)
{
    enum releve_kind kind = 0;
    while ((fetch->selection.kinds & RELEVE_KIND_BIT(kind)) == 0)
        kind++;
    releve_bucket_name(releve_config_dialect(&fetch->config)->families[kind], fetch->config.client_id, fetch->bucket);
}

/* The clock of uv_now, which never goes back. */
static uint64_t now_ms(void)
{
    return uv_hrtime() / NANOSECONDS_IN_MS;
}

/* Connected: the first look at what is used, and the beginning of the rate. */
static void on_ready(void *data)
{
    struct releve_fetch *fetch = data;
    if (!fetch->refresh) /* which asks whatever is told */
        releve_runtime_preflight(fetch->session.runtime, fetch->selection.prms, fetch->selection.prms_count,
                                 fetch->selection.kinds, releve_selection_newest(&fetch->selection),
                                 RELEVE_PREFLIGHT_POINTS_MIN);
    releve_progress_begin(&fetch->progress, fetch->began_ms, uv_now(&fetch->session.loop));
}

/* The last look: behind it there is no runtime. */
static void on_closing(void *data)
{
    struct releve_fetch *fetch = data;
    if (fetch->session.runtime != NULL) {
        struct releve_core_view view = releve_runtime_look(fetch->session.runtime);
        fetch->report.requests = view.requests;
        fetch->report.inquiries = view.inquiries;
        fetch->report.preflights = view.preflights;
        fetch->report.retries = view.retries;
        fetch->report.throttled = view.throttled;
    }
    fetch->report.jobs_taken = fetch->next;
}

enum releve_code releve_fetch_prepare(struct releve_fetch *fetch, struct releve_error *error)
{
    fetch->began_ms = now_ms(); /* Redis may be away before it is ready, and is waited for */
    if (releve_config_load(&fetch->config, true, error) != RELEVE_OK)
        return error->code;
    if (releve_config_check_kinds(&fetch->config, fetch->selection.kinds, error) != RELEVE_OK)
        return error->code;
    fetch->selection.keep = fetch->config.keep;
    return releve_selection_close(&fetch->selection, releve_config_today(&fetch->config), error);
}

enum releve_code releve_fetch_run(struct releve_fetch *fetch)
{
    releve_report_init(&fetch->report, fetch->selection.prms, fetch->selection.prms_count);
    struct releve_job job = {0};
    for (size_t i = 0; releve_selection_job(&fetch->selection, i, &job); i++) {
        fetch->report.kinds[job.kind].jobs_wanted++;
        fetch->report.kinds[job.kind].requests_ahead += chunks_of(&job);
        fetch->report.kinds[job.kind].days_ahead += (uint64_t)releve_span_days(job.span);
    }
    releve_progress_init(&fetch->progress, fetch->mode, &fetch->config.quota, &fetch->report);
    struct releve_session_options options = {
        .config = &fetch->config,
        .command = fetch->command,
        .concurrency = fetch->concurrency,
        .adopt = fetch->adopt,
        .progress = &fetch->progress,
        .tick_ms = fetch->progress.drawn ? RELEVE_PROGRESS_TERMINAL_MS : RELEVE_PROGRESS_LINE_MS,
        .next = next_job,
        .ended = on_ended,
        .given_back = on_given_back,
        .idle = on_idle,
        .count = count_jobs,
        .tick = on_tick,
        .ready = on_ready,
        .closing = on_closing,
    };
    struct releve_error *error = &fetch->session.error;
    name_bucket(fetch);
    (void)releve_session_run(&fetch->session, &options);
    fetch->report.elapsed_ms = now_ms() - fetch->began_ms;
    free(fetch->usage.over_ms); /* the end came while the ledger was asked */
    bool everything = releve_report_all_ended(&fetch->report);
    if (error->code == RELEVE_E_INTERRUPTED && everything)
        error->code = RELEVE_OK; /* the signal came when nothing was left to do */
    return error->code;
}

int releve_fetch_end(struct releve_fetch *fetch)
{
    const struct releve_error *error = &fetch->session.error;
    (void)fflush(stdout); /* what was printed stands before what went wrong */
    releve_selection_free(&fetch->selection);
    explicit_bzero(fetch->config.client_secret, sizeof fetch->config.client_secret);
    explicit_bzero(fetch->config.token, sizeof fetch->config.token);
    if (error->code == RELEVE_OK)
        return releve_code_exit(releve_report_all_obtained(&fetch->report) ? RELEVE_OK : RELEVE_E_PARTIAL);
    if (error->code != RELEVE_E_INTERRUPTED)
        return releve_command_fail(error);
    fprintf(stderr, "releve: %s" RELEVE_FETCH_GOES_ON "\n", error->text);
    return releve_code_exit(error->code);
}
