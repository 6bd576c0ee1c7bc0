/* A worker's requests to the modelled upstream. What goes over this network is no HTTP: a target is the request in
 * numbers, a body is the judged answer itself. The outcome of an exchange is what engine/runtime/transport.h promises.
 */
#include "laws.h"
#include <assert.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

struct exchange {
    struct exchange *next_made;
    unsigned references; /* by events */
    bool over;           /* its caller has heard of the end */
    void *data;
    releve_exchange_first_byte first_byte;
    releve_exchange_done done;
    struct upstream_request request;
    struct releve_transport *transport;
    struct releve_answer answer;
    uint64_t new_token;
    struct releve_reading *readings;
    size_t readings_capacity;
};

struct releve_transport {
    LIST_ENTRY(releve_transport) link;
    struct worker *worker;
    struct simulation *simulation;
    struct exchange *exchanges; /* all that were ever made, for use again */
    unsigned in_flight, references;
    bool closed, freed;
};

struct releve_transport *worker_transport_open(struct worker *worker)
{
    struct releve_transport *transport = releve_alloc(1, sizeof *transport);
    transport->worker = worker;
    transport->simulation = worker->simulation;
    LIST_INSERT_HEAD(&transport->simulation->transports, transport, link);
    return transport;
}

static void free_transport(struct releve_transport *transport)
{
    LIST_REMOVE(transport, link);
    for (struct exchange *exchange = transport->exchanges, *next; exchange != NULL; exchange = next) {
        next = exchange->next_made;
        free(exchange->readings);
        free(exchange);
    }
    free(transport);
}

static void free_if_over(struct releve_transport *transport)
{
    if (transport->freed && transport->references == 0)
        free_transport(transport);
}

void worker_transports_end(struct simulation *simulation)
{
    while (!LIST_EMPTY(&simulation->transports))
        free_transport(LIST_FIRST(&simulation->transports));
}

/* Requests that are on their way arrive all the same. */
void worker_transport_close(struct releve_transport *transport)
{
    transport->closed = true;
}

void worker_transport_free(struct releve_transport *transport)
{
    transport->freed = true;
    free_if_over(transport);
}

unsigned worker_transport_in_flight(const struct releve_transport *transport)
{
    return transport->in_flight;
}

/* --- the dialect ------------------------------------------------------------------------------------------------ */

static void write_target(enum releve_kind kind, releve_prm prm, struct releve_span span, char out[RELEVE_TARGET_BYTES])
{
    (void)snprintf(out, RELEVE_TARGET_BYTES, "/%d/" RELEVE_PRM_FORMAT "/%d/%d", (int)kind, prm, span.first, span.end);
}

static bool judge_outcome(const struct releve_exchange_response *response, struct releve_answer *answer)
{
    if (response->outcome == RELEVE_EXCHANGE_ANSWERED)
        return false;
    bool unreached = response->outcome == RELEVE_EXCHANGE_UNREACHED;
    *answer = (struct releve_answer){.verdict = unreached ? RELEVE_UNREACHED : RELEVE_TRANSIENT,
                                     .retry_after_ms = RELEVE_RETRY_UNKNOWN};
    releve_reason_set(&answer->reason, response->detail, "as the model of the network has it");
    return true;
}

static void judge(enum releve_kind kind, releve_prm prm, struct releve_span span,
                  const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer)
{
    (void)kind, (void)prm, (void)span, (void)now;
    if (judge_outcome(response, answer))
        return;
    struct exchange *exchange = (struct exchange *)(uintptr_t)response->body;
    *answer = exchange->answer;
    struct releve_reading *readings = releve_alloc(answer->readings_count, sizeof *readings);
    memcpy(readings, exchange->readings, answer->readings_count * sizeof *readings);
    answer->readings = readings;
}

static void judge_token(const struct releve_exchange_response *response, releve_time now, struct releve_answer *answer,
                        char token[RELEVE_TOKEN_BYTES])
{
    (void)now;
    if (judge_outcome(response, answer))
        return;
    const struct exchange *exchange = (const struct exchange *)(uintptr_t)response->body;
    *answer = exchange->answer;
    if (answer->verdict == RELEVE_TOKEN)
        (void)snprintf(token, RELEVE_TOKEN_BYTES, "%llu", (unsigned long long)exchange->new_token);
}

static void write_inquiry(releve_prm prm, char out[RELEVE_TARGET_BYTES])
{
    (void)snprintf(out, RELEVE_TARGET_BYTES, "/%d/" RELEVE_PRM_FORMAT "/0/0", (int)RELEVE_KINDS, prm);
}

