/* Adds results up and prints the table at the end of a backfill. */
#include "report.h"
#include "duration.h"
#include "reasons.h"
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define KIND_CHARACTERS 27          /* of the longest name of a kind */
#define CODE_CHARACTERS_MAX 18      /* of a reason, so that a row has 80 */
#define ROWS_MAX (RELEVE_KINDS + 5) /* the heading, preflights, activations, the token, all */
#define TOTAL_TEXT 48
#define TENTHS_BELOW_S 10 /* a run that took less has a decimal */

void releve_report_init(struct releve_report *report, const releve_prm *prms, size_t count)
{
    memset(report, 0, sizeof *report);
    report->points_all = count;
    if (count > RELEVE_REPORT_POINTS_MAX)
        return;
    report->points_count = count;
    memcpy(report->points, prms, count * sizeof *prms);
}

/* " +315 holes"; "" for none */
static void add_part(char cell[RELEVE_REPORT_CELL_BYTES], int days, const char *name)
{
    size_t length = strlen(cell);
    if (days > 0)
        (void)snprintf(cell + length, RELEVE_REPORT_CELL_BYTES - length, " +%d %s", days, name);
}

/* "1110", "795 +315 holes +4 soon", "31 +30 refused" */
static void format_days(const struct releve_result *result, char cell[RELEVE_REPORT_CELL_BYTES])
{
    (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d", result->complete + result->partial);
    add_part(cell, result->failed, releve_reasons_is_refusal(&result->reason) ? "refused" : "failed");
    if (result->failed > 0)
        return; /* the rest has to be asked for anyway */
    add_part(cell, result->holes, "holes");
    add_part(cell, result->pending, "soon");
    add_part(cell, result->cut, "cut");
}

/* And "not applicable", "refused (ADAM-DC-0008)", "failed (timeout)", "12 so far". */
static void format_cell(const struct releve_result *result, bool ended, char cell[RELEVE_REPORT_CELL_BYTES])
{
    bool before = result->reason.since != 0;
    const char *failed = !releve_reasons_is_refusal(&result->reason) ? "failed" : before ? "refused before" : "refused";
    char code[RELEVE_REASONS_CODE_TEXT];
    releve_reasons_code(&result->reason, code);
    if (!ended)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%d so far", result->complete + result->partial);
    else if (result->state == RELEVE_JOB_NOT_APPLICABLE)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "not applicable%s", before ? ", as before" : "");
    else if (result->state == RELEVE_JOB_FAILED)
        (void)snprintf(cell, RELEVE_REPORT_CELL_BYTES, "%s (%.*s)", failed, CODE_CHARACTERS_MAX, code);
    else
        format_days(result, cell);
}

/* Days that upstream refuses; they did not fail. */
static int count_refused(const struct releve_result *result)
{
    int refused = 0;
    for (size_t i = 0; i < result->failures_count; i++)
        if (releve_reasons_is_refusal(&result->failures[i].reason))
            refused += releve_span_days(result->failures[i].span);
    return refused < result->failed ? refused : result->failed;
}

void releve_report_add(struct releve_report *report, const struct releve_result *result, bool ended)
{
    struct releve_report_kind *kind = &report->kinds[result->job.kind];
    report->remembers = report->remembers || result->reason.since != 0;
    kind->jobs_begun++;
    kind->jobs_ended += ended;
    kind->states[result->state] += ended;
    kind->requests += (uint64_t)result->requests;
    kind->days.complete += (uint64_t)result->complete;
    kind->days.partial += (uint64_t)result->partial;
    kind->days.holes += (uint64_t)result->holes;
    kind->days.pending += (uint64_t)result->pending;
    int refused = count_refused(result);
    kind->refused += refused > 0 && ended;
    kind->days.failed += (uint64_t)(result->failed - refused);
    kind->days.cut +=
        result->state == RELEVE_JOB_NOT_APPLICABLE ? 0 : (uint64_t)result->cut; /* there is nothing to cut */
    for (size_t i = 0; i < report->points_count; i++)
        if (report->points[i] == result->job.prm)
            format_cell(result, ended, report->cells[i][result->job.kind]);
}

struct releve_job_counts releve_report_count_jobs(const struct releve_report *report)
{
    struct releve_job_counts counts = {0};
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        counts.ended += report->kinds[kind].jobs_ended;
        counts.wanted += report->kinds[kind].jobs_wanted;
        counts.requests_ahead += report->kinds[kind].requests_ahead;
    }
    return counts;
}

bool releve_report_all_ended(const struct releve_report *report)
{
    struct releve_job_counts counts = releve_report_count_jobs(report);
    return counts.ended == counts.wanted;
}

bool releve_report_any(const struct releve_report *report)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        if (report->kinds[kind].jobs_begun > 0)
            return true;
    return false;
}

bool releve_report_all_obtained(const struct releve_report *report)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        if (report->kinds[kind].states[RELEVE_JOB_PARTIAL] > 0 || report->kinds[kind].states[RELEVE_JOB_FAILED] > 0)
            return false;
    return true;
}

