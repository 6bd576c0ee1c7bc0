/* releve status: what runs and how fast, what waits, how much of the quota is used, how the latest jobs ended. Reads
 * Redis only. */
#include "command.h"
#include "duration.h"
#include "interrupt.h"
#include "json_fields.h"
#include "lookup.h"
#include "progress.h"
#include "reasons.h"
#include "situation.h"
#include "stored_day.h"
#include "terminal.h"
#include "watch.h"
#include <adapters/redis/url.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KIND_BYTES 40
#define FAILURE_BYTES 1024
#define FAILURE_COLUMN 8 /* behind its state */

struct status {
    struct releve_config config;
    bool json, watch;
    struct releve_lookup lookup;
    struct releve_watch watching; /* where it is to watch */
    bool shown;                   /* one look at least */
    bool said_away;               /* on stderr, where there is no screen */
    bool said_part;               /* on stderr, where there is no table */
    uv_timer_t late;              /* where it looks once: for how long it does so without a part of Redis */
    char why[RELEVE_ERROR_BYTES]; /* that part is away */
    char *picture;                /* what stands on the screen; NULL where there is none */
    struct releve_situation situation;
};

/* --- the quota --------------------------------------------------------------------------------------------- */

/* Names the Redis, so that people see whether it is the one that the workers use. The address holds no password. */
static void print_where(const struct status *status, FILE *out)
{
    bool mismatched = status->situation.mismatch.code != RELEVE_OK;
    fprintf(out, "redis   %s, prefix %s\n", status->config.redis.address, status->config.prefix);
    if (status->situation.upstream[0] == '\0')
        fputs("data    of no upstream yet\n", out);
    else
        fprintf(out, "data    of %s%s%s%s\n", status->situation.upstream,
                strcmp(status->situation.upstream, RELEVE_SITUATION_UNRECORDED) == 0 ? " origin" : "",
                mismatched ? ", but RELEVE_UPSTREAM is " : "",
                mismatched ? releve_upstream_name(status->config.upstream) : "");
}

static void print_away(const struct status *status, FILE *out)
{
    char name[RELEVE_REDIS_SEED_TEXT];
    for (size_t i = 0; releve_store_away(status->lookup.store, i, name); i++)
        fprintf(out, "away    Redis at %s: what it has waits, and is not shown\n", name);
}

/* People see the quota of measures and those that something takes of: most never ask for a document. */
static bool is_shown(const struct status *status, int bucket)
{
    const struct releve_ledger_usage *usage = &status->situation.usages[bucket];
    bool used = usage->closed_ms > 0 || bucket == 0;
    for (size_t w = 0; w < status->config.quota.windows_count; w++)
        used = used || usage->used[w] > 0;
    return used;
}

static void print_quota(const struct status *status, FILE *out)
{
    for (int i = 0; i < status->situation.families_count; i++) {
        char text[RELEVE_USAGE_TEXT];
        if (!status->situation.known[i]) {
            if (i == 0)
                fprintf(out, "quota   %-22s not known: the Redis that has it is away\n", status->situation.families[i]);
            continue;
        }
        if (!is_shown(status, i))
            continue;
        releve_usage_format(&status->config.quota, status->situation.usages[i].used,
                            status->situation.usages[i].next_ms, status->situation.usages[i].closed_ms, text);
        fprintf(out, "quota   %-22s %s\n", status->situation.families[i], text);
    }
    if (status->situation.families_count == 0)
        fputs("quota   (set CLIENT_ID to see what of its quota is used)\n", out);
}

/* --- the rest ------------------------------------------------------------------------------------------------ */

/* "" where it could steer a terminal. */
static const char *text_of(const cJSON *object, const char *name)
{
    return releve_stored_day_words(object, name);
}

/* "12 min 04 s, until 14:52" */
static void print_left(releve_time ms, FILE *out)
{
    char left[RELEVE_DURATION_TEXT], end[RELEVE_DURATION_TEXT];
    releve_duration_format(ms, left);
    releve_duration_format_end(ms, end);
    fprintf(out, "%s, until %s", left, end);
}

