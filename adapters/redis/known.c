/* What is known before anything is asked: the coverage of a job's days, and the facts of its usage point. Law 2
 * (thrift) begins here. The job's own hash is of another slot than its days: two scripts, asked for together. A job
 * that came from a queue has begun when it was accepted (accept.lua), and needs the second one only. */
#include <adapters/redis/facts.h>
#include <adapters/redis/job_fields.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

/* What is known, kept until the job has begun too. */
struct known {
    struct releve_coverage coverage;
    struct releve_point_facts facts;
};

/* Until both have answered. A thousand jobs may begin at once, so it is small: the job mostly has begun first. */
struct begin_call {
    unsigned open;
    struct releve_span span;
    struct releve_error error; /* of the first that was refused */
    struct known *kept;        /* where the job has not begun yet */
    releve_time now;
    releve_store_known known;
    void *data;
};

/* `found` is NULL where it is kept, or was not to be had. */
static void one_answered(struct begin_call *call, const struct releve_error *error, const struct known *found)
{
    if (error->code != RELEVE_OK && call->error.code == RELEVE_OK)
        call->error = *error;
    if (--call->open > 0) {
        if (found != NULL) {
            call->kept = releve_alloc(1, sizeof *call->kept);
            *call->kept = *found;
        }
        return;
    }
    const struct known *known = found != NULL ? found : call->kept;
    bool good = call->error.code == RELEVE_OK;
    call->known(call->data, &call->error, good ? &known->coverage : NULL, good ? &known->facts : NULL);
    free(call->kept);
    free(call);
}

static void on_begun(void *data, const struct releve_error *error)
{
    one_answered(data, error, NULL);
}

static void decode_known(const struct releve_call *asked, const redisReply *reply, const struct releve_error *error)
{
    struct begin_call *call = asked->data;
    struct releve_error odd;
    struct known found;
    releve_coverage_init(&found.coverage, call->span);
    if (reply != NULL && (reply->elements != 2 || !releve_reply_coverage(reply->element[0], &found.coverage)))
        error = releve_call_odd(asked, &odd);
    else if (reply != NULL)
        releve_facts_read(reply->element[1], call->now, &found.facts);
    one_answered(call, error, error->code == RELEVE_OK ? &found : NULL);
}

static void send_begin(struct releve_store *store, const struct releve_job *job, const char *what,
                       struct begin_call *call)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_begin, 1);
    releve_key_job(&words, store->prefix, job->id);
    releve_words_format(&words, "%d", RELEVE_JOB_KEEP_S);
    releve_words_field(&words, "state", "running");
    releve_job_fields(&words, job);
    releve_call_done(store, what, &releve_script_begin, &words, on_begun, call);
}

void releve_store_begin(struct releve_store *store, const struct releve_job *job, releve_time now,
                        releve_store_known known, void *data)
{
    static const char what[] = "read what is known of a job's days";
    int days = releve_span_days(job->span);
    assert(job->kind < RELEVE_KINDS && days <= RELEVE_JOB_DAYS_MAX && known != NULL);
    struct begin_call *call = releve_alloc(1, sizeof *call);
    *call = (struct begin_call){.open = 1, .span = job->span, .now = now, .known = known, .data = data};
    bool came_from_queue = store->worker[0] != '\0';
    if (job->id[0] != '\0' && !came_from_queue) {
        call->open++;
        send_begin(store, job, what, call);
    }
    char now_text[RELEVE_TIME_TEXT];
    releve_utc_format(now, now_text);
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_known, 1 + (size_t)days);
    releve_key_point(&words, store->prefix, job->prm);
    releve_store_add_days(store, &words, job->prm, job->kind, job->span);
    releve_words_add(&words, now_text);
    struct releve_call asked = {.what = what, .type = REDIS_REPLY_ARRAY, .decode = decode_known, .data = call};
    releve_call_send(store, &asked, &releve_script_known, &words);
}
