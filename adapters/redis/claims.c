/* Two workers never ask for the same days at the same moment: the days of a chunk are claimed before it is sent, and
 * the claim ends with their storing (docs/design.md, Claims). */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

void releve_store_add_days(const struct releve_store *store, struct releve_words *words, releve_prm prm,
                           enum releve_kind kind, struct releve_span span)
{
    for (releve_day day = span.first; day < span.end; day++)
        releve_key_day(words, store->prefix, prm, kind, day);
}

bool releve_reply_coverage(const redisReply *reply, struct releve_coverage *coverage)
{
    size_t days = (size_t)releve_span_days(coverage->span);
    if (reply->type != REDIS_REPLY_STRING || (size_t)reply->len != days)
        return false;
    memcpy(coverage->states, reply->str, days);
    return true;
}

static void decode_claim(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct releve_coverage coverage;
    struct releve_error odd;
    enum releve_claim claim = RELEVE_CLAIM_GRANTED;
    releve_coverage_init(&coverage, call->span);
    /* Nil: granted. Else the states of the days, and whether it is busy. */
    if (reply != NULL && reply->type != REDIS_REPLY_NIL) {
        bool good = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
                    reply->element[1]->type == REDIS_REPLY_INTEGER &&
                    releve_reply_coverage(reply->element[0], &coverage);
        error = good ? error : releve_call_odd(call, &odd);
        claim = good && reply->element[1]->integer == 1 ? RELEVE_CLAIM_BUSY : RELEVE_CLAIM_KNOWN;
    }
    call->to.claimed(call->data, error, claim, &coverage);
}

/* A refused claim says what is known, and a job may rest on that only when replicas have it. */
struct claim_call {
    struct releve_store *store;
    struct releve_job job;
    struct releve_span span;
    releve_time now;
    enum releve_claim claim;
    releve_store_claimed claimed;
    void *data;
};

static void on_safe(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                    const struct releve_point_facts *facts)
{
    struct claim_call call = *(struct claim_call *)data;
    struct releve_coverage none;
    (void)facts;
    free(data);
    releve_coverage_init(&none, call.span);
    call.claimed(call.data, error, call.claim, coverage != NULL ? coverage : &none);
}

static void on_claimed(void *data, const struct releve_error *error, enum releve_claim claim,
                       const struct releve_coverage *coverage)
{
    struct claim_call *call = data;
    call->claim = claim;
    if (error->code == RELEVE_OK && claim != RELEVE_CLAIM_GRANTED)
        releve_store_know_safely(call->store, &call->job, call->span, call->now, on_safe, call);
    else
        on_safe(call, error, coverage, NULL);
}

void releve_store_claim(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                        enum releve_claim_ends ends, struct releve_permit claim, releve_time now,
                        releve_store_claimed claimed, void *data)
{
    assert(job->kind < RELEVE_KINDS && releve_span_days(span) > 0 && claimed != NULL);
    struct releve_words words = {.count = 0};
    char now_text[RELEVE_TIME_TEXT], process[RELEVE_PROCESS_TEXT];
    releve_utc_format(now, now_text);
    releve_process_format(claim.process, process);
    releve_words_script(&words, &releve_script_claim, 1 + (size_t)releve_span_days(span));
    releve_key_claims(&words, store->prefix, job->prm, job->kind);
    releve_store_add_days(store, &words, job->prm, job->kind, span);
    releve_words_add(&words, now_text);
    releve_words_format(&words, "%d", (int)span.first);
    releve_words_format(&words, "%d", releve_span_days(span));
    releve_words_add(&words, process);
    releve_store_permit_name(&words, claim);
    releve_words_format(&words, "%lld", (long long)RELEVE_CLAIM_LIFE_MS);
    releve_words_add(&words, ends == RELEVE_CLAIM_ANY ? "any" : ends == RELEVE_CLAIM_LAST_MISSING ? "last" : "both");
    struct releve_call call = {.what = "claim days",
                               .type = RELEVE_REPLY_ANY,
                               .decode = decode_claim,
                               .to.claimed = claimed,
                               .data = data,
                               .span = span};
    if (store->url.replicas > 0) {
        struct claim_call *kept = releve_alloc(1, sizeof *kept);
        *kept = (struct claim_call){store, *job, span, now, RELEVE_CLAIM_GRANTED, claimed, data};
        call.to.claimed = on_claimed;
        call.data = kept;
    }
    releve_call_send(store, &call, &releve_script_claim, &words);
}

void releve_store_unclaim(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_permit claim,
                          releve_store_done done, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "HDEL");
    releve_key_claims(&words, store->prefix, prm, kind);
    releve_store_permit_name(&words, claim);
    releve_call_done(store, "give a claim up", NULL, &words, done, data);
}
