/* Load curves through both dialects: no value is lost, moved, doubled or made up (law 3). */
#include "test_enedis_bodies.h"

#define CURVE RELEVE_CONSUMPTION_LOAD_CURVE

static struct points points;

static int reset(void **state)
{
    (void)state;
    memset(&points, 0, sizeof points);
    return 0;
}

/* Every interval of a day is there once, and carries the value of its own elapsed minute. */
static void assert_whole_day(const struct releve_reading *reading, const char *day, int minutes)
{
    int total = releve_paris_day_minutes(day_of(day));
    assert_int_equal(reading->day, day_of(day));
    assert_true(reading->complete);
    assert_int_equal(reading->intervals_count, total / minutes);
    for (size_t i = 0; i < reading->intervals_count; i++) {
        assert_int_equal(reading->intervals[i].minute, (int)i * minutes);
        assert_int_equal(reading->intervals[i].length_minutes, minutes);
        assert_int_equal(reading->intervals[i].value_w, 1000 + (int)i * minutes);
    }
}

static void assert_one_whole_day(const char *day, int minutes, const char *length)
{
    memset(&points, 0, sizeof points);
    add_day(&points, day, minutes, length);
    struct releve_answer answer = judge_points(CURVE, span_of(day, 1), &points);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_string_equal(answer.quality, "BRUT");
    assert_int_equal(answer.readings_count, 1);
    assert_whole_day(&answer.readings[0], day, minutes);
    releve_dialect_answer_free(&answer);
}

static void test_a_day_has_its_intervals_at_every_length(void **state)
{
    (void)state;
    assert_one_whole_day("2026-09-29", 5, "PT5M");
    assert_one_whole_day("2026-09-29", 10, "PT10M");
    assert_one_whole_day("2026-09-29", 15, "PT15M");
    assert_one_whole_day("2026-09-29", 30, "PT30M");
    assert_one_whole_day("2026-09-29", 60, "PT60M");
    assert_one_whole_day("2026-09-29", 60, "PT1H");
}

static void test_a_day_with_25_hours_has_50_half_hours(void **state)
{
    (void)state;
    assert_one_whole_day("2026-10-25", 30, "PT30M");
    assert_int_equal(points.count, 50);
    assert_one_whole_day("2026-10-25", 5, "PT5M");
    assert_one_whole_day("2026-10-25", 60, "PT60M");
}

static void test_a_day_with_23_hours_has_46_half_hours(void **state)
{
    (void)state;
    assert_one_whole_day("2026-03-29", 30, "PT30M");
    assert_int_equal(points.count, 46);
    assert_one_whole_day("2026-03-29", 60, "PT60M");
}

static void test_a_missing_length_is_what_the_stamps_of_a_whole_day_show(void **state)
{
    (void)state;
    assert_one_whole_day("2026-09-29", 30, NULL);
    assert_one_whole_day("2026-09-29", 60, NULL);
    assert_one_whole_day("2026-10-25", 15, NULL);
    assert_one_whole_day("2026-03-29", 60, NULL);
}

/* Of three days, the last of them with lengths, the one in the middle lacks every second stamp from half-hour `from` to
 * before `to`. */
static void assert_no_length_in_the_middle(size_t from, size_t to)
{
    memset(&points, 0, sizeof points);
    add_day(&points, "2026-09-28", 30, NULL);
    add_day(&points, "2026-09-29", 30, NULL);
    add_day(&points, "2026-09-30", 30, "PT30M");
    for (size_t dropped = 0; from + 2 * dropped < to; dropped++)
        drop_point(&points, 48 + from + dropped);
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-28", 3), &points);
    assert_unusable(&answer, "2026-09-29", "no interval length");
    assert_int_equal(answer.readings_count, 3);
    assert_whole_day(&answer.readings[0], "2026-09-28", 30);
    assert_whole_day(&answer.readings[2], "2026-09-30", 30);
    releve_dialect_answer_free(&answer);
}

/* Of a half-hour curve only the full hours have come, so far: no number of it is the mean of an hour. */
static void test_full_hours_of_a_day_that_is_not_whole_are_no_hourly_values(void **state)
{
    (void)state;
    for (int hour = 0; hour < 20; hour++) {
        char stamp[20];
        label_of(releve_paris_midnight(day_of("2026-09-29")) + (hour + 1) * RELEVE_HOUR_MS, stamp);
        add(&points, "\"700\"", stamp, NULL);
    }
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "no interval length");
    assert_no_length_in_the_middle(0, 40); /* full hours until 20:00, half-hours then */
}

static void test_a_day_that_lacks_a_stamp_shows_no_length(void **state)
{
    (void)state;
    assert_no_length_in_the_middle(0, 1);
    assert_no_length_in_the_middle(20, 21);
    assert_no_length_in_the_middle(47, 48);
}

static void test_a_missing_length_is_not_shown_where_others_of_the_day_are_said_to_differ(void **state)
{
    (void)state;
    add_day(&points, "2026-09-29", 30, NULL);
    (void)snprintf(points.list[10].length, sizeof points.list[10].length, "PT10M");
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "no interval length");
    (void)snprintf(points.list[10].length, sizeof points.list[10].length, "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
    assert_int_equal(answer.readings_count, 1);
    assert_whole_day(&answer.readings[0], "2026-09-29", 30);
    releve_dialect_answer_free(&answer);
}

