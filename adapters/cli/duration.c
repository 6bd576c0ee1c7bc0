/* See duration.h. Rounded up: what is left is never less than said. */
#include "duration.h"
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

void releve_duration_format(releve_time ms, char out[RELEVE_DURATION_TEXT])
{
    long long seconds = (long long)((ms + 999) / 1000);
    if (ms == RELEVE_TIME_NEVER)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "unknown");
    else if (seconds >= 48 * 3600)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld d %lld h", seconds / 86400, seconds / 3600 % 24);
    else if (seconds >= 3600)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld min %02lld s", seconds / 60, seconds % 60);
    else
        (void)snprintf(out, RELEVE_DURATION_TEXT, "%lld s", seconds);
}

void releve_duration_format_end(releve_time ms, char out[RELEVE_DURATION_TEXT])
{
    time_t now = time(NULL), then = now + (time_t)(ms / 1000);
    struct tm today, day;
    (void)localtime_r(&now, &today);
    (void)localtime_r(&then, &day);
    bool same = today.tm_year == day.tm_year && today.tm_yday == day.tm_yday;
    if (strftime(out, RELEVE_DURATION_TEXT, same ? "%H:%M" : "%a %d %b, %H:%M", &day) == 0)
        out[0] = '\0';
}
