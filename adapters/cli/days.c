/* One series after the other, so that memory does not grow with the selection. */
#include "days.h"
#include "command.h"
#include "day_csv.h"
#include "reasons.h"
#include "suggest.h"
#include <assert.h>
#include <engine/runtime/clock.h>
#include <inttypes.h>
#include <releve/text.h>
#include <string.h>
#include <unistd.h>

static void read_series(struct releve_days *days);

/* --- a day ------------------------------------------------------------------------------------------------------ */

static bool is_one_stream(const struct releve_days *days)
{
    return days->open == NULL;
}

/* What stands before the first day of a series. */
static bool begin_output(struct releve_days *days, struct releve_error *error)
{
    const struct releve_job *job = &days->job;
    days->out = is_one_stream(days) ? stdout : days->open(days->data, job, error);
    if (days->out == NULL)
        return false;
    if (days->format == RELEVE_DAYS_CSV && !is_one_stream(days) && !releve_kind_is_document(job->kind))
        fprintf(days->out, "%s\n", releve_day_csv_header(job->kind));
    if (days->format == RELEVE_DAYS_PRETTY && days->series > 0)
        fputc('\n', days->out);
    /* One document is nothing but its JSON. */
    if (days->format == RELEVE_DAYS_PRETTY &&
        (!releve_kind_is_document(job->kind) || releve_selection_jobs(days->selection) > 1))
        releve_picture_begin(&days->picture, days->out, &days->terminal, job->prm, job->kind);
    days->series++;
    return true;
}

static void print_day(struct releve_days *days, const struct releve_stored_day *day, const char *text,
                      size_t text_bytes)
{
    switch (days->format) {
    case RELEVE_DAYS_PRETTY:
        releve_picture_add(&days->picture, day);
        break;
    case RELEVE_DAYS_CSV:
        releve_day_csv_print(days->out, day);
        break;
    default:
        releve_stored_day_print_json(days->out, day, text, text_bytes);
    }
}

/* Days before `end` of which Redis has nothing. */
static void print_missing(struct releve_days *days, releve_day end)
{
    for (; days->reached < end; days->reached++) {
        struct releve_stored_day missing = releve_stored_day_missing(days->job.prm, days->job.kind, days->reached);
        char line[128], date[RELEVE_DAY_TEXT];
        releve_day_format(days->reached, date);
        int length =
            snprintf(line, sizeof line,
                     "{\"prm\":\"" RELEVE_PRM_FORMAT "\",\"kind\":\"%s\",\"date\":\"%s\",\"state\":\"missing\"}",
                     days->job.prm, releve_kind_facts(days->job.kind)->name, date);
        assert(length > 0 && (size_t)length < sizeof line);
        print_day(days, &missing, line, (size_t)length);
    }
}

static void name_broken(struct releve_days *days, releve_day day)
{
    releve_lookup_hide(&days->lookup, STDERR_FILENO);
    releve_stored_day_name_broken(days->job.prm, days->job.kind, day);
    days->broken = true;
}

static void on_day(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct releve_days *days = data;
    struct releve_error error;
    struct releve_stored_day stored;
    days->found++;
    if (days->lookup.ended)
        return;
    if (days->out == NULL && !begin_output(days, &error)) {
        releve_lookup_end(&days->lookup, &error);
        return;
    }
    if (releve_kind_is_document(days->job.kind)) {
        if (!releve_stored_document_print(days->out, days->format == RELEVE_DAYS_PRETTY, text, text_bytes))
            name_broken(days, day);
        return;
    }
    if (!days->selection->has_start && days->found == 1)
        days->reached = day; /* nobody asked for what is older */
    print_missing(days, day);
    days->reached = day + 1;
    if (!releve_stored_day_read(days->job.prm, days->job.kind, day, text, text_bytes, &stored)) {
        name_broken(days, day);
        return;
    }
    print_day(days, &stored, text, text_bytes);
    releve_stored_day_free(&stored);
    if (is_one_stream(days) && ferror(days->out)) /* full, or nobody reads any more: whoever flushes it says which */
        releve_lookup_end(&days->lookup, NULL);
}

/* --- a series --------------------------------------------------------------------------------------------------- */

/* Nothing is stored: perhaps it is known why. */
static void on_facts(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct releve_days *days = data;
    (void)coverage;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&days->lookup, error);
        return;
    }
    char text[RELEVE_REASONS_TEXT], whose[64] = "";
    const struct releve_reason *why = releve_reasons_find(facts, days->job.kind, false);
    if (why != NULL && !releve_reasons_is_refusal(why) && days->selection->prms_count > 1) {
        days->absent++; /* nothing is wrong: few usage points have all kinds */
        read_series(days);
        return;
    }
    days->named++;
    releve_lookup_hide(&days->lookup, STDERR_FILENO);
    const char *what = releve_kind_is_document(days->job.kind) ? "this document" : "these days";
    if (releve_selection_jobs(days->selection) > 1)
        (void)snprintf(whose, sizeof whose, RELEVE_PRM_FORMAT " %s: ", days->job.prm,
                       releve_kind_facts(days->job.kind)->name);
    if (why != NULL) {
        releve_reasons_format(why, days->job.kind, text);
        fprintf(stderr, "releve: %snothing is stored of %s: %s" RELEVE_REASONS_REMEDY "\n", whose, what, text,
                days->job.prm);
    } else {
        fprintf(stderr, "releve: %snothing is stored of %s%s\n", whose, what, days->remedy != NULL ? days->remedy : "");
    }
    read_series(days);
}