/* A stamp without a value shows where its interval ends all the same, and needs no length of its own. */
static void test_stamps_without_values_show_the_length_and_need_none(void **state)
{
    (void)state;
    static const char *const lengths[] = {NULL, "PT30M"};
    for (size_t i = 0; i < 2; i++) {
        memset(&points, 0, sizeof points);
        add_day(&points, "2026-09-29", 30, lengths[i]);
        for (size_t odd = 0; odd < 48; odd += 2) {
            (void)snprintf(points.list[odd].value, sizeof points.list[odd].value, "null");
            points.list[odd].length[0] = '\0';
        }
        if (lengths[i])
            drop_point(&points, 47);
        struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
        assert_string_equal(answer.reason.code, "");
        assert_int_equal(answer.readings_count, 1);
        const struct releve_reading *reading = &answer.readings[0];
        assert_false(reading->complete);
        assert_int_equal(reading->intervals_count, lengths[i] ? 23 : 24);
        for (size_t j = 0; j < reading->intervals_count; j++) {
            assert_int_equal(reading->intervals[j].minute, (int)j * 60 + 30);
            assert_int_equal(reading->intervals[j].length_minutes, 30);
        }
        releve_dialect_answer_free(&answer);
    }
}

static void test_a_length_that_cannot_be_known_is_not_guessed(void **state)
{
    (void)state;
    add(&points, "\"1\"", "2026-09-29 00:30:00", NULL);
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "no interval length");
    memset(&points, 0, sizeof points);
    add_day(&points, "2026-09-29", 20, NULL); /* no length that upstream has */
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "no interval length");
}

