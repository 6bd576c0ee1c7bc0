/* The wall clock, shifted by PRETENDED_SHIFT_S seconds: test.sh preloads this into every process of a run at a
 * pretended hour. Time runs on, and the clocks that measure durations stay as they are.
 *
 * Debian's faketime 0.9.10 does this too, but not here: with its clock redis-server hangs as it starts (its jemalloc
 * asks for the time before that library is ready), and Python cannot wait (with a pretended monotonic clock a lock
 * waits for ever, without one time.sleep fails). Asking the kernel needs nothing to be ready. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t shift_s;

__attribute__((constructor)) static void read_shift(void)
{
    const char *text = getenv("PRETENDED_SHIFT_S");
    shift_s = text != NULL ? strtol(text, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += shift_s;
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    (void)zone; /* nobody asks for it, and there is none */
    struct timespec precise;
    int status = clock_gettime(CLOCK_REALTIME, &precise);
    *now = (struct timeval){.tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1000};
    return status;
}

time_t time(time_t *also)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (also != NULL)
        *also = now.tv_sec;
    return now.tv_sec;
}
