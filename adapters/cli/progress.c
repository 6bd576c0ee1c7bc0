/* Draws progress. The time left is what the quota imposes on the requests that are left, never a guess from the past.
 */
#include "progress.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* --- the terminal ------------------------------------------------------------------------------------------------ */

void releve_progress_init(struct releve_progress *progress, enum releve_progress_mode mode,
                          const struct releve_quota *quota, const struct releve_report *report)
{
    *progress = (struct releve_progress){
        .shown = mode != RELEVE_PROGRESS_NEVER,
        .drawn = mode == RELEVE_PROGRESS_ALWAYS || (mode == RELEVE_PROGRESS_AUTO && isatty(STDERR_FILENO) == 1),
        .quota = quota,
        .report = report,
        .requests.window_ms = RELEVE_PROGRESS_RATE_MS,
    };
}

static struct termios as_it_was; /* the terminal, while what is typed is not shown */
static bool is_silenced;

static void give_back(void)
{
    if (is_silenced && tcgetpgrp(STDIN_FILENO) == getpgrp()) /* else the shell has it as it wants it */
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &as_it_was);
    is_silenced = false;
}

/* Enter would move what stands on the terminal, and the block with it. Not from the background: that stops a process.
 */
static void silence(void)
{
    static bool registered;
    if (isatty(STDIN_FILENO) != 1 || tcgetpgrp(STDIN_FILENO) != getpgrp() || tcgetattr(STDIN_FILENO, &as_it_was) != 0)
        return;
    struct termios quiet = as_it_was;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    is_silenced = tcsetattr(STDIN_FILENO, TCSANOW, &quiet) == 0;
    if (!registered)
        (void)atexit(give_back);
    registered = true;
}

void releve_progress_clear(struct releve_progress *progress)
{
    if (progress->lines == 0)
        return;
    int width = releve_terminal_look(STDERR_FILENO).width, rows = 0;
    for (int i = 0; i < progress->lines; i++)
        rows += progress->widths[i] > width ? (progress->widths[i] + width - 1) / width : 1;
    fprintf(stderr, "\r\x1b[%dA\x1b[J", rows);
    progress->lines = 0;
}

void releve_progress_end(struct releve_progress *progress)
{
    releve_progress_clear(progress);
    give_back();
}

/* --- figures --------------------------------------------------------------------------------------------------- */

static void add(struct releve_tally *sum, const struct releve_tally *part)
{
    sum->complete += part->complete;
    sum->partial += part->partial;
    sum->holes += part->holes;
    sum->pending += part->pending;
    sum->failed += part->failed;
    sum->cut += part->cut;
    sum->left += part->left;
    sum->requests_left += part->requests_left;
}

/* How many columns a line takes: letters beyond ASCII have one here, escape sequences none. */
static int width_of(const char *line)
{
    int width = 0;
    for (const char *at = line; *at != '\0'; at += *at != '\0') {
        if (*at == '\x1b')
            at += strcspn(at, "m");
        else
            width += ((unsigned char)*at & 0xC0) != 0x80;
    }
    return width;
}

/* Not a line with colours, which is as wide as the terminal anyway. What is most important stands first. */
static void cut(char *line, int columns)
{
    if (strchr(line, '\x1b') == NULL)
        line[releve_terminal_fit(line, strlen(line), columns)] = '\0';
}

