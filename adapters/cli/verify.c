/* releve verify: the sum of each day's load curve against its daily energy. At Enedis both are the same, in both
 * directions (docs/enedis.md, Bodies), so where they differ one of them is wrong. Reads Redis only, never sends a
 * request. */
#include "command.h"
#include "json_fields.h"
#include "known_points.h"
#include "stored_day.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A sum of means may end in a fraction of a Wh, and daily energy has none: what is less apart than that is equal. */
#define APART_WH 1.0

/* What a direction is measured by. */
static const struct {
    enum releve_kind curve, daily;
} pairs[RELEVE_DIRECTIONS] = {
    [RELEVE_CONSUMPTION] = {RELEVE_CONSUMPTION_LOAD_CURVE, RELEVE_DAILY_CONSUMPTION},
    [RELEVE_PRODUCTION] = {RELEVE_PRODUCTION_LOAD_CURVE, RELEVE_DAILY_PRODUCTION},
};

/* Days of one usage point and direction, or of all of them. */
struct account {
    uint64_t points, compared, apart;
    uint64_t only_curve, only_daily; /* the other one is not stored, or has no value */
    uint64_t partial;                /* curves with holes, whose sum says nothing */
};

struct verify {
    struct releve_selection selection;
    struct releve_config config;
    bool json;
    bool broken; /* something that is no day stood in Redis, and was named */
    struct releve_lookup lookup;
    struct releve_known_points known;

    /* The usage point and direction that is read: its curve first, then its daily energy. */
    size_t next; /* usage point */
    releve_prm prm;
    enum releve_direction direction;
    struct releve_span span;
    double curve_wh[RELEVE_SELECTION_DAYS_MAX]; /* NAN: there is none that is whole */
    struct account account;
    cJSON *disagreements;

    struct account all[RELEVE_DIRECTIONS];
};

/* --- a day -------------------------------------------------------------------------------------------------------- */

/* False where what is stored is no day, which is said. */
static bool read_day(struct verify *verify, enum releve_kind kind, releve_day day, const char *text, size_t text_bytes,
                     struct releve_stored_day *stored)
{
    if (releve_stored_day_read(verify->prm, kind, day, text, text_bytes, stored))
        return true;
    releve_lookup_hide(&verify->lookup, STDERR_FILENO);
    releve_stored_day_name_broken(verify->prm, kind, day);
    verify->broken = true;
    return false;
}

static void on_curve(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct verify *verify = data;
    struct releve_stored_day stored;
    if (!read_day(verify, pairs[verify->direction].curve, day, text, text_bytes, &stored))
        return;
    if (strcmp(stored.state, "complete") == 0) {
        verify->curve_wh[day - verify->span.first] = releve_stored_day_energy_wh(&stored);
        verify->account.only_curve++; /* until the other one is found */
    }
    verify->account.partial += strcmp(stored.state, "partial") == 0;
    releve_stored_day_free(&stored);
}

static void name_disagreement(struct verify *verify, releve_day day, double curve_wh, double daily_wh)
{
    char date[RELEVE_DAY_TEXT];
    releve_lookup_hide(&verify->lookup, STDOUT_FILENO);
    if (verify->json) {
        cJSON *item = cJSON_CreateObject();
        releve_json_add_day(item, "date", day);
        cJSON_AddNumberToObject(item, "curve_wh", curve_wh);
        cJSON_AddNumberToObject(item, "daily_wh", daily_wh);
        cJSON_AddItemToArray(verify->disagreements, item);
        return;
    }
    releve_day_format(day, date);
    printf(RELEVE_PRM_FORMAT "  %-11s  %s  curve %.10g Wh, daily %.10g Wh: %+.10g\n", verify->prm,
           releve_direction_name(verify->direction), date, curve_wh, daily_wh, curve_wh - daily_wh);
}

static void on_daily(void *data, releve_day day, const char *text, size_t text_bytes)
{
    struct verify *verify = data;
    struct releve_stored_day stored;
    double curve_wh = verify->curve_wh[day - verify->span.first];
    if (!read_day(verify, pairs[verify->direction].daily, day, text, text_bytes, &stored))
        return;
    bool there = stored.has_value && strcmp(stored.state, "complete") == 0;
    if (there && isnan(curve_wh))
        verify->account.only_daily++;
    if (there && !isnan(curve_wh)) {
        verify->account.only_curve--;
        verify->account.compared++;
        if (fabs(curve_wh - stored.value) >= APART_WH) {
            verify->account.apart++;
            name_disagreement(verify, day, curve_wh, stored.value);
        }
    }
    releve_stored_day_free(&stored);
}

