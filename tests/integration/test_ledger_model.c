/* The ledger's model, on which the simulation builds, answers as the script does in a real Redis: permit or refusal,
 * how long to wait, what is published, how full each window is. And whatever the network does with what both granted,
 * no window overflows (law 1). */
#include "ledger_call.h"
#include "redis_server.h"
#include "tests/simulation/ledger_model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKET "t:quota:{m}"
#define LIFE_MS 40000
#define EPOCH_US INT64_C(1790000000000000) /* as large as a real clock's */
#define PERMITS_MAX 4000
#define STEPS 700

static struct redis_server server;
static redisContext *redis, *listener;
static struct ledger_model model;
static uint64_t seed;

struct permit {
    int64_t granted_us, latest_us;
    bool open, gone; /* its request is under way; nothing was ever sent */
};
static struct permit permits[PERMITS_MAX];

/* Of a cluster: who is judge now, and its clock less the true one. Node 0 is a Redis without replicas. */
#define NODES 4
static const char *const node_names[NODES] = {"", "a", "b", "c"};
static const int64_t clocks_us[NODES] = {0, 0, 999000, 500000};
static unsigned node;
static size_t permits_count;

static int start(void **state)
{
    (void)state;
    static const char *const extra[] = {"--appendonly", "no", NULL}; /* the script is what is tested here */
    redis_server_start(&server, extra);
    redis = redis_server_connect(&server);
    listener = redis_server_connect(&server);
    freeReplyObject(redisCommand(listener, "SUBSCRIBE " BUCKET ":due"));
    freeReplyObject(redisCommand(redis, "SCRIPT LOAD %b", releve_script_ledger.text, releve_script_ledger.text_bytes));
    return 0;
}

static int end(void **state)
{
    (void)state;
    redisFree(listener);
    redisFree(redis);
    redis_server_end(&server);
    return 0;
}

/* --- the script ------------------------------------------------------------------------------------------- */

static redisReply *run(const char *operation, uint64_t permit, int64_t length_ms, int64_t now_us,
                       const struct releve_quota *quota)
{
    static char numbers[3 + 2 * RELEVE_QUOTA_WINDOWS_MAX][32];
    const char *words[22 + 2 * RELEVE_QUOTA_WINDOWS_MAX] = {LEDGER_CALL(BUCKET)};
    int count = LEDGER_CALL_WORDS, number = 0;
    words[count++] = operation;
    words[count++] = "1";
    (void)snprintf(numbers[number], sizeof numbers[0], "%llx", (unsigned long long)permit);
    words[count++] = numbers[number++];
    (void)snprintf(numbers[number], sizeof numbers[0], "%lld", (long long)length_ms);
    words[count++] = numbers[number++];
    (void)snprintf(numbers[number], sizeof numbers[0], "%lld", (long long)now_us);
    words[count++] = numbers[number++];
    words[count++] = BUCKET ":due";
    words[count++] = node_names[node];
    words[count++] = ""; /* no witness */
    words[count++] = "";
    for (size_t i = 0; i < quota->windows_count; i++) {
        (void)snprintf(numbers[number], sizeof numbers[0], "%u", (unsigned)quota->windows[i].limit);
        words[count++] = numbers[number++];
        (void)snprintf(numbers[number], sizeof numbers[0], "%lld", (long long)quota->windows[i].span_ms);
        words[count++] = numbers[number++];
    }
    redisReply *reply = redisCommandArgv(redis, count, words, NULL);
    assert_non_null(reply);
    if (reply->type == REDIS_REPLY_ERROR)
        fail_msg("%s: %s", operation, reply->str);
    return reply;
}

/* What was published by the operation before: ms, or -1. A mark that is published now comes right after it. */
static int64_t heard(void)
{
    redisReply *reply;
    int64_t news = -1;
    freeReplyObject(redisCommand(redis, "PUBLISH " BUCKET ":due mark"));
    for (;;) {
        assert_int_equal(redisGetReply(listener, (void **)&reply), REDIS_OK);
        bool mark = strcmp(reply->element[2]->str, "mark") == 0;
        if (!mark)
            news = atoll(reply->element[2]->str);
        freeReplyObject(reply);
        if (mark)
            return news;
    }
}

