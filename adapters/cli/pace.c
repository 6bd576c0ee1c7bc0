/* See pace.h. */
#include "pace.h"

#define FIGURE_MAX 1e12 /* of what is counted */

int releve_pace_number(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valueint : 0;
}

/* And a whole number can hold it. */
double releve_pace_figure(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    double figure = cJSON_IsNumber(item) && item->valuedouble > 0 ? item->valuedouble : 0;
    return figure < FIGURE_MAX ? figure : FIGURE_MAX;
}

static void add_outage(struct releve_pace *pace, const cJSON *pulse)
{
    releve_time away_ms = (releve_time)releve_pace_figure(pulse, "away_ms");
    releve_time retry_ms = (releve_time)releve_pace_figure(pulse, "retry_ms");
    if (away_ms == 0)
        return;
    if (pace->away_ms == 0 || retry_ms < pace->retry_ms)
        pace->retry_ms = retry_ms;
    if (away_ms > pace->away_ms)
        pace->away_ms = away_ms;
}

struct releve_pace releve_pace_measure(const cJSON *overview, const struct releve_quota *quota,
                                       const releve_time *over_ms, size_t permits)
{
    struct releve_pace pace = {.left_ms = RELEVE_TIME_NEVER};
    const cJSON *item, *workers = cJSON_GetObjectItemCaseSensitive(overview, "workers");
    const cJSON *commands = cJSON_GetObjectItemCaseSensitive(overview, "commands");
    const cJSON *queues = cJSON_GetObjectItemCaseSensitive(overview, "queues");
    pace.waiting =
        releve_pace_number(queues, "high") + releve_pace_number(queues, "normal") + releve_pace_number(queues, "low");
    cJSON_ArrayForEach(item, commands) {
        pace.requests_left += (uint64_t)releve_pace_figure(item, "requests_left");
        add_outage(&pace, item);
    }
    cJSON_ArrayForEach(item, workers) {
        const cJSON *pulse = cJSON_GetObjectItemCaseSensitive(item, "pulse");
        pace.held += releve_pace_number(item, "jobs");
        pace.requests_left += (uint64_t)releve_pace_figure(pulse, "requests_left");
        pace.jobs_per_minute += releve_pace_figure(cJSON_GetObjectItemCaseSensitive(pulse, "rate"), "jobs_per_minute");
        add_outage(&pace, pulse);
    }
    if (over_ms != NULL)
        pace.left_ms = releve_quota_makespan_ms(quota, pace.requests_left, 0, over_ms, permits);
    return pace;
}
