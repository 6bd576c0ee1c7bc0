/* What is asked of the Conso API, and what is answered where it cannot be had. What releve itself makes of such an
 * answer, when it is the one that asks, is what it was meant to say. */
#include "test_enedis_bodies.h"
#include <adapters/web/conso_refusal.h>
#include <cjson/cJSON.h>

#define ENDED NULL

/* Asks with these parameters, name and value by turns, up to NULL. */
static bool ask_with(struct releve_conso_ask *ask, const char *type, const char *const *words,
                     struct releve_conso_answer *answer)
{
    *answer = (struct releve_conso_answer){.status = 0};
    releve_conso_begin(ask, type);
    for (; *words != NULL; words += 2)
        releve_conso_add(ask, words[0], words[1]);
    return releve_conso_end(ask, answer);
}

static cJSON *json_of(const struct releve_conso_answer *answer)
{
    cJSON *json = cJSON_ParseWithLengthOpts(answer->body.bytes, answer->body.length, NULL, false);
    assert_true(cJSON_IsObject(json));
    assert_int_equal(cJSON_GetObjectItem(json, "status")->valueint, answer->status);
    assert_true(cJSON_IsString(cJSON_GetObjectItem(json, "message")));
    return json;
}

/* That is refused, and each of its issues is about the path that stands there ("" for none). */
static void expect_refused(const char *type, const char *const *words, const char *const *paths)
{
    struct releve_conso_ask ask;
    struct releve_conso_answer answer;
    assert_false(ask_with(&ask, type, words, &answer));
    assert_int_equal(answer.status, 400);
    cJSON *json = json_of(&answer);
    assert_string_equal(cJSON_GetObjectItem(json, "message")->valuestring, "Paramètres invalides");
    const cJSON *issue, *issues = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "error"), "issues");
    cJSON_ArrayForEach(issue, issues) {
        const char *path = cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(issue, "path"), 0));
        assert_non_null(*paths);
        assert_string_equal(path != NULL ? path : "", *paths++);
        assert_true(cJSON_IsString(cJSON_GetObjectItem(issue, "message")));
    }
    assert_null(*paths);
    cJSON_Delete(json);
    releve_text_free(&answer.body);
}

#define EXPECT_REFUSED(type, words, ...) expect_refused(type, words, (const char *const[]){__VA_ARGS__, ENDED})
#define WORDS(...) ((const char *const[]){__VA_ARGS__, ENDED})
#define GOOD "prm", "10000000000018", "start", "2026-09-01", "end", "2026-09-08"

