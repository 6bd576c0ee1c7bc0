/* Daily energy and max power through both dialects, and bodies that are of something else (law 3). */
#include "test_enedis_bodies.h"

static struct points points;

static int reset(void **state)
{
    (void)state;
    memset(&points, 0, sizeof points);
    return 0;
}

static void test_daily_energy_is_one_value_a_day_with_or_without_a_time(void **state)
{
    (void)state;
    add(&points, "38022", "2026-09-30 00:00:00", NULL);
    add(&points, "\"33495\"", "2026-09-29", "P1D");
    struct releve_answer answer = judge_points(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-28", 365), &points);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 2);
    assert_int_equal(answer.readings[0].day, day_of("2026-09-29"));
    assert_int_equal(answer.readings[0].value, 33495);
    assert_true(answer.readings[0].complete);
    assert_int_equal(answer.readings[0].at, 0);
    assert_int_equal(answer.readings[0].intervals_count, 0);
    assert_int_equal(answer.readings[1].day, day_of("2026-09-30"));
    assert_int_equal(answer.readings[1].value, 38022);
    releve_dialect_answer_free(&answer);
}

static void test_a_day_without_a_value_is_absent(void **state)
{
    (void)state;
    add(&points, "null", "2026-09-28", NULL);
    add(&points, "\"null\"", "2026-09-29", NULL);
    add(&points, NULL, "2026-09-30", NULL);
    struct releve_answer answer = judge_points(RELEVE_DAILY_PRODUCTION, span_of("2026-09-28", 3), &points);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 0);
    assert_null(answer.readings);
}

static void test_a_day_told_twice_counts_once_and_must_agree(void **state)
{
    (void)state;
    add(&points, "\"5\"", "2026-09-29", NULL);
    add(&points, "5", "2026-09-29", NULL);
    struct releve_answer answer = judge_points(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 1), &points);
    assert_int_equal(answer.readings_count, 1);
    releve_dialect_answer_free(&answer);
    add(&points, "6", "2026-09-29", NULL);
    assert_bad_body(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 1), &points, "2026-09-29: two values for one day");
}

static void test_days_outside_the_span_are_left_out_but_not_all_may_be(void **state)
{
    (void)state;
    static const char *const outside[] = {"2026-09-28", "2026-09-30", "2023-01-01"}; /* the 30th: the excluded end */
    for (size_t i = 0; i < 3; i++) {
        memset(&points, 0, sizeof points);
        add(&points, i == 1 ? "\"x\"" : "\"5\"", outside[i], NULL);
        assert_bad_body(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 1), &points, "outside");
        add(&points, "\"6\"", "2026-09-29", NULL);
        struct releve_answer answer = judge_points(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 1), &points);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        assert_string_equal(answer.reason.code, "");
        assert_int_equal(answer.readings_count, 1);
        assert_int_equal(answer.readings[0].value, 6);
        releve_dialect_answer_free(&answer);
    }
}

/* Of what is wrong, the day is certain: the day before and the day after are delivered (law 5). */
static void test_a_daily_value_that_cannot_be_true_spoils_its_day_alone(void **state)
{
    (void)state;
    static const struct {
        enum releve_kind kind;
        const char *value, *stamp, *again, *why;
    } bad[] = {
        {RELEVE_DAILY_CONSUMPTION, "\"5.5\"", "2026-03-29", NULL, "not a whole number"},
        {RELEVE_DAILY_CONSUMPTION, "[]", "2026-03-29", "\"5\"", "not a whole number"},
        {RELEVE_DAILY_PRODUCTION, "\"5\"", "2026-03-29 00:00:00", "\"6\"", "two values for one day"},
        {RELEVE_DAILY_PRODUCTION, "\"5\"", "2026-03-29 00:00:00.001", NULL, "not a whole second"},
        {RELEVE_DAILY_PRODUCTION, "1e300", "2026-03-29 00:00:00.000", NULL, "not a whole number"},
        {RELEVE_DAILY_CONSUMPTION, "\"2147483648\"", "2026-03-29", NULL, "not a whole number"},
        {RELEVE_DAILY_CONSUMPTION_MAX_POWER, "\"5\"", "2026-03-29 02:10:00", NULL, "a time that this day"},
        {RELEVE_DAILY_CONSUMPTION_MAX_POWER, "-5", "2026-03-29 04:10:00", NULL, "not a whole number"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&points, 0, sizeof points);
        add(&points, "\"7\"", "2026-03-30", NULL);
        add(&points, bad[i].value, bad[i].stamp, NULL);
        if (bad[i].again)
            add(&points, bad[i].again, bad[i].stamp, NULL);
        add(&points, "\"6\"", "2026-03-28", NULL);
        struct releve_answer answer = judge_points(bad[i].kind, span_of("2026-03-27", 365), &points);
        assert_unusable(&answer, "2026-03-29", bad[i].why);
        assert_int_equal(answer.readings_count, 3);
        assert_int_equal(answer.readings[0].day, day_of("2026-03-28"));
        assert_int_equal(answer.readings[0].value, 6);
        assert_int_equal(answer.readings[2].day, day_of("2026-03-30"));
        assert_int_equal(answer.readings[2].value, 7);
        releve_dialect_answer_free(&answer);
    }
}

