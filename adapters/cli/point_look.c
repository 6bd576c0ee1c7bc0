/* See point_look.h. What is not known is printed as unknown: no fact against a usage point is no fact for it. */
#include "point_look.h"
#include "json_fields.h"
#include "reasons.h"
#include "terminal.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 1024 /* one fact as people are told it; its reason has at most 240 of them */

void releve_point_days_count(const struct releve_coverage *coverage, struct releve_point_days *days)
{
    days->span = coverage->span;
    days->complete = releve_coverage_count(coverage, RELEVE_DAY_COMPLETE);
    days->partial = releve_coverage_count(coverage, RELEVE_DAY_PARTIAL);
    days->holes = releve_coverage_count(coverage, RELEVE_DAY_HOLE);
    days->pending = releve_coverage_count(coverage, RELEVE_DAY_PENDING);
    days->missing = releve_coverage_count(coverage, RELEVE_DAY_MISSING);
    days->first = days->last = RELEVE_DAY_NONE;
    for (releve_day day = coverage->span.first; day < coverage->span.end; day++) {
        if (releve_coverage_get(coverage, day) == RELEVE_DAY_MISSING)
            continue;
        days->first = days->first == RELEVE_DAY_NONE ? day : days->first;
        days->last = day;
    }
}

static bool is_known(const struct releve_memory *memory)
{
    return memory->since != 0;
}

static bool is_believed(const struct releve_memory *memory, releve_time now)
{
    return is_known(memory) && memory->until > now;
}

/* --- a block ------------------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 2, 3))) print_fact(int indent, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("%*s", indent, "");
    releve_terminal_wrap(stdout, text, indent, indent + 2, releve_terminal_look(STDOUT_FILENO).columns);
}

/* "unknown" where there is none. */
static const char *day_text(releve_day day, char out[RELEVE_DAY_TEXT])
{
    if (day == RELEVE_DAY_NONE)
        return "unknown";
    releve_day_format(day, out);
    return out;
}

/* When it was learned, from what, and until when it holds. */
#define ORIGIN_BYTES 256
static void format_origin(const struct releve_memory *memory, releve_time now, char out[ORIGIN_BYTES])
{
    char since[RELEVE_TIME_TEXT], until[RELEVE_TIME_TEXT], first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT],
        asked[128] = "";
    const char *name = memory->kind == RELEVE_KINDS ? NULL : releve_kind_facts(memory->kind)->name;
    releve_utc_format(memory->since, since);
    releve_utc_format(memory->until, until);
    if (name != NULL && releve_kind_is_document(memory->kind)) {
        (void)snprintf(asked, sizeof asked, " when %s was asked for", name);
    } else if (name != NULL) {
        releve_day_format(memory->span.first, first);
        releve_day_format(memory->span.end - 1, end);
        (void)snprintf(asked, sizeof asked, " when %s was asked for %s to %s", name, first, end);
    }
    (void)snprintf(out, ORIGIN_BYTES, "learned %s%s, %s %s", since, asked,
                   is_believed(memory, now) ? "believed until" : "no longer believed since", until);
}

static void print_floor(const char *name, const struct releve_memory *memory, releve_time now)
{
    char first[RELEVE_DAY_TEXT], after[RELEVE_DAY_TEXT], origin[ORIGIN_BYTES];
    if (!is_known(memory)) {
        print_fact(4, "%s: unknown", name);
        return;
    }
    format_origin(memory, now, origin);
    print_fact(4, "%s: first day accepted %s, last day refused %s; %s", name, day_text(memory->floor.first, first),
               day_text(memory->floor.after, after), origin);
}

static void print_reason(int indent, const struct releve_memory *memory, enum releve_kind kind, releve_time now)
{
    char reason[RELEVE_REASONS_TEXT], origin[ORIGIN_BYTES];
    if (!is_known(memory))
        return;
    releve_reasons_format(&memory->reason, kind, reason);
    format_origin(memory, now, origin);
    print_fact(indent, "%s; %s", reason, origin);
}

/* What is not to be had is not missing. */
static void print_days(enum releve_kind kind, const struct releve_point_days *days, bool had)
{
    char first[RELEVE_DAY_TEXT], last[RELEVE_DAY_TEXT];
    const char *name = releve_kind_facts(kind)->name;
    if (days->first == RELEVE_DAY_NONE) {
        if (had)
            print_fact(4, "%s: nothing stored, missing %d", name, days->missing);
        else
            print_fact(4, "%s: nothing stored", name);
        return;
    }
    print_fact(4, "%s: %s to %s stored: complete %d, partial %d, holes %d, pending %d, missing %d", name,
               day_text(days->first, first), day_text(days->last, last), days->complete, days->partial, days->holes,
               days->pending, days->missing);
}

