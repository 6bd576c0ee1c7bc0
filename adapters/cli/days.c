/* See days.h. Never a request. */
#include "days.h"
#include "reasons.h"
#include "stored_day.h"
#include <engine/runtime/clock.h>
#include <releve/text.h>
#include <stdio.h>
#include <string.h>

static void on_day(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct releve_days *days = data;
    if (days->format == RELEVE_DAYS_JSON) {
        printf("%s%.*s", days->printed++ == 0 ? "[" : ",\n ", (int)text_bytes, text);
        return;
    }
    if (days->printed++ == 0 && days->format == RELEVE_DAYS_CSV)
        puts(releve_stored_day_header(days->job.kind));
    if (releve_stored_day_print(stdout,
                                days->format == RELEVE_DAYS_CSV ? RELEVE_STORED_DAY_CSV : RELEVE_STORED_DAY_PRETTY,
                                days->job.kind, day, text, text_bytes))
        return;
    char date[RELEVE_DAY_TEXT];
    releve_day_format(day, date);
    if (releve_kind_is_document(days->job.kind))
        fprintf(stderr, "releve: what is stored is no document\n");
    else
        fprintf(stderr, "releve: %s: what is stored for this day is no day of this kind\n", date);
    days->broken = true;
}

/* Nothing is stored: perhaps it is known why. */
static void on_facts(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct releve_days *days = data;
    (void)coverage;
    const struct releve_reason *why = NULL;
    enum releve_standing standing = RELEVE_STANDING_OPEN;
    if (error->code == RELEVE_OK)
        standing = releve_facts_standing(facts, days->job.kind, &why);
    char text[RELEVE_REASONS_TEXT];
    const char *what = releve_kind_is_document(days->job.kind) ? "this document" : "these days";
    if (standing != RELEVE_STANDING_OPEN) {
        releve_reasons_format(why, days->job.kind, text);
        fprintf(stderr, "releve: nothing is stored of %s: %s" RELEVE_REASONS_REMEDY "\n", what, text, days->job.prm);
    } else if (error->code == RELEVE_OK) {
        fprintf(stderr, "releve: nothing is stored of %s%s\n", what, days->remedy != NULL ? days->remedy : "");
    }
    releve_lookup_end(&days->lookup, error);
}

static void on_done(void *data, const struct releve_error *error)
{
    struct releve_days *days = data;
    if (error->code != RELEVE_OK || days->printed > 0) {
        releve_lookup_end(&days->lookup, error);
        return;
    }
    days->job.span.end = days->job.span.first + 1; /* of the usage point only */
    releve_store_begin(days->lookup.store, &days->job, releve_clock_civil(days->config->today), on_facts, days);
}

static void start(void *data)
{
    struct releve_days *days = data;
    releve_store_read_days(days->lookup.store, days->job.prm, days->job.kind, days->job.span, on_day, on_done, days);
}

enum releve_code releve_days_print(struct releve_days *days, struct releve_config *config, struct releve_error *error)
{
    days->config = config;
    enum releve_code code = releve_lookup_run(&days->lookup, config, true, start, days, error);
    if (code == RELEVE_OK && days->format == RELEVE_DAYS_JSON)
        puts(days->printed == 0 ? "[]" : "]");
    return code;
}

/* --- the command line ------------------------------------------------------------------------------------------- */

static enum releve_code fail_kind(const char *command, struct releve_error *error)
{
    return releve_fail(error, RELEVE_E_USAGE,
                       "%s: takes one kind, as its first word: " RELEVE_SELECTION_KINDS ", " RELEVE_SELECTION_REGISTERS
                       ", " RELEVE_SELECTION_DOCUMENTS,
                       command);
}

enum releve_code releve_days_read_kind(const char *command, int argc, char **argv, struct releve_selection *selection,
                                       struct releve_error *error)
{
    enum releve_kind kind;
    if (argc < 2 || !releve_kind_parse(argv[1], strlen(argv[1]), &kind))
        return fail_kind(command, error);
    selection->kinds = RELEVE_KIND_BIT(kind);
    return RELEVE_OK;
}

enum releve_code releve_days_check_selection(const char *command, const struct releve_selection *selection,
                                             enum releve_days_format format, struct releve_error *error)
{
    if ((selection->kinds & (selection->kinds - 1)) != 0)
        return fail_kind(command, error);
    if (selection->prms_count != 1)
        return releve_fail(error, RELEVE_E_USAGE, "%s: takes one usage point: give --prm PRM once", command);
    if (format == RELEVE_DAYS_CSV && (selection->kinds & ~RELEVE_ALL_MEASURES) != 0)
        return releve_fail(error, RELEVE_E_USAGE, "%s: a document is no table: say --format pretty or json", command);
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
