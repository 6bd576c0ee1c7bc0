/* Quotas as text and as time: what the ledger's rule (docs/design.md, Ledger) makes of a number of requests. */
#include <assert.h>
#include <releve/quota.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *unit;
    releve_time ms;
} units[] = {
    {"ms", 1}, {"s", RELEVE_SECOND_MS}, {"m", RELEVE_MINUTE_MS}, {"h", RELEVE_HOUR_MS}, {"d", 24 * RELEVE_HOUR_MS},
};
#define MAKESPAN_PERIODS 8 /* of the largest limit: gone through request by request */
#define UNITS (sizeof units / sizeof units[0])

/* Reads a whole number of at most `max`, at least 1; NULL where there is none. */
static const char *read_number(const char *text, int64_t max, int64_t *number)
{
    int64_t value = 0;
    const char *end = text;
    for (; *end >= '0' && *end <= '9'; end++) {
        value = value * 10 + (*end - '0');
        if (value > max)
            return NULL;
    }
    if (end == text || value < 1)
        return NULL;
    *number = value;
    return end;
}

static const char *read_window(const char *text, struct releve_window *window)
{
    int64_t limit, number;
    const char *end = read_number(text, RELEVE_QUOTA_LIMIT_MAX, &limit);
    if (end == NULL || *end != '/')
        return NULL;
    end = read_number(end + 1, RELEVE_QUOTA_WINDOW_MS_MAX, &number);
    if (end == NULL)
        return NULL;
    size_t length = strcspn(end, ",");
    for (size_t i = 0; i < UNITS; i++) {
        if (strlen(units[i].unit) != length || memcmp(units[i].unit, end, length) != 0)
            continue;
        if (number > RELEVE_QUOTA_WINDOW_MS_MAX / units[i].ms)
            return NULL;
        *window = (struct releve_window){(uint32_t)limit, number * units[i].ms};
        return end + length;
    }
    return NULL;
}

enum releve_code releve_quota_parse(const char *text, struct releve_quota *quota, struct releve_error *error)
{
    struct releve_quota parsed = {0};
    const char *at = text;
    if (strcmp(text, "none") == 0) {
        *quota = parsed;
        return RELEVE_OK;
    }
    while (parsed.windows_count < RELEVE_QUOTA_WINDOWS_MAX) {
        at = read_window(at, &parsed.windows[parsed.windows_count]);
        if (at == NULL)
            break;
        parsed.windows_count++;
        if (*at == '\0') {
            *quota = parsed;
            return RELEVE_OK;
        }
        at++; /* the comma */
    }
    return releve_fail(error, RELEVE_E_CONFIG,
                       "quota \"%.60s\": not understood; write N/DURATION[,N/DURATION] with N from 1 to %d, a duration "
                       "of at most 1d in ms, s, m, h or d, and at most %d windows (5/1s,1000/1h), or none",
                       text, RELEVE_QUOTA_LIMIT_MAX, RELEVE_QUOTA_WINDOWS_MAX);
}

void releve_quota_format(const struct releve_quota *quota, char out[RELEVE_QUOTA_TEXT])
{
    if (quota->windows_count == 0) {
        (void)snprintf(out, RELEVE_QUOTA_TEXT, "none");
        return;
    }
    size_t used = 0;
    for (size_t i = 0; i < quota->windows_count; i++) {
        size_t unit = UNITS - 1;
        while (quota->windows[i].span_ms % units[unit].ms != 0)
            unit--;
        int length =
            snprintf(out + used, RELEVE_QUOTA_TEXT - used, "%s%u/%lld%s", i == 0 ? "" : ",", quota->windows[i].limit,
                     (long long)(quota->windows[i].span_ms / units[unit].ms), units[unit].unit);
        assert(length > 0 && (size_t)length < RELEVE_QUOTA_TEXT - used);
        used += (size_t)length;
    }
}

releve_time releve_quota_longest_ms(const struct releve_quota *quota)
{
    releve_time longest = 0;
    for (size_t i = 0; i < quota->windows_count; i++)
        longest = quota->windows[i].span_ms > longest ? quota->windows[i].span_ms : longest;
    return longest;
}

/* In the long run only the slowest window counts, and everything repeats with it: whole periods need not be gone
 * through one request at a time. Takes them off *requests and returns the time that they take. What is left is enough
 * to come from any beginning into the steady state. */
static releve_time skip_periods(const struct releve_quota *quota, releve_time round_trip_ms, uint64_t *requests)
{
    const struct releve_window *slowest = NULL;
    for (size_t i = 0; i < quota->windows_count; i++) {
        const struct releve_window *window = &quota->windows[i];
        if (slowest == NULL ||
            (window->span_ms + round_trip_ms) * slowest->limit > (slowest->span_ms + round_trip_ms) * window->limit)
            slowest = window;
    }
    if (slowest == NULL)
        return 0;
    uint64_t most = 1;
    for (size_t i = 0; i < quota->windows_count; i++)
        most = quota->windows[i].limit > most ? quota->windows[i].limit : most;
    uint64_t settling = MAKESPAN_PERIODS * most;
    if (*requests <= settling)
        return 0;
    uint64_t periods = (*requests - settling) / slowest->limit;
    *requests -= periods * slowest->limit;
    return (releve_time)periods * (slowest->span_ms + round_trip_ms);
}

/* The last max(limit) instants at which requests were over, in a ring: the request that is `limit` back decides. */
releve_time releve_quota_makespan_ms(const struct releve_quota *quota, uint64_t requests, releve_time round_trip_ms,
                                     const releve_time *used, size_t used_count)
{
    size_t ring_size = 1;
    for (size_t i = 0; i < quota->windows_count; i++)
        ring_size = quota->windows[i].limit > ring_size ? quota->windows[i].limit : ring_size;
    releve_time *ring = calloc(ring_size, sizeof *ring);
    if (ring == NULL)
        return RELEVE_TIME_NEVER;

    releve_time skipped_ms = skip_periods(quota, round_trip_ms, &requests);
    uint64_t seen = 0;
    for (size_t i = used_count > ring_size ? used_count - ring_size : 0; i < used_count; i++)
        ring[seen++ % ring_size] = used[i] < round_trip_ms ? used[i] : round_trip_ms; /* in flight: as one of ours */
    releve_time granted = 0;
    for (uint64_t n = 0; quota->windows_count > 0 && n < requests; n++) {
        for (size_t i = 0; i < quota->windows_count; i++) {
            const struct releve_window *window = &quota->windows[i];
            if (seen < window->limit)
                continue;
            /* The ring has a place at least. NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
            releve_time free_at = ring[(seen - window->limit) % ring_size] + window->span_ms;
            granted = free_at > granted ? free_at : granted;
        }
        ring[seen++ % ring_size] = granted + round_trip_ms;
    }
    free(ring);
    return granted + skipped_ms;
}
