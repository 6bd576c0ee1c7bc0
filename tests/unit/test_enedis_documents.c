/* Customer documents: one form for both generations (docs/redis.md, Documents), and what is no document. */
#include "test_enedis_bodies.h"
#include <cjson/cJSON.h>

#define DOCUMENT RELEVE_DOCUMENT_SPAN
#define POINT_V5 "\"usage_point\":{\"usage_point_id\":\"10000000000018\",\"meter_type\":\"AMM\"}"
#define CONTRACT_V5                                                                                                    \
    "{\"customer\":{\"customer_id\":\"7\",\"usage_points\":[{" POINT_V5                                                \
    ",\"contracts\":{\"segment\":\"C5\",\"subscribed_power\":\"9 kVA\",\"last_activation_date\":\"2013-08-14+01:00\"," \
    "\"distribution_tariff\":\"BTINFCUST\",\"offpeak_hours\":\"HC (23h00-7h30)\",\"contract_type\":\"CRAE\","          \
    "\"contract_status\":\"SERVC\",\"last_distribution_tariff_change_date\":null}}]}}"
#define FEED_IN                                                                               \
    "{\"usage_point_id\":\"10000000000018\",\"contract_start\":\"2024-07-31T00:00:00+0200\"," \
    "\"contract_type\":\"Contrat GRD-A\",\"segment\":\"P4\",\"person\":{\"lastname\":\"Seconde\"}}"
#define WITHDRAWAL                                                                              \
    "{\"usage_point_id\":\"10000000000018\",\"contract_start\":\"2024-10-12T00:00:00+0200\","   \
    "\"contract_type\":\"Contrat GRD-F\",\"segment\":\"C5\",\"contractor\":\"UN FOURNISSEUR\"," \
    "\"subscribed_power\":{\"unit\":\"kVA\",\"value\":\"12\"},"                                 \
    "\"person\":{\"title\":\"M.\",\"lastname\":\"Premi\\u00e8re\",\"firstname\":\"Anne\"},"     \
    "\"contact_data\":{\"email\":\"anne@example.org\",\"phone\":\"\",\"landline\":null}}"

/* `path` names members and, as numbers, elements: "data.contracts.0.segment". NULL where there is nothing. */
static const cJSON *find(const cJSON *json, const char *path)
{
    char name[64];
    while (json != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");
        (void)snprintf(name, sizeof name, "%.*s", (int)length, path);
        json =
            cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name)) : cJSON_GetObjectItemCaseSensitive(json, name);
        path += length + (path[length] == '.');
    }
    return json;
}

static cJSON *document_of(const struct releve_answer *answer, enum releve_kind kind)
{
    for (size_t i = 0; i < answer->documents_count; i++) {
        if (answer->documents[i].kind != kind)
            continue;
        char text[8192];
        (void)snprintf(text, sizeof text, "{%s}", answer->documents[i].members);
        cJSON *json = cJSON_Parse(text);
        assert_non_null(json);
        return json;
    }
    fail_msg("there is no such document");
    return NULL;
}

static void assert_text(const cJSON *json, const char *path, const char *text)
{
    const cJSON *item = find(json, path);
    if (text == NULL)
        assert_true(cJSON_IsNull(item));
    else
        assert_string_equal(cJSON_GetStringValue(item), text);
}

static void judge(const struct releve_dialect *dialect, enum releve_kind kind, const char *body,
                  struct releve_answer *answer)
{
    judge_text(dialect, kind, DOCUMENT, body, answer);
}

