/* Registers: what a meter showed, one value a register and day (docs/enedis.md, Registers). */
#include "test_enedis_bodies.h"

#define VALUE(stamp, value) "{\"d\":\"" stamp "\",\"v\":" value ",\"iv\":\"0\"}"
#define CLASS(id, code, values)                                                                           \
    "{\"idClasseTemporelle\":\"" id "\",\"libelleClasseTemporelle\":\"of " id "\",\"codeCadran\":\"" code \
    "\",\"valeur\":[" values "]}"
#define CALENDAR(id, classes) \
    "{\"idCalendrier\":\"" id "\",\"libelleCalendrier\":\"-\",\"classeTemporelle\":[" classes "]}"
#define TOTAL(values) "\"cadranTotalisateur\":{\"codeCadran\":\"IDX_EAS_T\",\"valeur\":[" values "]}"
#define QUANTITY(way, members) \
    "{\"grandeurMetier\":\"" way "\",\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\"," members "}"
#define READING(type, quantities) \
    "{\"etapeMetier\":\"BRUT\",\"contexteReleve\":\"COL\",\"typeReleve\":\"" type "\",\"grandeur\":[" quantities "]}"
#define BODY(readings)                                                                                               \
    "{\"idPrm\":" PRM_JSON ",\"periode\":{\"dateDebut\":\"2026-09-28\",\"dateFin\":\"2026-10-01\"},\"grandeur\":[]," \
    "\"contexte\":[" readings "]}"

static struct releve_answer judge(const char *body)
{
    struct releve_answer answer;
    judge_text(&releve_dialect_2026, RELEVE_INDEX_CONSUMPTION, span_of("2026-09-28", 3), body, &answer);
    return answer;
}

static void assert_register(const struct releve_register *each, const char *name, const char *calendar,
                            const char *class_, int32_t value)
{
    assert_string_equal(each->name, name);
    assert_string_equal(each->calendar ? each->calendar : "-", calendar);
    assert_string_equal(each->class_ ? each->class_ : "-", class_);
    assert_int_equal(each->value_wh, value);
}

static void test_a_day_has_each_register_once_in_the_order_of_the_body(void **state)
{
    (void)state;
    struct releve_answer answer = judge(BODY(READING(
        "AQ",
        QUANTITY(
            "CONS",
            "\"calendrier\":[" CALENDAR(
                "FC000014",
                CLASS(
                    "HP", "IDX_EAS_F2",
                    VALUE("2026-09-29 00:00:00", "\"30\"") "," VALUE(
                        "2026-09-28 00:00:00",
                        "\"20\"")) "," CLASS("HC", "IDX_EAS_F1",
                                             VALUE("2026-09-28 00:00:00",
                                                   "5"))) "," CALENDAR("DI000001",
                                                                       CLASS("BASE", "IDX_EAS_D1",
                                                                             VALUE(
                                                                                 "2026-09-28 00:00:00",
                                                                                 "25"))) "]," TOTAL(VALUE("2026-09-28 "
                                                                                                          "00:00:00",
                                                                                                          "25"))))));
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_string_equal(answer.reason.code, "");
    assert_string_equal(answer.quality, "BRUT");
    assert_int_equal(answer.readings_count, 2);
    const struct releve_reading *first = &answer.readings[0], *second = &answer.readings[1];
    assert_int_equal(first->day, day_of("2026-09-28"));
    assert_int_equal(first->at, releve_paris_midnight(first->day));
    assert_true(first->complete);
    assert_int_equal(first->registers_count, 4);
    assert_register(&first->registers[0], "IDX_EAS_F2", "FC000014", "HP", 20);
    assert_string_equal(first->registers[0].label, "of HP");
    assert_register(&first->registers[1], "IDX_EAS_F1", "FC000014", "HC", 5);
    assert_register(&first->registers[2], "IDX_EAS_D1", "DI000001", "BASE", 25);
    assert_register(&first->registers[3], "IDX_EAS_T", "-", "-", 25);
    assert_int_equal(second->registers_count, 1); /* what is not there is not made up */
    assert_false(second->complete);               /* and the total is missed */
    assert_register(&second->registers[0], "IDX_EAS_F2", "FC000014", "HP", 30);
    releve_dialect_answer_free(&answer);
}