static void test_the_midnight_point_belongs_to_the_day_that_ends(void **state)
{
    (void)state;
    add(&points, "\"7\"", "2026-09-30 00:00:00", "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
    assert_int_equal(answer.readings_count, 1);
    assert_int_equal(answer.readings[0].day, day_of("2026-09-29"));
    assert_false(answer.readings[0].complete);
    assert_int_equal(answer.readings[0].intervals_count, 1);
    assert_int_equal(answer.readings[0].intervals[0].minute, 1410);
    releve_dialect_answer_free(&answer);
}

static void test_the_point_at_the_very_start_of_the_span_is_not_of_it(void **state)
{
    (void)state;
    add(&points, "\"7\"", "2026-09-29 00:00:00", "PT30M");
    add_day(&points, "2026-09-29", 30, "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
    assert_int_equal(answer.readings_count, 1);
    assert_whole_day(&answer.readings[0], "2026-09-29", 30);
    releve_dialect_answer_free(&answer);
}

static void test_seven_days_around_each_clock_change_come_whole(void **state)
{
    (void)state;
    static const char *const weeks[][7] = {
        {"2026-03-26", "2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31", "2026-04-01"},
        {"2026-10-22", "2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27", "2026-10-28"}};
    for (int week = 0; week < 2; week++) {
        memset(&points, 0, sizeof points);
        for (int i = 0; i < 7; i++)
            add_day(&points, weeks[week][i], 30, "PT30M");
        struct releve_answer answer = judge_points(CURVE, span_of(weeks[week][0], 7), &points);
        assert_int_equal(answer.readings_count, 7);
        for (int i = 0; i < 7; i++)
            assert_whole_day(&answer.readings[i], weeks[week][i], 30);
        releve_dialect_answer_free(&answer);
    }
}

/* The autumn night, and the days on either side. */
#define NIGHT "2026-10-25"

static void swap_points(size_t i, size_t j)
{
    struct point swap = points.list[i];
    points.list[i] = points.list[j];
    points.list[j] = swap;
}

static void turn_points(void)
{
    for (size_t i = 0; i < points.count / 2; i++)
        swap_points(i, points.count - 1 - i);
}

static struct releve_answer judge_night(void)
{
    return judge_points(CURVE, span_of(NIGHT, 1), &points);
}

/* All of the night's day has its values but these minutes, and every value is where it belongs. */
static void assert_night(int from, int to, int minutes)
{
    struct releve_answer answer = judge_night();
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_string_equal(answer.reason.code, "");
    assert_int_equal(answer.readings_count, 1);
    const struct releve_reading *reading = &answer.readings[0];
    assert_int_equal(reading->complete, from == to);
    assert_int_equal(reading->intervals_count, (1500 - (to - from)) / minutes);
    for (size_t i = 0; i < reading->intervals_count; i++) {
        int minute = (int)i * minutes < from ? (int)i * minutes : (int)i * minutes + (to - from);
        assert_int_equal(reading->intervals[i].minute, minute);
        assert_int_equal(reading->intervals[i].length_minutes, minutes);
        assert_int_equal(reading->intervals[i].value_w, 1000 + minute);
    }
    releve_dialect_answer_free(&answer);
}

/* Of a doubled label that comes once nobody knows which of the two hours it is of, whichever was lost. The label 03:00
 * comes once on every clock, and is certain. */
static void test_a_doubled_label_that_comes_once_has_no_value(void **state)
{
    (void)state;
    static const int lengths[] = {5, 10, 15, 30, 60};
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        for (int winter = 0; winter < 2; winter++) {
            for (int descending = 0; descending < 2; descending++) {
                char length[8];
                int minutes = lengths[l];
                (void)snprintf(length, sizeof length, "PT%dM", minutes);
                memset(&points, 0, sizeof points);
                add_day(&points, NIGHT, minutes, length);
                size_t first = (size_t)(120 / minutes - 1); /* the first 02:00 */
                for (int i = 0; i < 60 / minutes; i++)
                    drop_point(&points, first + (winter ? (size_t)(60 / minutes) : 0));
                if (descending)
                    turn_points();
                assert_night(120 - minutes, 240 - minutes, minutes);
            }
        }
    }
}

/* Where one label of the two hours is lost, the other labels still come twice. */
static void test_a_doubled_hour_that_lost_one_label_keeps_the_others(void **state)
{
    (void)state;
    for (int lost = 0; lost < 2; lost++) {
        memset(&points, 0, sizeof points);
        add_day(&points, NIGHT, 30, "PT30M");
        drop_point(&points, lost ? 6 : 4); /* one of the two 02:30 */
        struct releve_answer answer = judge_night();
        const struct releve_reading *reading = &answer.readings[0];
        assert_int_equal(reading->intervals_count, 48);
        for (size_t i = 0; i < 48; i++) {
            int minute = (int)(i < 4 ? i : i < 5 ? i + 1 : i + 2) * 30;
            assert_int_equal(reading->intervals[i].minute, minute);
            assert_int_equal(reading->intervals[i].value_w, 1000 + minute);
        }
        releve_dialect_answer_free(&answer);
    }
}

/* A body that is sorted by its labels says nothing of the two hours. Nor where both have the same value: they may be
 * one hour told twice, and the other lost. */
static void test_doubled_labels_beside_each_other_are_of_no_hour(void **state)
{
    (void)state;
    add_day(&points, NIGHT, 30, "PT30M");
    swap_points(4, 5); /* 02:00, 02:00, 02:30, 02:30 */
    assert_night(90, 210, 30);
    for (size_t i = 3; i < 7; i++)
        strcpy(points.list[i].value, "\"0\""); /* the night of a production */
    assert_night(90, 210, 30);
    swap_points(4, 5);
    struct releve_answer answer = judge_night();
    assert_true(answer.readings[0].complete);
    releve_dialect_answer_free(&answer);
}

static size_t dice(uint32_t *seed, size_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

/* One fault of a body: a point is lost, comes twice, changes places with its neighbour, or all are turned round. */
static void break_body(uint32_t *seed)
{
    size_t at = dice(seed, points.count - 1);
    if (dice(seed, 2) == 0)
        at = dice(seed, points.count < 13 ? points.count - 1 : 12); /* in the night */
    struct point point = points.list[at];
    switch (dice(seed, 5)) {
    case 0:
        drop_point(&points, at);
        break;
    case 1:
        add(&points, point.value, point.stamp, point.length);
        break;
    case 2:
        add(&points, point.value, point.stamp, point.length);
        memmove(&points.list[at + 1], &points.list[at], (points.count - 1 - at) * sizeof point);
        break;
    case 3:
        if (strcmp(point.stamp, points.list[at + 1].stamp) != 0) /* nobody can see that these changed places */
            swap_points(at, at + 1);
        break;
    default:
        turn_points();
        break;
    }
}

/* Every value of the day is another, so that each tells its place: whatever is delivered is where it belongs. */
static void test_two_faults_of_a_body_move_no_number(void **state)
{
    (void)state;
    uint32_t seed = 1;
    int delivered = 0, rounds = 10000;
    for (int round = 0; round < rounds; round++) {
        points.count = 0;
        bool hours = round % 5 == 0;
        add_day(&points, NIGHT, hours ? 60 : 30, hours ? "PT60M" : "PT30M");
        break_body(&seed);
        if (!hours) /* of hours there is one doubled label: to lose one and to repeat the other leaves no trace */
            break_body(&seed);
        struct releve_answer answer = judge_night();
        for (size_t i = 0; i < answer.readings_count; i++) {
            for (size_t j = 0; j < answer.readings[i].intervals_count; j++) {
                const struct releve_interval *interval = &answer.readings[i].intervals[j];
                if (interval->value_w != 1000 + interval->minute)
                    fail_msg("round %d: the value of minute %d is in minute %d", round, interval->value_w - 1000,
                             interval->minute);
                delivered++;
            }
        }
        releve_dialect_answer_free(&answer);
    }
    assert_true(delivered > rounds * 20);
}

static void test_doubled_labels_of_a_shuffled_body_spoil_their_day_alone(void **state)
{
    (void)state;
    add_day(&points, "2026-10-24", 30, "PT30M");
    add_day(&points, NIGHT, 30, "PT30M");
    swap_points(10, 80);
    struct releve_answer answer = judge_points(CURVE, span_of("2026-10-24", 2), &points);
    assert_unusable(&answer, NIGHT, "a body without order");
    assert_whole_day(&answer.readings[0], "2026-10-24", 30);
    releve_dialect_answer_free(&answer);
    for (size_t i = 51; i < 55; i++)
        strcpy(points.list[i].value, "0"); /* equal ones may be one that was told twice, and the other lost */
    answer = judge_points(CURVE, span_of("2026-10-24", 2), &points);
    assert_unusable(&answer, NIGHT, "a body without order");
    releve_dialect_answer_free(&answer);
}

/* Duplicates are one, in the autumn night too: each point twice, the body twice, one of the doubled hour twice. */
static void test_duplicates_of_the_doubled_hour_are_one(void **state)
{
    (void)state;
    add_day(&points, NIGHT, 30, "PT30M");
    size_t count = points.count;
    for (size_t i = 0; i < count; i++)
        points.list[count + i] = points.list[i];
    points.count = 2 * count;
    assert_night(0, 0, 30);
    for (size_t i = count; i-- > 0;)
        points.list[2 * i] = points.list[2 * i + 1] = points.list[i];
    assert_night(0, 0, 30);
    points.count = 0;
    add_day(&points, NIGHT, 30, "PT30M");
    for (size_t i = 3; i < 7; i++) {
        points.list[count] = points.list[count - 1];
        memmove(&points.list[i + 1], &points.list[i], (count - 1 - i) * sizeof points.list[0]);
        points.count = count + 1;
        assert_night(0, 0, 30);
        drop_point(&points, i);
    }
}

/* One of two equal points can be a duplicate of the other. */
static void test_equal_points_are_no_pair_where_the_body_repeats_itself_or_lost_something(void **state)
{
    (void)state;
    add(&points, "\"4\"", NIGHT " 01:30:00", "PT30M");
    add(&points, "\"5\"", NIGHT " 02:00:00", "PT30M");
    add(&points, "\"5\"", NIGHT " 02:00:00", "PT30M");
    add(&points, "\"7\"", NIGHT " 15:00:00", "PT30M");
    struct releve_answer answer = judge_night();
    assert_int_equal(answer.readings[0].intervals_count, 4); /* nothing else came twice: a pair */
    releve_dialect_answer_free(&answer);
    add(&points, "\"7\"", NIGHT " 15:00:00", "PT30M");
    assert_bad_body(CURVE, span_of(NIGHT, 1), &points, "a body that repeats itself");
    points.count--;
    add(&points, "\"7\"", NIGHT " 02:30:00", "PT30M"); /* comes once */
    swap_points(3, 4);
    answer = judge_night();
    assert_int_equal(answer.readings[0].intervals_count, 2); /* 01:30 and 15:00 */
    releve_dialect_answer_free(&answer);
}

static void test_a_single_doubled_label_with_an_offset_is_certain(void **state)
{
    (void)state;
    add_day(&points, NIGHT, 30, "PT30M");
    drop_point(&points, 5);
    drop_point(&points, 5);
    strcpy(points.list[3].stamp, NIGHT "T02:00:00+02:00");
    strcpy(points.list[4].stamp, NIGHT "T02:30:00.000+0200");
    assert_night(150, 210, 30);
    strcpy(points.list[4].stamp, NIGHT " 02:30:00"); /* the other one stays uncertain */
    assert_night(120, 210, 30);
}

static void test_an_uncertain_label_that_cannot_be_true_spoils_its_day(void **state)
{
    (void)state;
    add_day(&points, "2026-10-24", 30, "PT30M");
    add(&points, "\"x\"", NIGHT " 02:30:00", "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-10-24", 2), &points);
    assert_unusable(&answer, NIGHT, "not a whole number");
    releve_dialect_answer_free(&answer);
}

/* The only points of the day are of nobody knows which hour: the day has no value, and nothing is wrong. */
static void test_a_day_of_uncertain_labels_alone_is_absent(void **state)
{
    (void)state;
    add(&points, "\"5\"", NIGHT " 02:00:00", "PT60M");
    struct releve_answer answer = judge_night();
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 0);
}

