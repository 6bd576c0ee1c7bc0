/* releve backfill: every day of a selection, fetched once, within the quota, into Redis. */
#include "command.h"
#include "fetch.h"
#include <releve/text.h>
#include <stdio.h>
#include <string.h>

static int run_backfill(struct releve_fetch *backfill)
{
    enum releve_code code = releve_fetch_run(backfill);
    if (!backfill->json && (code == RELEVE_OK || releve_report_any(&backfill->report)))
        releve_report_print(&backfill->report, stdout);
    return releve_command_flush(releve_fetch_end(backfill));
}

static enum releve_code parse_progress(const char *value, enum releve_progress_mode *mode, struct releve_error *error)
{
    static const char *const names[] = {"auto", "always", "never"};
    int found = releve_name_find(names, 3, value, strlen(value));
    if (found < 0)
        return releve_fail(error, RELEVE_E_USAGE, "--progress \"%.40s\": say auto, always or never", value);
    *mode = (enum releve_progress_mode)found;
    return RELEVE_OK;
}

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct releve_fetch *backfill = data;
    switch (option) {
    case 'p':
        return releve_command_priority(value, &backfill->class_, error);
    case 'c':
        return releve_command_concurrency(value, &backfill->concurrency, error);
    case 'g':
        return parse_progress(value, &backfill->mode, error);
    case 'r':
        backfill->refresh = true;
        return RELEVE_OK;
    case 'a':
        backfill->adopt = true;
        return RELEVE_OK;
    case 'j':
        backfill->json = true;
        return RELEVE_OK;
    default:
        return releve_selection_apply(&backfill->selection, option, value, error);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"priority", required_argument, NULL, 'p'},
    {"concurrency", required_argument, NULL, 'c'},
    {"progress", required_argument, NULL, 'g'},
    {"refresh", no_argument, NULL, 'r'},
    {"adopt", no_argument, NULL, 'a'},
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static int backfill_main(int argc, char **argv)
{
    static struct releve_fetch backfill = {
        .command = "backfill", .concurrency = RELEVE_CONCURRENCY_DEFAULT, .class_ = RELEVE_NORMAL};
    struct releve_error error = {0};
    int wrong = releve_command_parse("backfill", argc, argv, options, apply_option, &backfill);
    if (wrong != 0)
        return wrong;
    if (releve_fetch_prepare(&backfill, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    if (releve_selection_jobs(&backfill.selection) == 0 && !backfill.adopt)
        return 0;
    if (releve_config_start_redis(&backfill.config, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    return run_backfill(&backfill);
}

const struct releve_command releve_command_backfill = {
    .name = "backfill",
    .summary = "fetch every day of a selection that is not known yet",
    .help = "SELECTION [OPTION]...\n"
            "\n"
            "Fetches every day that Redis does not hold yet, newest first, within the quota.\n"
            "Interrupted and started again it asks for nothing that it already has.\n"
            "\n" RELEVE_SELECTION_HELP "\noptions:\n"
            "  --priority high|normal|low  which class of work it is (default normal)\n"
            "  --concurrency N    requests in flight, 1 to 256 (default 16); the quota holds\n"
            "                     whatever it is\n"
            "  --refresh          ask again for days that are known too, for kinds that a\n"
            "                     usage point lacks and after refusals; a better day is\n"
            "                     never replaced by a worse one\n" RELEVE_ADOPT_HELP
            "  --progress auto|always|never  how far it is. auto (default): drawn on a\n"
            "                     terminal, a line every 10 s elsewhere; always: drawn;\n"
            "                     never: none\n"
            "  --json             one JSON object a job on standard output, as it ends,\n"
            "                     instead of the table\n",
    .interrupted = RELEVE_KEPT RELEVE_FETCH_GOES_ON,
    .run = backfill_main,
};
