/* Law 1: at the gateway, no window of any alignment ever holds more arrivals than the quota. The script itself,
 * in a real Redis, with a clock that the test passes in. Random sequences, and windows counted by brute force:
 * test_ledger_model.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_fixture.h"

static void test_a_permit_in_flight_occupies_the_window_until_its_latest_arrival(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    int64_t wait_ms = ask("b", EPOCH_US, &one_a_second);
    assert_int_equal(wait_ms, LIFE_MS + 1000 + 2); /* and the margin, rounded up */
    assert_true(ask("b", EPOCH_US + (wait_ms - 2) * 1000, &one_a_second) > 0);
    assert_int_equal(ask("b", EPOCH_US + wait_ms * 1000, &one_a_second), 0);
}

static void test_a_settled_permit_occupies_it_from_its_arrival_only(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    int64_t arrived = EPOCH_US + 80000;
    assert_int_equal(settle("a", arrived, &one_a_second), 1002);
    assert_true(ask("b", arrived + 1000 * 1000 + MARGIN_US, &one_a_second) > 0); /* not at W plus margin */
    assert_int_equal(ask("b", arrived + 1000 * 1000 + MARGIN_US + 1, &one_a_second), 0);
}

static void test_a_request_that_broke_off_occupies_it_until_it_can_have_arrived(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    assert_int_equal(wait_of("settle", "a", 2000, EPOCH_US + 80000, &one_a_second), 2000 + 1000 + 2);
    assert_int_equal(wait_of("settle", "a", 2000, EPOCH_US + 90000, &one_a_second),
                     2000 + 1000 + 2 - 10);                                /* not raised */
    assert_int_equal(settle("a", EPOCH_US + 100000, &one_a_second), 1002); /* it was seen to have */
}

static void test_settling_never_raises_a_permit_and_invents_none(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    (void)settle("a", EPOCH_US + 1000, &one_a_second);
    int64_t wait_ms = ask("b", EPOCH_US + 2000, &one_a_second);
    (void)settle("a", EPOCH_US + 500000, &one_a_second);
    (void)settle("nobody", EPOCH_US + 500000, &one_a_second);
    assert_int_equal(ask("b", EPOCH_US + 2000, &one_a_second), wait_ms);
    assert_int_equal(integer("ZCARD " BUCKET), 1);
}

static void test_a_returned_permit_is_free_at_once(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    assert_true(ask("b", EPOCH_US, &one_a_second) > 0);
    assert_int_equal(give_back("a", EPOCH_US, &one_a_second), 0);
    assert_int_equal(ask("b", EPOCH_US, &one_a_second), 0);
}

static void test_asking_twice_with_one_id_is_one_permit_that_lives_from_the_second(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    assert_int_equal(ask("a", EPOCH_US + 7000000, &one_a_second), 0);
    assert_int_equal(integer("ZCARD " BUCKET), 1);
    assert_int_equal(ask("b", EPOCH_US + 7000000, &one_a_second), LIFE_MS + 1000 + 2);
}

static void test_a_closed_bucket_refuses_everybody_until_it_opens(void **state)
{
    (void)state;
    static const struct quota none = {.count = 0};
    close_bucket(5000, EPOCH_US);
    close_bucket(1000, EPOCH_US); /* the later end stays */
    assert_int_equal(ask("a", EPOCH_US + 1000, &one_a_second), 4999);
    assert_int_equal(ask("a", EPOCH_US + 1000, &none), 4999);
    assert_int_equal(ask("a", EPOCH_US + 5000000, &one_a_second), 0);
    assert_int_equal(ask("b", EPOCH_US + 5000000, &none), 0);
}

static void test_no_quota_leaves_no_entries(void **state)
{
    (void)state;
    static const struct quota none = {.count = 0};
    for (int i = 0; i < 20; i++)
        assert_int_equal(ask(i % 2 != 0 ? "a" : "b", EPOCH_US, &none), 0);
    assert_int_equal(integer("EXISTS " BUCKET), 0);
}

