/* The progress of a backfill, on stderr: a block that is redrawn on a terminal, a line now and then elsewhere. */
#ifndef RELEVE_CLI_PROGRESS_H
#define RELEVE_CLI_PROGRESS_H

#include "report.h"
#include <releve/runtime.h>
#include <stdbool.h>

enum releve_progress_mode { RELEVE_PROGRESS_AUTO, RELEVE_PROGRESS_ALWAYS, RELEVE_PROGRESS_NEVER };

#define RELEVE_PROGRESS_TERMINAL_MS 500
#define RELEVE_PROGRESS_LINE_MS 10000
#define RELEVE_PROGRESS_RATE_MS 15000 /* the rate is that of so long: a line is never written to the millisecond */
#define RELEVE_PROGRESS_SAMPLES 32    /* drawings remembered for it */
#define RELEVE_PROGRESS_LINE_BYTES 512

struct releve_progress {
    bool shown;    /* at all */
    bool terminal; /* redrawn in place */
    int lines;     /* of the block that stands on the terminal now */
    const struct releve_quota *quota;
    const struct releve_report *report;
    unsigned samples_count; /* so far; the latest are kept, for the rate */
    struct {
        uint64_t at_ms, requests;
    } samples[RELEVE_PROGRESS_SAMPLES];
};

void releve_progress_init(struct releve_progress *progress, enum releve_progress_mode mode,
                          const struct releve_quota *quota, const struct releve_report *report);

/* The work begins now. */
void releve_progress_begin(struct releve_progress *progress, struct releve_runtime *runtime, uint64_t now_ms);

/* Draws it. `ahead`: about how many requests the jobs will need that have not begun. */
void releve_progress_draw(struct releve_progress *progress, struct releve_runtime *runtime, uint64_t now_ms,
                          uint64_t ahead);

/* Erases the block from the terminal, so that a line can be written. */
void releve_progress_clear(struct releve_progress *progress);

/* "4 of 5/1s, 812 of 1000/1h, next permit in 3 s"; "no limit". */
#define RELEVE_USAGE_TEXT 192
void releve_usage_format(const struct releve_quota *quota, const uint32_t used[], releve_time next_ms,
                         releve_time closed_ms, char out[RELEVE_USAGE_TEXT]);

/* "3 h 20 min", "45 s". */
#define RELEVE_DURATION_TEXT 32
void releve_duration_format(releve_time ms, char out[RELEVE_DURATION_TEXT]);

#endif
