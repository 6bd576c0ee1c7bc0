/* See duration.h. */
#include "duration.h"
#include <stdbool.h>
#include <time.h>

void releve_duration_format_past(releve_time ms, char out[RELEVE_DURATION_TEXT])
{
    releve_duration_format(ms - ms % RELEVE_SECOND_MS, out);
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
