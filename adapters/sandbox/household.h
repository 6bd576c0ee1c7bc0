/* What meters show: values as a pure function of (seed, usage point, instant).
 *
 * Powers are chosen so that every interval is a whole number of Wh; energy and peak of a day are derived
 * from its curve, so that the three kinds agree exactly. */
#ifndef RELEVE_SANDBOX_HOUSEHOLD_H
#define RELEVE_SANDBOX_HOUSEHOLD_H

#include "clients.h"
#include <releve/calendar.h>
#include <releve/reading.h>
#include <stddef.h>
#include <stdint.h>

/* The whole curve of that day, in elapsed minutes; returns how many intervals. A client with both
 * directions is netted: of consumption and production, one is zero in each interval (docs/enedis.md,
 * Sandbox clients, client 6). */
size_t sandbox_household_curve(uint64_t seed, const struct sandbox_client *client, releve_day day,
                               enum releve_direction direction, struct releve_interval curve[RELEVE_INTERVALS_MAX]);

/* Exactly the sum of that curve. */
int64_t sandbox_household_energy_wh(uint64_t seed, const struct sandbox_client *client, releve_day day,
                                    enum releve_direction direction);

/* What a meter shows: the sum of all days before `day`, on top of what it showed when counting began. Zeroed to begin
 * with; days ascend from call to call. */
struct sandbox_counter {
    releve_day counted_to;
    int64_t total_wh;
};
int64_t sandbox_household_counter_wh(uint64_t seed, const struct sandbox_client *client, releve_day day,
                                     enum releve_direction direction, struct sandbox_counter *counter);

/* The day's highest apparent power, not below the curve's highest value, at an instant inside that interval. */
int32_t sandbox_household_peak_va(uint64_t seed, const struct sandbox_client *client, releve_day day, releve_time *at);

#endif
