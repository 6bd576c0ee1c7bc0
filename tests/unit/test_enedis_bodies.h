/* Bodies for the tests of the dialects: the same points, written as each generation writes them. All PRMs and values
 * are made up. */
#ifndef TEST_ENEDIS_BODIES_H
#define TEST_ENEDIS_BODIES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/enedis/enedis.h"

#define PRM ((releve_prm)10000000000018)
#define PRM_JSON "\"10000000000018\""
#define BODY_BYTES (256 * 1024)
#define POINTS_MAX 4096

/* Value and length are JSON as it stands ("\"12\"", "null"), or NULL for a key that is not there. */
struct point {
    char value[24], stamp[40], length[16];
};

struct points {
    size_t count;
    struct point list[POINTS_MAX];
};

static inline struct releve_span span_of(const char *first, int days)
{
    releve_day day;
    assert_true(releve_day_parse(first, strlen(first), &day));
    return (struct releve_span){day, day + days};
}

static inline releve_day day_of(const char *text)
{
    return span_of(text, 1).first;
}

static inline void add(struct points *points, const char *value, const char *stamp, const char *length)
{
    assert_true(points->count < POINTS_MAX);
    struct point *point = &points->list[points->count++];
    (void)snprintf(point->value, sizeof point->value, "%s", value ? value : "");
    (void)snprintf(point->stamp, sizeof point->stamp, "%s", stamp);
    (void)snprintf(point->length, sizeof point->length, "%s", length ? length : "");
}

/* What a clock in Paris shows at that instant: "2026-09-29 00:30:00". */
static inline void label_of(releve_time at, char out[20])
{
    char text[RELEVE_TIME_TEXT];
    releve_paris_format(at, text);
    memcpy(out, text, 19);
    out[10] = ' ';
    out[19] = '\0';
}

/* The whole of a day's load curve, as a correct upstream writes it: the value of the interval that begins at elapsed
 * minute m is 1000 + m. */
static inline void add_day(struct points *points, const char *day, int minutes, const char *length)
{
    releve_time midnight = releve_paris_midnight(day_of(day));
    for (int minute = 0; minute < releve_paris_day_minutes(day_of(day)); minute += minutes) {
        char value[24], stamp[20];
        (void)snprintf(value, sizeof value, "\"%d\"", 1000 + minute);
        label_of(midnight + (minute + minutes) * RELEVE_MINUTE_MS, stamp);
        add(points, value, stamp, length);
    }
}

static inline void drop_point(struct points *points, size_t at)
{
    assert_true(at < points->count);
    memmove(&points->list[at], &points->list[at + 1], (points->count - at - 1) * sizeof points->list[0]);
    points->count--;
}

static inline size_t write_points(char *out, const struct points *points, const char *value, const char *stamp,
                                  const char *length)
{
    size_t used = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->list[i];
        used += (size_t)snprintf(out + used, BODY_BYTES / 2 - used, "%s{\"%s\":\"%s\"", i > 0 ? "," : "", stamp,
                                 point->stamp);
        if (point->value[0])
            used += (size_t)snprintf(out + used, BODY_BYTES / 2 - used, ",\"%s\":%s", value, point->value);
        if (point->length[0])
            used += (size_t)snprintf(out + used, BODY_BYTES / 2 - used, ",\"%s\":\"%s\"", length, point->length);
        used += (size_t)snprintf(out + used, BODY_BYTES / 2 - used, ",\"unknown\":[1,{}]}");
        assert_true(used < BODY_BYTES / 2);
    }
    out[used] = '\0';
    return used;
}

static inline const char *body_of(const struct releve_dialect *dialect, enum releve_kind kind,
                                  const struct points *points)
{
    static const char *const quantities[] = {
        [RELEVE_ENERGY] = "EA", [RELEVE_LOAD_CURVE] = "PA", [RELEVE_MAX_POWER] = "PMA"};
    static char body[BODY_BYTES], list[BODY_BYTES / 2];
    const struct releve_kind_facts *facts = releve_kind_facts(kind);
    if (dialect == &releve_dialect_v5) {
        (void)write_points(list, points, "value", "date", "interval_length");
        (void)snprintf(body, sizeof body,
                       "{\"meter_reading\":{\"usage_point_id\":" PRM_JSON
                       ",\"quality\":\"BRUT\",\"reading_type\":{\"unit\":\"%s\"},\"interval_reading\":[%s]}}\n",
                       facts->unit, list);
    } else {
        (void)write_points(list, points, "v", "d", "p");
        (void)snprintf(body, sizeof body,
                       "{\"idPrm\":" PRM_JSON
                       ",\"etapeMetier\":\"BRUT\",\"grandeur\":[{\"grandeurMetier\":\"CONS\",\"grandeurPhysique\":"
                       "\"ERI\",\"unite\":\"varh\",\"points\":[]},{\"grandeurMetier\":\"%s\",\"grandeurPhysique\":"
                       "\"%s\",\"unite\":\"%s\",\"points\":[%s],\"calendrier\":[]}],\"contexte\":[]}",
                       facts->direction == RELEVE_PRODUCTION ? "PROD" : "CONS", quantities[facts->quantity],
                       facts->unit, list);
    }
    return body;
}