static void judge_inquiry(const struct releve_exchange_response *response, releve_time now,
                          struct releve_answer *answer)
{
    (void)now;
    if (!judge_outcome(response, answer))
        *answer = ((const struct exchange *)(uintptr_t)response->body)->answer;
}

static void free_answer(struct releve_answer *answer)
{
    free((void *)(uintptr_t)answer->readings);
    answer->readings = NULL;
}

void worker_dialect(const struct scenario *scenario, struct releve_dialect *dialect)
{
    static const char *const names[] = {"0", "1", "2", "3", "4", "5", "6", "7"};
    *dialect = (struct releve_dialect){
        .name = "simulated",
        .days_min = scenario->days_min,
        .token_family = names[scenario->token_bucket],
        .target = write_target,
        .judge = judge,
        .judge_token = judge_token,
        .answer_free = free_answer,
    };
    if (scenario->tells) {
        dialect->activation_family = names[scenario->activation_bucket];
        dialect->activation_target = write_inquiry;
        dialect->judge_activation = judge_inquiry;
    }
    for (int kind = 0; kind < RELEVE_KINDS; kind++)
        dialect->families[kind] = names[scenario->bucket_of[kind]];
}

unsigned worker_bucket(const char *name)
{
    assert(name[0] >= '0' && name[0] < '0' + RELEVE_BUCKETS_MAX && name[1] == '@');
    return (unsigned)(name[0] - '0');
}

/* --- what happens on the way ------------------------------------------------------------------------- */

static void drop(struct exchange *exchange)
{
    exchange->references--;
    exchange->transport->references--;
    free_if_over(exchange->transport);
}

/* At the gateway; the worker may be dead by now. */
static void on_arrival(void *owner, void *thing)
{
    struct exchange *exchange = thing;
    (void)owner;
    upstream_arrive(&exchange->transport->simulation->upstream, &exchange->request, &exchange->answer,
                    exchange->readings, &exchange->new_token);
    drop(exchange);
}

static void on_first_byte(void *owner, void *thing)
{
    struct exchange *exchange = thing;
    (void)owner;
    if (!exchange->transport->closed && !exchange->over)
        exchange->first_byte(exchange->data);
    drop(exchange);
}

static void end(struct exchange *exchange, enum releve_exchange_outcome outcome, const char *detail)
{
    struct releve_transport *transport = exchange->transport;
    struct worker *worker = transport->worker;
    if (!transport->closed) {
        struct releve_exchange_response response = {
            .outcome = outcome, .body = (const char *)exchange, .content_type = "", .retry_after = ""};
        (void)snprintf(response.detail, sizeof response.detail, "%s", detail);
        struct releve_answer none = {.verdict = RELEVE_TRANSIENT};
        const struct releve_answer *answer = outcome == RELEVE_EXCHANGE_ANSWERED ? &exchange->answer : &none;
        transport->in_flight--;
        exchange->over = true;
        if (outcome == RELEVE_EXCHANGE_UNREACHED)
            laws_note_unreached(worker);
        world_tell(&transport->simulation->world, "worker %u: %s: %s", worker->index,
                   exchange->request.token_request ? "token" : "answer",
                   outcome == RELEVE_EXCHANGE_ANSWERED ? releve_verdict_name(answer->verdict) : detail);
        if (!exchange->request.token_request)
            laws_note_answer(worker, exchange->data, answer);
        worker_count_callback(worker);
        exchange->done(exchange->data, &response);
    }
    drop(exchange);
}

static void on_end(void *owner, void *thing)
{
    (void)owner;
    end(thing, RELEVE_EXCHANGE_ANSWERED, "");
}

static void on_timeout(void *owner, void *thing)
{
    (void)owner;
    end(thing, RELEVE_EXCHANGE_TIMEOUT, "timeout");
}

static void on_reset(void *owner, void *thing)
{
    (void)owner;
    end(thing, RELEVE_EXCHANGE_BROKEN, "reset");
}

static void on_unreached(void *owner, void *thing)
{
    (void)owner;
    end(thing, RELEVE_EXCHANGE_UNREACHED, "unreached");
}

static void plan(struct exchange *exchange, int64_t after_us, world_happens happens)
{
    struct world *world = &exchange->transport->simulation->world;
    exchange->references++;
    exchange->transport->references++;
    world_at(world, world->now_us + after_us, happens, NULL, exchange, false);
}

/* --- sending ----------------------------------------------------------------------------------------- */

