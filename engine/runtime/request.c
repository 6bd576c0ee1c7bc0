/* Permits, claims, and the requests that they are for. Law 1 depends on this file: the ledger hears at once when a
 * request is known to have arrived, and a request carries the moment after which nothing of it may leave. */
#include "state.h"
#include <assert.h>
#include <releve/memory.h>
#include <releve/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct releve_permit name_permit(const struct releve_runtime *runtime, uint64_t number)
{
    return (struct releve_permit){runtime->process, number};
}

static unsigned index_of(const struct ledger *ledger)
{
    return (unsigned)(ledger - ledger->runtime->ledgers);
}

/* --- permits ----------------------------------------------------------------------------------------- */

/* Without a quota there is nothing to settle or to return. */
static bool counts(const struct releve_runtime *runtime)
{
    return runtime->options.quota.windows_count > 0;
}

static void on_permit(void *data, const struct releve_error *error, releve_time wait_ms)
{
    struct ledger *ledger = data;
    struct releve_event event = {
        .type = RELEVE_EVENT_PERMIT, .bucket = index_of(ledger), .wait_ms = wait_ms, .error = error};
    ledger->runtime->meter.granted[index_of(ledger)] += error->code == RELEVE_OK && wait_ms == 0;
    releve_runtime_post(ledger->runtime, &event);
}

void releve_request_ask(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct ledger *ledger = &runtime->ledgers[action->bucket];
    if (action->granted) {
        struct releve_event event = {.type = RELEVE_EVENT_PERMIT, .bucket = action->bucket};
        releve_runtime_post(runtime, &event);
        return;
    }
    runtime->io.store_ops->permit_ask(runtime->io.store, ledger->bucket, &runtime->options.quota, action->urgent,
                                      name_permit(runtime, action->permit), on_permit, ledger);
}

/* A permit is over: the next one may be due earlier. */
static void on_over(void *data, const struct releve_error *error, releve_time wait_ms)
{
    struct ledger *ledger = data;
    struct releve_event event = {.type = RELEVE_EVENT_DUE, .bucket = index_of(ledger), .wait_ms = wait_ms};
    if (error->code == RELEVE_OK)
        releve_runtime_post(ledger->runtime, &event);
    releve_runtime_written(ledger->runtime, error);
}

void releve_request_return(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct ledger *ledger = &runtime->ledgers[action->bucket];
    if (!counts(runtime))
        return;
    runtime->writes++;
    runtime->io.store_ops->permit_return(runtime->io.store, ledger->bucket, &runtime->options.quota,
                                         name_permit(runtime, action->permit), on_over, ledger);
}

/* --- claims ------------------------------------------------------------------------------------------ */

static releve_handle chunk_handle(const struct slot *slot)
{
    return (releve_handle)(slot - slot->runtime->chunks);
}

static void on_claimed(void *data, const struct releve_error *error, enum releve_claim claim,
                       const struct releve_coverage *coverage)
{
    const struct slot *slot = data;
    struct releve_event event = {.type = RELEVE_EVENT_CLAIMED,
                                 .handle = chunk_handle(slot),
                                 .claim = claim,
                                 .coverage = coverage,
                                 .error = error};
    releve_runtime_post(slot->runtime, &event);
}

void releve_request_claim(struct releve_runtime *runtime, const struct releve_action *action)
{
    runtime->io.store_ops->claim(runtime->io.store, action->job, action->wanted, action->ends,
                                 name_permit(runtime, action->permit), runtime->io.host_ops->civil(runtime->io.host),
                                 on_claimed, &runtime->chunks[action->handle]);
}

void releve_request_unclaim(struct releve_runtime *runtime, const struct releve_action *action)
{
    runtime->writes++;
    runtime->io.store_ops->unclaim(runtime->io.store, action->job->prm, action->job->kind,
                                   name_permit(runtime, action->permit), releve_runtime_written, runtime);
}

/* --- requests ---------------------------------------------------------------------------------------- */

static void settle(const struct slot *slot, releve_time way_ms)
{
    struct releve_runtime *runtime = slot->runtime;
    if (!counts(runtime))
        return;
    runtime->writes++;
    runtime->io.store_ops->permit_settle(runtime->io.store, slot->ledger->bucket, &runtime->options.quota,
                                         name_permit(runtime, slot->permit), way_ms, on_over, slot->ledger);
}

static void on_first_byte(void *data)
{
    struct slot *slot = data;
    if (slot->runtime->phase == RUNTIME_CLOSED)
        return;
    slot->arrived = true;
    settle(slot, 0);
}

/* The connection is gone, and with it what it had not sent yet (adapters/http/wire.c). What is on its way arrives
 * within the slack, or never: the permit need not count for the rest of its life. */
static void settle_broken(const struct slot *slot, enum releve_exchange_outcome outcome)
{
    if (!slot->arrived && outcome != RELEVE_EXCHANGE_ANSWERED && outcome != RELEVE_EXCHANGE_UNREACHED)
        settle(slot, RELEVE_PERMIT_SLACK_MS);
}

static void count_answer(const struct slot *slot, enum releve_verdict verdict)
{
    struct releve_runtime *runtime = slot->runtime;
    releve_time took_ms = runtime->io.host_ops->now(runtime->io.host) - slot->sent_at;
    unsigned subject = slot == &runtime->token_slot                 ? (unsigned)RELEVE_METER_TOKEN
                       : slot == &runtime->preflight_slot           ? (unsigned)RELEVE_METER_SERVICES
                       : slot->request == RELEVE_REQUEST_ACTIVATION ? (unsigned)RELEVE_METER_ACTIVATION
                                                                    : (unsigned)slot->kind;
    runtime->meter.requests[subject][verdict]++;
    releve_latencies_add(&runtime->meter.upstream, (uint64_t)took_ms * 1000);
}