static void test_a_fraction_of_a_second_is_read_where_it_is_zero(void **state)
{
    (void)state;
    static const struct {
        const char *stamp;
        const char *why; /* NULL: it is good */
    } stamps[] = {{"2026-09-29 00:30:00.000", NULL},
                  {"2026-09-29T00:30:00.0", NULL},
                  {"2026-09-29T00:30:00.000000000Z", "not what is asked for: 02:30"},
                  {"2026-09-29T00:30:00.000+02:00", NULL},
                  {"2026-09-29 00:30:00.001", "not a whole second"},
                  {"2026-09-29 00:30:00.500", "not a whole second"},
                  {"2026-09-29 00:30:00.", "no date"},
                  {"2026-09-29 00:30:00.0000000000", "no date"},
                  {"2026-09-29 00:30:00.00x", "no date"}};
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        memset(&points, 0, sizeof points);
        add(&points, "\"1000\"", stamps[i].stamp, "PT30M");
        if (stamps[i].why && strncmp(stamps[i].why, "not what", 8) != 0) {
            assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, stamps[i].why);
            continue;
        }
        struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
        assert_int_equal(answer.readings_count, 1);
        assert_int_equal(answer.readings[0].intervals[0].minute, stamps[i].why ? 120 : 0);
        releve_dialect_answer_free(&answer);
    }
}