static void test_the_reason_is_that_of_the_first_unusable_day(void **state)
{
    (void)state;
    add(&points, "\"x\"", "2026-09-30", NULL);
    add(&points, "\"5\"", "2026-09-29", NULL);
    add(&points, "\"6\"", "2026-09-29", NULL);
    add(&points, "\"x\"", "2026-10-01", NULL);
    add(&points, "\"5\"", "2026-10-02", NULL);
    struct releve_answer answer = judge_points(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 9), &points);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_string_equal(answer.reason.text, "daily_consumption of 2026-09-29: two values for one day");
    assert_int_equal(answer.readings_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(answer.readings[i].state == RELEVE_READING_UNUSABLE, i < 3);
    releve_dialect_answer_free(&answer);
}

static void test_a_body_whose_every_day_is_unusable_says_so_of_each(void **state)
{
    (void)state;
    add(&points, "\"x\"", "2026-09-29", NULL);
    add(&points, "\"5.5\"", "2026-09-30", NULL);
    assert_bad_body(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-28", 9), &points, "2026-09-29: a value is not a whole");
    add(&points, "null", "2026-10-01", NULL); /* a day that says nothing says nothing wrong */
    struct releve_answer answer = judge_points(RELEVE_DAILY_CONSUMPTION, span_of("2026-09-28", 9), &points);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 2);
    releve_dialect_answer_free(&answer);
}

/* docs/enedis.md, Field reports: a table full of zeros after the format changed. */
static void test_a_body_without_the_member_of_values_is_never_no_data(void **state)
{
    (void)state;
    static const enum releve_kind kinds[] = {RELEVE_DAILY_CONSUMPTION, RELEVE_DAILY_CONSUMPTION_MAX_POWER,
                                             RELEVE_CONSUMPTION_LOAD_CURVE};
    for (size_t i = 0; i < 3; i++) {
        memset(&points, 0, sizeof points);
        add(&points, NULL, "2026-09-29 12:00:00", kinds[i] == RELEVE_CONSUMPTION_LOAD_CURVE ? "PT30M" : NULL);
        add(&points, NULL, "2026-09-30 12:00:00", kinds[i] == RELEVE_CONSUMPTION_LOAD_CURVE ? "PT30M" : NULL);
        assert_bad_body(kinds[i], span_of("2026-09-29", 3), &points, "no point of the body has the member");
        static const char *const nothings[] = {"null", "\"null\"", "\"\""};
        for (size_t n = 0; n < 3; n++) { /* one point with the member: the others are missing values */
            strcpy(points.list[1].value, nothings[n]);
            struct releve_answer answer = judge_points(kinds[i], span_of("2026-09-29", 3), &points);
            assert_int_equal(answer.verdict, RELEVE_DATA);
            assert_int_equal(answer.readings_count, 0);
        }
    }
}

static void assert_peak(const char *stamp, const char *instant)
{
    memset(&points, 0, sizeof points);
    add(&points, "\"4680\"", stamp, NULL);
    releve_day day = day_of((char[]){stamp[0], stamp[1], stamp[2], stamp[3], stamp[4], stamp[5], stamp[6], stamp[7],
                                     stamp[8], stamp[9], '\0'});
    struct releve_answer answer =
        judge_points(RELEVE_DAILY_CONSUMPTION_MAX_POWER, (struct releve_span){day, day + 1}, &points);
    assert_int_equal(answer.readings_count, 1);
    assert_int_equal(answer.readings[0].value, 4680);
    char text[RELEVE_TIME_TEXT];
    releve_paris_format(answer.readings[0].at, text);
    assert_string_equal(text, instant);
    releve_dialect_answer_free(&answer);
}