/* --- direction after direction, usage point after usage point --------------------------------------------------- */

static void print_json(struct verify *verify)
{
    char prm[RELEVE_PRM_TEXT];
    const struct account *account = &verify->account;
    cJSON *json = cJSON_CreateObject();
    releve_lookup_hide(&verify->lookup, STDOUT_FILENO);
    releve_prm_format(verify->prm, prm);
    cJSON_AddStringToObject(json, "prm", prm);
    cJSON_AddStringToObject(json, "direction", releve_direction_name(verify->direction));
    releve_json_add_day(json, "start", verify->span.first);
    releve_json_add_day(json, "end", verify->span.end);
    cJSON_AddNumberToObject(json, "compared", (double)account->compared);
    cJSON_AddNumberToObject(json, "only_curve", (double)account->only_curve);
    cJSON_AddNumberToObject(json, "only_daily", (double)account->only_daily);
    cJSON_AddNumberToObject(json, "partial_curves", (double)account->partial);
    cJSON_AddItemToObject(json, "disagreements", verify->disagreements);
    releve_json_print(json);
}

static void sum_up(struct verify *verify)
{
    const struct account *account = &verify->account;
    struct account *all = &verify->all[verify->direction];
    bool stored = account->compared + account->only_curve + account->only_daily + account->partial > 0;
    releve_lookup_advance(&verify->lookup, verify->next, verify->selection.prms_count);
    if (verify->json && stored)
        print_json(verify);
    else
        cJSON_Delete(verify->disagreements);
    verify->disagreements = NULL;
    all->points += stored;
    all->compared += account->compared;
    all->apart += account->apart;
    all->only_curve += account->only_curve;
    all->only_daily += account->only_daily;
    all->partial += account->partial;
}

static void read_direction(struct verify *verify);

static void on_dailies(void *data, const struct releve_error *error)
{
    struct verify *verify = data;
    if (error->code != RELEVE_OK) {
        releve_lookup_end(&verify->lookup, error);
        return;
    }
    sum_up(verify);
    verify->direction++;
    if (ferror(stdout)) /* full, or nobody reads any more: whoever flushes it says which */
        releve_lookup_end(&verify->lookup, NULL);
    else
        read_direction(verify);
}

static void on_curves(void *data, const struct releve_error *error)
{
    struct verify *verify = data;
    if (error->code != RELEVE_OK)
        releve_lookup_end(&verify->lookup, error);
    else
        releve_store_read_days(verify->lookup.store, verify->prm, pairs[verify->direction].daily, verify->span,
                               on_daily, on_dailies, verify);
}

/* A direction is wanted where one of its two kinds is; the days are those of daily energy, which go back furthest. */
static bool is_wanted(const struct verify *verify, enum releve_direction direction)
{
    return (verify->selection.kinds &
            (RELEVE_KIND_BIT(pairs[direction].curve) | RELEVE_KIND_BIT(pairs[direction].daily))) != 0;
}

static void read_direction(struct verify *verify)
{
    const struct releve_selection *selection = &verify->selection;
    while (verify->direction < RELEVE_DIRECTIONS && !is_wanted(verify, verify->direction))
        verify->direction++;
    if (verify->direction == RELEVE_DIRECTIONS) {
        verify->next++;
        verify->direction = 0;
        read_direction(verify);
        return;
    }
    if (verify->next >= selection->prms_count) {
        releve_lookup_end(&verify->lookup, NULL);
        return;
    }
    verify->prm = selection->prms[verify->next];
    verify->span = selection->spans[pairs[verify->direction].daily];
    verify->account = (struct account){0};
    verify->disagreements = verify->json ? cJSON_CreateArray() : NULL;
    for (int i = 0; i < releve_span_days(verify->span); i++)
        verify->curve_wh[i] = NAN;
    releve_store_read_days(verify->lookup.store, verify->prm, pairs[verify->direction].curve, verify->span, on_curve,
                           on_curves, verify);
}

static void begin(void *data)
{
    read_direction(data);
}

