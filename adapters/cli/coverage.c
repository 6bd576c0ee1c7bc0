/* releve coverage: which days are there, and where the gaps are. Reads Redis only, never sends a request. */
#include "command.h"
#include "heatmap.h"
#include "json_fields.h"
#include "known_points.h"
#include "reasons.h"
#include "series_look.h"
#include <engine/runtime/clock.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROWS_MAX 40       /* series that have a line each; where there are more: the first of those with gaps */
#define GAPS_NAMED_MAX 12 /* of a series, for people */

/* A line of the table. */
struct row {
    releve_prm prm;
    enum releve_kind kind;
    struct releve_series_days days;
    enum releve_standing standing;
};

struct total {
    uint64_t series, refused, with_gaps;
    uint64_t complete, partial, holes, pending, missing;
};

struct coverage {
    struct releve_selection selection;
    struct releve_config config;
    bool json;
    struct releve_lookup lookup;
    struct releve_known_points known;
    struct releve_terminal terminal;
    size_t next; /* series to read */
    struct releve_series_look series;
    struct total totals[RELEVE_MEASURES];
    struct row rows[ROWS_MAX];
    size_t rows_count, rows_left_out;
};

/* One usage point is looked at; of more a table has to do. */
static bool is_pictured(const struct coverage *coverage)
{
    return coverage->selection.prms_count == 1;
}

/* --- gaps ------------------------------------------------------------------------------------------------------- */

static void print_gaps(const struct releve_series_look *series)
{
    int named = 0, more = 0;
    char first[RELEVE_DAY_TEXT], last[RELEVE_DAY_TEXT];
    struct releve_span gap = releve_series_look_next_gap(series, series->span.first);
    for (; releve_span_days(gap) > 0; gap = releve_series_look_next_gap(series, gap.end)) {
        if (named == GAPS_NAMED_MAX) {
            more++;
            continue;
        }
        releve_day_format(gap.first, first);
        releve_day_format(gap.end - 1, last);
        printf("%s %s", named++ == 0 ? "missing:" : "        ", first);
        if (releve_span_days(gap) > 1)
            printf(" to %s, %d days", last, releve_span_days(gap));
        putchar('\n');
    }
    if (more > 0)
        printf("         (%d more; --json has all)\n", more);
}

/* --- one usage point -------------------------------------------------------------------------------------------- */

static void print_picture(const struct coverage *coverage)
{
    const struct releve_series_look *series = &coverage->series;
    const struct releve_series_days *days = &series->days;
    char reason[RELEVE_REASONS_TEXT];
    printf("%s" RELEVE_PRM_FORMAT "  %s\n", coverage->next > 1 ? "\n" : "", series->prm,
           releve_kind_facts(series->kind)->name);
    if (!releve_series_look_is_had(series)) {
        releve_reasons_format(&series->reason, series->kind, reason);
        printf("%s\n", reason);
    }
    int stored = days->complete + days->partial + days->holes + days->pending;
    if (stored == 0 && !releve_series_look_is_had(series))
        return;
    printf("complete %d, partial %d, holes %d, pending %d, missing %d\n", days->complete, days->partial, days->holes,
           days->pending, days->missing);
    print_gaps(series);
    releve_heatmap_print(stdout, &coverage->terminal, series->states, series->span);
}

/* --- many ------------------------------------------------------------------------------------------------------- */

static void count_total(struct coverage *coverage)
{
    const struct releve_series_look *series = &coverage->series;
    struct total *total = &coverage->totals[series->kind];
    total->series++;
    total->refused += !releve_series_look_is_had(series);
    total->complete += (uint64_t)series->days.complete;
    total->partial += (uint64_t)series->days.partial;
    total->holes += (uint64_t)series->days.holes;
    total->pending += (uint64_t)series->days.pending;
    if (!releve_series_look_is_had(series))
        return; /* nobody can fetch what is missing of it */
    total->missing += (uint64_t)series->days.missing;
    total->with_gaps += series->days.missing > 0;
}

static void keep_row(struct coverage *coverage)
{
    const struct releve_series_look *series = &coverage->series;
    bool all_fit = releve_selection_jobs(&coverage->selection) <= ROWS_MAX;
    if (!all_fit && (!releve_series_look_is_had(series) || series->days.missing == 0))
        return;
    if (coverage->rows_count == ROWS_MAX) {
        coverage->rows_left_out++;
        return;
    }
    coverage->rows[coverage->rows_count++] = (struct row){series->prm, series->kind, series->days, series->standing};
}

/* Rounded down: what is not all of it is never 100. */
static int percent_of(const struct total *total)
{
    uint64_t there = total->complete + total->partial + total->holes;
    uint64_t all = there + total->pending + total->missing;
    return all > 0 ? (int)(there * 100 / all) : 100;
}

static void print_totals(const struct coverage *coverage)
{
    printf("%-27s %6s %4s %7s %9s %8s %7s %5s\n", "kind", "points", "gaps", "refused", "complete", "missing", "pending",
           "known");
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        const struct total *total = &coverage->totals[kind];
        if (total->series > 0)
            printf("%-27s %6" PRIu64 " %4" PRIu64 " %7" PRIu64 " %9" PRIu64 " %8" PRIu64 " %7" PRIu64 " %3d %%\n",
                   releve_kind_facts(kind)->name, total->series, total->with_gaps, total->refused, total->complete,
                   total->missing, total->pending, percent_of(total));
    }
}

