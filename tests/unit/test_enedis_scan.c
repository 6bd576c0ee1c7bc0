/* The scanner: what is JSON, what is none, and what is handed out. That it means what cJSON means is for
 * tests/fuzz/fuzz_scan.c. */
#include "adapters/enedis/json.h"
#include "adapters/enedis/scan.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* Why the whole text is no JSON; NULL where it is. */
static const char *why_not(const char *text)
{
    struct enedis_scan scan = {.at = text};
    struct enedis_scanned value;
    if (!enedis_scan_value(&scan, &value)) {
        assert_non_null(scan.wrong);
        return scan.wrong;
    }
    return enedis_scan_peek(&scan) == '\0' ? NULL : "more follows";
}

static void test_what_is_json(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-12.5e+3",
        "1E9",
        "\"\"",
        "\"\\u00e9\\n\\/\"",
        "\"\\ud83d\\ude00\"",
        " [1 , {\"a\":[[],{}]}\t]\r\n",
        "\"\xC3\xA9\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (why_not(texts[i]) != NULL)
            fail_msg("%s: %s", texts[i], why_not(texts[i]));
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\" 1}",
        "[1 2]",
        "]",
        "nul",
        "tru",
        "True",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12G4\"",
        "\"\\u0000\"",
        "\"\\udc00\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"a\nb\"",
        "01",
        "-",
        "-a",
        "1.",
        ".5",
        "+1",
        "1e",
        "1e+",
        "0x10",
        "NaN",
        "[\v1]",
        "1 2",
        "1111111111111111111111111111111111111111111111111111111111111111",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (why_not(texts[i]) == NULL)
            fail_msg("taken: %s", texts[i]);
}

static void test_brackets_are_open_at_once_up_to_a_limit(void **state)
{
    (void)state;
    char text[2 * (ENEDIS_JSON_DEPTH_MAX + 1) + 1];
    for (int depth = ENEDIS_JSON_DEPTH_MAX; depth <= ENEDIS_JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(why_not(text) == NULL, depth == ENEDIS_JSON_DEPTH_MAX);
    }
}

static void test_members_come_one_after_the_other(void **state)
{
    (void)state;
    struct enedis_scan scan = {.at = "{\"a\":\"x\",\"\\u0062\":-7,\"c\":null,\"d\":[{\"e\":1}]}"};
    static const enum enedis_scanned_type types[] = {ENEDIS_SCANNED_TEXT, ENEDIS_SCANNED_NUMBER, ENEDIS_SCANNED_NULL,
                                                     ENEDIS_SCANNED_OTHER};
    static const char *const names[] = {"a", "b", "c", "d"};
    size_t count = 0;
    for (bool more = enedis_scan_enter(&scan, '{'); more; more = enedis_scan_more(&scan, '}'), count++) {
        struct enedis_scanned name, value;
        assert_true(count < 4 && enedis_scan_name(&scan, &name) && enedis_scan_value(&scan, &value));
        assert_true(enedis_scanned_is(&name, names[count]));
        assert_int_equal(value.type, types[count]);
        if (value.type == ENEDIS_SCANNED_NUMBER)
            assert_true(enedis_scanned_number(&value) + 7 == 0);
    }
    assert_int_equal(count, 4);
    assert_null(scan.wrong);
    assert_int_equal(scan.depth, 0);
}

static void test_a_text_is_copied_where_it_fits(void **state)
{
    (void)state;
    struct enedis_scan scan = {.at = "[\"caf\\u00e9\",\"\\ud83d\\ude00\"]"};
    struct enedis_scanned text;
    char out[6];
    assert_true(enedis_scan_enter(&scan, '[') && enedis_scan_value(&scan, &text));
    assert_false(enedis_scanned_copy(&text, out, 5));
    assert_true(enedis_scanned_copy(&text, out, 6));
    assert_string_equal(out, "caf\xC3\xA9");
    assert_true(enedis_scan_more(&scan, ']') && enedis_scan_value(&scan, &text));
    assert_true(enedis_scanned_copy(&text, out, 5));
    assert_string_equal(out, "\xF0\x9F\x98\x80");
    assert_false(enedis_scan_more(&scan, ']'));
    assert_null(scan.wrong);
}

/* Lists of points are read and not built; the rest is a tree, whatever the order of the members. */
static void count_elements(void *data, struct enedis_scan *scan, int number)
{
    int *counts = data;
    for (bool more = enedis_scan_enter(scan, '['); more; more = enedis_scan_more(scan, ']')) {
        struct enedis_scanned ignored;
        (void)enedis_scan_value(scan, &ignored);
        counts[number]++;
    }
}

static void test_lists_are_read_and_the_rest_is_built(void **state)
{
    (void)state;
    int counts[ENEDIS_JSON_LISTS_MAX] = {0};
    const struct enedis_json_lists lists = {"points", count_elements, counts};
    static const char body[] = "{\"points\":[1,2,3],\"a\":{\"points\":[]},\"b\":[{\"points\":[[4],{}]}],\"points\":7}";
    struct enedis_json json;
    assert_null(enedis_json_open_lists(&json, body, strlen(body), &lists));
    assert_int_equal(counts[0], 3);
    assert_int_equal(counts[1], 0);
    assert_int_equal(counts[2], 2);
    const cJSON *inside = cJSON_GetArrayItem(enedis_json_get(json.root, "b"), 0);
    assert_int_equal(enedis_json_list_number(enedis_json_get(json.root, "points")), 0);
    assert_int_equal(enedis_json_list_number(enedis_json_get(enedis_json_get(json.root, "a"), "points")), 1);
    assert_int_equal(enedis_json_list_number(enedis_json_get(inside, "points")), 2);
    assert_int_equal(enedis_json_list_number(json.root), -1);
    enedis_json_close(&json, false);
    char cut_off[sizeof body];
    (void)snprintf(cut_off, sizeof cut_off, "%.*s", (int)strlen(body) - 1, body);
    assert_non_null(enedis_json_open_lists(&json, cut_off, strlen(cut_off), &lists));
    enedis_json_close(&json, false);
}

static void test_a_body_has_so_many_lists_and_no_more(void **state)
{
    (void)state;
    for (int count = ENEDIS_JSON_LISTS_MAX; count <= ENEDIS_JSON_LISTS_MAX + 1; count++) {
        int counts[ENEDIS_JSON_LISTS_MAX] = {0};
        const struct enedis_json_lists lists = {"points", count_elements, counts};
        char body[ENEDIS_JSON_LISTS_MAX * 24] = "[{}";
        for (int i = 0; i < count; i++)
            strcat(body, ",{\"points\":[1]}");
        strcat(body, "]");
        struct enedis_json json;
        assert_int_equal(enedis_json_open_lists(&json, body, strlen(body), &lists) == NULL,
                         count == ENEDIS_JSON_LISTS_MAX);
        enedis_json_close(&json, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_json),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_brackets_are_open_at_once_up_to_a_limit),
        cmocka_unit_test(test_members_come_one_after_the_other),
        cmocka_unit_test(test_a_text_is_copied_where_it_fits),
        cmocka_unit_test(test_lists_are_read_and_the_rest_is_built),
        cmocka_unit_test(test_a_body_has_so_many_lists_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
