/* The fewest requests that cover the missing days of a coverage, by dynamic programming. It tries every end and every
 * length, so that it shares no idea with the planner. */
#ifndef RELEVE_TESTS_FEWEST_H
#define RELEVE_TESTS_FEWEST_H

#include <releve/coverage.h>
#include <releve/memory.h>
#include <stdlib.h>

static inline int fewest_requests(const struct releve_coverage *coverage, int days_max)
{
    int days = releve_span_days(coverage->span);
    int *fewest = releve_alloc((size_t)days + 1, sizeof *fewest); /* [i]: for the first i days */
    for (int i = 1; i <= days; i++) {
        fewest[i] = coverage->states[i - 1] != RELEVE_DAY_MISSING ? fewest[i - 1] : INT32_MAX;
        for (int length = 1; length <= days_max && length <= i; length++)
            if (fewest[i - length] + 1 < fewest[i])
                fewest[i] = fewest[i - length] + 1;
    }
    int result = fewest[days];
    free(fewest);
    return result;
}

#endif
