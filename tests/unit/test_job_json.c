/* Job messages come from anybody: what is a job, what is none, and that a job's words are the same however often it is
 * given back. */
#include <adapters/redis/job_json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW ((releve_time)1795078800123) /* 2026-11-19T09:00:00.123Z */
#define PRM "\"prm\":\"22516914714270\""
#define KIND "\"kind\":\"daily_consumption\""
#define TEN "0123456789"
#define OF_ALL 5 /* kinds that "all" means; the first ones */

static struct releve_job jobs[RELEVE_KINDS];
static char stray[RELEVE_STRAY_BYTES];
static struct releve_error error;

static releve_day day(int year, int month, int day_of_month)
{
    return releve_day_from_civil(year, month, day_of_month);
}

/* How many jobs it is; 0 where it is refused. */
static size_t read_bytes(const char *text, size_t bytes)
{
    size_t count = 0;
    memset(jobs, 0, sizeof jobs);
    error = (struct releve_error){.code = RELEVE_OK};
    enum releve_code code =
        releve_job_json_read(text, bytes, releve_paris_day(NOW), NOW, RELEVE_NORMAL, jobs, &count, stray, &error);
    if (code == RELEVE_OK) {
        assert_in_range(count, 1, RELEVE_KINDS);
        return count;
    }
    assert_int_equal(code, RELEVE_E_USAGE);
    assert_int_equal(error.code, RELEVE_E_USAGE);
    assert_true(error.text[0] != '\0' && strchr(error.text, '\n') == NULL);
    return 0;
}

static size_t read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void expect_job(const char *text)
{
    if (read_text(text) != 1)
        fail_msg("%s: %s", text, error.text);
}

static void expect_refused(const char *text, const char *why)
{
    if (read_text(text) != 0 || strstr(error.text, why) == NULL)
        fail_msg("%s: %s", text, error.text);
}

/* --- what is a job ---------------------------------------------------------------------------------------------- */

static void test_a_usage_point_and_a_kind_are_a_job(void **state)
{
    (void)state;
    expect_job("{" PRM "," KIND "}");
    assert_true(jobs[0].prm == 22516914714270u);
    assert_int_equal(jobs[0].kind, RELEVE_DAILY_CONSUMPTION);
    struct releve_span history = releve_kind_history(RELEVE_DAILY_CONSUMPTION, releve_paris_day(NOW));
    assert_int_equal(jobs[0].span.first, history.first);
    assert_int_equal(jobs[0].span.end, history.end);
    assert_int_equal(jobs[0].class_, RELEVE_NORMAL);
    assert_false(jobs[0].refresh);
    assert_string_equal(jobs[0].reply_to, "");
    assert_true(jobs[0].created_at == NOW);
    assert_int_equal(strlen(jobs[0].id), 24);
    assert_int_equal(strspn(jobs[0].id, "0123456789abcdef"), strlen(jobs[0].id));
}

static void test_each_job_without_an_id_gets_another_one(void **state)
{
    (void)state;
    char first[RELEVE_JOB_ID_BYTES];
    expect_job("{" PRM "," KIND "}");
    memcpy(first, jobs[0].id, sizeof first);
    expect_job("{" PRM "," KIND "}");
    assert_string_not_equal(first, jobs[0].id);
}

static void test_every_member_is_read(void **state)
{
    (void)state;
    expect_job(" \t\r\n{" PRM ",\"kind\":[\"production_load_curve\"],\"start\":\"2026-10-01\",\"end\":\"2026-10-08\","
               "\"priority\":\"high\",\"reply_to\":\"my:list\",\"refresh\":true,\"id\":\"job/7\","
               "\"created_at\":\"2026-11-18T23:59:58Z\",\"unknown\":[1,{}]}\n ");
    assert_int_equal(jobs[0].kind, RELEVE_PRODUCTION_LOAD_CURVE);
    assert_int_equal(jobs[0].span.first, day(2026, 10, 1));
    assert_int_equal(jobs[0].span.end, day(2026, 10, 8));
    assert_int_equal(jobs[0].class_, RELEVE_HIGH);
    assert_string_equal(jobs[0].reply_to, "my:list");
    assert_true(jobs[0].refresh);
    assert_string_equal(jobs[0].id, "job/7");
    assert_true(jobs[0].created_at == NOW / 1000 * 1000 - (9 * 3600 + 2) * RELEVE_SECOND_MS);
}

