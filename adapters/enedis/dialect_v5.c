/* The generation "v5" (docs/enedis.md, Two generations). One quota bucket for all APIs. */
#include "enedis.h"
#include "json.h"
#include "judge.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define DAYS_MIN 2 /* a single day is not served alone (docs/enedis.md, Date rules) */

#define QUOTA "v5" /* one for all */

struct place {
    const char *api, *rest;
};

static const struct place places[RELEVE_KINDS] = {
    [RELEVE_DAILY_CONSUMPTION] = {"metering_data_dc", "v5/daily_consumption"},
    [RELEVE_CONSUMPTION_LOAD_CURVE] = {"metering_data_clc", "v5/consumption_load_curve"},
    [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = {"metering_data_dcmp", "v5/daily_consumption_max_power"},
    [RELEVE_DAILY_PRODUCTION] = {"metering_data_dp", "v5/daily_production"},
    [RELEVE_PRODUCTION_LOAD_CURVE] = {"metering_data_plc", "v5/production_load_curve"},
    [RELEVE_CONTRACTS] = {"customers_upc", "v5/usage_points/contracts"},
    [RELEVE_ADDRESSES] = {"customers_upa", "v5/usage_points/addresses"},
    [RELEVE_IDENTITY] = {"customers_i", "v5/identity"},
    [RELEVE_CONTACT_DATA] = {"customers_cd", "v5/contact_data"},
};

static void target(enum releve_kind kind, releve_prm prm, struct releve_span span, char out[RELEVE_TARGET_BYTES])
{
    assert(kind < RELEVE_KINDS && places[kind].api);
    int length = snprintf(out, RELEVE_TARGET_BYTES, "/%s/%s?usage_point_id=" RELEVE_PRM_FORMAT, places[kind].api,
                          places[kind].rest, prm);
    assert(length < RELEVE_TARGET_BYTES);
    if (!releve_kind_is_document(kind)) {
        char start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
        releve_day_format(span.first, start);
        releve_day_format(span.end, end);
        length += snprintf(out + length, RELEVE_TARGET_BYTES - (size_t)length, "&start=%s&end=%s", start, end);
    }
    assert(length < RELEVE_TARGET_BYTES);
    (void)length;
}

static bool read_body(const cJSON *root, releve_prm prm, struct enedis_measures *measures, const char **quality)
{
    const struct releve_kind_facts *facts = releve_kind_facts(measures->kind);
    const cJSON *reading = enedis_json_get(root, "meter_reading");
    if (!cJSON_IsObject(reading))
        return enedis_problem(measures, "the body has no meter_reading");
    if (!enedis_measures_is_prm(enedis_json_get(reading, "usage_point_id"), prm))
        return enedis_problem(measures, "the body is not of the usage point that was asked");
    if (!enedis_measures_take(measures, enedis_json_get(reading, "interval_reading")))
        return false;
    const cJSON *type = enedis_json_get(reading, "reading_type");
    if (!enedis_measures_is_unit(measures, enedis_json_get(type, "unit"), facts) ||
        !enedis_measures_check_period(measures, enedis_json_get(type, "measuring_period")))
        return false;
    *quality = enedis_json_text(reading, "quality");
    return enedis_measures_check_range(measures, enedis_json_get(reading, "start"), enedis_json_get(reading, "end"));
}

static void judge(enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer)
{
    assert(kind < RELEVE_KINDS);
    if (releve_kind_is_document(kind)) {
        const struct enedis_document_reader document = {places[kind].api, RELEVE_KIND_BIT(kind),
                                                        enedis_document_write_v5};
        enedis_judge_document(&document, kind, prm, response, now, answer);
        return;
    }
    const struct enedis_reader reader = {
        places[kind].api, {"interval_reading", "value", "date", "interval_length"}, read_body};
    enedis_judge(&reader, kind, prm, span, response, now, answer);
}

const struct releve_dialect releve_dialect_v5 = {
    .name = "v5",
    .days_min = DAYS_MIN,
    .token_family = QUOTA,
    .families = {[RELEVE_DAILY_CONSUMPTION] = QUOTA,
                 [RELEVE_CONSUMPTION_LOAD_CURVE] = QUOTA,
                 [RELEVE_DAILY_CONSUMPTION_MAX_POWER] = QUOTA,
                 [RELEVE_DAILY_PRODUCTION] = QUOTA,
                 [RELEVE_PRODUCTION_LOAD_CURVE] = QUOTA,
                 [RELEVE_CONTRACTS] = QUOTA,
                 [RELEVE_ADDRESSES] = QUOTA,
                 [RELEVE_IDENTITY] = QUOTA,
                 [RELEVE_CONTACT_DATA] = QUOTA}, /* no registers */
    .target = target,
    .judge = judge,
    .judge_token = releve_dialect_judge_token,
    .answer_free = releve_dialect_answer_free,
};
