/* The forms of docs/enedis.md, Quotas: nextAccessTime, "API after <time>", "Call threshold allowed on H:M:S",
 * Retry-After. */
#include "throttle.h"
#include "stamp.h"
#include <string.h>

#define WAIT_SECONDS_MAX 1000000000L /* a longer wait is no wait */

/* Parses a whole number with an optional minus, and moves *text behind it. */
static bool parse_number(const char **text, long *value)
{
    const char *at = *text;
    bool minus = *at == '-';
    if (minus)
        at++;
    long parsed = 0;
    const char *first = at;
    for (; *at >= '0' && *at <= '9' && parsed < WAIT_SECONDS_MAX; at++)
        parsed = parsed * 10 + (*at - '0');
    if (at == first || parsed >= WAIT_SECONDS_MAX)
        return false;
    *value = minus ? -parsed : parsed;
    *text = at;
    return true;
}

/* "0:-30:-40": hours, minutes and seconds from now, each with its own sign. */
static bool parse_threshold(const char *text, int64_t *wait_ms)
{
    static const char phrase[] = "allowed on ";
    const char *at = strcasestr(text, phrase);
    if (!at)
        return false;
    at += strlen(phrase);
    long hours, minutes, seconds;
    if (!parse_number(&at, &hours) || *at++ != ':' || !parse_number(&at, &minutes) || *at++ != ':' ||
        !parse_number(&at, &seconds))
        return false;
    *wait_ms = hours * RELEVE_HOUR_MS + minutes * RELEVE_MINUTE_MS + seconds * RELEVE_SECOND_MS;
    return true;
}

static bool parse_api_after(const char *text, releve_time now, int64_t *wait_ms)
{
    static const char phrase[] = "API after ";
    const char *at = strcasestr(text, phrase);
    releve_time then;
    if (!at || !enedis_stamp_parse_gateway(at + strlen(phrase), &then))
        return false;
    *wait_ms = then - now;
    return true;
}

static bool parse_header(const char *value, releve_time now, int64_t *wait_ms)
{
    value += strspn(value, " \t");
    releve_time then;
    if (enedis_stamp_parse_http(value, &then)) {
        *wait_ms = then - now;
        return true;
    }
    long seconds;
    if (!parse_number(&value, &seconds) || value[strspn(value, " \t")] != '\0')
        return false;
    *wait_ms = seconds * RELEVE_SECOND_MS;
    return true;
}

int64_t enedis_throttle_wait_ms(const struct enedis_fault *fault, const char *retry_after, releve_time now)
{
    int64_t found[2 + 2 * ENEDIS_FAULT_TEXTS_MAX];
    int count = 0;
    releve_time then;
    if (fault->next_access_time && enedis_stamp_parse_gateway(fault->next_access_time, &then))
        found[count++] = then - now;
    for (int i = 0; i < fault->texts_count; i++) {
        if (parse_api_after(fault->texts[i], now, &found[count]))
            count++;
        if (parse_threshold(fault->texts[i], &found[count]))
            count++;
    }
    if (retry_after && parse_header(retry_after, now, &found[count]))
        count++;
    if (count == 0)
        return RELEVE_RETRY_UNKNOWN;
    /* The first that lies ahead; where none does, the first, for the core to see that it is nonsense. */
    for (int i = 0; i < count; i++)
        if (found[i] >= 0)
            return found[i];
    return found[0] == RELEVE_RETRY_UNKNOWN ? 0 : found[0];
}