static void test_usage_counts_each_window_and_says_what_is_due(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "p%d", i);
        assert_int_equal(ask(id, EPOCH_US, &two_windows), 0);
        (void)settle(id, EPOCH_US, &two_windows);
    }
    redisReply *reply = run("usage", "", 0, EPOCH_US + 500000, &two_windows);
    assert_int_equal(reply->elements, 4);
    assert_int_equal(reply->element[0]->integer, 502);
    assert_int_equal(reply->element[1]->integer, 0);
    assert_int_equal(reply->element[2]->integer, 5);
    assert_int_equal(reply->element[3]->integer, 5);
    freeReplyObject(reply);
    close_bucket(9000, EPOCH_US + 2000000);
    reply = run("usage", "", 0, EPOCH_US + 2000000, &two_windows);
    assert_int_equal(reply->element[0]->integer, 9000);
    assert_int_equal(reply->element[1]->integer, 9000);
    assert_int_equal(reply->element[2]->integer, 0);
    assert_int_equal(reply->element[3]->integer, 5);
    freeReplyObject(reply);
}

static void test_the_ledger_goes_away_by_itself(void **state)
{
    (void)state;
    assert_int_equal(ask("a", -1, &two_windows), 0); /* by Redis's own clock */
    long long left_ms = integer("PTTL " BUCKET);
    assert_true(left_ms > LIFE_MS + 59000 && left_ms <= LIFE_MS + 60000 + 1000);
}

/* --- askers with different quotas --------------------------------------------------------------------- */

static const struct quota three_a_second = {1, {{3, 1000}}};

static void test_an_asker_with_short_windows_leaves_what_another_still_counts(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &three_an_hour), 0);
    (void)settle("a", EPOCH_US, &three_an_hour);
    int64_t later = EPOCH_US;
    for (int i = 0; i < 2; i++) { /* the other one, with nothing in its own second */
        later += 600000000;
        assert_int_equal(ask(i > 0 ? "c" : "b", later, &one_a_second), 0);
        (void)settle(i > 0 ? "c" : "b", later, &one_a_second);
    }
    assert_int_equal(integer("ZCARD " BUCKET), 3);
    assert_true(integer("PTTL " BUCKET) > 3600000);
    assert_int_equal(ask("d", later, &three_an_hour), 3600000 - 1200000 + 2); /* when "a" is an hour old */
    /* All of them age out by the longest window, whoever asks. */
    assert_int_equal(ask("e", EPOCH_US + 3600000000 + 2 * MARGIN_US, &one_a_second), 0);
    assert_int_equal(integer("ZCARD " BUCKET), 3);
}

static void test_a_refused_asker_has_its_windows_remembered_too(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "b", "c"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(ask(ids[i], EPOCH_US, &three_a_second), 0);
    assert_true(ask("d", EPOCH_US, &three_an_hour) > 3600000);
    assert_true(ask("e", EPOCH_US + 1800000000, &one_a_second) > 0); /* the stricter one holds for him too */
    assert_int_equal(integer("ZCARD " BUCKET), 3);
    assert_true(ask("d", EPOCH_US + 1800000000, &three_an_hour) > 0);
}

static const struct quota ten_a_second_two_an_hour = {2, {{10, 1000}, {2, 3600000}}};

/* The windows that hold for an asker with `quota` because of others: "limit ms limit ms ". */
static void expect_stricter(const struct quota *quota, int64_t now_us, const char *wanted)
{
    char found[128] = "";
    redisReply *reply = run("stricter", "", 0, now_us, quota);
    for (size_t i = 0; i < reply->elements; i++)
        (void)snprintf(found + strlen(found), sizeof found - strlen(found), "%lld ", reply->element[i]->integer);
    assert_string_equal(found, wanted);
    freeReplyObject(reply);
}

/* Whoever asks for more than another gets no more than that one, in either order; and what each shows of its own
 * windows stays its own. */
