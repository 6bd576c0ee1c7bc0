/* releve show: what Redis holds of one usage point and kind. Never a request. */
#include "command.h"
#include "days.h"

struct show {
    struct releve_selection selection;
    struct releve_config config;
    struct releve_days days;
};

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"format", required_argument, NULL, 'f'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct show *show = data;
    return option == 'f' ? releve_days_read_format(value, &show->days.format, error)
                         : releve_selection_apply(&show->selection, option, value, error);
}

/* What Redis holds has no horizon: days stay longer than upstream keeps them. */
static enum releve_code choose_days(struct show *show, struct releve_error *error)
{
    const struct releve_selection *selection = &show->selection;
    show->days.job.prm = selection->prms[0];
    while ((selection->kinds & RELEVE_KIND_BIT(show->days.job.kind)) == 0)
        show->days.job.kind++;
    show->days.job.span = releve_kind_history(show->days.job.kind, releve_config_today(&show->config));
    if (releve_kind_is_document(show->days.job.kind))
        return RELEVE_OK;
    if (selection->has_start)
        show->days.job.span.first = selection->asked.first;
    if (selection->has_end)
        show->days.job.span.end = selection->asked.end;
    if (show->days.job.span.first > show->days.job.span.end)
        return releve_fail(error, RELEVE_E_USAGE, "show: the first day is after the end");
    if (show->days.job.span.first == show->days.job.span.end)
        show->days.job.span.end++;
    return RELEVE_OK;
}

static int show_main(int argc, char **argv)
{
    static struct show show = {.days.remedy = "; releve get or releve backfill fetches what upstream has"};
    struct releve_error error = {0};
    if (releve_days_read_kind("show", argc, argv, &show.selection, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    int wrong = releve_command_parse("show", argc - 1, argv + 1, options, apply_option, &show);
    if (wrong != 0)
        return wrong;
    if (releve_days_check_selection("show", &show.selection, show.days.format, &error) != RELEVE_OK ||
        releve_config_load(&show.config, false, &error) != RELEVE_OK || choose_days(&show, &error) != RELEVE_OK ||
        releve_days_print(&show.days, &show.config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    releve_selection_free(&show.selection);
    return releve_command_flush(releve_code_exit(show.days.broken ? RELEVE_E_PARTIAL : RELEVE_OK));
}

const struct releve_command releve_command_show = {
    .name = "show",
    .summary = "what Redis holds of a usage point and kind",
    .help =
        "KIND --prm PRM [--start DAY] [--end DAY] [--format pretty|json|csv]\n"
        "\n"
        "Prints the days that Redis holds, never sends a request. Where RELEVE_UPSTREAM is set, it refuses to show\n"
        "days of another one.\n" RELEVE_DAYS_KINDS_HELP "\n"
        "options:\n"
        "  --prm PRM          the usage point, 14 digits\n"
        "  --start DAY        first day, YYYY-MM-DD; default: the deepest history\n"
        "  --end DAY          day after the last one; default: today. The same day as --start: that one "
        "day\n" RELEVE_DAYS_FORMAT_HELP,
    .run = show_main,
};