static void test_a_contract_of_v5_is_read_and_kept_as_it_came(void **state)
{
    (void)state;
    struct releve_answer answer;
    judge(&releve_dialect_v5, RELEVE_CONTRACTS, CONTRACT_V5, &answer);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 1);
    assert_true(answer.readings[0].complete && answer.readings[0].day == RELEVE_DOCUMENT_DAY);
    assert_int_equal(answer.documents_count, 1);
    assert_non_null(strstr(answer.documents[0].members, "\"raw\":{\"customers_upc\":" CONTRACT_V5 "}"));
    cJSON *json = document_of(&answer, RELEVE_CONTRACTS);
    const cJSON *contract = find(json, "data.contracts.0");
    assert_text(contract, "direction", "consumption");
    assert_text(contract, "last_activation_date", "2013-08-14");
    assert_text(contract, "distribution_tariff_changed", NULL);
    assert_text(contract, "supplier", NULL);
    assert_text(contract, "meter_type", "AMM");
    assert_int_equal(find(contract, "subscribed_power_va")->valueint, 9000);
    assert_text(contract, "offpeak.text", "HC (23h00-7h30)");
    assert_text(contract, "offpeak.ranges.0.0", "23:00");
    assert_text(contract, "offpeak.ranges.0.1", "07:30");
    assert_null(find(contract, "offpeak.ranges.1"));
    cJSON_Delete(json);
    releve_dialect_answer_free(&answer);
}

/* All of them, that of withdrawal first. */
static void check_contracts(const struct releve_answer *answer)
{
    cJSON *contracts = document_of(answer, RELEVE_CONTRACTS);
    assert_text(contracts, "data.contracts.0.direction", "consumption");
    assert_text(contracts, "data.contracts.0.start", "2024-10-12");
    assert_text(contracts, "data.contracts.0.supplier", "UN FOURNISSEUR");
    assert_int_equal(find(contracts, "data.contracts.0.subscribed_power_va")->valueint, 12000);
    assert_text(contracts, "data.contracts.1.direction", "production");
    assert_true(cJSON_IsNull(find(contracts, "data.contracts.1.subscribed_power_va")));
    assert_text(contracts, "raw.situation_contrat_auto.0.segment", "P4"); /* as it came */
    cJSON_Delete(contracts);
}

static void test_one_answer_of_2026_is_contracts_identity_and_contact_data(void **state)
{
    (void)state;
    static const enum releve_kind kinds[] = {RELEVE_CONTRACTS, RELEVE_IDENTITY, RELEVE_CONTACT_DATA};
    for (size_t i = 0; i < 3; i++) {
        struct releve_answer answer;
        judge(&releve_dialect_2026, kinds[i], "[" FEED_IN "," WITHDRAWAL "]", &answer);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        cJSON *identity = document_of(&answer, RELEVE_IDENTITY), *contact = document_of(&answer, RELEVE_CONTACT_DATA);
        assert_text(identity, "data.natural_person.lastname", "Premi\xc3\xa8re");
        assert_text(identity, "data.legal_person", NULL);
        assert_text(contact, "data.email", "anne@example.org");
        assert_text(contact, "data.phone", NULL); /* an empty text says nothing */
        assert_text(contact, "data.landline", NULL);
        cJSON_Delete(identity);
        cJSON_Delete(contact);
        /* Contracts are not whole before their supplement has come: they are there only where they were asked for. */
        assert_int_equal(answer.documents_count, kinds[i] == RELEVE_CONTRACTS ? 3 : 2);
        assert_int_equal(answer.wants_supplement, kinds[i] == RELEVE_CONTRACTS);
        if (kinds[i] == RELEVE_CONTRACTS)
            check_contracts(&answer);
        releve_dialect_answer_free(&answer);
    }
}

static void test_a_legal_person_is_no_natural_person(void **state)
{
    (void)state;
    struct releve_answer answer;
    judge(&releve_dialect_2026, RELEVE_IDENTITY,
          "[{\"usage_point_id\":\"10000000000018\",\"organization\":{\"name\":\"SCOP\",\"siret_number\":\"12345\","
          "\"business_code\":\"3513Z\"}}]",
          &answer);
    cJSON *json = document_of(&answer, RELEVE_IDENTITY);
    assert_text(json, "data.natural_person", NULL);
    assert_text(json, "data.legal_person.name", "SCOP");
    assert_text(json, "data.legal_person.siret", "12345");
    assert_text(json, "data.legal_person.siren", NULL);
    assert_text(json, "data.legal_person.activity_code", "3513Z");
    cJSON_Delete(json);
    releve_dialect_answer_free(&answer);
}

