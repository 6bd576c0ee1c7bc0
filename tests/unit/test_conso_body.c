/* Bodies of the Conso API. What the dialects read in upstream's body, is stored, read back and answered with, they read
 * in the answer again: in both shapes, for days of any length and with anything missing. */
#include "test_enedis_bodies.h"
#include <adapters/redis/day_json.h>
#include <adapters/web/conso_body.h>
#include <adapters/web/kept_day.h>
#include <cjson/cJSON.h>

#define FETCHED ((releve_time)1790755200000)
#define DAYS_MAX 7
#define ROUNDS 300
#define AUTUMN "2026-10-25"
#define SPRING "2026-03-29"

static const char *const start_days[] = {"2026-09-29", "2026-03-26", "2026-10-22"};

/* Some days, as the dialects read them. */
struct days {
    struct releve_span span;
    size_t count;
    struct releve_reading readings[DAYS_MAX];
    struct releve_interval intervals[DAYS_MAX][RELEVE_INTERVALS_MAX];
};

static struct releve_conso_ask ask_of(enum releve_kind kind, enum releve_conso_shape shape, struct releve_span span)
{
    return (struct releve_conso_ask){.shape = shape, .kind = kind, .prm = PRM, .span = span};
}

/* As it stands in Redis; the caller frees it. */
static struct releve_text store(enum releve_kind kind, const struct releve_reading *reading)
{
    struct releve_text json = {.length = 0};
    struct releve_day_batch batch = {
        .prm = PRM, .kind = kind, .source = "2026", .quality = "BRUT", .fetched_at = FETCHED};
    struct releve_day_entry entry = {reading->day, reading->complete ? RELEVE_DAY_COMPLETE : RELEVE_DAY_PARTIAL,
                                     RELEVE_TIME_NEVER, reading};
    releve_day_json_write(&json, &batch, &entry);
    return json;
}

static void add_stored(struct releve_conso_body *body, releve_day day, const char *text)
{
    assert_true(releve_conso_body_add(body, day, text, strlen(text)));
}

/* The caller frees the body of the answer. */
static struct releve_conso_answer answer_with(const struct releve_conso_ask *ask, const struct days *days)
{
    struct releve_conso_answer answer = {.status = 0};
    struct releve_conso_body body;
    releve_conso_body_begin(&body, ask);
    for (size_t i = 0; i < days->count; i++) {
        struct releve_text json = store(ask->kind, &days->readings[i]);
        assert_true(releve_conso_body_add(&body, days->readings[i].day, json.bytes, json.length));
        releve_text_free(&json);
    }
    releve_conso_body_end(&body, &answer);
    return answer;
}

/* What a dialect makes of the answer: its body as it is, that of v5 inside of what stands around it there. */
static void judge_answer(const struct releve_conso_ask *ask, const struct releve_conso_answer *answer,
                         struct releve_answer *judged)
{
    static char text[BODY_BYTES];
    bool v5 = ask->shape == RELEVE_CONSO_V5, inside = v5 && answer->status == 200;
    int length = snprintf(text, sizeof text, "%s%.*s%s", inside ? "{\"meter_reading\":" : "", (int)answer->body.length,
                          answer->body.bytes, inside ? "}" : "");
    assert_true(length < (int)sizeof text);
    struct releve_exchange_response response = answered((int)answer->status, text);
    const struct releve_dialect *dialect = v5 ? &releve_dialect_v5 : &releve_dialect_2026;
    dialect->judge(ask->kind, ask->prm, ask->span, &response, 0, judged);
}

static void assert_same_reading(const struct releve_reading *found, const struct releve_reading *expected)
{
    assert_int_equal(found->day, expected->day);
    assert_int_equal(found->state, RELEVE_READING_USABLE);
    assert_int_equal(found->complete, expected->complete);
    assert_int_equal(found->value, expected->value);
    assert_true(found->at == expected->at);
    assert_int_equal(found->intervals_count, expected->intervals_count);
    for (size_t i = 0; i < found->intervals_count; i++)
        assert_memory_equal(&found->intervals[i], &expected->intervals[i], sizeof expected->intervals[i]);
}

