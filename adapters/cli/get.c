/* releve get: one answer now. What Redis lacks of it is fetched within the quota, before all other work; then what
 * Redis holds is printed. */
#include "command.h"
#include "days.h"
#include "fetch.h"
#include <stdio.h>

struct get {
    struct releve_fetch fetch;
    struct releve_days days;
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct get *get = data;
    switch (option) {
    case 'f':
        return releve_days_read_format(value, &get->days.format, error);
    case 'r':
        get->fetch.refresh = true;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&get->fetch.selection, option, value, error);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"format", required_argument, NULL, 'f'},
    {"refresh", no_argument, NULL, 'r'},
    {NULL, 0, NULL, 0},
};

/* Whatever became of the fetching: what is there is printed, unless Redis is the trouble, or nobody waits any more. */
static int run(struct get *get)
{
    struct releve_error error = {0};
    enum releve_code code = releve_fetch_run(&get->fetch);
    if (code == RELEVE_E_REDIS || code == RELEVE_E_INTERRUPTED || code == RELEVE_E_CONFIG)
        return releve_fetch_end(&get->fetch);
    releve_session_hear(&releve_command_get);
    bool printed = releve_days_print(&get->days, &get->fetch.config, &error) == RELEVE_OK;
    int ended = releve_fetch_end(&get->fetch);
    if (!printed)
        return releve_command_fail(&error);
    return releve_command_flush(ended == 0 && get->days.broken ? releve_code_exit(RELEVE_E_PARTIAL) : ended);
}

static int get_main(int argc, char **argv)
{
    static struct get get = {
        .fetch = {.command = "get", .concurrency = RELEVE_CONCURRENCY_DEFAULT, .class_ = RELEVE_HIGH}};
    struct releve_fetch *fetch = &get.fetch;
    struct releve_error error = {0};
    int taken;
    if (releve_days_read_kinds(argc, argv, &fetch->selection, &taken, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    int wrong = releve_command_parse("get", argc - taken, argv + taken, options, apply_option, &get);
    if (wrong != 0)
        return wrong;
    get.days.selection = &fetch->selection;
    if (releve_fetch_prepare(fetch, &error) != RELEVE_OK ||
        releve_days_check(&fetch->selection, get.days.format, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (releve_selection_jobs(&fetch->selection) == 0) /* there is nothing new yet; that was said */
        return releve_command_flush(0);
    if (releve_config_start_redis(&fetch->config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    return run(&get);
}

const struct releve_command releve_command_get = {
    .name = "get",
    .summary = "one answer now: what Redis lacks of it is fetched first",
    .help = "[KIND[,...]] --prm PRM|--prms FILE [OPTION]...\n"
            "\n"
            "Fetches the days that Redis does not hold yet, within the quota and before all\n"
            "other work, and prints what there is then. Days that are known cost no request.\n"
            "\n" RELEVE_SELECTION_KIND_HELP "\n"
            "options:\n" RELEVE_SELECTION_POINT_HELP RELEVE_DAYS_KIND_HELP
            "  --start DAY        first day: YYYY-MM-DD, or yesterday; default: the deepest\n"
            "                     history (24 months + 15 days for curves, 36 months + 15\n"
            "                     days for the others)\n"
            "  --end DAY          day after the last one, or today (default). The same day\n"
            "                     as --start means that one day\n" RELEVE_DAYS_FORMAT_HELP
            "  --refresh          ask again for days that are known too\n",
    .interrupted = RELEVE_KEPT RELEVE_FETCH_GOES_ON,
    .run = get_main,
};
