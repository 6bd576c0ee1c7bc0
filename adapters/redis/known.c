/* What is known before anything is asked: the coverage of a job's days, and the facts of its usage point. Law 2
 * (thrift) begins here. */
#include <adapters/redis/facts.h>
#include <adapters/redis/queue_keys.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>

static void decode_known(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct releve_coverage coverage;
    struct releve_point_facts facts;
    struct releve_error odd;
    releve_coverage_init(&coverage, call->span);
    if (reply != NULL && (reply->elements != 2 || !releve_reply_coverage(reply->element[0], &coverage))) {
        error = releve_call_odd(call, &odd);
        reply = NULL;
    }
    if (reply != NULL)
        releve_facts_read(reply->element[1], call->now, &facts);
    call->to.known(call->data, error, reply != NULL ? &coverage : NULL, reply != NULL ? &facts : NULL);
}

void releve_store_begin(struct releve_store *store, const struct releve_job *job, releve_time now,
                        releve_store_known known, void *data)
{
    int days = releve_span_days(job->span);
    assert(job->kind < RELEVE_KINDS && days <= RELEVE_JOB_DAYS_MAX && known != NULL);
    bool named = job->id[0] != '\0';
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_known, named ? 2 : 1);
    releve_store_point_key(store, &words, job->prm);
    if (named)
        releve_words_format(&words, "%s:job:%s", store->prefix, job->id);
    releve_reply_coverage_words(store, &words, job->prm, job->kind, job->span, now);
    releve_words_format(&words, "%d", RELEVE_JOB_KEEP_S);
    releve_words_field(&words, "state", "running");
    releve_job_fields(&words, job);
    struct releve_call call = {.what = "read what is known of a job's days",
                               .type = REDIS_REPLY_ARRAY,
                               .decode = decode_known,
                               .to.known = known,
                               .data = data,
                               .span = job->span,
                               .now = now};
    releve_call_send(store, &call, &releve_script_known, &words);
}