static void test_max_power_carries_the_instant_of_its_peak(void **state)
{
    (void)state;
    assert_peak("2026-09-29 13:03:35", "2026-09-29T13:03:35+02:00");
    assert_peak("2026-12-29 13:03:35", "2026-12-29T13:03:35+01:00");
    assert_peak("2026-09-29", "2026-09-29T00:00:00+02:00");
    assert_peak("2026-10-25 02:10:00", "2026-10-25T02:10:00+02:00"); /* ambiguous: the earlier */
    assert_peak("2026-10-25T02:10:00+01:00", "2026-10-25T02:10:00+01:00");
    assert_peak("2026-09-29 13:03:35.000", "2026-09-29T13:03:35+02:00");
    assert_peak("2026-09-29 00:00:00", "2026-09-29T00:00:00+02:00"); /* a peak, not the end of an interval */
}

static void test_a_peak_in_the_hour_that_spring_skips_is_refused(void **state)
{
    (void)state;
    add(&points, "\"5\"", "2026-03-29 02:10:00", NULL);
    assert_bad_body(RELEVE_DAILY_CONSUMPTION_MAX_POWER, span_of("2026-03-29", 1), &points, "a time that this day");
}

/* Bodies as they stand, for one day of daily_consumption. */
#define V5(prm, unit, rest)                                                             \
    "{\"meter_reading\":{\"usage_point_id\":" prm ",\"reading_type\":{\"unit\":\"" unit \
    "\"},\"interval_reading\":[{\"value\":\"5\",\"date\":\"2026-09-29\"}]" rest "}}"
#define NEW(prm, metier, physique, unit)                                                                   \
    "{\"idPrm\":" prm ",\"grandeur\":[{\"grandeurMetier\":\"" metier "\",\"grandeurPhysique\":\"" physique \
    "\",\"unite\":\"" unit "\",\"points\":[{\"v\":\"5\",\"d\":\"2026-09-29\"}]}]}"

static void assert_refused(const struct releve_dialect *dialect, const char *body, const char *why)
{
    struct releve_answer answer;
    judge_text(dialect, RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 1), body, &answer);
    if (answer.verdict != RELEVE_TRANSIENT || strcmp(answer.reason.code, "bad-body") != 0 ||
        !strstr(answer.reason.text, why))
        fail_msg("%s: %d %s \"%s\"", body, (int)answer.verdict, answer.reason.code, answer.reason.text);
    assert_null(answer.readings);
}

static void assert_taken(const struct releve_dialect *dialect, const char *body, const char *quality)
{
    struct releve_answer answer;
    judge_text(dialect, RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 1), body, &answer);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 1);
    assert_int_equal(answer.readings[0].value, 5);
    assert_string_equal(answer.quality, quality);
    releve_dialect_answer_free(&answer);
}

static void test_the_body_must_be_of_what_was_asked(void **state)
{
    (void)state;
    assert_taken(&releve_dialect_v5, V5(PRM_JSON, "Wh", ""), "");
    assert_taken(&releve_dialect_v5, V5("10000000000018", "Wh", ",\"quality\":\"a very long quality\""),
                 "a very long qua");
    assert_refused(&releve_dialect_v5, V5("\"10000000000026\"", "Wh", ""), "usage point");
    assert_refused(&releve_dialect_v5, V5("null", "Wh", ""), "usage point");
    assert_refused(&releve_dialect_v5, V5("18", "Wh", ""), "usage point");
    assert_refused(&releve_dialect_v5, V5(PRM_JSON, "kWh", ""), "unit");
    assert_refused(&releve_dialect_v5, V5(PRM_JSON, "", ""), "unit");
    assert_refused(&releve_dialect_v5, NEW(PRM_JSON, "CONS", "EA", "Wh"), "no meter_reading");
    assert_refused(&releve_dialect_v5,
                   "{\"meter_reading\":{\"usage_point_id\":" PRM_JSON ",\"reading_type\":{\"unit\":\"Wh\"}}}",
                   "no list of points");

    assert_taken(&releve_dialect_2026, NEW(PRM_JSON, "CONS", "EA", "Wh"), "");
    assert_refused(&releve_dialect_2026, NEW("\"10000000000026\"", "CONS", "EA", "Wh"), "usage point");
    assert_refused(&releve_dialect_2026, NEW("null", "CONS", "EA", "Wh"), "usage point");
    assert_refused(&releve_dialect_2026, NEW(PRM_JSON, "PROD", "EA", "Wh"), "no grandeur CONS EA");
    assert_refused(&releve_dialect_2026, NEW(PRM_JSON, "CONS", "PMA", "Wh"), "no grandeur CONS EA");
    assert_refused(&releve_dialect_2026, NEW(PRM_JSON, "CONS", "EA", "kWh"), "unit");
    assert_refused(&releve_dialect_2026, V5(PRM_JSON, "Wh", ""), "no grandeur");
    assert_refused(&releve_dialect_2026, "{\"idPrm\":" PRM_JSON ",\"grandeur\":null}", "no grandeur");
}

