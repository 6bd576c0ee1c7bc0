/* The writers. Field names and their order are those of captured bodies. */
#include "bodies.h"
#include "household.h"
#include <assert.h>
#include <releve/kind.h>

/* What both writers need to know of a point. */
struct point {
    int64_t value;
    releve_day day;
    int second_of_day;  /* -1: the stamp is the day alone */
    int length_minutes; /* 0: no interval */
};

/* "2026-09-29 13:03:35": the Paris clock, without its offset. */
static void write_instant(struct releve_text *text, releve_day day, int second_of_day)
{
    assert(second_of_day >= 0 && second_of_day < 86400);
    const int parts[3] = {second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60};
    char clock[9] = " 00:00:00";
    for (int i = 0; i < 3; i++) {
        clock[1 + 3 * i] = (char)('0' + parts[i] / 10);
        clock[2 + 3 * i] = (char)('0' + parts[i] % 10);
    }
    releve_text_day(text, day);
    releve_text_add(text, clock, sizeof clock);
}

static void write_stamp(struct releve_text *body, const struct point *point)
{
    if (point->second_of_day < 0)
        releve_text_day(body, point->day);
    else
        write_instant(body, point->day, point->second_of_day);
}

/* What stands between the parts of a point, as captured. */
static const struct point_form {
    const char *value, *date, *length, *rest;
} forms[] = {
    [SANDBOX_V5] = {"{\"value\":\"", "\",\"date\":\"", "\",\"interval_length\":\"PT", "M\",\"measure_type\":\"B"},
    [SANDBOX_2026] = {"{\"v\":\"", "\",\"d\":\"", "\",\"p\":\"PT", "M\",\"n\":\"B\",\"iv\":\"0\",\"ec\":\"0"},
};

static void write_point(const struct sandbox_measure *measure, struct releve_text *body, bool first,
                        const struct point *point)
{
    const struct point_form *form = &forms[measure->generation];
    releve_text_puts(body, first ? "" : ",");
    releve_text_puts(body, form->value);
    releve_text_number(body, point->value);
    releve_text_puts(body, form->date);
    write_stamp(body, point);
    if (point->length_minutes > 0) {
        releve_text_puts(body, form->length);
        releve_text_number(body, point->length_minutes);
        releve_text_puts(body, form->rest);
    }
    releve_text_puts(body, "\"}");
}

static void write_head_v5(const struct sandbox_measure *measure, struct releve_text *body)
{
    static const char *const kinds_of_measure[] = {
        [RELEVE_ENERGY] = "\"energy\",\"aggregate\":\"sum\",\"measuring_period\":\"P1D\"",
        [RELEVE_LOAD_CURVE] = "\"power\",\"aggregate\":\"average\"",
        [RELEVE_MAX_POWER] = "\"power\",\"aggregate\":\"maximum\",\"measuring_period\":\"P1D\"",
    };
    const struct releve_kind_facts *facts = releve_kind_facts(measure->kind);
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_day_format(measure->asked.span.first, start);
    releve_day_format(measure->asked.span.end, end);
    releve_text_format(body,
                       "{\"meter_reading\":{\"usage_point_id\":\"" RELEVE_PRM_FORMAT
                       "\",\"start\":\"%s\",\"end\":\"%s\",\"quality\":\"BRUT\",\"reading_type\":{\"unit\":\"%s\","
                       "\"measurement_kind\":%s},\"interval_reading\":[",
                       measure->label, start, end, facts->unit, kinds_of_measure[facts->quantity]);
}

