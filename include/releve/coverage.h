/* Coverage: what is known of each day of a span. One byte a day, so that it can be read in a debugger
 * and travels through Redis as it is. */
#ifndef RELEVE_COVERAGE_H
#define RELEVE_COVERAGE_H

#include <releve/kind.h>
#include <releve/span.h>

enum releve_day_state {
    RELEVE_DAY_MISSING = '.',  /* to be asked */
    RELEVE_DAY_ASKED = '?',    /* in a chunk that is under way */
    RELEVE_DAY_COMPLETE = 'c', /* every value */
    RELEVE_DAY_PARTIAL = 'p',  /* some values */
    RELEVE_DAY_HOLE = 'h',     /* upstream says it has none, and will not have any */
    RELEVE_DAY_PENDING = 'w',  /* recent, not there yet; known until recheck_after */
    RELEVE_DAY_FAILED = 'f',   /* given up in this job run */
    RELEVE_DAY_CUT = 'x'       /* before activation, consent or history */
};

/* "complete", "partial", "hole", "pending" as day JSON has them; "missing", "asked", "failed", "cut" else. */
const char *releve_day_state_name(enum releve_day_state state);

struct releve_coverage {
    struct releve_span span;
    char states[RELEVE_JOB_DAYS_MAX]; /* states[i] is day span.first + i */
};

/* All of `span` missing. The span has at most RELEVE_JOB_DAYS_MAX days. */
void releve_coverage_init(struct releve_coverage *coverage, struct releve_span span);

/* A day outside the span is RELEVE_DAY_CUT. */
enum releve_day_state releve_coverage_get(const struct releve_coverage *coverage, releve_day day);

/* A day outside the span is left alone. */
void releve_coverage_set(struct releve_coverage *coverage, releve_day day, enum releve_day_state state);

/* Changes each day of `part` that is in state `from` to `to`; returns how many. */
int releve_coverage_replace(struct releve_coverage *coverage, struct releve_span part, enum releve_day_state from,
                            enum releve_day_state to);

int releve_coverage_count(const struct releve_coverage *coverage, enum releve_day_state state);

/* The newest day in that state that is before `before`; RELEVE_DAY_NONE where there is none. */
releve_day releve_coverage_newest(const struct releve_coverage *coverage, enum releve_day_state state,
                                  releve_day before);

#endif
