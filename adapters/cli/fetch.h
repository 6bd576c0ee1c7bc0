/* Fetching a selection: a session whose jobs are those of the selection, with its progress and its report. What
 * backfill and get have in common. */
#ifndef RELEVE_CLI_FETCH_H
#define RELEVE_CLI_FETCH_H

#include "config.h"
#include "progress.h"
#include "report.h"
#include "selection.h"
#include "session.h"

struct releve_fetch {
    struct releve_session session;
    const char *command; /* its name */
    struct releve_selection selection;
    struct releve_config config;
    unsigned concurrency;
    enum releve_class class_;
    bool refresh, adopt;
    bool json; /* each result is a line on standard output, as it comes */
    enum releve_progress_mode mode;

    struct releve_report report; /* what came of it */
    struct releve_progress progress;
    size_t next; /* job to pull */
    struct releve_progress_usage usage;
    char bucket[RELEVE_BUCKET_BYTES]; /* whose use is shown */
    bool looking;                     /* the ledger is being asked */
    uint64_t began_ms;                /* when it was prepared, by the clock of the loop */
};

/* Reads the configuration and closes the selection: nothing is asked that this upstream is known not to have. */
enum releve_code releve_fetch_prepare(struct releve_fetch *fetch, struct releve_error *error);

/* Runs until every job of the selection has ended, a signal or a failure: the code says which, and the session's error
 * has the line for people. RELEVE_OK where all jobs ended, however: the report has that. Redis has been started. */
enum releve_code releve_fetch_run(struct releve_fetch *fetch);

/* How it ended, as an exit code; what went wrong is said on standard error. Frees what the selection holds, and forgets
 * the secret. */
int releve_fetch_end(struct releve_fetch *fetch);

/* What follows RELEVE_KEPT where it was interrupted. */
#define RELEVE_FETCH_GOES_ON ", and the same command goes on from there"

#endif
