/* See ledger_fixture.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_call.h"
#include "ledger_fixture.h"

struct redis_server server;
redisContext *redis;

int ledger_start(void **state)
{
    (void)state;
    /* No fsync: the script is what is tested here, some ten thousand times. */
    static const char *const extra[] = {"--appendonly", "no", NULL};
    redis_server_start(&server, extra);
    redis = redis_server_connect(&server);
    redisReply *reply =
        redisCommand(redis, "SCRIPT LOAD %b", releve_script_ledger.text, releve_script_ledger.text_bytes);
    assert_string_equal(reply->str, releve_script_ledger.sha1);
    freeReplyObject(reply);
    return 0;
}

int ledger_end(void **state)
{
    (void)state;
    redisFree(redis);
    redis_server_end(&server);
    return 0;
}

const char *node = "", *witness = "", *witness_score = "";

int ledger_clear(void **state)
{
    (void)state;
    node = witness = witness_score = "";
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    return 0;
}

/* Runs the script at `now_us`; freeReplyObject the reply. */
redisReply *run(const char *operation, const char *permit, int64_t length_ms, int64_t now_us, const struct quota *quota)
{
    char numbers[2 + 2 * WINDOWS_MAX][32];
    const char *words[32] = {LEDGER_CALL(BUCKET)};
    int count = LEDGER_CALL_WORDS;
    words[count++] = operation;
    words[count++] = permit; /* each is of a process of its own ... */
    words[count++] = "1";    /* ... its first one */
    (void)snprintf(numbers[0], sizeof numbers[0], "%lld", (long long)length_ms);
    words[count++] = numbers[0];
    (void)snprintf(numbers[1], sizeof numbers[1], "%lld", (long long)now_us);
    words[count++] = now_us >= 0 ? numbers[1] : "";
    words[count++] = BUCKET ":due";
    words[count++] = node;
    words[count++] = witness;
    words[count++] = witness_score;
    for (int i = 0; i < quota->count && i < WINDOWS_MAX; i++) {
        (void)snprintf(numbers[2 + 2 * i], sizeof numbers[0], "%d", quota->windows[i].limit);
        words[count++] = numbers[2 + 2 * i];
        (void)snprintf(numbers[3 + 2 * i], sizeof numbers[0], "%lld", (long long)quota->windows[i].span_ms);
        words[count++] = numbers[3 + 2 * i];
    }
    redisReply *reply = redisCommandArgv(redis, count, words, NULL);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", operation, reply->str);
    return reply;
}

int64_t wait_of(const char *operation, const char *permit, int64_t length_ms, int64_t now_us, const struct quota *quota)
{
    redisReply *reply = run(operation, permit, length_ms, now_us, quota);
    const redisReply *wait = strcmp(operation, "settle") == 0 ? reply->element[0] : reply;
    assert_int_equal(wait->type, REDIS_REPLY_INTEGER);
    int64_t wait_ms = wait->integer;
    freeReplyObject(reply);
    return wait_ms;
}

int64_t ask(const char *permit, int64_t now_us, const struct quota *quota)
{
    return wait_of("ask", permit, LIFE_MS, now_us, quota);
}

int64_t settle(const char *permit, int64_t now_us, const struct quota *quota)
{
    return wait_of("settle", permit, 0, now_us, quota);
}

int64_t give_back(const char *permit, int64_t now_us, const struct quota *quota)
{
    return wait_of("return", permit, 0, now_us, quota);
}

void close_bucket(int64_t length_ms, int64_t now_us)
{
    static const struct quota none = {.count = 0};
    (void)wait_of("close", "", length_ms, now_us, &none);
}

long long integer(const char *command)
{
    redisReply *reply = redisCommand(redis, command);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}