static void test_addresses_have_one_form(void **state)
{
    (void)state;
    struct releve_answer answer;
    judge(&releve_dialect_v5, RELEVE_ADDRESSES,
          "{\"customer\":{\"usage_points\":[{\"usage_point\":{\"usage_point_id\":\"10000000000018\","
          "\"usage_point_addresses\":{\"street\":\"2 bis rue A\",\"postal_code\":\"32400\",\"city\":\"B\","
          "\"geo_points\":{\"latitude\":\"43.687253\",\"longitude\":\"-0.087957\",\"altitude\":148}}}}]}}",
          &answer);
    cJSON *json = document_of(&answer, RELEVE_ADDRESSES);
    assert_text(json, "data.street", "2 bis rue A");
    assert_text(json, "data.building", NULL);
    assert_true(find(json, "data.latitude")->valuedouble > 43.687252 && find(json, "data.longitude")->valuedouble < 0);
    assert_int_equal(find(json, "data.altitude_m")->valueint, 148);
    cJSON_Delete(json);
    releve_dialect_answer_free(&answer);
    judge(&releve_dialect_2026, RELEVE_ADDRESSES,
          "{\"address\":{\"building\":\"3\",\"number_street_name\":\"2 RUE A\",\"postal_code_city\":\"32400 B-SUR-C\","
          "\"insee_code\":\"32244\"}}",
          &answer);
    json = document_of(&answer, RELEVE_ADDRESSES);
    assert_text(json, "data.street", "2 RUE A");
    assert_text(json, "data.building", "3");
    assert_text(json, "data.postal_code", "32400");
    assert_text(json, "data.city", "B-SUR-C");
    assert_text(json, "data.country", NULL);
    assert_true(cJSON_IsNull(find(json, "data.latitude")));
    cJSON_Delete(json);
    releve_dialect_answer_free(&answer);
}

static void test_offpeak_hours_come_in_many_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *ranges;
    } forms[] = {
        {"HC (22H00-6H00;12H00-14H00)", "[[\"22:00\",\"06:00\"],[\"12:00\",\"14:00\"]]"},
        {"HC (23h30-7h30)", "[[\"23:30\",\"07:30\"]]"},
        {"HC (1H-7H)", "[[\"01:00\",\"07:00\"]]"},
        {"HC (0H00-24H00)", "[[\"00:00\",\"24:00\"]]"},
        {"HC (25H00-6H00)", "[]"},
        {"HC (122H00-6H00)", "[]"},
        {"HC (2H0-6H00)", "[]"},
        {"heures creuses", "[]"},
        {"-", "[]"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char body[512];
        struct releve_answer answer;
        (void)snprintf(body, sizeof body,
                       "{\"customer\":{\"usage_points\":[{" POINT_V5 ",\"contracts\":{\"offpeak_hours\":\"%s\"}}]}}",
                       forms[i].text);
        judge(&releve_dialect_v5, RELEVE_CONTRACTS, body, &answer);
        cJSON *json = document_of(&answer, RELEVE_CONTRACTS);
        assert_text(json, "data.contracts.0.offpeak.text", forms[i].text);
        char *ranges = cJSON_PrintUnformatted(find(json, "data.contracts.0.offpeak.ranges"));
        assert_string_equal(ranges, forms[i].ranges);
        cJSON_free(ranges);
        cJSON_Delete(json);
        releve_dialect_answer_free(&answer);
    }
}

