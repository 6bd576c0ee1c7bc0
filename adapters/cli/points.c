/* releve points: what is known of each usage point. Reads Redis only, never sends a request. */
#include "command.h"
#include "known_points.h"
#include "point_look.h"
#include <engine/runtime/clock.h>
#include <stdio.h>

/* Usage points that Redis is asked about together, six questions each, and one more for each series with gaps: others
 * that ask it something wait behind some 30 scripts of 1 ms, as behind those of plan. */
#define LOOKS_AT_ONCE 5
#define BLOCKS_MAX 20 /* usage points that have a block each; beyond it a line each */

/* About the days of one kind. */
struct question {
    struct look *look;
    enum releve_kind kind;
};

struct look {
    struct points *points;
    struct question questions[RELEVE_MEASURES];
    struct releve_point_look is;
};

struct points {
    struct releve_selection selection;
    struct releve_config config;
    bool json;
    bool broken; /* something could not be read, and that was said */
    struct releve_lookup lookup;
    struct releve_known_points known;
    struct releve_span history[RELEVE_MEASURES];
    size_t next; /* usage point to ask about */
    struct look looks[LOOKS_AT_ONCE];
    size_t looks_count;
    size_t under_way; /* questions */
};

static bool has_blocks(const struct points *points)
{
    return points->selection.prms_count <= BLOCKS_MAX;
}

static void print(const struct points *points)
{
    for (size_t i = 0; i < points->looks_count; i++) {
        const struct releve_point_look *look = &points->looks[i].is;
        if (points->json)
            releve_point_look_print_json(look);
        else if (has_blocks(points))
            releve_point_look_print_block(look);
        else
            releve_point_look_print_line(look);
    }
}

static void look_at_next(struct points *points);

/* All of them are printed in their order, then the next ones are asked for. */
static void end_question(struct points *points)
{
    if (--points->under_way > 0 || points->lookup.ended)
        return;
    print(points);
    look_at_next(points);
}

/* What is wrong with one usage point stops no other. */
static void note_broken(struct look *look, const struct releve_error *error, struct releve_error *kept)
{
    struct points *points = look->points;
    if (points->lookup.ended)
        return;
    *kept = *error;
    points->broken = true;
    fprintf(stderr, "releve: " RELEVE_PRM_FORMAT ": %s\n", look->is.prm, error->text);
}

static void on_recalled(void *data, const struct releve_error *error, const struct releve_point_record *record)
{
    struct look *look = data;
    if (record != NULL)
        look->is.record = *record;
    else
        note_broken(look, error, &look->is.error);
    end_question(look->points);
}

static void on_checked(void *data, const struct releve_error *error)
{
    const struct question *question = data;
    if (error->code != RELEVE_OK)
        note_broken(question->look, error, &question->look->is.days[question->kind].error);
    end_question(question->look->points);
}

/* A day that is missing between those that are stored: is its key free? Whatever else lies there counts as missing too.
 */
static void check_gaps(struct question *question, const struct releve_coverage *coverage)
{
    struct points *points = question->look->points;
    const struct releve_point_days *days = &question->look->is.days[question->kind];
    int stored = days->complete + days->partial + days->holes + days->pending;
    struct releve_span span = {days->first, days->last + 1};
    if (stored == 0 || stored == releve_span_days(span))
        return;
    points->under_way++;
    releve_store_check_days(points->lookup.store, question->look->is.prm, question->kind, coverage, span, on_checked,
                            question);
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct question *question = data;
    struct points *points = question->look->points;
    (void)facts; /* the record says more */
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&points->lookup, error);
    } else if (!points->lookup.ended) {
        releve_point_days_count(coverage, &question->look->is.days[question->kind]);
        check_gaps(question, coverage);
    }
    end_question(points);
}

static void ask(struct points *points, struct look *look, releve_prm prm)
{
    struct releve_store *store = points->lookup.store;
    *look = (struct look){.points = points, .is = {.prm = prm, .now = releve_clock_civil(points->config.today)}};
    points->under_way += 1 + RELEVE_MEASURES;
    releve_store_recall(store, prm, on_recalled, look);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        const struct releve_job job = {.prm = prm, .kind = kind, .span = points->history[kind]};
        look->questions[kind] = (struct question){look, kind};
        /* As of 1970: a day that is to be asked again is stored all the same. */
        releve_store_begin(store, &job, 0, on_known, &look->questions[kind]);
    }
}

static void look_at_next(struct points *points)
{
    const struct releve_selection *selection = &points->selection;
    points->looks_count = 0;
    while (points->looks_count < LOOKS_AT_ONCE && points->next < selection->prms_count)
        ask(points, &points->looks[points->looks_count++], selection->prms[points->next++]);
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
    releve_day today = releve_config_today(&points->config);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        points->history[kind] = releve_kind_history(kind, today);
    bool all = points->selection.prms_count == 0;
    return all ? RELEVE_OK : releve_selection_close(&points->selection, today, error);
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