static inline struct releve_exchange_response answered(int status, const char *body)
{
    return (struct releve_exchange_response){.outcome = RELEVE_EXCHANGE_ANSWERED,
                                             .status = status,
                                             .body = body,
                                             .body_bytes = strlen(body),
                                             .content_type = body[0] == '<' ? "text/html" : "application/json",
                                             .retry_after = ""};
}

static inline void judge_text(const struct releve_dialect *dialect, enum releve_kind kind, struct releve_span span,
                              const char *body, struct releve_answer *answer)
{
    struct releve_exchange_response response = answered(200, body);
    dialect->judge(kind, PRM, span, &response, 0, answer);
}

static inline void assert_same(const struct releve_answer *a, const struct releve_answer *b)
{
    assert_int_equal(a->verdict, b->verdict);
    assert_string_equal(a->reason.code, b->reason.code);
    assert_string_equal(a->reason.text, b->reason.text);
    assert_string_equal(a->quality, b->quality);
    assert_int_equal(a->readings_count, b->readings_count);
    for (size_t i = 0; i < a->readings_count; i++) {
        const struct releve_reading *x = &a->readings[i], *y = &b->readings[i];
        assert_int_equal(x->day, y->day);
        assert_int_equal(x->complete, y->complete);
        assert_int_equal(x->state, y->state);
        assert_int_equal(x->value, y->value);
        assert_int_equal(x->at, y->at);
        assert_int_equal(x->intervals_count, y->intervals_count);
        for (size_t j = 0; j < x->intervals_count; j++) {
            assert_int_equal(x->intervals[j].minute, y->intervals[j].minute);
            assert_int_equal(x->intervals[j].length_minutes, y->intervals[j].length_minutes);
            assert_int_equal(x->intervals[j].value_w, y->intervals[j].value_w);
        }
    }
}

/* Judges the points in both generations; they must come to the same, whatever it is. */
static inline struct releve_answer judge_points(enum releve_kind kind, struct releve_span span,
                                                const struct points *points)
{
    struct releve_answer v5, new;
    judge_text(&releve_dialect_v5, kind, span, body_of(&releve_dialect_v5, kind, points), &v5);
    judge_text(&releve_dialect_2026, kind, span, body_of(&releve_dialect_2026, kind, points), &new);
    assert_same(&v5, &new);
    releve_dialect_answer_free(&new);
    return v5;
}

/* Nothing of the body is believed: neither as a whole nor any of its days; and the reason says so. */
static inline void assert_bad_body(enum releve_kind kind, struct releve_span span, const struct points *points,
                                   const char *why)
{
    struct releve_answer answer = judge_points(kind, span, points);
    assert_int_equal(answer.verdict, answer.readings_count > 0 ? RELEVE_DATA : RELEVE_TRANSIENT);
    assert_string_equal(answer.reason.code, "bad-body");
    for (size_t i = 0; i < answer.readings_count; i++)
        assert_int_equal(answer.readings[i].state, RELEVE_READING_UNUSABLE);
    releve_dialect_answer_free(&answer);
    if (!strstr(answer.reason.text, why))
        fail_msg("the reason is \"%s\", not \"%s\"", answer.reason.text, why);
}

/* That day, and no other, is unusable, and the reason says what about it. */
static inline void assert_unusable(const struct releve_answer *answer, const char *day, const char *why)
{
    bool found = false;
    assert_int_equal(answer->verdict, RELEVE_DATA);
    assert_string_equal(answer->reason.code, "bad-body");
    if (!strstr(answer->reason.text, why) || !strstr(answer->reason.text, day))
        fail_msg("the reason is \"%s\", not \"%s\" on %s", answer->reason.text, why, day);
    for (size_t i = 0; i < answer->readings_count; i++) {
        const struct releve_reading *reading = &answer->readings[i];
        assert_int_equal(reading->state != RELEVE_READING_USABLE, reading->day == day_of(day));
        found = found || reading->state != RELEVE_READING_USABLE;
        if (reading->state == RELEVE_READING_USABLE)
            continue;
        assert_false(reading->complete);
        assert_null(reading->intervals);
        assert_int_equal(reading->intervals_count, 0);
        assert_int_equal(reading->value, 0);
    }
    assert_true(found);
}

#endif