static void print_outage(const struct releve_pace *pace, unsigned away, const char *outage, const char *why, FILE *out)
{
    fputs("outage  ", out);
    if (away < pace->processes)
        fprintf(out, "for %u of %u processes: ", away, pace->processes);
    fprintf(out, "%s%s%s\n", outage, *why != '\0' ? ": " : "", why);
}

static void print_outages(const struct releve_pace *pace, FILE *out)
{
    char outage[RELEVE_OUTAGE_TEXT];
    if (pace->redis_away > 0) {
        releve_redis_outage_format(pace->redis_away_ms, outage);
        print_outage(pace, pace->redis_away, outage, releve_stored_day_harmless(pace->redis_why), out);
    }
    if (pace->away > 0) {
        releve_outage_format(pace->away_ms, pace->retry_ms, outage);
        print_outage(pace, pace->away, outage, "", out);
    }
}

static void print_pace(const struct releve_pace *pace, FILE *out)
{
    bool away = releve_pace_is_away(pace);
    print_outages(pace, out);
    if (pace->requests_left > 0) {
        fprintf(out, "left    %" PRIu64 " requests under way or planned", pace->requests_left);
        if (pace->left_ms != RELEVE_TIME_NEVER && !away) {
            fputs(": at least ", out);
            print_left(pace->left_ms, out);
        }
        fputc('\n', out);
    }
    if (pace->waiting > 0 && pace->jobs_per_minute > 0 && !away) {
        int jobs = pace->waiting + pace->held;
        fprintf(out, "jobs    %d waiting or held, %.1f/min: some ", jobs, pace->jobs_per_minute);
        print_left((releve_time)(jobs / pace->jobs_per_minute * (double)RELEVE_MINUTE_MS), out);
        fputc('\n', out);
    }
}

static void print_commands(const cJSON *overview, FILE *out)
{
    const cJSON *command, *commands = cJSON_GetObjectItemCaseSensitive(overview, "commands");
    cJSON_ArrayForEach(command, commands) {
        double failed = releve_json_figure(command, "repeated"), requests = releve_json_figure(command, "requests");
        double jobs = releve_json_figure(command, "jobs_wanted"), ended = releve_json_figure(command, "jobs_ended");
        double sent = requests > failed ? requests - failed : 0,
               all = sent + releve_json_figure(command, "requests_left");
        double share = all > 0 ? sent / all : ended < jobs ? 0 : 1;
        /* What is wide stands last: it may be cut. */
        fprintf(out, "command %s (pid %.0f): %d %% of some %.0f requests, %.1f/s; %.0f of %.0f jobs; %s\n",
                text_of(command, "command"), releve_json_figure(command, "pid"), (int)(100 * share), all,
                releve_json_figure(cJSON_GetObjectItemCaseSensitive(command, "rate"), "requests_per_second"), ended,
                jobs, text_of(command, "host"));
    }
}

/* A line each; with what they work on, unless it has to fit a terminal. */
static void print_workers(const struct status *status, const cJSON *overview, FILE *out)
{
    const cJSON *worker, *job;
    const cJSON *workers = cJSON_GetObjectItemCaseSensitive(overview, "workers");
    const cJSON *starting = cJSON_GetObjectItemCaseSensitive(overview, "starting");
    if (cJSON_GetArraySize(workers) == 0 && cJSON_GetArraySize(starting) == 0)
        fputs("workers none\n", out);
    cJSON_ArrayForEach(worker, starting)
        fprintf(out, "worker  %s (pid %.0f): has not begun, heard %.1f s ago\n", text_of(worker, "name"),
                releve_json_figure(worker, "pid"), releve_json_count(worker, "age_ms") / 1000.0);
    cJSON_ArrayForEach(worker, workers) {
        const cJSON *rate = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(worker, "pulse"), "rate");
        fprintf(out, "worker  %s: %d jobs", text_of(worker, "name"), releve_json_count(worker, "jobs"));
        if (releve_json_figure(rate, "ms") > 0)
            fprintf(out, ", %.1f requests/s, %.1f jobs/min", releve_json_figure(rate, "requests_per_second"),
                    releve_json_figure(rate, "jobs_per_minute"));
        fprintf(out, ", heard %.1f s ago", releve_json_count(worker, "age_ms") / 1000.0);
        fputc('\n', out);
        const cJSON *running = cJSON_GetObjectItemCaseSensitive(worker, "running");
        cJSON_ArrayForEach(job, running)
            if (!status->watch)
                fprintf(out, "        %s %s (%s)\n", text_of(job, "prm"), text_of(job, "kind"), text_of(job, "id"));
        int unnamed = releve_json_count(worker, "jobs") - cJSON_GetArraySize(running);
        if (unnamed > 0 && !status->watch)
            fprintf(out, "        (and %d more)\n", unnamed);
    }
}