static void expect_back(enum releve_kind kind, const struct days *days, const struct days *expected)
{
    for (int shape = 0; shape < 2; shape++) {
        struct releve_conso_ask ask = ask_of(kind, (enum releve_conso_shape)shape, days->span);
        struct releve_conso_answer answer = answer_with(&ask, days);
        struct releve_answer judged;
        judge_answer(&ask, &answer, &judged);
        assert_int_equal(answer.status, expected->count > 0 ? 200 : 404);
        assert_int_equal(judged.verdict, expected->count > 0 ? RELEVE_DATA : RELEVE_NO_DATA);
        if (expected->count > 0)
            assert_string_equal(judged.reason.code, "");
        assert_int_equal(judged.readings_count, expected->count);
        for (size_t i = 0; i < expected->count; i++)
            assert_same_reading(&judged.readings[i], &expected->readings[i]);
        releve_dialect_answer_free(&judged);
        releve_text_free(&answer.body);
    }
}

/* --- days at random ----------------------------------------------------------------------------------------------- */

static uint64_t drawn = 1;

static unsigned draw(unsigned count)
{
    drawn = drawn * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(drawn >> 33) % count;
}

static struct releve_reading *begin_day(struct days *days, releve_day day)
{
    struct releve_reading *reading = &days->readings[days->count];
    *reading = (struct releve_reading){.day = day, .complete = true, .intervals = days->intervals[days->count]};
    return reading;
}

/* Keeps it where it has a value. */
static void end_day(struct days *days, const struct releve_reading *reading)
{
    days->count += reading->intervals_count > 0;
}

/* A curve whose length changes with the hour (0) or is one; of a thousand intervals `missing` have no value. */
static void draw_curve(struct days *days, releve_day day, int length, unsigned missing)
{
    static const int lengths[] = {5, 10, 15, 30, 60};
    struct releve_reading *reading = begin_day(days, day);
    int now = length;
    for (int minute = 0; minute < releve_paris_day_minutes(day); minute += now) {
        if (length == 0 && minute % 60 == 0)
            now = lengths[draw(5)];
        if (draw(1000) < missing) {
            reading->complete = false;
            continue;
        }
        days->intervals[days->count][reading->intervals_count++] =
            (struct releve_interval){(int16_t)minute, (int16_t)now, (int32_t)draw(3) * 1000};
    }
    end_day(days, reading);
}

/* Where an interval of the 25-hour day ends, in the hour that a clock shows twice: the minute of that hour; else -1. */
static int minute_of_doubled(const struct releve_interval *interval)
{
    int end = interval->minute + interval->length_minutes;
    return end >= 120 && end < 240 ? end % 60 : -1;
}

/* What can be told of these days: of a label of the doubled hour that has one value of two, nothing. */
static void leave_certain(const struct days *days, struct days *certain)
{
    *certain = (struct days){.span = days->span};
    for (size_t i = 0; i < days->count; i++) {
        const struct releve_reading *from = &days->readings[i];
        struct releve_reading *to = begin_day(certain, from->day);
        int seen[60] = {0};
        to->complete = from->complete;
        for (size_t j = 0; j < from->intervals_count; j++)
            if (releve_paris_day_minutes(from->day) == 1500 && minute_of_doubled(&from->intervals[j]) >= 0)
                seen[minute_of_doubled(&from->intervals[j])]++;
        for (size_t j = 0; j < from->intervals_count; j++) {
            int minute = releve_paris_day_minutes(from->day) == 1500 ? minute_of_doubled(&from->intervals[j]) : -1;
            if (minute >= 0 && seen[minute] == 1)
                to->complete = false;
            else
                certain->intervals[certain->count][to->intervals_count++] = from->intervals[j];
        }
        end_day(certain, to);
    }
}

static void check_curves(int length, unsigned missing)
{
    static struct days days, certain;
    for (size_t i = 0; i < sizeof start_days / sizeof start_days[0]; i++) {
        days = (struct days){.span = span_of(start_days[i], DAYS_MAX)};
        for (releve_day day = days.span.first; day < days.span.end; day++)
            if (missing == 0 || draw(8) > 0)
                draw_curve(&days, day, length, missing);
        leave_certain(&days, &certain);
        expect_back(RELEVE_CONSUMPTION_LOAD_CURVE, &days, &certain);
        expect_back(RELEVE_PRODUCTION_LOAD_CURVE, &days, &certain);
    }
}

static void test_whole_curves_come_back_whole(void **state)
{
    (void)state;
    static const int lengths[] = {5, 10, 15, 30, 60};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        check_curves(lengths[i], 0);
}

