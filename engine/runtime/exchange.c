/* Permits and the requests that they are for. Law 1 depends on this file: no request leaves without a permit, none may
 * arrive after its permit has aged out of the ledger, and the ledger hears at once when one is over. */
#include "state.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLAIM_BUSY_MS (1 * RELEVE_SECOND_MS)      /* before days that another worker asks for are looked at again */
#define LEDGER_REFUSED_MS (10 * RELEVE_SECOND_MS) /* before a Redis that answers with an error is asked again */

struct exchange {
    struct exchange *next; /* among those that could not even be sent */
    struct releve_reason reason;
    struct releve_runtime *runtime;
    struct bucket *bucket;
    char permit[RELEVE_PERMIT_ID_BYTES];
    releve_time asked_at_ms; /* when the permit was asked for */
    bool token;              /* a token request; else: */
    releve_handle chunk;
    struct releve_job job;
    struct releve_span span;
    bool claimed;
};

static unsigned index_of(const struct bucket *bucket)
{
    return (unsigned)(bucket - bucket->runtime->buckets);
}

static void step_permit(struct bucket *bucket, enum releve_event_type type, releve_time wait_ms)
{
    struct releve_event event = {.type = type, .bucket = index_of(bucket), .wait_ms = wait_ms};
    releve_runtime_step(bucket->runtime, &event);
}

static void on_due(void *data, const struct releve_error *error, releve_time wait_ms)
{
    struct bucket *bucket = data;
    if (!bucket->runtime->closing && error->code == RELEVE_OK)
        step_permit(bucket, RELEVE_EVENT_DUE, wait_ms);
    releve_runtime_noted(bucket->runtime, error);
}

/* Counts on while the machine is suspended, as Redis's clock does. */
static releve_time boot_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (releve_time)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long the request of a permit may take: it must be over before the permit ages out, and the permit is as old as
 * the question, at most. */
static releve_time transfer_timeout_ms(releve_time asked_at_ms)
{
    releve_time age = boot_ms() - asked_at_ms;
    releve_time left = RELEVE_PERMIT_LIFE_MS - PERMIT_SLACK_MS - age;
    return left < RELEVE_TRANSFER_TIMEOUT_MS ? left : RELEVE_TRANSFER_TIMEOUT_MS;
}

static void on_permit(void *data, const struct releve_error *error, releve_time wait_ms)
{
    struct bucket *bucket = data;
    struct releve_runtime *runtime = bucket->runtime;
    if (runtime->closing)
        return;
    if (error->code != RELEVE_OK) {
        /* Redis answered, and refuses: whoever runs it has to look. Asked again after a while. */
        if (runtime->options.refused != NULL)
            runtime->options.refused(runtime->options.data, error->text);
        wait_ms = LEDGER_REFUSED_MS;
    } else if (wait_ms == 0 && transfer_timeout_ms(bucket->asked_at_ms) < TRANSFER_TIMEOUT_MIN_MS) {
        releve_runtime_return(runtime, index_of(bucket)); /* the reply took too long to be worth anything */
        wait_ms = 1;
    }
    step_permit(bucket, RELEVE_EVENT_PERMIT, wait_ms);
}

static void write_digits(char *out, size_t count, uint64_t number)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    for (size_t i = 0; i < count; i++, number >>= 6)
        out[i] = digits[number & 63];
    out[count] = '\0';
}

#define PROCESS_DIGITS 3     /* of 6 bits: the number of the process */
#define PERMIT_DIGITS 3      /* and of its permit ... */
#define PERMIT_DIGITS_MANY 6 /* ... where so many fit into a window that 3 would come round too soon */
#define PERMITS_MANY (1u << (6 * PERMIT_DIGITS - 2))

/* Short, as a full ledger holds thousands of them: an id of 6 characters takes 8 bytes in Redis, one of 12 takes 16. */
static void name_permit(struct releve_runtime *runtime, char out[RELEVE_PERMIT_ID_BYTES])
{
    uint32_t most = 0;
    for (size_t i = 0; i < runtime->options.quota.windows_count; i++)
        most = runtime->options.quota.windows[i].limit > most ? runtime->options.quota.windows[i].limit : most;
    write_digits(out, PROCESS_DIGITS, runtime->id);
    write_digits(out + PROCESS_DIGITS, most < PERMITS_MANY ? PERMIT_DIGITS : PERMIT_DIGITS_MANY, ++runtime->permits);
}