static void test_each_type_is_a_kind_in_a_shape(void **state)
{
    (void)state;
    static const struct {
        const char *v5, *modern;
        enum releve_kind kind;
    } types[] = {
        {"daily_consumption", "consommation_quotidienne", RELEVE_DAILY_CONSUMPTION},
        {"consumption_load_curve", "courbe_de_charge_consommation", RELEVE_CONSUMPTION_LOAD_CURVE},
        {"consumption_max_power", "puissance_conso_max_quotidienne", RELEVE_DAILY_CONSUMPTION_MAX_POWER},
        {"daily_production", "production_quotidienne", RELEVE_DAILY_PRODUCTION},
        {"production_load_curve", "courbe_de_charge_production", RELEVE_PRODUCTION_LOAD_CURVE},
        {NULL, "index_consommation", RELEVE_INDEX_CONSUMPTION},
        {NULL, "index_production", RELEVE_INDEX_PRODUCTION},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (int shape = 0; shape < 2; shape++) {
            const char *type = shape == RELEVE_CONSO_V5 ? types[i].v5 : types[i].modern;
            struct releve_conso_ask ask;
            struct releve_conso_answer answer;
            const char *known = releve_conso_type((enum releve_conso_shape)shape, types[i].kind);
            assert_true((known == NULL) == (type == NULL));
            if (type == NULL)
                continue;
            assert_string_equal(known, type);
            assert_true(ask_with(&ask, type, WORDS(GOOD), &answer));
            assert_int_equal(ask.kind, types[i].kind);
            assert_int_equal(ask.shape, shape);
        }
    assert_null(releve_conso_type(RELEVE_CONSO_2026, RELEVE_CONTRACTS));
}

static void test_parameters_may_have_the_names_of_either_shape(void **state)
{
    (void)state;
    struct releve_conso_ask ask;
    struct releve_conso_answer answer;
    static const char *const types[] = {"daily_production", "production_quotidienne"};
    for (size_t i = 0; i < 2; i++) {
        assert_true(ask_with(&ask, types[i],
                             WORDS("dateFin", "2026-09-08", "start", "2026-09-01", "pointId", "10000000000018"),
                             &answer));
        assert_true(ask.prm == PRM);
        assert_int_equal(ask.span.first, day_of("2026-09-01"));
        assert_int_equal(ask.span.end, day_of("2026-09-08"));
        assert_int_equal(answer.status, 0);
    }
}

static void test_maximum_power_of_2026_may_name_step_and_quantity(void **state)
{
    (void)state;
    struct releve_conso_ask ask;
    struct releve_conso_answer answer;
    assert_true(ask_with(&ask, "puissance_conso_max_quotidienne",
                         WORDS(GOOD, "mesuresPas", "P1D", "grandeurPhysique", "PMA"), &answer));
    EXPECT_REFUSED("puissance_conso_max_quotidienne", WORDS(GOOD, "mesuresPas", "P1M"), "mesuresPas");
    EXPECT_REFUSED("puissance_conso_max_quotidienne", WORDS(GOOD, "grandeurPhysique", "TOUT"), "grandeurPhysique");
    EXPECT_REFUSED("consommation_quotidienne", WORDS(GOOD, "mesuresPas", "P1D"), "");
    EXPECT_REFUSED("consumption_max_power", WORDS(GOOD, "grandeurPhysique", "PMA"), "");
}

static void test_what_is_missing_double_unknown_or_ill_formed_is_named(void **state)
{
    (void)state;
    EXPECT_REFUSED("daily_consumption", WORDS(ENDED), "prm", "start", "end");
    EXPECT_REFUSED("consommation_quotidienne", WORDS("start", "2026-09-01"), "pointId", "dateFin");
    EXPECT_REFUSED("daily_consumption", WORDS(GOOD, "prm", "10000000000018"), "prm");
    EXPECT_REFUSED("daily_consumption", WORDS(GOOD, "pointId", "10000000000018"), "prm");
    EXPECT_REFUSED("daily_consumption", WORDS(GOOD, "Prm", "10000000000018"), "");
    EXPECT_REFUSED("daily_consumption", WORDS(GOOD, "usage_point_id", "10000000000018"), "");
    EXPECT_REFUSED("nothing", WORDS(GOOD), "type");
    EXPECT_REFUSED("", WORDS(GOOD, "x", "y"), "type");
    static const char *const prms[] = {"", "1000000000001", "100000000000180", "1000000000001x", " 10000000000018"};
    static const char *const days[] = {"",           "2026-9-1",   "2026-09-31", "20260901",   "2026-09-01T00:00:00",
                                       "2026-13-01", "1926-09-01", "today",      "2026-09-01 "};
    for (size_t i = 0; i < sizeof prms / sizeof prms[0]; i++)
        EXPECT_REFUSED("daily_consumption", WORDS("prm", prms[i], "start", "2026-09-01", "end", "2026-09-08"), "prm");
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++)
        EXPECT_REFUSED("consommation_quotidienne",
                       WORDS("pointId", "10000000000018", "dateDebut", days[i], "dateFin", days[i]), "dateDebut",
                       "dateFin");
}

/* --- refusals ----------------------------------------------------------------------------------------------------- */

/* What a client reads of it: programs compare these texts. */
static void expect_says(const struct releve_conso_answer *answer, unsigned status, const char *code, const char *text)
{
    assert_int_equal(answer->status, status);
    cJSON *json = json_of(answer);
    const cJSON *error = cJSON_GetObjectItem(json, "error");
    assert_string_equal(cJSON_GetObjectItem(json, "message")->valuestring, "The Enedis API returned an error");
    assert_string_equal(cJSON_GetObjectItem(error, "error")->valuestring, code);
    assert_string_equal(cJSON_GetObjectItem(error, "error_description")->valuestring, text);
    cJSON_Delete(json);
}

static void expect_dates(const char *type, const char *start, const char *end, const char *today, const char *code,
                         const char *text)
{
    struct releve_conso_ask ask;
    struct releve_conso_answer answer;
    assert_true(ask_with(&ask, type, WORDS("prm", "10000000000018", "start", start, "end", end), &answer));
    assert_int_equal(releve_conso_judge_dates(&ask, day_of(today), &answer), code == NULL);
    if (code != NULL)
        expect_says(&answer, 400, code, text);
    releve_text_free(&answer.body);
}

