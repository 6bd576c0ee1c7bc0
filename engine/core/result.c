/* What a job comes to: its failures as they happen, its counts at the end. Law 4: every day is in exactly one count. */
#include "calls.h"
#include <string.h>

/* Adds a failed span, grown into its neighbour where the reason is the same. The last one absorbs what has no room. */
static void list_failure(struct releve_result *result, struct releve_span span, const struct releve_reason *reason)
{
    struct releve_failure *last = NULL;
    for (size_t i = 0; i < result->failures_count; i++) {
        struct releve_failure *failure = &result->failures[i];
        bool touches = failure->span.first <= span.end && failure->span.end >= span.first;
        if (touches && strcmp(failure->reason.code, reason->code) == 0)
            last = failure;
    }
    if (last == NULL && result->failures_count == RELEVE_FAILURES_MAX)
        last = &result->failures[RELEVE_FAILURES_MAX - 1];
    if (last == NULL) {
        result->failures[result->failures_count++] = (struct releve_failure){span, *reason};
        return;
    }
    last->span.first = span.first < last->span.first ? span.first : last->span.first;
    last->span.end = span.end > last->span.end ? span.end : last->span.end;
}

void releve_result_fail(struct releve_result *result, struct releve_coverage *coverage, struct releve_span part,
                        enum releve_day_state from, const struct releve_reason *reason)
{
    part = releve_span_cut(part, coverage->span);
    releve_day begin = RELEVE_DAY_NONE;
    for (releve_day day = part.first; day <= part.end; day++) {
        bool failing = day < part.end && releve_coverage_get(coverage, day) == from;
        if (failing) {
            releve_coverage_set(coverage, day, RELEVE_DAY_FAILED);
            begin = begin == RELEVE_DAY_NONE ? day : begin;
        } else if (begin != RELEVE_DAY_NONE) {
            list_failure(result, (struct releve_span){begin, day}, reason);
            begin = RELEVE_DAY_NONE;
            result->reason = *reason;
        }
    }
}

static void sort_failures(struct releve_result *result)
{
    for (size_t i = 1; i < result->failures_count; i++) {
        struct releve_failure failure = result->failures[i];
        size_t j = i;
        for (; j > 0 && result->failures[j - 1].span.first > failure.span.first; j--)
            result->failures[j] = result->failures[j - 1];
        result->failures[j] = failure;
    }
}

static enum releve_job_state final_state(const struct releve_result *result, bool absent)
{
    int obtained = result->complete + result->partial + result->holes + result->pending;
    if (absent && obtained == 0)
        return RELEVE_JOB_NOT_APPLICABLE;
    if (result->failed == 0)
        return RELEVE_JOB_DONE;
    return obtained > 0 ? RELEVE_JOB_PARTIAL : RELEVE_JOB_FAILED;
}

void releve_result_sum_up(struct releve_result *result, const struct releve_coverage *coverage, bool absent)
{
    result->complete = releve_coverage_count(coverage, RELEVE_DAY_COMPLETE);
    result->partial = releve_coverage_count(coverage, RELEVE_DAY_PARTIAL);
    result->holes = releve_coverage_count(coverage, RELEVE_DAY_HOLE);
    result->pending = releve_coverage_count(coverage, RELEVE_DAY_PENDING);
    result->failed = releve_coverage_count(coverage, RELEVE_DAY_FAILED);
    result->cut = releve_coverage_count(coverage, RELEVE_DAY_CUT);
    result->days = result->complete + result->partial + result->holes + result->pending + result->failed;
    result->state = final_state(result, absent);
    if (result->state == RELEVE_JOB_DONE)
        result->reason = (struct releve_reason){0};
    sort_failures(result);
}
