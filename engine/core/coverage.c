/* Coverage: a byte a day. Does not decide anything. */
#include <assert.h>
#include <releve/coverage.h>
#include <string.h>

const char *releve_day_state_name(enum releve_day_state state)
{
    switch (state) {
    case RELEVE_DAY_MISSING:
        return "missing";
    case RELEVE_DAY_ASKED:
        return "asked";
    case RELEVE_DAY_COMPLETE:
        return "complete";
    case RELEVE_DAY_PARTIAL:
        return "partial";
    case RELEVE_DAY_HOLE:
        return "hole";
    case RELEVE_DAY_PENDING:
        return "pending";
    case RELEVE_DAY_FAILED:
        return "failed";
    case RELEVE_DAY_CUT:
        return "cut";
    }
    return "unknown";
}

void releve_coverage_init(struct releve_coverage *coverage, struct releve_span span)
{
    assert(releve_span_days(span) <= RELEVE_JOB_DAYS_MAX);
    coverage->span = span;
    memset(coverage->states, RELEVE_DAY_MISSING, sizeof coverage->states);
}

enum releve_day_state releve_coverage_get(const struct releve_coverage *coverage, releve_day day)
{
    if (!releve_span_has(coverage->span, day))
        return RELEVE_DAY_CUT;
    return (enum releve_day_state)coverage->states[day - coverage->span.first];
}

void releve_coverage_set(struct releve_coverage *coverage, releve_day day, enum releve_day_state state)
{
    if (releve_span_has(coverage->span, day))
        coverage->states[day - coverage->span.first] = (char)state;
}

int releve_coverage_replace(struct releve_coverage *coverage, struct releve_span part, enum releve_day_state from,
                            enum releve_day_state to)
{
    part = releve_span_cut(part, coverage->span);
    int changed = 0;
    for (releve_day day = part.first; day < part.end; day++) {
        char *state = &coverage->states[day - coverage->span.first];
        if (*state == (char)from) {
            *state = (char)to;
            changed++;
        }
    }
    return changed;
}

int releve_coverage_count(const struct releve_coverage *coverage, enum releve_day_state state)
{
    int count = 0;
    for (int i = 0; i < releve_span_days(coverage->span); i++)
        count += coverage->states[i] == (char)state;
    return count;
}

releve_day releve_coverage_newest(const struct releve_coverage *coverage, enum releve_day_state state,
                                  releve_day before)
{
    struct releve_span part = releve_span_cut(coverage->span, (struct releve_span){coverage->span.first, before});
    for (releve_day day = part.end; day-- > part.first;)
        if (coverage->states[day - coverage->span.first] == (char)state)
            return day;
    return RELEVE_DAY_NONE;
}