static void print_rows(const struct coverage *coverage)
{
    if (coverage->rows_count == 0)
        return;
    printf("\n%-14s %-27s%8s %7s %5s %7s %7s\n", "usage point", "kind", "complete", "partial", "holes", "pending",
           "missing");
    for (size_t i = 0; i < coverage->rows_count; i++) {
        const struct row *row = &coverage->rows[i];
        printf(RELEVE_PRM_FORMAT " %-27s%8d %7d %5d %7d ", row->prm, releve_kind_facts(row->kind)->name,
               row->days.complete, row->days.partial, row->days.holes, row->days.pending);
        if (row->standing == RELEVE_STANDING_OPEN)
            printf("%7d\n", row->days.missing);
        else
            printf("%7s\n", row->standing == RELEVE_STANDING_REFUSED ? "refused" : "n/a");
    }
    if (coverage->rows_left_out > 0)
        printf("(%zu more with gaps; --json has all)\n", coverage->rows_left_out);
}

/* --- series after series ------------------------------------------------------------------------------------------ */

static void print(struct coverage *coverage)
{
    const struct releve_series_look *series = &coverage->series;
    releve_lookup_advance(&coverage->lookup, coverage->next, releve_selection_jobs(&coverage->selection));
    if (coverage->json || is_pictured(coverage))
        releve_lookup_hide(&coverage->lookup, STDOUT_FILENO);
    if (coverage->json) {
        releve_json_print(releve_series_look_json(series));
    } else if (is_pictured(coverage)) {
        print_picture(coverage);
    } else {
        count_total(coverage);
        keep_row(coverage);
    }
}

static void read_series(struct coverage *coverage);

static void on_series(void *data, const struct releve_error *error)
{
    struct coverage *coverage = data;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&coverage->lookup, error);
        return;
    }
    print(coverage);
    if (ferror(stdout)) /* full, or nobody reads any more: whoever flushes it says which */
        releve_lookup_end(&coverage->lookup, NULL);
    else
        read_series(coverage);
}

static void read_series(struct coverage *coverage)
{
    struct releve_series_look *series = &coverage->series;
    struct releve_job job = {0};
    if (!releve_selection_job(&coverage->selection, coverage->next, &job)) {
        releve_lookup_end(&coverage->lookup, NULL);
        return;
    }
    coverage->next++;
    series->prm = job.prm;
    series->kind = job.kind;
    series->span = job.span;
    series->kept = releve_keep_first(&coverage->config.keep, job.kind, releve_config_today(&coverage->config));
    releve_series_look_begin(series, coverage->lookup.store, releve_clock_civil(coverage->config.today), on_series,
                             coverage);
}

static void begin(void *data)
{
    read_series(data);
}

static void start(void *data)
{
    struct coverage *coverage = data;
    releve_known_points_find(&coverage->known, &coverage->lookup, &coverage->selection, begin, coverage);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct coverage *coverage = data;
    if (option != 'j')
        return releve_selection_apply(&coverage->selection, option, value, error);
    coverage->json = true;
    return RELEVE_OK;
}

static int coverage_main(int argc, char **argv)
{
    static struct coverage coverage;
    struct releve_error error = {0};
    int wrong = releve_command_parse("coverage", argc, argv, options, apply_option, &coverage);
    if (wrong != 0)
        return wrong;
    coverage.terminal = releve_terminal_look(STDOUT_FILENO);
    if (releve_config_load(&coverage.config, false, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    coverage.selection.keep = coverage.config.keep;
    if (releve_selection_close_days(&coverage.selection, releve_config_today(&coverage.config), &error) != RELEVE_OK ||
        releve_lookup_run(&coverage.lookup, &coverage.config, true, start, &coverage, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (!coverage.json && is_pictured(&coverage)) {
        fputc('\n', stdout);
        releve_heatmap_print_legend(stdout, &coverage.terminal);
    } else if (!coverage.json && coverage.selection.prms_count > 0) {
        print_totals(&coverage);
        print_rows(&coverage);
    }
    releve_selection_free(&coverage.selection);
    return releve_command_flush(0);
}

const struct releve_command releve_command_coverage = {
    .name = "coverage",
    .summary = "which days are there, and where the gaps are",
    .help = "[SELECTION] [--json]\n"
            "\n"
            "Shows which days Redis holds; never sends a request. Of one usage point: a\n"
            "calendar for each kind, a cell a day. Of several, or without --prm and --prms\n"
            "of all that Redis knows: how many days of each kind, and which usage points\n"
            "have gaps; \"refused\" is what upstream does not give, \"n/a\" what it says that\n"
            "there is none of (in the sums, both are \"refused\"). Without --start it begins\n"
            "where upstream's history does, for what lies there can still be fetched; days\n"
            "before a known activation or consent, or that RELEVE_KEEP does not keep, are no\n"
            "gaps.\n"
            "\n" RELEVE_SELECTION_DAYS_HELP "\n"
            "options:\n"
            "  --json             one JSON object a line for each usage point and kind: prm,\n"
            "                     kind, start, end (excluded), complete, partial, holes,\n"
            "                     pending, missing, cut (before activation or consent,\n"
            "                     or not kept), refused (code and message, or null), gaps\n"
            "                     (start and end of each)\n",
    .run = coverage_main,
};