static void start(void *data)
{
    struct verify *verify = data;
    releve_known_points_find(&verify->known, &verify->lookup, &verify->selection, begin, verify);
}

/* --- the command -------------------------------------------------------------------------------------------------- */

static void print_accounts(const struct verify *verify, bool any_apart)
{
    printf("%s%-11s %6s %8s %8s %10s %10s %14s\n", any_apart ? "\n" : "", "direction", "points", "compared", "disagree",
           "only curve", "only daily", "partial curves");
    for (enum releve_direction direction = 0; direction < RELEVE_DIRECTIONS; direction++) {
        const struct account *all = &verify->all[direction];
        if (is_wanted(verify, direction))
            printf("%-11s %6" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64 " %14" PRIu64 "\n",
                   releve_direction_name(direction), all->points, all->compared, all->apart, all->only_curve,
                   all->only_daily, all->partial);
    }
}

static const struct option options[] = {
    RELEVE_SELECTION_OPTIONS,
    {"json", no_argument, NULL, 'j'},
    {NULL, 0, NULL, 0},
};

static enum releve_code apply_option(void *data, int option, const char *value, struct releve_error *error)
{
    struct verify *verify = data;
    if (option != 'j')
        return releve_selection_apply(&verify->selection, option, value, error);
    verify->json = true;
    return RELEVE_OK;
}

/* Both kinds of a direction are read wherever one is asked for. */
static enum releve_code prepare(struct verify *verify, struct releve_error *error)
{
    struct releve_selection *selection = &verify->selection;
    if (releve_config_load(&verify->config, false, error) != RELEVE_OK)
        return error->code;
    for (enum releve_direction direction = 0; selection->kinds != 0 && direction < RELEVE_DIRECTIONS; direction++)
        if (is_wanted(verify, direction))
            selection->kinds |= RELEVE_KIND_BIT(pairs[direction].daily);
    if (releve_selection_close_days(selection, releve_config_today(&verify->config), error) != RELEVE_OK)
        return error->code;
    if (!is_wanted(verify, RELEVE_CONSUMPTION) && !is_wanted(verify, RELEVE_PRODUCTION))
        return releve_fail(error, RELEVE_E_USAGE,
                           "nothing to compare: say --kind consumption, production, daily or curves");
    return RELEVE_OK;
}

static int verify_main(int argc, char **argv)
{
    static struct verify verify;
    struct releve_error error = {0};
    int wrong = releve_command_parse("verify", argc, argv, options, apply_option, &verify);
    if (wrong != 0)
        return wrong;
    if (prepare(&verify, &error) != RELEVE_OK ||
        releve_lookup_run(&verify.lookup, &verify.config, true, start, &verify, &error) != RELEVE_OK)
        return releve_command_fail(&error);
    bool apart = verify.all[RELEVE_CONSUMPTION].apart + verify.all[RELEVE_PRODUCTION].apart > 0;
    if (!verify.json && verify.selection.prms_count > 0)
        print_accounts(&verify, apart);
    releve_selection_free(&verify.selection);
    return releve_command_flush(releve_code_exit(apart || verify.broken ? RELEVE_E_PARTIAL : RELEVE_OK));
}

const struct releve_command releve_command_verify = {
    .name = "verify",
    .summary = "the sum of each load curve against daily energy",
    .help = "[SELECTION] [--json]\n"
            "\n"
            "Compares what Redis holds of both: the energy under each complete load curve,\n"
            "and the day's energy as it was delivered. They are equal at Enedis, in both\n"
            "directions, so a day that disagrees (by 1 Wh or more) is named: one of the two\n"
            "is wrong, and releve backfill --refresh asks for both again. Never sends a\n"
            "request. Without --prm and --prms: all that Redis knows. A kind stands for its\n"
            "direction.\n"
            "\n" RELEVE_SELECTION_DAYS_HELP "\n"
            "options:\n"
            "  --json             one JSON object a line for each usage point and direction\n"
            "                     with days: prm, direction, start, end (excluded),\n"
            "                     compared, only_curve, only_daily, partial_curves, and\n"
            "                     disagreements (date, curve_wh, daily_wh)\n"
            "\n"
            "exit codes: 0 no disagreement; 1 some, or something stored that is no day; 2, 4\n"
            "            as in releve --help\n",
    .run = verify_main,
};
