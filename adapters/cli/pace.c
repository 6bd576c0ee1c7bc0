/* See pace.h. */
#include "pace.h"
#include "json_fields.h"

static void add_redis(struct releve_pace *pace, const cJSON *pulse, releve_time away_ms)
{
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(pulse, "redis_why"));
    pace->redis_away += away_ms > 0;
    if (away_ms <= pace->redis_away_ms)
        return;
    pace->redis_away_ms = away_ms;
    pace->redis_why = why != NULL ? why : "";
}

static void add_process(struct releve_pace *pace, const cJSON *pulse)
{
    releve_time away_ms = (releve_time)releve_json_figure(pulse, "away_ms");
    releve_time redis_away_ms = (releve_time)releve_json_figure(pulse, "redis_away_ms");
    add_redis(pace, pulse, redis_away_ms);
    pace->stalled += away_ms > 0 || redis_away_ms > 0;
    pace->requests_left += (uint64_t)releve_json_figure(pulse, "requests_left");
    pace->in_flight += (uint64_t)releve_json_figure(pulse, "requests_in_flight");
    pace->processes++;
    pace->away += away_ms > 0;
    if (away_ms <= pace->away_ms)
        return;
    pace->away_ms = away_ms;
    pace->retry_ms = (releve_time)releve_json_figure(pulse, "retry_ms");
}

bool releve_pace_is_away(const struct releve_pace *pace)
{
    return pace->stalled > 0 && pace->stalled == pace->processes;
}

struct releve_pace releve_pace_measure(const cJSON *overview, const struct releve_quota *quota,
                                       const releve_time *over_ms, size_t permits)
{
    struct releve_pace pace = {.left_ms = RELEVE_TIME_NEVER, .redis_why = ""};
    const cJSON *item, *workers = cJSON_GetObjectItemCaseSensitive(overview, "workers");
    const cJSON *commands = cJSON_GetObjectItemCaseSensitive(overview, "commands");
    const cJSON *starting = cJSON_GetObjectItemCaseSensitive(overview, "starting");
    const cJSON *queues = cJSON_GetObjectItemCaseSensitive(overview, "queues");
    pace.waiting =
        releve_json_count(queues, "high") + releve_json_count(queues, "normal") + releve_json_count(queues, "low");
    cJSON_ArrayForEach(item, commands)
        add_process(&pace, item);
    cJSON_ArrayForEach(item, starting)
        add_process(&pace, item);
    cJSON_ArrayForEach(item, workers) {
        const cJSON *pulse = cJSON_GetObjectItemCaseSensitive(item, "pulse");
        pace.held += releve_json_count(item, "jobs");
        pace.jobs_per_minute += releve_json_figure(cJSON_GetObjectItemCaseSensitive(pulse, "rate"), "jobs_per_minute");
        if (pulse != NULL)
            add_process(&pace, pulse);
    }
    if (over_ms != NULL)
        pace.left_ms = releve_quota_makespan_ms(quota, pace.requests_left, 0, over_ms, permits);
    return pace;
}