/* A fraction after midnight is of the day that begins: both days that its interval touches are spoiled. */
static void test_a_fraction_of_a_second_spoils_its_days_alone(void **state)
{
    (void)state;
    static const char *const days[] = {"2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01"};
    for (int i = 0; i < 4; i++)
        add_day(&points, days[i], 30, "PT30M");
    strcpy(points.list[95].stamp, "2026-09-30 00:00:00.250");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-28", 4), &points);
    assert_string_equal(answer.reason.text, "consumption_load_curve of 2026-09-29: a time that is not a whole second");
    assert_int_equal(answer.readings_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(answer.readings[i].state == RELEVE_READING_UNUSABLE, i == 1 || i == 2);
    assert_whole_day(&answer.readings[0], days[0], 30);
    assert_whole_day(&answer.readings[3], days[3], 30);
    releve_dialect_answer_free(&answer);
}

static void test_a_doubled_label_is_summer_first_even_without_a_value(void **state)
{
    (void)state;
    add_day(&points, "2026-10-25", 30, "PT30M");
    strcpy(points.list[3].value, "null"); /* the first 02:00 */
    strcpy(points.list[4].value, "\"\""); /* the first 02:30 */
    struct releve_answer answer = judge_points(CURVE, span_of("2026-10-25", 1), &points);
    const struct releve_reading *reading = &answer.readings[0];
    assert_int_equal(reading->intervals_count, 48);
    assert_int_equal(reading->intervals[2].minute, 60);
    assert_int_equal(reading->intervals[3].minute, 150);
    assert_int_equal(reading->intervals[3].value_w, 1150);
    releve_dialect_answer_free(&answer);
}

static void test_a_doubled_label_that_comes_three_times_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        add(&points, "\"5\"", "2026-10-25 02:30:00", "PT30M");
    assert_bad_body(CURVE, span_of("2026-10-25", 1), &points, "three times");
}

static void test_an_offset_settles_a_doubled_label(void **state)
{
    (void)state;
    add(&points, "\"5\"", "2026-10-25T02:30:00+01:00", "PT30M");
    add(&points, "\"6\"", "2026-10-25T00:30:00Z", "PT30M"); /* 02:30 in summer time */
    struct releve_answer answer = judge_points(CURVE, span_of("2026-10-25", 1), &points);
    assert_int_equal(answer.readings[0].intervals_count, 2);
    assert_int_equal(answer.readings[0].intervals[0].minute, 120);
    assert_int_equal(answer.readings[0].intervals[0].value_w, 6);
    assert_int_equal(answer.readings[0].intervals[1].minute, 180);
    assert_int_equal(answer.readings[0].intervals[1].value_w, 5);
    releve_dialect_answer_free(&answer);
}

static void test_a_label_that_spring_skips_is_refused(void **state)
{
    (void)state;
    add_day(&points, "2026-03-29", 30, "PT30M");
    add(&points, "\"5\"", "2026-03-29 02:30:00", "PT30M");
    assert_bad_body(CURVE, span_of("2026-03-29", 1), &points, "a time that this day does not have");
}

static void test_the_interval_may_change_inside_a_day(void **state)
{
    (void)state;
    releve_time midnight = releve_paris_midnight(day_of("2026-09-29"));
    int minute = 0;
    while (minute < 1440) {
        int minutes = minute < 600 ? 60 : minute < 720 ? 10 : 30;
        char value[24], length[16], stamp[20];
        (void)snprintf(value, sizeof value, "%d", 1000 + minute);
        (void)snprintf(length, sizeof length, "PT%dM", minutes);
        label_of(midnight + (minute + minutes) * RELEVE_MINUTE_MS, stamp);
        add(&points, value, stamp, length);
        minute += minutes;
    }
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
    const struct releve_reading *reading = &answer.readings[0];
    assert_true(reading->complete);
    assert_int_equal(reading->intervals_count, 10 + 12 + 24);
    int at = 0;
    for (size_t i = 0; i < reading->intervals_count; i++) {
        assert_int_equal(reading->intervals[i].minute, at);
        assert_int_equal(reading->intervals[i].value_w, 1000 + at);
        at += reading->intervals[i].length_minutes;
    }
    assert_int_equal(at, 1440);
    releve_dialect_answer_free(&answer);
}

/* Fisher-Yates with a fixed seed, on labels that autumn does not double: their order is their meaning. */
static void test_points_may_come_in_any_order(void **state)
{
    (void)state;
    add_day(&points, "2026-09-29", 30, "PT30M");
    add_day(&points, "2026-09-30", 15, "PT15M");
    uint32_t seed = 1;
    for (size_t i = points.count - 1; i > 0; i--) {
        seed = seed * 1664525u + 1013904223u;
        size_t j = (seed >> 8) % (i + 1);
        struct point swap = points.list[i];
        points.list[i] = points.list[j];
        points.list[j] = swap;
    }
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 2), &points);
    assert_int_equal(answer.readings_count, 2);
    assert_whole_day(&answer.readings[0], "2026-09-29", 30);
    assert_whole_day(&answer.readings[1], "2026-09-30", 15);
    releve_dialect_answer_free(&answer);
}

static void test_a_body_that_tells_the_newest_first_keeps_its_doubled_hour(void **state)
{
    (void)state;
    add_day(&points, "2026-10-25", 30, "PT30M");
    for (size_t i = 0; i < points.count / 2; i++) {
        struct point swap = points.list[i];
        points.list[i] = points.list[points.count - 1 - i];
        points.list[points.count - 1 - i] = swap;
    }
    struct releve_answer answer = judge_points(CURVE, span_of("2026-10-25", 1), &points);
    assert_whole_day(&answer.readings[0], "2026-10-25", 30);
    releve_dialect_answer_free(&answer);
}

static void test_no_value_makes_a_day_partial_and_no_value_at_all_makes_it_absent(void **state)
{
    (void)state;
    static const char *const nothings[] = {"null", "\"null\"", "\"\"", NULL};
    for (size_t n = 0; n < 4; n++) {
        memset(&points, 0, sizeof points);
        add_day(&points, "2026-09-29", 30, "PT30M");
        add_day(&points, "2026-09-30", 30, "PT30M");
        for (size_t i = 0; i < 49; i++) /* all of the 29th, the first of the 30th */
            (void)snprintf(points.list[i].value, sizeof points.list[i].value, "%s", nothings[n] ? nothings[n] : "");
        struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 2), &points);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        assert_int_equal(answer.readings_count, 1);
        assert_int_equal(answer.readings[0].day, day_of("2026-09-30"));
        assert_false(answer.readings[0].complete);
        assert_int_equal(answer.readings[0].intervals_count, 47);
        releve_dialect_answer_free(&answer);
    }
}

