/* See conso_body.h. Names, order and constants are those of captured bodies (docs/enedis.md, Bodies). */
#include "conso_body.h"
#include "conso_refusal.h"
#include "conso_registers.h"
#include "kept_day.h"
#include <assert.h>
#include <string.h>

#define SHAPES 2
#define LABEL_BYTES 20 /* "2026-09-29 13:03:35" and its NUL */

/* What stands between the parts of a point. Of which sort a value is ("B": as it was measured) is not kept: no other
 * one was ever seen. */
static const struct point_form {
    const char *value, *date, *length, *rest;
} forms[SHAPES] = {
    [RELEVE_CONSO_V5] = {"{\"value\":\"", "\",\"date\":\"", "\",\"interval_length\":\"PT", "M\",\"measure_type\":\"B"},
    [RELEVE_CONSO_2026] = {"{\"v\":\"", "\",\"d\":\"", "\",\"p\":\"PT", "M\",\"n\":\"B\",\"iv\":\"0\",\"ec\":\"0"},
};

/* What a clock in Paris shows. */
static void write_label(releve_time at, char out[LABEL_BYTES])
{
    char text[RELEVE_TIME_TEXT]; /* "2026-09-29T13:03:35+02:00" */
    releve_paris_format(at, text);
    memcpy(out, text, LABEL_BYTES - 1);
    out[RELEVE_DAY_TEXT - 1] = ' ';
    out[LABEL_BYTES - 1] = '\0';
}

/* `minutes` is 0 where the point has no length. */
static void add_point(struct releve_conso_body *body, int32_t value, const char *date, int minutes)
{
    const struct point_form *form = &forms[body->ask->shape];
    struct releve_text *points = &body->points;
    releve_text_puts(points, body->values > 0 ? "," : "");
    releve_text_puts(points, form->value);
    releve_text_number(points, value);
    releve_text_puts(points, form->date);
    releve_text_puts(points, date);
    if (minutes > 0) {
        releve_text_puts(points, form->length);
        releve_text_number(points, minutes);
        releve_text_puts(points, form->rest);
    }
    releve_text_puts(points, "\"}");
    body->values++;
}

/* --- load curves -------------------------------------------------------------------------------------------------- */

static releve_time end_of(const struct releve_reading *reading, const struct releve_interval *interval)
{
    return releve_paris_midnight(reading->day) + (interval->minute + interval->length_minutes) * RELEVE_MINUTE_MS;
}

static bool has_value_until(const struct releve_reading *reading, releve_time end)
{
    for (size_t i = 0; i < reading->intervals_count; i++)
        if (reading->intervals[i].value_w != RELEVE_NO_VALUE && end_of(reading, &reading->intervals[i]) == end)
            return true;
    return false;
}

/* In autumn a clock shows an hour twice. A label of that hour is told twice or not at all: of one that came once nobody
 * would know which hour it is of, and a number whose place is uncertain is no number (law 3). */
static bool is_certain(const struct releve_reading *reading, releve_time end, const char *label)
{
    releve_time at[2];
    int second = ((label[11] - '0') * 10 + label[12] - '0') * 3600 + ((label[14] - '0') * 10 + label[15] - '0') * 60;
    if (releve_paris_day_minutes(reading->day) != RELEVE_DAY_MINUTES_MAX ||
        releve_paris_instants(reading->day, second, at) != 2 || (end != at[0] && end != at[1]))
        return true;
    return has_value_until(reading, end == at[0] ? at[1] : at[0]);
}

/* A stamp marks the end of its interval, so the last one of a day has the date of the next. */
static void add_curve(struct releve_conso_body *body, const struct releve_reading *reading)
{
    for (size_t i = 0; i < reading->intervals_count; i++) {
        const struct releve_interval *interval = &reading->intervals[i];
        char label[LABEL_BYTES];
        releve_time end = end_of(reading, interval);
        write_label(end, label);
        if (interval->value_w != RELEVE_NO_VALUE && is_certain(reading, end, label))
            add_point(body, interval->value_w, label, interval->length_minutes);
    }
}

/* --- days --------------------------------------------------------------------------------------------------------- */

static void add_reading(struct releve_conso_body *body, const struct releve_reading *reading)
{
    char label[LABEL_BYTES];
    switch (releve_kind_facts(body->ask->kind)->quantity) {
    case RELEVE_LOAD_CURVE:
        add_curve(body, reading);
        return;
    case RELEVE_REGISTERS:
        write_label(reading->at, label);
        body->values += releve_conso_registers_add(body->registers, reading, label);
        return;
    case RELEVE_MAX_POWER:
        write_label(reading->at, label);
        add_point(body, reading->value, label, 0);
        return;
    default:
        releve_day_format(reading->day, label);
        add_point(body, reading->value, label, 0);
    }
}

void releve_conso_body_begin(struct releve_conso_body *body, const struct releve_conso_ask *ask)
{
    bool has_registers = releve_kind_facts(ask->kind)->quantity == RELEVE_REGISTERS;
    assert(ask->kind < RELEVE_MEASURES && !(has_registers && ask->shape == RELEVE_CONSO_V5));
    *body = (struct releve_conso_body){
        .ask = ask, .registers = has_registers ? releve_conso_registers_open() : NULL, .last = ask->span.first - 1};
}

