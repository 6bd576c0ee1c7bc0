/* The end of a job (law 4): hash, stream and reply list, by one script and once. */
#include <adapters/redis/job_json.h>
#include <adapters/redis/result_json.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <cjson/cJSON.h>

#define RESULTS_MAX 100000 /* entries that the stream keeps, about */

static void add_field(struct releve_arguments *arguments, const char *name, const char *value)
{
    releve_arguments_text(arguments, name);
    releve_arguments_text(arguments, value);
}

static void add_count(struct releve_arguments *arguments, const char *name, int value)
{
    releve_arguments_text(arguments, name);
    releve_arguments_format(arguments, "%d", value);
}

static void add_day(struct releve_arguments *arguments, const char *name, releve_day day)
{
    char text[RELEVE_DAY_TEXT];
    releve_day_format(day, text);
    releve_arguments_text(arguments, name);
    releve_arguments_format(arguments, "%s", text);
}

static void add_time(struct releve_arguments *arguments, const char *name, releve_time at)
{
    char text[RELEVE_TIME_TEXT];
    releve_utc_format(at, text);
    releve_arguments_text(arguments, name);
    releve_arguments_format(arguments, "%s", text);
}

static void add_result(struct releve_arguments *arguments, const struct releve_result *result, const char *error)
{
    const struct releve_job *job = &result->job;
    add_field(arguments, "state", releve_job_state_name(result->state));
    releve_arguments_text(arguments, "prm");
    releve_arguments_format(arguments, RELEVE_PRM_FORMAT, job->prm);
    add_field(arguments, "kind", releve_kind_facts(job->kind)->name);
    add_day(arguments, "start", job->span.first);
    add_day(arguments, "end", job->span.end);
    add_count(arguments, "days", result->days);
    add_count(arguments, "complete", result->complete);
    add_count(arguments, "partial", result->partial);
    add_count(arguments, "holes", result->holes);
    add_count(arguments, "pending", result->pending);
    add_count(arguments, "failed", result->failed);
    add_count(arguments, "cut", result->cut);
    add_count(arguments, "requests", result->requests);
    add_field(arguments, "error", error);
    add_time(arguments, "created_at", job->created_at);
    add_time(arguments, "finished_at", result->finished_at);
}

void releve_store_finish(struct releve_store *store, const struct releve_result *result, releve_store_done done,
                         void *data)
{
    static const char what[] = "store a job's result";
    const struct releve_job *job = &result->job;
    assert(done != NULL);
    if (job->id[0] == '\0') { /* nobody knows this job by name, so nobody can be told of it */
        releve_store_nothing_to_do(store, what, done, data);
        return;
    }
    bool queued = store->worker[0] != '\0';
    char *json = releve_result_json(result);
    char *words = queued ? releve_job_json_write(job) : NULL;
    if (json == NULL || (queued && words == NULL)) {
        free(json);
        free(words);
        struct releve_error error;
        (void)releve_fail(&error, RELEVE_E_SYSTEM, "cannot %s: out of memory", what);
        releve_store_refuse(store, &error, done, data);
        return;
    }
    char error[RELEVE_RESULT_ERROR_BYTES];
    releve_result_error(result, error);
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_script(&arguments, &releve_script_finish, queued ? 3 : 2);
    releve_arguments_format(&arguments, "%s:job:%s", store->prefix, job->id);
    releve_arguments_format(&arguments, "%s:results", store->prefix);
    if (queued)
        releve_arguments_format(&arguments, "%s:worker:%s:jobs", store->prefix, store->worker);
    releve_arguments_text(&arguments, json);
    releve_arguments_format(&arguments, "%d", RESULTS_MAX);
    releve_arguments_format(&arguments, "%d", RELEVE_JOB_KEEP_S);
    releve_arguments_text(&arguments, queued ? words : "");
    releve_arguments_text(&arguments, job->reply_to);
    add_result(&arguments, result, error);
    releve_store_send_words(store, what, &releve_script_finish, arguments.count, arguments.values, arguments.bytes,
                            done, data);
    cJSON_free(json);
    cJSON_free(words);
}

void releve_store_forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data)
{
    struct releve_arguments arguments = {.count = 0};
    releve_arguments_text(&arguments, "DEL");
    releve_arguments_format(&arguments, "%s:job:%s", store->prefix, id);
    releve_store_send_words(store, "forget a job", NULL, arguments.count, arguments.values, arguments.bytes, done,
                            data);
}