static void put_line(struct releve_progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put_line(struct releve_progress *progress, const char *format, ...)
{
    char line[RELEVE_PROGRESS_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (progress->drawn)
        cut(line, releve_terminal_look(STDERR_FILENO).columns);
    fprintf(stderr, "%s%s\n", progress->drawn ? "" : "releve: ", line);
    if (progress->drawn && progress->lines < RELEVE_PROGRESS_LINES_MAX)
        progress->widths[progress->lines++] = width_of(line);
}

void releve_usage_format(const struct releve_quota *quota, const uint32_t used[], releve_time next_ms,
                         releve_time closed_ms, char out[RELEVE_USAGE_TEXT])
{
    size_t length = 0;
    if (quota->windows_count == 0)
        length = (size_t)snprintf(out, RELEVE_USAGE_TEXT, "no limit");
    for (size_t i = 0; i < quota->windows_count && length < RELEVE_USAGE_TEXT; i++) {
        struct releve_quota one = {1, {quota->windows[i]}};
        char window[RELEVE_QUOTA_TEXT];
        releve_quota_format(&one, window);
        length += (size_t)snprintf(out + length, RELEVE_USAGE_TEXT - length, "%s%" PRIu32 " of %s", i == 0 ? "" : ", ",
                                   used[i], window);
    }
    releve_time wait = closed_ms > next_ms ? closed_ms : next_ms;
    if (wait >= RELEVE_SECOND_MS && length < RELEVE_USAGE_TEXT) {
        char duration[RELEVE_DURATION_TEXT];
        releve_duration_format(wait, duration);
        (void)snprintf(out + length, RELEVE_USAGE_TEXT - length, ", %s %s",
                       closed_ms > 0 ? "closed by upstream for" : "next permit in", duration);
    }
}

void releve_outage_format(releve_time away_ms, releve_time retry_ms, char out[RELEVE_OUTAGE_TEXT])
{
    char away[RELEVE_DURATION_TEXT], retry[RELEVE_DURATION_TEXT];
    releve_duration_format(away_ms, away);
    int length = snprintf(out, RELEVE_OUTAGE_TEXT, "upstream has not served for %s", away);
    if (retry_ms == 0) {
        (void)snprintf(out + length, RELEVE_OUTAGE_TEXT - (size_t)length, "; it is tried now");
        return;
    }
    releve_duration_format(retry_ms, retry);
    (void)snprintf(out + length, RELEVE_OUTAGE_TEXT - (size_t)length, "; next try in %s", retry);
}

void releve_redis_outage_format(releve_time away_ms, char out[RELEVE_OUTAGE_TEXT])
{
    char away[RELEVE_DURATION_TEXT];
    releve_duration_format(away_ms, away);
    (void)snprintf(out, RELEVE_OUTAGE_TEXT, "Redis has not served for %s", away);
}

/* --- what is drawn ------------------------------------------------------------------------------------------------ */

/* All of the run, as far as it is known: what has ended, what is under way, and what has not begun. */
struct figures {
    struct releve_core_view view;
    struct releve_tally days; /* of all kinds */
    struct releve_job_counts jobs;
    uint64_t done, left; /* requests */
    uint64_t useful;     /* of those done: those that were no failures, and bring it nearer to its end */
    double rate;         /* requests a second, of the last while */
    releve_time left_ms; /* RELEVE_TIME_NEVER: nobody knows */
    releve_time redis_away_ms;
};

static double share_of(uint64_t done, uint64_t left)
{
    return done + left > 0 ? (double)done / (double)(done + left) : 1;
}

/* Of 100, rounded down: what is not all of it is never 100. */
static int percent_of(double share)
{
    return (int)(share * 100.0);
}

/* Redis has said how much of the quota is used, or there is none. */
static bool is_known(const struct releve_progress *progress, const struct releve_progress_usage *usage)
{
    return usage->known || progress->quota->windows_count == 0;
}

static void look(struct releve_progress *progress, const struct releve_runtime *runtime,
                 const struct releve_progress_usage *usage, uint64_t now_ms, struct figures *figures)
{
    *figures =
        (struct figures){.view = releve_runtime_look(runtime), .jobs = releve_report_count_jobs(progress->report)};
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        const struct releve_report_kind *known = &progress->report->kinds[kind];
        add(&figures->days, &known->days);
        add(&figures->days, &figures->view.kinds[kind]);
    }
    figures->redis_away_ms = usage->redis_away_ms;
    figures->left = figures->jobs.requests_ahead + figures->days.requests_left;
    figures->done = figures->view.requests;
    figures->useful = figures->done > figures->view.retries ? figures->done - figures->view.retries : 0;
    releve_rate_add(&progress->requests, now_ms, figures->done);
    figures->rate = releve_rate_per_second(&progress->requests, NULL);
    /* As plan has it: what is used already is waited for first. */
    figures->left_ms = releve_quota_makespan_ms(progress->quota, figures->left, 0, usage->over_ms, usage->permits);
    if (figures->left_ms < usage->closed_ms)
        figures->left_ms = usage->closed_ms;
    if (!is_known(progress, usage))
        figures->left_ms = RELEVE_TIME_NEVER;
}

#define TIME_TEXT 120

/* "3 min 20 s so far, some 12 min 04 s left, until 14:52" */
static void format_time(const struct releve_progress *progress, const struct figures *figures, uint64_t now_ms,
                        char out[TIME_TEXT])
{
    char sofar[RELEVE_DURATION_TEXT], left[RELEVE_DURATION_TEXT], clock[RELEVE_DURATION_TEXT];
    bool all_begun = figures->jobs.ended + figures->view.jobs == figures->jobs.wanted;
    releve_duration_format_past((releve_time)(now_ms - progress->began_ms), sofar);
    int length = snprintf(out, TIME_TEXT, "%s so far", sofar);
    /* While upstream or Redis is away, or where only usage points that fail are left, the quota is not what is waited
     * for. */
    if (figures->left_ms < RELEVE_SECOND_MS || figures->left_ms == RELEVE_TIME_NEVER || figures->view.away_ms > 0 ||
        figures->redis_away_ms > 0 || (all_begun && figures->view.sick_left > 0))
        return;
    releve_duration_format(figures->left_ms, left);
    releve_duration_format_end(figures->left_ms, clock);
    (void)snprintf(out + length, TIME_TEXT - (size_t)length, ", some %s left, until %s", left, clock);
}

#define QUIET_MS (2 * RELEVE_SECOND_MS) /* in which nothing is sent: then that is said */
#define KIND_CHARACTERS 27              /* of the longest name of a kind */
#define FIGURE_CHARACTERS 22            /* behind a bar */
#define FAILED_CHARACTERS 12            /* and where some kind has days that failed */
#define BAR_CELLS_MAX 40

/* A bar for days that are settled; how many have values, and how many failed. */
static void draw_kinds(struct releve_progress *progress, const struct releve_terminal *terminal,
                       const struct figures *figures)
{
    int cells =
        terminal->columns - KIND_CHARACTERS - FIGURE_CHARACTERS - (figures->days.failed > 0 ? FAILED_CHARACTERS : 0);
    cells = cells > BAR_CELLS_MAX ? BAR_CELLS_MAX : cells < 0 ? 0 : cells;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        const struct releve_report_kind *known = &progress->report->kinds[kind];
        char bar[RELEVE_BAR_BYTES(BAR_CELLS_MAX)], failed[RELEVE_DURATION_TEXT] = "";
        struct releve_tally sum = known->days;
        if (known->jobs_wanted == 0)
            continue;
        add(&sum, &figures->view.kinds[kind]);
        uint64_t settled = sum.complete + sum.partial + sum.holes + sum.pending + sum.failed + sum.cut;
        double share = share_of(settled, sum.left + known->days_ahead);
        releve_terminal_bar(terminal, share, cells, bar);
        if (sum.failed > 0)
            (void)snprintf(failed, sizeof failed, " %" PRIu64 " failed", sum.failed);
        int padding = cells - width_of(bar);
        put_line(progress, "%-*s %s%s%s%*s %3d %% %8" PRIu64 " days%s", KIND_CHARACTERS, releve_kind_facts(kind)->name,
                 releve_terminal_colour(terminal, sum.failed > 0 ? RELEVE_DOUBTFUL : RELEVE_GOOD), bar,
                 releve_terminal_colour(terminal, RELEVE_PLAIN), padding, "", percent_of(share),
                 sum.complete + sum.partial, failed);
    }
}

