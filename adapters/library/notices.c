/* Texts of notices. */
#include "notices.h"
#include <releve/text.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum releve_notice_level level;
    const char *text;
} notices[] = {
    [RELEVE_NOTICE_RETRY] = {RELEVE_LEVEL_DEBUG, "failed, tried again in"},
    [RELEVE_NOTICE_GIVEN_UP] = {RELEVE_LEVEL_DEBUG, "failed for good"},
    [RELEVE_NOTICE_PAUSED] = {RELEVE_LEVEL_INFO, "fails again and again, paused for"},
    [RELEVE_NOTICE_THROTTLED] = {RELEVE_LEVEL_WARN, "upstream says that the quota is used up; nothing is sent for"},
    [RELEVE_NOTICE_UNREACHED] = {RELEVE_LEVEL_WARN,
                                 "upstream cannot be reached, or fails for all; nothing is sent for"},
    [RELEVE_NOTICE_REACHED] = {RELEVE_LEVEL_WARN, "upstream answers again"},
    [RELEVE_NOTICE_ANSWERED] = {RELEVE_LEVEL_DEBUG, "answered"},
    [RELEVE_NOTICE_TOKEN_RETRY] = {RELEVE_LEVEL_WARN, "no token; asked again in"},
    [RELEVE_NOTICE_SICK] = {RELEVE_LEVEL_WARN, "fails again and again: given up for this run"},
    [RELEVE_NOTICE_POINT_REFUSED] = {RELEVE_LEVEL_DEBUG,
                                     "refused: nothing more is asked of this direction of the usage point"},
    [RELEVE_NOTICE_API_REFUSED] = {RELEVE_LEVEL_ERROR, "the application may not use this API: nothing more is asked of "
                                                       "this kind; subscribe it at Enedis"},
    [RELEVE_NOTICE_PART_MISSING] = {RELEVE_LEVEL_WARN, "a part is left out, as its API does not say it"},
    [RELEVE_NOTICE_NOT_TOLD] = {RELEVE_LEVEL_INFO,
                                "no API tells when usage points were activated: their first days are "
                                "searched for, which costs some requests more"},
    [RELEVE_NOTICE_NO_PREFLIGHT] = {RELEVE_LEVEL_INFO, "upstream does not tell which usage points have which kinds"},
    [RELEVE_NOTICE_DEMOTED] = {RELEVE_LEVEL_INFO, "nothing but holes so far: goes on behind the others"},
};

enum releve_notice_level releve_notices_level(enum releve_notice notice)
{
    return notices[notice].level;
}

void releve_notices_name_point(releve_prm prm, bool whole, char out[RELEVE_PRM_TEXT])
{
    releve_prm_format(prm, out);
    if (!whole)
        memset(out, '*', RELEVE_PRM_DIGITS - RELEVE_NOTICES_PRM_DIGITS);
}

void releve_notices_format(const struct releve_action *notice, bool whole, char line[RELEVE_NOTICES_LINE_BYTES])
{
    char point[RELEVE_PRM_TEXT], about[RELEVE_PRM_TEXT + 40] = "", wait[RELEVE_DURATION_TEXT + 1] = "",
                                                         span[2 * RELEVE_DAY_TEXT + 40] = "";
    if (notice->job != NULL) {
        releve_notices_name_point(notice->job->prm, whole, point);
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
    (void)snprintf(line, RELEVE_NOTICES_LINE_BYTES, "%s%s%s%s%s%s%s%s%s", about, notices[notice->notice].text, wait,
                   span, reason != NULL ? " (" : "", reason != NULL ? reason->code : "", reason != NULL ? ": " : "",
                   reason != NULL ? reason->text : "", reason != NULL ? ")" : "");
}
