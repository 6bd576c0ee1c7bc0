/* See clock.h. */
#include "clock.h"
#include <time.h>

static releve_time read_clock(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now); /* cannot fail for clocks that exist, and Linux has both */
    return (releve_time)now.tv_sec * RELEVE_SECOND_MS + now.tv_nsec / 1000000;
}

releve_time releve_clock_boot(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

releve_time releve_clock_civil(releve_day today)
{
    releve_time now = read_clock(CLOCK_REALTIME);
    if (today == RELEVE_DAY_NONE)
        return now;
    releve_time since_midnight = now - releve_paris_midnight(releve_paris_day(now));
    releve_time length = releve_paris_day_minutes(today) * RELEVE_MINUTE_MS;
    return releve_paris_midnight(today) + (since_midnight < length ? since_midnight : length - 1);
}
