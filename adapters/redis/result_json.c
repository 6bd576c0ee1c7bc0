/* The one form in which results leave: stream, reply lists, and the command line's --json. */
#include <adapters/redis/result_json.h>
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>

void releve_result_error(const struct releve_result *result, char out[RELEVE_RESULT_ERROR_BYTES])
{
    const struct releve_reason *reason = &result->reason;
    (void)snprintf(out, RELEVE_RESULT_ERROR_BYTES, "%s%s%s", reason->code,
                   reason->code[0] != '\0' && reason->text[0] != '\0' ? ": " : "",
                   reason->code[0] != '\0' ? reason->text : "");
}

static bool add_text(cJSON *json, const char *name, const char *text)
{
    return cJSON_AddStringToObject(json, name, text) != NULL;
}

static bool add_day(cJSON *json, const char *name, releve_day day)
{
    char text[RELEVE_DAY_TEXT];
    releve_day_format(day, text);
    return add_text(json, name, text);
}

static bool add_time(cJSON *json, const char *name, releve_time at)
{
    char text[RELEVE_TIME_TEXT];
    releve_utc_format(at, text);
    return add_text(json, name, text);
}

static bool add_counts(cJSON *json, const struct releve_result *result)
{
    const struct {
        const char *name;
        int value;
    } counts[] = {{"days", result->days},   {"complete", result->complete}, {"partial", result->partial},
                  {"holes", result->holes}, {"pending", result->pending},   {"failed", result->failed},
                  {"cut", result->cut},     {"requests", result->requests}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (cJSON_AddNumberToObject(json, counts[i].name, counts[i].value) == NULL)
            return false;
    }
    return true;
}

static bool add_failures(cJSON *json, const struct releve_result *result)
{
    cJSON *failures = cJSON_AddArrayToObject(json, "failures");
    for (size_t i = 0; i < result->failures_count; i++) {
        const struct releve_failure *failure = &result->failures[i];
        cJSON *item = cJSON_CreateObject();
        if (!cJSON_AddItemToArray(failures, item) || !add_day(item, "start", failure->span.first) ||
            !add_day(item, "end", failure->span.end) || !add_text(item, "code", failure->reason.code) ||
            !add_text(item, "message", failure->reason.text))
            return false;
    }
    return failures != NULL;
}

static bool add_all(cJSON *json, const struct releve_result *result)
{
    const struct releve_job *job = &result->job;
    char prm[RELEVE_PRM_TEXT], error[RELEVE_RESULT_ERROR_BYTES];
    releve_prm_format(job->prm, prm);
    releve_result_error(result, error);
    cJSON *error_json = error[0] != '\0' ? cJSON_CreateString(error) : cJSON_CreateNull();
    return add_text(json, "id", job->id) && add_text(json, "state", releve_job_state_name(result->state)) &&
           add_text(json, "prm", prm) && add_text(json, "kind", releve_kind_facts(job->kind)->name) &&
           add_day(json, "start", job->span.first) && add_day(json, "end", job->span.end) && add_counts(json, result) &&
           cJSON_AddItemToObject(json, "error", error_json) && add_time(json, "created_at", job->created_at) &&
           add_time(json, "finished_at", result->finished_at) && add_failures(json, result);
}

char *releve_result_json(const struct releve_result *result)
{
    assert(result->state < RELEVE_JOB_STATES && result->failures_count <= RELEVE_FAILURES_MAX);
    cJSON *json = cJSON_CreateObject();
    char *text = NULL;
    if (json != NULL && add_all(json, result))
        text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}
