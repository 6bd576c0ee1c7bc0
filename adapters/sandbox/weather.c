/* Each fault leaves enough that is true for a careful client; the days that it can keep are doubtful, as it may ask for
 * them again as well. */
#include "weather.h"
#include "chance.h"
#include <releve/memory.h>
#include <string.h>

#define MISSING_ONE_IN 4
#define DAY_MINUTES 1440

static uint64_t draw(const struct sandbox_measure *measure, uint64_t what)
{
    uint64_t own = sandbox_chance(measure->settings->seed, SANDBOX_TOPIC_BODY, measure->number);
    return sandbox_chance(own, SANDBOX_TOPIC_BODY, what);
}

struct releve_span sandbox_weather_span(const struct sandbox_measure *measure)
{
    const struct sandbox_asked *asked = &measure->asked;
    struct releve_span span = asked->span;
    if (measure->fault != SANDBOX_EXTRADAY)
        return span;
    releve_day activation = asked->client.activation[releve_kind_facts(measure->kind)->direction];
    bool before = span.first > activation, behind = span.end < measure->published_end;
    if (before && (!behind || draw(measure, 0) % 2 == 0))
        span.first--;
    else if (behind)
        span.end++;
    return span;
}

/* Every point twice in a row. Where labels are doubled already, four of them say nothing. */
static void duplicate(struct sandbox_series *series)
{
    struct sandbox_reading *twice = releve_alloc(2 * series->count, sizeof *twice);
    for (size_t i = 0; i < series->count; i++) {
        twice[2 * i] = twice[2 * i + 1] = series->readings[i];
        if (series->readings[i].length_minutes > 0 && releve_paris_day_minutes(series->readings[i].of) > DAY_MINUTES)
            sandbox_series_disown(series, series->readings[i].of);
    }
    free(series->readings);
    series->readings = twice;
    series->count *= 2;
}

/* Which points, depends on the points alone: whoever asks again loses the same ones, while the fault is on. */
static bool lose(struct sandbox_series *series, const struct sandbox_measure *measure)
{
    uint64_t own = sandbox_chance(measure->settings->seed, SANDBOX_TOPIC_MISSING,
                                  series->served.prm * RELEVE_MEASURES + (uint64_t)measure->kind);
    bool curve = releve_kind_facts(measure->kind)->quantity == RELEVE_LOAD_CURVE;
    size_t kept = 0, count = series->count;
    for (size_t i = 0; i < count; i++) {
        const struct sandbox_reading *reading = &series->readings[i];
        uint64_t stamp =
            (uint64_t)reading->day * 86400 + (uint64_t)(reading->second_of_day < 0 ? 0 : reading->second_of_day);
        if (sandbox_chance(own, SANDBOX_TOPIC_MISSING, stamp) % MISSING_ONE_IN != 0)
            series->readings[kept++] = *reading;
        else if (!curve)
            sandbox_series_disown(series, reading->of);
    }
    series->count = kept;
    return kept < count;
}

static bool same_stamp(const struct sandbox_reading *a, const struct sandbox_reading *b)
{
    return a->day == b->day && a->second_of_day == b->second_of_day;
}

static void swap(struct sandbox_reading *a, struct sandbox_reading *b)
{
    struct sandbox_reading kept = *a;
    *a = *b;
    *b = kept;
}

/* Two points of one stamp, in autumn, stay in their order, which is all that tells them apart. */
static bool shuffle(struct sandbox_series *series, const struct sandbox_measure *measure)
{
    struct sandbox_reading *readings = series->readings;
    for (size_t i = series->count; i > 1; i--)
        swap(&readings[i - 1], &readings[draw(measure, i) % i]);
    for (size_t i = 0; i < series->count; i++) {
        if (readings[i].length_minutes == 0 || releve_paris_day_minutes(readings[i].of) <= DAY_MINUTES)
            continue;
        for (size_t j = i + 1; j < series->count; j++) {
            if (same_stamp(&readings[i], &readings[j]) && readings[j].order < readings[i].order)
                swap(&readings[i], &readings[j]);
        }
    }
    return series->count > 1;
}

static void absurd(struct sandbox_series *series, const struct sandbox_measure *measure)
{
    static const char *const values[] = {"-5", "1e300", "abc", "99999999999999999999", "12.5.3"};
    struct sandbox_reading *reading = &series->readings[draw(measure, 0) % series->count];
    reading->absurd = values[measure->number % (sizeof values / sizeof values[0])];
    sandbox_series_disown(series, reading->of);
}

static bool has_other_days(const struct sandbox_series *series, struct releve_span span)
{
    for (size_t i = 0; i < series->count; i++) {
        if (!releve_span_has(span, series->readings[i].of))
            return true;
    }
    return false;
}

bool sandbox_weather_apply(struct sandbox_series *series, const struct sandbox_measure *measure)
{
    bool happened = series->count > 0;
    if (!happened)
        return false;
    switch (measure->fault) {
    case SANDBOX_DUPLICATE:
        duplicate(series);
        break;
    case SANDBOX_MISSING:
        happened = lose(series, measure);
        break;
    case SANDBOX_UNSORTED:
        happened = shuffle(series, measure);
        break;
    case SANDBOX_EXTRADAY:
        happened = has_other_days(series, measure->asked.span);
        break;
    case SANDBOX_ABSURD:
        absurd(series, measure);
        break;
    default:
        return false;
    }
    if (happened)
        sandbox_series_doubt(series);
    return happened;
}
