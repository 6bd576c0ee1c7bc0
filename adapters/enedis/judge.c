/* An answer to a data request: no answer, an error, or readings; in this order, so that an error under a success
 * status never passes as data (law 3). */
#include "judge.h"
#include "enedis.h"
#include "errors.h"
#include "reason.h"
#include "subscribed.h"
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>

static void copy_quality(const char *quality, char out[RELEVE_QUALITY_BYTES])
{
    size_t used = 0;
    for (; quality && *quality && used + 1 < RELEVE_QUALITY_BYTES; quality++)
        out[used++] =
            isalnum((unsigned char)*quality) || *quality == ' ' || *quality == '-' || *quality == '_' || *quality == '.'
                ? *quality
                : '?';
    out[used] = '\0';
}

static void judge_data(const struct enedis_reader *reader, const struct enedis_json *json, releve_prm prm,
                       struct enedis_measures *measures, struct releve_answer *answer)
{
    const char *quality = NULL;
    bool read = reader->read(json->root, prm, measures, &quality);
    if (read && measures->points_seen == 0 && measures->named.end >= measures->span.end) {
        /* Where a 404 is usual (docs/enedis.md, Bodies). All else about the body was checked. */
        enedis_reason(answer, RELEVE_NO_DATA, "empty", "no measure in this range (an empty list)");
        return;
    }
    if (!read || !enedis_measures_finish(measures, &answer->readings, &answer->readings_count)) {
        assert(!answer->readings);
        enedis_reason_bad_body(answer, "%s", measures->problem);
        return;
    }
    answer->verdict = RELEVE_DATA;
    if (measures->unusable_count > 0)
        enedis_reason(answer, RELEVE_DATA, "bad-body", "%s", measures->unusable_why);
    copy_quality(quality, answer->quality);
}

bool enedis_reply_open(const struct releve_exchange_response *response, const struct enedis_json_lists *lists,
                       struct enedis_reply *reply, struct releve_answer *answer)
{
    *answer = (struct releve_answer){.retry_after_ms = RELEVE_RETRY_UNKNOWN};
    if (response->outcome != RELEVE_EXCHANGE_ANSWERED) {
        enedis_errors_judge_outcome(response, answer);
        return false;
    }
    const char *body = response->body ? response->body : "", *no_data = NULL;
    if (lists)
        no_data = enedis_json_open_lists(&reply->json, body, response->body_bytes, lists);
    if (no_data)
        enedis_json_close(&reply->json, false);
    reply->problem = lists && !no_data ? NULL : enedis_json_open(&reply->json, body, response->body_bytes);
    enedis_errors_read(reply->problem ? NULL : reply->json.root, &reply->fault);
    if (!reply->problem)
        reply->problem = no_data;
    return true;
}

/* An error whose body was cut on the way, or spoiled: what it said is not known, so the status alone proves nothing.
 * Only 401 and 429 say all by themselves; a web page and an empty body are judged by their status. */
static bool is_spoiled_error(const struct releve_exchange_response *response, const struct enedis_reply *reply)
{
    int status = response->status;
    return status >= 400 && status < 500 && status != 401 && status != 429 && reply->problem &&
           response->body_bytes > 0 && !enedis_errors_is_page(response);
}

/* What is no data is judged: no JSON, an error. True where the body of a success remains. */
static bool is_success(const struct releve_exchange_response *response, const struct enedis_reply *reply,
                       const char *api, releve_time now, struct releve_answer *answer)
{
    if (is_spoiled_error(response, reply))
        enedis_reason_bad_body(answer, "HTTP %d: %s", response->status, reply->problem);
    else if (response->status != 200 || reply->fault.present || reply->fault.next_access_time)
        enedis_errors_judge(response, &reply->fault, api, now, answer);
    else if (reply->problem)
        enedis_reason_bad_body(answer, "%s", reply->problem);
    else
        return true;
    return false;
}

void enedis_judge(const struct enedis_reader *reader, enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer)
{
    struct enedis_measures measures = {
        .kind = kind, .span = span, .named = span, .names = &reader->names, .date = ENEDIS_NO_DATE};
    const struct enedis_json_lists lists = {reader->names.list, enedis_measures_read, &measures};
    struct enedis_reply reply;
    assert(releve_span_days(span) <= RELEVE_JOB_DAYS_MAX && !releve_kind_is_document(kind));
    if (!enedis_reply_open(response, response->status == 200 ? &lists : NULL, &reply, answer))
        return;
    if (is_success(response, &reply, reader->api, now, answer))
        judge_data(reader, &reply.json, prm, &measures, answer);
    enedis_measures_free(&measures);
    enedis_json_close(&reply.json, false);
}

void enedis_judge_document(const struct enedis_document_reader *reader, enum releve_kind kind, releve_prm prm,
                           const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer)
{
    struct enedis_reply reply;
    if (!enedis_reply_open(response, NULL, &reply, answer))
        return;
    if (is_success(response, &reply, reader->api, now, answer))
        enedis_documents_judge(reader, kind, prm, reply.json.root, response->body, response->body_bytes, answer);
    enedis_json_close(&reply.json, true); /* personal data */
}

/* What another try would not change: then the document stands without that part. */
static bool is_final(enum releve_verdict verdict)
{
    return verdict != RELEVE_TRANSIENT && verdict != RELEVE_UNREACHED && verdict != RELEVE_THROTTLED &&
           verdict != RELEVE_TOKEN_STALE;
}

void enedis_judge_metering(const char *api, const struct releve_answer *so_far,
                           const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer)
{
    struct enedis_reply reply;
    if (!enedis_reply_open(response, NULL, &reply, answer))
        return;
    if (is_success(response, &reply, api, now, answer)) {
        enedis_documents_add_metering(so_far, reply.json.root, response->body, response->body_bytes, answer);
    } else if (is_final(answer->verdict)) {
        enedis_documents_add_metering(so_far, NULL, NULL, 0, answer);
    }
    enedis_json_close(&reply.json, true);
}

void enedis_judge_activation(const char *api, const struct releve_exchange_response *response, releve_time now,
                             struct releve_answer *answer)
{
    struct enedis_reply reply;
    if (!enedis_reply_open(response, NULL, &reply, answer))
        return;
    if (is_success(response, &reply, api, now, answer)) {
        const char *problem = enedis_document_read_activations(reply.json.root, answer->activations);
        answer->verdict = RELEVE_DATA;
        if (problem)
            enedis_reason_bad_body(answer, "%s", problem);
    }
    enedis_json_close(&reply.json, false);
}

void enedis_judge_services(const char *api, const struct releve_exchange_response *response, releve_time now,
                           struct releve_answer *answer, struct releve_services *services)
{
    struct enedis_reply reply;
    *services = (struct releve_services){0};
    if (!enedis_reply_open(response, NULL, &reply, answer))
        return;
    if (is_success(response, &reply, api, now, answer)) {
        const char *problem = enedis_subscribed_read(reply.json.root, services);
        answer->verdict = RELEVE_DATA;
        if (problem)
            enedis_reason_bad_body(answer, "%s", problem);
    }
    enedis_json_close(&reply.json, false);
}

void releve_dialect_answer_free(struct releve_answer *answer)
{
    free((void *)(uintptr_t)answer->readings);
    answer->readings = NULL;
    answer->readings_count = 0;
    enedis_documents_free(answer);
}
