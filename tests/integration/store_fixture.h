/* What tests of the store share: a loop, an open store, and waiting for callbacks without a clock. */
#ifndef RELEVE_TESTS_STORE_FIXTURE_H
#define RELEVE_TESTS_STORE_FIXTURE_H

#include <adapters/redis/store.h>
#include <adapters/redis/store_internal.h>
#include <string.h>

#include "await.h"

/* The answer to one call. */
struct answer {
    int calls;
    struct releve_error error;
    releve_time wait_ms;
    struct releve_coverage coverage;
    struct releve_point_facts facts;
    struct releve_ledger_usage usage;
};

struct store_fixture {
    uv_loop_t loop;
    uv_timer_t tick;
    struct releve_store *store;
    struct answer ready;
    bool closed;
    int ups, downs;
};

static inline void on_answer_ready(void *data, const struct releve_error *error)
{
    struct answer *answer = data;
    answer->calls++;
    answer->error = *error;
}

static inline void on_fixture_link(void *data, bool up, const char *why)
{
    struct store_fixture *fixture = data;
    if (up)
        fixture->ups++;
    else
        fixture->downs++;
    assert_null(strchr(why, '\n'));
}

static inline void on_fixture_closed(void *data)
{
    ((struct store_fixture *)data)->closed = true;
}

/* Turns the loop until there were so many. */
static inline void await_calls(struct store_fixture *fixture, const int *calls, int wanted)
{
    await(*calls >= wanted, uv_run(&fixture->loop, UV_RUN_ONCE));
    assert_int_equal(*calls, wanted);
}

static inline void await_answer(struct store_fixture *fixture, struct answer *answer)
{
    await_calls(fixture, &answer->calls, 1);
}

static inline void await_ok(struct store_fixture *fixture, struct answer *answer)
{
    await_answer(fixture, answer);
    if (answer->error.code != RELEVE_OK)
        fail_msg("%s", answer->error.text);
}

/* Opens a store. `timeout_ms` 0: as usual. */
static inline void fixture_begin(struct store_fixture *fixture, const char *url, releve_time timeout_ms)
{
    struct releve_error error = {.text = ""};
    memset(fixture, 0, sizeof *fixture);
    await_loop_init(&fixture->loop, &fixture->tick);
    struct releve_redis_url redis;
    if (releve_redis_url_parse(url, &redis, &error) != RELEVE_OK)
        fail_msg("%s", error.text);
    struct releve_store_options options = {.redis = &redis, .prefix = "t", .on_link = on_fixture_link, .data = fixture};
    fixture->store = releve_store_open(&fixture->loop, &options, on_answer_ready, &fixture->ready);
    assert_int_equal(fixture->ready.calls, 0);
    if (timeout_ms > 0)
        releve_store_set_command_timeout(fixture->store, timeout_ms);
}

/* And waits for `ready`, whatever it says. */
static inline void fixture_open(struct store_fixture *fixture, const char *url, releve_time timeout_ms)
{
    fixture_begin(fixture, url, timeout_ms);
    await_answer(fixture, &fixture->ready);
}

static inline void fixture_close(struct store_fixture *fixture)
{
    releve_store_close(fixture->store, on_fixture_closed, fixture);
    await_loop_end(&fixture->loop, &fixture->tick); /* ends: the store leaves no handle behind */
    assert_true(fixture->closed);
}

static inline void on_done(void *data, const struct releve_error *error)
{
    on_answer_ready(data, error);
}

static inline void on_permit(void *data, const struct releve_error *error, releve_time wait_ms)
{
    on_answer_ready(data, error);
    ((struct answer *)data)->wait_ms = wait_ms;
}

static inline void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                            const struct releve_point_facts *facts)
{
    struct answer *answer = data;
    on_answer_ready(data, error);
    if (coverage != NULL)
        answer->coverage = *coverage;
    if (facts != NULL)
        answer->facts = *facts;
    assert_true((coverage != NULL) == (error->code == RELEVE_OK) && (facts != NULL) == (coverage != NULL));
}

static inline void on_usage(void *data, const struct releve_error *error, const struct releve_ledger_usage *usage)
{
    on_answer_ready(data, error);
    if (usage != NULL)
        ((struct answer *)data)->usage = *usage;
}

#endif