static bool end_series(struct releve_days *days, struct releve_error *error)
{
    FILE *out = days->out;
    if (out == NULL)
        return true;
    if (!releve_kind_is_document(days->job.kind)) {
        days->count += days->found;
        print_missing(days, days->job.span.end);
        if (days->format == RELEVE_DAYS_PRETTY)
            releve_picture_end(&days->picture);
    }
    days->out = NULL;
    return is_one_stream(days) || days->close(days->data, out, error) == RELEVE_OK;
}

static void on_read(void *data, const struct releve_error *error)
{
    struct releve_days *days = data;
    struct releve_error failure = *error;
    bool ended = end_series(days, &failure);
    if (error->code != RELEVE_OK || !ended) {
        releve_lookup_end(&days->lookup, &failure);
        return;
    }
    days->silent += days->found == 0;
    if (days->found > 0 || days->named >= RELEVE_DAYS_SILENT_MAX) {
        read_series(days);
        return;
    }
    struct releve_job first = days->job; /* of the usage point only */
    first.span.end = first.span.first + 1;
    releve_store_look_up(days->lookup.store, &first, releve_clock_civil(days->config->today), on_facts, days);
}

static void read_series(struct releve_days *days)
{
    if (days->lookup.ended)
        return;
    days->job = (struct releve_job){0};
    if (!releve_selection_job(days->selection, days->next, &days->job)) {
        releve_lookup_end(&days->lookup, NULL);
        return;
    }
    if (!is_one_stream(days))
        releve_lookup_advance(&days->lookup, days->next, releve_selection_jobs(days->selection));
    days->next++;
    days->found = 0;
    days->reached = days->job.span.first;
    releve_store_read_days(days->lookup.store, days->job.prm, days->job.kind, days->job.span, on_day, on_read, days);
}

static void start(void *data)
{
    read_series(data);
}

enum releve_code releve_days_print(struct releve_days *days, struct releve_config *config, struct releve_error *error)
{
    days->config = config;
    days->terminal = releve_terminal_look(STDOUT_FILENO);
    if (days->format == RELEVE_DAYS_CSV && is_one_stream(days))
        for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
            if ((days->selection->kinds & RELEVE_KIND_BIT(kind)) != 0) {
                puts(releve_day_csv_header(kind)); /* also where nothing follows */
                break;
            }
    enum releve_code code = releve_lookup_run(&days->lookup, config, true, start, days, error);
    size_t more = days->silent - days->named - days->absent;
    if (code == RELEVE_OK && days->absent > 0)
        fprintf(
            stderr,
            "releve: of %zu usage points and kinds there is nothing to store, as upstream says that there are none: "
            "releve points has each\n",
            days->absent);
    if (code == RELEVE_OK && more > 0)
        fprintf(stderr, "releve: (and of %zu more usage points and kinds nothing is stored)\n", more);
    return code;
}

/* --- the command line ------------------------------------------------------------------------------------------- */

enum releve_code releve_days_read_kinds(int argc, char **argv, struct releve_selection *selection, int *taken,
                                        struct releve_error *error)
{
    *taken = 0;
    if (argc < 2 || argv[1][0] == '-')
        return RELEVE_OK;
    releve_prm prm;
    if (releve_prm_parse(argv[1], strlen(argv[1]), &prm))
        return RELEVE_OK; /* releve_command_parse says where it belongs */
    *taken = 1;
    return releve_selection_add_kinds(selection, "KIND", argv[1], error);
}

enum releve_code releve_days_check(const struct releve_selection *selection, enum releve_days_format format,
                                   struct releve_error *error)
{
    const char *header = NULL;
    for (enum releve_kind kind = 0; format == RELEVE_DAYS_CSV && kind < RELEVE_KINDS; kind++) {
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        if (releve_kind_is_document(kind))
            return releve_fail(error, RELEVE_E_USAGE, "--format csv: a document is no table: say pretty or json");
        if (header != NULL && header != releve_day_csv_header(kind))
            return releve_fail(error, RELEVE_E_USAGE,
                               "--format csv: these kinds have different columns: say curves, or "
                               "daily_consumption,daily_production, or daily_consumption_max_power, or "
                               "index_consumption,index_production; or let releve export --out write a file for each");
        header = releve_day_csv_header(kind);
    }
    return RELEVE_OK;
}

enum releve_code releve_days_read_format(const char *value, enum releve_days_format *format, struct releve_error *error)
{
    static const char *const names[] = {"pretty", "json", "csv"};
    int found = releve_name_find(names, 3, value, strlen(value));
    if (found < 0)
        return releve_fail(error, RELEVE_E_USAGE, "--format \"%.40s\": say pretty, json or csv", value);
    *format = (enum releve_days_format)found;
    return RELEVE_OK;
}
