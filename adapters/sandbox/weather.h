/* What faults make of the points of a good body. */
#ifndef RELEVE_SANDBOX_WEATHER_H
#define RELEVE_SANDBOX_WEATHER_H

#include "series.h"

/* The days to read for this answer: those that were asked, with a fault one more. */
struct releve_span sandbox_weather_span(const struct sandbox_measure *measure);

/* Does to the points what the measure's fault does, and to the days of the series what that means for them. False
 * where nothing happened. */
bool sandbox_weather_apply(struct sandbox_series *series, const struct sandbox_measure *measure);

#endif