/* Members in an order that nobody has seen, and registers where the points of other measures are. */
static void test_the_order_of_members_and_their_place_do_not_matter(void **state)
{
    (void)state;
    struct releve_answer answer = judge("{\"idPrm\":" PRM_JSON ",\"contexte\":[" READING(
        "AQ", QUANTITY("CONS", TOTAL(VALUE("2026-09-28 00:00:00", "7")) ",\"calendrier\":[" CALENDAR(
                                   "D", CLASS("B", "IDX_EAS_D1",
                                              VALUE("2026-09-28 00:00:00",
                                                    "6"))) "]")) "],"
                                                                 "\"grandeur\":[" QUANTITY(
                                                                     "CONS", "\"points\":[],\"calendrier\":[" CALENDAR(
                                                                                 "F", CLASS("HC", "IDX_EAS_F1",
                                                                                            VALUE("2026-09-28 00:00:00",
                                                                                                  "5"))) "]") "]}");
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 1);
    assert_int_equal(answer.readings[0].registers_count, 3);
    assert_register(&answer.readings[0].registers[0], "IDX_EAS_T", "-", "-", 7);
    assert_register(&answer.readings[0].registers[1], "IDX_EAS_D1", "D", "B", 6);
    assert_register(&answer.readings[0].registers[2], "IDX_EAS_F1", "F", "HC", 5);
    releve_dialect_answer_free(&answer);
}

static void test_readings_of_another_type_and_other_quantities_are_left_out(void **state)
{
    (void)state;
    struct releve_answer answer =
        judge(BODY(READING("AP", QUANTITY("CONS", TOTAL(VALUE("2026-09-28 11:30:00", "9")))) "," READING(
            "AQ", QUANTITY("PROD", TOTAL(VALUE("2026-09-28 00:00:00", "8"))) "," QUANTITY(
                      "CONS", TOTAL(VALUE("2026-09-28 00:00:00", "7"))))));
    assert_int_equal(answer.readings_count, 1);
    assert_int_equal(answer.readings[0].registers_count, 1);
    assert_register(&answer.readings[0].registers[0], "IDX_EAS_T", "-", "-", 7);
    releve_dialect_answer_free(&answer);
    answer = judge(BODY(READING("AP", QUANTITY("CONS", TOTAL(VALUE("2026-09-28 11:30:00", "9"))))));
    assert_int_equal(answer.verdict, RELEVE_TRANSIENT); /* something is there, and not what was asked for */
    assert_non_null(strstr(answer.reason.text, "no grandeur CONS EA"));
}

/* One register that two readings of the meter name is one, as long as they agree. */
static void test_a_register_told_twice_counts_once_and_must_agree(void **state)
{
    (void)state;
    struct releve_answer answer =
        judge(BODY(READING("AQ", QUANTITY("CONS", TOTAL(VALUE("2026-09-28 00:00:00", "7")))) "," READING(
            "AQ", QUANTITY("CONS", TOTAL(VALUE("2026-09-28 00:00:00", "\"7\""))))));
    assert_int_equal(answer.readings_count, 1);
    assert_int_equal(answer.readings[0].registers_count, 1);
    releve_dialect_answer_free(&answer);
}

static void test_what_cannot_be_true_spoils_its_day_alone(void **state)
{
    (void)state;
    static const struct {
        const char *values, *why;
    } bad[] = {
        {VALUE("2026-09-29 00:00:00", "7") "," VALUE("2026-09-29 00:00:00", "8"), "two values of one register"},
        {VALUE("2026-09-29 00:00:00", "7") "," VALUE("2026-09-29 06:00:00", "7"), "read at different times"},
        {VALUE("2026-09-29 00:00:00", "\"-7\""), "not a whole number"},
        {VALUE("2026-09-29 00:00:00", "2147483648"), "not a whole number"},
        {VALUE("2026-09-29 00:00:00.5", "7"), "not a whole second"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char body[2000];
        (void)snprintf(body, sizeof body,
                       BODY(READING("AQ", QUANTITY("CONS", TOTAL(VALUE("2026-09-28 00:00:00", "6") ",%s," VALUE(
                                                               "2026-09-30 00:00:00", "9"))))),
                       bad[i].values);
        struct releve_answer answer = judge(body);
        assert_unusable(&answer, "2026-09-29", bad[i].why);
        assert_int_equal(answer.readings_count, 3);
        assert_int_equal(answer.readings[0].registers[0].value_wh, 6);
        assert_int_equal(answer.readings[1].registers_count, 0);
        assert_int_equal(answer.readings[2].registers[0].value_wh, 9);
        releve_dialect_answer_free(&answer);
    }
}

static void test_a_register_without_its_value_makes_the_day_partial_and_all_of_them_absent(void **state)
{
    (void)state;
    struct releve_answer answer = judge(BODY(
        READING("AQ", QUANTITY("CONS", "\"calendrier\":[" CALENDAR(
                                           "F", CLASS("HC", "IDX_EAS_F1",
                                                      VALUE("2026-09-28 00:00:00", "null") "," VALUE(
                                                          "2026-09-29 00:00:00",
                                                          "\"\""))) "]," TOTAL(VALUE("2026-09-28 00:00:00", "7"))))));
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 1);
    assert_false(answer.readings[0].complete);
    assert_int_equal(answer.readings[0].registers_count, 2);
    assert_int_equal(answer.readings[0].registers[0].value_wh, RELEVE_NO_VALUE);
    assert_int_equal(answer.readings[0].registers[1].value_wh, 7);
    releve_dialect_answer_free(&answer);
}