static void test_a_member_that_is_null_is_as_if_absent(void **state)
{
    (void)state;
    expect_job("{" PRM "," KIND ",\"start\":null,\"end\":null,\"priority\":null,\"reply_to\":null,\"refresh\":null,"
               "\"id\":null,\"created_at\":null}");
    assert_int_equal(jobs[0].class_, RELEVE_NORMAL);
    assert_true(jobs[0].id[0] != '\0' && jobs[0].created_at == NOW);
}

static void test_a_time_of_creation_that_cannot_be_read_is_now(void **state)
{
    (void)state;
    static const char *const times[] = {"",
                                        "yesterday",
                                        "2026-11-18T24:00:00Z",
                                        "2026-11-18T23:60:00Z",
                                        "2026-11-18 23:00:00Z",
                                        "2026-11-31T23:00:00Z",
                                        "2026-11-18T23:00:00+"};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "{" PRM "," KIND ",\"created_at\":\"%s\"}", times[i]);
        expect_job(text);
        assert_true(jobs[0].created_at == NOW);
    }
}

static void test_the_prm_keeps_its_leading_zeros(void **state)
{
    (void)state;
    expect_job("{\"prm\":\"00000000000001\"," KIND "}");
    assert_true(jobs[0].prm == 1);
}

/* --- several kinds ------------------------------------------------------------------------------------------------ */

static void test_several_kinds_are_several_jobs_with_the_kind_in_the_id(void **state)
{
    (void)state;
    assert_int_equal(read_text("{" PRM
                               ",\"id\":\"x\",\"kind\":[\"consumption_load_curve\",\"daily_consumption\"],\"start\":"
                               "\"2026-10-01\",\"end\":\"2026-10-02\",\"reply_to\":\"list\"}"),
                     2);
    assert_string_equal(jobs[0].id, "x:daily_consumption");
    assert_string_equal(jobs[1].id, "x:consumption_load_curve");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(jobs[i].reply_to, "list");
        assert_int_equal(releve_span_days(jobs[i].span), 1);
    }
}

static void test_all_is_five_measures_each_with_its_own_history(void **state)
{
    (void)state;
    static const char *const texts[] = {"{" PRM ",\"kind\":\"all\"}", "{" PRM ",\"kind\":[\"all\"]}",
                                        "{" PRM ",\"kind\":[\"daily_consumption\",\"all\"]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(read_text(texts[i]), OF_ALL);
        for (enum releve_kind kind = 0; kind < OF_ALL; kind++) {
            assert_int_equal(jobs[kind].kind, kind);
            assert_int_equal(jobs[kind].span.first, releve_kind_history(kind, releve_paris_day(NOW)).first);
            assert_string_equal(strchr(jobs[kind].id, ':') + 1, releve_kind_facts(kind)->name);
        }
    }
}

static void test_a_kind_that_is_named_twice_is_one_job_under_the_id_as_it_is(void **state)
{
    (void)state;
    expect_job("{" PRM ",\"id\":\"x\",\"kind\":[\"daily_consumption\",\"daily_consumption\"]}");
    assert_string_equal(jobs[0].id, "x");
}

static void test_a_wrong_kind_refuses_the_whole_list(void **state)
{
    (void)state;
    expect_refused("{" PRM ",\"kind\":[\"daily_consumption\",\"gas\"]}", "kind");
    expect_refused("{" PRM ",\"kind\":[\"daily_consumption\",[\"daily_consumption\"]]}", "kind");
    expect_refused("{" PRM ",\"kind\":[\"daily_consumption\",null]}", "kind");
    expect_refused("{" PRM ",\"kind\":[]}", "kind: the list is empty");
}