static void print_direction(const struct releve_point_look *look, enum releve_direction which)
{
    const struct releve_direction_record *direction = &look->record.directions[which];
    printf("  %s\n", releve_direction_name(which));
    if (look->error.code != RELEVE_OK) {
        print_fact(4, "activation, consent, refusals: unknown, as they cannot be read");
    } else {
        enum releve_kind any = which == RELEVE_CONSUMPTION ? RELEVE_DAILY_CONSUMPTION : RELEVE_DAILY_PRODUCTION;
        print_floor("activation", &direction->activation, look->now);
        print_floor("consent", &direction->consent, look->now);
        if (!is_known(&direction->refused) && !is_known(&direction->absent) && !is_known(&look->record.unknown))
            print_fact(4, "refusal: none known");
        print_reason(4, &direction->refused, any, look->now);
        print_reason(4, &direction->absent, any, look->now);
    }
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if (releve_kind_facts(kind)->direction != which)
            continue;
        const struct releve_memory *absent = &look->record.absent[kind], *unserved = &look->record.unserved[kind];
        print_days(kind, &look->days[kind], !is_believed(absent, look->now) && !is_believed(unserved, look->now));
        print_reason(6, absent, kind, look->now);
        print_reason(6, unserved, kind, look->now);
    }
}

/* Nothing where nothing was learned: most usage points are never asked for one. */
static void print_documents(const struct releve_point_look *look)
{
    const struct releve_point_record *record = &look->record;
    bool any = is_known(&record->documents_refused);
    for (enum releve_kind kind = RELEVE_MEASURES; kind < RELEVE_KINDS; kind++)
        any = any || is_known(&record->absent[kind]);
    if (!any)
        return;
    printf("  %s\n", releve_direction_name(RELEVE_DOCUMENTS));
    print_reason(4, &record->documents_refused, RELEVE_CONTRACTS, look->now);
    for (enum releve_kind kind = RELEVE_MEASURES; kind < RELEVE_KINDS; kind++)
        print_reason(4, &record->absent[kind], kind, look->now);
}

void releve_point_look_print_block(const struct releve_point_look *look)
{
    printf(RELEVE_PRM_FORMAT "\n", look->prm);
    print_reason(2, &look->record.unknown, RELEVE_DAILY_CONSUMPTION, look->now);
    for (enum releve_direction which = 0; which < RELEVE_DIRECTIONS; which++)
        print_direction(look, which);
    print_documents(look);
}

/* --- a line -------------------------------------------------------------------------------------------- */

/* What holds of a direction now, in one or two words; "unknown" where nothing does. */
static const char *standing(const struct releve_point_look *look, enum releve_direction which)
{
    const struct releve_point_record *record = &look->record;
    bool stored = false, all_absent = true;
    if (look->error.code != RELEVE_OK)
        return "unreadable";
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if (releve_kind_facts(kind)->direction != which)
            continue;
        stored = stored || look->days[kind].first != RELEVE_DAY_NONE;
        all_absent = all_absent && is_believed(&record->absent[kind], look->now);
    }
    if (is_believed(&record->unknown, look->now))
        return "no point";
    if (is_believed(&record->directions[which].refused, look->now))
        return "refused";
    if (is_believed(&record->directions[which].absent, look->now) || all_absent)
        return "absent";
    return stored ? "has days" : "unknown";
}

#define LINE "%-14s %-11s %-10s %8s %7s %5s %7s %-10s\n"
#define NUMBER_BYTES 12 /* of an int, with its sign */

void releve_point_look_print_header(void)
{
    printf(LINE, "usage point", "consumption", "production", "complete", "partial", "holes", "pending", "last day");
}

void releve_point_look_print_line(const struct releve_point_look *look)
{
    struct releve_point_days all = {.last = RELEVE_DAY_NONE};
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        const struct releve_point_days *days = &look->days[kind];
        all.complete += days->complete;
        all.partial += days->partial;
        all.holes += days->holes;
        all.pending += days->pending;
        all.last = days->last > all.last ? days->last : all.last; /* NONE is the least of all */
    }
    char prm[RELEVE_PRM_TEXT], last[RELEVE_DAY_TEXT] = "-", numbers[4][NUMBER_BYTES];
    const int counts[4] = {all.complete, all.partial, all.holes, all.pending};
    for (int i = 0; i < 4; i++)
        (void)snprintf(numbers[i], NUMBER_BYTES, "%d", counts[i]);
    releve_prm_format(look->prm, prm);
    if (all.last != RELEVE_DAY_NONE)
        releve_day_format(all.last, last);
    printf(LINE, prm, standing(look, RELEVE_CONSUMPTION), standing(look, RELEVE_PRODUCTION), numbers[0], numbers[1],
           numbers[2], numbers[3], last);
}

/* --- JSON ---------------------------------------------------------------------------------------------- */

