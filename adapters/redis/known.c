/* What is known before anything is asked: the coverage of a job's days, and the facts of its usage point. Law 2
 * (thrift) begins here. The job's own hash is of another slot than its days: two scripts, asked for together. A job
 * that came from a queue has begun when it was accepted (accept.lua), and needs the second one only.
 *
 * Where replicas are waited for, a job may rest on what it finds only when they have it: somebody else may have stored
 * it a moment ago, or for hours without them. Whoever asks for missing days finds nothing, mostly, and waits for
 * nothing; what was found is read once more, with a write beside it and a WAIT behind it. */
#include <adapters/redis/facts.h>
#include <adapters/redis/job_fields.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

#define KNOWN "read what is known of a job's days"

/* --- what is known ----------------------------------------------------------------------------------- */

/* What is found counts ... */
enum certainty {
    OF_MASTER,  /* ... whether replicas have it or not */
    IF_MISSING, /* ... where it is nothing; else it is asked once more, as the next */
    OF_REPLICAS /* ... as replicas have it: it is asked with a mark and a WAIT */
};

struct known_call {
    struct releve_store *store;
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span span;
    releve_time now;
    enum certainty certainty;
    releve_store_known known;
    void *data;
};

static void send_known(struct known_call *call);

static bool is_anything_known(const struct releve_coverage *coverage)
{
    releve_day days = releve_span_days(coverage->span);
    for (releve_day i = 0; i < days; i++)
        if (coverage->states[i] != RELEVE_DAY_MISSING)
            return true;
    return false;
}

static void decode_known(const struct releve_call *asked, const redisReply *reply, const struct releve_error *error)
{
    struct known_call *call = asked->data, ended = *call;
    struct releve_error odd;
    struct releve_coverage coverage;
    struct releve_point_facts facts;
    releve_coverage_init(&coverage, call->span);
    if (reply != NULL && (reply->elements != 2 || !releve_reply_coverage(reply->element[0], &coverage)))
        error = releve_call_odd(asked, &odd);
    else if (reply != NULL)
        releve_facts_read(reply->element[1], call->now, &facts);
    bool good = error->code == RELEVE_OK;
    if (good && call->certainty == IF_MISSING && is_anything_known(&coverage)) {
        call->certainty = OF_REPLICAS;
        send_known(call);
        return;
    }
    free(call);
    ended.known(ended.data, error, good ? &coverage : NULL, good ? &facts : NULL);
}

static void send_known(struct known_call *call)
{
    struct releve_store *store = call->store;
    bool marks = call->certainty == OF_REPLICAS;
    char now_text[RELEVE_TIME_TEXT];
    releve_utc_format(call->now, now_text);
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_known, 1 + marks + (size_t)releve_span_days(call->span));
    releve_key_point(&words, store->prefix, call->prm);
    if (marks)
        releve_key_mark(&words, store->prefix, call->prm);
    releve_store_add_days(store, &words, call->prm, call->kind, call->span);
    releve_words_add(&words, now_text);
    if (marks)
        releve_words_add(&words, "mark");
    struct releve_call asked = {.what = KNOWN,
                                .replicas = marks ? RELEVE_REPLICAS_REPEAT : RELEVE_REPLICAS_ANY,
                                .type = REDIS_REPLY_ARRAY,
                                .decode = decode_known,
                                .data = call};
    releve_call_send(store, &asked, &releve_script_known, &words);
}

/* Where no replicas are waited for, what the master has is all. */
static void ask(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                enum certainty certainty, releve_time now, releve_store_known known, void *data)
{
    assert(job->kind < RELEVE_KINDS && releve_span_days(span) <= RELEVE_JOB_DAYS_MAX && known != NULL);
    struct known_call *call = releve_alloc(1, sizeof *call);
    *call = (struct known_call){.store = store,
                                .prm = job->prm,
                                .kind = job->kind,
                                .span = span,
                                .now = now,
                                .certainty = store->url.replicas > 0 ? certainty : OF_MASTER,
                                .known = known,
                                .data = data};
    send_known(call);
}

void releve_store_look_up(struct releve_store *store, const struct releve_job *job, releve_time now,
                          releve_store_known known, void *data)
{
    ask(store, job, job->span, OF_MASTER, now, known, data);
}

void releve_store_know_safely(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                              releve_time now, releve_store_known known, void *data)
{
    ask(store, job, span, OF_REPLICAS, now, known, data);
}

/* --- a job begins ------------------------------------------------------------------------------------ */

/* What is known, kept until the job has begun too. */
struct known {
    struct releve_coverage coverage;
    struct releve_point_facts facts;
};

/* Until both have answered. A thousand jobs may begin at once, so it is small: the job mostly has begun first. */
struct begin_call {
    unsigned open;
    struct releve_error error; /* of the first that was refused */
    struct known *kept;        /* where the job has not begun yet */
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

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct known found;
    if (error->code == RELEVE_OK)
        found = (struct known){*coverage, *facts};
    one_answered(data, error, error->code == RELEVE_OK ? &found : NULL);
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
    assert(known != NULL);
    struct begin_call *call = releve_alloc(1, sizeof *call);
    *call = (struct begin_call){.open = 1, .known = known, .data = data};
    bool came_from_queue = store->worker[0] != '\0';
    if (job->id[0] != '\0' && !came_from_queue) {
        call->open++;
        send_begin(store, job, KNOWN, call);
    }
    ask(store, job, job->span, IF_MISSING, now, on_known, call);
}
