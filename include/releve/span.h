/* A span of civil days, [first, end[: `end` is excluded, as upstream does it. */
#ifndef RELEVE_SPAN_H
#define RELEVE_SPAN_H

#include <releve/calendar.h>
#include <stdbool.h>

struct releve_span {
    releve_day first;
    releve_day end;
};

static inline int releve_span_days(struct releve_span span)
{
    return span.end > span.first ? span.end - span.first : 0;
}

static inline bool releve_span_has(struct releve_span span, releve_day day)
{
    return day >= span.first && day < span.end;
}

/* What two spans have in common; an empty one (first == end) where they have nothing. */
static inline struct releve_span releve_span_cut(struct releve_span span, struct releve_span to)
{
    struct releve_span both = {span.first > to.first ? span.first : to.first, span.end < to.end ? span.end : to.end};
    if (both.end < both.first)
        both.end = both.first;
    return both;
}

#endif