static void write_head_2026(const struct sandbox_measure *measure, struct releve_text *body)
{
    static const struct {
        const char *before, *quantity;
    } shapes[] = {
        [RELEVE_ENERGY] = {"\"typeValeur\":\"GLOBALE\",\"modeCalcul\":\"DIFF.INDEX\",\"pas\":\"P1D\"", "EA"},
        [RELEVE_LOAD_CURVE] = {"\"modeCalcul\":\"MESURE\"", "PA"},
        [RELEVE_MAX_POWER] = {"\"modeCalcul\":\"MESURE\",\"pas\":\"P1D\"", "PMA"},
    };
    const struct releve_kind_facts *facts = releve_kind_facts(measure->kind);
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_day_format(measure->asked.span.first, start);
    releve_day_format(measure->asked.span.end, end);
    releve_text_format(body,
                       "{\"idPrm\":\"" RELEVE_PRM_FORMAT "\",\"etapeMetier\":\"BRUT\",\"periode\":{\"dateDebut\":"
                       "\"%s\",\"dateFin\":\"%s\"},%s,\"grandeur\":[{\"grandeurMetier\":\"%s\",\"grandeurPhysique\":"
                       "\"%s\",\"unite\":\"%s\",\"points\":[",
                       measure->label, start, end, shapes[facts->quantity].before,
                       facts->direction == RELEVE_PRODUCTION ? "PROD" : "CONS", shapes[facts->quantity].quantity,
                       facts->unit);
}

/* The day's intervals, stamped with the Paris clock at their ends: the last one falls on the next day. */
static void write_curve_day(const struct sandbox_measure *measure, struct releve_text *body, releve_day day, bool first)
{
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    enum releve_direction direction = releve_kind_facts(measure->kind)->direction;
    size_t count = sandbox_household_curve(measure->seed, &measure->asked.client, day, direction, curve);
    releve_time midnight = releve_paris_midnight(day);
    int offset = releve_paris_offset_minutes(midnight);
    bool changes = releve_paris_day_minutes(day) != 24 * 60;

    for (size_t i = 0; i < count; i++) {
        int end = curve[i].minute + curve[i].length_minutes; /* elapsed */
        if (changes)
            end += releve_paris_offset_minutes(midnight + end * RELEVE_MINUTE_MS) - offset;
        struct point point = {curve[i].value_w, day + end / 1440, end % 1440 * 60, curve[i].length_minutes};
        write_point(measure, body, first && i == 0, &point);
    }
}

static void write_daily(const struct sandbox_measure *measure, struct releve_text *body, releve_day day, bool first)
{
    const struct releve_kind_facts *facts = releve_kind_facts(measure->kind);
    const struct sandbox_client *client = &measure->asked.client;
    struct point point = {0, day, -1, 0};
    if (facts->quantity == RELEVE_MAX_POWER) {
        releve_time at;
        point.value = sandbox_household_peak_va(measure->seed, client, day, &at);
        releve_time wall = at + releve_paris_offset_minutes(at) * RELEVE_MINUTE_MS;
        point.second_of_day = (int)(wall / RELEVE_SECOND_MS % 86400);
    } else {
        point.value = sandbox_household_energy_wh(measure->seed, client, day, facts->direction);
    }
    write_point(measure, body, first, &point);
}

static void mark_served(const struct sandbox_measure *measure, struct sandbox_served *served, releve_day day)
{
    releve_day number = day - measure->asked.span.first;
    assert(number >= 0 && number < SANDBOX_SERVED_DAYS_MAX);
    served->bits[number / 8] |= (uint8_t)(1u << (number % 8));
    served->days++;
}

bool sandbox_body_write(const struct sandbox_measure *measure, struct sandbox_answer *answer)
{
    const struct sandbox_asked *asked = &measure->asked;
    bool curve = releve_kind_facts(measure->kind)->quantity == RELEVE_LOAD_CURVE;
    releve_day end = asked->span.end < measure->published_end ? asked->span.end : measure->published_end;
    struct sandbox_served *served = &answer->served;
    struct releve_text *body = &answer->body;

    if (curve && !asked->client.curve)
        return false;
    *served = (struct sandbox_served){
        .prm = asked->client.prm, .kind = measure->kind, .generation = measure->generation, .first = asked->span.first};
    if (measure->generation == SANDBOX_V5)
        write_head_v5(measure, body);
    else
        write_head_2026(measure, body);
    for (releve_day day = asked->span.first; day < end; day++) {
        if (sandbox_client_hole(&asked->client, day))
            continue;
        if (curve)
            write_curve_day(measure, body, day, served->days == 0);
        else
            write_daily(measure, body, day, served->days == 0);
        mark_served(measure, served, day);
    }
    releve_text_puts(body, measure->generation == SANDBOX_V5 ? "]}}" : "],\"calendrier\":[]}],\"contexte\":[]}");
    return served->days > 0;
}
