/* See series_look.h. A series that is longer than one look may be is read in parts. */
#include "series_look.h"
#include "json_fields.h"
#include "reasons.h"
#include <string.h>

bool releve_series_look_is_had(const struct releve_series_look *look)
{
    return look->standing == RELEVE_STANDING_OPEN;
}

struct releve_span releve_series_look_next_gap(const struct releve_series_look *look, releve_day from)
{
    struct releve_span gap = {from, from};
    while (gap.first < look->span.end && look->states[gap.first - look->span.first] != RELEVE_DAY_MISSING)
        gap.first++;
    for (gap.end = gap.first; gap.end < look->span.end; gap.end++)
        if (look->states[gap.end - look->span.first] != RELEVE_DAY_MISSING)
            break;
    return gap;
}

/* --- as JSON ----------------------------------------------------------------------------------------------------- */

static void add_refusal(cJSON *json, const struct releve_series_look *look)
{
    cJSON *refused = releve_series_look_is_had(look) ? cJSON_CreateNull() : cJSON_CreateObject();
    cJSON_AddItemToObject(json, "refused", refused);
    if (releve_series_look_is_had(look))
        return;
    cJSON_AddStringToObject(refused, "code", look->reason.code);
    cJSON_AddStringToObject(refused, "message", look->reason.text);
}

static void add_gaps(cJSON *json, const struct releve_series_look *look)
{
    cJSON *gaps = cJSON_AddArrayToObject(json, "gaps");
    struct releve_span gap = releve_series_look_next_gap(look, look->span.first);
    for (; releve_span_days(gap) > 0; gap = releve_series_look_next_gap(look, gap.end)) {
        cJSON *item = cJSON_CreateObject();
        releve_json_add_day(item, "start", gap.first);
        releve_json_add_day(item, "end", gap.end);
        cJSON_AddItemToArray(gaps, item);
    }
}

cJSON *releve_series_look_json(const struct releve_series_look *look)
{
    char prm[RELEVE_PRM_TEXT];
    const struct releve_series_days *days = &look->days;
    cJSON *json = cJSON_CreateObject();
    releve_prm_format(look->prm, prm);
    cJSON_AddStringToObject(json, "prm", prm);
    cJSON_AddStringToObject(json, "kind", releve_kind_facts(look->kind)->name);
    releve_json_add_day(json, "start", look->span.first);
    releve_json_add_day(json, "end", look->span.end);
    const struct {
        const char *name;
        int count;
    } counts[] = {{"complete", days->complete}, {"partial", days->partial}, {"holes", days->holes},
                  {"pending", days->pending},   {"missing", days->missing}, {"cut", days->cut}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        cJSON_AddNumberToObject(json, counts[i].name, counts[i].count);
    add_refusal(json, look);
    add_gaps(json, look);
    return json;
}

void releve_series_look_letters(const struct releve_series_look *look, char out[RELEVE_SELECTION_DAYS_MAX + 1])
{
    int days = releve_span_days(look->span);
    for (int i = 0; i < days; i++)
        out[i] = look->states[i] == RELEVE_DAY_MISSING ? 'm' : look->states[i];
    out[days] = '\0';
}

/* --- part after part --------------------------------------------------------------------------------------------- */

/* What lies before the activation or the consent, or is not kept, is not missing. */
static void cut(struct releve_series_look *look, const struct releve_point_facts *facts)
{
    const struct releve_direction_facts *direction = &facts->directions[releve_kind_facts(look->kind)->direction];
    releve_day after =
        direction->activation.after > direction->consent.after ? direction->activation.after : direction->consent.after;
    after = look->kept > after ? look->kept - 1 : after;
    for (releve_day day = look->span.first; day <= after && day < look->span.end; day++) {
        char *state = &look->states[day - look->span.first];
        if (*state == RELEVE_DAY_MISSING)
            *state = RELEVE_DAY_CUT;
    }
}

static struct releve_series_days count_days(const struct releve_series_look *look)
{
    struct releve_series_days days = {0};
    for (int i = 0; i < releve_span_days(look->span); i++) {
        days.complete += look->states[i] == RELEVE_DAY_COMPLETE;
        days.partial += look->states[i] == RELEVE_DAY_PARTIAL;
        days.holes += look->states[i] == RELEVE_DAY_HOLE;
        days.pending += look->states[i] == RELEVE_DAY_PENDING;
        days.missing += look->states[i] == RELEVE_DAY_MISSING;
        days.cut += look->states[i] == RELEVE_DAY_CUT;
    }
    return days;
}

static void judge(struct releve_series_look *look, const struct releve_point_facts *facts)
{
    cut(look, facts);
    look->days = count_days(look);
    bool has_come = look->days.complete + look->days.partial > 0;
    const struct releve_reason *why = releve_reasons_find(facts, look->kind, has_come);
    /* The facts are read as of 1970, so that days that are due are still as they are stored. */
    look->standing = RELEVE_STANDING_OPEN;
    if (why != NULL && (why->until == 0 || why->until > look->now)) {
        bool refused = releve_facts_standing(facts, look->kind, NULL) == RELEVE_STANDING_REFUSED;
        look->standing = refused ? RELEVE_STANDING_REFUSED : RELEVE_STANDING_ABSENT;
        look->reason = *why;
    }
}

static void read_part(struct releve_series_look *look);

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *known,
                     const struct releve_point_facts *facts)
{
    struct releve_series_look *look = data;
    if (error->code != RELEVE_OK) {
        look->done(look->data, error);
        return;
    }
    memcpy(look->states + (known->span.first - look->span.first), known->states, (size_t)releve_span_days(known->span));
    if (known->span.end < look->span.end) {
        look->job.span.first = known->span.end;
        read_part(look);
        return;
    }
    judge(look, facts);
    look->done(look->data, error);
}

static void read_part(struct releve_series_look *look)
{
    releve_day most = look->job.span.first + RELEVE_JOB_DAYS_MAX;
    look->job.span.end = most < look->span.end ? most : look->span.end;
    releve_store_look_up(look->store, &look->job, 0, on_known, look);
}

void releve_series_look_begin(struct releve_series_look *look, struct releve_store *store, releve_time now,
                              releve_store_done done, void *data)
{
    look->store = store;
    look->now = now;
    look->done = done;
    look->data = data;
    look->job = (struct releve_job){.prm = look->prm, .kind = look->kind, .span = look->span};
    read_part(look);
}
