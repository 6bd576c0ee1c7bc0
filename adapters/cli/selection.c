/* Reads selections: flags, kinds and days. Bad input gets one line. */
#include "selection.h"
#include "prm_file.h"
#include "suggest.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STORED_MONTHS \
    (12 * RELEVE_SELECTION_YEARS_MAX) /* how far back days are looked for in Redis, where nobody says */

static enum releve_code add_prm(struct releve_selection *selection, releve_prm prm, struct releve_error *error)
{
    if (selection->prms_count == RELEVE_SELECTION_POINTS_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "more than %d usage points in one command: split the list",
                           RELEVE_SELECTION_POINTS_MAX);
    size_t count = selection->prms_count;
    if (count == 0 || (count & (count - 1)) == 0) { /* full: its room is the next power of two */
        releve_prm *grown = realloc(selection->prms, (count == 0 ? 1 : count * 2) * sizeof *grown);
        if (grown == NULL)
            return releve_fail(error, RELEVE_E_SYSTEM, "no memory for %zu usage points", count * 2);
        selection->prms = grown;
    }
    selection->prms[selection->prms_count++] = prm;
    return RELEVE_OK;
}

static enum releve_code add_point(void *data, releve_prm prm, struct releve_error *error)
{
    return add_prm(data, prm, error);
}

enum releve_code releve_selection_add_kinds(struct releve_selection *selection, const char *option, const char *value,
                                            struct releve_error *error)
{
    while (true) {
        size_t length = strcspn(value, ",");
        releve_kinds kinds;
        if (!releve_kinds_parse(value, length, &kinds)) {
            const char *words[RELEVE_KINDS_WORDS];
            char suggestion[RELEVE_SUGGEST_TEXT];
            for (int i = 0; i < RELEVE_KINDS_WORDS; i++)
                words[i] = releve_kinds_word(i);
            return releve_fail(error, RELEVE_E_USAGE, "%s \"%.*s\": unknown%s; say " RELEVE_KINDS_TEXT, option,
                               (int)(length < 60 ? length : 60), value,
                               releve_suggest_format(value, length, words, RELEVE_KINDS_WORDS, suggestion));
        }
        selection->kinds |= kinds;
        if (value[length] == '\0')
            return RELEVE_OK;
        value += length + 1;
    }
}

/* Days that are known when it is known which day it is: settle() puts them right. */
#define DAY_TODAY (RELEVE_DAY_NONE + 1)
#define DAY_YESTERDAY (RELEVE_DAY_NONE + 2)

static enum releve_code parse_day(const char *option, const char *value, releve_day *day, struct releve_error *error)
{
    bool today = strcmp(value, "today") == 0, yesterday = strcmp(value, "yesterday") == 0;
    if (today || yesterday)
        *day = today ? DAY_TODAY : DAY_YESTERDAY;
    if (today || yesterday || releve_day_parse(value, strlen(value), day))
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_USAGE,
                       "%s \"%.40s\": write a day that exists, as YYYY-MM-DD (%d to %d), yesterday or today", option,
                       value, RELEVE_DAY_YEAR_MIN, RELEVE_DAY_YEAR_MAX);
}

enum releve_code releve_selection_apply(struct releve_selection *selection, int option, const char *value,
                                        struct releve_error *error)
{
    releve_prm prm;
    switch (option - RELEVE_SELECTION_OPTION) {
    case 0:
        if (!releve_prm_parse(value, strlen(value), &prm))
            return releve_fail(error, RELEVE_E_USAGE, "--prm \"%.40s\": is no PRM: write its 14 digits", value);
        return add_prm(selection, prm, error);
    case 1:
        selection->read_files = true;
        return releve_prm_file_read(value, selection->column, add_point, selection, error);
    case 2:
        return releve_selection_add_kinds(selection, "--kind", value, error);
    case 3:
        selection->has_start = true;
        return parse_day("--start", value, &selection->asked.first, error);
    case 4:
        selection->has_end = true;
        return parse_day("--end", value, &selection->asked.end, error);
    default:
        if (selection->read_files)
            return releve_fail(error, RELEVE_E_USAGE, "--column %.40s: say it before the --prms that it is about",
                               value);
        selection->column = value;
        return RELEVE_OK;
    }
}

struct line {
    releve_prm prm;
    size_t position;
};

static int by_prm(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    if (left->prm != right->prm)
        return left->prm < right->prm ? -1 : 1;
    return left->position < right->position ? -1 : 1;
}

static int by_position(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    return left->position < right->position ? -1 : left->position > right->position;
}

