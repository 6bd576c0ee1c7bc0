/* The progress of a backfill, on stderr: a block that is redrawn on a terminal, a line now and then elsewhere. */
#ifndef RELEVE_CLI_PROGRESS_H
#define RELEVE_CLI_PROGRESS_H

#include "duration.h"
#include "rate.h"
#include "report.h"
#include "terminal.h"
#include <releve/runtime.h>
#include <stdbool.h>

enum releve_progress_mode { RELEVE_PROGRESS_AUTO, RELEVE_PROGRESS_ALWAYS, RELEVE_PROGRESS_NEVER };

#define RELEVE_PROGRESS_TERMINAL_MS 500
#define RELEVE_PROGRESS_LINE_MS 10000
#define RELEVE_PROGRESS_RATE_MS 15000 /* the rate is that of so long: a line is never written to the millisecond */
#define RELEVE_PROGRESS_LINES_MAX (RELEVE_KINDS + 6)
#define RELEVE_PROGRESS_LINE_BYTES (4 * RELEVE_TERMINAL_COLUMNS_MAX)

struct releve_progress {
    bool shown;                            /* at all */
    bool drawn;                            /* redrawn in place */
    int lines;                             /* of the block that stands on the terminal now */
    int widths[RELEVE_PROGRESS_LINES_MAX]; /* of each: narrowed, they take more than a row */

    const struct releve_quota *quota;
    const struct releve_report *report;
    uint64_t began_ms;
    struct releve_rate requests;
};

/* How much of the quota is used, as Redis has just said. */
struct releve_progress_usage {
    bool known;
    releve_time *over_ms; /* when each permit is over, from now */
    size_t permits;
    uint32_t used[RELEVE_QUOTA_WINDOWS_MAX]; /* of each window */
    releve_time next_ms, closed_ms;          /* until the next permit is due; until upstream opens again */
    releve_time redis_away_ms;               /* Redis has not served for so long, whatever it says; 0: it does */
};

void releve_progress_init(struct releve_progress *progress, enum releve_progress_mode mode,
                          const struct releve_quota *quota, const struct releve_report *report);

/* The work begins now, of a command that began at `began_ms`. */
void releve_progress_begin(struct releve_progress *progress, uint64_t began_ms, uint64_t now_ms);

void releve_progress_draw(struct releve_progress *progress, const struct releve_runtime *runtime,
                          const struct releve_progress_usage *usage, uint64_t now_ms);

/* Erases the block from the terminal, so that a line can be written. */
void releve_progress_clear(struct releve_progress *progress);

/* The same for good: the terminal is as it was. */
void releve_progress_end(struct releve_progress *progress);

/* "4 of 5/1s, 812 of 1000/1h, next permit in 3 s"; "no limit". */
#define RELEVE_USAGE_TEXT 192
void releve_usage_format(const struct releve_quota *quota, const uint32_t used[], releve_time next_ms,
                         releve_time closed_ms, char out[RELEVE_USAGE_TEXT]);

/* "upstream has not served for 3 min 10 s; next try in 12 s"; "Redis has not served for 12 s". */
#define RELEVE_OUTAGE_TEXT 120
void releve_redis_outage_format(releve_time away_ms, char out[RELEVE_OUTAGE_TEXT]);
void releve_outage_format(releve_time away_ms, releve_time retry_ms, char out[RELEVE_OUTAGE_TEXT]);

#endif
