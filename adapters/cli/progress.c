/* Draws progress. The time left is what the quota imposes on the requests that are left, never a guess from the past.
 */
#include "progress.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void releve_duration_format(releve_time ms, char out[RELEVE_DURATION_TEXT])
{
    long long seconds = (long long)((ms + 999) / 1000);
    if (ms == RELEVE_TIME_NEVER)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "unknown");
    else if (seconds >= 48 * 3600)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld d %lld h", seconds / 86400, seconds / 3600 % 24);
    else if (seconds >= 3600)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld min %02lld s", seconds / 60, seconds % 60);
    else
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld s", seconds);
}

void releve_progress_init(struct releve_progress *progress, enum releve_progress_mode mode,
                          const struct releve_quota *quota, const struct releve_report *report)
{
    bool drawn = mode == RELEVE_PROGRESS_ALWAYS || (mode == RELEVE_PROGRESS_AUTO && isatty(STDERR_FILENO) == 1);
    *progress = (struct releve_progress){
        .shown = mode != RELEVE_PROGRESS_NEVER,
        .terminal = drawn,
        .quota = quota,
        .report = report,
    };
}

void releve_progress_clear(struct releve_progress *progress)
{
    if (progress->lines > 0)
        fprintf(stderr, "\r\x1b[%dA\x1b[J", progress->lines);
    progress->lines = 0;
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

/* Requests a second over the last RELEVE_PROGRESS_RATE_MS, or since the beginning. */
static double measure_rate(struct releve_progress *progress, uint64_t requests, uint64_t now_ms)
{
    unsigned newest = progress->samples_count++ % RELEVE_PROGRESS_SAMPLES;
    progress->samples[newest].at_ms = now_ms;
    progress->samples[newest].requests = requests;
    unsigned count =
        progress->samples_count < RELEVE_PROGRESS_SAMPLES ? progress->samples_count : RELEVE_PROGRESS_SAMPLES;
    unsigned oldest = newest;
    for (unsigned i = 0; i < count; i++)
        if (progress->samples[i].at_ms + RELEVE_PROGRESS_RATE_MS >= now_ms &&
            progress->samples[i].at_ms < progress->samples[oldest].at_ms)
            oldest = i;
    uint64_t elapsed_ms = now_ms - progress->samples[oldest].at_ms;
    if (elapsed_ms == 0)
        return 0;
    return (double)(requests - progress->samples[oldest].requests) * 1000.0 / (double)elapsed_ms;
}

/* Writes a line, cut to the width of the terminal where it is drawn on one: a line that wraps could not be erased.
 */
static void put_line(struct releve_progress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put_line(struct releve_progress *progress, const char *format, ...)
{
    char line[RELEVE_PROGRESS_LINE_BYTES];
    struct winsize size;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (progress->terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 &&
        strlen(line) >= size.ws_col)
        line[size.ws_col - 1] = '\0';
    fprintf(stderr, "%s\n", line);
    progress->lines += progress->terminal;
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

static void draw_kinds(struct releve_progress *progress, const struct releve_core_view *view)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        struct releve_tally sum = progress->report->kinds[kind].days;
        add(&sum, &view->kinds[kind]);
        if (progress->report->kinds[kind].jobs_wanted == 0)
            continue;
        /* What a terminal of 80 columns has no room for is the last. */
        put_line(
            progress, "%-27s %4zu/%zu jobs %7" PRIu64 " days %6" PRIu64 " left %5" PRIu64 " failed %6" PRIu64 " holes",
            releve_kind_facts((enum releve_kind)kind)->name, progress->report->kinds[kind].jobs_ended,
            progress->report->kinds[kind].jobs_wanted, sum.complete + sum.partial, sum.left, sum.failed, sum.holes);
    }
}

void releve_progress_begin(struct releve_progress *progress, struct releve_runtime *runtime, uint64_t now_ms)
{
    if (!progress->shown)
        return;
    (void)releve_runtime_usage(runtime, RELEVE_DAILY_CONSUMPTION);
    (void)measure_rate(progress, 0, now_ms);
}

void releve_progress_draw(struct releve_progress *progress, struct releve_runtime *runtime, uint64_t now_ms,
                          uint64_t ahead)
{
    if (!progress->shown)
        return;
    struct releve_core_view view = releve_runtime_look(runtime);
    struct releve_runtime_usage usage = releve_runtime_usage(runtime, RELEVE_DAILY_CONSUMPTION);
    struct releve_tally all = {0};
    size_t ended = 0, wanted = 0;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        add(&all, &progress->report->kinds[kind].days);
        add(&all, &view.kinds[kind]);
        ended += progress->report->kinds[kind].jobs_ended;
        wanted += progress->report->kinds[kind].jobs_wanted;
    }
    releve_time left_ms = releve_quota_makespan_ms(progress->quota, all.requests_left + ahead, 0, NULL, 0);
    releve_time wait_ms = usage.closed_ms > usage.next_ms ? usage.closed_ms : usage.next_ms;
    if (usage.known && left_ms != RELEVE_TIME_NEVER) /* what is used already is waited for first */
        left_ms += wait_ms;
    unsigned sick = ahead == 0 ? view.sick_left : 0;
    char left[RELEVE_DURATION_TEXT], quota[RELEVE_USAGE_TEXT] = "quota unknown";
    bool timed = left_ms >= RELEVE_SECOND_MS && sick == 0; /* else the quota is not what is waited for */
    releve_duration_format(left_ms, left);
    if (usage.known)
        releve_usage_format(progress->quota, usage.used, usage.next_ms, usage.closed_ms, quota);
    double rate = measure_rate(progress, view.requests, now_ms);
    releve_progress_clear(progress);
    if (progress->terminal)
        draw_kinds(progress, &view);
    const char *who = progress->terminal ? "" : "releve: ";
    put_line(progress, "%s%zu of %zu jobs, %" PRIu64 " days, %" PRIu64 " holes, %" PRIu64 " failed%s%s%s", who, ended,
             wanted, all.complete + all.partial, all.holes, all.failed, timed ? "; at least " : "", timed ? left : "",
             timed ? " left" : "");
    put_line(progress, "%s%" PRIu64 " requests, %.1f/s; %s; %" PRIu64 " repeated, %" PRIu64 " throttled", who,
             view.requests, rate, quota, view.retries, view.throttled);
    if (sick > 0)
        put_line(progress, "%s%u usage point%s left, tried again for less than a minute", who, sick,
                 sick == 1 ? " that fails is" : "s that fail are");
}