/* --- the table of usage points ------------------------------------------------------------------------------- */

static const char *cell_of(const struct releve_report *report, size_t point, enum releve_kind kind)
{
    const char *cell = report->cells[point][kind];
    return cell[0] != '\0' ? cell : "-";
}

static bool is_shown(const struct releve_report *report, enum releve_kind kind, releve_kinds among)
{
    return report->kinds[kind].jobs_wanted > 0 && (among & RELEVE_KIND_BIT(kind)) != 0;
}

/* What is the same for several kinds is said once, unless it is a number of days. NULL where it is said of each. */
static const char *common_cell(const struct releve_report *report, size_t point, releve_kinds among)
{
    const char *common = NULL;
    int count = 0;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        if (!is_shown(report, kind, among))
            continue;
        const char *cell = cell_of(report, point, kind);
        if (isdigit((unsigned char)*cell) || (count++ > 0 && strcmp(cell, common) != 0))
            return NULL;
        common = cell;
    }
    return count > 1 ? common : NULL;
}

static void print_row(const struct releve_report *report, size_t point, const char *kind, const char *cell, FILE *out)
{
    fprintf(out, RELEVE_PRM_FORMAT "  %-*s  %s\n", report->points[point], KIND_CHARACTERS, kind, cell);
}

/* `name` is what these kinds are called together. */
static void print_kinds(const struct releve_report *report, size_t point, releve_kinds among, const char *name,
                        FILE *out)
{
    const char *common = common_cell(report, point, among);
    if (common != NULL)
        print_row(report, point, name, common, out);
    for (enum releve_kind kind = 0; common == NULL && kind < RELEVE_KINDS; kind++)
        if (is_shown(report, kind, among))
            print_row(report, point, releve_kind_facts(kind)->name, cell_of(report, point, kind), out);
}

static bool any_cell_has(const struct releve_report *report, const char *text)
{
    for (size_t i = 0; i < report->points_count; i++)
        for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
            const char *cell = cell_of(report, i, kind), *found = strstr(cell, text);
            if (report->kinds[kind].jobs_wanted > 0 && found != NULL && (found == cell || *found == ' '))
                return true;
        }
    return false;
}