/* The largest value of a month is none of a day, and the others of that month are no holes. */
static void test_the_values_of_a_body_are_of_one_day_each(void **state)
{
    (void)state;
    static const char *const periods[] = {"\"P1D\"", "null", "\"P1M\"", "\"P1Y\"", "30"};
    for (size_t i = 0; i < sizeof periods / sizeof periods[0]; i++) {
        char v5[512], new[512];
        (void)snprintf(v5, sizeof v5,
                       "{\"meter_reading\":{\"usage_point_id\":" PRM_JSON
                       ",\"reading_type\":{\"unit\":\"Wh\",\"measuring_period\":%s},"
                       "\"interval_reading\":[{\"value\":\"5\",\"date\":\"2026-09-29\"}]}}",
                       periods[i]);
        (void)snprintf(new, sizeof new,
                       "{\"idPrm\":" PRM_JSON ",\"pas\":%s,\"grandeur\":[{\"grandeurMetier\":\"CONS\","
                       "\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\",\"points\":[{\"v\":\"5\","
                       "\"d\":\"2026-09-29\"}]}]}",
                       periods[i]);
        if (i < 2) {
            assert_taken(&releve_dialect_v5, v5, "");
            assert_taken(&releve_dialect_2026, new, "");
        } else {
            assert_refused(&releve_dialect_v5, v5, "not of one day each");
            assert_refused(&releve_dialect_2026, new, "not of one day each");
        }
    }
}

/* Bodies without points, asked for three days from the 29th of September. */
#define EMPTY_V5(prm, rest) \
    "{\"meter_reading\":{\"usage_point_id\":" prm rest ",\"quality\":\"BRUT\",\"interval_reading\":[]}}"
#define UNIT(unit) ",\"reading_type\":{\"unit\":\"" unit "\"}"
#define RANGE_V5(start, end) ",\"start\":" start ",\"end\":" end
#define EMPTY_NEW(prm, rest, grandeur) "{\"idPrm\":" prm rest ",\"etapeMetier\":\"BRUT\",\"grandeur\":[" grandeur "]}"
#define RANGE_NEW(start, end) ",\"periode\":{\"dateDebut\":" start ",\"dateFin\":" end "}"
#define GRANDEUR(metier, more) "{\"grandeurMetier\":\"" metier "\",\"grandeurPhysique\":\"EA\"" more ",\"points\":[]}"
#define UNITE(unit) ",\"unite\":\"" unit "\""

