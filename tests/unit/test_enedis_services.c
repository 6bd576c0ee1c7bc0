/* What 2026 tells beside days: who has which services, and when a usage point was activated. */
#include "test_enedis_bodies.h"

#define ITEM(prm, type, fed_in, drawn)                                                                        \
    "{\"pointId\":\"" prm "\",\"mesuresTypeCode\":\"" type "\",\"injection\":" fed_in ",\"soutirage\":" drawn \
    ",\"etatCode\":\"ACTIF\"}"
#define PAGE(total, items) "{\"nbTotalServices\":" total ",\"serviceSouscrit\":[" items "]}"

static struct releve_exchange_response respond(int status, const char *body)
{
    return (struct releve_exchange_response){.outcome = RELEVE_EXCHANGE_ANSWERED,
                                             .status = status,
                                             .body = body,
                                             .body_bytes = strlen(body),
                                             .content_type = "application/json",
                                             .retry_after = ""};
}

static enum releve_verdict judge_services(int status, const char *body, struct releve_services *services)
{
    struct releve_exchange_response response = respond(status, body);
    struct releve_answer answer;
    releve_dialect_2026.judge_services(&response, 0, &answer, services);
    assert_true(answer.verdict == RELEVE_DATA || services->items == NULL);
    assert_int_equal(answer.reason.code[0] == '\0', answer.verdict == RELEVE_DATA);
    return answer.verdict;
}

static void test_the_question_names_usage_points_and_pages_from_the_second_on(void **state)
{
    (void)state;
    const releve_prm prms[] = {10000000000018, 30000000000000};
    struct releve_text json = {.length = 0};
    releve_dialect_2026.services_question(prms, 1, 0, 1, &json);
    releve_text_byte(&json, '\0');
    assert_string_equal(json.bytes, "{\"pointId\":[\"10000000000018\"],\"comptage\":false}");
    json.length = 0;
    releve_dialect_2026.services_question(prms, 2, 0, 3, &json);
    releve_text_byte(&json, '\0');
    assert_string_equal(json.bytes,
                        "{\"pointId\":[\"10000000000018\",\"30000000000000\"],\"comptage\":false,\"page\":3}");
    json.length = 0;
    releve_dialect_2026.services_question(NULL, 0, 123456, 1, &json);
    releve_text_byte(&json, '\0');
    assert_string_equal(json.bytes, "{\"autorisationId\":123456,\"comptage\":false}");
    releve_text_free(&json);
    assert_string_equal(releve_dialect_2026.services_target, "/subscribed_services/v1");
    assert_null(releve_dialect_v5.services_family);
}

static void test_a_service_is_of_the_measures_of_its_sort_and_direction(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        releve_kinds kinds;
    } cases[] = {
        {ITEM("10000000000018", "CDC", "false", "true"), RELEVE_KIND_BIT(RELEVE_CONSUMPTION_LOAD_CURVE)},
        {ITEM("10000000000018", "CDC", "true", "false"), RELEVE_KIND_BIT(RELEVE_PRODUCTION_LOAD_CURVE)},
        {ITEM("10000000000018", "ENERGIE", "true", "true"),
         RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION) | RELEVE_KIND_BIT(RELEVE_DAILY_PRODUCTION)},
        {ITEM("10000000000018", "PMAX", "false", "true"), RELEVE_KIND_BIT(RELEVE_DAILY_CONSUMPTION_MAX_POWER)},
        {ITEM("10000000000018", "PMAX", "true", "false"), 0},
        {ITEM("10000000000018", "IDX", "false", "true"), RELEVE_KIND_BIT(RELEVE_INDEX_CONSUMPTION)},
        {ITEM("10000000000018", "IDX", "true", "false"), RELEVE_KIND_BIT(RELEVE_INDEX_PRODUCTION)},
        {ITEM("10000000000018", "ITC", "false", "false"), 0},
        {ITEM("10000000000018", "NEW", "false", "true"), RELEVE_ALL_MEASURES}, /* of what, nobody knows */
        {ITEM("10000000000018", "CDC", "null", "\"true\""),
         RELEVE_KIND_BIT(RELEVE_CONSUMPTION_LOAD_CURVE) | RELEVE_KIND_BIT(RELEVE_PRODUCTION_LOAD_CURVE)},
        {"{\"pointId\":\"10000000000018\"}", RELEVE_ALL_MEASURES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[512];
        struct releve_services services;
        (void)snprintf(body, sizeof body, PAGE("9", "%s"), cases[i].item);
        assert_int_equal(judge_services(200, body, &services), RELEVE_DATA);
        assert_int_equal(services.total, 9);
        assert_int_equal(services.count, 1);
        assert_int_equal(services.items[0].prm, PRM);
        assert_int_equal(services.items[0].kinds, cases[i].kinds);
        free(services.items);
    }
}

static void test_a_page_may_be_empty(void **state)
{
    (void)state;
    struct releve_services services;
    assert_int_equal(judge_services(200, PAGE("0", ""), &services), RELEVE_DATA);
    assert_int_equal(services.total, 0);
    assert_int_equal(services.count, 0);
    free(services.items);
}