static void test_an_interval_told_twice_counts_once(void **state)
{
    (void)state;
    add_day(&points, "2026-09-29", 30, "PT30M");
    add(&points, "\"1000\"", "2026-09-29 00:30:00", "PT30M");
    add(&points, "null", "2026-09-29 01:00:00", "PT30M"); /* silence does not contradict */
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
    assert_whole_day(&answer.readings[0], "2026-09-29", 30);
    releve_dialect_answer_free(&answer);
}

static void test_a_body_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    add_day(&points, "2026-09-29", 30, "PT30M");
    size_t count = points.count;
    add(&points, "\"3\"", "2026-09-29 00:30:00", "PT30M");
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "two values for one interval");
    points.count = count;
    add(&points, "\"3\"", "2026-09-29 00:45:00", "PT30M");
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "intervals overlap");
    points.count = count;
    add(&points, "\"1000\"", "2026-09-29 00:30:00", "PT15M");
    assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "intervals overlap");
}

static void test_points_outside_the_asked_days_are_left_out(void **state)
{
    (void)state;
    static const char *const outside[] = {"2026-09-28 23:30:00", "2026-09-30 00:30:00", "2025-09-29 12:00:00",
                                          "2026-10-12 00:00:00"};
    static const char *const values[] = {"\"3\"", "\"x\"", "-1", "1e300"};
    for (size_t i = 0; i < 4; i++) {
        for (size_t v = 0; v < 4; v++) {
            memset(&points, 0, sizeof points);
            add_day(&points, "2026-09-29", 30, "PT30M");
            add(&points, values[v], outside[i], "PT30M");
            struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 1), &points);
            assert_int_equal(answer.verdict, RELEVE_DATA);
            assert_int_equal(answer.readings_count, 1);
            assert_whole_day(&answer.readings[0], "2026-09-29", 30);
            releve_dialect_answer_free(&answer);
        }
    }
}

static void test_a_day_too_many_on_either_side_harms_no_asked_day(void **state)
{
    (void)state;
    static const char *const weeks[][5] = {{"2026-09-27", "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-01"},
                                           {"2026-10-23", "2026-10-24", "2026-10-25", "2026-10-26", "2026-10-27"},
                                           {"2026-10-25", "2026-10-26", "2026-10-27", "2026-10-28", "2026-10-29"}};
    for (size_t week = 0; week < 3; week++) {
        memset(&points, 0, sizeof points);
        for (int i = 0; i < 5; i++)
            add_day(&points, weeks[week][i], 30, "PT30M");
        struct releve_answer answer = judge_points(CURVE, span_of(weeks[week][1], 3), &points);
        assert_int_equal(answer.verdict, RELEVE_DATA);
        assert_int_equal(answer.readings_count, 3);
        for (int i = 0; i < 3; i++)
            assert_whole_day(&answer.readings[i], weeks[week][i + 1], 30);
        releve_dialect_answer_free(&answer);
    }
}

static void test_a_body_entirely_outside_is_refused(void **state)
{
    (void)state;
    static const char *const days[] = {"2026-09-20", "2026-09-28", "2026-09-30", "2026-10-25", "2027-09-29"};
    for (size_t i = 0; i < 5; i++) { /* that of the 28th has the eve too */
        memset(&points, 0, sizeof points);
        add_day(&points, days[i], 30, "PT30M");
        assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, "outside the days that were asked");
    }
}

static void test_an_interval_across_midnight_is_refused(void **state)
{
    (void)state;
    add(&points, "\"3\"", "2026-09-30 00:15:00", "PT30M");
    assert_bad_body(CURVE, span_of("2026-09-29", 2), &points, "crosses midnight");
}

static void test_unreadable_points_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *value, *stamp, *length, *why;
    } bad[] = {
        {"\"12.5\"", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"12.5", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"\"-1\"", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"-1", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"\"2147483648\"", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"2147483648", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"1e999", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"\" 12\"", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"true", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"[1]", "2026-09-29 00:30:00", "PT30M", "not a whole number"},
        {"\"12\"", "2026-09-31 00:30:00", "PT30M", "no date"},
        {"\"12\"", "2026-09-29 25:30:00", "PT30M", "no date"},
        {"\"12\"", "2026-09-29 00:30:00 CEST", "PT30M", "no date"},
        {"\"12\"", "29/09/2026 00:30", "PT30M", "no date"},
        {"\"12\"", "", "PT30M", "no date"},
        {"\"12\"", "2026-09-29 00:30:10", "PT30M", "not on a minute"},
        {"\"12\"", "2026-09-29 00:30:00", "PT20M", "unknown interval length"},
        {"\"12\"", "2026-09-29 00:30:00", "P1D", "unknown interval length"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&points, 0, sizeof points);
        add_day(&points, "2026-09-29", 30, "PT30M");
        drop_point(&points, 0);
        add(&points, bad[i].value, bad[i].stamp, bad[i].length);
        assert_bad_body(CURVE, span_of("2026-09-29", 1), &points, bad[i].why);
    }
}

