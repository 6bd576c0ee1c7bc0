/* Texts of notices and failures. */
#include "log.h"
#include "progress.h"
#include "reasons.h"
#include <stdio.h>
#include <string.h>

static const struct {
    enum releve_log_level level;
    const char *text;
} notices[] = {
    [RELEVE_NOTICE_RETRY] = {RELEVE_LOG_DEBUG, "failed, tried again in"},
    [RELEVE_NOTICE_GIVEN_UP] = {RELEVE_LOG_DEBUG, "failed for good"},
    [RELEVE_NOTICE_PAUSED] = {RELEVE_LOG_INFO, "fails again and again, paused for"},
    [RELEVE_NOTICE_THROTTLED] = {RELEVE_LOG_WARN, "upstream says that the quota is used up; nothing is sent for"},
    [RELEVE_NOTICE_UNREACHED] = {RELEVE_LOG_WARN, "upstream cannot be reached, or fails for all; nothing is sent for"},
    [RELEVE_NOTICE_REACHED] = {RELEVE_LOG_WARN, "upstream answers again"},
    [RELEVE_NOTICE_ANSWERED] = {RELEVE_LOG_DEBUG, "answered"},
    [RELEVE_NOTICE_TOKEN_RETRY] = {RELEVE_LOG_WARN, "no token; asked again in"},
    [RELEVE_NOTICE_SICK] = {RELEVE_LOG_WARN, "fails again and again: given up for this run"},
    [RELEVE_NOTICE_POINT_REFUSED] = {RELEVE_LOG_DEBUG,
                                     "refused: nothing more is asked of this direction of the usage point"},
    [RELEVE_NOTICE_API_REFUSED] = {RELEVE_LOG_ERROR, "the application may not use this API: nothing more is asked of "
                                                     "this kind; subscribe it at Enedis"},
    [RELEVE_NOTICE_PART_MISSING] = {RELEVE_LOG_WARN, "a part is left out, as its API does not say it"},
    [RELEVE_NOTICE_NOT_TOLD] = {RELEVE_LOG_INFO, "no API tells when usage points were activated: their first days are "
                                                 "searched for, which costs some requests more"},
    [RELEVE_NOTICE_NO_PREFLIGHT] = {RELEVE_LOG_INFO, "upstream does not tell which usage points have which kinds"},
    [RELEVE_NOTICE_DEMOTED] = {RELEVE_LOG_INFO, "nothing but holes so far: goes on behind the others"},
};

/* The usage point, whole or by its last digits, which still find it in a list. */
static void name_point(releve_prm prm, bool whole, char out[RELEVE_PRM_TEXT])
{
    releve_prm_format(prm, out);
    if (!whole)
        memset(out, '*', RELEVE_PRM_DIGITS - RELEVE_LOG_PRM_DIGITS);
}

bool releve_log_notice(const struct releve_action *notice, enum releve_log_level level, bool whole,
                       char line[RELEVE_LOG_LINE_BYTES])
{
    if (notices[notice->notice].level > level)
        return false;
    char point[RELEVE_PRM_TEXT], about[RELEVE_PRM_TEXT + 40] = "", wait[RELEVE_DURATION_TEXT + 1] = "",
                                                         span[2 * RELEVE_DAY_TEXT + 40] = "";
    if (notice->job != NULL) {
        name_point(notice->job->prm, whole, point);
        (void)snprintf(about, sizeof about, "%s %s: ", point, releve_kind_facts(notice->job->kind)->name);
    }
    if (notice->wait_ms > 0) {
        wait[0] = ' ';
        releve_duration_format(notice->wait_ms, wait + 1);
    }
    if (notice->notice == RELEVE_NOTICE_ANSWERED) {
        char first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
        releve_day_format(notice->span.first, first);
        releve_day_format(notice->span.end, end);
        if (notice->request == RELEVE_REQUEST_ACTIVATION)
            (void)snprintf(span, sizeof span, " when it was activated: %s", releve_verdict_name(notice->verdict));
        else
            (void)snprintf(span, sizeof span, " %s to %s: %s", first, end, releve_verdict_name(notice->verdict));
    }
    const struct releve_reason *reason =
        notice->reason != NULL && notice->reason->code[0] != '\0' ? notice->reason : NULL;
    (void)snprintf(line, RELEVE_LOG_LINE_BYTES, "%s%s%s%s%s%s%s%s%s", about, notices[notice->notice].text, wait, span,
                   reason != NULL ? " (" : "", reason != NULL ? reason->code : "", reason != NULL ? ": " : "",
                   reason != NULL ? reason->text : "", reason != NULL ? ")" : "");
    return true;
}

void releve_log_failure(const struct releve_result *result, size_t index, bool whole, char line[RELEVE_LOG_LINE_BYTES])
{
    const struct releve_failure *failure = &result->failures[index];
    char point[RELEVE_PRM_TEXT], first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT], code[RELEVE_REASONS_CODE_TEXT],
        refusal[RELEVE_REASONS_TEXT];
    name_point(result->job.prm, whole, point);
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