/* --- what is no job ---------------------------------------------------------------------------------- */

static void test_what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "x",
        "{",
        "}",
        "{" PRM "," KIND,
        "{" PRM "," KIND "}}",
        "{" PRM "," KIND "} x",
        "{" PRM "," KIND "}{}",
        "{'prm':1}",
        "{" PRM "," KIND ",}",
        "\xef\xbb\xbf",
        "\"\\",
        "{\"prm\":\"",
        "\xff\xfe",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_refused(texts[i], "is no JSON");
}

static void test_json_that_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "true", "1", "[]", "\"22516914714270\"", "[{" PRM "," KIND "}]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        expect_refused(texts[i], "is no JSON object");
}

static void test_a_nul_anywhere_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{" PRM "," KIND "}";
    char with[sizeof text + 1];
    for (size_t at = 0; at < sizeof text; at++) {
        memcpy(with, text, at);
        with[at] = '\0';
        memcpy(with + at + 1, text + at, sizeof text - 1 - at);
        assert_int_equal(read_bytes(with, sizeof text), 0);
    }
    expect_refused("{" PRM "," KIND ",\"id\":\"a\\u0000b\"}", "is no JSON"); /* in disguise */
    expect_refused("{\"prm\":\"22516914714270\\u00007\"," KIND "}", "is no JSON");
    expect_job("{" PRM "," KIND ",\"id\":\"\\\\u0000\"}"); /* six characters */
}

static void test_bytes_of_all_sorts_never_are_a_job(void **state)
{
    (void)state;
    unsigned char bytes[512];
    uint32_t chance = 1;
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            chance = chance * 1664525u + 1013904223u;
            bytes[i] = (unsigned char)(chance >> 24);
        }
        assert_int_equal(read_bytes((const char *)bytes, (size_t)round % sizeof bytes), 0);
    }
}

static void test_a_prm_is_a_text_of_14_digits(void **state)
{
    (void)state;
    static const char *const prms[] = {"null",
                                       "22516914714270",
                                       "2.2516914714270e13",
                                       "true",
                                       "[\"22516914714270\"]",
                                       "{}",
                                       "\"\"",
                                       "\"2251691471427\"",
                                       "\"225169147142700\"",
                                       "\"2251691471427x\"",
                                       "\" 2516914714270\"",
                                       "\"-2516914714270\"",
                                       "\"+2516914714270\"",
                                       "\"22516914714270 \"",
                                       "\"22516914714270\\u0000\"x",
                                       "\"\xef\xbc\x92\xef\xbc\x92\xef\xbc\x95\xef\xbc\x91\x36\"",
                                       "\"22516914714270\\n\""};
    for (size_t i = 0; i < sizeof prms / sizeof prms[0]; i++) {
        char text[160];
        (void)snprintf(text, sizeof text, "{\"prm\":%s," KIND "}", prms[i]);
        expect_refused(text, "");
    }
    expect_refused("{" KIND "}", "prm: a text of 14 digits");
    expect_refused("{\"PRM\":\"22516914714270\"," KIND "}", "prm: a text of 14 digits");
}

static void test_a_kind_is_a_measure_or_a_document(void **state)
{
    (void)state;
    static const char *const kinds[] = {"null",
                                        "1",
                                        "true",
                                        "{}",
                                        "\"\"",
                                        "\"gas\"",
                                        "\"Daily_consumption\"",
                                        "\"daily_consumption \"",
                                        "\"daily_consumption,daily_production\"",
                                        "\"contract\"",
                                        "{\"all\":1}"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char text[160];
        (void)snprintf(text, sizeof text, "{" PRM ",\"kind\":%s}", kinds[i]);
        expect_refused(text, "kind");
    }
    expect_refused("{" PRM "}", "kind");
}