/* One line where it is not drawn in place. On a terminal of 80 columns each fits, as long as figures have their usual
 * lengths. */
static void draw_all(struct releve_progress *progress, const struct figures *figures,
                     const struct releve_progress_usage *usage, uint64_t now_ms)
{
    char quota[RELEVE_USAGE_TEXT] = "no answer from Redis", time[TIME_TEXT], share[RELEVE_USAGE_TEXT];
    char days[RELEVE_USAGE_TEXT];
    unsigned sick = figures->jobs.ended + figures->view.jobs == figures->jobs.wanted ? figures->view.sick_left : 0;
    if (is_known(progress, usage))
        releve_usage_format(progress->quota, usage->used, usage->next_ms, usage->closed_ms, quota);
    format_time(progress, figures, now_ms, time);
    (void)snprintf(share, sizeof share, "%d %% of some %" PRIu64 " requests; %s",
                   percent_of(share_of(figures->useful, figures->left)), figures->useful + figures->left, time);
    (void)snprintf(days, sizeof days,
                   "%" PRIu64 " of %" PRIu64 " jobs, %" PRIu64 " days, %" PRIu64 " failed, %" PRIu64
                   " repeated, %" PRIu64 " throttled",
                   figures->jobs.ended, figures->jobs.wanted, figures->days.complete + figures->days.partial,
                   figures->days.failed, figures->view.retries, figures->view.throttled);
    if (progress->drawn) {
        put_line(progress, "%s", share);
        put_line(progress, "%s", days);
        put_line(progress, "%" PRIu64 " requests, %.1f/s; %s", figures->done, figures->rate, quota);
    } else {
        put_line(progress, "%s; %s; %" PRIu64 " requests, %.1f/s; %s", share, days, figures->done, figures->rate,
                 quota);
    }
    char outage[RELEVE_OUTAGE_TEXT];
    if (figures->redis_away_ms > 0) {
        releve_redis_outage_format(figures->redis_away_ms, outage);
        put_line(progress, "%s", outage);
    }
    if (figures->view.away_ms > 0) {
        releve_outage_format(figures->view.away_ms, figures->view.retry_ms, outage);
        put_line(progress, "%s", outage);
    }
    /* The quota of measures stands above; others have one too, and upstream may have closed it. */
    bool said = figures->view.away_ms > 0 || figures->redis_away_ms > 0 || sick > 0 ||
                usage->next_ms >= RELEVE_SECOND_MS || usage->closed_ms > 0;
    if (figures->view.quiet_ms >= QUIET_MS && is_known(progress, usage) && !said) {
        char quiet[RELEVE_DURATION_TEXT];
        releve_duration_format(figures->view.quiet_ms, quiet);
        put_line(progress, "nothing is sent for %s: the quota is used up or closed, or a try failed", quiet);
    }
    if (sick > 0)
        put_line(progress, "%u usage point%s left, tried again for less than a minute", sick,
                 sick == 1 ? " that fails is" : "s that fail are");
}

void releve_progress_begin(struct releve_progress *progress, uint64_t began_ms, uint64_t now_ms)
{
    progress->began_ms = began_ms;
    if (!progress->shown)
        return;
    if (progress->drawn)
        silence();
    releve_rate_add(&progress->requests, now_ms, 0);
}

void releve_progress_draw(struct releve_progress *progress, const struct releve_runtime *runtime,
                          const struct releve_progress_usage *usage, uint64_t now_ms)
{
    if (!progress->shown)
        return;
    struct figures figures;
    struct releve_terminal terminal = releve_terminal_look(STDERR_FILENO);
    look(progress, runtime, usage, now_ms, &figures);
    releve_progress_clear(progress);
    if (progress->drawn)
        draw_kinds(progress, &terminal, &figures);
    draw_all(progress, &figures, usage, now_ms);
}
