/* Which workers count as dead (workers.lua), judged by a real Redis: law 4. */
#include "store_redis.h"
#include <stdlib.h>

#define DEAD_AFTER_MS 15000

enum { DEAD, ALIVE, AWAITS_OTHERS }; /* what a worker is told of itself */

static long long now_ms(void)
{
    redisReply *time = redis_server_command(&server, "TIME");
    long long ms = strtoll(time->element[0]->str, NULL, 10) * 1000 + strtoll(time->element[1]->str, NULL, 10) / 1000;
    freeReplyObject(time);
    return ms;
}

static void heard(const char *worker, long long ago_ms)
{
    freeReplyObject(redis_server_command(&server, "ZADD workers %lld %s", now_ms() - ago_ms, worker));
}

static long long say(const char *operation, const char *worker)
{
    redisReply *reply =
        redis_server_command(&server, "EVAL %b 4 workers dead replies silence %s %s %d 20", releve_script_workers.text,
                             releve_script_workers.text_bytes, operation, worker, DEAD_AFTER_MS);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    long long state = reply->element[0]->integer;
    freeReplyObject(reply);
    return state;
}

static bool is_in(const char *key, const char *worker)
{
    redisReply *score = redis_server_command(&server, "ZSCORE %s %s", key, worker);
    bool found = score->type != REDIS_REPLY_NIL;
    freeReplyObject(score);
    return found;
}

static void assert_alive(const char *worker)
{
    assert_true(is_in("workers", worker) && !is_in("dead", worker));
}

static void assert_dead(const char *worker)
{
    assert_true(is_in("dead", worker) && !is_in("workers", worker));
}

static void test_who_is_silent_while_others_beat_is_dead(void **state)
{
    (void)state;
    heard("a", 5000);
    heard("b", DEAD_AFTER_MS - 5000);
    heard("c", DEAD_AFTER_MS + 1000);
    assert_int_equal(say("beat", "a"), ALIVE);
    assert_alive("a");
    assert_alive("b");
    assert_dead("c");
    assert_int_equal(say("beat", "c"), DEAD);
}

static void test_after_a_silence_of_all_the_first_that_is_back_buries_nobody_however_often_it_beats(void **state)
{
    (void)state;
    heard("a", DEAD_AFTER_MS + 5000);
    heard("b", DEAD_AFTER_MS + 6000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(say("beat", "a"), AWAITS_OTHERS);
    assert_alive("b");
    assert_int_equal(say("beat", "b"), ALIVE);
}

static void test_after_a_silence_of_all_a_worker_that_joins_buries_nobody(void **state)
{
    (void)state;
    heard("a", DEAD_AFTER_MS + 5000);
    heard("b", DEAD_AFTER_MS + 6000);
    assert_int_equal(say("join", "c"), AWAITS_OTHERS);
    assert_int_equal(say("beat", "c"), AWAITS_OTHERS);
    assert_int_equal(say("beat", "a"), AWAITS_OTHERS);
    assert_int_equal(say("beat", "b"), ALIVE);
}

/* It lasted less than a worker may be silent, and yet the last beat of one is longer ago. */
static void test_after_a_shorter_silence_of_all_those_that_beat_before_the_others_did_are_not_dead(void **state)
{
    (void)state;
    heard("a", DEAD_AFTER_MS - 3000);
    heard("b", DEAD_AFTER_MS + 2000);
    assert_int_equal(say("beat", "a"), AWAITS_OTHERS);
    assert_alive("b");
}

static void test_who_does_not_come_back_after_a_silence_of_all_is_dead_then(void **state)
{
    (void)state;
    heard("a", DEAD_AFTER_MS + 5000);
    heard("b", DEAD_AFTER_MS + 6000);
    (void)say("beat", "a");
    long long left_ms = integer("PTTL silence");
    assert_true(left_ms > 0 && left_ms <= DEAD_AFTER_MS);
    assert_int_equal(integer("PEXPIRE silence 0"), 1);
    assert_int_equal(say("beat", "a"), ALIVE);
    assert_dead("b");
}

static void test_a_master_whose_clock_is_ahead_buries_nobody(void **state)
{
    (void)state;
    heard("a", RELEVE_HOUR_MS + 1000);
    heard("b", RELEVE_HOUR_MS + 5000);
    assert_int_equal(say("beat", "a"), AWAITS_OTHERS);
    assert_int_equal(say("beat", "a"), AWAITS_OTHERS);
    assert_alive("b");
}

static void test_under_a_master_whose_clock_is_behind_the_dead_are_found_as_soon(void **state)
{
    (void)state;
    heard("a", -RELEVE_HOUR_MS);
    heard("b", -RELEVE_HOUR_MS - 5000);
    assert_int_equal(say("beat", "a"), ALIVE);
    assert_alive("b");
    redisReply *score = redis_server_command(&server, "ZSCORE workers b");
    assert_true(strtoll(score->str, NULL, 10) <= now_ms());
    freeReplyObject(score);
}

static void test_the_first_worker_of_all_waits_for_nobody(void **state)
{
    (void)state;
    assert_int_equal(say("join", "a"), ALIVE);
    assert_int_equal(integer("EXISTS silence"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_store(test_who_is_silent_while_others_beat_is_dead),
        with_store(test_after_a_silence_of_all_the_first_that_is_back_buries_nobody_however_often_it_beats),
        with_store(test_after_a_silence_of_all_a_worker_that_joins_buries_nobody),
        with_store(test_after_a_shorter_silence_of_all_those_that_beat_before_the_others_did_are_not_dead),
        with_store(test_who_does_not_come_back_after_a_silence_of_all_is_dead_then),
        with_store(test_a_master_whose_clock_is_ahead_buries_nobody),
        with_store(test_under_a_master_whose_clock_is_behind_the_dead_are_found_as_soon),
        with_store(test_the_first_worker_of_all_waits_for_nobody),
    };
    return run_with_redis(tests);
}