static void print_queues(const cJSON *overview, const struct releve_pace *pace, FILE *out)
{
    const cJSON *queues = cJSON_GetObjectItemCaseSensitive(overview, "queues");
    fprintf(out, "queues  waiting: high %d, normal %d, low %d; held by workers: %d; dead %d\n",
            releve_json_count(queues, "high"), releve_json_count(queues, "normal"), releve_json_count(queues, "low"),
            pace->held, releve_json_count(queues, "dead"));
}

/* What one usage point fails with is said once, however many kinds and runs it is of. */
static void print_failure(const cJSON *failure, int columns, FILE *out)
{
    int jobs = releve_json_count(failure, "jobs");
    const char *error = text_of(failure, "error"); /* "CODE: TEXT" */
    char what[KIND_BYTES], text[FAILURE_BYTES];
    if (jobs > 1)
        (void)snprintf(what, sizeof what, "%d jobs", jobs);
    else
        (void)snprintf(what, sizeof what, "%s", text_of(failure, "kind"));
    (void)snprintf(text, sizeof text, "%s %s %s: %s%s", text_of(failure, "finished_at"), text_of(failure, "prm"), what,
                   releve_reasons_is_status(error, strcspn(error, ":")) ? "HTTP " : "", error);
    fprintf(out, "%-7s ", text_of(failure, "state"));
    releve_terminal_wrap(out, text, FAILURE_COLUMN, FAILURE_COLUMN, columns);
}

/* What is most important stands first: the rest may not fit. */
static void print_rest(const struct status *status, const cJSON *overview, FILE *out)
{
    const cJSON *ended = cJSON_GetObjectItemCaseSensitive(overview, "ended");
    const cJSON *failures = cJSON_GetObjectItemCaseSensitive(overview, "failures");
    const cJSON *dead = cJSON_GetObjectItemCaseSensitive(overview, "dead");
    const cJSON *item;
    print_queues(overview, &status->situation.pace, out);
    print_pace(&status->situation.pace, out);
    print_commands(overview, out);
    fprintf(out, "ended   done %d, partial %d, failed %d, not applicable %d (of the latest 1000)\n",
            releve_json_count(ended, "done"), releve_json_count(ended, "partial"), releve_json_count(ended, "failed"),
            releve_json_count(ended, "not_applicable"));
    print_workers(status, overview, out);
    /* A screen cuts its lines itself. */
    int columns = status->watch ? INT_MAX : releve_terminal_look(STDOUT_FILENO).text_columns;
    cJSON_ArrayForEach(item, failures)
        print_failure(item, columns, out);
    cJSON_ArrayForEach(item, dead)
        fprintf(out, "dead    %s\n", releve_stored_day_harmless(cJSON_GetStringValue(item)));
}

/* One screen: lines that are wider are cut, and those that there is no room for are counted. */
static void print_screen(const char *text)
{
    struct releve_terminal terminal = releve_terminal_look(STDOUT_FILENO);
    int rows = terminal.rows - 2, more = 0;
    fputs("\x1b[H\x1b[J", stdout);
    for (const char *line = text; *line != '\0'; rows--) {
        size_t length = strcspn(line, "\n");
        if (rows > 0)
            printf("%.*s\n", (int)releve_terminal_fit(line, length, terminal.columns), line);
        else
            more++;
        line += length + (line[length] == '\n');
    }
    if (more > 0)
        printf("(%d more lines: releve status)\n", more);
}