static void test_the_largest_value_is_kept_and_so_is_zero(void **state)
{
    (void)state;
    add(&points, "\"2147483647\"", "2026-09-29 00:30:00", "PT30M");
    add(&points, "0", "2026-09-29T01:00:00", "PT30M");
    add(&points, "\"0007\"", "2026-09-29 24:00:00", "PT30M"); /* 24:00 is the next midnight */
    struct releve_answer answer = judge_points(RELEVE_PRODUCTION_LOAD_CURVE, span_of("2026-09-29", 1), &points);
    assert_int_equal(answer.readings[0].intervals_count, 3);
    assert_int_equal(answer.readings[0].intervals[0].value_w, INT32_MAX);
    assert_int_equal(answer.readings[0].intervals[1].value_w, 0);
    assert_int_equal(answer.readings[0].intervals[2].minute, 1410);
    releve_dialect_answer_free(&answer);
}

/* One wrong point of the 29th, and the two days around it (law 5). */
static void test_a_point_that_cannot_be_true_spoils_its_day_alone(void **state)
{
    (void)state;
    static const struct {
        const char *value, *stamp, *length, *why;
    } bad[] = {
        {"\"12.5\"", "2026-03-29 00:30:00", "PT30M", "not a whole number"},
        {"\"12.5\"", "2026-03-30 00:00:00", "PT30M", "not a whole number"}, /* midnight is of the day that ends */
        {"\"12.5\"", "2026-03-30 00:00:00", NULL, "not a whole number"},
        {"\"12.5\"", "2026-03-29 00:30:00", "PT20M", "unknown interval length"},
        {"\"12\"", "2026-03-29 03:30:10", "PT30M", "not on a minute"},
        {"\"12\"", "2026-03-29 02:30:00", "PT30M", "a time that this day does not have"},
        {"\"12\"", "2026-03-29 00:30:00", "PT30M", "two values for one interval"},
        {"\"12\"", "2026-03-29 00:45:00", "PT30M", "intervals overlap"},
        {"\"12\"", "2026-03-29 00:30:00", "PT10M", "intervals overlap"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&points, 0, sizeof points);
        add_day(&points, "2026-03-28", 30, "PT30M");
        add_day(&points, "2026-03-29", 30, "PT30M");
        add(&points, bad[i].value, bad[i].stamp, bad[i].length);
        add_day(&points, "2026-03-30", 30, "PT30M");
        struct releve_answer answer = judge_points(CURVE, span_of("2026-03-28", 3), &points);
        assert_unusable(&answer, "2026-03-29", bad[i].why);
        assert_int_equal(answer.readings_count, 3);
        assert_whole_day(&answer.readings[0], "2026-03-28", 30);
        assert_whole_day(&answer.readings[2], "2026-03-30", 30);
        releve_dialect_answer_free(&answer);
    }
}

static void test_a_label_that_comes_three_times_or_a_length_that_is_unknown_spoils_its_day_alone(void **state)
{
    (void)state;
    add_day(&points, "2026-10-24", 30, "PT30M");
    for (int i = 0; i < 4; i++)
        add(&points, "\"5\"", "2026-10-25 02:30:00", "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-10-24", 2), &points);
    assert_unusable(&answer, "2026-10-25", "three times");
    assert_whole_day(&answer.readings[0], "2026-10-24", 30);
    releve_dialect_answer_free(&answer);
    points.count = 48;
    add(&points, "\"5\"", "2026-10-26 00:00:00", NULL);
    answer = judge_points(CURVE, span_of("2026-10-24", 2), &points);
    assert_unusable(&answer, "2026-10-25", "no interval length");
    assert_whole_day(&answer.readings[0], "2026-10-24", 30);
    releve_dialect_answer_free(&answer);
}

static void test_an_interval_across_midnight_spoils_both_of_its_days(void **state)
{
    (void)state;
    add_day(&points, "2026-09-28", 30, "PT30M");
    add(&points, "\"3\"", "2026-09-30 00:15:00", "PT30M");
    add_day(&points, "2026-10-01", 30, "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-28", 4), &points);
    assert_string_equal(answer.reason.text, "consumption_load_curve of 2026-09-29: an interval crosses midnight");
    assert_int_equal(answer.readings_count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(answer.readings[i].state == RELEVE_READING_UNUSABLE, i == 1 || i == 2);
    releve_dialect_answer_free(&answer);
}

static void test_an_interval_across_the_ends_of_the_span_spoils_the_day_inside(void **state)
{
    (void)state;
    static const char *const stamps[] = {"2026-09-28 00:15:00", "2026-09-30 00:15:00"};
    static const char *const days[] = {"2026-09-28", "2026-09-29"};
    for (size_t i = 0; i < 2; i++) {
        memset(&points, 0, sizeof points);
        add_day(&points, days[1 - i], 30, "PT30M");
        add(&points, "\"3\"", stamps[i], "PT30M");
        struct releve_answer answer = judge_points(CURVE, span_of("2026-09-28", 2), &points);
        assert_unusable(&answer, days[i], "crosses midnight");
        assert_int_equal(answer.readings_count, 2);
        assert_whole_day(&answer.readings[1 - i], days[1 - i], 30);
        releve_dialect_answer_free(&answer);
    }
}

