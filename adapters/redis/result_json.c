/* The one form in which results leave: stream, reply lists, and the command line's --json. */
#include <adapters/redis/result_json.h>
#include <assert.h>
#include <releve/text.h>
#include <stdio.h>

void releve_result_error(const struct releve_result *result, char out[RELEVE_RESULT_ERROR_BYTES])
{
    const struct releve_reason *reason = &result->reason;
    (void)snprintf(out, RELEVE_RESULT_ERROR_BYTES, "%s%s%s", reason->code,
                   reason->code[0] != '\0' && reason->text[0] != '\0' ? ": " : "",
                   reason->code[0] != '\0' ? reason->text : "");
}

static void add_text(struct releve_text *json, const char *name, const char *text)
{
    releve_text_format(json, "%s\"%s\":", json->bytes[json->length - 1] == '{' ? "" : ",", name);
    releve_text_json(json, text);
}

static void add_day(struct releve_text *json, const char *name, releve_day day)
{
    char text[RELEVE_DAY_TEXT];
    releve_day_format(day, text);
    add_text(json, name, text);
}

/* A document has no days. */
static void add_span(struct releve_text *json, enum releve_kind kind, struct releve_span span)
{
    if (releve_kind_is_document(kind)) {
        releve_text_puts(json, json->bytes[json->length - 1] == '{' ? "" : ",");
        releve_text_puts(json, "\"start\":null,\"end\":null");
        return;
    }
    add_day(json, "start", span.first);
    add_day(json, "end", span.end);
}

static void add_time(struct releve_text *json, const char *name, releve_time at)
{
    char text[RELEVE_TIME_TEXT];
    releve_utc_format(at, text);
    add_text(json, name, text);
}

static void add_counts(struct releve_text *json, const struct releve_result *result)
{
    const struct {
        const char *name;
        int value;
    } counts[] = {{"days", result->days},   {"complete", result->complete}, {"partial", result->partial},
                  {"holes", result->holes}, {"pending", result->pending},   {"failed", result->failed},
                  {"cut", result->cut},     {"requests", result->requests}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        releve_text_format(json, ",\"%s\":%d", counts[i].name, counts[i].value);
}

static void add_failures(struct releve_text *json, const struct releve_result *result)
{
    releve_text_puts(json, ",\"failures\":[");
    for (size_t i = 0; i < result->failures_count; i++) {
        const struct releve_failure *failure = &result->failures[i];
        releve_text_puts(json, i > 0 ? ",{" : "{");
        add_span(json, result->job.kind, failure->span);
        add_text(json, "code", failure->reason.code);
        add_text(json, "message", failure->reason.text);
        releve_text_puts(json, "}");
    }
    releve_text_puts(json, "]");
}

char *releve_result_json(const struct releve_result *result)
{
    assert(result->state < RELEVE_JOB_STATES && result->failures_count <= RELEVE_FAILURES_MAX);
    const struct releve_job *job = &result->job;
    struct releve_text json = {.length = 0};
    char prm[RELEVE_PRM_TEXT], error[RELEVE_RESULT_ERROR_BYTES];
    releve_prm_format(job->prm, prm);
    releve_result_error(result, error);
    releve_text_puts(&json, "{");
    add_text(&json, "id", job->id);
    add_text(&json, "state", releve_job_state_name(result->state));
    add_text(&json, "prm", prm);
    add_text(&json, "kind", releve_kind_facts(job->kind)->name);
    add_span(&json, job->kind, job->span);
    add_counts(&json, result);
    if (error[0] != '\0')
        add_text(&json, "error", error);
    else
        releve_text_puts(&json, ",\"error\":null");
    add_time(&json, "created_at", job->created_at);
    add_time(&json, "finished_at", result->finished_at);
    add_failures(&json, result);
    releve_text_add(&json, "}", sizeof "}"); /* with its NUL */
    return json.bytes;
}