static void test_curves_of_any_lengths_come_back_with_what_they_have(void **state)
{
    (void)state;
    static const int lengths[] = {0, 5, 10, 15, 30, 60};
    static const unsigned missing[] = {0, 20, 300, 900, 1000};
    for (int round = 0; round < ROUNDS; round++)
        check_curves(lengths[draw(6)], missing[draw(5)]);
}

static void test_daily_values_come_back(void **state)
{
    (void)state;
    static const enum releve_kind kinds[] = {RELEVE_DAILY_CONSUMPTION, RELEVE_DAILY_PRODUCTION,
                                             RELEVE_DAILY_CONSUMPTION_MAX_POWER};
    static struct days days;
    for (int round = 0; round < ROUNDS; round++) {
        enum releve_kind kind = kinds[round % 3];
        days = (struct days){.span = span_of(start_days[draw(3)], DAYS_MAX)};
        for (releve_day day = days.span.first; day < days.span.end; day++) {
            if (draw(4) == 0)
                continue;
            struct releve_reading *reading = &days.readings[days.count++];
            *reading = (struct releve_reading){.day = day, .complete = true, .value = (int32_t)draw(40000)};
            if (kind == RELEVE_DAILY_CONSUMPTION_MAX_POWER) {
                reading->at = releve_paris_midnight(day) +
                              (releve_time)draw((unsigned)releve_paris_day_minutes(day) * 60) * RELEVE_SECOND_MS;
                char label[20];
                releve_time both[2]; /* of a doubled label the earlier one is read: docs/enedis.md, Bodies */
                label_of(reading->at, label);
                int second = atoi(label + 11) * 3600 + atoi(label + 14) * 60 + atoi(label + 17);
                assert_true(releve_paris_instants(day, second, both) > 0);
                reading->at = both[0];
            }
        }
        expect_back(kind, &days, &days);
    }
}

/* --- to the byte -------------------------------------------------------------------------------------------------- */

static void expect_body(const struct releve_conso_answer *answer, const char *text)
{
    assert_int_equal(answer->status, 200);
    if (strlen(text) != answer->body.length || memcmp(answer->body.bytes, text, answer->body.length) != 0)
        fail_msg("%.*s\nis not\n%s", (int)answer->body.length, answer->body.bytes, text);
}

static void expect_bodies(enum releve_kind kind, const struct days *days, const char *v5, const char *modern)
{
    for (int shape = 0; shape < 2; shape++) {
        struct releve_conso_ask ask = ask_of(kind, (enum releve_conso_shape)shape, days->span);
        struct releve_conso_answer answer = answer_with(&ask, days);
        expect_body(&answer, shape == RELEVE_CONSO_V5 ? v5 : modern);
        releve_text_free(&answer.body);
    }
}

