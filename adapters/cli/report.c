/* Adds results up and prints the table at the end of a backfill. */
#include "report.h"
#include <inttypes.h>
#include <string.h>

void releve_report_init(struct releve_report *report, const releve_prm *prms, size_t count)
{
    memset(report, 0, sizeof *report);
    if (count > RELEVE_REPORT_POINTS_MAX)
        return;
    report->points_count = count;
    memcpy(report->points, prms, count * sizeof *prms);
}

/* "1110", "795 +315 holes", "not applicable", "ADAM-DC-0008" */
static void format_cell(const struct releve_result *result, bool ended, char cell[RELEVE_REPORT_CELL_BYTES])
{
    int values = result->complete + result->partial;
    if (!ended)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d so far", values);
    else if (result->state == RELEVE_JOB_NOT_APPLICABLE)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "not applicable");
    else if (result->state == RELEVE_JOB_FAILED)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%s", result->reason.code);
    else if (result->failed > 0)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d +%d failed", values, result->failed);
    else if (result->holes > 0 && result->pending > 0)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d +%d holes +%d soon", values, result->holes, result->pending);
    else if (result->holes > 0)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d +%d holes", values, result->holes);
    else if (result->pending > 0)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d +%d soon", values, result->pending);
    else
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d", values);
}

void releve_report_add(struct releve_report *report, const struct releve_result *result, bool ended)
{
    struct releve_report_kind *kind = &report->kinds[result->job.kind];
    kind->jobs_begun++;
    kind->jobs_ended += ended;
    kind->states[result->state] += ended;
    kind->requests += (uint64_t)result->requests;
    kind->days.complete += (uint64_t)result->complete;
    kind->days.partial += (uint64_t)result->partial;
    kind->days.holes += (uint64_t)result->holes;
    kind->days.pending += (uint64_t)result->pending;
    kind->days.failed += (uint64_t)result->failed;
    kind->days.cut += (uint64_t)result->cut;
    for (size_t i = 0; i < report->points_count; i++)
        if (report->points[i] == result->job.prm)
            format_cell(result, ended, report->cells[i][result->job.kind]);
}

bool releve_report_all_ended(const struct releve_report *report)
{
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        if (report->kinds[kind].jobs_ended < report->kinds[kind].jobs_wanted)
            return false;
    return true;
}

bool releve_report_any(const struct releve_report *report)
{
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        if (report->kinds[kind].jobs_begun > 0)
            return true;
    return false;
}

bool releve_report_all_obtained(const struct releve_report *report)
{
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        if (report->kinds[kind].states[RELEVE_JOB_PARTIAL] > 0 || report->kinds[kind].states[RELEVE_JOB_FAILED] > 0)
            return false;
    return true;
}

static void print_points(const struct releve_report *report, FILE *out)
{
    int width[RELEVE_MEASURES];
    fprintf(out, "%-15s", "usage point");
    for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
        const char *name = releve_kind_facts((enum releve_kind)kind)->name;
        width[kind] = (int)strlen(name);
        for (size_t i = 0; i < report->points_count; i++)
            if ((int)strlen(report->cells[i][kind]) > width[kind])
                width[kind] = (int)strlen(report->cells[i][kind]);
        if (report->kinds[kind].jobs_wanted > 0)
            fprintf(out, "  %*s", width[kind], name);
    }
    fputc('\n', out);
    for (size_t i = 0; i < report->points_count; i++) {
        fprintf(out, RELEVE_PRM_FORMAT " ", report->points[i]);
        for (int kind = 0; kind < RELEVE_MEASURES; kind++)
            if (report->kinds[kind].jobs_wanted > 0)
                fprintf(out, "  %*s", width[kind], report->cells[i][kind][0] != '\0' ? report->cells[i][kind] : "-");
        fputc('\n', out);
    }
    fputs("(days with values; holes: upstream has none; soon: not published yet; -: not begun)\n\n", out);
}

void releve_report_print(const struct releve_report *report, FILE *out)
{
    if (report->points_count > 0)
        print_points(report, out);
    fprintf(out, "%-28s %9s %10s %8s %8s %8s %8s %8s %15s %9s\n", "kind", "jobs", "complete", "partial", "holes",
            "pending", "failed", "cut", "not applicable", "requests");
    struct releve_report_kind all = {0};
    for (int kind = 0; kind <= RELEVE_MEASURES; kind++) {
        const struct releve_report_kind *row = kind < RELEVE_MEASURES ? &report->kinds[kind] : &all;
        if (row->jobs_wanted == 0)
            continue;
        char jobs[48]; /* "12", or "3 of 12" after an interruption */
        if (row->jobs_ended == row->jobs_wanted)
            (void)snprintf(jobs, sizeof jobs, "%zu", row->jobs_ended);
        else
            (void)snprintf(jobs, sizeof jobs, "%zu of %zu", row->jobs_ended, row->jobs_wanted);
        fprintf(out,
                "%-28s %9s %10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %8" PRIu64
                " %15zu %9" PRIu64 "\n",
                kind < RELEVE_MEASURES ? releve_kind_facts((enum releve_kind)kind)->name : "all", jobs,
                row->days.complete, row->days.partial, row->days.holes, row->days.pending, row->days.failed,
                row->days.cut, row->states[RELEVE_JOB_NOT_APPLICABLE], row->requests);
        all.jobs_wanted += row->jobs_wanted;
        all.jobs_ended += row->jobs_ended;
        all.days.complete += row->days.complete;
        all.days.partial += row->days.partial;
        all.days.holes += row->days.holes;
        all.days.pending += row->days.pending;
        all.days.failed += row->days.failed;
        all.days.cut += row->days.cut;
        all.states[RELEVE_JOB_NOT_APPLICABLE] += row->states[RELEVE_JOB_NOT_APPLICABLE];
        all.requests += row->requests;
    }
}