static void print_text(struct status *status, const cJSON *overview)
{
    char *text = NULL;
    size_t bytes = 0;
    bool screen = status->watch && isatty(STDOUT_FILENO) == 1;
    FILE *out = screen ? open_memstream(&text, &bytes) : stdout;
    if (out == NULL)
        return; /* no memory for it: the next look may have some */
    print_where(status, out);
    print_away(status, out);
    print_quota(status, out);
    print_rest(status, overview, out);
    if (!screen)
        return;
    (void)fclose(out);
    print_screen(text);
    free(status->picture);
    status->picture = text;
}

/* The last picture stays, below since when there is no other. */
static void print_screen_away(const struct status *status)
{
    char away[RELEVE_DURATION_TEXT], since[RELEVE_DURATION_TEXT], *text = NULL;
    size_t bytes = 0;
    releve_time away_ms = releve_watch_away_ms(&status->watching);
    FILE *out = open_memstream(&text, &bytes);
    if (out == NULL)
        return;
    releve_duration_format(away_ms, away);
    releve_duration_format_end(-away_ms, since);
    fprintf(out, "AWAY    Redis for %s, since %s; below is what was before: %s\n%s", away, since, status->watching.why,
            status->picture);
    (void)fclose(out);
    print_screen(text);
    free(text);
}

static void print_status(struct status *status)
{
    const struct releve_situation *situation = &status->situation;
    if (situation->mismatch_is_news && status->json) /* the table has it in its place */
        fprintf(stderr, "releve: %s\n", situation->mismatch.text);
    if (status->json)
        releve_json_print(releve_situation_json(situation));
    else
        print_text(status, situation->overview);
    status->watch = fflush(stdout) == 0 && status->watch; /* nobody watches any more */
}

/* --- one look after the other ------------------------------------------------------------------------------- */

static void end(struct status *status, const struct releve_error *error)
{
    if (status->lookup.ended)
        return;
    if (status->watching.state != RELEVE_WATCH_OFF)
        releve_watch_close(&status->watching);
    else
        uv_close((uv_handle_t *)&status->late, NULL);
    releve_lookup_end(&status->lookup, error);
}

static void look(void *data)
{
    struct status *status = data;
    releve_situation_look(&status->situation);
}

/* Redis that refuses a later look may answer the next one. */
static void on_found(void *data, const struct releve_error *error)
{
    struct status *status = data;
    if (status->lookup.ended)
        return;
    if (error->code == RELEVE_OK)
        print_status(status);
    bool passes = error->code == RELEVE_OK || (error->code == RELEVE_E_REDIS && status->shown);
    status->shown = true;
    if (passes && status->watch)
        releve_watch_found(&status->watching, error);
    else
        end(status, error);
}

static void on_away(void *data)
{
    struct status *status = data;
    if (releve_situation_go_on(&status->situation))
        return; /* another part of it is away */
    if (status->picture != NULL)
        print_screen_away(status);
    else if (!status->said_away)
        fprintf(stderr, "releve: Redis: %s; nothing new is shown until it is back\n", status->watching.why);
    status->said_away = status->picture == NULL;
    if (fflush(stdout) != 0)
        end(status, NULL); /* nobody watches any more */
}

static void on_back(void *data)
{
    struct status *status = data;
    if (status->said_away)
        fputs("releve: Redis: it is there again\n", stderr);
    status->said_away = false;
}

/* To be told is how it ends, once it has shown something. */
static void on_told(void *data, int number)
{
    struct status *status = data;
    struct releve_error error = {.code = RELEVE_OK};
    if (!status->shown)
        (void)releve_fail(&error, RELEVE_E_INTERRUPTED, "interrupted by %s", releve_interrupt_name(number));
    end(status, &error);
}

/* Somebody waits for the answer. */
static void on_late(uv_timer_t *timer)
{
    struct status *status = timer->data;
    struct releve_error error;
    if (releve_situation_go_on(&status->situation))
        return;
    releve_fail(&error, RELEVE_E_REDIS, "Redis: %s", status->why);
    end(status, &error);
}

