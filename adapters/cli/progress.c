/* Draws progress. The time left is what the quota imposes on the requests that are left, never a guess from the past.
 */
#include "progress.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
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
    bool terminal = isatty(STDERR_FILENO) == 1;
    *progress = (struct releve_progress){
        .shown = mode != RELEVE_PROGRESS_NEVER,
        .terminal = terminal && mode != RELEVE_PROGRESS_NEVER,
        .quota = quota,
        .report = report,
    };
}

void releve_progress_clear(struct releve_progress *progress)
{
    if (progress->lines > 0)
        fprintf(stderr, "\x1b[%dA\x1b[J", progress->lines);
    progress->lines = 0;
}

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

static void measure_rate(struct releve_progress *progress, uint64_t requests, uint64_t now_ms)
{
    if (progress->drawn_at_ms != 0 && now_ms > progress->drawn_at_ms) {
        double rate =
            (double)(requests - progress->requests_before) * 1000.0 / (double)(now_ms - progress->drawn_at_ms);
        progress->rate = progress->rate * 0.7 + rate * 0.3;
    }
    progress->requests_before = requests;
    progress->drawn_at_ms = now_ms;
}

void releve_usage_format(const struct releve_quota *quota, const uint32_t used[], releve_time next_ms,
                         releve_time closed_ms, char out[RELEVE_USAGE_TEXT])
{
    size_t length = 0;
    out[0] = '\0';
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
        (void)snprintf(out + length, RELEVE_USAGE_TEXT - length, "%s%s %s", length > 0 ? ", " : "",
                       closed_ms > 0 ? "closed by upstream for" : "next permit in", duration);
    }
}

static void draw_kinds(struct releve_progress *progress, const struct releve_core_view *view)
{
    for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
        struct releve_tally sum = progress->report->kinds[kind].days;
        add(&sum, &view->kinds[kind]);
        if (progress->report->kinds[kind].jobs_wanted == 0)
            continue;
        fprintf(stderr,
                "%-28s %6zu/%zu jobs %10" PRIu64 " days %8" PRIu64 " holes %6" PRIu64 " failed %8" PRIu64 " left\n",
                releve_kind_facts((enum releve_kind)kind)->name, progress->report->kinds[kind].jobs_ended,
                progress->report->kinds[kind].jobs_wanted, sum.complete + sum.partial, sum.holes, sum.failed, sum.left);
        progress->lines++;
    }
}

void releve_progress_draw(struct releve_progress *progress, struct releve_runtime *runtime, uint64_t now_ms,
                          uint64_t ahead)
{
    if (!progress->shown)
        return;
    struct releve_core_view view = releve_runtime_look(runtime);
    struct releve_runtime_usage usage = releve_runtime_usage(runtime, RELEVE_DAILY_CONSUMPTION);
    measure_rate(progress, view.requests, now_ms);
    struct releve_tally all = {0};
    size_t ended = 0, wanted = 0;
    for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
        add(&all, &progress->report->kinds[kind].days);
        add(&all, &view.kinds[kind]);
        ended += progress->report->kinds[kind].jobs_ended;
        wanted += progress->report->kinds[kind].jobs_wanted;
    }
    char left[RELEVE_DURATION_TEXT], quota[RELEVE_USAGE_TEXT] = "";
    releve_duration_format(releve_quota_makespan_ms(progress->quota, all.requests_left + ahead, 0, NULL, 0), left);
    if (usage.known)
        releve_usage_format(progress->quota, usage.used, usage.next_ms, usage.closed_ms, quota);
    releve_progress_clear(progress);
    if (progress->terminal)
        draw_kinds(progress, &view);
    fprintf(stderr,
            "%s%zu of %zu jobs, %" PRIu64 " days, %" PRIu64 " holes, %" PRIu64 " failed; %" PRIu64
            " requests, %.1f/s (%s), %" PRIu64 " repeated, %" PRIu64 " throttled; left at most %s\n",
            progress->terminal ? "" : "releve: ", ended, wanted, all.complete + all.partial, all.holes, all.failed,
            view.requests, progress->rate, quota, view.retries, view.throttled, left);
    if (progress->terminal)
        progress->lines++;
}
