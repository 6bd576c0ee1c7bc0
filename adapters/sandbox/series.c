/* From the household's curves to stamped points. */
#include "series.h"
#include "chance.h"
#include "household.h"
#include "publication.h"
#include <assert.h>
#include <releve/memory.h>

#define DAY_MINUTES 1440
#define DOUBLED_FIRST_S (2 * 3600) /* the labels from here .. */
#define DOUBLED_END_S (3 * 3600)   /* .. to here occur twice in autumn */

static void mark(struct sandbox_served *served, releve_day day, bool doubtful)
{
    releve_day number = day - served->first;
    assert(number >= 0 && number < SANDBOX_SERVED_DAYS_MAX);
    uint8_t bit = (uint8_t)(1u << (number % 8));
    served->bits[number / 8] |= bit;
    if (doubtful)
        served->doubtful[number / 8] |= bit;
    served->days++;
}

void sandbox_series_disown(struct sandbox_series *series, releve_day day)
{
    struct sandbox_served *served = &series->served;
    releve_day number = day - served->first;
    if (number < 0 || number >= SANDBOX_SERVED_DAYS_MAX || (served->bits[number / 8] >> (number % 8) & 1) == 0)
        return;
    served->bits[number / 8] &= (uint8_t) ~(1u << (number % 8));
    served->days--;
}

void sandbox_series_doubt(struct sandbox_series *series)
{
    for (size_t i = 0; i < SANDBOX_SERVED_BYTES; i++)
        series->served.doubtful[i] = series->served.bits[i];
}

static void add(struct sandbox_series *series, struct sandbox_reading reading)
{
    reading.order = (int)series->count;
    series->readings[series->count++] = reading;
}

/* Where the doubled labels come once, one of the two hours is lost: nobody can say which. */
static bool lost(const struct sandbox_measure *measure, releve_day day, int second_of_day, bool winter)
{
    if (!sandbox_settings_body(measure->settings, SANDBOX_BODY_AUTUMN_ONCE) ||
        releve_paris_day_minutes(day) <= DAY_MINUTES || second_of_day < DOUBLED_FIRST_S ||
        second_of_day >= DOUBLED_END_S)
        return false;
    uint64_t chance = sandbox_chance(measure->settings->seed, SANDBOX_TOPIC_AUTUMN, measure->asked.client.prm);
    return winter == (chance % 2 == 0);
}

/* The day's intervals, stamped with the Paris clock at their ends: the last one falls on the next day. */
static bool read_curve(struct sandbox_series *series, const struct sandbox_measure *measure, releve_day day, bool half)
{
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    enum releve_direction direction = releve_kind_facts(measure->kind)->direction;
    size_t count = sandbox_household_curve(measure->settings->seed, &measure->asked.client, day, direction, curve);
    releve_time midnight = releve_paris_midnight(day);
    int offset = releve_paris_offset_minutes(midnight);
    bool changes = releve_paris_day_minutes(day) != DAY_MINUTES, whole = !half;

    for (size_t i = 0; i < (half ? count / 2 : count); i++) {
        int end = curve[i].minute + curve[i].length_minutes; /* elapsed */
        int shift = changes ? releve_paris_offset_minutes(midnight + end * RELEVE_MINUTE_MS) - offset : 0;
        end += shift;
        int second = end % DAY_MINUTES * 60;
        if (end < DAY_MINUTES && lost(measure, day, second, shift != 0)) {
            whole = false;
            continue;
        }
        add(series, (struct sandbox_reading){.value = curve[i].value_w,
                                             .of = day,
                                             .day = day + end / DAY_MINUTES,
                                             .second_of_day = second,
                                             .length_minutes = curve[i].length_minutes});
    }
    return whole;
}

static void read_daily(struct sandbox_series *series, const struct sandbox_measure *measure, releve_day day,
                       struct sandbox_counter *counter)
{
    const struct releve_kind_facts *facts = releve_kind_facts(measure->kind);
    const struct sandbox_client *client = &measure->asked.client;
    uint64_t seed = measure->settings->seed;
    struct sandbox_reading reading = {.of = day, .day = day, .second_of_day = -1};
    if (facts->quantity == RELEVE_MAX_POWER) {
        releve_time at;
        reading.value = sandbox_household_peak_va(seed, client, day, &at);
        releve_time wall = at + releve_paris_offset_minutes(at) * RELEVE_MINUTE_MS;
        reading.second_of_day = (int)(wall / RELEVE_SECOND_MS % 86400);
    } else if (facts->quantity == RELEVE_REGISTERS) {
        reading.value = sandbox_household_counter_wh(seed, client, day, facts->direction, counter);
        reading.second_of_day = 0; /* when the day begins */
    } else {
        reading.value = sandbox_household_energy_wh(seed, client, day, facts->direction);
    }
    add(series, reading);
}

void sandbox_series_read(struct sandbox_series *series, const struct sandbox_measure *measure, struct releve_span span)
{
    const struct sandbox_asked *asked = &measure->asked;
    bool curve = releve_kind_facts(measure->kind)->quantity == RELEVE_LOAD_CURVE;
    size_t days = (size_t)releve_span_days(span);
    struct sandbox_counter counter = {0};
    *series = (struct sandbox_series){
        .readings = releve_alloc(days * (curve ? RELEVE_INTERVALS_MAX : 1), sizeof *series->readings),
        .served = {.prm = asked->client.prm,
                   .kind = measure->kind,
                   .generation = measure->generation,
                   .first = asked->span.first}};
    for (releve_day day = span.first; day < span.end; day++) {
        enum sandbox_presence presence = sandbox_publication(measure->settings, measure->own, asked->client.prm,
                                                             measure->kind, day, measure->published_end);
        if (presence == SANDBOX_ABSENT || sandbox_client_hole(&asked->client, day))
            continue;
        bool whole = true;
        if (curve)
            whole = read_curve(series, measure, day, presence == SANDBOX_HALF);
        else
            read_daily(series, measure, day, &counter);
        if (releve_span_has(asked->span, day))
            mark(&series->served, day, !whole);
    }
}

void sandbox_series_free(struct sandbox_series *series)
{
    free(series->readings);
    *series = (struct sandbox_series){0};
}
