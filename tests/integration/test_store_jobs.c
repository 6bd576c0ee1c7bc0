/* Jobs in a real Redis: how they begin, and what stands there when they have ended. */
#include "store_redis.h"
#include <adapters/redis/result_json.h>
#include <stdlib.h>
#include <string.h>

static void test_a_begun_job_is_marked_running_and_does_not_stay_for_ever(void **state)
{
    (void)state;
    releve_day first = releve_day_from_civil(2026, 9, 20);
    struct releve_job job = job_of("j1", first, first + 4);
    (void)begin(&job, NOW);
    expect("HGET {t}:job:j1 state", "running");
    expect("HGET {t}:job:j1 prm", "12345678901234");
    expect("HGET {t}:job:j1 kind", "daily_consumption");
    expect("HGET {t}:job:j1 start", "2026-09-20");
    expect("HGET {t}:job:j1 end", "2026-09-24");
    expect("HGET {t}:job:j1 created_at", "2026-09-30T07:00:00Z");
    long long left_s = integer("TTL {t}:job:j1");
    assert_true(left_s > 7 * 24 * 3600 - 60 && left_s <= 7 * 24 * 3600);
}

static struct releve_result result_of(const struct releve_job *job)
{
    struct releve_result result = {.job = *job, .state = RELEVE_JOB_PARTIAL, .days = 4, .complete = 3, .failed = 1};
    result.requests = 2;
    result.reason = (struct releve_reason){.code = "http-500", .text = "later"};
    result.finished_at = NOW;
    return result;
}

static void finish(const struct releve_result *result)
{
    struct answer answer = {.calls = 0};
    releve_store_finish(f.store, result, on_done, &answer);
    await_ok(&f, &answer);
}

static void test_a_job_ends_once_in_hash_stream_and_reply_list(void **state)
{
    (void)state;
    struct releve_job job = job_of("j2", 20000, 20004);
    (void)snprintf(job.reply_to, sizeof job.reply_to, "answers here");
    (void)begin(&job, NOW);
    struct releve_result result = result_of(&job);
    char *json = releve_result_json(&result);
    finish(&result);
    result.state = RELEVE_JOB_DONE; /* a second worker comes late */
    finish(&result);
    (void)begin(&job, NOW); /* and a third */

    expect("HGET {t}:job:j2 state", "partial");
    expect("HGET {t}:job:j2 complete", "3");
    expect("HGET {t}:job:j2 failed", "1");
    expect("HGET {t}:job:j2 cut", "0");
    expect("HGET {t}:job:j2 requests", "2");
    expect("HGET {t}:job:j2 error", "http-500: later");
    expect("HGET {t}:job:j2 finished_at", "2026-09-30T08:00:00Z");
    expect("HGET {t}:job:j2 pending", "0");
    assert_int_equal(integer("HLEN {t}:job:j2"), 17);
    assert_true(integer("TTL {t}:job:j2") > 7 * 24 * 3600 - 60);
    assert_int_equal(integer("XLEN {t}:results"), 1);
    redisReply *reply = redis_server_command(&server, "XRANGE {t}:results - +");
    assert_string_equal(reply->element[0]->element[1]->element[0]->str, "json");
    assert_string_equal(reply->element[0]->element[1]->element[1]->str, json);
    freeReplyObject(reply);
    reply = redis_server_command(&server, "LRANGE %s 0 -1", "answers here");
    assert_int_equal(reply->elements, 1);
    assert_string_equal(reply->element[0]->str, json);
    freeReplyObject(reply);
    free(json);
}

static void test_a_reply_list_that_is_no_list_keeps_nobody_from_the_result(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "SET broken x"));
    struct releve_job job = job_of("j3", 20000, 20004);
    (void)snprintf(job.reply_to, sizeof job.reply_to, "broken");
    struct releve_result result = result_of(&job);
    finish(&result);
    expect("HGET {t}:job:j3 state", "partial");
    assert_int_equal(integer("XLEN {t}:results"), 1);
}

static void test_a_result_that_redis_refuses_leaves_the_job_unfinished(void **state)
{
    (void)state;
    freeReplyObject(redis_server_command(&server, "SET {t}:results x"));
    struct releve_job job = job_of("j4", 20000, 20004);
    (void)begin(&job, NOW);
    struct releve_result result = result_of(&job);
    struct answer answer = {.calls = 0};
    releve_store_finish(f.store, &result, on_done, &answer);
    await_answer(&f, &answer);
    assert_int_equal(answer.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(answer.error.text, "{t}:results holds a string instead of a stream (results)"));
    expect("HGET {t}:job:j4 state", "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(test_a_begun_job_is_marked_running_and_does_not_stay_for_ever),
        with_store(test_a_job_ends_once_in_hash_stream_and_reply_list),
        with_store(test_a_reply_list_that_is_no_list_keeps_nobody_from_the_result),
        with_store(test_a_result_that_redis_refuses_leaves_the_job_unfinished),
    };
    return run_with_redis(tests);
}