static void test_of_two_quotas_the_stricter_holds(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &three_a_second), 0);
    expect_stricter(&three_a_second, EPOCH_US, "");
    expect_stricter(&one_a_second, EPOCH_US, "");
    assert_int_equal(ask("b", EPOCH_US, &three_an_hour), 0); /* another window: both hold */
    expect_stricter(&three_a_second, EPOCH_US, "3 3600000 ");
    expect_stricter(&three_an_hour, EPOCH_US, "3 1000 ");
    assert_int_equal(ask("c", EPOCH_US, &three_a_second), 0);
    assert_true(ask("d", EPOCH_US + LIFE_MS * 1000 + 1100000, &three_a_second) > 3500000); /* the hour holds */
    assert_true(ask("d", EPOCH_US + LIFE_MS * 1000 + 1100000, &one_a_second) > 3500000);
    expect_stricter(&three_a_second, EPOCH_US, "1 1000 3 3600000 ");
    redisReply *reply = run("usage", "", 0, EPOCH_US, &three_a_second);
    assert_int_equal(reply->elements, 3); /* one window, and two moments */
    freeReplyObject(reply);
}

/* Neither of the two is stricter in every window: each keeps his own alive, however long both go on. */
static void test_two_quotas_hold_as_long_as_both_ask(void **state)
{
    (void)state;
    int64_t now_us = EPOCH_US;
    for (int i = 0; i < 40; i++) { /* ten hours */
        (void)ask("a", now_us, &three_a_second);
        (void)ask("b", now_us, &ten_a_second_two_an_hour);
        expect_stricter(&three_a_second, now_us, "2 3600000 ");
        expect_stricter(&ten_a_second_two_an_hour, now_us, "3 1000 ");
        now_us += 900000000;
    }
    long long left_ms = integer("PTTL " BUCKET ":windows");
    assert_true(left_ms > 3600000 && left_ms <= 3600000 + LIFE_MS + 1000);
}

/* Who is stricter has to ask for it to stay so: each limit is forgotten by itself. */
static void test_a_stricter_quota_is_forgotten_when_nobody_asks_with_it(void **state)
{
    (void)state;
    const int64_t over_us = EPOCH_US + (1000 + LIFE_MS + 1000) * 1000 + 1;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    (void)ask("b", over_us - 1000000, &three_a_second); /* the one who asks for more does not prolong it */
    expect_stricter(&three_a_second, over_us - 2, "1 1000 ");
    expect_stricter(&three_a_second, over_us, "");
    assert_int_equal(integer("HLEN " BUCKET ":windows"), 2);
    (void)ask("b", over_us, &three_a_second);
    assert_int_equal(integer("HLEN " BUCKET ":windows"), 1);
    expect_stricter(&ten_a_second_two_an_hour, over_us, "3 1000 "); /* what was looser than another is remembered too */
}