/* A midnight point may come of a range whose own days are all holes: it is no sign of a form that changed. */
static void test_a_body_with_the_eve_alone_is_data_without_days(void **state)
{
    (void)state;
    add(&points, "\"7\"", "2026-09-29 00:00:00", "PT30M");
    struct releve_answer answer = judge_points(CURVE, span_of("2026-09-29", 7), &points);
    assert_int_equal(answer.verdict, RELEVE_DATA);
    assert_int_equal(answer.readings_count, 0);
    assert_null(answer.readings);
    assert_string_equal(answer.reason.code, "");
}

/* Asked for two days, a body that names the first of them alone says nothing of the second; the midnight in its end is
 * of the first. */
static void test_a_body_says_nothing_of_a_day_beyond_the_range_that_it_names(void **state)
{
    (void)state;
    static char body[BODY_BYTES + 128];
    add_day(&points, "2026-09-29", 30, "PT30M");
    (void)snprintf(body, sizeof body, "{\"periode\":{\"dateDebut\":\"2026-09-29\",\"dateFin\":\"2026-09-30\"},%s",
                   body_of(&releve_dialect_2026, CURVE, &points) + 1);
    struct releve_answer answer;
    judge_text(&releve_dialect_2026, CURVE, span_of("2026-09-29", 1), body, &answer);
    assert_string_equal(answer.reason.code, "");
    assert_int_equal(answer.readings_count, 1);
    releve_dialect_answer_free(&answer);
    judge_text(&releve_dialect_2026, CURVE, span_of("2026-09-29", 2), body, &answer);
    assert_unusable(&answer, "2026-09-30", "range without it");
    assert_int_equal(answer.readings[1].state, RELEVE_READING_UNSAID);
    assert_int_equal(answer.readings_count, 2);
    assert_whole_day(&answer.readings[0], "2026-09-29", 30);
    releve_dialect_answer_free(&answer);
}

int main(void)
{
#define LAW(name) cmocka_unit_test_setup(name, reset)
    const struct CMUnitTest tests[] = {
        LAW(test_a_day_has_its_intervals_at_every_length),
        LAW(test_a_day_with_25_hours_has_50_half_hours),
        LAW(test_a_day_with_23_hours_has_46_half_hours),
        LAW(test_a_missing_length_is_what_the_stamps_of_a_whole_day_show),
        LAW(test_full_hours_of_a_day_that_is_not_whole_are_no_hourly_values),
        LAW(test_a_day_that_lacks_a_stamp_shows_no_length),
        LAW(test_a_missing_length_is_not_shown_where_others_of_the_day_are_said_to_differ),
        LAW(test_stamps_without_values_show_the_length_and_need_none),
        LAW(test_a_length_that_cannot_be_known_is_not_guessed),
        LAW(test_the_midnight_point_belongs_to_the_day_that_ends),
        LAW(test_the_point_at_the_very_start_of_the_span_is_not_of_it),
        LAW(test_seven_days_around_each_clock_change_come_whole),
        LAW(test_a_doubled_label_that_comes_once_has_no_value),
        LAW(test_a_doubled_hour_that_lost_one_label_keeps_the_others),
        LAW(test_doubled_labels_beside_each_other_are_of_no_hour),
        LAW(test_two_faults_of_a_body_move_no_number),
        LAW(test_doubled_labels_of_a_shuffled_body_spoil_their_day_alone),
        LAW(test_duplicates_of_the_doubled_hour_are_one),
        LAW(test_equal_points_are_no_pair_where_the_body_repeats_itself_or_lost_something),
        LAW(test_a_single_doubled_label_with_an_offset_is_certain),
        LAW(test_an_uncertain_label_that_cannot_be_true_spoils_its_day),
        LAW(test_a_day_of_uncertain_labels_alone_is_absent),
        LAW(test_a_fraction_of_a_second_is_read_where_it_is_zero),
        LAW(test_a_fraction_of_a_second_spoils_its_days_alone),
        LAW(test_a_doubled_label_is_summer_first_even_without_a_value),
        LAW(test_a_doubled_label_that_comes_three_times_is_refused),
        LAW(test_an_offset_settles_a_doubled_label),
        LAW(test_a_label_that_spring_skips_is_refused),
        LAW(test_the_interval_may_change_inside_a_day),
        LAW(test_points_may_come_in_any_order),
        LAW(test_a_body_that_tells_the_newest_first_keeps_its_doubled_hour),
        LAW(test_no_value_makes_a_day_partial_and_no_value_at_all_makes_it_absent),
        LAW(test_an_interval_told_twice_counts_once),
        LAW(test_a_body_that_contradicts_itself_is_refused),
        LAW(test_points_outside_the_asked_days_are_left_out),
        LAW(test_a_day_too_many_on_either_side_harms_no_asked_day),
        LAW(test_a_body_entirely_outside_is_refused),
        LAW(test_an_interval_across_midnight_is_refused),
        LAW(test_unreadable_points_are_refused),
        LAW(test_the_largest_value_is_kept_and_so_is_zero),
        LAW(test_a_point_that_cannot_be_true_spoils_its_day_alone),
        LAW(test_a_label_that_comes_three_times_or_a_length_that_is_unknown_spoils_its_day_alone),
        LAW(test_an_interval_across_midnight_spoils_both_of_its_days),
        LAW(test_an_interval_across_the_ends_of_the_span_spoils_the_day_inside),
        LAW(test_a_body_with_the_eve_alone_is_data_without_days),
        LAW(test_a_body_says_nothing_of_a_day_beyond_the_range_that_it_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