void releve_runtime_ask(struct releve_runtime *runtime, unsigned bucket_index, bool urgent)
{
    struct bucket *bucket = &runtime->buckets[bucket_index];
    name_permit(runtime, bucket->permit);
    bucket->asked_at_ms = boot_ms();
    releve_store_permit_ask(runtime->store, bucket->name, &runtime->options.quota, urgent, bucket->permit, on_permit,
                            bucket);
}

static void return_permit(struct bucket *bucket, const char *permit)
{
    struct releve_runtime *runtime = bucket->runtime;
    runtime->notes++;
    releve_store_permit_return(runtime->store, bucket->name, &runtime->options.quota, permit, on_due, bucket);
}

void releve_runtime_return(struct releve_runtime *runtime, unsigned bucket_index)
{
    return_permit(&runtime->buckets[bucket_index], runtime->buckets[bucket_index].permit);
}

static void on_first_byte(void *data)
{
    struct exchange *exchange = data;
    struct releve_runtime *runtime = exchange->runtime;
    if (runtime->closing)
        return;
    runtime->notes++;
    releve_store_permit_settle(runtime->store, exchange->bucket->name, &runtime->options.quota, exchange->permit,
                               on_due, exchange->bucket);
}

static void step_answer(struct exchange *exchange, const struct releve_answer *answer)
{
    struct releve_event event = {
        .type = exchange->token ? RELEVE_EVENT_TOKEN : RELEVE_EVENT_ANSWER,
        .handle = exchange->chunk,
        .answer = answer,
    };
    exchange->runtime->answering = exchange;
    releve_runtime_step(exchange->runtime, &event);
    exchange->runtime->answering = NULL;
}

static void on_unclaimed(void *data, const struct releve_error *error)
{
    releve_runtime_noted(data, error);
}

void releve_runtime_unclaim(struct releve_runtime *runtime, releve_prm prm, enum releve_kind kind, const char *claim)
{
    if (runtime->closing || claim[0] == '\0')
        return;
    runtime->notes++;
    releve_store_unclaim(runtime->store, prm, kind, claim, on_unclaimed, runtime);
}

void releve_runtime_hand_over_claim(struct releve_runtime *runtime, char claim[RELEVE_PERMIT_ID_BYTES])
{
    struct exchange *exchange = runtime->answering;
    claim[0] = '\0';
    if (exchange == NULL || !exchange->claimed)
        return;
    memcpy(claim, exchange->permit, RELEVE_PERMIT_ID_BYTES);
    exchange->claimed = false;
}

static void end_exchange(struct exchange *exchange)
{
    if (exchange->claimed)
        releve_runtime_unclaim(exchange->runtime, exchange->job.prm, exchange->job.kind, exchange->permit);
    free(exchange);
}

static void on_done(void *data, const struct releve_exchange_response *response)
{
    struct exchange *exchange = data;
    struct releve_runtime *runtime = exchange->runtime;
    if (runtime->closing) {
        free(exchange);
        return;
    }
    if (response->outcome == RELEVE_EXCHANGE_UNREACHED)
        return_permit(exchange->bucket, exchange->permit); /* nothing was sent */
    struct releve_answer answer = {0};
    releve_time now = releve_clock_civil(RELEVE_DAY_NONE);
    if (exchange->token)
        releve_dialect_judge_token(response, now, &answer, runtime->token);
    else
        runtime->dialect->judge(exchange->job.kind, exchange->job.prm, exchange->span, response, now, &answer);
    step_answer(exchange, &answer);
    releve_dialect_answer_free(&answer);
    end_exchange(exchange);
}

/* Short of memory or sockets here, or Redis refuses: nothing was sent, and it may pass. The core may be in the middle
 * of a step, so it is told afterwards. */
static void put_off(struct exchange *exchange, const char *code, const char *why)
{
    return_permit(exchange->bucket, exchange->permit);
    releve_reason_set(&exchange->reason, code, why);
    exchange->next = exchange->runtime->unsent;
    exchange->runtime->unsent = exchange;
}

