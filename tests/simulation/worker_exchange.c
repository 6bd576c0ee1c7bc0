/* A worker's requests to upstream, as engine/runtime/exchange.c makes them: the time-out leaves the permit's life a
 * margin, the first byte settles the permit, and a request that was never sent gives it back. */
#include "worker.h"
#include <assert.h>
#include <engine/runtime/state.h> /* the runtime's own limits */
#include <stdlib.h>

struct exchange {
    struct exchange *next_made;
    unsigned references; /* by events */
    uint32_t life;
    releve_handle handle;
    uint64_t permit, new_token;
    struct upstream_request request;
    struct releve_answer answer;
    struct releve_reading *readings;
    size_t readings_capacity;
};

static void settle_or_return(struct worker *worker, const struct exchange *exchange, enum operation_type type)
{
    struct operation *operation = worker_make_operation(worker, type);
    operation->bucket = exchange->request.bucket;
    operation->permit = exchange->permit;
    worker_send_operation(worker, operation);
}

/* At the gateway; the worker may be dead by now. */
static void on_arrival(void *owner, void *thing)
{
    struct worker *worker = owner;
    struct exchange *exchange = thing;
    exchange->references--;
    upstream_arrive(&worker->simulation->upstream, &exchange->request, &exchange->answer, exchange->readings,
                    &exchange->new_token);
}

static void on_first_byte(void *owner, void *thing)
{
    struct worker *worker = owner;
    struct exchange *exchange = thing;
    exchange->references--;
    if (exchange->life == worker->life)
        settle_or_return(worker, exchange, OP_SETTLE);
}

static void deliver(struct worker *worker, const struct exchange *exchange, const struct releve_answer *answer)
{
    struct releve_event event = {.handle = exchange->handle, .answer = answer};
    worker->in_flight--;
    if (exchange->request.token_request) {
        event.type = RELEVE_EVENT_TOKEN;
        if (answer->verdict == RELEVE_TOKEN)
            worker->token = exchange->new_token;
    } else {
        event.type = RELEVE_EVENT_ANSWER;
        worker->chunks[exchange->handle].sent = false;
    }
    world_tell(&worker->simulation->world, "worker %u: %s %u: %s", worker->index,
               exchange->request.token_request ? "token" : "chunk", (unsigned)exchange->handle,
               releve_verdict_name(answer->verdict));
    worker_step(worker, &event);
}

static void on_end(void *owner, void *thing)
{
    struct worker *worker = owner;
    struct exchange *exchange = thing;
    if (exchange->life == worker->life)
        deliver(worker, exchange, &exchange->answer); /* referenced until then */
    exchange->references--;
}

static void fail(struct worker *worker, struct exchange *exchange, enum releve_verdict verdict, const char *code)
{
    if (exchange->life == worker->life) {
        struct releve_answer answer = {.verdict = verdict, .retry_after_ms = RELEVE_RETRY_UNKNOWN};
        releve_reason_set(&answer.reason, code, "as the model of the network has it");
        deliver(worker, exchange, &answer);
    }
    exchange->references--;
}

static void on_timeout(void *owner, void *thing)
{
    fail(owner, thing, RELEVE_TRANSIENT, "timeout");
}

static void on_reset(void *owner, void *thing)
{
    fail(owner, thing, RELEVE_TRANSIENT, "reset");
}

static void on_unreached(void *owner, void *thing)
{
    struct worker *worker = owner;
    struct exchange *exchange = thing;
    if (exchange->life == worker->life)
        settle_or_return(worker, exchange, OP_RETURN);
    fail(worker, exchange, RELEVE_UNREACHED, "unreached");
}