static void test_a_document_has_no_days_and_is_not_among_all(void **state)
{
    (void)state;
    assert_int_equal(read_text("{" PRM ",\"kind\":[\"identity\",\"all\"],\"start\":\"2026-09-01\"}"), OF_ALL + 1);
    assert_int_equal(jobs[OF_ALL].kind, RELEVE_IDENTITY);
    assert_int_equal(jobs[OF_ALL].span.first, RELEVE_DOCUMENT_SPAN.first);
    assert_int_equal(jobs[OF_ALL].span.end, RELEVE_DOCUMENT_SPAN.end);
    char *text = releve_job_json_write(&jobs[OF_ALL]);
    assert_null(strstr(text, "start"));
    free(text);
}

static void test_a_message_of_absurd_size_is_not_looked_into(void **state)
{
    (void)state;
    static char text[RELEVE_MESSAGE_BYTES_MAX + 2];
    memset(text, ' ', sizeof text);
    memcpy(text, "{" PRM "," KIND "}", sizeof "{" PRM "," KIND "}" - 1);
    assert_int_equal(read_bytes(text, RELEVE_MESSAGE_BYTES_MAX), 1); /* the longest that is */
    assert_int_equal(read_bytes(text, RELEVE_MESSAGE_BYTES_MAX + 1), 0);
    assert_non_null(strstr(error.text, "16385 bytes"));
}

static void test_deep_nesting_is_refused_before_it_is_parsed(void **state)
{
    (void)state;
    static char text[RELEVE_MESSAGE_BYTES_MAX];
    memset(text, '[', sizeof text);
    assert_int_equal(read_bytes(text, sizeof text), 0);
    assert_non_null(strstr(error.text, "nested deeper"));
    for (size_t i = 0; i + 5 <= sizeof text; i += 5)
        memcpy(text + i, "{\"a\":", 5);
    assert_int_equal(read_bytes(text, sizeof text), 0);
    assert_non_null(strstr(error.text, "nested deeper"));
    expect_job("{" PRM "," KIND ",\"x\":[[[1]]]}");
    expect_refused("{" PRM "," KIND ",\"x\":[[[[1]]]]}", "nested deeper than 4");
    expect_job("{" PRM "," KIND ",\"x\":\"[[[[[[\\\"[[[[\"}"); /* brackets in a text are none */
}

/* --- days -------------------------------------------------------------------------------------------- */

static struct releve_span span_of(const char *start, const char *end)
{
    char text[200];
    (void)snprintf(text, sizeof text, "{" PRM "," KIND "%s%s%s%s%s%s}", start ? ",\"start\":\"" : "",
                   start ? start : "", start ? "\"" : "", end ? ",\"end\":\"" : "", end ? end : "", end ? "\"" : "");
    expect_job(text);
    return jobs[0].span;
}

static void test_the_end_is_excluded_and_one_day_twice_means_that_day(void **state)
{
    (void)state;
    struct releve_span span = span_of("2026-10-01", "2026-10-08");
    assert_int_equal(releve_span_days(span), 7);
    span = span_of("2026-10-01", "2026-10-01");
    assert_int_equal(span.first, day(2026, 10, 1));
    assert_int_equal(releve_span_days(span), 1);
}

static void test_days_are_cut_to_what_upstream_can_serve(void **state)
{
    (void)state;
    struct releve_span history = releve_kind_history(RELEVE_DAILY_CONSUMPTION, releve_paris_day(NOW));
    struct releve_span span = span_of("2010-01-01", "2040-01-01");
    assert_int_equal(span.first, history.first);
    assert_int_equal(span.end, history.end);
    assert_int_equal(span_of(NULL, "2026-10-01").first, history.first);
    assert_int_equal(span_of("2026-10-01", NULL).end, history.end);
}