bool releve_conso_body_add(struct releve_conso_body *body, releve_day day, const char *json, size_t json_bytes)
{
    struct releve_kept_day kept;
    assert(day > body->last && day < body->ask->span.end);
    if (!releve_kept_day_read(body->ask->kind, day, json, json_bytes, &kept))
        return false;
    body->last = day;
    if (body->quality[0] == '\0')
        memcpy(body->quality, kept.quality, sizeof body->quality);
    if (kept.has_reading)
        add_reading(body, &kept.reading);
    releve_kept_day_free(&kept);
    return true;
}

/* --- a body ------------------------------------------------------------------------------------------------------- */

/* What is asked, as it was asked. */
struct head {
    char prm[RELEVE_PRM_TEXT], start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    const char *quality;
};

static void write_v5(struct releve_text *out, const struct releve_conso_body *body, const struct head *head)
{
    static const char *const types[] = {
        [RELEVE_ENERGY] = "\"energy\",\"aggregate\":\"sum\",\"measuring_period\":\"P1D\"",
        [RELEVE_LOAD_CURVE] = "\"power\",\"aggregate\":\"average\"",
        [RELEVE_MAX_POWER] = "\"power\",\"aggregate\":\"maximum\",\"measuring_period\":\"P1D\"",
    };
    const struct releve_kind_facts *facts = releve_kind_facts(body->ask->kind);
    releve_text_format(out,
                       "{\"usage_point_id\":\"%s\",\"start\":\"%s\",\"end\":\"%s\",\"quality\":\"%s\",\"reading_type\":"
                       "{\"unit\":\"%s\",\"measurement_kind\":%s},\"interval_reading\":[",
                       head->prm, head->start, head->end, head->quality, facts->unit, types[facts->quantity]);
    releve_text_add(out, body->points.bytes, body->points.length);
    releve_text_puts(out, "]}");
}

static void write_registers(struct releve_text *out, const struct releve_conso_body *body, const struct head *head)
{
    bool fed_in = releve_kind_facts(body->ask->kind)->direction == RELEVE_PRODUCTION;
    releve_text_format(out,
                       "{\"idPrm\":\"%s\",\"periode\":{\"dateDebut\":\"%s\",\"dateFin\":\"%s\"},\"grandeur\":[],"
                       "\"contexte\":[{\"etapeMetier\":\"%s\",\"contexteReleve\":\"COL\",\"typeReleve\":\"AQ\","
                       "\"grandeur\":[{\"grandeurMetier\":\"%s\",\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\",",
                       head->prm, head->start, head->end, head->quality, fed_in ? "PROD" : "CONS");
    releve_conso_registers_write(out, body->registers);
    releve_text_puts(out, "}]}]}");
}

static void write_2026(struct releve_text *out, const struct releve_conso_body *body, const struct head *head)
{
    static const struct {
        const char *before, *quantity;
    } types[] = {
        [RELEVE_ENERGY] = {"\"typeValeur\":\"GLOBALE\",\"modeCalcul\":\"DIFF.INDEX\",\"pas\":\"P1D\"", "EA"},
        [RELEVE_LOAD_CURVE] = {"\"modeCalcul\":\"MESURE\"", "PA"},
        [RELEVE_MAX_POWER] = {"\"modeCalcul\":\"MESURE\",\"pas\":\"P1D\"", "PMA"},
    };
    const struct releve_kind_facts *facts = releve_kind_facts(body->ask->kind);
    releve_text_format(out,
                       "{\"idPrm\":\"%s\",\"etapeMetier\":\"%s\",\"periode\":{\"dateDebut\":\"%s\",\"dateFin\":\"%s\"},"
                       "%s,\"grandeur\":[{\"grandeurMetier\":\"%s\",\"grandeurPhysique\":\"%s\",\"unite\":\"%s\","
                       "\"points\":[",
                       head->prm, head->quality, head->start, head->end, types[facts->quantity].before,
                       facts->direction == RELEVE_PRODUCTION ? "PROD" : "CONS", types[facts->quantity].quantity,
                       facts->unit);
    releve_text_add(out, body->points.bytes, body->points.length);
    releve_text_puts(out, "],\"calendrier\":[]}],\"contexte\":[]}");
}

void releve_conso_body_end(struct releve_conso_body *body, struct releve_conso_answer *answer)
{
    const struct releve_conso_ask *ask = body->ask;
    struct head head = {.quality = body->quality[0] != '\0' ? body->quality : "BRUT"};
    releve_prm_format(ask->prm, head.prm);
    releve_day_format(ask->span.first, head.start);
    releve_day_format(ask->span.end, head.end);
    if (body->values == 0) {
        releve_conso_refuse(ask, RELEVE_CONSO_NO_DATA, answer);
    } else {
        answer->status = 200;
        if (body->registers != NULL)
            write_registers(&answer->body, body, &head);
        else if (ask->shape == RELEVE_CONSO_V5)
            write_v5(&answer->body, body, &head);
        else
            write_2026(&answer->body, body, &head);
    }
    if (body->registers != NULL)
        releve_conso_registers_close(body->registers);
    releve_text_free(&body->points);
}
