/* What the dialects make of any body whatever: no crash, and no answer that breaks what dialect.h promises (law 3).
 *
 * The input is a body. It is judged as every measure of both generations and as errors under several statuses, for the
 * days of both clock changes, which are those of tests/fixtures. */
#include "adapters/enedis/enedis.h"
#include "fuzz.h"
#include <cjson/cJSON.h>
#include <math.h>

#define PRM ((releve_prm)10000000000018)
#define NOW ((releve_time)1784261400000) /* any instant */
#define DIGITS_MAX 9                     /* in a row: a telephone number has 10, a PRM 14 */

static void check_reason(const struct releve_answer *answer)
{
    const struct releve_reason *reason = &answer->reason;
    MUST(memchr(reason->code, '\0', sizeof reason->code) && memchr(reason->text, '\0', sizeof reason->text));
    bool good = answer->verdict == RELEVE_DATA || answer->verdict == RELEVE_TOKEN;
    for (size_t i = 0; i < answer->readings_count; i++)
        good = good && answer->readings[i].state == RELEVE_READING_USABLE;
    MUST(good == (reason->code[0] == '\0'));
    MUST(good == (reason->text[0] == '\0'));
    for (const char *c = reason->code; *c; c++)
        MUST(*c > ' ' && *c <= '~');
    MUST(good || fuzz_is_line(reason->text));
    MUST(fuzz_digits_in_a_row(reason->text) <= DIGITS_MAX); /* such as the PRM of the fixtures */
    MUST(fuzz_digits_in_a_row(reason->code) <= DIGITS_MAX);
}

static void check_curve(const struct releve_reading *reading)
{
    int at = 0, covered = 0, total = releve_paris_day_minutes(reading->day);
    MUST(reading->intervals_count > 0 && reading->intervals_count <= RELEVE_INTERVALS_MAX);
    for (size_t i = 0; i < reading->intervals_count; i++) {
        const struct releve_interval *interval = &reading->intervals[i];
        int length = interval->length_minutes;
        MUST(length == 5 || length == 10 || length == 15 || length == 30 || length == 60);
        MUST(interval->minute >= at && interval->minute + length <= total);
        MUST(interval->value_w >= 0 || interval->value_w == RELEVE_NO_VALUE);
        at = interval->minute + length;
        covered += interval->value_w == RELEVE_NO_VALUE ? 0 : length;
    }
    MUST(covered > 0);
    MUST(reading->complete == (covered == total));
}

static void check_registers(const struct releve_reading *reading)
{
    size_t valued = 0;
    MUST(reading->registers_count > 0 && reading->registers_count <= RELEVE_REGISTERS_MAX);
    for (size_t i = 0; i < reading->registers_count; i++) {
        const struct releve_register *each = &reading->registers[i];
        MUST(each->name || each->class_);
        MUST(each->value_wh >= 0 || each->value_wh == RELEVE_NO_VALUE);
        valued += each->value_wh != RELEVE_NO_VALUE;
    }
    MUST(valued > 0 && reading->value == 0);
    MUST(!reading->complete || valued == reading->registers_count); /* one that is not there is missed as well */
}

