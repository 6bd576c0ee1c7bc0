/* Texts of failures. */
#include "log.h"
#include "reasons.h"
#include <adapters/library/notices.h>
#include <stdio.h>

void releve_log_failure(const struct releve_result *result, size_t index, bool whole, char line[RELEVE_LOG_LINE_BYTES])
{
    const struct releve_failure *failure = &result->failures[index];
    char point[RELEVE_PRM_TEXT], first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT], code[RELEVE_REASONS_CODE_TEXT],
        refusal[RELEVE_REASONS_TEXT];
    releve_notices_name_point(result->job.prm, whole, point);
    if (releve_reasons_is_wide(&failure->reason)) {
        releve_reasons_format(&failure->reason, result->job.kind, refusal);
        (void)snprintf(line, RELEVE_LOG_LINE_BYTES, "%s: %s", point, refusal);
        return;
    }
    releve_day_format(failure->span.first, first);
    releve_day_format(failure->span.end, end);
    releve_reasons_code(&failure->reason, code);
    const char *kind = releve_kind_facts(result->job.kind)->name;
    if (releve_kind_is_document(result->job.kind))
        (void)snprintf(line, RELEVE_LOG_LINE_BYTES, "%s %s: failed: %s: %s", point, kind, code, failure->reason.text);
    else
        (void)snprintf(line, RELEVE_LOG_LINE_BYTES, "%s %s: %s to %s (excluded) failed: %s: %s", point, kind, first,
                       end, code, failure->reason.text);
}
