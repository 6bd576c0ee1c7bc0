/* A house as a few lines of arithmetic: a base load, two peaks, heating by the weather, an appliance now
 * and then; and a roof by the sun's elevation. Plausible, not more. */
#include "household.h"
#include "chance.h"
#include <assert.h>
#include <math.h>

#define PI 3.14159265358979323846
#define YEAR_DAYS 365.2425
#define EPOCH_TO_2000_DAYS 10957
#define MIDDAY_MINUTE 720

#define LATITUDE_RAD (46.6 * PI / 180.0) /* the middle of France */
#define LONGITUDE_HOURS (2.35 / 15.0)
#define TILT_RAD (23.44 * PI / 180.0) /* of the earth's axis */

#define COMFORT_CELSIUS 17.0    /* heating begins below */
#define WEATHER_SPELL_DAYS 5    /* how long weather stays similar */
#define FLOOR_W 40              /* a house never draws less */
#define APPLIANCE_ONE_IN 9      /* intervals with a big appliance */
#define COUNTING_YEAR 2021      /* registers count from its first day on; the history of 36 months begins later */
#define COUNTED_MAX_WH 40000000 /* what a meter may show by then */
#define OVERDRAW_PERCENT 110    /* how far a peak may pass the contracted power */

/* The usual shape of a day in percent of a house's activity, per half-hour of the clock. */
static const int activity_percent[48] = {
    12, 10, 8,  8,  6,  6,  6,  6,  6,  8,  10, 16, 28, 48, 66,  70, 62, 50, 40, 36, 34, 34, 38, 50,
    64, 66, 54, 42, 36, 34, 32, 32, 36, 44, 54, 66, 80, 92, 100, 98, 90, 82, 74, 64, 52, 40, 28, 18,
};

struct weather {
    double celsius;
    double clear;            /* 0 overcast .. 1 clear */
    double sun_sin, sun_cos; /* of the sun's elevation: sin = sun_sin + sun_cos * cos(hour angle) */
};

/* A value between 0 and 1 that moves from spell to spell without a jump. */
static double spell(uint64_t seed, uint64_t topic, releve_day day)
{
    uint64_t number = (uint64_t)(day / WEATHER_SPELL_DAYS);
    double share = (double)(day % WEATHER_SPELL_DAYS) / WEATHER_SPELL_DAYS;
    return sandbox_fraction(sandbox_chance(seed, topic, number)) * (1.0 - share) +
           sandbox_fraction(sandbox_chance(seed, topic, number + 1)) * share;
}

/* The weather is the same for everybody. */
static struct weather weather_of(uint64_t seed, releve_day day)
{
    double year = 2.0 * PI * (double)(day - EPOCH_TO_2000_DAYS) / YEAR_DAYS; /* 0 on 1 January */
    double declination = -TILT_RAD * cos(year + 2.0 * PI * 10.0 / YEAR_DAYS);
    return (struct weather){
        .celsius = 12.0 - 8.0 * cos(year - 2.0 * PI * 18.0 / YEAR_DAYS) +
                   8.0 * (spell(seed, SANDBOX_TOPIC_WEATHER, day) - 0.5),
        .clear = spell(seed, SANDBOX_TOPIC_CLOUD, day),
        .sun_sin = sin(LATITUDE_RAD) * sin(declination),
        .sun_cos = cos(LATITUDE_RAD) * cos(declination),
    };
}

struct house {
    uint64_t seed; /* of this house */
    int base_w;
    int activity_w;
    double heating_w_per_k; /* 0: heated with something else */
    int limit_w;
    int roof_w;
};

static struct house house_of(uint64_t seed, const struct sandbox_client *client)
{
    uint64_t own = sandbox_chance(seed, SANDBOX_TOPIC_HOUSE, client->prm);
    int kva = client->contracted_va / 1000;
    return (struct house){
        .seed = own,
        .base_w = 60 + (int)(own % 120) + 10 * kva,
        .activity_w = 60 * kva + (int)(own >> 8 & 0x1ff),
        .heating_w_per_k = own >> 20 & 1 ? 10.0 * kva : 0.0,
        .limit_w = client->contracted_va,
        .roof_w = 3000 + 1500 * (int)(own >> 24 & 3),
    };
}

/* A multiple of `step_w`, so that the interval holds a whole number of Wh. */
static int32_t whole(double value_w, int step_w)
{
    return (int32_t)(value_w / step_w) * step_w;
}

static int32_t consumption_w(const struct house *house, const struct weather *weather, releve_time at, int clock_minute,
                             int step_w)
{
    uint64_t chance = sandbox_chance(house->seed, SANDBOX_TOPIC_LOAD, (uint64_t)at);
    int percent = activity_percent[clock_minute / 30];
    double value_w = house->base_w + house->activity_w * (percent / 100.0) * (0.7 + 0.6 * sandbox_fraction(chance));
    double cold_k = COMFORT_CELSIUS - weather->celsius;
    if (cold_k > 0)
        value_w += house->heating_w_per_k * cold_k * (percent < 20 ? 0.6 : 1.0) *
                   (0.85 + 0.3 * sandbox_fraction(sandbox_mix(chance)));
    if (percent >= 20 && (chance >> 5) % APPLIANCE_ONE_IN == 0)
        value_w += 0.1 * house->limit_w + (double)(chance >> 16 & 0x3ff);
    if (value_w > house->limit_w)
        value_w = house->limit_w;
    if (value_w < FLOOR_W)
        value_w = FLOOR_W;
    return whole(value_w, step_w);
}