/* Since when, until when, from what; null where nothing was learned. Returns where the rest belongs, or NULL. */
static cJSON *add_memory(cJSON *json, const char *name, const struct releve_memory *memory, releve_time now)
{
    if (!is_known(memory)) {
        cJSON_AddNullToObject(json, name);
        return NULL;
    }
    cJSON *object = cJSON_AddObjectToObject(json, name);
    releve_json_add_time(object, "since", memory->since);
    releve_json_add_time(object, "until", memory->until);
    cJSON_AddBoolToObject(object, "believed", is_believed(memory, now));
    if (memory->kind == RELEVE_KINDS) {
        cJSON_AddNullToObject(object, "asked");
        return object;
    }
    cJSON *asked = cJSON_AddObjectToObject(object, "asked");
    cJSON_AddStringToObject(asked, "kind", releve_kind_facts(memory->kind)->name);
    bool has_days = !releve_kind_is_document(memory->kind);
    releve_json_add_day(asked, "start", has_days ? memory->span.first : RELEVE_DAY_NONE);
    releve_json_add_day(asked, "end", has_days ? memory->span.end : RELEVE_DAY_NONE);
    return object;
}

static void add_floor(cJSON *json, const char *name, const struct releve_memory *memory, releve_time now)
{
    cJSON *object = add_memory(json, name, memory, now);
    if (object == NULL)
        return;
    releve_json_add_day(object, "after", memory->floor.after);
    releve_json_add_day(object, "first", memory->floor.first);
}

static void add_reason(cJSON *json, const char *name, const struct releve_memory *memory, releve_time now)
{
    cJSON *object = add_memory(json, name, memory, now);
    if (object == NULL)
        return;
    cJSON_AddStringToObject(object, "code", memory->reason.code);
    cJSON_AddStringToObject(object, "message", memory->reason.text);
}

static void add_directions(cJSON *json, const struct releve_point_look *look)
{
    if (look->error.code != RELEVE_OK) {
        cJSON_AddNullToObject(json, "directions");
        return;
    }
    cJSON *directions = cJSON_AddObjectToObject(json, "directions");
    for (enum releve_direction which = 0; which < RELEVE_DIRECTIONS; which++) {
        const struct releve_direction_record *record = &look->record.directions[which];
        cJSON *direction = cJSON_AddObjectToObject(directions, releve_direction_name(which));
        add_floor(direction, "activation", &record->activation, look->now);
        add_floor(direction, "consent", &record->consent, look->now);
        add_reason(direction, "refused", &record->refused, look->now);
        add_reason(direction, "absent", &record->absent, look->now);
    }
}

static void add_documents(cJSON *json, const struct releve_point_look *look)
{
    if (look->error.code != RELEVE_OK) {
        cJSON_AddNullToObject(json, "documents");
        return;
    }
    cJSON *documents = cJSON_AddObjectToObject(json, "documents");
    add_reason(documents, "refused", &look->record.documents_refused, look->now);
    cJSON *absent = cJSON_AddObjectToObject(documents, "absent");
    for (enum releve_kind kind = RELEVE_MEASURES; kind < RELEVE_KINDS; kind++)
        add_reason(absent, releve_kind_facts(kind)->name, &look->record.absent[kind], look->now);
}

static void add_error(cJSON *json, const struct releve_error *error)
{
    if (error->code != RELEVE_OK)
        cJSON_AddStringToObject(json, "error", error->text);
    else
        cJSON_AddNullToObject(json, "error");
}

static void add_days(cJSON *json, const struct releve_point_days *days)
{
    releve_json_add_day(json, "start", days->span.first);
    releve_json_add_day(json, "end", days->span.end);
    cJSON_AddNumberToObject(json, "complete", days->complete);
    cJSON_AddNumberToObject(json, "partial", days->partial);
    cJSON_AddNumberToObject(json, "holes", days->holes);
    cJSON_AddNumberToObject(json, "pending", days->pending);
    cJSON_AddNumberToObject(json, "missing", days->missing);
    releve_json_add_day(json, "first", days->first);
    releve_json_add_day(json, "last", days->last);
    add_error(json, &days->error);
}

cJSON *releve_point_look_json(const struct releve_point_look *look)
{
    char prm[RELEVE_PRM_TEXT];
    cJSON *json = cJSON_CreateObject();
    releve_prm_format(look->prm, prm);
    cJSON_AddStringToObject(json, "prm", prm);
    add_reason(json, "unknown", &look->record.unknown, look->now);
    add_directions(json, look);
    add_documents(json, look);
    cJSON *kinds = cJSON_AddObjectToObject(json, "kinds");
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        cJSON *object = cJSON_AddObjectToObject(kinds, releve_kind_facts(kind)->name);
        add_reason(object, "absent", &look->record.absent[kind], look->now);
        add_reason(object, "unserved", &look->record.unserved[kind], look->now);
        add_days(object, &look->days[kind]);
    }
    add_error(json, &look->error);
    return json;
}