static void test_dates_are_judged_as_enedis_does(void **state)
{
    (void)state;
    static const char order[] = "Start date should be before end date.";
    static const char future[] = "The end date parameter must be earlier than the current date";
    static const char year[] = "The requested period must be less than 365 days";
    static const char week[] = "The requested period must be less than 7 days for an access to the load curve";
    static const char daily[] = "daily_consumption", curve[] = "consumption_load_curve", today[] = "2026-11-27";
    expect_dates(daily, "2026-09-02", "2026-09-01", today, "Invalid_request", order);
    expect_dates(daily, "2026-09-01", "2026-09-01", today, "Invalid_request", order);
    expect_dates(daily, "2026-11-26", "2026-11-27", today, NULL, NULL); /* one day, and it is yesterday */
    expect_dates(daily, "2026-11-26", "2026-11-28", today, "Invalid_request", future);
    expect_dates(daily, "2025-11-27", "2026-11-27", today, NULL, NULL); /* 365 days */
    expect_dates(daily, "2025-11-26", "2026-11-27", today, "ADAM-ERR0126", year);
    expect_dates("production_quotidienne", "2025-11-26", "2026-11-27", today, "ADAM-DC-0015", year);
    expect_dates(curve, "2026-10-20", "2026-10-27", today, NULL, NULL);
    expect_dates(curve, "2026-10-20", "2026-10-28", today, "ADAM-ERR0126", week);
    expect_dates("courbe_de_charge_production", "2026-10-20", "2026-10-28", today, "ADAM-DC-0015", week);
    expect_dates(curve, "2001-01-01", "2001-01-02", today, NULL, NULL); /* Redis may have it, Enedis would not */
}

static struct releve_conso_ask some_ask(const char *type)
{
    struct releve_conso_ask ask;
    struct releve_conso_answer answer;
    assert_true(ask_with(&ask, type, WORDS(GOOD), &answer));
    return ask;
}

/* ha-linky, which many have in Home Assistant, ends its history at these three, to the letter. */
static void test_the_words_that_programs_compare_are_those_of_enedis(void **state)
{
    (void)state;
    static const struct {
        enum releve_conso_refusal refusal;
        unsigned status;
        const char *code, *text;
    } rows[] = {
        {RELEVE_CONSO_BEFORE_ACTIVATION, 400, "ADAM-ERR0123",
         "The requested period cannot be anterior to the meter's last activation date"},
        {RELEVE_CONSO_BEYOND_HISTORY, 400, "ADAM-ERR0125", "The start date must be greater than the history deadline."},
        {RELEVE_CONSO_NO_DATA, 404, "no_data_found", "no measure found for this usage point"},
    };
    struct releve_conso_ask ask = some_ask("daily_consumption");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct releve_conso_answer answer = {.status = 0};
        releve_conso_refuse(&ask, rows[i].refusal, &answer);
        expect_says(&answer, rows[i].status, rows[i].code, rows[i].text);
        releve_text_free(&answer.body);
    }
}

/* How releve judges the answer where it is what asks. */
static enum releve_verdict verdict_of(const struct releve_conso_answer *answer)
{
    char body[2000];
    struct releve_answer judged = {.verdict = RELEVE_VERDICTS};
    assert_true(answer->body.length < sizeof body);
    (void)snprintf(body, sizeof body, "%.*s", (int)answer->body.length, answer->body.bytes);
    struct releve_exchange_response response = answered((int)answer->status, body);
    releve_dialect_conso.judge(RELEVE_DAILY_CONSUMPTION, PRM, span_of("2026-09-01", 7), &response, 0, &judged);
    releve_dialect_conso.answer_free(&judged);
    return judged.verdict;
}