static int32_t production_w(const struct house *house, const struct weather *weather, releve_time at,
                            int length_minutes, int step_w)
{
    double hours = (double)((at + length_minutes * RELEVE_MINUTE_MS / 2) % (24 * RELEVE_HOUR_MS)) / RELEVE_HOUR_MS;
    double hour_angle = (hours + LONGITUDE_HOURS - 12.0) * 2.0 * PI / 24.0;
    double elevation = weather->sun_sin + weather->sun_cos * cos(hour_angle);
    if (elevation <= 0)
        return 0; /* night */
    uint64_t chance = sandbox_chance(house->seed, SANDBOX_TOPIC_CLOUD, (uint64_t)at);
    double clear = 0.15 + 0.75 * weather->clear + 0.1 * sandbox_fraction(chance);
    return whole(house->roof_w * elevation * clear, step_w);
}

static int length_at(const struct sandbox_client *client, releve_day day, int minute)
{
    switch (client->pace) {
    case SANDBOX_PACE_30:
        return 30;
    case SANDBOX_PACE_10:
        return 10;
    case SANDBOX_PACE_60:
    case SANDBOX_PACE_HOUR:
        return 60;
    case SANDBOX_PACE_SWITCHED:
    case SANDBOX_PACES:
        break;
    }
    releve_day switched = releve_day_from_civil(SANDBOX_SWITCH_YEAR, SANDBOX_SWITCH_MONTH, SANDBOX_SWITCH_DAY);
    return day < switched || (day == switched && minute < MIDDAY_MINUTE) ? 30 : 10;
}

size_t sandbox_household_curve(uint64_t seed, const struct sandbox_client *client, releve_day day,
                               enum releve_direction direction, struct releve_interval curve[RELEVE_INTERVALS_MAX])
{
    struct house house = house_of(seed, client);
    struct weather weather = weather_of(seed, day);
    releve_time midnight = releve_paris_midnight(day);
    int minutes = releve_paris_day_minutes(day);
    int offset = releve_paris_offset_minutes(midnight);
    size_t count = 0;

    for (int minute = 0; minute < minutes;) {
        int length = length_at(client, day, minute);
        int step_w = 60 / length; /* W x minutes / 60 is whole */
        releve_time at = midnight + minute * RELEVE_MINUTE_MS;
        int shift = minutes == 1440 ? 0 : releve_paris_offset_minutes(at) - offset;
        int32_t drawn_w = 0, fed_w = 0;
        if (client->consumption)
            drawn_w = consumption_w(&house, &weather, at, minute + shift, step_w);
        if (client->production)
            fed_w = production_w(&house, &weather, at, length, step_w);
        int32_t net_w = direction == RELEVE_CONSUMPTION ? drawn_w - fed_w : fed_w - drawn_w;
        assert(count < RELEVE_INTERVALS_MAX);
        curve[count++] = (struct releve_interval){(int16_t)minute, (int16_t)length, net_w > 0 ? net_w : 0};
        minute += length;
    }
    return count;
}

int64_t sandbox_household_energy_wh(uint64_t seed, const struct sandbox_client *client, releve_day day,
                                    enum releve_direction direction)
{
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    size_t count = sandbox_household_curve(seed, client, day, direction, curve);
    int64_t energy_wh = 0;
    for (size_t i = 0; i < count; i++) {
        assert(curve[i].value_w * curve[i].length_minutes % 60 == 0);
        energy_wh += curve[i].value_w * curve[i].length_minutes / 60;
    }
    return energy_wh;
}

int64_t sandbox_household_counter_wh(uint64_t seed, const struct sandbox_client *client, releve_day day,
                                     enum releve_direction direction, struct sandbox_counter *counter)
{
    if (counter->counted_to == 0) {
        releve_day first = releve_day_from_civil(COUNTING_YEAR, 1, 1), activation = client->activation[direction];
        counter->counted_to = activation > first ? activation : first;
        counter->total_wh = (int64_t)(sandbox_chance(seed, SANDBOX_TOPIC_REGISTERS, client->prm) % COUNTED_MAX_WH);
    }
    for (; counter->counted_to < day; counter->counted_to++)
        counter->total_wh += sandbox_household_energy_wh(seed, client, counter->counted_to, direction);
    return counter->total_wh;
}

int32_t sandbox_household_peak_va(uint64_t seed, const struct sandbox_client *client, releve_day day, releve_time *at)
{
    struct releve_interval curve[RELEVE_INTERVALS_MAX];
    size_t count = sandbox_household_curve(seed, client, day, RELEVE_CONSUMPTION, curve);
    assert(count > 0);
    const struct releve_interval *highest = &curve[0];
    for (size_t i = 1; i < count; i++) {
        if (curve[i].value_w > highest->value_w)
            highest = &curve[i];
    }
    uint64_t chance = sandbox_chance(seed ^ client->prm, SANDBOX_TOPIC_PEAK, (uint64_t)day);
    int32_t peak_va = highest->value_w + highest->value_w / 50 + (int32_t)(chance % 900);
    int32_t limit_va = client->contracted_va * OVERDRAW_PERCENT / 100;
    if (peak_va > limit_va)
        peak_va = limit_va;
    assert(peak_va >= highest->value_w);
    /* Strictly inside: a peak on the boundary could belong to either neighbour. */
    int second = 1 + (int)((chance >> 32) % (uint64_t)(highest->length_minutes * 60 - 1));
    *at = releve_paris_midnight(day) + highest->minute * RELEVE_MINUTE_MS + second * RELEVE_SECOND_MS;
    return peak_va;
}