/* What somebody else wrote there counts for nothing, and goes. */
static void test_windows_that_are_none_are_dropped(void **state)
{
    (void)state;
    static const char *const fields[] = {"x", "0 1000", "5 0", "99999999 1000", "5 99999999999999999999", "5 1000 7"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        freeReplyObject(redisCommand(redis, "HSET " BUCKET ":windows %s 9e15", fields[i]));
    freeReplyObject(redisCommand(redis, "HSET " BUCKET ":windows %s x", "1 2000"));
    expect_stricter(&three_a_second, EPOCH_US, "");
    assert_int_equal(ask("a", EPOCH_US, &three_a_second), 0);
    assert_int_equal(integer("HLEN " BUCKET ":windows"), 1);
}

static void test_the_longest_window_is_forgotten_with_the_ledger(void **state)
{
    (void)state;
    assert_int_equal(ask("a", -1, &three_an_hour), 0);
    assert_int_equal(ask("b", -1, &three_a_second), 0); /* shortens no expiry */
    long long left_ms = integer("PTTL " BUCKET ":longest");
    assert_true(left_ms > LIFE_MS + 3599000 && left_ms <= LIFE_MS + 3600000 + 1000);
    left_ms = integer("PTTL " BUCKET);
    assert_true(left_ms > LIFE_MS + 3599000 && left_ms <= LIFE_MS + 3600000 + 1000);
}

/* --- news ------------------------------------------------------------------------------------------- */

/* What the channel says next, in ms; -1 where it says nothing before a mark that is published now. */
static long long next_news(redisContext *listener)
{
    redisReply *reply;
    freeReplyObject(redisCommand(redis, "PUBLISH " BUCKET ":due -1"));
    assert_int_equal(redisGetReply(listener, (void **)&reply), REDIS_OK);
    assert_string_equal(reply->element[0]->str, "message");
    long long news = atoll(reply->element[2]->str);
    freeReplyObject(reply);
    if (news >= 0) { /* the mark comes after it */
        assert_int_equal(redisGetReply(listener, (void **)&reply), REDIS_OK);
        assert_string_equal(reply->element[2]->str, "-1");
        freeReplyObject(reply);
    }
    return news;
}

static void test_news_comes_when_the_moment_told_to_somebody_comes_nearer(void **state)
{
    (void)state;
    redisContext *listener = redis_server_connect(&server);
    freeReplyObject(redisCommand(listener, "SUBSCRIBE " BUCKET ":due"));
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    (void)settle("a", EPOCH_US + 1000, &one_a_second);
    assert_int_equal(next_news(listener), -1); /* nobody was refused */

    int64_t later = EPOCH_US + 5000000;
    assert_int_equal(ask("b", later, &one_a_second), 0);
    assert_true(ask("c", later, &one_a_second) > LIFE_MS);
    assert_int_equal(settle("b", later + 100000, &one_a_second), 1002);
    assert_int_equal(next_news(listener), 1002);
    (void)settle("b", later + 200000, &one_a_second);
    assert_int_equal(next_news(listener), -1); /* nothing new */
    (void)give_back("b", later + 300000, &one_a_second);
    assert_int_equal(next_news(listener), 0);

    assert_int_equal(ask("d", later + 300000, &one_a_second), 0);
    assert_true(ask("e", later + 300000, &one_a_second) > 0);
    close_bucket(50000, later + 300000);
    assert_int_equal(next_news(listener), 50000);
    redisFree(listener);
}

static void test_a_full_ledger_of_ten_thousand_is_cheap(void **state)
{
    (void)state;
    static const struct quota large = {2, {{10000, 3600000}, {5, 1000}}};
    static const char fill[] = "for i = 1, 10000 do redis.call('ZADD', KEYS[1], string.format('%.0f', "
                               "1789999000000000 + i * 90000), string.format('w%038d', i)) end return 1";
    freeReplyObject(redisCommand(redis, "EVAL %s 1 " BUCKET, fill));
    assert_int_equal(integer("ZCARD " BUCKET), 10000);
    long long bytes = integer("MEMORY USAGE " BUCKET " SAMPLES 0");
    /* With the longest ids that are allowed. Redis's own share is about 110 bytes for each member of a set. */
    if (bytes > 1500000)
        fail_msg("%lld bytes for 10000 permits", bytes);
    /* Full: refused until the oldest is an hour old; then granted, and what is too old has gone. */
    assert_int_equal(ask("x", EPOCH_US, &large), 2600000 + 90 + 2);
    assert_int_equal(ask("x", EPOCH_US + 2600100000, &large), 0);
    assert_int_equal(integer("ZCARD " BUCKET), 10000);
}

static int64_t ask_urgently(const char *permit, int64_t now_us, const struct quota *quota)
{
    return wait_of("ask urgent", permit, LIFE_MS, now_us, quota);
}

static void test_the_next_permit_is_kept_for_whoever_is_urgent(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    int64_t due_us = EPOCH_US + settle("a", EPOCH_US, &one_a_second) * 1000;
    assert_true(ask("deep", EPOCH_US, &one_a_second) > 0);
    assert_true(ask_urgently("now", EPOCH_US, &one_a_second) > 0);
    assert_true(ask("deep", due_us, &one_a_second) > 0); /* it comes first, and is put off */
    assert_int_equal(ask_urgently("now", due_us, &one_a_second), 0);
    due_us += settle("now", due_us, &one_a_second) * 1000;
    assert_int_equal(ask("deep", due_us, &one_a_second), 0); /* nobody urgent is left */
}

static void test_nobody_waits_long_for_an_urgent_one_that_died(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 0);
    int64_t due_us = EPOCH_US + settle("a", EPOCH_US, &one_a_second) * 1000;
    assert_true(ask_urgently("dead", EPOCH_US, &one_a_second) > 0);
    int64_t wait_ms = ask("deep", due_us, &one_a_second);
    assert_true(wait_ms > 0 && wait_ms <= 1002 + 2000); /* what the other was told, and the grace */
    assert_true(integer("PTTL " BUCKET ":first") <= wait_ms);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET ":first")); /* its time has passed */
    assert_int_equal(ask("deep", due_us, &one_a_second), 0);
}

