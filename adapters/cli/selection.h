/* A selection: which usage points, which kinds, which days. Read and checked whole before anything is started. */
#ifndef RELEVE_CLI_SELECTION_H
#define RELEVE_CLI_SELECTION_H

#include <releve/error.h>
#include <releve/job.h>
#include <releve/keep.h>
#include <releve/kind.h>
#include <stdbool.h>
#include <stddef.h>

#define RELEVE_SELECTION_YEARS_MAX 10 /* how far back days are looked for in Redis */
#define RELEVE_SELECTION_DAYS_MAX (366 * RELEVE_SELECTION_YEARS_MAX)
#define RELEVE_SELECTION_POINTS_MAX 10000000 /* usage points in one command; 8 bytes each */

struct releve_selection {
    releve_prm *prms; /* in the order of first appearance, each once; owned */
    size_t prms_count;
    size_t duplicates;  /* left out */
    bool read_files;    /* some --prms was read */
    const char *column; /* of CSV files: the name of the one that holds usage points; NULL: the first */
    releve_kinds kinds;
    struct releve_keep keep; /* set before it is closed: older days are cut too */
    /* The days that are asked of each kind, cut to what upstream serves; empty where nothing is left. */
    struct releve_span spans[RELEVE_KINDS];
    /* As the user wrote them. */
    struct releve_span asked;
    bool has_start, has_end;
};

/* The selection's options, for a getopt_long table; their values begin at RELEVE_SELECTION_OPTION. The first ones
 * select usage points only. */
#define RELEVE_SELECTION_OPTION 1000
#define RELEVE_SELECTION_POINT_OPTIONS                                  \
    {"prm", required_argument, NULL, RELEVE_SELECTION_OPTION},          \
        {"prms", required_argument, NULL, RELEVE_SELECTION_OPTION + 1}, \
    {                                                                   \
        "column", required_argument, NULL, RELEVE_SELECTION_OPTION + 5  \
    }
#define RELEVE_SELECTION_OPTIONS                                                                    \
    RELEVE_SELECTION_POINT_OPTIONS, {"kind", required_argument, NULL, RELEVE_SELECTION_OPTION + 2}, \
        {"start", required_argument, NULL, RELEVE_SELECTION_OPTION + 3},                            \
    {                                                                                               \
        "end", required_argument, NULL, RELEVE_SELECTION_OPTION + 4                                 \
    }

/* The last day of its measures; RELEVE_DAY_NONE where it has none. */
releve_day releve_selection_newest(const struct releve_selection *selection);

#define RELEVE_SELECTION_POINT_HELP                                                     \
    "  --prm PRM          a usage point, 14 digits; may be given again\n"               \
    "  --prms FILE|-      usage points from a file or standard input: one a line, #\n"  \
    "                     comments, or the first column of a CSV\n"                     \
    "  --column NAME      the column of that CSV, where it is not the first one; say\n" \
    "                     it before --prms\n"

#define RELEVE_SELECTION_HELP                                                                                \
    "SELECTION:\n" RELEVE_SELECTION_POINT_HELP "  --kind KIND[,...]  what is wanted of each; default: all\n" \
    "  --start DAY        first day: YYYY-MM-DD, or yesterday; default: the deepest\n"                       \
    "                     history (24 months + 15 days for curves, 36 months + 15\n"                         \
    "                     days for the others)\n"                                                            \
    "  --end DAY          day after the last one, or today (default). The same day\n"                        \
    "                     as --start means that one day\n"                                                   \
    "\n" RELEVE_SELECTION_KIND_HELP

/* Of what is stored: all of it, where no day is named. */
#define RELEVE_SELECTION_STORED_HELP                                                                         \
    "SELECTION:\n" RELEVE_SELECTION_POINT_HELP "  --kind KIND[,...]  what is wanted of each; default: all\n" \
    "  --start DAY        first day: YYYY-MM-DD, or yesterday; default: the oldest\n"                        \
    "                     that is stored (of ten years)\n"                                                   \
    "  --end DAY          day after the last one, or today (default). The same day\n"                        \
    "                     as --start means that one day\n"                                                   \
    "\n" RELEVE_SELECTION_KIND_HELP

/* Of what is about days, stored or not. */
#define RELEVE_SELECTION_DAYS_HELP                                                                              \
    "SELECTION:\n" RELEVE_SELECTION_POINT_HELP "  --kind KIND[,...]  what is looked at of each; default: all\n" \
    "  --start DAY        first day: YYYY-MM-DD, or yesterday; at most ten years\n"                             \
    "                     ago; default: the deepest history of each kind, as it can\n"                          \
    "                     still be fetched\n"                                                                   \
    "  --end DAY          day after the last one, or today (default). The same day\n"                           \
    "                     as --start means that one day\n"                                                      \
    "\n" RELEVE_SELECTION_MEASURES_HELP

/* The values of KIND, for --kind and for the commands that begin with it. */
#define RELEVE_SELECTION_KIND_HELP                     \
    RELEVE_SELECTION_MEASURES_HELP                     \
    "  contracts, addresses, identity, contact_data\n" \
    "                     documents, which have no days\n"

#define RELEVE_SELECTION_MEASURES_HELP                                           \
    "KIND (one or several, with commas between them; default: all):\n"           \
    "  daily_consumption, consumption_load_curve, daily_consumption_max_power\n" \
    "                     the measures of consumption\n"                         \
    "  daily_production, production_load_curve\n"                                \
    "                     the measures of production\n"                          \
    "  consumption, production, daily, curves, all\n"                            \
    "                     several of these measures\n"                           \
    "  index_consumption, index_production\n"                                    \
    "                     the meter's registers (2026)\n"

/* Applies one of these options. RELEVE_E_USAGE says what is wrong and what is allowed. */
enum releve_code releve_selection_apply(struct releve_selection *selection, int option, const char *value,
                                        struct releve_error *error);

/* Checks the whole, leaves out duplicates and cuts the spans to what upstream can serve, and what is kept, when today
 * is `today`; says on stderr what was cut. RELEVE_E_USAGE where nothing can be served; RELEVE_OK with all spans empty
 * where there is nothing new yet. */
enum releve_code releve_selection_close(struct releve_selection *selection, releve_day today,
                                        struct releve_error *error);

/* The same for what Redis holds, where days stay longer than upstream keeps them: without --start from ten years ago.
 */
enum releve_code releve_selection_close_stored(struct releve_selection *selection, releve_day today,
                                               struct releve_error *error);

/* The same for what is about days, stored or not: without --start they are those that a job would get, and with it from
 * ten years ago on at the earliest. Usage points may be none; documents are refused. */
enum releve_code releve_selection_close_days(struct releve_selection *selection, releve_day today,
                                             struct releve_error *error);

/* Adds kinds, "daily,identity"; `option` is what they stood behind. */
enum releve_code releve_selection_add_kinds(struct releve_selection *selection, const char *option, const char *value,
                                            struct releve_error *error);

void releve_selection_free(struct releve_selection *selection);

/* How many jobs it comes to. */
size_t releve_selection_jobs(const struct releve_selection *selection);

/* Job number `index` (usage point by usage point): its PRM, kind and span; the rest is left alone. False past the end.
 */
bool releve_selection_job(const struct releve_selection *selection, size_t index, struct releve_job *job);

#endif
