/* What keeps JSON from outside away from the parser: size, nesting, NULs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <releve/json_guard.h>
#include <string.h>

#define ROOM 64

/* The text ends where its array does, so that the sanitizers see a step beyond it. */
#define FLAW(text) releve_json_guard((const char[sizeof(text)]){text}, sizeof(text) - 1, ROOM, 2)

static void test_what_fits_is_sound(void **state)
{
    (void)state;
    assert_int_equal(FLAW(""), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("{\"a\":[1,2]}"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("[[],[],{}]"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("no JSON at all"), RELEVE_JSON_SOUND);
}

static void test_text_is_measured_before_it_is_read(void **state)
{
    (void)state;
    char text[ROOM + 1];
    memset(text, ' ', sizeof text);
    text[0] = '\0';
    assert_int_equal(releve_json_guard(text, ROOM + 1, ROOM, 2), RELEVE_JSON_TOO_LARGE);
    text[0] = ' ';
    assert_int_equal(releve_json_guard(text, ROOM, ROOM, 2), RELEVE_JSON_SOUND);
}

static void test_brackets_of_both_kinds_nest(void **state)
{
    (void)state;
    assert_int_equal(FLAW("[{[1]}]"), RELEVE_JSON_TOO_DEEP);
    assert_int_equal(FLAW("{{{"), RELEVE_JSON_TOO_DEEP);
    assert_int_equal(FLAW("[[[[[[[["), RELEVE_JSON_TOO_DEEP);
}

static void test_brackets_in_strings_do_not_nest(void **state)
{
    (void)state;
    assert_int_equal(FLAW("[[\"[[[{{{\"]]"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("[[\"\\\"[[[\"]]"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("[[\"\\\\\",[]]]"), RELEVE_JSON_TOO_DEEP);
    assert_int_equal(FLAW("[\"\",[[]]]"), RELEVE_JSON_TOO_DEEP);
}

static void test_a_nul_is_found_in_each_disguise(void **state)
{
    (void)state;
    assert_int_equal(FLAW("\0"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[\"a\0\"]"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[\"a\\\0\"]"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[1]\0"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[\"a\\u0000\"]"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[\"\\\\\\u0000\"]"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[\"a\\u0000"), RELEVE_JSON_HAS_NUL);
}

static void test_what_only_looks_like_a_nul_is_none(void **state)
{
    (void)state;
    assert_int_equal(FLAW("[\"\\\\u0000\"]"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("[\"\\u00000\"]"), RELEVE_JSON_HAS_NUL);
    assert_int_equal(FLAW("[\"\\u000a\"]"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("[\"\\u000"), RELEVE_JSON_SOUND);
    assert_int_equal(FLAW("[\"\\"), RELEVE_JSON_SOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits_is_sound),
        cmocka_unit_test(test_text_is_measured_before_it_is_read),
        cmocka_unit_test(test_brackets_of_both_kinds_nest),
        cmocka_unit_test(test_brackets_in_strings_do_not_nest),
        cmocka_unit_test(test_a_nul_is_found_in_each_disguise),
        cmocka_unit_test(test_what_only_looks_like_a_nul_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