static struct exchange *make_exchange(struct worker *worker, int days)
{
    struct exchange *exchange = worker->exchanges;
    while (exchange != NULL && exchange->references > 0)
        exchange = exchange->next_made;
    if (exchange == NULL) {
        exchange = calloc(1, sizeof *exchange);
        if (exchange == NULL)
            abort();
        exchange->next_made = worker->exchanges;
        worker->exchanges = exchange;
    }
    if (exchange->readings_capacity < (size_t)days) {
        free(exchange->readings);
        exchange->readings_capacity = (size_t)days;
        exchange->readings = malloc((size_t)days * sizeof *exchange->readings);
        if (exchange->readings == NULL)
            abort();
    }
    exchange->life = worker->life;
    exchange->request = (struct upstream_request){0};
    return exchange;
}

void worker_free_exchanges(struct worker *worker)
{
    for (struct exchange *exchange = worker->exchanges, *next; exchange != NULL; exchange = next) {
        next = exchange->next_made;
        free(exchange->readings);
        free(exchange);
    }
    worker->exchanges = NULL;
}

int64_t worker_timeout_ms(const struct worker *worker, unsigned bucket)
{
    int64_t age_ms = worker->simulation->world.now_us / 1000 - worker->buckets[bucket].asked_at_ms;
    int64_t left_ms = RELEVE_PERMIT_LIFE_MS - PERMIT_SLACK_MS - age_ms;
    return left_ms < RELEVE_TRANSFER_TIMEOUT_MS ? left_ms : RELEVE_TRANSFER_TIMEOUT_MS;
}

static void plan(struct exchange *exchange, struct worker *worker, int64_t after_us, world_happens happens)
{
    struct world *world = &worker->simulation->world;
    exchange->references++;
    world_at(world, world->now_us + after_us, happens, worker, exchange, false);
}

static void depart(struct worker *worker, struct exchange *exchange)
{
    struct simulation *simulation = worker->simulation;
    int64_t timeout_us = worker_timeout_ms(worker, exchange->request.bucket) * 1000;
    /* A straggler may come to the very end of the permit's life, counted from the question, in whole ms. */
    int64_t asked_us = (worker->buckets[exchange->request.bucket].asked_at_ms + 1) * 1000;
    int64_t slack_us = asked_us + RELEVE_PERMIT_LIFE_MS * 1000 - simulation->world.now_us - timeout_us - 1000;
    struct journey journey = network_draw(&simulation->world, &simulation->scenario, timeout_us, slack_us);
    if (!exchange->request.token_request &&
        simulation->upstream.points[exchange->request.point].sickness == NEVER_ANSWERS)
        journey.fate = FATE_UNANSWERED;
    if (journey.fate == FATE_UNREACHED) {
        plan(exchange, worker, journey.arrival_us < timeout_us ? journey.arrival_us : timeout_us, on_unreached);
        return;
    }
    if (journey.fate != FATE_LOST)
        plan(exchange, worker, journey.arrival_us, on_arrival);
    bool comes = journey.fate == FATE_ANSWERED && journey.first_byte_us < timeout_us;
    if (comes)
        plan(exchange, worker, journey.first_byte_us, on_first_byte);
    if (comes && journey.end_us < timeout_us)
        plan(exchange, worker, journey.end_us, on_end);
    else if (journey.fate == FATE_RESET && journey.first_byte_us < timeout_us)
        plan(exchange, worker, journey.first_byte_us, on_reset);
    else
        plan(exchange, worker, timeout_us, on_timeout);
}

void worker_send_request(struct worker *worker, const struct releve_action *action, bool token)
{
    struct exchange *exchange = make_exchange(worker, releve_span_days(action->span));
    exchange->handle = action->handle;
    exchange->permit = worker->buckets[action->bucket].permit;
    exchange->request.token_request = token;
    exchange->request.bucket = action->bucket;
    if (!token) {
        const struct store *store = &worker->simulation->store;
        exchange->request.point = store->jobs[store_job_of(store, action->job)].point;
        exchange->request.kind = action->job->kind;
        exchange->request.span = action->span;
        exchange->request.token = worker->token;
    }
    worker->in_flight++;
    worker->simulation->sends++;
    depart(worker, exchange);
}