static void on_done(void *data, const struct releve_exchange_response *response)
{
    const struct slot *slot = data;
    struct releve_runtime *runtime = slot->runtime;
    settle_broken(slot, response->outcome);
    if (runtime->phase == RUNTIME_CLOSED)
        return; /* it was broken off, and whoever starts next need not wait for its permit */
    const struct releve_dialect *dialect = runtime->io.dialect;
    releve_time now = runtime->io.host_ops->utc(runtime->io.host);
    if (response->date_ms != 0) {
        runtime->dated = true;
        runtime->upstream_ahead_ms = response->date_ms - now;
    }
    struct releve_answer answer = {0};
    struct releve_event event = {.type = RELEVE_EVENT_TOKEN, .answer = &answer};
    if (slot == &runtime->token_slot) {
        dialect->judge_token(response, now, &answer, runtime->token);
    } else if (slot == &runtime->preflight_slot) {
        struct releve_services services = {0};
        dialect->judge_services(response, now, &answer, &services);
        event.type = RELEVE_EVENT_PREFLIGHTED;
        if (answer.verdict == RELEVE_DATA) {
            count_answer(slot, answer.verdict);
            releve_roster_take(runtime, &services);
            free(services.items);
            return;
        }
    } else {
        if (slot->request == RELEVE_REQUEST_SUPPLEMENT)
            dialect->judge_supplement(slot->kind, slot->prm, &slot->kept->answer, response, now, &answer);
        else if (slot->request == RELEVE_REQUEST_ACTIVATION)
            dialect->judge_activation(response, now, &answer);
        else
            dialect->judge(slot->kind, slot->prm, slot->span, response, now, &answer);
        event.type = RELEVE_EVENT_ANSWER;
        event.handle = chunk_handle(slot);
    }
    count_answer(slot, answer.verdict);
    releve_runtime_post(runtime, &event);
}

static void send(struct slot *slot, const struct releve_action *action, const char *target,
                 struct releve_exchange_request *request)
{
    struct releve_runtime *runtime = slot->runtime;
    slot->ledger = &runtime->ledgers[action->bucket];
    slot->permit = action->permit;
    slot->arrived = slot->counted = false;
    slot->sent_at = runtime->io.host_ops->now(runtime->io.host);
    char url[RELEVE_UPSTREAM_BYTES + RELEVE_TARGET_BYTES];
    int length = snprintf(url, sizeof url, "%s%s", runtime->options.upstream, target);
    assert(length > 0 && (size_t)length < sizeof url); /* checked when it was opened */
    (void)length;
    request->url = url;
    request->deadline_ms = action->deadline;
    runtime->io.transport_ops->send(runtime->io.transport, request, on_first_byte, on_done, slot);
}

/* The form with the credentials in it (RFC 6749, 2.3.1): a secret, allocated once, so that no copy is left behind. */
static char *write_form(const char *client_id, const char *client_secret, size_t *bytes)
{
    static const char begin[] = RELEVE_TOKEN_FORM "&client_id=", middle[] = "&client_secret=";
    *bytes = sizeof begin + sizeof middle + 3 * (strlen(client_id) + strlen(client_secret));
    char *form = releve_alloc(*bytes, 1);
    char *end = releve_escape(stpcpy(form, begin), client_id);
    end = releve_escape(stpcpy(end, middle), client_secret);
    assert((size_t)(end - form) < *bytes);
    (void)end;
    return form;
}

void releve_request_send_token(struct releve_runtime *runtime, const struct releve_action *action)
{
    const struct releve_runtime_options *options = &runtime->options;
    if (action->token_form == RELEVE_TOKEN_BASIC) {
        struct releve_exchange_request request = {
            .user = options->client_id, .password = options->client_secret, .form = RELEVE_TOKEN_FORM};
        send(&runtime->token_slot, action, RELEVE_TOKEN_TARGET, &request);
        return;
    }
    size_t bytes;
    char *form = write_form(options->client_id, options->client_secret, &bytes);
    struct releve_exchange_request request = {.form = form};
    send(&runtime->token_slot, action, RELEVE_TOKEN_TARGET, &request); /* the transport has a copy of its own */
    explicit_bzero(form, bytes);
    free(form);
}

void releve_request_send_preflight(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct releve_text json = {.length = 0};
    releve_roster_write(runtime, &json);
    releve_text_byte(&json, '\0');
    struct releve_exchange_request request = {.bearer = runtime->token, .json = json.bytes};
    send(&runtime->preflight_slot, action, runtime->io.dialect->services_target, &request);
    releve_text_free(&json); /* the transport has a copy of its own */
}

void releve_request_send(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct slot *slot = &runtime->chunks[action->handle];
    slot->prm = action->job->prm;
    slot->kind = action->job->kind;
    slot->span = action->span;
    slot->request = action->request;
    assert(slot->request != RELEVE_REQUEST_SUPPLEMENT || slot->kept != NULL);
    char target[RELEVE_TARGET_BYTES];
    if (slot->request == RELEVE_REQUEST_SUPPLEMENT)
        runtime->io.dialect->supplement_target(slot->kind, slot->prm, target);
    else if (slot->request == RELEVE_REQUEST_ACTIVATION)
        runtime->io.dialect->activation_target(slot->prm, target);
    else
        runtime->io.dialect->target(slot->kind, slot->prm, slot->span, target);
    struct releve_exchange_request request = {.bearer = runtime->token};
    send(slot, action, target, &request);
}