static const struct {
    const char *start, *end;
} outside[] = {{"2010-01-01", "2010-02-01"}, {"2010-01-01", "2010-01-01"}, {NULL, "2010-01-01"},
               {"2030-01-01", "2030-02-01"}, {"2030-01-01", NULL},         {"2026-11-19", "2026-11-19"},
               {"2026-11-19", NULL},         {NULL, "2023-11-04"}};

static void test_days_that_upstream_cannot_serve_are_an_empty_job(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_int_equal(releve_span_days(span_of(outside[i].start, outside[i].end)), 0);
}

static void test_days_that_do_not_exist_or_are_no_texts_are_refused(void **state)
{
    (void)state;
    static const char *const days[] = {
        "20261001", "\"20261001\"",   "\"2026-02-29\"", "\"2026-1-1\"",    "\"2026-10-01T00:00:00\"",
        "\"\"",     "\"1980-12-31\"", "\"2100-01-01\"", "\"2026-10-01 \"", "true",
        "[]",       "\"01/10/2026\""};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{" PRM "," KIND ",\"start\":%s}", days[i]);
        expect_refused(text, "a day that exists");
        (void)snprintf(text, sizeof text, "{" PRM "," KIND ",\"end\":%s}", days[i]);
        expect_refused(text, "a day that exists");
    }
}

static void test_a_start_after_the_end_is_refused(void **state)
{
    (void)state;
    expect_refused("{" PRM "," KIND ",\"start\":\"2026-10-02\",\"end\":\"2026-10-01\"}", "start is after end");
}

/* --- the rest ---------------------------------------------------------------------------------------- */

static void test_a_priority_is_one_of_three_and_the_message_names_it_over_its_queue(void **state)
{
    (void)state;
    expect_job("{" PRM "," KIND ",\"priority\":\"high\"}");
    assert_int_equal(jobs[0].class_, RELEVE_HIGH);
    expect_job("{" PRM "," KIND ",\"priority\":\"low\"}");
    assert_int_equal(jobs[0].class_, RELEVE_LOW);
    static const char *const wrong[] = {"\"\"", "\"HIGH\"", "\"urgent\"", "1", "true", "[]", "{}"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[120];
        (void)snprintf(text, sizeof text, "{" PRM "," KIND ",\"priority\":%s}", wrong[i]);
        expect_refused(text, "priority");
    }
}

/* A member with a text of `length` times 'a'. */
static const char *with_text(const char *member, size_t length)
{
    static char text[1024];
    char letters[512];
    memset(letters, 'a', length);
    letters[length] = '\0';
    (void)snprintf(text, sizeof text, "{" PRM "," KIND ",\"%s\":\"%s\"}", member, letters);
    return text;
}

static void test_a_reply_list_has_1_to_256_visible_characters(void **state)
{
    (void)state;
    expect_job(with_text("reply_to", 256));
    assert_int_equal(strlen(jobs[0].reply_to), 256);
    expect_refused(with_text("reply_to", 257), "reply_to");
    expect_refused(with_text("reply_to", 0), "reply_to");
    expect_refused("{" PRM "," KIND ",\"reply_to\":\"a list\"}", "reply_to");
    expect_refused("{" PRM "," KIND ",\"reply_to\":\"a\\nlist\"}", "reply_to");
    expect_refused("{" PRM "," KIND ",\"reply_to\":\"\xc3\xa9\"}", "reply_to");
    expect_refused("{" PRM "," KIND ",\"reply_to\":7}", "reply_to");
    expect_refused("{" PRM "," KIND ",\"reply_to\":[\"a\",\"b\"]}", "reply_to");
}

