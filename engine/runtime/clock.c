/* The civil clock, real or pretended (RELEVE_TODAY). */
#include <releve/runtime.h>

releve_time releve_clock_civil(releve_day today)
{
    uv_timeval64_t wall;
    (void)uv_gettimeofday(&wall);
    releve_time now = (releve_time)wall.tv_sec * 1000 + wall.tv_usec / 1000;
    if (today == RELEVE_DAY_NONE)
        return now;
    releve_time since_midnight = now - releve_paris_midnight(releve_paris_day(now));
    releve_time length = releve_paris_day_minutes(today) * RELEVE_MINUTE_MS;
    return releve_paris_midnight(today) + (since_midnight < length ? since_midnight : length - 1);
}