bool releve_runtime_tell_unsent(struct releve_runtime *runtime)
{
    struct exchange *exchange = runtime->unsent;
    if (exchange == NULL)
        return false;
    runtime->unsent = exchange->next;
    struct releve_answer answer = {.verdict = RELEVE_TRANSIENT, .reason = exchange->reason};
    step_answer(exchange, &answer);
    end_exchange(exchange);
    return true;
}

static void send_exchange(struct exchange *exchange, const char *target, struct releve_exchange_request *request)
{
    struct releve_runtime *runtime = exchange->runtime;
    char url[RELEVE_TARGET_BYTES + 512];
    (void)snprintf(url, sizeof url, "%s%s", runtime->options.upstream, target);
    request->url = url;
    request->timeout_ms = (uint32_t)transfer_timeout_ms(exchange->asked_at_ms);
    struct releve_error error;
    if (releve_transport_send(runtime->transport, request, on_first_byte, on_done, exchange, &error) != RELEVE_OK)
        put_off(exchange, "system", error.text);
}

/* Takes over the permit that was just granted: the bucket may ask for the next one. */
static struct exchange *new_exchange(struct releve_runtime *runtime, unsigned bucket)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL)
        abort(); /* some 600 bytes: there is no way to go on, and nothing is lost by starting again */
    exchange->runtime = runtime;
    exchange->bucket = &runtime->buckets[bucket];
    exchange->asked_at_ms = exchange->bucket->asked_at_ms;
    memcpy(exchange->permit, exchange->bucket->permit, sizeof exchange->permit);
    return exchange;
}

void releve_runtime_send_token(struct releve_runtime *runtime, unsigned bucket)
{
    struct exchange *exchange = new_exchange(runtime, bucket);
    exchange->token = true;
    struct releve_exchange_request request = {
        .user = runtime->options.client_id,
        .password = runtime->options.client_secret,
        .form = RELEVE_TOKEN_FORM,
    };
    send_exchange(exchange, RELEVE_TOKEN_TARGET, &request);
}

static void step_taken(struct exchange *exchange, const struct releve_coverage *coverage, releve_time wait_ms)
{
    struct releve_event event = {
        .type = RELEVE_EVENT_TAKEN, .handle = exchange->chunk, .coverage = coverage, .wait_ms = wait_ms};
    releve_runtime_step(exchange->runtime, &event);
}

static void on_claimed(void *data, const struct releve_error *error, enum releve_claim claim,
                       const struct releve_coverage *coverage)
{
    struct exchange *exchange = data;
    struct releve_runtime *runtime = exchange->runtime;
    if (runtime->closing) {
        free(exchange); /* permit and claim end by themselves */
        return;
    }
    bool late = transfer_timeout_ms(exchange->asked_at_ms) < TRANSFER_TIMEOUT_MIN_MS;
    if (error->code != RELEVE_OK) {
        put_off(exchange, "redis", error->text);
        (void)releve_runtime_tell_unsent(runtime);
        return;
    }
    exchange->claimed = claim == RELEVE_CLAIM_GRANTED;
    if (!exchange->claimed || late) {
        return_permit(exchange->bucket, exchange->permit);
        step_taken(exchange, coverage, claim == RELEVE_CLAIM_BUSY ? CLAIM_BUSY_MS : 0);
        end_exchange(exchange);
        return;
    }
    char target[RELEVE_TARGET_BYTES];
    runtime->dialect->target(exchange->job.kind, exchange->job.prm, exchange->span, target);
    struct releve_exchange_request request = {.bearer = runtime->token};
    send_exchange(exchange, target, &request);
    while (releve_runtime_tell_unsent(runtime))
        ;
}

void releve_runtime_send(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct exchange *exchange = new_exchange(runtime, action->bucket);
    exchange->chunk = action->handle;
    exchange->job = *action->job;
    exchange->job.refresh = action->refresh;
    exchange->span = action->span;
    releve_store_claim(runtime->store, &exchange->job, action->wanted, action->searching, exchange->permit,
                       releve_clock_civil(runtime->options.today), on_claimed, exchange);
}