static void test_an_id_has_1_to_64_visible_characters(void **state)
{
    (void)state;
    expect_job(with_text("id", 64));
    assert_int_equal(strlen(jobs[0].id), 64);
    expect_refused(with_text("id", 0), "id");
    expect_refused("{" PRM "," KIND ",\"id\":\"a b\"}", "id");
    expect_refused("{" PRM "," KIND ",\"id\":\"a\\tb\"}", "id");
    expect_refused("{" PRM "," KIND ",\"id\":\"\xc3\xa9\"}", "id");
    expect_refused("{" PRM "," KIND ",\"id\":7}", "id");
    /* Of several kinds with the longest id each id is whole, and another one. */
    static const char several[] = "{" PRM ",\"kind\":\"all\",\"id\":\"" TEN TEN TEN TEN TEN TEN "1234\"}";
    assert_int_equal(read_text(several), OF_ALL);
    for (enum releve_kind kind = 0; kind < OF_ALL; kind++) {
        assert_int_equal(strlen(jobs[kind].id), 64 + 1 + strlen(releve_kind_facts(kind)->name));
        assert_string_equal(strchr(jobs[kind].id, ':') + 1, releve_kind_facts(kind)->name);
    }
}

static void test_a_producer_gives_no_id_of_more_than_64_characters(void **state)
{
    (void)state;
    /* But the words of a job may be longer, as they carry the kind. */
    expect_refused(with_text("id", 97), "id");
    static const char several[] = "{" PRM ",\"kind\":\"all\",\"id\":\"" TEN TEN TEN TEN TEN TEN "12345\"}";
    expect_refused(several, "id");
}

static void test_refresh_is_true_or_false(void **state)
{
    (void)state;
    expect_job("{" PRM "," KIND ",\"refresh\":false}");
    assert_false(jobs[0].refresh);
    expect_refused("{" PRM "," KIND ",\"refresh\":1}", "refresh");
    expect_refused("{" PRM "," KIND ",\"refresh\":\"true\"}", "refresh");
}

/* --- words ------------------------------------------------------------------------------------------- */

/* The words of jobs[i], written, read and written: the same bytes. */
static void expect_stable(size_t i)
{
    char *words = releve_job_json_write(&jobs[i]);
    assert_non_null(words);
    struct releve_job written = jobs[i];
    assert_int_equal(read_text(words), 1);
    assert_string_equal(jobs[0].id, written.id);
    assert_int_equal(releve_span_days(jobs[0].span), releve_span_days(written.span));
    assert_int_equal(jobs[0].class_, written.class_);
    assert_true(jobs[0].created_at == written.created_at / 1000 * 1000);
    char *again = releve_job_json_write(&jobs[0]);
    assert_non_null(again);
    assert_string_equal(words, again);
    free(words);
    free(again);
}

static void test_a_job_that_is_given_back_has_the_same_words(void **state)
{
    (void)state;
    static const char *const messages[] = {
        "{" PRM "," KIND "}",
        "{" PRM "," KIND ",\"start\":\"2026-10-01\",\"end\":\"2026-10-01\"}",
        "{" PRM "," KIND ",\"start\":\"2026-10-01\",\"end\":\"2026-10-08\",\"priority\":\"high\",\"refresh\":true}",
        "{" PRM "," KIND ",\"reply_to\":\"a\\\"b\\\\c\",\"id\":\"\\\"\\\\/%s\"}",
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        expect_job(messages[i]);
        expect_stable(0);
    }
    for (size_t i = 0; i < OF_ALL; i++) {
        static const char all[] = "{" PRM ",\"kind\":\"all\",\"id\":\"" TEN TEN TEN TEN TEN TEN "1234\"}";
        assert_int_equal(read_text(all), OF_ALL);
        expect_stable(i);
    }
}

static void test_an_empty_job_that_is_given_back_stays_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        (void)span_of(outside[i].start, outside[i].end);
        expect_stable(0);
        assert_int_equal(releve_span_days(jobs[0].span), 0);
    }
}

static void test_words_are_ascii_on_one_line(void **state)
{
    (void)state;
    expect_job("{" PRM "," KIND ",\"id\":\"x\",\"start\":\"2026-10-01\",\"end\":\"2026-10-02\"}");
    char *words = releve_job_json_write(&jobs[0]);
    assert_string_equal(words, "{\"id\":\"x\",\"prm\":\"22516914714270\",\"kind\":\"daily_consumption\",\"start\":"
                               "\"2026-10-01\",\"end\":\"2026-10-02\",\"priority\":\"normal\",\"created_at\":"
                               "\"2026-11-19T09:00:00Z\"}");
    free(words);
}