static void test_one_permit_of_ten_goes_to_those_that_are_not_urgent(void **state)
{
    (void)state;
    int64_t now_us = EPOCH_US;
    char permit[16];
    int urgent = 0;
    assert_int_equal(ask("a", now_us, &one_a_second), 0);
    now_us += settle("a", now_us, &one_a_second) * 1000;
    for (int i = 0; i < 40; i++) { /* at each moment both want it, and the deep one asks first */
        (void)snprintf(permit, sizeof permit, "p%d", i);
        (void)ask_urgently("soon", now_us - 1000000, &one_a_second);
        if (ask(permit, now_us, &one_a_second) > 0) {
            assert_int_equal(ask_urgently(permit, now_us, &one_a_second), 0);
            urgent++;
        }
        now_us += settle(permit, now_us, &one_a_second) * 1000;
    }
    assert_in_range(urgent, 40 * 8 / 10, 40 * 9 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_permit_in_flight_occupies_the_window_until_its_latest_arrival, ledger_clear),
        cmocka_unit_test_setup(test_a_settled_permit_occupies_it_from_its_arrival_only, ledger_clear),
        cmocka_unit_test_setup(test_a_request_that_broke_off_occupies_it_until_it_can_have_arrived, ledger_clear),
        cmocka_unit_test_setup(test_settling_never_raises_a_permit_and_invents_none, ledger_clear),
        cmocka_unit_test_setup(test_a_returned_permit_is_free_at_once, ledger_clear),
        cmocka_unit_test_setup(test_asking_twice_with_one_id_is_one_permit_that_lives_from_the_second, ledger_clear),
        cmocka_unit_test_setup(test_a_closed_bucket_refuses_everybody_until_it_opens, ledger_clear),
        cmocka_unit_test_setup(test_no_quota_leaves_no_entries, ledger_clear),
        cmocka_unit_test_setup(test_usage_counts_each_window_and_says_what_is_due, ledger_clear),
        cmocka_unit_test_setup(test_the_ledger_goes_away_by_itself, ledger_clear),
        cmocka_unit_test_setup(test_an_asker_with_short_windows_leaves_what_another_still_counts, ledger_clear),
        cmocka_unit_test_setup(test_a_refused_asker_has_its_windows_remembered_too, ledger_clear),
        cmocka_unit_test_setup(test_of_two_quotas_the_stricter_holds, ledger_clear),
        cmocka_unit_test_setup(test_two_quotas_hold_as_long_as_both_ask, ledger_clear),
        cmocka_unit_test_setup(test_a_stricter_quota_is_forgotten_when_nobody_asks_with_it, ledger_clear),
        cmocka_unit_test_setup(test_windows_that_are_none_are_dropped, ledger_clear),
        cmocka_unit_test_setup(test_the_longest_window_is_forgotten_with_the_ledger, ledger_clear),
        cmocka_unit_test_setup(test_news_comes_when_the_moment_told_to_somebody_comes_nearer, ledger_clear),
        cmocka_unit_test_setup(test_a_full_ledger_of_ten_thousand_is_cheap, ledger_clear),
        cmocka_unit_test_setup(test_the_next_permit_is_kept_for_whoever_is_urgent, ledger_clear),
        cmocka_unit_test_setup(test_nobody_waits_long_for_an_urgent_one_that_died, ledger_clear),
        cmocka_unit_test_setup(test_one_permit_of_ten_goes_to_those_that_are_not_urgent, ledger_clear),
    };
    return cmocka_run_group_tests(tests, ledger_start, ledger_end);
}