static enum releve_code drop_duplicates(struct releve_selection *selection, struct releve_error *error)
{
    size_t count = selection->prms_count;
    struct line *lines = malloc((count > 0 ? count : 1) * sizeof *lines);
    if (lines == NULL)
        return releve_fail(error, RELEVE_E_SYSTEM, "no memory for %zu usage points", count);
    for (size_t i = 0; i < count; i++)
        lines[i] = (struct line){selection->prms[i], i};
    qsort(lines, count, sizeof *lines, by_prm);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || lines[i].prm != lines[i - 1].prm)
            lines[kept++] = lines[i];
    qsort(lines, kept, sizeof *lines, by_position);
    for (size_t i = 0; i < kept; i++)
        selection->prms[i] = lines[i].prm;
    free(lines);
    selection->prms_count = kept;
    selection->duplicates = count - kept;
    if (selection->duplicates > 0)
        fprintf(stderr, "releve: %zu duplicate%s among the usage points; each counts once\n", selection->duplicates,
                selection->duplicates == 1 ? "" : "s");
    return RELEVE_OK;
}

/* What was asked of a kind, before it is cut. */
static struct releve_span wanted_span(const struct releve_selection *selection, struct releve_span history)
{
    struct releve_span wanted = {selection->has_start ? selection->asked.first : history.first,
                                 selection->has_end ? selection->asked.end : history.end};
    if (wanted.first == wanted.end && selection->has_start && selection->has_end)
        wanted.end++;
    return wanted;
}

/* Says what was cut of a kind where the user had asked for it. */
static void report_cut(const struct releve_selection *selection, enum releve_kind kind, releve_day today)
{
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    struct releve_span history = releve_keep_history(&selection->keep, kind, today);
    struct releve_span wanted = wanted_span(selection, history);
    struct releve_span span = selection->spans[kind];
    bool unkept = history.first > releve_kind_history(kind, today).first;
    char day[RELEVE_DAY_TEXT];
    if (releve_span_days(span) == 0 && wanted.end <= history.first) {
        releve_day_format(history.first, day);
        fprintf(stderr, "releve: %s: left out, as %s nothing of it before %s\n", facts->name,
                unkept ? "RELEVE_KEEP keeps" : "upstream keeps", day);
    }
    if (releve_span_days(span) > 0 && selection->has_start && span.first > wanted.first) {
        releve_day_format(span.first, day);
        if (unkept)
            fprintf(stderr, "releve: %s: RELEVE_KEEP keeps %d days, so it begins on %s\n", facts->name,
                    selection->keep.days[kind], day);
        else
            fprintf(stderr, "releve: %s: upstream keeps %d months + %d days, so it begins on %s\n", facts->name,
                    facts->history_months, facts->history_days, day);
    }
    if (releve_span_days(span) > 0 && selection->has_end && span.end < wanted.end) {
        releve_day_format(span.end, day);
        fprintf(stderr, "releve: %s: upstream has nothing from today on, so it ends before %s\n", facts->name, day);
    }
}

static void settle_day(releve_day *day, releve_day today)
{
    if (*day == DAY_TODAY || *day == DAY_YESTERDAY)
        *day = *day == DAY_TODAY ? today : today - 1;
}

/* Kinds are those of "all" where nobody says. */
static enum releve_code settle(struct releve_selection *selection, releve_day today, struct releve_error *error)
{
    settle_day(&selection->asked.first, today);
    settle_day(&selection->asked.end, today);
    if (selection->column != NULL && !selection->read_files)
        return releve_fail(error, RELEVE_E_USAGE, "--column %.40s: there is no --prms that it could be about",
                           selection->column);
    if (selection->kinds == 0)
        selection->kinds = RELEVE_KINDS_OF_ALL;
    return RELEVE_OK;
}

static enum releve_code settle_points(struct releve_selection *selection, releve_day today, struct releve_error *error)
{
    if (selection->prms_count == 0)
        return releve_fail(error, RELEVE_E_USAGE, "no usage point: give --prm PRM or --prms FILE");
    return settle(selection, today, error);
}

enum releve_code releve_selection_close(struct releve_selection *selection, releve_day today,
                                        struct releve_error *error)
{
    struct releve_span *asked = &selection->asked;
    char first[RELEVE_DAY_TEXT] = "", end[RELEVE_DAY_TEXT] = "";
    if (settle_points(selection, today, error) != RELEVE_OK)
        return error->code;
    releve_day_format(asked->first, first);
    releve_day_format(asked->end, end);
    if (selection->has_start && selection->has_end && asked->first > asked->end)
        return releve_fail(error, RELEVE_E_USAGE, "--start %s is after --end %s", first, end);
    if (selection->has_start && asked->first > today)
        return releve_fail(error, RELEVE_E_USAGE, "--start %s is in the future: upstream serves days up to yesterday",
                           first);
    enum releve_code code = drop_duplicates(selection, error);
    if (code != RELEVE_OK)
        return code;