static void test_what_is_no_page_tells_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "[]",
                                         "null",
                                         "{}",
                                         "{\"nbTotalServices\":1}",
                                         "{\"nbTotalServices\":1,\"serviceSouscrit\":null}",
                                         "{\"nbTotalServices\":\"1\",\"serviceSouscrit\":[]}",
                                         "{\"nbTotalServices\":-1,\"serviceSouscrit\":[]}",
                                         "{\"nbTotalServices\":1e300,\"serviceSouscrit\":[]}",
                                         PAGE("1", "null"),
                                         PAGE("1", "{}"),
                                         PAGE("1", "{\"pointId\":10000000000018}"),
                                         PAGE("1", ITEM("1000000000001", "CDC", "false", "true")),
                                         PAGE("2", ITEM("10000000000018", "CDC", "false", "true") ",7"),
                                         "{\"nbTotalServices\":1,\"serviceSouscrit\":[{\"pointId\":\"100000000"};
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct releve_services services;
        assert_int_equal(judge_services(200, bodies[i], &services), RELEVE_TRANSIENT);
    }
}

static void test_errors_are_those_of_any_request(void **state)
{
    (void)state;
    struct releve_services services;
    assert_int_equal(
        judge_services(403, "{\"code\":\"900908\",\"message\":\"API Subscription validation failed\"}", &services),
        RELEVE_API_REFUSED);
    assert_int_equal(judge_services(401, "{\"code\":\"900901\"}", &services), RELEVE_TOKEN_STALE);
    assert_int_equal(judge_services(200, "{\"code\":\"900804\",\"message\":\"Message throttled out\"}", &services),
                     RELEVE_THROTTLED);
    assert_int_equal(judge_services(500, "{\"error\":\"technical_error\"}", &services), RELEVE_TRANSIENT);
}

static enum releve_verdict judge_activation(int status, const char *body, struct releve_answer *answer)
{
    struct releve_exchange_response response = respond(status, body);
    releve_dialect_2026.judge_activation(&response, 0, answer);
    return answer->verdict;
}

static void test_each_direction_has_an_activation_of_its_own(void **state)
{
    (void)state;
    struct releve_answer answer;
    char target[RELEVE_TARGET_BYTES];
    releve_dialect_2026.activation_target(PRM, target);
    assert_string_equal(target, "/synth_contrat_auto/v1/10000000000018");
    assert_null(releve_dialect_v5.activation_family);
    assert_int_equal(judge_activation(200,
                                      "{\"generation_last_activation_date\":\"2024-07-31T00:00:00+0200\","
                                      "\"consumption_last_activation_date\":\"2014-01-22T00:00:00+0100\"}",
                                      &answer),
                     RELEVE_DATA);
    assert_int_equal(answer.activations[RELEVE_CONSUMPTION], day_of("2014-01-22"));
    assert_int_equal(answer.activations[RELEVE_PRODUCTION], day_of("2024-07-31"));
}

static void test_an_activation_that_is_no_date_tells_nothing(void **state)
{
    (void)state;
    static const char *const dates[] = {
        "null", "\"\"", "\"null\"", "20240731", "\"2024-13-31T00:00:00+0200\"", "[]", "\"31/07/2024\"", "\"2024-07\""};
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++) {
        struct releve_answer answer;
        char body[256];
        (void)snprintf(body, sizeof body, "{\"generation_last_activation_date\":%s}", dates[i]);
        assert_int_equal(judge_activation(200, body, &answer), RELEVE_DATA);
        assert_int_equal(answer.activations[RELEVE_CONSUMPTION], RELEVE_DAY_NONE);
        assert_int_equal(answer.activations[RELEVE_PRODUCTION], RELEVE_DAY_NONE);
    }
}

static void test_a_synthesis_that_is_none_is_a_failure(void **state)
{
    (void)state;
    struct releve_answer answer;
    assert_int_equal(judge_activation(200, "[]", &answer), RELEVE_TRANSIENT);
    assert_int_equal(judge_activation(200, "{\"segments\":", &answer), RELEVE_TRANSIENT);
    assert_int_equal(judge_activation(403, "{\"code\":\"900908\"}", &answer), RELEVE_API_REFUSED);
    assert_int_equal(judge_activation(404, "{\"error\":\"STM-ERR-0000019\"}", &answer), RELEVE_POINT_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_question_names_usage_points_and_pages_from_the_second_on),
        cmocka_unit_test(test_a_service_is_of_the_measures_of_its_sort_and_direction),
        cmocka_unit_test(test_a_page_may_be_empty),
        cmocka_unit_test(test_what_is_no_page_tells_nothing),
        cmocka_unit_test(test_errors_are_those_of_any_request),
        cmocka_unit_test(test_each_direction_has_an_activation_of_its_own),
        cmocka_unit_test(test_an_activation_that_is_no_date_tells_nothing),
        cmocka_unit_test(test_a_synthesis_that_is_none_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