/* The forms are those that were captured. */
static void test_bodies_are_those_of_enedis(void **state)
{
    (void)state;
    static struct days days;
    days = (struct days){.span = span_of("2026-09-29", 2), .count = 1};
    days.readings[0] = (struct releve_reading){
        .day = days.span.first, .complete = true, .value = 4680, .at = 1790679815000 /* 13:03:35 in Paris */};
    expect_bodies(RELEVE_DAILY_CONSUMPTION, &days,
                  "{\"usage_point_id\":" PRM_JSON
                  ",\"start\":\"2026-09-29\",\"end\":\"2026-10-01\",\"quality\":\"BRUT\",\"reading_type\":{\"unit\":"
                  "\"Wh\",\"measurement_kind\":\"energy\",\"aggregate\":\"sum\",\"measuring_period\":\"P1D\"},"
                  "\"interval_reading\":[{\"value\":\"4680\",\"date\":\"2026-09-29\"}]}",
                  "{\"idPrm\":" PRM_JSON
                  ",\"etapeMetier\":\"BRUT\",\"periode\":{\"dateDebut\":\"2026-09-29\",\"dateFin\":\"2026-10-01\"},"
                  "\"typeValeur\":\"GLOBALE\",\"modeCalcul\":\"DIFF.INDEX\",\"pas\":\"P1D\",\"grandeur\":[{"
                  "\"grandeurMetier\":\"CONS\",\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\",\"points\":[{\"v\":"
                  "\"4680\",\"d\":\"2026-09-29\"}],\"calendrier\":[]}],\"contexte\":[]}");
    expect_bodies(RELEVE_DAILY_CONSUMPTION_MAX_POWER, &days,
                  "{\"usage_point_id\":" PRM_JSON
                  ",\"start\":\"2026-09-29\",\"end\":\"2026-10-01\",\"quality\":\"BRUT\",\"reading_type\":{\"unit\":"
                  "\"VA\",\"measurement_kind\":\"power\",\"aggregate\":\"maximum\",\"measuring_period\":\"P1D\"},"
                  "\"interval_reading\":[{\"value\":\"4680\",\"date\":\"2026-09-29 13:03:35\"}]}",
                  "{\"idPrm\":" PRM_JSON
                  ",\"etapeMetier\":\"BRUT\",\"periode\":{\"dateDebut\":\"2026-09-29\",\"dateFin\":\"2026-10-01\"},"
                  "\"modeCalcul\":\"MESURE\",\"pas\":\"P1D\",\"grandeur\":[{\"grandeurMetier\":\"CONS\","
                  "\"grandeurPhysique\":\"PMA\",\"unite\":\"VA\",\"points\":[{\"v\":\"4680\",\"d\":\"2026-09-29 "
                  "13:03:35\"}],\"calendrier\":[]}],\"contexte\":[]}");
    days.intervals[0][0] = (struct releve_interval){1380, 60, 12};
    days.readings[0] =
        (struct releve_reading){.day = days.span.first, .intervals = days.intervals[0], .intervals_count = 1};
    expect_bodies(RELEVE_PRODUCTION_LOAD_CURVE, &days,
                  "{\"usage_point_id\":" PRM_JSON
                  ",\"start\":\"2026-09-29\",\"end\":\"2026-10-01\",\"quality\":\"BRUT\",\"reading_type\":{\"unit\":"
                  "\"W\",\"measurement_kind\":\"power\",\"aggregate\":\"average\"},\"interval_reading\":[{\"value\":"
                  "\"12\",\"date\":\"2026-09-30 00:00:00\",\"interval_length\":\"PT60M\",\"measure_type\":\"B\"}]}",
                  "{\"idPrm\":" PRM_JSON
                  ",\"etapeMetier\":\"BRUT\",\"periode\":{\"dateDebut\":\"2026-09-29\",\"dateFin\":\"2026-10-01\"},"
                  "\"modeCalcul\":\"MESURE\",\"grandeur\":[{\"grandeurMetier\":\"PROD\",\"grandeurPhysique\":\"PA\","
                  "\"unite\":\"W\",\"points\":[{\"v\":\"12\",\"d\":\"2026-09-30 00:00:00\",\"p\":\"PT60M\",\"n\":\"B\","
                  "\"iv\":\"0\",\"ec\":\"0\"}],\"calendrier\":[]}],\"contexte\":[]}");
}

static size_t count_of(const struct releve_conso_answer *answer, const char *text)
{
    size_t count = 0;
    for (const char *at = answer->body.bytes; at + strlen(text) <= answer->body.bytes + answer->body.length; at++)
        count += memcmp(at, text, strlen(text)) == 0;
    return count;
}

static void test_the_autumn_night_has_its_labels_twice_and_the_spring_night_none(void **state)
{
    (void)state;
    static struct days days;
    for (int shape = 0; shape < 2; shape++) {
        days = (struct days){.span = span_of(AUTUMN, 1)};
        draw_curve(&days, days.span.first, 30, 0);
        struct releve_conso_ask ask = ask_of(RELEVE_CONSUMPTION_LOAD_CURVE, (enum releve_conso_shape)shape, days.span);
        struct releve_conso_answer answer = answer_with(&ask, &days);
        assert_int_equal(count_of(&answer, "PT30M"), 50);
        assert_int_equal(count_of(&answer, AUTUMN " 02:00:00"), 2);
        assert_int_equal(count_of(&answer, AUTUMN " 02:30:00"), 2);
        assert_int_equal(count_of(&answer, AUTUMN " 03:00:00"), 1);
        assert_int_equal(count_of(&answer, AUTUMN " 00:00:00"), 0);
        assert_int_equal(count_of(&answer, "2026-10-26 00:00:00"), 1);
        releve_text_free(&answer.body);
        days = (struct days){.span = span_of(SPRING, 1)};
        draw_curve(&days, days.span.first, 30, 0);
        ask.span = days.span;
        answer = (struct releve_conso_answer){.status = 0};
        answer = answer_with(&ask, &days);
        assert_int_equal(count_of(&answer, "PT30M"), 46);
        assert_int_equal(count_of(&answer, SPRING " 02:"), 0);
        assert_int_equal(count_of(&answer, SPRING " 03:00:00"), 1);
        releve_text_free(&answer.body);
    }
}