static void say_part(struct status *status, bool up, const char *why)
{
    if (status->json && up && status->said_part)
        fputs("releve: Redis: it is there again\n", stderr);
    else if (status->json && !up)
        fprintf(stderr, "releve: Redis: %s; what it has is not shown\n", why);
    status->said_part = !up;
}

static void note_part(struct status *status, bool up, const char *why)
{
    bool watches = status->watching.state != RELEVE_WATCH_OFF;
    say_part(status, up, why);
    (void)snprintf(status->why, sizeof status->why, "%s", why);
    if (watches && up)
        releve_watch_link(&status->watching, true, why);
    else if (watches)
        releve_watch_part(&status->watching, why);
    else if (up)
        uv_timer_stop(&status->late);
    else
        uv_timer_start(&status->late, on_late, RELEVE_WATCH_PATIENCE_MS, RELEVE_WATCH_PATIENCE_MS);
    if (!up)
        (void)releve_situation_go_on(&status->situation);
}

static void on_link(void *data, bool up, const char *why)
{
    struct status *status = data;
    struct releve_error error;
    bool watches = status->watching.state != RELEVE_WATCH_OFF;
    if (status->lookup.ended)
        return;
    if (up || releve_store_is_partly_away(status->lookup.store)) {
        note_part(status, up, why);
    } else if (watches) {
        releve_watch_link(&status->watching, false, why);
    } else {
        releve_fail(&error, RELEVE_E_REDIS, "Redis: %s", why);
        end(status, &error);
    }
}

static void start(void *data)
{
    struct status *status = data;
    const struct releve_watch_options options = {
        .look = look, .away = on_away, .back = on_back, .told = on_told, .data = status};
    status->situation = (struct releve_situation){
        .config = &status->config, .store = status->lookup.store, .found = on_found, .data = status};
    releve_situation_open(&status->situation);
    status->lookup.on_link = on_link;
    if (!status->watch) {
        (void)uv_timer_init(&status->lookup.loop, &status->late); /* cannot fail */
        status->late.data = status;
        look(status);
        return;
    }
    releve_watch_begin(&status->watching, &status->lookup.loop, &options);
}

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"watch", no_argument, NULL, 'w'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct status *status = data;
    (void)value, (void)error;
    status->json = status->json || option == 'j';
    status->watch = status->watch || option == 'w';
    return RELEVE_OK;
}

static int status_main(int argc, char **argv)
{
    static struct status status;
    struct releve_error error = {0};
    int wrong = releve_command_parse("status", argc, argv, options, apply_option, &status);
    if (wrong != 0)
        return wrong;
    if (releve_config_load(&status.config, false, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    (void)releve_lookup_glance(&status.lookup, &status.config, start, &status, &error);
    releve_situation_free(&status.situation);
    free(status.picture);
    if (error.code != RELEVE_OK)
        return releve_command_fail(&error);
    return releve_command_flush(0);
}

const struct releve_command releve_command_status = {
    .name = "status",
    .summary = "what runs and what waits, quota used, how the latest jobs ended",
    .help = "[--watch] [--json]\n"
            "\n"
            "Shows how much of each window of the quota is used and when the next permit is\n"
            "due (of each API that has a quota of its own and was asked), the queues, the\n"
            "commands that fetch, the workers with what they work on, and how the latest\n"
            "jobs ended. Rates are those of the last 15 minutes. The least time left is what\n"
            "the quota imposes on the requests that are known to come; that of waiting jobs\n"
            "is reckoned from the workers' rate. Never sends a request. Of a cluster it needs\n"
            "the node that has the queue: what others have is left out while they are away.\n"
            "\n"
            "options:\n"
            "  --watch            look again every 2 s, until Ctrl-C or SIGTERM, which are no\n"
            "                     failure: the exit code is 0. While Redis is away it says\n"
            "                     since when, and keeps what it has shown\n"
            "  --json             one JSON object (one a look with --watch)\n",
    .run = status_main,
};