static void check_answer(enum releve_kind kind, struct releve_span span, const struct releve_answer *answer)
{
    MUST((unsigned)answer->verdict < RELEVE_VERDICTS);
    MUST(memchr(answer->quality, '\0', sizeof answer->quality));
    MUST(answer->verdict == RELEVE_DATA || (!answer->readings && answer->readings_count == 0));
    MUST(answer->verdict == RELEVE_THROTTLED || answer->retry_after_ms == RELEVE_RETRY_UNKNOWN);
    check_reason(answer);
    for (size_t i = 0; i < answer->readings_count; i++) {
        const struct releve_reading *reading = &answer->readings[i];
        MUST(releve_span_has(span, reading->day));
        MUST(i == 0 || reading->day > answer->readings[i - 1].day);
        if (reading->state != RELEVE_READING_USABLE) {
            MUST(strcmp(answer->reason.code, "bad-body") == 0);
            MUST(!reading->complete && reading->value == 0 && !reading->intervals && reading->intervals_count == 0 &&
                 reading->registers_count == 0);
        } else if (releve_kind_facts(kind)->quantity == RELEVE_REGISTERS) {
            check_registers(reading);
        } else if (releve_kind_facts(kind)->quantity == RELEVE_LOAD_CURVE) {
            check_curve(reading);
        } else {
            MUST(reading->complete && reading->value >= 0 && reading->intervals_count == 0);
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_readings(const struct releve_reading *a, const struct releve_reading *b)
{
    bool same = a->day == b->day && a->complete == b->complete && a->state == b->state && a->value == b->value &&
                a->at == b->at && a->intervals_count == b->intervals_count;
    for (size_t i = 0; same && i < a->intervals_count; i++)
        same = a->intervals[i].minute == b->intervals[i].minute &&
               a->intervals[i].length_minutes == b->intervals[i].length_minutes &&
               a->intervals[i].value_w == b->intervals[i].value_w;
    same = same && a->registers_count == b->registers_count;
    for (size_t i = 0; same && i < a->registers_count; i++)
        same = same_text(a->registers[i].name, b->registers[i].name) &&
               same_text(a->registers[i].calendar, b->registers[i].calendar) &&
               same_text(a->registers[i].class_, b->registers[i].class_) &&
               same_text(a->registers[i].label, b->registers[i].label) &&
               a->registers[i].value_wh == b->registers[i].value_wh;
    return same;
}

static bool same_answers(const struct releve_answer *a, const struct releve_answer *b)
{
    bool same = a->verdict == b->verdict && a->readings_count == b->readings_count &&
                strcmp(a->quality, b->quality) == 0 && strcmp(a->reason.text, b->reason.text) == 0;
    for (size_t i = 0; same && i < a->readings_count; i++)
        same = same_readings(&a->readings[i], &b->readings[i]);
    return same;
}

/* cJSON prints a number that is too large for a double as null. */
static bool has_infinite(const cJSON *item)
{
    bool found = false;
    for (; item && !found; item = item->next)
        found = (cJSON_IsNumber(item) && isinf(item->valuedouble)) || has_infinite(item->child);
    return found;
}

/* Data means the same in the words of cJSON: points are read by another text than the rest (docs/enedis.md,
 * Scanning). */
static void check_in_other_words(const struct releve_dialect *dialect, enum releve_kind kind, struct releve_span span,
                                 const struct releve_exchange_response *response, const struct releve_answer *answer)
{
    cJSON *tree = cJSON_ParseWithOpts(response->body, NULL, true);
    char *text = cJSON_PrintUnformatted(tree);
    MUST(tree && text);
    struct releve_exchange_response printed = *response;
    printed.body = text;
    printed.body_bytes = strlen(text);
    struct releve_answer again;
    dialect->judge(kind, PRM, span, &printed, NOW, &again);
    MUST(same_answers(answer, &again) || has_infinite(tree));
    releve_dialect_answer_free(&again);
    cJSON_free(text);
    cJSON_Delete(tree);
}

static void judge_measures(struct releve_exchange_response *response, struct releve_span span)
{
    static const int statuses[] = {200, 400, 403, 404, 429, 500};
    const struct releve_dialect *const dialects[] = {&releve_dialect_v5, &releve_dialect_2026};
    for (size_t d = 0; d < 2; d++) {
        for (int kind = 0; kind < RELEVE_MEASURES; kind++) {
            if (!dialects[d]->families[kind])
                continue;
            size_t last = kind == 0 ? sizeof statuses / sizeof statuses[0] : 1; /* errors are judged alike for all */
            for (size_t s = 0; s < last; s++) {
                struct releve_answer answer;
                response->status = statuses[s];
                dialects[d]->judge((enum releve_kind)kind, PRM, span, response, NOW, &answer);
                MUST(response->status == 200 || answer.verdict != RELEVE_DATA);
                MUST(response->status != 429 || answer.verdict == RELEVE_THROTTLED);
                check_answer((enum releve_kind)kind, span, &answer);
                if (response->status == 200 && (answer.verdict == RELEVE_DATA || answer.verdict == RELEVE_NO_DATA))
                    check_in_other_words(dialects[d], (enum releve_kind)kind, span, response, &answer);
                releve_dialect_answer_free(&answer);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *body = fuzz_string(data, size);
    struct releve_exchange_response response = {.outcome = RELEVE_EXCHANGE_ANSWERED,
                                                .body = body,
                                                .body_bytes = size,
                                                .content_type = "",
                                                .retry_after = size % 3 == 0 ? body : ""};
    releve_day spring = releve_day_from_civil(2026, 3, 29), autumn = releve_day_from_civil(2026, 10, 24);
    judge_measures(&response, (struct releve_span){autumn, autumn + 3});
    judge_measures(&response, (struct releve_span){spring, spring + 1});
    free(body);
    return 0;
}
