/* The three clocks of the simulator, in one place. */
#include "clock.h"
#include <time.h>

#define PUBLISHED_AT_S (8 * 3600) /* yesterday is there from about 08:00 Paris time */

static int64_t read_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sandbox_clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

releve_time sandbox_clock_real(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

void sandbox_clock_set(struct sandbox_clock *clock, releve_day today)
{
    *clock = (struct sandbox_clock){today, sandbox_clock_monotonic_us() / 1000};
}

releve_time sandbox_clock_now(const struct sandbox_clock *clock)
{
    if (clock->today == RELEVE_DAY_NONE)
        return sandbox_clock_real();
    releve_time noon[2]; /* there once, every day */
    (void)releve_paris_instants(clock->today, 12 * 3600, noon);
    return noon[0] + sandbox_clock_monotonic_us() / 1000 - clock->set_at;
}

releve_day sandbox_clock_today(const struct sandbox_clock *clock)
{
    return clock->today != RELEVE_DAY_NONE ? clock->today : releve_paris_day(sandbox_clock_real());
}

releve_day sandbox_published_end(releve_time now)
{
    releve_day today = releve_paris_day(now);
    releve_time published[2]; /* the clock never changes at that hour */
    (void)releve_paris_instants(today, PUBLISHED_AT_S, published);
    return now < published[0] ? today - 1 : today;
}

releve_day sandbox_clock_published_end(const struct sandbox_clock *clock)
{
    return clock->today != RELEVE_DAY_NONE ? clock->today : sandbox_published_end(sandbox_clock_real());
}
