/* releve show: what Redis holds of usage points and kinds. Never a request. */
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

static int show_main(int argc, char **argv)
{
    static struct show show = {.days.remedy = "; releve get or releve backfill fetches what upstream has"};
    struct releve_error error = {0};
    int taken;
    if (releve_days_read_kinds(argc, argv, &show.selection, &taken, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    int wrong = releve_command_parse("show", argc - taken, argv + taken, options, apply_option, &show);
    if (wrong != 0)
        return wrong;
    show.days.selection = &show.selection;
    if (releve_config_load(&show.config, false, &error) != RELEVE_OK ||
        releve_selection_close_stored(&show.selection, releve_config_today(&show.config), &error) != RELEVE_OK ||
        releve_days_check(&show.selection, show.days.format, &error) != RELEVE_OK ||
        releve_days_print(&show.days, &show.config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    releve_selection_free(&show.selection);
    return releve_command_flush(releve_code_exit(show.days.broken ? RELEVE_E_PARTIAL : RELEVE_OK));
}

const struct releve_command releve_command_show = {
    .name = "show",
    .summary = "what Redis holds of usage points and kinds",
    .help = "[KIND[,...]] --prm PRM|--prms FILE [OPTION]...\n"
            "\n"
            "Prints the days that Redis holds, never sends a request. Where RELEVE_UPSTREAM\n"
            "is set, it refuses to show days of another one.\n"
            "\n" RELEVE_SELECTION_KIND_HELP "\n"
            "options:\n" RELEVE_SELECTION_POINT_HELP RELEVE_DAYS_KIND_HELP
            "  --start DAY        first day: YYYY-MM-DD, or yesterday; default: the oldest\n"
            "                     that is stored (of ten years)\n"
            "  --end DAY          day after the last one, or today (default). The same day\n"
            "                     as --start means that one day\n" RELEVE_DAYS_FORMAT_HELP,
    .run = show_main,
};