/* --- both ------------------------------------------------------------------------------------------------- */

/* Keys expire by Redis's own clock, and the test's goes faster. */
static void forget_what_expired(int64_t now_us)
{
    if (ledger_model_remembers(&model, now_us))
        return;
    model.told_us = 0; /* also for a clock that is behind */
    freeReplyObject(redisCommand(redis, "DEL " BUCKET ":waiting"));
}

static int64_t both(const char *operation, uint64_t permit, int64_t length_ms, int64_t now_us,
                    const struct releve_quota *quota)
{
    now_us += clocks_us[node];
    forget_what_expired(now_us);
    int64_t expected = 0;
    if (node > 0)
        ledger_model_serve(&model, node, now_us);
    if (strcmp(operation, "ask") == 0)
        expected = ledger_model_ask(&model, quota, permit, length_ms, now_us);
    else if (strcmp(operation, "settle") == 0)
        expected = ledger_model_settle(&model, quota, permit, length_ms, now_us);
    else if (strcmp(operation, "return") == 0)
        expected = ledger_model_return(&model, quota, permit, now_us);
    else
        expected = ledger_model_shut(&model, quota, length_ms, now_us);
    redisReply *reply = run(operation, permit, length_ms, now_us, quota);
    long long said = strcmp(operation, "settle") == 0 ? reply->element[0]->integer : reply->integer;
    if (said != expected)
        fail_msg("%s of p%llu at %lld: the script says %lld ms, the model %lld ms", operation,
                 (unsigned long long)permit, (long long)(now_us - EPOCH_US), said, (long long)expected);
    freeReplyObject(reply);
    assert_int_equal(heard(), model.news_ms);
    return expected;
}

static void compare_usage(int64_t now_us, const struct releve_quota *quota)
{
    now_us += clocks_us[node];
    forget_what_expired(now_us);
    if (node > 0)
        ledger_model_serve(&model, node, now_us); /* the script minds the clock here too */
    redisReply *reply = run("usage", 0, 0, now_us, quota);
    assert_int_equal(reply->elements, 2 + quota->windows_count);
    for (size_t i = 0; i < quota->windows_count; i++)
        assert_int_equal(reply->element[2 + i]->integer, ledger_model_used(&model, quota->windows[i].span_ms, now_us));
    freeReplyObject(reply);
}

/* --- random sequences --------------------------------------------------------------------------------------- */

static int64_t below(int64_t limit)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((seed >> 33) % (uint64_t)limit);
}

/* A permit that exists: usually one whose request is under way, sometimes one that is over, or asked for again. */
static void touch(size_t index, int64_t now_us, const struct releve_quota *quota)
{
    struct permit *permit = &permits[index];
    if (!permit->open || below(20) == 0) {
        if (both("ask", index, LIFE_MS, now_us, quota) > 0 || permit->gone)
            return; /* asked for again after it was given back: not what anybody does, but the same answer */
        if (permit->latest_us < now_us)
            permit->gone = true; /* a new grant under an old name: its arrival is not this permit's */
        return;
    }
    permit->open = false;
    if (below(8) == 0) {
        permit->gone = true;
        (void)both("return", index, 0, now_us, quota);
        return;
    }
    int64_t way_ms = below(3) == 0 ? below(3000) : 0; /* it broke off, and may still arrive */
    (void)both("settle", index, way_ms, now_us, quota);
    if (now_us + way_ms * 1000 < permit->latest_us)
        permit->latest_us = now_us + way_ms * 1000;
}