static void test_a_body_of_something_else_is_not_believed(void **state)
{
    (void)state;
    static const struct {
        const char *body, *why;
    } bad[] = {
        {"{}", "usage point"},
        {"{\"idPrm\":\"10000000000026\",\"contexte\":[]}", "usage point"},
        {"{\"idPrm\":" PRM_JSON "}", "neither contexte nor grandeur"},
        {BODY(READING("AQ", QUANTITY("PROD", TOTAL(VALUE("2026-09-28 00:00:00", "7"))))), "no grandeur CONS EA"},
        {BODY(READING("AQ", QUANTITY("CONS", "\"cadranTotalisateur\":{\"codeCadran\":\"T\"}"))), "no list of points"},
        {BODY(READING("AQ", QUANTITY("CONS", "\"cadranTotalisateur\":{\"valeur\":[]}"))), "no name"},
        {BODY(READING("AQ", QUANTITY("CONS", TOTAL("{\"v\":7}")))), "no date"},
        {BODY(READING("AQ", QUANTITY("CONS", TOTAL(VALUE("2026-10-28 00:00:00", "7"))))), "outside"},
        {BODY(READING("AQ", "{\"grandeurMetier\":\"CONS\",\"grandeurPhysique\":\"EA\",\"unite\":\"kWh\"," TOTAL(
                                VALUE("2026-09-28 00:00:00", "7")) "}")),
         "the unit is not Wh"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct releve_answer answer = judge(bad[i].body);
        assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
        assert_string_equal(answer.reason.code, "bad-body");
        if (!strstr(answer.reason.text, bad[i].why))
            fail_msg("%zu: the reason is \"%s\", not \"%s\"", i, answer.reason.text, bad[i].why);
    }
}

static void test_names_and_numbers_of_registers_have_limits(void **state)
{
    (void)state;
    static char body[20000], list[16000], name[200];
    memset(name, 'x', sizeof name - 1);
    (void)snprintf(body, sizeof body,
                   BODY(READING("AQ", QUANTITY("CONS", "\"cadranTotalisateur\":{\"codeCadran\":\"%s\","
                                                       "\"valeur\":[]}"))),
                   name);
    struct releve_answer answer = judge(body);
    assert_non_null(strstr(answer.reason.text, "a name of more than 99 bytes"));
    size_t used = 0;
    for (int i = 0; i < RELEVE_REGISTERS_MAX + 1; i++)
        used += (size_t)snprintf(list + used, sizeof list - used,
                                 "%s" CLASS("C", "IDX_%d", VALUE("2026-09-28 00:00:00", "7")), i > 0 ? "," : "", i);
    (void)snprintf(body, sizeof body, BODY(READING("AQ", QUANTITY("CONS", "\"calendrier\":[" CALENDAR("F", "%s") "]"))),
                   list);
    answer = judge(body);
    assert_unusable(&answer, "2026-09-28", "more registers than a meter has");
    releve_dialect_answer_free(&answer);
}

/* Nobody has seen such a body yet: what it has and we do not know is never taken for nothing. */
static void test_a_form_that_is_not_known_is_no_absence(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        BODY(READING("AQ", QUANTITY("CONS", "\"registers\":[1]"))),
        BODY(READING("AQ", QUANTITY("CONS", "\"points\":[{\"v\":\"7\",\"d\":\"2026-09-28\"}],\"calendrier\":[]"))),
        BODY(READING("AQ", QUANTITY("CONS", "\"calendrier\":{\"idCalendrier\":\"F\"}"))),
        BODY(READING("AQ", QUANTITY("CONS", "\"calendrier\":[{\"idCalendrier\":\"F\"}]"))),
        BODY(READING("AQ", QUANTITY("CONS", "\"calendrier\":[],\"cadranTotalisateur\":[]"))),
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct releve_answer answer = judge(bodies[i]);
        assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
        assert_string_equal(answer.reason.text, "registers in a form that is not known");
    }
    struct releve_answer answer =
        judge(BODY(READING("AQ", QUANTITY("CONS", "\"points\":[],\"calendrier\":[],\"cadranTotalisateur\":null"))));
    assert_int_equal(answer.verdict, RELEVE_NO_DATA);
}