/* --- registers ---------------------------------------------------------------------------------------------------- */

static void test_registers_come_back(void **state)
{
    (void)state;
    static struct days days;
    static struct releve_register registers[2][4];
    static const struct releve_register named[4] = {{"IDX_EAS_F1", "FC000014", "HC", "Heures Creuses", 0},
                                                    {"IDX_EAS_T", NULL, NULL, NULL, 0},
                                                    {"IDX_EAS_D1", "DI000001", "BASE", "Base, \"été\"", 0},
                                                    {"IDX_EAS_F2", "FC000014", "HP", "Heures Pleines", 0}};
    days = (struct days){.span = span_of(AUTUMN, 2), .count = 2};
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 4; j++) {
            registers[i][j] = named[j];
            registers[i][j].value_wh = (int32_t)(1000 * i + j);
        }
        days.readings[i] = (struct releve_reading){.day = days.span.first + (releve_day)i,
                                                   .complete = true,
                                                   .at = releve_paris_midnight(days.span.first + (releve_day)i),
                                                   .registers = registers[i],
                                                   .registers_count = 4};
    }
    struct releve_conso_ask ask = ask_of(RELEVE_INDEX_CONSUMPTION, RELEVE_CONSO_2026, days.span);
    struct releve_conso_answer answer = answer_with(&ask, &days);
    struct releve_answer judged;
    judge_answer(&ask, &answer, &judged);
    assert_int_equal(judged.verdict, RELEVE_DATA);
    assert_int_equal(judged.readings_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct releve_reading *found = &judged.readings[i];
        assert_int_equal(found->registers_count, 4);
        assert_true(found->complete && found->at == days.readings[i].at);
        for (size_t j = 0; j < 4; j++) { /* by calendar, the total last */
            const struct releve_register *expected = &registers[i][(const size_t[]){0, 3, 2, 1}[j]];
            assert_string_equal(found->registers[j].name, expected->name);
            assert_int_equal(found->registers[j].value_wh, expected->value_wh);
            assert_true((found->registers[j].label == NULL) == (expected->label == NULL));
            if (expected->label != NULL)
                assert_string_equal(found->registers[j].label, expected->label);
        }
    }
    releve_dialect_answer_free(&judged);
    releve_text_free(&answer.body);
}

/* --- what anybody has written into Redis -------------------------------------------------------------------------- */

static void test_holes_and_pending_days_are_not_in_it_and_nothing_at_all_is_404(void **state)
{
    (void)state;
    for (int shape = 0; shape < 2; shape++) {
        struct releve_span span = span_of("2026-09-29", 3);
        struct releve_conso_ask ask = ask_of(RELEVE_DAILY_CONSUMPTION, (enum releve_conso_shape)shape, span);
        struct releve_conso_answer answer = {.status = 0};
        struct releve_conso_body body;
        releve_conso_body_begin(&body, &ask);
        add_stored(&body, span.first, "{\"state\":\"hole\"}");
        add_stored(&body, span.first + 2, "{\"state\":\"pending\",\"recheck_after\":\"2026-11-19T22:10:39Z\"}");
        releve_conso_body_end(&body, &answer);
        assert_int_equal(answer.status, 404);
        assert_int_equal(count_of(&answer, shape == RELEVE_CONSO_V5 ? "no_data_found" : "Pas de mesure"), 1);
        releve_text_free(&answer.body);
    }
}