/* Of what stands in some cell. */
static void print_legend(const struct releve_report *report, FILE *out)
{
    static const struct {
        const char *cell, *text;
    } lines[] = {
        {" holes", "(holes: upstream has none)\n"},
        {" soon", "(soon: not published yet)\n"},
        {" cut", "(cut: before the activation, the consent or upstream's history)\n"},
        {"-", "(-: not begun)\n"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (any_cell_has(report, lines[i].cell))
            fputs(lines[i].text, out);
    if (report->remembers)
        fputs("(before: an earlier run was told so, and it is not asked now; see --refresh)\n", out);
}

static void print_points(const struct releve_report *report, FILE *out)
{
    releve_kinds of[RELEVE_ASPECTS] = {0};
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++)
        of[releve_kind_facts(kind)->direction] |= RELEVE_KIND_BIT(kind);
    fprintf(out, "%-*s  %-*s  days with values\n", RELEVE_PRM_DIGITS, "usage point", KIND_CHARACTERS, "kind");
    for (size_t i = 0; i < report->points_count; i++) {
        bool alike = common_cell(report, i, RELEVE_ALL_MEASURES) != NULL;
        if (alike)
            print_kinds(report, i, RELEVE_ALL_MEASURES, "all", out);
        for (enum releve_direction which = 0; !alike && which < RELEVE_ASPECTS; which++)
            print_kinds(report, i, of[which], releve_direction_name(which), out);
    }
    print_legend(report, out);
    fputc('\n', out);
}

/* --- the table of kinds -------------------------------------------------------------------------------------- */

enum column { KIND, JOBS, COMPLETE, PARTIAL, HOLES, PENDING, FAILED, REFUSED, CUT, NOT_APPLICABLE, REQUESTS, COLUMNS };

struct totals {
    char cells[ROWS_MAX][COLUMNS][TOTAL_TEXT]; /* the first row names the columns */
    size_t rows;
};

static void add_row(struct totals *totals, const char *name, const struct releve_report_kind *kind)
{
    char(*cells)[TOTAL_TEXT] = totals->cells[totals->rows++];
    const uint64_t counts[COLUMNS] = {
        [COMPLETE] = kind->days.complete,
        [PARTIAL] = kind->days.partial,
        [HOLES] = kind->days.holes,
        [PENDING] = kind->days.pending,
        [FAILED] = kind->days.failed,
        [CUT] = kind->days.cut,
        [REFUSED] = kind->refused,
        [REQUESTS] = kind->requests,
        [NOT_APPLICABLE] = kind->states[RELEVE_JOB_NOT_APPLICABLE],
    };
    for (int column = COMPLETE; column < COLUMNS; column++)
        (void)snprintf(cells[column], TOTAL_TEXT, "%" PRIu64, counts[column]);
    (void)snprintf(cells[KIND], TOTAL_TEXT, "%s", name);
    if (kind->jobs_ended == kind->jobs_wanted)
        (void)snprintf(cells[JOBS], TOTAL_TEXT, "%zu", kind->jobs_ended);
    else /* after an interruption */
        (void)snprintf(cells[JOBS], TOTAL_TEXT, "%zu of %zu", kind->jobs_ended, kind->jobs_wanted);
}

static void add_request_row(struct totals *totals, const char *name, uint64_t requests, struct releve_report_kind *all)
{
    if (requests == 0)
        return;
    char(*cells)[TOTAL_TEXT] = totals->cells[totals->rows++];
    (void)snprintf(cells[KIND], TOTAL_TEXT, "%s", name);
    (void)snprintf(cells[REQUESTS], TOTAL_TEXT, "%" PRIu64, requests);
    all->requests += requests;
}

/* Requests that are of no job. Where the run was cut off, jobs of which nothing was heard any more are among them. */
static void add_token_row(struct totals *totals, const struct releve_report *report, struct releve_report_kind *all)
{
    if (report->requests <= all->requests)
        return;
    char(*cells)[TOTAL_TEXT] = totals->cells[totals->rows++];
    (void)snprintf(cells[KIND], TOTAL_TEXT, "token%s", all->jobs_begun < report->jobs_taken ? " and cut off" : "");
    (void)snprintf(cells[REQUESTS], TOTAL_TEXT, "%" PRIu64, report->requests - all->requests);
    all->requests = report->requests;
}

/* What there is nothing of has no column. */
static void print_totals(const struct totals *totals, FILE *out)
{
    int widths[COLUMNS] = {0};
    bool shown[COLUMNS] = {[KIND] = true, [JOBS] = true, [COMPLETE] = true, [REQUESTS] = true};
    for (int column = 0; column < COLUMNS; column++) {
        for (size_t row = 0; row < totals->rows; row++) {
            int width = (int)strlen(totals->cells[row][column]);
            widths[column] = width > widths[column] ? width : widths[column];
            shown[column] = shown[column] || (row > 0 && width > 0 && strcmp(totals->cells[row][column], "0") != 0);
        }
    }
    for (size_t row = 0; row < totals->rows; row++) {
        fprintf(out, "%-*s", widths[KIND], totals->cells[row][KIND]);
        for (int column = JOBS; column < COLUMNS; column++)
            if (shown[column])
                fprintf(out, " %*s", widths[column], totals->cells[row][column]);
        fputc('\n', out);
    }
}

static void sum_up(struct releve_report_kind *all, const struct releve_report_kind *kind)
{
    all->jobs_wanted += kind->jobs_wanted;
    all->jobs_ended += kind->jobs_ended;
    all->jobs_begun += kind->jobs_begun;
    all->days.complete += kind->days.complete;
    all->days.partial += kind->days.partial;
    all->days.holes += kind->days.holes;
    all->days.pending += kind->days.pending;
    all->days.failed += kind->days.failed;
    all->days.cut += kind->days.cut;
    all->states[RELEVE_JOB_NOT_APPLICABLE] += kind->states[RELEVE_JOB_NOT_APPLICABLE];
    all->requests += kind->requests;
    all->refused += kind->refused;
}

/* "12 min 03 s, 2134 requests (2.9/s), 3 repeated, 0 throttled" */
static void print_run(const struct releve_report *report, FILE *out)
{
    char duration[RELEVE_DURATION_TEXT];
    double seconds = (double)report->elapsed_ms / 1000.0;
    if (seconds < TENTHS_BELOW_S)
        (void)snprintf(duration, sizeof duration, "%.1f s", seconds);
    else
        releve_duration_format_past((releve_time)report->elapsed_ms, duration);
    fprintf(out, "\n%s, %" PRIu64 " requests (%.1f/s), %" PRIu64 " repeated, %" PRIu64 " throttled\n", duration,
            report->requests, seconds > 0 ? (double)report->requests / seconds : 0, report->retries, report->throttled);
}

void releve_report_print(const struct releve_report *report, FILE *out)
{
    struct totals totals = {.cells = {{"kind", "jobs", "complete", "partial", "holes", "soon", "failed", "refused",
                                       "cut", "n/a", "requests"}},
                            .rows = 1};
    struct releve_report_kind all = {0};
    if (report->points_count > 0)
        print_points(report, out);
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        if (report->kinds[kind].jobs_wanted > 0)
            add_row(&totals, releve_kind_facts(kind)->name, &report->kinds[kind]);
        sum_up(&all, &report->kinds[kind]);
    }
    add_request_row(&totals, "preflight", report->preflights, &all);
    add_request_row(&totals, "activation", report->inquiries, &all);
    add_token_row(&totals, report, &all);
    add_row(&totals, "all", &all);
    print_totals(&totals, out);
    if (all.refused > 0 || all.states[RELEVE_JOB_NOT_APPLICABLE] > 0)
        fputs("(refused and n/a: jobs, of one usage point and kind each; the rest: days)\n", out);
    if (report->points_count == 0 && report->points_all > 0)
        fprintf(out, "(%zu usage points: releve points says what is known of each)\n", report->points_all);
    print_run(report, out);
}