/* --- burial ------------------------------------------------------------------------------------------ */

static void expect_buried(const char *bytes, size_t count, const char *raw)
{
    const struct releve_burial burial = {bytes, count, count, "is no \"JSON\"", RELEVE_LOW, NOW};
    char *text = releve_job_json_bury(&burial);
    assert_non_null(text);
    for (const char *at = text; *at != '\0'; at++)
        assert_in_range((unsigned char)*at, ' ', '~');
    cJSON *json = cJSON_Parse(text);
    assert_non_null(json);
    const char *kept = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "raw"));
    assert_non_null(kept);
    if (raw != NULL)
        assert_string_equal(kept, raw);
    assert_int_equal(strlen(kept), count < RELEVE_BURIED_BYTES_MAX ? count : RELEVE_BURIED_BYTES_MAX);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "error")), "is no \"JSON\"");
    bool whole = count <= RELEVE_BURIED_BYTES_MAX && memcmp(kept, bytes, count) == 0;
    assert_int_equal(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(json, "whole")), !whole);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "queue")), "low");
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "at")), "2026-11-19T09:00:00Z");
    cJSON_Delete(json);
    free(text);
}

static char *answer_to(const char *message, char reply_to[RELEVE_REPLY_TO_BYTES])
{
    const struct releve_burial burial = {message,         strlen(message), strlen(message),
                                         "kind: unknown", RELEVE_NORMAL,   NOW};
    return releve_job_json_answer(&burial, reply_to);
}

static void test_whoever_waits_for_what_is_no_job_is_told_so(void **state)
{
    (void)state;
    char reply_to[RELEVE_REPLY_TO_BYTES];
    char *answer = answer_to("{\"kind\":\"gas\",\"reply_to\":\"mine\",\"id\":\"7\"}", reply_to);
    assert_string_equal(reply_to, "mine");
    assert_string_equal(answer,
                        "{\"id\":\"7\",\"state\":\"failed\",\"prm\":null,\"kind\":null,\"start\":null,\"end\":null,"
                        "\"days\":0,\"complete\":0,\"partial\":0,\"holes\":0,\"pending\":0,\"failed\":0,\"cut\":0,"
                        "\"requests\":0,\"error\":\"no-job: kind: unknown\",\"created_at\":\"2026-11-19T09:00:00Z\","
                        "\"finished_at\":\"2026-11-19T09:00:00Z\",\"failures\":[]}");
    free(answer);
    static const char *const silent[] = {"nonsense",
                                         "[]",
                                         "{}",
                                         "{\"reply_to\":7}",
                                         "{\"reply_to\":\"a b\"}",
                                         "{\"reply_to\":\"\"}",
                                         "{\"reply_to\":\"mine\"",
                                         "7"};
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        assert_null(answer_to(silent[i], reply_to));
}

static void test_whatever_is_buried_is_json(void **state)
{
    (void)state;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    expect_buried(bytes, sizeof bytes, NULL);
    for (size_t i = 0; i < sizeof bytes; i++)
        expect_buried(&bytes[i], 1, NULL);
    expect_buried("", 0, "");
    expect_buried("{\"prm\":\n1}", 10, "{\"prm\":\n1}");
    expect_buried("a\0b\xc3\xa9\x7f", 6, "a?b???");
}

static void test_a_long_message_is_buried_in_part(void **state)
{
    (void)state;
    static char text[RELEVE_MESSAGE_BYTES_MAX * 2];
    memset(text, '"', sizeof text);
    expect_buried(text, sizeof text, NULL);
}

