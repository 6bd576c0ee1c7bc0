/* What a backfill came to: totals by kind, and one row a usage point where there are few. */
#ifndef RELEVE_CLI_REPORT_H
#define RELEVE_CLI_REPORT_H

#include <releve/core.h>
#include <releve/job.h>
#include <stdbool.h>
#include <stdio.h>

#define RELEVE_REPORT_POINTS_MAX 24 /* more usage points than this get totals only */
#define RELEVE_REPORT_CELL_BYTES 64

struct releve_report_kind {
    size_t jobs_wanted, jobs_ended, jobs_begun; /* begun: ended, or given back */
    size_t states[RELEVE_JOB_STATES];
    struct releve_tally days; /* of the jobs that ended */
    uint64_t requests;
    uint64_t days_ahead, requests_ahead; /* about, of the jobs that have not begun */
    size_t refused;                      /* jobs of which upstream refuses days: of usage points, in other words */
};

struct releve_report {
    struct releve_report_kind kinds[RELEVE_KINDS];
    /* Of the whole run, as it has ended. */
    size_t jobs_taken;   /* not left to the next run */
    uint64_t requests;   /* as upstream counts them, those for the token included */
    uint64_t inquiries;  /* of those: about activations ... */
    uint64_t preflights; /* ... and about who has which kinds */
    uint64_t retries, throttled;
    uint64_t elapsed_ms; /* of the command, from its start to its end */
    bool remembers;      /* some jobs ended as an earlier run had been told */
    size_t points_count; /* 0: too many for rows */
    size_t points_all;
    releve_prm points[RELEVE_REPORT_POINTS_MAX];
    char cells[RELEVE_REPORT_POINTS_MAX][RELEVE_KINDS][RELEVE_REPORT_CELL_BYTES];
};

/* Jobs of a run so far. */
struct releve_job_counts {
    uint64_t ended, wanted;  /* wanted 0: there is no end */
    uint64_t requests_ahead; /* about, of the jobs that have not begun */
};

void releve_report_init(struct releve_report *report, const releve_prm *prms, size_t count);
/* `ended` false: the job was given back, and this is what it came to so far. */
void releve_report_add(struct releve_report *report, const struct releve_result *result, bool ended);
void releve_report_print(const struct releve_report *report, FILE *out);

struct releve_job_counts releve_report_count_jobs(const struct releve_report *report);

/* Did every job end; has any begun? */
bool releve_report_all_ended(const struct releve_report *report);
bool releve_report_any(const struct releve_report *report);

/* Did every job end with all days obtained? */
bool releve_report_all_obtained(const struct releve_report *report);

#endif
