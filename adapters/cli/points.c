/* releve points: what is known of each usage point. Reads Redis only, never sends a request. */
#include "command.h"
#include "json_fields.h"
#include "known_points.h"
#include "point_reading.h"
#include <engine/runtime/clock.h>
#include <stdio.h>

/* Usage points that Redis is asked about together, six questions each, and one more for each series with gaps: others
 * that ask it something wait behind some 30 scripts of 1 ms, as behind those of plan. */
#define LOOKS_AT_ONCE 5
#define BLOCKS_MAX 20 /* usage points that have a block each; beyond it a line each */

struct look {
    struct points *points;
    struct releve_point_reading reading;
};

struct points {
    struct releve_selection selection;
    struct releve_config config;
    bool json;
    bool broken; /* something could not be read, and that was said */
    struct releve_lookup lookup;
    struct releve_known_points known;
    releve_day today;
    size_t next; /* usage point to ask about */
    struct look looks[LOOKS_AT_ONCE];
    size_t looks_count;
    size_t under_way; /* looks */
};

static bool has_blocks(const struct points *points)
{
    return points->selection.prms_count <= BLOCKS_MAX;
}

static void print(const struct points *points)
{
    for (size_t i = 0; i < points->looks_count; i++) {
        const struct releve_point_look *look = &points->looks[i].reading.look;
        if (points->json)
            releve_json_print(releve_point_look_json(look));
        else if (has_blocks(points))
            releve_point_look_print_block(look);
        else
            releve_point_look_print_line(look);
    }
}

static void look_at_next(struct points *points);

/* What is wrong with one usage point stops no other. */
static void name_broken(struct points *points, const struct releve_point_look *look)
{
    const struct releve_error *errors[1 + RELEVE_MEASURES] = {&look->error};
    for (size_t kind = 0; kind < RELEVE_MEASURES; kind++)
        errors[1 + kind] = &look->days[kind].error;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (errors[i]->code == RELEVE_OK)
            continue;
        points->broken = true;
        fprintf(stderr, "releve: " RELEVE_PRM_FORMAT ": %s\n", look->prm, errors[i]->text);
    }
}

/* All of them are printed in their order, then the next ones are asked for. */
static void on_looked(void *data, const struct releve_error *error)
{
    struct look *look = data;
    struct points *points = look->points;
    points->under_way--;
    if (error->code != RELEVE_OK)
        releve_lookup_end(&points->lookup, error);
    else if (!points->lookup.ended)
        name_broken(points, &look->reading.look);
    if (points->under_way > 0 || points->lookup.ended)
        return;
    print(points);
    look_at_next(points);
}

static void look_at_next(struct points *points)
{
    const struct releve_selection *selection = &points->selection;
    points->looks_count = 0;
    while (points->looks_count < LOOKS_AT_ONCE && points->next < selection->prms_count) {
        struct look *look = &points->looks[points->looks_count++];
        look->points = points;
        points->under_way++;
        releve_point_reading_begin(&look->reading, points->lookup.store, selection->prms[points->next++], points->today,
                                   releve_clock_civil(points->config.today), on_looked, look);
    }
    if (points->looks_count == 0)
        releve_lookup_end(&points->lookup, NULL);
}

static void look_at_first(void *data)
{
    struct points *points = data;
    if (!points->json && !has_blocks(points))
        releve_point_look_print_header();
    look_at_next(points);
}

static void start(void *data)
{
    struct points *points = data;
    releve_known_points_find(&points->known, &points->lookup, &points->selection, look_at_first, points);
}

/* --- the command ---------------------------------------------------------------------------------------- */

static const struct option options[] = {
    RELEVE_SELECTION_POINT_OPTIONS,
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct points *points = data;
    if (option != 'j')
        return releve_selection_apply(&points->selection, option, value, error);
    points->json = true;
    return RELEVE_OK;
}

static enum releve_code load(struct points *points, struct releve_error *error)
{
    enum releve_code code = releve_config_load(&points->config, false, error);
    if (code != RELEVE_OK)
        return code;
    points->today = releve_config_today(&points->config);
    bool all = points->selection.prms_count == 0;
    return all ? RELEVE_OK : releve_selection_close(&points->selection, points->today, error);
}

static int points_main(int argc, char **argv)
{
    static struct points points;
    struct releve_error error = {0};
    int wrong = releve_command_parse("points", argc, argv, options, apply_option, &points);
    if (wrong != 0)
        return wrong;
    if (load(&points, &error) != RELEVE_OK ||
        releve_lookup_run(&points.lookup, &points.config, true, start, &points, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    releve_selection_free(&points.selection);
    return releve_command_flush(releve_code_exit(points.broken ? RELEVE_E_REDIS : RELEVE_OK));
}

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
#define BLOCKS_TEXT TEXT(BLOCKS_MAX)

const struct releve_command releve_command_points = {
    .name = "points",
    .summary = "what is known of each usage point: refusals, activation, days",
    .help =
        "[--prm PRM]... [--prms FILE|-] [--json]\n"
        "\n"
        "Says what Redis knows of the usage points, by direction and kind, and never\n"
        "sends a request. Without --prm and --prms: of all that there are facts or days\n"
        "of under RELEVE_PREFIX, ascending. Where RELEVE_UPSTREAM is set, it refuses\n"
        "what is known from another one.\n"
        "\n"
        "Up to " BLOCKS_TEXT " usage points have a block each, with all that is known. More have\n"
        "a line each: of each direction what holds now, and how many days of all kinds\n"
        "are stored:\n"
        "  refused     no consent, or another holder; it is believed, and not asked\n"
        "              again yet\n"
        "  absent      there is no such direction, as upstream said; likewise\n"
        "  no point    upstream does not know the usage point; likewise\n"
        "  has days    none of these, and days of it are stored\n"
        "  unknown     none of these, and nothing is stored\n"
        "  unreadable  the key of its facts holds something else, as a line on standard\n"
        "              error says\n"
        "\n"
        "Days are those that upstream serves today (36 months and 15 days, load curves\n"
        "24 months and 15 days); of them, missing ones were never stored. Older ones\n"
        "that Redis keeps are not counted: see releve show --start.\n"
        "\n"
        "options:\n" RELEVE_SELECTION_POINT_HELP "  --json             one JSON document a line for each usage point\n"
        "                     (docs/operations.md)\n",
    .run = points_main,
};
