/* A trial: workers fetch load curves within a quota, from the simulator or from another upstream, and it is seen how
 * fast.
 *
 * Simulator, private Redis, jobs and workers are commands of this program, run as children; nothing of them is left. */
#ifndef RELEVE_CLI_TRIAL_H
#define RELEVE_CLI_TRIAL_H

#include "children.h"
#include "config.h"
#include <adapters/sandbox/settings.h>
#include <curl/curl.h>
#include <releve/kind.h>
#include <releve/usage_point.h>

#define RELEVE_TRIAL_KIND RELEVE_CONSUMPTION_LOAD_CURVE
#define RELEVE_TRIAL_TEXT_BYTES 16384 /* of what a child says */

struct releve_trial {
    struct releve_config config;
    bool simulated;         /* else the upstream of `config` */
    const releve_prm *prms; /* usage points; NULL: the simulator's population */
    struct sandbox_latency latency;
    uint64_t workers, population;
    uint64_t points, calls; /* usage points, and requests for each of them */
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];

    /* What was seen. Requests for tokens do not count. Of another upstream `arrived` is what brought days and `most`
     * what the ledger was seen to count; violations and throttling are not known. */
    uint64_t arrived, violations, throttled, days_lost;
    uint64_t most[RELEVE_QUOTA_WINDOWS_MAX]; /* in any such window */
    int64_t first_ms,
        last_ms;   /* the last look that saw none, the first that saw all; else begin and end of the workers */
    double cpu_ms; /* of the workers */
    long peak_kb;  /* of the largest of them */

    /* Its own. */
    struct releve_children children;
    const struct releve_child *lasting[2]; /* those that go on to the end: status, and the simulator */
    size_t lasting_count;
    CURL *curl;
    int64_t drawn_ms;
    char text[RELEVE_TRIAL_TEXT_BYTES]; /* what a child said last */
    size_t text_bytes;
    char relayed[RELEVE_ERROR_BYTES]; /* the last line of a worker that was printed */
};

/* How many requests it will send, and how many days they bring. */
uint64_t releve_trial_requests(const struct releve_trial *trial);
uint64_t releve_trial_days(const struct releve_trial *trial);

/* Runs it to its end or a signal, with a line on the terminal meanwhile. */
enum releve_code releve_trial_run(struct releve_trial *trial, struct releve_error *error);

#endif