static void test_a_register_that_is_not_there_between_two_days_makes_that_day_partial(void **state)
{
    (void)state;
    struct releve_answer answer = judge(BODY(READING(
        "AQ",
        QUANTITY(
            "CONS",
            "\"calendrier\":[" CALENDAR(
                "OLD",
                CLASS("B", "IDX_EAS_F1",
                      VALUE("2026-09-28 00:00:00",
                            "1"))) "," CALENDAR("NEW",
                                                CLASS("HC", "IDX_EAS_F1",
                                                      VALUE("2026-09-29 00:00:00", "2") "," VALUE(
                                                          "2026-09-30 00:00:00",
                                                          "3"))) "]," TOTAL(VALUE("2026-09-28 00:00:00",
                                                                                  "1") "," VALUE("2026-09-29 00:00:00",
                                                                                                 "2"))))));
    assert_int_equal(answer.readings_count, 3);
    assert_true(answer.readings[0].complete); /* a tariff that ends, and another that begins */
    assert_true(answer.readings[1].complete);
    assert_false(answer.readings[2].complete); /* without its total */
    releve_dialect_answer_free(&answer);
}

static void test_no_value_beside_a_value_of_the_same_register_says_nothing(void **state)
{
    (void)state;
    static const char *const pairs[] = {VALUE("2026-09-28 00:00:00", "null") "," VALUE("2026-09-28 00:00:00", "7"),
                                        VALUE("2026-09-28 00:00:00", "7") "," VALUE("2026-09-28 00:00:00", "null")};
    for (size_t i = 0; i < 2; i++) {
        char body[1000];
        (void)snprintf(body, sizeof body, BODY(READING("AQ", QUANTITY("CONS", TOTAL("%s")))), pairs[i]);
        struct releve_answer answer = judge(body);
        assert_int_equal(answer.readings_count, 1);
        assert_true(answer.readings[0].complete);
        assert_int_equal(answer.readings[0].registers_count, 1);
        assert_int_equal(answer.readings[0].registers[0].value_wh, 7);
        releve_dialect_answer_free(&answer);
    }
}

static void test_an_empty_body_is_no_data(void **state)
{
    (void)state;
    struct releve_answer answer = judge(BODY(""));
    assert_int_equal(answer.verdict, RELEVE_NO_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_day_has_each_register_once_in_the_order_of_the_body),
        cmocka_unit_test(test_the_order_of_members_and_their_place_do_not_matter),
        cmocka_unit_test(test_readings_of_another_type_and_other_quantities_are_left_out),
        cmocka_unit_test(test_a_register_told_twice_counts_once_and_must_agree),
        cmocka_unit_test(test_what_cannot_be_true_spoils_its_day_alone),
        cmocka_unit_test(test_a_register_without_its_value_makes_the_day_partial_and_all_of_them_absent),
        cmocka_unit_test(test_a_body_of_something_else_is_not_believed),
        cmocka_unit_test(test_names_and_numbers_of_registers_have_limits),
        cmocka_unit_test(test_a_form_that_is_not_known_is_no_absence),
        cmocka_unit_test(test_a_register_that_is_not_there_between_two_days_makes_that_day_partial),
        cmocka_unit_test(test_no_value_beside_a_value_of_the_same_register_says_nothing),
        cmocka_unit_test(test_an_empty_body_is_no_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