static void test_what_is_no_document_of_that_usage_point_is_not_kept(void **state)
{
    (void)state;
    static const struct {
        const struct releve_dialect *dialect;
        enum releve_kind kind;
        const char *body, *why;
    } bad[] = {
        {&releve_dialect_v5, RELEVE_CONTRACTS, "{}", "no customer"},
        {&releve_dialect_v5, RELEVE_CONTRACTS, "{\"customer\":{}}", "not of the usage point"},
        {&releve_dialect_v5, RELEVE_CONTRACTS,
         "{\"customer\":{\"usage_points\":[{\"usage_point\":{\"usage_point_id\":\"10000000000019\"},\"contracts\":{}}]}"
         "}",
         "not of the usage point"},
        {&releve_dialect_v5, RELEVE_ADDRESSES, "{\"customer\":{\"usage_points\":[{" POINT_V5 "}]}}", "no address"},
        {&releve_dialect_v5, RELEVE_IDENTITY, "{\"customer\":{\"identity\":null}}", "no identity"},
        {&releve_dialect_v5, RELEVE_CONTACT_DATA, "{\"customer\":{\"identity\":{}}}", "no contact data"},
        {&releve_dialect_2026, RELEVE_CONTRACTS, "{\"contracts\":[]}", "no list of contracts"},
        {&releve_dialect_2026, RELEVE_CONTRACTS, "[{\"usage_point_id\":\"10000000000019\"}]", "not of the usage point"},
        {&releve_dialect_2026, RELEVE_IDENTITY, "[" WITHDRAWAL ",{}]", "not of the usage point"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":[]}", "no address"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":{}}x", "JSON"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":{\"building\":\"\xe9t\xe9\"}}", "not UTF-8"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":{\"building\":\"\xc0\xaf\"}}", "not UTF-8"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":{\"building\":\"\xed\xa0\x80\"}}", "not UTF-8"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":{\"building\":\"\xf4\x90\x80\x80\"}}", "not UTF-8"},
        {&releve_dialect_2026, RELEVE_ADDRESSES, "{\"address\":{\"building\":\"\t\"}}", "control character"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct releve_answer answer;
        judge(bad[i].dialect, bad[i].kind, bad[i].body, &answer);
        assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
        assert_string_equal(answer.reason.code, "bad-body");
        if (strstr(answer.reason.text, bad[i].why) == NULL)
            fail_msg("%s: \"%s\", not \"%s\"", bad[i].body, answer.reason.text, bad[i].why);
        assert_int_equal(answer.documents_count, 0);
        assert_null(answer.readings);
    }
}

static void test_no_contract_at_all_is_no_document(void **state)
{
    (void)state;
    struct releve_answer answer;
    judge(&releve_dialect_2026, RELEVE_IDENTITY, "[]", &answer);
    assert_int_equal(answer.verdict, RELEVE_NO_DATA);
}

static void test_errors_are_the_same_as_those_of_measures(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum releve_verdict verdict;
    } errors[] = {
        {403, "{\"error\":\"ADAM-DC-0008\",\"error_description\":\"no consent\"}", RELEVE_DIRECTION_REFUSED},
        {403, "{\"code\":\"900908\",\"message\":\"API Subscription validation failed\"}", RELEVE_API_REFUSED},
        {404, "{\"error\":\"no_data_found\"}", RELEVE_NO_DATA},
        {500, "{\"error\":\"technical_error\"}", RELEVE_TRANSIENT},
        {200, "[{\"code\":\"ADAM-DC-0008\",\"message\":\"no consent\"}]", RELEVE_DIRECTION_REFUSED},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct releve_exchange_response response = answered(errors[i].status, errors[i].body);
        struct releve_answer answer;
        releve_dialect_2026.judge(RELEVE_CONTRACTS, PRM, DOCUMENT, &response, 0, &answer);
        assert_int_equal(answer.verdict, errors[i].verdict);
        assert_int_equal(answer.documents_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_contract_of_v5_is_read_and_kept_as_it_came),
        cmocka_unit_test(test_one_answer_of_2026_is_contracts_identity_and_contact_data),
        cmocka_unit_test(test_a_legal_person_is_no_natural_person),
        cmocka_unit_test(test_addresses_have_one_form),
        cmocka_unit_test(test_offpeak_hours_come_in_many_forms),
        cmocka_unit_test(test_what_is_no_document_of_that_usage_point_is_not_kept),
        cmocka_unit_test(test_no_contract_at_all_is_no_document),
        cmocka_unit_test(test_errors_are_the_same_as_those_of_measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