static void test_what_is_no_day_of_the_kind_is_left_out(void **state)
{
    (void)state;
    static const struct {
        enum releve_kind kind;
        const char *text;
    } wrong[] = {
        {RELEVE_DAILY_CONSUMPTION, ""},
        {RELEVE_DAILY_CONSUMPTION, "[]"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":1"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\"}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"kWh\",\"value\":1}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"value\":1}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"good\",\"unit\":\"Wh\",\"value\":1}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"unit\":\"Wh\",\"value\":1}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":-1}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":1.5}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":2147483648}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":\"1\"}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":1e999}"},
        {RELEVE_DAILY_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":1,\"x\":[[[[1]]]]}"},
        {RELEVE_DAILY_CONSUMPTION_MAX_POWER, "{\"state\":\"complete\",\"unit\":\"VA\",\"value\":1}"},
        {RELEVE_DAILY_CONSUMPTION_MAX_POWER,
         "{\"state\":\"complete\",\"unit\":\"VA\",\"value\":1,\"at\":\"2026-09-30T13:03:35+02:00\"}"},
        {RELEVE_DAILY_CONSUMPTION_MAX_POWER,
         "{\"state\":\"complete\",\"unit\":\"VA\",\"value\":1,\"at\":\"2026-09-29T13:03:35+01:00\"}"},
        {RELEVE_DAILY_CONSUMPTION_MAX_POWER,
         "{\"state\":\"complete\",\"unit\":\"VA\",\"value\":1,\"at\":\"2026-09-29T13:03:35\\\",\\\"x\"}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"complete\",\"unit\":\"W\"}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"interval\":\"PT30M\",\"values\":[1]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"values\":[1]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[0,30]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[0,31,1]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[0,0,1]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[-30,30,1]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[1430,30,1]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[0,30,1],[15,30,1]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[30,30,1],[0,30,1]]}"},
        {RELEVE_CONSUMPTION_LOAD_CURVE, "{\"state\":\"partial\",\"unit\":\"W\",\"points\":[[0,30,\"1\"]]}"},
        {RELEVE_INDEX_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"at\":\"2026-09-29T00:00:00+02:00\"}"},
        {RELEVE_INDEX_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"at\":\"2026-09-29T00:00:00+02:00\","
                                   "\"registers\":[{\"register\":\"A\",\"calendar\":null,\"class\":null,\"label\":"
                                   "null,\"value\":1},{\"register\":\"A\",\"calendar\":null,\"class\":null,\"label\":"
                                   "null,\"value\":2}]}"},
        {RELEVE_INDEX_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"at\":\"2026-09-29T00:00:00+02:00\","
                                   "\"registers\":[{\"register\":null,\"calendar\":null,\"class\":null,\"label\":"
                                   "null,\"value\":1}]}"},
        {RELEVE_INDEX_CONSUMPTION, "{\"state\":\"complete\",\"unit\":\"Wh\",\"at\":\"2026-09-29T00:00:00+02:00\","
                                   "\"registers\":[{\"register\":\"\xff\",\"calendar\":null,\"class\":null,\"label\":"
                                   "null,\"value\":1}]}"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct releve_conso_ask ask = ask_of(wrong[i].kind, RELEVE_CONSO_2026, span_of("2026-09-29", 1));
        struct releve_conso_answer answer = {.status = 0};
        struct releve_conso_body body;
        releve_conso_body_begin(&body, &ask);
        if (releve_conso_body_add(&body, ask.span.first, wrong[i].text, strlen(wrong[i].text)))
            fail_msg("taken: %s", wrong[i].text);
        releve_conso_body_end(&body, &answer);
        assert_int_equal(answer.status, 404);
        releve_text_free(&answer.body);
    }
}

static void test_a_quality_that_is_none_does_not_come_out(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":7,\"quality\":\"\\\",\\\"x\\\":\\\"\"}",
        "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":7,\"quality\":\"ABCDEFGHIJKLMNOPQRSTUVWXYZ\"}",
        "{\"state\":\"complete\",\"unit\":\"Wh\",\"value\":7,\"quality\":5}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct releve_conso_ask ask = ask_of(RELEVE_DAILY_CONSUMPTION, RELEVE_CONSO_V5, span_of("2026-09-29", 1));
        struct releve_conso_answer answer = {.status = 0};
        struct releve_conso_body body;
        releve_conso_body_begin(&body, &ask);
        add_stored(&body, ask.span.first, texts[i]);
        releve_conso_body_end(&body, &answer);
        assert_int_equal(answer.status, 200);
        assert_int_equal(count_of(&answer, "\"quality\":\"BRUT\""), 1);
        releve_text_free(&answer.body);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_curves_come_back_whole),
        cmocka_unit_test(test_curves_of_any_lengths_come_back_with_what_they_have),
        cmocka_unit_test(test_daily_values_come_back),
        cmocka_unit_test(test_bodies_are_those_of_enedis),
        cmocka_unit_test(test_the_autumn_night_has_its_labels_twice_and_the_spring_night_none),
        cmocka_unit_test(test_registers_come_back),
        cmocka_unit_test(test_holes_and_pending_days_are_not_in_it_and_nothing_at_all_is_404),
        cmocka_unit_test(test_what_is_no_day_of_the_kind_is_left_out),
        cmocka_unit_test(test_a_quality_that_is_none_does_not_come_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
