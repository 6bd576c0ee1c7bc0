/* See store_redis.h. */
#include "store_redis.h"
#include <stdio.h>

struct redis_server server;
struct store_fixture f;

int start_redis(void **state)
{
    (void)state;
    redis_server_start(&server, NULL);
    return 0;
}

int end_redis(void **state)
{
    (void)state;
    redis_server_end(&server);
    return 0;
}

int open_store(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "FLUSHALL"));
    fixture_open(&f, server.url, 0);
    assert_int_equal(f.ready.error.code, RELEVE_OK);
    return 0;
}

int close_store(void **state)
{
    (void)state;
    fixture_close(&f);
    return 0;
}

void expect(const char *command, const char *text)
{
    redisReply *reply = redis_server_command(&server, command);
    assert_true(reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS);
    assert_string_equal(reply->str, text);
    freeReplyObject(reply);
}

long long integer(const char *command)
{
    redisReply *reply = redis_server_command(&server, command);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}

struct releve_job job_of(const char *id, releve_day first, releve_day end)
{
    struct releve_job job = {
        .prm = PRM, .kind = RELEVE_DAILY_CONSUMPTION, .span = {first, end}, .created_at = NOW - RELEVE_HOUR_MS};
    (void)snprintf(job.id, sizeof job.id, "%s", id);
    return job;
}

struct answer begin(const struct releve_job *job, releve_time now)
{
    struct answer answer = {.calls = 0};
    releve_store_begin(f.store, job, now, on_known, &answer);
    assert_int_equal(answer.calls, 0);
    await_ok(&f, &answer);
    return answer;
}

void put_kind(enum releve_kind kind, const struct releve_day_entry *entries, size_t count)
{
    struct answer answer = {.calls = 0};
    struct releve_day_batch batch = {PRM, kind, "v5", "BRUT", NOW, entries, count, {1, 1}, NULL, 0, 0};
    releve_store_put_days(f.store, &batch, on_done, &answer);
    assert_int_equal(answer.calls, 0);
    await_ok(&f, &answer);
}

void put(const struct releve_day_entry *entries, size_t count)
{
    put_kind(RELEVE_DAILY_CONSUMPTION, entries, count);
}

void learn(const struct releve_lesson *lesson, releve_time now)
{
    struct answer answer = {.calls = 0};
    releve_store_learn(f.store, PRM, lesson, now, on_done, &answer);
    await_ok(&f, &answer);
}