static void test_a_member_that_no_job_has_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *more, *stray;
    } cases[] = {
        {"", ""},
        {",\"start\":\"2026-09-01\",\"end\":null,\"id\":\"x\",\"priority\":\"low\",\"reply_to\":\"l\",\"refresh\":true,"
         "\"created_at\":\"2026-09-01T00:00:00Z\"",
         ""},
        {",\"strat\":\"2026-09-01\"", "strat"},
        {",\"Start\":1,\"mine\":2", "Start"},
        {",\"a b\":1,\"\":2,\"\\u001b[31m\":3,\"0123456789012345678901234567890123456789x\":4,\"last\":5", "last"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[400];
        (void)snprintf(text, sizeof text, "{\"prm\":\"22516914714270\",\"kind\":\"contracts\"%s}", cases[i].more);
        assert_int_equal(read_bytes(text, strlen(text)), 1);
        assert_string_equal(stray, cases[i].stray);
    }
    assert_int_equal(read_bytes("{\"prn\":1}", 9), 0);
    assert_string_equal(stray, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_member_that_no_job_has_is_named),
        cmocka_unit_test(test_a_usage_point_and_a_kind_are_a_job),
        cmocka_unit_test(test_each_job_without_an_id_gets_another_one),
        cmocka_unit_test(test_every_member_is_read),
        cmocka_unit_test(test_a_member_that_is_null_is_as_if_absent),
        cmocka_unit_test(test_a_time_of_creation_that_cannot_be_read_is_now),
        cmocka_unit_test(test_the_prm_keeps_its_leading_zeros),
        cmocka_unit_test(test_several_kinds_are_several_jobs_with_the_kind_in_the_id),
        cmocka_unit_test(test_all_is_five_measures_each_with_its_own_history),
        cmocka_unit_test(test_a_kind_that_is_named_twice_is_one_job_under_the_id_as_it_is),
        cmocka_unit_test(test_a_wrong_kind_refuses_the_whole_list),
        cmocka_unit_test(test_what_is_no_json_is_refused),
        cmocka_unit_test(test_json_that_is_no_object_is_refused),
        cmocka_unit_test(test_a_nul_anywhere_is_refused),
        cmocka_unit_test(test_bytes_of_all_sorts_never_are_a_job),
        cmocka_unit_test(test_a_prm_is_a_text_of_14_digits),
        cmocka_unit_test(test_a_kind_is_a_measure_or_a_document),
        cmocka_unit_test(test_a_message_of_absurd_size_is_not_looked_into),
        cmocka_unit_test(test_a_document_has_no_days_and_is_not_among_all),
        cmocka_unit_test(test_deep_nesting_is_refused_before_it_is_parsed),
        cmocka_unit_test(test_the_end_is_excluded_and_one_day_twice_means_that_day),
        cmocka_unit_test(test_days_are_cut_to_what_upstream_can_serve),
        cmocka_unit_test(test_days_that_upstream_cannot_serve_are_an_empty_job),
        cmocka_unit_test(test_days_that_do_not_exist_or_are_no_texts_are_refused),
        cmocka_unit_test(test_a_start_after_the_end_is_refused),
        cmocka_unit_test(test_a_priority_is_one_of_three_and_the_message_names_it_over_its_queue),
        cmocka_unit_test(test_a_reply_list_has_1_to_256_visible_characters),
        cmocka_unit_test(test_an_id_has_1_to_64_visible_characters),
        cmocka_unit_test(test_a_producer_gives_no_id_of_more_than_64_characters),
        cmocka_unit_test(test_refresh_is_true_or_false),
        cmocka_unit_test(test_a_job_that_is_given_back_has_the_same_words),
        cmocka_unit_test(test_an_empty_job_that_is_given_back_stays_empty),
        cmocka_unit_test(test_words_are_ascii_on_one_line),
        cmocka_unit_test(test_whoever_waits_for_what_is_no_job_is_told_so),
        cmocka_unit_test(test_whatever_is_buried_is_json),
        cmocka_unit_test(test_a_long_message_is_buried_in_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
