/* How long days are kept: read, written, and what it makes of a day. Law 2. */
#include <assert.h>
#include <releve/keep.h>
#include <stdio.h>
#include <string.h>

/* It expires so much later than its last day ends, so that a clock that is slow, or a job that began before midnight,
 * still finds it. */
#define MARGIN_MS RELEVE_HOUR_MS

/* "800d", exactly `length` bytes; 0 where it is none, or out of range. */
static int read_days(const char *text, size_t length)
{
    int days = 0;
    if (length < 2 || text[length - 1] != 'd')
        return 0;
    for (size_t i = 0; i + 1 < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        days = 10 * days + (text[i] - '0');
        if (days > RELEVE_KEEP_DAYS_MAX)
            return 0;
    }
    return days >= RELEVE_KEEP_DAYS_MIN ? days : 0;
}

/* One "kind:days", exactly `length` bytes. */
static enum releve_code read_one(const char *text, size_t length, struct releve_keep *keep, struct releve_error *error)
{
    const char *colon = memchr(text, ':', length);
    size_t name = colon != NULL ? (size_t)(colon - text) : length;
    int shown = (int)(length < 60 ? length : 60);
    releve_kinds kinds;
    if (!releve_kinds_parse(text, name, &kinds) || (kinds & ~RELEVE_ALL_MEASURES) != 0)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "\"%.*s\": no measure has that name; write KIND:DAYSd, as consumption_load_curve:800d",
                           shown, text);
    int days = colon != NULL ? read_days(colon + 1, length - name - 1) : 0;
    if (days == 0)
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "\"%.*s\": write KIND:DAYSd, a number from %d to %d and d for days, as consumption_load_curve:800d "
            "(what is forgotten earlier would be fetched again, as a day may still change)",
            shown, text, RELEVE_KEEP_DAYS_MIN, RELEVE_KEEP_DAYS_MAX);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((kinds & RELEVE_KIND_BIT(kind)) != 0)
            keep->days[kind] = days;
    return RELEVE_OK;
}

enum releve_code releve_keep_parse(const char *text, struct releve_keep *keep, struct releve_error *error)
{
    struct releve_keep parsed = {0};
    for (const char *at = text;; at++) { /* behind the comma */
        size_t length = strcspn(at, ",");
        if (read_one(at, length, &parsed, error) != RELEVE_OK)
            return RELEVE_E_CONFIG;
        at += length;
        if (*at == '\0')
            break;
    }
    *keep = parsed;
    return RELEVE_OK;
}

void releve_keep_format(const struct releve_keep *keep, char out[RELEVE_KEEP_TEXT])
{
    size_t used = 0;
    out[0] = '\0';
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if (keep->days[kind] == 0)
            continue;
        int written = snprintf(out + used, RELEVE_KEEP_TEXT - used, "%s%s:%dd", used > 0 ? "," : "",
                               releve_kind_facts(kind)->name, keep->days[kind]);
        assert(written > 0 && (size_t)written < RELEVE_KEEP_TEXT - used);
        used += (size_t)written;
    }
}

releve_day releve_keep_first(const struct releve_keep *keep, enum releve_kind kind, releve_day today)
{
    assert(kind < RELEVE_KINDS);
    return keep->days[kind] > 0 ? today - keep->days[kind] : RELEVE_DAY_NONE;
}

struct releve_span releve_keep_history(const struct releve_keep *keep, enum releve_kind kind, releve_day today)
{
    struct releve_span history = releve_kind_history(kind, today);
    releve_day first = releve_keep_first(keep, kind, today);
    if (first > history.first)
        history.first = first;
    return history;
}

releve_time releve_keep_until(int keep_days, releve_day day)
{
    assert(keep_days > 0);
    return releve_paris_midnight(day + keep_days + 1) + MARGIN_MS;
}