static void test_an_empty_list_is_no_data_where_all_else_is_right(void **state)
{
    (void)state;
    static const struct {
        const struct releve_dialect *dialect;
        const char *body;
        const char *why; /* it is a bad body; NULL: no data */
    } bodies[] = {
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, ""), NULL},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, UNIT("Wh")), NULL},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("\"2026-09-29\"", "\"2026-10-02\"")), NULL},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("\"2026-09-01\"", "\"2026-10-31\"")), NULL},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("null", "null")), NULL},
        {&releve_dialect_v5, EMPTY_V5("\"10000000000026\"", ""), "usage point"},
        {&releve_dialect_v5, EMPTY_V5("null", ""), "usage point"},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, UNIT("W")), "unit"},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, ",\"reading_type\":{\"unit\":1}"), "unit"},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("\"2026-08-01\"", "\"2026-08-08\"")), "outside"},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("\"2026-09-30\"", "\"2026-10-02\"")), "not of all days"},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("\"x\"", "\"2026-10-02\"")), "cannot be read"},
        {&releve_dialect_v5, EMPTY_V5(PRM_JSON, RANGE_V5("\"2026-09-29\"", "7")), "cannot be read"},
        {&releve_dialect_v5, "{\"meter_reading\":{\"usage_point_id\":" PRM_JSON ",\"interval_reading\":null}}",
         "no list of points"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, "", ""), NULL},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, "", GRANDEUR("CONS", "")), NULL},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, RANGE_NEW("\"2026-09-29\"", "\"2026-10-02\""), ""), NULL},
        {&releve_dialect_2026,
         EMPTY_NEW(PRM_JSON, RANGE_NEW("\"2026-09-29T00:00:00.000+02:00\"", "\"2026-10-01T22:00:00Z\""),
                   GRANDEUR("CONS", UNITE("Wh"))),
         NULL},
        {&releve_dialect_2026, EMPTY_NEW("\"10000000000026\"", "", ""), "usage point"},
        {&releve_dialect_2026, "{\"grandeur\":[]}", "usage point"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, "", GRANDEUR("PROD", "")), "no grandeur CONS EA"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, "", "{}"), "no grandeur CONS EA"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, "", GRANDEUR("CONS", UNITE("kWh"))), "unit"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, RANGE_NEW("\"2026-10-02\"", "\"2026-10-09\""), ""), "outside"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, RANGE_NEW("\"2026-09-29\"", "null"), ""), "cannot be read"},
        {&releve_dialect_2026, EMPTY_NEW(PRM_JSON, RANGE_NEW("\"2026-09-30\"", "\"2026-10-02\""), ""),
         "not of all days"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct releve_answer answer;
        judge_text(bodies[i].dialect, RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 3), bodies[i].body, &answer);
        bool bad = bodies[i].why != NULL;
        if (answer.verdict != (bad ? RELEVE_TRANSIENT : RELEVE_NO_DATA) ||
            strcmp(answer.reason.code, bad ? "bad-body" : "empty") != 0 ||
            (bad && !strstr(answer.reason.text, bodies[i].why)))
            fail_msg("%s: %d %s \"%s\"", bodies[i].body, (int)answer.verdict, answer.reason.code, answer.reason.text);
        assert_null(answer.readings);
    }
}

/* Upstream may answer for fewer days than were asked, also where it has nothing of them. */
static void test_an_empty_list_says_nothing_of_the_days_behind_its_range(void **state)
{
    (void)state;
    static const char *const bodies[] = {EMPTY_V5(PRM_JSON, RANGE_V5("\"2026-09-29\"", "\"2026-09-30\"")),
                                         EMPTY_NEW(PRM_JSON, RANGE_NEW("\"2026-09-28\"", "\"2026-09-30\""), "")};
    const struct releve_dialect *const dialects[] = {&releve_dialect_v5, &releve_dialect_2026};
    for (size_t i = 0; i < 2; i++) {
        struct releve_answer answer;
        judge_text(dialects[i], RELEVE_DAILY_CONSUMPTION, span_of("2026-09-29", 3), bodies[i], &answer);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        assert_int_equal(answer.readings_count,
                         2); /* of the first day, which is absent, it says that there is nothing */
        for (size_t j = 0; j < 2; j++) {
            assert_int_equal(answer.readings[j].day, day_of("2026-09-30") + (releve_day)j);
            assert_int_equal(answer.readings[j].state, RELEVE_READING_UNSAID);
        }
        releve_dialect_answer_free(&answer);
    }
}