    bool any = false, unkept = false;
    releve_day deepest = today;
    for (int kind = 0; kind < RELEVE_KINDS; kind++) {
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        struct releve_span history = releve_keep_history(&selection->keep, (enum releve_kind)kind, today);
        if (releve_kind_is_document((enum releve_kind)kind)) { /* the days that are asked are of the others */
            selection->spans[kind] = history;
            any = true;
            continue;
        }
        selection->spans[kind] = releve_span_cut(wanted_span(selection, history), history);
        any = any || releve_span_days(selection->spans[kind]) > 0;
        deepest = history.first < deepest ? history.first : deepest;
        unkept = unkept || history.first > releve_kind_history((enum releve_kind)kind, today).first;
    }
    for (int kind = 0; any && kind < RELEVE_KINDS; kind++)
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) != 0 && !releve_kind_is_document((enum releve_kind)kind))
            report_cut(selection, (enum releve_kind)kind, today);
    if (any)
        return RELEVE_OK;
    if (selection->has_end && asked->end <= deepest) {
        releve_day_format(deepest, first);
        return releve_fail(error, RELEVE_E_USAGE, "--end %s: %s nothing before %s of what was asked", end,
                           unkept ? "RELEVE_KEEP and upstream keep" : "upstream keeps", first);
    }
    fprintf(stderr,
            "releve: nothing to do: upstream serves days up to yesterday, and nothing before today was asked\n");
    return RELEVE_OK;
}

static enum releve_code refuse_empty(struct releve_span span, struct releve_error *error)
{
    char first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_day_format(span.first, first);
    releve_day_format(span.end, end);
    return releve_fail(error, RELEVE_E_USAGE,
                       "no day lies from %s on and before %s: --start is the first day, --end the one after the last; "
                       "days are kept for %d years, up to yesterday",
                       first, end, STORED_MONTHS / 12);
}

enum releve_code releve_selection_close_stored(struct releve_selection *selection, releve_day today,
                                               struct releve_error *error)
{
    if (settle_points(selection, today, error) != RELEVE_OK)
        return error->code;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        struct releve_span all = {releve_day_add_months(today, -STORED_MONTHS), today};
        bool document = releve_kind_is_document(kind);
        selection->spans[kind] = document ? releve_kind_history(kind, today) : wanted_span(selection, all);
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) != 0 && releve_span_days(selection->spans[kind]) < 1)
            return refuse_empty(selection->spans[kind], error);
    }
    return drop_duplicates(selection, error);
}

enum releve_code releve_selection_close_days(struct releve_selection *selection, releve_day today,
                                             struct releve_error *error)
{
    struct releve_span kept = {releve_day_add_months(today, -STORED_MONTHS), today};
    if (settle(selection, today, error) != RELEVE_OK)
        return error->code;
    for (enum releve_kind kind = 0; kind < RELEVE_KINDS; kind++) {
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        if (releve_kind_is_document(kind))
            return releve_fail(error, RELEVE_E_USAGE, "--kind %s is a document, which has no days",
                               releve_kind_facts(kind)->name);
        struct releve_span wanted = wanted_span(selection, releve_keep_history(&selection->keep, kind, today));
        selection->spans[kind] = releve_span_cut(wanted, kept);
        if (releve_span_days(selection->spans[kind]) < 1)
            return refuse_empty(wanted, error);
    }
    return drop_duplicates(selection, error);
}

void releve_selection_free(struct releve_selection *selection)
{
    free(selection->prms);
    *selection = (struct releve_selection){0};
}

/* The n-th kind of the selection that has days left; RELEVE_KINDS past the end. */
static enum releve_kind nth_kind(const struct releve_selection *selection, size_t n)
{
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) != 0 && releve_span_days(selection->spans[kind]) > 0 && n-- == 0)
            return (enum releve_kind)kind;
    return RELEVE_KINDS;
}

static size_t kinds_count(const struct releve_selection *selection)
{
    size_t count = 0;
    while (nth_kind(selection, count) != RELEVE_KINDS)
        count++;
    return count;
}

size_t releve_selection_jobs(const struct releve_selection *selection)
{
    return selection->prms_count * kinds_count(selection);
}

releve_day releve_selection_newest(const struct releve_selection *selection)
{
    releve_day newest = RELEVE_DAY_NONE;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((selection->kinds & RELEVE_KIND_BIT(kind)) != 0 && selection->spans[kind].end - 1 > newest)
            newest = selection->spans[kind].end - 1;
    return newest;
}

bool releve_selection_job(const struct releve_selection *selection, size_t index, struct releve_job *job)
{
    size_t kinds = kinds_count(selection);
    if (kinds == 0 || index / kinds >= selection->prms_count)
        return false;
    job->prm = selection->prms[index / kinds];
    job->kind = nth_kind(selection, index % kinds);
    job->span = selection->spans[job->kind];
    return true;
}
