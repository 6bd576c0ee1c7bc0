/* releve show: what Redis holds of one usage point and kind. Never a request. */
#include "command.h"
#include "lookup.h"
#include "selection.h"
#include <cjson/cJSON.h>
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

/* --- one day, in three forms --------------------------------------------------------------------------- */

static const char *text_of(const cJSON *day, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(day, name));
    return text != NULL ? text : "";
}

/* One line of CSV for an interval that begins `minute` elapsed minutes after local midnight. */
static void print_interval(const char *prm, releve_day day, int minute, int length, const cJSON *value)
{
    char begin[RELEVE_TIME_TEXT];
    releve_paris_format(releve_paris_midnight(day) + minute * RELEVE_MINUTE_MS, begin);
    if (cJSON_IsNumber(value))
        printf("%s,%s,%d,%.0f\n", prm, begin, length, value->valuedouble);
    else
        printf("%s,%s,%d,\n", prm, begin, length);
}

static void print_csv(const struct show *show, releve_day day, const cJSON *json)
{
    const char *prm = text_of(json, "prm");
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(json, "values");
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(json, "points");
    const cJSON *item;
    int minutes = 0, index = 0;
    if (releve_kind_facts(show->job.kind)->quantity != RELEVE_LOAD_CURVE) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");
        const char *at = text_of(json, "at");
        printf("%s,%s,%s,", prm, text_of(json, "date"), text_of(json, "state"));
        if (cJSON_IsNumber(value))
            printf("%.0f", value->valuedouble);
        printf(*at != '\0' ? ",%s\n" : "\n", at);
    } else if (values != NULL) {
        (void)sscanf(text_of(json, "interval"), "PT%dM", &minutes);
        cJSON_ArrayForEach(item, values)
            print_interval(prm, day, index++ * minutes, minutes, item);
    } else {
        cJSON_ArrayForEach(item, points) {
            const cJSON *minute = cJSON_GetArrayItem(item, 0), *length = cJSON_GetArrayItem(item, 1);
            if (cJSON_IsNumber(minute) && cJSON_IsNumber(length))
                print_interval(prm, day, minute->valueint, length->valueint, cJSON_GetArrayItem(item, 2));
        }
    }
}

/* A curve's day in one line: its energy, and its lowest and highest power. */
static void print_curve_line(const cJSON *json)
{
    const cJSON *values = cJSON_GetObjectItemCaseSensitive(json, "values");
    const cJSON *points = cJSON_GetObjectItemCaseSensitive(json, "points");
    const cJSON *item;
    int minutes = 0, given = 0, slots = 0;
    double energy = 0, low = 0, high = 0;
    (void)sscanf(text_of(json, "interval"), "PT%dM", &minutes);
    const cJSON *slots_of_day = values != NULL ? values : points;
    cJSON_ArrayForEach(item, slots_of_day) {
        const cJSON *value = values != NULL ? item : cJSON_GetArrayItem(item, 2);
        const cJSON *length = values != NULL ? NULL : cJSON_GetArrayItem(item, 1);
        slots++;
        if (!cJSON_IsNumber(value))
            continue;
        double power = value->valuedouble;
        energy += power * (length != NULL ? length->valuedouble : minutes) / 60.0;
        low = given == 0 || power < low ? power : low;
        high = given == 0 || power > high ? power : high;
        given++;
    }
    if (slots > 0)
        printf("  %8.0f Wh  %6.0f to %6.0f W  %d of %d values", energy, low, high, given, slots);
}

static void print_pretty(const struct show *show, const cJSON *json)
{
    printf("%s  %-8s", text_of(json, "date"), text_of(json, "state"));
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");
    if (releve_kind_facts(show->job.kind)->quantity == RELEVE_LOAD_CURVE)
        print_curve_line(json);
    else if (cJSON_IsNumber(value))
        printf("  %8.0f %s", value->valuedouble, text_of(json, "unit"));
    if (*text_of(json, "at") != '\0')
        printf("  at %s", text_of(json, "at"));
    if (*text_of(json, "recheck_after") != '\0')
        printf("  asked again after %s", text_of(json, "recheck_after"));
    putchar('\n');
}

static void on_day(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct show *show = data;
    if (show->format == FORMAT_JSON) {
        printf("%s%.*s", show->days++ == 0 ? "[" : ",\n ", (int)text_bytes, text);
        return;
    }
    cJSON *json = cJSON_ParseWithLength(text, text_bytes);
    if (json == NULL) {
        char date[RELEVE_DAY_TEXT];
        releve_day_format(day, date);
        fprintf(stderr, "releve: %s: what is stored for this day is no JSON\n", date);
        show->broken = true;
        return;
    }
    if (show->days++ == 0 && show->format == FORMAT_CSV)
        puts(releve_kind_facts(show->job.kind)->quantity == RELEVE_LOAD_CURVE  ? "prm,begin,minutes,value_w"
             : releve_kind_facts(show->job.kind)->quantity == RELEVE_MAX_POWER ? "prm,date,state,value_va,at"
                                                                               : "prm,date,state,value_wh");
    (show->format == FORMAT_CSV ? print_csv(show, day, json) : print_pretty(show, json));
    cJSON_Delete(json);
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
    if (standing != RELEVE_STANDING_OPEN)
        fprintf(stderr, "releve: nothing is stored of these days; %s: %s: %s\n",
                standing == RELEVE_STANDING_REFUSED ? "upstream refuses this usage point" : "not applicable", why->code,
                why->text);
    else if (error->code == RELEVE_OK)
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

static enum releve_code check_selection(const struct releve_selection *selection, struct releve_error *error)
{
    if ((selection->kinds & (selection->kinds - 1)) != 0)
        return releve_fail(error, RELEVE_E_USAGE, "show: takes one kind");
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
    if (argc < 2 || argv[1][0] == '-') {
        releve_fail(&error, RELEVE_E_USAGE, "show: the first word is the kind (releve show daily_consumption ...)");
        return releve_command_fail(&error);
    }
    if (releve_selection_apply(&show.selection, RELEVE_SELECTION_OPTION + 2, argv[1], &error) != RELEVE_OK)
        return releve_command_fail(&error);
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
