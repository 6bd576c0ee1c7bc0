/* See arguments.h. */
#include "arguments.h"
#include <string.h>

bool releve_argument_prm(struct releve_web_asked *asked, unsigned n, releve_prm *prm)
{
    const char *text = releve_web_argument(asked, n);
    if (releve_prm_parse(text, strlen(text), prm))
        return true;
    releve_web_fail(asked, 400, "\"%.40s\" is no usage point: a PRM has 14 digits.", text);
    return false;
}

/* Whether it is a kind; the caller says which ones are allowed. */
static bool find_kind(const struct releve_web_asked *asked, unsigned n, enum releve_kind *kind)
{
    const char *text = releve_web_argument(asked, n);
    return releve_kind_parse(text, strlen(text), kind);
}

bool releve_argument_measure(struct releve_web_asked *asked, unsigned n, enum releve_kind *kind)
{
    if (find_kind(asked, n, kind) && !releve_kind_is_document(*kind))
        return true;
    releve_web_fail(asked, 404,
                    "\"%.40s\" is no kind that has days: daily_consumption, consumption_load_curve, "
                    "daily_consumption_max_power, daily_production, production_load_curve, index_consumption, "
                    "index_production.",
                    releve_web_argument(asked, n));
    return false;
}

bool releve_argument_document(struct releve_web_asked *asked, unsigned n, enum releve_kind *kind)
{
    if (find_kind(asked, n, kind) && releve_kind_is_document(*kind))
        return true;
    releve_web_fail(asked, 404, "\"%.40s\" is no document: contracts, addresses, identity, contact_data.",
                    releve_web_argument(asked, n));
    return false;
}

static bool parse_day(struct releve_web_asked *asked, const char *what, const char *text, releve_day *day)
{
    if (releve_day_parse(text, strlen(text), day))
        return true;
    releve_web_fail(asked, 400, "%s \"%.40s\" is no day: YYYY-MM-DD.", what, text);
    return false;
}

bool releve_argument_day(struct releve_web_asked *asked, unsigned n, releve_day *day)
{
    return parse_day(asked, "the path:", releve_web_argument(asked, n), day);
}

bool releve_argument_span(struct releve_web_asked *asked, int days_max, struct releve_span *span)
{
    const char *start = releve_web_parameter(asked, "start"), *end = releve_web_parameter(asked, "end");
    if ((start != NULL && !parse_day(asked, "start:", start, &span->first)) ||
        (end != NULL && !parse_day(asked, "end:", end, &span->end)))
        return false;
    if (span->first == span->end)
        span->end++;
    if (span->first > span->end)
        releve_web_fail(asked, 400, "start lies behind end.");
    else if (releve_span_days(*span) > days_max)
        releve_web_fail(asked, 400, "These are %d days: at most %d in one request.", releve_span_days(*span), days_max);
    else
        return true;
    return false;
}