/* Points have dates of their own; a range that is named must still be about the asked days. */
static void test_a_body_with_points_names_a_range_that_overlaps_or_none(void **state)
{
    (void)state;
    static const struct {
        const char *start, *end;
        bool good;
    } ranges[] = {
        {"\"2026-09-29\"", "\"2026-09-30\"", true},
        {"\"2026-09-22\"", "\"2026-10-22\"", true},
        {"\"2026-09-29\"", "\"2026-09-29\"", true}, /* its last day is named, where the day after is usual */
        {"\"x\"", "\"y\"", true},
        {"null", "\"2026-09-30\"", true},
        {"\"2026-09-30\"", "\"2026-10-01\"", false},
        {"\"2026-09-22\"", "\"2026-09-29\"", false},
        {"\"2026-10-30\"", "null", false},
        {"null", "\"2026-09-28\"", false},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        char v5[512], new[512];
        (void)snprintf(v5, sizeof v5,
                       "{\"meter_reading\":{\"usage_point_id\":" PRM_JSON UNIT(
                           "Wh") ",\"start\":%s,\"end\":%s,"
                                 "\"interval_reading\":[{\"value\":\"5\",\"date\":\"2026-09-29\"}]}}",
                       ranges[i].start, ranges[i].end);
        (void)snprintf(new, sizeof new,
                       "{\"idPrm\":" PRM_JSON ",\"periode\":{\"dateDebut\":%s,\"dateFin\":%s},\"grandeur\":[{"
                       "\"grandeurMetier\":\"CONS\",\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\",\"points\":[{\"v\":"
                       "\"5\",\"d\":\"2026-09-29\"}]}]}",
                       ranges[i].start, ranges[i].end);
        if (ranges[i].good) {
            assert_taken(&releve_dialect_v5, v5, "");
            assert_taken(&releve_dialect_2026, new, "");
        } else {
            assert_refused(&releve_dialect_v5, v5, "range outside the days");
            assert_refused(&releve_dialect_2026, new, "range outside the days");
        }
    }
}

/* Of days outside of the range that it names, a body says nothing: they are no holes. Of a day that has a point, it
 * does. */
static void test_a_body_says_nothing_of_days_beyond_the_range_that_it_names(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{\"meter_reading\":{\"usage_point_id\":" PRM_JSON UNIT("Wh") RANGE_V5(
            "\"2026-09-28\"", "\"2026-10-01\"") ",\"interval_reading\":[{\"value\":\"5\",\"date\":\"2026-09-28\"},"
                                                "{\"value\":\"7\",\"date\":\"2026-10-01\"}]}}",
        "{\"idPrm\":" PRM_JSON RANGE_NEW(
            "\"2026-09-28\"",
            "\"2026-10-01\"") ",\"grandeur\":[{"
                              "\"grandeurMetier\":\"CONS\",\"grandeurPhysique\":\"EA\",\"unite\":\"Wh\",\"points\":["
                              "{\"v\":\"5\",\"d\":\"2026-09-28\"},{\"v\":\"7\",\"d\":\"2026-10-01\"}]}]}"};
    const struct releve_dialect *const dialects[] = {&releve_dialect_v5, &releve_dialect_2026};
    for (size_t i = 0; i < 2; i++) {
        struct releve_answer answer;
        judge_text(dialects[i], RELEVE_DAILY_CONSUMPTION, span_of("2026-09-28", 4), bodies[i], &answer);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        assert_int_equal(answer.readings_count, 2); /* the 29th and the 30th: nothing, and that is said */
        assert_int_equal(answer.readings[1].value, 7);
        releve_dialect_answer_free(&answer);
        judge_text(dialects[i], RELEVE_DAILY_CONSUMPTION, span_of("2026-09-27", 6), bodies[i], &answer);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        assert_string_equal(answer.reason.text, "daily_consumption of 2026-09-27: the body is of a range without it");
        assert_int_equal(answer.readings_count, 4);
        static const char *const days[] = {"2026-09-27", "2026-09-28", "2026-10-01", "2026-10-02"};
        for (size_t j = 0; j < 4; j++) {
            assert_int_equal(answer.readings[j].day, day_of(days[j]));
            assert_int_equal(answer.readings[j].state, j == 0   ? RELEVE_READING_UNUSABLE
                                                       : j == 3 ? RELEVE_READING_UNSAID
                                                                : RELEVE_READING_USABLE);
        }
        releve_dialect_answer_free(&answer);
    }
}

static void test_the_content_type_of_a_good_answer_does_not_matter(void **state)
{
    (void)state;
    static const char *const types[] = {"application/octet-stream", "text/plain", "text/html", ""};
    for (size_t i = 0; i < 4; i++) {
        struct releve_exchange_response response = answered(200, V5(PRM_JSON, "Wh", ""));
        response.content_type = types[i];
        struct releve_answer answer;
        releve_dialect_v5.judge(RELEVE_DAILY_CONSUMPTION, PRM, span_of("2026-09-29", 1), &response, 0, &answer);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        releve_dialect_answer_free(&answer);
        response = answered(404, "{\"error\":\"no_data_found\"}");
        response.content_type = types[i];
        releve_dialect_v5.judge(RELEVE_DAILY_CONSUMPTION, PRM, span_of("2026-09-29", 1), &response, 0, &answer);
        assert_int_equal(answer.verdict, RELEVE_NO_DATA);
    }
}