static void test_releve_understands_every_refusal(void **state)
{
    (void)state;
    static const enum releve_verdict expected[RELEVE_CONSO_REFUSALS] = {
        [RELEVE_CONSO_START_NOT_BEFORE_END] = RELEVE_BAD_REQUEST,
        [RELEVE_CONSO_END_TOO_RECENT] = RELEVE_END_TOO_RECENT,
        [RELEVE_CONSO_TOO_LONG] = RELEVE_TOO_LONG,
        [RELEVE_CONSO_BEYOND_HISTORY] = RELEVE_BEYOND_HISTORY,
        [RELEVE_CONSO_BEFORE_ACTIVATION] = RELEVE_BEFORE_ACTIVATION,
        [RELEVE_CONSO_BEFORE_CONSENT] = RELEVE_BEFORE_CONSENT,
        [RELEVE_CONSO_NO_DATA] = RELEVE_NO_DATA,
        [RELEVE_CONSO_NO_CONSENT] = RELEVE_DIRECTION_REFUSED,
        [RELEVE_CONSO_NOT_OWNER] = RELEVE_DIRECTION_REFUSED,
        [RELEVE_CONSO_NOT_HOLDER] = RELEVE_DIRECTION_REFUSED,
        [RELEVE_CONSO_WRONG_DIRECTION] = RELEVE_NOT_APPLICABLE,
        [RELEVE_CONSO_CURVE_OBJECTED] = RELEVE_NOT_APPLICABLE,
        [RELEVE_CONSO_UNKNOWN_POINT] = RELEVE_POINT_REFUSED,
        [RELEVE_CONSO_API_REFUSED] = RELEVE_API_REFUSED,
        [RELEVE_CONSO_NO_CREDENTIALS] = RELEVE_TRANSIENT,
        [RELEVE_CONSO_NOT_SERVED] = RELEVE_BAD_REQUEST,
        [RELEVE_CONSO_TECHNICAL] = RELEVE_TRANSIENT,
    };
    static const char *const types[] = {"daily_consumption", "consommation_quotidienne", "consumption_load_curve"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        for (int refusal = 0; refusal < RELEVE_CONSO_REFUSALS; refusal++) {
            struct releve_conso_ask ask = some_ask(types[i]);
            struct releve_conso_answer answer = {.status = 0};
            releve_conso_refuse(&ask, (enum releve_conso_refusal)refusal, &answer);
            cJSON_Delete(json_of(&answer));
            assert_int_equal(verdict_of(&answer), expected[refusal]);
            releve_text_free(&answer.body);
        }
}

static void test_the_gateways_own_refusals(void **state)
{
    (void)state;
    static const struct {
        enum releve_tokens_answer answered;
        unsigned status;
    } rows[] = {{RELEVE_TOKENS_NONE, 400}, {RELEVE_TOKENS_UNKNOWN, 401}, {RELEVE_TOKENS_OTHER, 401}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct releve_conso_answer answer = {.status = 0};
        releve_conso_refuse_token(rows[i].answered, &answer);
        assert_int_equal(answer.status, rows[i].status);
        cJSON_Delete(json_of(&answer));
        releve_text_free(&answer.body);
    }
    struct releve_conso_answer answer = {.status = 0};
    releve_conso_refuse_for_now("Réessayez plus tard", &answer);
    assert_int_equal(answer.status, 503);
    assert_int_equal(verdict_of(&answer), RELEVE_TRANSIENT);
    releve_text_free(&answer.body);
}

static enum releve_conso_refusal refusal_of(const char *type, const char *code, enum releve_verdict verdict)
{
    struct releve_conso_ask ask = some_ask(type);
    struct releve_reason reason = {.verdict = verdict};
    releve_reason_set(&reason, code, "text");
    return releve_conso_refusal_of(&ask, &reason);
}

static void test_what_a_job_ended_with_is_said_as_enedis_says_it(void **state)
{
    (void)state;
    static const char daily[] = "daily_consumption", curve[] = "courbe_de_charge_consommation";
    assert_int_equal(refusal_of(daily, "ADAM-DC-0008", RELEVE_DATA), RELEVE_CONSO_NO_CONSENT);
    assert_int_equal(refusal_of(daily, "ADAM-ERR0123", RELEVE_DATA), RELEVE_CONSO_BEFORE_ACTIVATION);
    assert_int_equal(refusal_of(daily, "ADAM-ERR0069", RELEVE_DATA), RELEVE_CONSO_WRONG_DIRECTION);
    assert_int_equal(refusal_of(daily, "beyond-history", RELEVE_DATA), RELEVE_CONSO_BEYOND_HISTORY);
    assert_int_equal(refusal_of(daily, "not-yet", RELEVE_DATA), RELEVE_CONSO_NO_DATA);
    assert_int_equal(refusal_of(daily, "no-service", RELEVE_NOT_APPLICABLE), RELEVE_CONSO_WRONG_DIRECTION);
    assert_int_equal(refusal_of(curve, "no-service", RELEVE_NOT_APPLICABLE), RELEVE_CONSO_NO_DATA);
    assert_int_equal(refusal_of(daily, "http-502", RELEVE_TRANSIENT), RELEVE_CONSO_TECHNICAL);
    assert_int_equal(refusal_of(daily, "http-403", RELEVE_DIRECTION_REFUSED), RELEVE_CONSO_NO_CONSENT);
    assert_int_equal(refusal_of(daily, "SGT404", RELEVE_POINT_REFUSED), RELEVE_CONSO_UNKNOWN_POINT);
    assert_int_equal(refusal_of(daily, "http-401", RELEVE_CREDENTIALS_REFUSED), RELEVE_CONSO_NO_CREDENTIALS);
    assert_int_equal(refusal_of(daily, "what nobody knows", RELEVE_DATA), RELEVE_CONSO_TECHNICAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_type_is_a_kind_in_a_shape),
        cmocka_unit_test(test_parameters_may_have_the_names_of_either_shape),
        cmocka_unit_test(test_maximum_power_of_2026_may_name_step_and_quantity),
        cmocka_unit_test(test_what_is_missing_double_unknown_or_ill_formed_is_named),
        cmocka_unit_test(test_dates_are_judged_as_enedis_does),
        cmocka_unit_test(test_the_words_that_programs_compare_are_those_of_enedis),
        cmocka_unit_test(test_releve_understands_every_refusal),
        cmocka_unit_test(test_the_gateways_own_refusals),
        cmocka_unit_test(test_what_a_job_ended_with_is_said_as_enedis_says_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