static struct exchange *make_exchange(struct releve_transport *transport)
{
    struct exchange *exchange = transport->exchanges;
    while (exchange != NULL && exchange->references > 0)
        exchange = exchange->next_made;
    if (exchange == NULL) {
        exchange = releve_alloc(1, sizeof *exchange);
        exchange->next_made = transport->exchanges;
        exchange->transport = transport;
        transport->exchanges = exchange;
    }
    exchange->over = false;
    exchange->answer = (struct releve_answer){0};
    return exchange;
}

static void read_request(const struct releve_transport *transport, const struct releve_exchange_request *sent,
                         struct upstream_request *request)
{
    const struct scenario *scenario = &transport->simulation->scenario;
    *request = (struct upstream_request){.token_request = sent->form != NULL, .bucket = scenario->token_bucket};
    if (request->token_request)
        return;
    int kind;
    releve_prm prm;
    const char *target = sent->url + strlen(WORKER_UPSTREAM);
    int read = sscanf(target, "/%d/%" SCNu64 "/%d/%d", &kind, &prm, &request->span.first, &request->span.end);
    assert(read == 4);
    (void)read;
    request->point = worker_point(transport->worker, prm);
    request->inquiry = kind == RELEVE_KINDS;
    request->kind = request->inquiry ? 0 : (enum releve_kind)kind;
    request->bucket = request->inquiry ? scenario->activation_bucket : scenario->bucket_of[kind];
    request->token = strtoull(sent->bearer, NULL, 10);
}

/* Nothing leaves after the deadline; what has left by then may still spend RELEVE_PERMIT_SLACK_MS on the way. */
static void depart(struct exchange *exchange, releve_time deadline)
{
    struct simulation *simulation = exchange->transport->simulation;
    int64_t timeout_us = (deadline - worker_now(exchange->transport->worker)) * 1000;
    int64_t slack_us = RELEVE_PERMIT_SLACK_MS * 1000 - 1000; /* whole ms: the deadline may be almost one later */
    struct journey journey = network_draw(&simulation->world, &simulation->scenario, timeout_us, slack_us);
    const struct upstream_request *request = &exchange->request;
    if (!request->token_request && simulation->upstream.points[request->point].sickness == NEVER_ANSWERS &&
        upstream_is_sick(&simulation->upstream, request->point, request->kind))
        journey.fate = FATE_UNANSWERED;
    if (timeout_us <= 0) { /* nothing leaves */
        plan(exchange, 1, on_unreached);
        return;
    }
    if (journey.fate == FATE_UNREACHED) {
        plan(exchange, journey.arrival_us < timeout_us ? journey.arrival_us : timeout_us, on_unreached);
        return;
    }
    if (journey.fate != FATE_LOST)
        plan(exchange, journey.arrival_us, on_arrival);
    bool comes = journey.fate == FATE_ANSWERED && journey.first_byte_us < timeout_us;
    if (comes)
        plan(exchange, journey.first_byte_us, on_first_byte);
    if (comes && journey.end_us < timeout_us)
        plan(exchange, journey.end_us, on_end);
    else if (journey.fate == FATE_RESET && journey.first_byte_us < timeout_us)
        plan(exchange, journey.first_byte_us, on_reset);
    else
        plan(exchange, timeout_us, on_timeout);
}

static void send(struct releve_transport *transport, const struct releve_exchange_request *request,
                 releve_exchange_first_byte first_byte, releve_exchange_done done, void *data)
{
    struct simulation *simulation = transport->simulation;
    struct exchange *exchange = make_exchange(transport);
    exchange->first_byte = first_byte;
    exchange->done = done;
    exchange->data = data;
    read_request(transport, request, &exchange->request);
    if (!exchange->request.token_request) {
        laws_check_send(transport->worker, data, &exchange->request);
        size_t days = (size_t)releve_span_days(exchange->request.span);
        if (exchange->readings_capacity < days) {
            exchange->readings_capacity = days;
            exchange->readings = releve_realloc(exchange->readings, days * sizeof *exchange->readings);
        }
    }
    laws_check_deadline(transport->worker, data, &exchange->request, request->deadline_ms);
    simulation->sends++;
    if (++transport->in_flight > simulation->scenario.concurrency)
        world_break(&simulation->world, "law 6 (bounds): %u requests in flight, %u allowed", transport->in_flight,
                    simulation->scenario.concurrency);
    depart(exchange, request->deadline_ms);
}

const struct releve_transport_ops worker_transport_ops = {.send = send};