static void test_what_is_not_json_stores_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {"",
                                         "  \n",
                                         "null",
                                         "[]",
                                         "12",
                                         "\"text\"",
                                         "{",
                                         "{}",
                                         "<html></html>",
                                         "{\"meter_reading\":{}}x",
                                         "{\"meter_reading\":",
                                         "\xff\xfe"};
    const struct releve_dialect *const dialects[] = {&releve_dialect_v5, &releve_dialect_2026};
    for (size_t d = 0; d < 2; d++)
        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
            assert_refused(dialects[d], bodies[i], "the body");
}

static void test_a_body_cut_anywhere_stores_nothing(void **state)
{
    (void)state;
    add(&points, "\"5\"", "2026-09-29", NULL);
    const struct releve_dialect *const dialects[] = {&releve_dialect_v5, &releve_dialect_2026};
    for (size_t d = 0; d < 2; d++) {
        const char *whole = body_of(dialects[d], RELEVE_DAILY_CONSUMPTION, &points);
        size_t length = strlen(whole);
        while (whole[length - 1] == '\n')
            length--;
        for (size_t cut = 0; cut < length; cut++) {
            char *body = strndup(whole, cut); /* of its own size, so that a sanitizer sees its end */
            assert_refused(dialects[d], body, "the body");
            free(body);
        }
    }
}

static void test_json_nested_too_deep_is_refused_before_it_is_parsed(void **state)
{
    (void)state;
    static char body[200001];
    memset(body, '[', 100000);
    memset(body + 100000, ']', 100000);
    assert_refused(&releve_dialect_v5, body, "nested too deep");
    assert_refused(&releve_dialect_2026, body, "nested too deep");
}

static void test_a_nul_byte_hides_nothing(void **state)
{
    (void)state;
    char body[] = V5(PRM_JSON, "Wh", "") "\0garbage";
    struct releve_exchange_response response = answered(200, body);
    response.body_bytes = sizeof body - 1;
    struct releve_answer answer;
    releve_dialect_v5.judge(RELEVE_DAILY_CONSUMPTION, PRM, span_of("2026-09-29", 1), &response, 0, &answer);
    assert_int_equal(answer.verdict, RELEVE_TRANSIENT);
    assert_string_equal(answer.reason.code, "bad-body");
    assert_refused(&releve_dialect_v5, V5(PRM_JSON, "Wh\\u0000x", ""), "NUL"); /* cJSON's texts would end there */
}

int main(void)
{
#define LAW(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        LAW(test_daily_energy_is_one_value_a_day_with_or_without_a_time),
        LAW(test_a_day_without_a_value_is_absent),
        LAW(test_a_day_told_twice_counts_once_and_must_agree),
        LAW(test_days_outside_the_span_are_left_out_but_not_all_may_be),
        LAW(test_a_daily_value_that_cannot_be_true_spoils_its_day_alone),
        LAW(test_the_reason_is_that_of_the_first_unusable_day),
        LAW(test_a_body_whose_every_day_is_unusable_says_so_of_each),
        LAW(test_a_body_without_the_member_of_values_is_never_no_data),
        LAW(test_max_power_carries_the_instant_of_its_peak),
        LAW(test_a_peak_in_the_hour_that_spring_skips_is_refused),
        LAW(test_the_body_must_be_of_what_was_asked),
        LAW(test_the_values_of_a_body_are_of_one_day_each),
        LAW(test_an_empty_list_is_no_data_where_all_else_is_right),
        LAW(test_an_empty_list_says_nothing_of_the_days_behind_its_range),
        LAW(test_a_body_with_points_names_a_range_that_overlaps_or_none),
        LAW(test_a_body_says_nothing_of_days_beyond_the_range_that_it_names),
        LAW(test_the_content_type_of_a_good_answer_does_not_matter),
        LAW(test_what_is_not_json_stores_nothing),
        LAW(test_a_body_cut_anywhere_stores_nothing),
        LAW(test_json_nested_too_deep_is_refused_before_it_is_parsed),
        LAW(test_a_nul_byte_hides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