/* The wait until the next permit, where the last one asked for was refused. */
static int64_t act(int64_t now_us, const struct releve_quota *quota)
{
    static const struct releve_quota none = {.windows_count = 0};
    if (below(150) == 0) {
        (void)both("close", 0, below(3) == 0 ? 0 : below(5000), now_us, &none);
        return 0;
    }
    if (below(30) == 0)
        compare_usage(now_us, quota);
    if (permits_count > 0 && below(5) < 3) {
        /* Those of late are under way. */
        size_t back = (size_t)below(below(10) == 0 ? (int64_t)permits_count : 8) + 1;
        touch(permits_count > back ? permits_count - back : 0, now_us, quota);
        return 0;
    }
    int64_t wait_ms = both("ask", permits_count, LIFE_MS, now_us, quota);
    if (wait_ms == 0)
        permits[permits_count++] = (struct permit){now_us, now_us + LIFE_MS * 1000, true, false};
    return wait_ms;
}

/* Requests arrive anywhere between grant and latest moment: all early, all late, any. */
static void count_windows(const struct releve_quota *quota, int manner)
{
    static int64_t arrivals_us[PERMITS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < permits_count; i++) {
        int64_t room = permits[i].latest_us - permits[i].granted_us;
        if (!permits[i].gone)
            arrivals_us[count++] = permits[i].granted_us + (manner == 0 ? 0 : manner == 1 ? room : below(room + 1));
    }
    for (size_t w = 0; w < quota->windows_count; w++) {
        for (size_t i = 0; i < count; i++) {
            uint32_t inside = 0; /* in the closed window that begins with arrival i */
            for (size_t j = 0; j < count; j++)
                inside += arrivals_us[j] >= arrivals_us[i] &&
                          arrivals_us[j] <= arrivals_us[i] + quota->windows[w].span_ms * 1000;
            if (inside > quota->windows[w].limit)
                fail_msg("%u arrivals in a window of %u", inside, quota->windows[w].limit);
        }
    }
}

static void run_sequence(const char *text, uint64_t with_seed, bool fails_over)
{
    struct releve_quota quota;
    struct releve_error error;
    assert_int_equal(releve_quota_parse(text, &quota, &error), RELEVE_OK);
    seed = with_seed;
    permits_count = 0;
    node = fails_over ? 1 : 0;
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    ledger_model_init(&model);
    int64_t now_us = EPOCH_US;
    for (int step = 0; step < STEPS && permits_count < PERMITS_MAX; step++) {
        if (fails_over && below(40) == 0)
            node = 1 + (unsigned)below(NODES - 1);
        int64_t wait_ms = act(now_us, &quota);
        /* Mostly a little time, at times exactly until the next permit, or one tick less, or very long. */
        if (wait_ms > 0 && below(3) > 0)
            now_us += wait_ms * 1000 - below(2);
        else
            now_us += below(60) == 0 ? below(200000000) : below(4) == 0 ? 0 : below(60000);
    }
    assert_true(permits_count > 20);
    for (int manner = 0; manner < 5; manner++)
        count_windows(&quota, manner);
    ledger_model_close(&model);
}

static void test_script_and_model_answer_alike_and_no_window_overflows(void **state)
{
    (void)state;
    static const char *const quotas[] = {"5/1s,40/1m", "3/1s", "2/100ms,7/900ms", "1/1s", "30/10s,5/1s,200/5m"};
    for (uint64_t round = 0; round < 15; round++)
        run_sequence(quotas[round % 5], round + 1, false);
}

static void test_no_window_overflows_whatever_node_is_judge(void **state)
{
    (void)state;
    static const char *const quotas[] = {"5/1s,40/1m", "3/1s", "2/100ms,7/900ms", "1/1s", "30/10s,5/1s,200/5m"};
    for (uint64_t round = 0; round < 15; round++)
        run_sequence(quotas[round % 5], round + 100, true);
}

static void test_without_a_quota_only_a_closed_door_refuses(void **state)
{
    (void)state;
    run_sequence("none", 99, false);
    assert_int_equal(model.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_script_and_model_answer_alike_and_no_window_overflows),
        cmocka_unit_test(test_no_window_overflows_whatever_node_is_judge),
        cmocka_unit_test(test_without_a_quota_only_a_closed_door_refuses),
    };
    return cmocka_run_group_tests(tests, start, end);
}
