/* The writers. Field names and their order are those of captured bodies. */
#include "bodies.h"
#include "registers.h"
#include "weather.h"
#include <assert.h>
#include <releve/kind.h>

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

void sandbox_body_write_stamp(const struct sandbox_measure *measure, struct releve_text *body,
                              const struct sandbox_reading *reading)
{
    if (reading->second_of_day < 0) {
        releve_text_day(body, reading->day);
        return;
    }
    write_instant(body, reading->day, reading->second_of_day);
    if (sandbox_settings_body(measure->settings, SANDBOX_BODY_MILLISECONDS))
        releve_text_puts(body, ".000");
}

/* "30M"; what stands behind "PT". */
static void write_length(const struct sandbox_measure *measure, struct releve_text *body, int minutes)
{
    if (measure->asked.client.pace == SANDBOX_PACE_HOUR) {
        releve_text_puts(body, "1H");
        return;
    }
    releve_text_number(body, minutes);
    releve_text_puts(body, "M");
}

/* What stands between the parts of a point, as captured. */
static const struct point_form {
    const char *value, *date, *length, *rest;
} forms[] = {
    [SANDBOX_V5] = {"{\"value\":\"", "\",\"date\":\"", "\",\"interval_length\":\"PT", "\",\"measure_type\":\"B"},
    [SANDBOX_2026] = {"{\"v\":\"", "\",\"d\":\"", "\",\"p\":\"PT", "\",\"n\":\"B\",\"iv\":\"0\",\"ec\":\"0"},
};

static void write_point(const struct sandbox_measure *measure, struct releve_text *body, bool first,
                        const struct sandbox_reading *reading)
{
    const struct point_form *form = &forms[measure->generation];
    releve_text_puts(body, first ? "" : ",");
    releve_text_puts(body, form->value);
    if (reading->absurd != NULL)
        releve_text_puts(body, reading->absurd);
    else
        releve_text_number(body, reading->value);
    releve_text_puts(body, form->date);
    sandbox_body_write_stamp(measure, body, reading);
    if (reading->length_minutes > 0) {
        releve_text_puts(body, form->length);
        write_length(measure, body, reading->length_minutes);
        releve_text_puts(body, form->rest);
    }
    releve_text_puts(body, "\"}");
}

/* The range that the body says it is about. */
static void write_range(const struct sandbox_measure *measure, char start[RELEVE_DAY_TEXT], char end[RELEVE_DAY_TEXT])
{
    struct releve_span span = measure->asked.span;
    if (sandbox_settings_body(measure->settings, SANDBOX_BODY_SHORT_RANGE) && span.end > measure->published_end)
        span.end = measure->published_end > span.first ? measure->published_end : span.first + 1;
    releve_day_format(span.first, start);
    releve_day_format(span.end, end);
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
    write_range(measure, start, end);
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
    write_range(measure, start, end);
    releve_text_format(body,
                       "{\"idPrm\":\"" RELEVE_PRM_FORMAT "\",\"etapeMetier\":\"BRUT\",\"periode\":{\"dateDebut\":"
                       "\"%s\",\"dateFin\":\"%s\"},%s,\"grandeur\":[{\"grandeurMetier\":\"%s\",\"grandeurPhysique\":"
                       "\"%s\",\"unite\":\"%s\",\"points\":[",
                       measure->label, start, end, shapes[facts->quantity].before,
                       facts->direction == RELEVE_PRODUCTION ? "PROD" : "CONS", shapes[facts->quantity].quantity,
                       facts->unit);
}

static void write_registers(const struct sandbox_measure *measure, const struct sandbox_series *series,
                            struct releve_text *body)
{
    char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    write_range(measure, start, end);
    releve_text_format(body,
                       "{\"idPrm\":\"" RELEVE_PRM_FORMAT "\",\"periode\":{\"dateDebut\":\"%s\",\"dateFin\":\"%s\"},",
                       measure->label, start, end);
    sandbox_registers_write(measure, series, body);
}

static void write_body(const struct sandbox_measure *measure, const struct sandbox_series *series,
                       struct releve_text *body)
{
    if (releve_kind_facts(measure->kind)->quantity == RELEVE_REGISTERS) {
        write_registers(measure, series, body);
        return;
    }
    if (measure->generation == SANDBOX_V5)
        write_head_v5(measure, body);
    else
        write_head_2026(measure, body);
    for (size_t i = 0; i < series->count; i++)
        write_point(measure, body, i == 0, &series->readings[i]);
    releve_text_puts(body, measure->generation == SANDBOX_V5 ? "]}}" : "],\"calendrier\":[]}],\"contexte\":[]}");
}

bool sandbox_body_write(const struct sandbox_measure *measure, struct sandbox_answer *answer)
{
    struct sandbox_series series = {0};
    bool curve = releve_kind_facts(measure->kind)->quantity == RELEVE_LOAD_CURVE;
    if (!curve || measure->asked.client.curve)
        sandbox_series_read(&series, measure, sandbox_weather_span(measure));
    if (sandbox_weather_apply(&series, measure))
        answer->disturbed = measure->fault;
    bool good = series.count > 0 || sandbox_settings_body(measure->settings, SANDBOX_BODY_EMPTY200);
    if (good) {
        write_body(measure, &series, &answer->body);
        answer->served = series.served;
        if (sandbox_settings_body(measure->settings, SANDBOX_BODY_OCTET_STREAM))
            answer->content_type = "application/octet-stream";
    }
    sandbox_series_free(&series);
    return good;
}
