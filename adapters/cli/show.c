/* releve show: what Redis holds of one usage point and kind. Never a request. */
#include "command.h"
#include "lookup.h"
#include "reasons.h"
#include "selection.h"
#include "stored_day.h"
#include <engine/runtime/clock.h>
#include <stdio.h>
#include <string.h>

enum format { FORMAT_PRETTY, FORMAT_JSON, FORMAT_CSV };

struct show {
    struct releve_selection selection;
    struct releve_config config;
    enum format format;
    struct releve_lookup lookup;
    struct releve_job job;
    size_t days;
    bool broken;
};

static void on_day(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct show *show = data;
    if (show->format == FORMAT_JSON) {
        printf("%s%.*s", show->days++ == 0 ? "[" : ",\n ", (int)text_bytes, text);
        return;
    }
    if (show->days++ == 0 && show->format == FORMAT_CSV)
        puts(releve_stored_day_header(show->job.kind));
    if (releve_stored_day_print(stdout, show->format == FORMAT_CSV ? RELEVE_STORED_DAY_CSV : RELEVE_STORED_DAY_PRETTY,
                                show->job.kind, day, text, text_bytes))
        return;
    char date[RELEVE_DAY_TEXT];
    releve_day_format(day, date);
    fprintf(stderr, "releve: %s: what is stored for this day is no day of this kind\n", date);
    show->broken = true;
}

/* --- the command ---------------------------------------------------------------------------------------- */

/* Nothing is stored: perhaps it is known why. */
static void on_facts(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct show *show = data;
    (void)coverage;
    const struct releve_reason *why = NULL;
    enum releve_standing standing = RELEVE_STANDING_OPEN;
    if (error->code == RELEVE_OK)
        standing = releve_facts_standing(facts, show->job.kind, &why);
    char text[RELEVE_REASONS_TEXT];
    if (standing != RELEVE_STANDING_OPEN) {
        releve_reasons_format(why, show->job.kind, text);
        fprintf(stderr, "releve: nothing is stored of these days: %s" RELEVE_REASONS_REMEDY "\n", text, show->job.prm);
    } else if (error->code == RELEVE_OK)
        fprintf(stderr, "releve: nothing is stored of these days; releve backfill fetches what upstream has\n");
    releve_lookup_end(&show->lookup, error);
}

static void on_done(void *data, const struct releve_error *error)
{
    struct show *show = data;
    if (error->code != RELEVE_OK || show->days > 0) {
        releve_lookup_end(&show->lookup, error);
        return;
    }
    show->job.span.end = show->job.span.first + 1; /* of the usage point only */
    releve_store_begin(show->lookup.store, &show->job, releve_clock_civil(show->config.today), on_facts, show);
}

static void start(void *data)
{
    struct show *show = data;
    releve_store_read_days(show->lookup.store, show->job.prm, show->job.kind, show->job.span, on_day, on_done, show);
}

static enum releve_code parse_format(struct show *show, const char *value, struct releve_error *error)
{
    static const char *const names[] = {"pretty", "json", "csv"};
    for (int i = 0; i < 3; i++) {
        show->format = (enum format)i;
        if (strcmp(value, names[i]) == 0)
            return RELEVE_OK;
    }
    return releve_fail(error, RELEVE_E_USAGE, "--format \"%.40s\": say pretty, json or csv", value);
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"format", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct show *show = data;
    return option == 'f' ? parse_format(show, value, error)
                         : releve_selection_apply(&show->selection, option, value, error);
}

static enum releve_code fail_kind(struct releve_error *error)
{
    return releve_fail(error, RELEVE_E_USAGE, "show: takes one kind, as its first word: " RELEVE_SELECTION_KINDS);
}

static enum releve_code check_selection(const struct releve_selection *selection, struct releve_error *error)
{
    if ((selection->kinds & (selection->kinds - 1)) != 0)
        return fail_kind(error);
    if (selection->prms_count != 1)
        return releve_fail(error, RELEVE_E_USAGE, "show: takes one usage point: give --prm PRM once");
    return RELEVE_OK;
}

/* What Redis holds has no horizon: days stay longer than upstream keeps them. */
static enum releve_code choose_days(struct show *show, struct releve_error *error)
{
    const struct releve_selection *selection = &show->selection;
    show->job.prm = selection->prms[0];
    while ((selection->kinds & RELEVE_KIND_BIT(show->job.kind)) == 0)
        show->job.kind++;
    show->job.span = releve_kind_history(show->job.kind, releve_config_today(&show->config));
    if (selection->has_start)
        show->job.span.first = selection->asked.first;
    if (selection->has_end)
        show->job.span.end = selection->asked.end;
    if (show->job.span.first > show->job.span.end)
        return releve_fail(error, RELEVE_E_USAGE, "show: the first day is after the end");
    if (show->job.span.first == show->job.span.end)
        show->job.span.end++;
    return RELEVE_OK;
}

static int show_main(int argc, char **argv)
{
    static struct show show;
    struct releve_error error = {0};
    enum releve_kind kind;
    if (argc < 2 || !releve_kind_parse(argv[1], strlen(argv[1]), &kind) || kind >= RELEVE_MEASURES) {
        fail_kind(&error);
        return releve_command_fail(&error);
    }
    show.selection.kinds = RELEVE_KIND_BIT(kind);
    int wrong = releve_command_parse("show", argc - 1, argv + 1, options, apply_option, &show);
    if (wrong != 0)
        return wrong;
    if (check_selection(&show.selection, &error) != RELEVE_OK ||
        releve_config_load(&show.config, false, &error) != RELEVE_OK || choose_days(&show, &error) != RELEVE_OK ||
        releve_lookup_run(&show.lookup, &show.config, true, start, &show, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (show.format == FORMAT_JSON)
        puts(show.days == 0 ? "[]" : "]");
    releve_selection_free(&show.selection);
    return releve_command_flush(releve_code_exit(show.broken ? RELEVE_E_PARTIAL : RELEVE_OK));
}

const struct releve_command releve_command_show = {
    .name = "show",
    .summary = "what Redis holds of a usage point and kind",
    .help =
        "KIND --prm PRM [--start DAY] [--end DAY] [--format pretty|json|csv]\n"
        "\n"
        "Prints the days that Redis holds, never sends a request. Where RELEVE_UPSTREAM is set, it refuses to show\n"
        "days of another one. KIND: daily_consumption, consumption_load_curve, daily_consumption_max_power,\n"
        "daily_production, production_load_curve.\n"
        "\n"
        "options:\n"
        "  --prm PRM          the usage point, 14 digits\n"
        "  --start DAY        first day, YYYY-MM-DD; default: the deepest history\n"
        "  --end DAY          day after the last one; default: today. The same day as --start: that one day\n"
        "  --format FORMAT    pretty (default: a line a day), json (an array of the days as stored), csv (a line\n"
        "                     a day; for load curves a line an interval, with its beginning in Paris time)\n",
    .run = show_main,
};
