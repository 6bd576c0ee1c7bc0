/* Law 1 where another Redis is the judge from some moment on, or where Redis has forgotten what it was told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_fixture.h"

/* --- clocks of several nodes ------------------------------------------------------------------------- */

#define DIFFERENCE_US 1000000

static int64_t ask_of(const char *of, const char *permit, int64_t now_us, const struct quota *quota)
{
    node = of;
    return ask(permit, now_us, quota);
}

static int64_t score(const char *permit)
{
    redisReply *reply = redisCommand(redis, "ZSCORE " BUCKET " %s.1", permit);
    assert_int_equal(reply->type, REDIS_REPLY_STRING);
    int64_t us = atoll(reply->str);
    freeReplyObject(reply);
    return us;
}

static void test_one_redis_notes_no_node(void **state)
{
    (void)state;
    assert_int_equal(ask("a", EPOCH_US, &three_an_hour), 0);
    assert_int_equal(integer("EXISTS " BUCKET ":node"), 0);
    assert_int_equal(ask_of("m", "b", EPOCH_US, &three_an_hour), 0); /* it gets a replica */
    assert_int_equal(score("a"), EPOCH_US + LIFE_MS * 1000);
}

static void test_another_node_puts_every_permit_later_once(void **state)
{
    (void)state;
    assert_int_equal(ask_of("m", "a", EPOCH_US, &two_windows), 0);
    assert_int_equal(ask_of("m", "b", EPOCH_US, &two_windows), 0);
    (void)settle("b", EPOCH_US + 5, &two_windows);
    for (int i = 0; i < 3; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "r%d", i);
        assert_int_equal(ask_of("r", id, EPOCH_US + 10, &two_windows), 0);
        assert_int_equal(score("a"), EPOCH_US + LIFE_MS * 1000 + DIFFERENCE_US);
        assert_int_equal(score("b"), EPOCH_US + 5 + DIFFERENCE_US);
        assert_int_equal(score("r0"), EPOCH_US + 10 + LIFE_MS * 1000);
    }
    assert_true(ask_of("m", "c", EPOCH_US + 20, &two_windows) > 0); /* and back */
    assert_int_equal(score("b"), EPOCH_US + 5 + 2 * DIFFERENCE_US);
    assert_int_equal(score("r2"), EPOCH_US + 10 + LIFE_MS * 1000 + DIFFERENCE_US);
}

/* The arrival that counts came by a clock that was behind: by the clock that is ahead its window seems to be over. */
static void test_no_window_overflows_where_the_new_clock_is_ahead(void **state)
{
    (void)state;
    assert_int_equal(ask_of("m", "a", EPOCH_US, &one_a_second), 0);
    (void)settle("a", EPOCH_US, &one_a_second);
    int64_t ahead_us = EPOCH_US + DIFFERENCE_US; /* the same moment */
    assert_int_equal(ask_of("r", "b", ahead_us, &one_a_second), 1000 + 2);
    assert_int_equal(ask_of("r", "b", ahead_us + 1002000, &one_a_second), 0);
}

static void test_a_closed_bucket_and_what_was_told_are_put_later_too(void **state)
{
    (void)state;
    node = "m";
    close_bucket(5000, EPOCH_US);
    long long left_ms = integer("PTTL " BUCKET ":closed");
    assert_true(left_ms > 5000 && left_ms <= 6000); /* a clock that is ahead does not drop it early */
    assert_int_equal(ask("a", EPOCH_US, &one_a_second), 5000);
    assert_int_equal(ask_of("r", "a", EPOCH_US, &one_a_second), 6000);
    left_ms = integer("PTTL " BUCKET ":closed");
    assert_true(left_ms > 6000 && left_ms <= 7000);
    assert_int_equal(ask_of("r", "a", EPOCH_US, &one_a_second), 6000);
}

/* With replicas=0, among others that name replicas: nobody can say whether the noted node judges. */
static void test_whoever_does_not_say_who_judges_counts_everything_longer(void **state)
{
    (void)state;
    assert_int_equal(ask_of("m", "a", EPOCH_US, &one_a_second), 0);
    (void)settle("a", EPOCH_US, &one_a_second);
    int64_t ahead_us = EPOCH_US + DIFFERENCE_US; /* the same moment */
    assert_int_equal(ask_of("", "b", ahead_us, &one_a_second), 1000 + 2);
    assert_int_equal(score("a"), EPOCH_US);
    assert_int_equal(ask_of("", "b", ahead_us + 1002000, &one_a_second), 0);
}

static void test_whoever_does_not_say_who_judges_drops_nothing_that_counts_for_others(void **state)
{
    (void)state;
    static const struct quota two_a_second = {1, {{2, 1000}}};
    assert_int_equal(ask_of("m", "a", EPOCH_US, &two_a_second), 0);
    (void)settle("a", EPOCH_US, &two_a_second);
    int64_t ahead_us = EPOCH_US + 500000 + DIFFERENCE_US; /* half a second later */
    assert_int_equal(ask_of("", "b", ahead_us, &two_a_second), 0);
    assert_int_equal(ask_of("r", "c", ahead_us, &two_a_second), 500 + 2);
    assert_int_equal(score("a"), EPOCH_US + DIFFERENCE_US);
}

static void test_a_closed_bucket_is_so_longer_for_whoever_does_not_say_who_judges(void **state)
{
    (void)state;
    node = "m";
    close_bucket(5000, EPOCH_US);
    assert_int_equal(ask_of("", "a", EPOCH_US, &one_a_second), 6000);
    assert_int_equal(ask_of("m", "a", EPOCH_US, &one_a_second), 5000);
    node = "";
    close_bucket(6000, EPOCH_US);
    long long left_ms = integer("PTTL " BUCKET ":closed");
    assert_true(left_ms > 6000 && left_ms <= 7000);
}

static void test_a_large_ledger_is_put_later_in_full(void **state)
{
    (void)state;
    static const struct quota large = {1, {{5000, 3600000}}};
    static const char fill[] = "for i = 1, 4321 do redis.call('ZADD', KEYS[1], string.format('%.0f', "
                               "1789999000000000 + i), 'w' .. i) end return 1";
    assert_int_equal(ask_of("m", "a", EPOCH_US, &large), 0);
    freeReplyObject(redisCommand(redis, "EVAL %s 1 " BUCKET, fill));
    assert_int_equal(ask_of("r", "b", EPOCH_US, &large), 0);
    assert_int_equal(integer("ZCOUNT " BUCKET " 1789999001000001 1789999001004321"), 4321);
    assert_int_equal(integer("ZCARD " BUCKET), 4323);
    long long left_ms = integer("PTTL " BUCKET ":node");
    assert_true(left_ms > 24 * 3600 * 1000 + LIFE_MS);
}

/* --- what is forgotten -------------------------------------------------------------------------------------- */

/* Grants and settles a permit, which is the witness from then on. */
static void become_witness(const char *permit, int64_t now_us, const struct quota *quota)
{
    static char name[40], score[24];
    assert_int_equal(ask(permit, now_us, quota), 0);
    redisReply *reply = run("settle", permit, 0, now_us, quota);
    assert_int_equal(reply->elements, 3);
    (void)snprintf(name, sizeof name, "%s", reply->element[1]->str);
    (void)snprintf(score, sizeof score, "%s", reply->element[2]->str);
    assert_int_equal(atoll(score), now_us);
    witness = name;
    witness_score = score;
    freeReplyObject(reply);
}

/* {ms}: the witness was missing. */
static int64_t ask_in_vain(const char *permit, int64_t now_us, const struct quota *quota)
{
    redisReply *reply = run("ask", permit, LIFE_MS, now_us, quota);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    int64_t closed_ms = reply->element[0]->integer;
    freeReplyObject(reply);
    return closed_ms;
}

/* By somebody who has no witness. */
static int64_t ask_other(const char *permit, int64_t now_us, const struct quota *quota)
{
    const char *name = witness, *score = witness_score;
    witness = witness_score = "";
    int64_t wait_ms = ask(permit, now_us, quota);
    witness = name;
    witness_score = score;
    return wait_ms;
}

static const struct quota an_hour = {2, {{5, 1000}, {1000, 3600000}}};

/* From the moment at which a loss is noticed: what was granted before may arrive a life later. */
#define HOUR_MS 3600000
#define HOUR_CLOSED_MS (HOUR_MS + LIFE_MS + 1)

static int64_t ms_later(int64_t ms)
{
    return EPOCH_US + ms * 1000;
}

static void test_whoever_misses_its_own_permit_closes_the_bucket_for_its_longest_window_and_a_permits_life(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &an_hour);
    assert_int_equal(ask("b", ms_later(1), &an_hour), 0); /* it is there */
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    assert_int_equal(ask_in_vain("c", ms_later(2), &an_hour), HOUR_CLOSED_MS);
    assert_int_equal(integer("ZCARD " BUCKET), 0);
    assert_int_equal(ask("c", ms_later(3), &an_hour),
                     HOUR_CLOSED_MS - 1); /* said once: others miss theirs by the same loss */
    witness = witness_score = "";
    assert_int_equal(ask("d", ms_later(2 + HOUR_CLOSED_MS - 2), &an_hour), 2);
    assert_int_equal(ask("d", ms_later(2 + HOUR_CLOSED_MS), &an_hour), 0);
}

static void test_no_window_overflows_where_what_was_in_flight_at_the_loss_arrives_late(void **state)
{
    (void)state;
    static const struct quota three = {1, {{3, 10000}}};
    become_witness("a", EPOCH_US, &three);
    assert_int_equal(ask("b", ms_later(1), &three), 0);
    assert_int_equal(ask("c", ms_later(1), &three), 0);
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    int64_t late_ms = 1 + LIFE_MS; /* both arrive then */
    int64_t wait_ms = ask_in_vain("d", ms_later(2), &three);
    assert_true(2 + wait_ms > late_ms + 10000);
    assert_true(ask("d", ms_later(late_ms + 10000), &three) > 0);
}

/* The longest window is that of all askers, as far as Redis still knows it. */
static void test_a_loss_closes_the_bucket_for_the_longest_window_that_anybody_asks_with(void **state)
{
    (void)state;
    become_witness("x", EPOCH_US, &an_hour);
    witness = witness_score = "";
    become_witness("a", ms_later(2000), &one_a_second);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET " " BUCKET ":windows"));
    assert_int_equal(ask_in_vain("b", ms_later(2000), &one_a_second), HOUR_CLOSED_MS);
}

static void test_whoever_asks_with_a_longer_window_closes_for_that(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &an_hour);
    const char *name = witness, *score_text = witness_score;
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    witness = "b.1"; /* of somebody with a shorter one, lost as well */
    witness_score = "1790000000000000";
    assert_int_equal(ask_in_vain("b", ms_later(10), &one_a_second), 1000 + LIFE_MS + 1);
    witness = name;
    witness_score = score_text;
    assert_int_equal(ask_in_vain("c", ms_later(20), &an_hour), HOUR_CLOSED_MS);
    assert_int_equal(ask("d", ms_later(20), &an_hour), HOUR_CLOSED_MS);
}

static void test_a_loss_while_the_bucket_is_closed_closes_it_anew(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &an_hour);
    close_bucket(5000, EPOCH_US); /* not for as long as what is missing counts */
    freeReplyObject(redisCommand(redis, "DEL " BUCKET));
    assert_int_equal(ask_in_vain("b", EPOCH_US, &an_hour), HOUR_CLOSED_MS);
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    assert_int_equal(ask_in_vain("b", ms_later(60000), &an_hour), HOUR_CLOSED_MS);
}

/* The one that misses its permit was told by upstream to wait for a little longer than that permit counts. What others
 * were granted later counts longer. */
static void test_a_bucket_that_upstream_closed_hides_no_loss(void **state)
{
    (void)state;
    static const struct quota three = {1, {{3, 10000}}};
    become_witness("a", EPOCH_US, &three);
    assert_int_equal(ask_other("x", ms_later(7900), &three), 0);
    assert_int_equal(ask_other("y", ms_later(7900), &three), 0);
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    close_bucket(3000, ms_later(8000));
    assert_int_equal(ask_in_vain("b", ms_later(8000), &three), 10000 + LIFE_MS + 1);
}

static void test_a_loss_shortens_nothing_that_upstream_closed(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &one_a_second);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET));
    close_bucket(HOUR_MS, EPOCH_US);
    assert_int_equal(ask_in_vain("b", EPOCH_US, &one_a_second), HOUR_MS);
    assert_int_equal(ask("b", EPOCH_US, &one_a_second), HOUR_MS);
}

/* A transfer that broke off counts for 2 s more: its score may be later than the moment of the notice. */
static void test_what_was_granted_before_the_notice_is_of_that_loss_whenever_it_counts_to(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &an_hour);
    assert_int_equal(ask_other("x", EPOCH_US, &an_hour), 0);
    (void)wait_of("settle", "x", 2000, EPOCH_US, &an_hour);
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    assert_int_equal(ask_in_vain("b", ms_later(1), &an_hour), HOUR_CLOSED_MS);
    witness = "x.1";
    witness_score = "1790000002000000";
    assert_int_equal(ask("x", ms_later(11), &an_hour), HOUR_CLOSED_MS - 10);
}

static void test_what_was_granted_after_the_notice_is_of_another_loss(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &one_a_second);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET));
    int64_t open_ms = ask_in_vain("b", EPOCH_US, &one_a_second);
    witness = witness_score = "";
    become_witness("c", ms_later(open_ms), &one_a_second);
    assert_int_equal(integer("EXISTS " BUCKET ":forgotten"), 1); /* keys expire by the real clock */
    freeReplyObject(redisCommand(redis, "DEL " BUCKET));
    close_bucket(HOUR_MS, ms_later(open_ms));
    assert_int_equal(ask_in_vain("d", ms_later(open_ms), &one_a_second), HOUR_MS);
}

static void test_a_notice_counts_for_nothing_where_the_bucket_was_opened_by_hand(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &one_a_second);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET));
    assert_int_equal(ask_in_vain("b", EPOCH_US, &one_a_second), 1000 + LIFE_MS + 1);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET ":closed"));
    assert_int_equal(ask_in_vain("b", ms_later(500), &one_a_second), 1000 + LIFE_MS + 1);
}

static void test_the_moment_of_a_notice_is_put_later_by_another_node(void **state)
{
    (void)state;
    node = "m";
    become_witness("a", EPOCH_US, &one_a_second);
    freeReplyObject(redisCommand(redis, "DEL " BUCKET));
    assert_int_equal(ask_in_vain("b", EPOCH_US, &one_a_second), 1000 + LIFE_MS + 1);
    node = "r";
    assert_int_equal(ask("b", EPOCH_US, &one_a_second), 1000 + LIFE_MS + 1 + DIFFERENCE_US / 1000);
    redisReply *noticed = redisCommand(redis, "GET " BUCKET ":forgotten");
    assert_int_equal(atoll(noticed->str), EPOCH_US + DIFFERENCE_US);
    freeReplyObject(noticed);
    long long left_ms = integer("PTTL " BUCKET ":forgotten");
    assert_true(left_ms > 1000 + LIFE_MS + DIFFERENCE_US / 1000);
}

/* Whoever waits asks for nothing: it looks whether its witness is there, and closes the bucket where it is not. */
static void test_whoever_only_looks_closes_the_bucket_too(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &an_hour);
    assert_int_equal(wait_of("notice", "", LIFE_MS, ms_later(1), &an_hour), 0);
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    redisReply *reply = run("notice", "", LIFE_MS, ms_later(2), &an_hour);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    assert_int_equal(reply->element[0]->integer, HOUR_CLOSED_MS);
    freeReplyObject(reply);
    assert_int_equal(wait_of("notice", "", LIFE_MS, ms_later(2), &an_hour), 0); /* once */
    assert_int_equal(integer("ZCARD " BUCKET), 0);
    assert_int_equal(ask_other("b", ms_later(2), &an_hour), HOUR_CLOSED_MS);
}

static void test_a_witness_that_counts_no_more_may_be_gone(void **state)
{
    (void)state;
    become_witness("a", EPOCH_US, &an_hour);
    freeReplyObject(redisCommand(redis, "FLUSHALL"));
    assert_int_equal(ask("b", EPOCH_US + 3600000001, &an_hour), 0);
}

/* Others with shorter windows drop what is old for all; with longer ones they keep it. */
static void test_a_witness_is_kept_for_as_long_as_it_counts_whoever_asks(void **state)
{
    (void)state;
    static const struct quota short_one = {1, {{1000, 1000}}};
    become_witness("a", EPOCH_US, &an_hour);
    for (int i = 1; i < 3600; i += 7) {
        node = i > 1800 ? "r" : "m"; /* and puts it later, once */
        char other[16];
        (void)snprintf(other, sizeof other, "s%d", i);
        (void)ask_other(other, EPOCH_US + i * 1000000ll, &short_one);
    }
    (void)ask("b", EPOCH_US + 3599999999, &an_hour); /* answers in ms: it is there */
}

static void test_a_permit_that_is_gone_is_no_witness(void **state)
{
    (void)state;
    redisReply *reply = run("settle", "never", 0, EPOCH_US, &an_hour);
    assert_string_equal(reply->element[1]->str, "");
    assert_string_equal(reply->element[2]->str, "");
    freeReplyObject(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_redis_notes_no_node, ledger_clear),
        cmocka_unit_test_setup(test_another_node_puts_every_permit_later_once, ledger_clear),
        cmocka_unit_test_setup(test_no_window_overflows_where_the_new_clock_is_ahead, ledger_clear),
        cmocka_unit_test_setup(test_a_closed_bucket_and_what_was_told_are_put_later_too, ledger_clear),
        cmocka_unit_test_setup(test_whoever_does_not_say_who_judges_counts_everything_longer, ledger_clear),
        cmocka_unit_test_setup(test_whoever_does_not_say_who_judges_drops_nothing_that_counts_for_others, ledger_clear),
        cmocka_unit_test_setup(test_a_closed_bucket_is_so_longer_for_whoever_does_not_say_who_judges, ledger_clear),
        cmocka_unit_test_setup(test_a_large_ledger_is_put_later_in_full, ledger_clear),
        cmocka_unit_test_setup(
            test_whoever_misses_its_own_permit_closes_the_bucket_for_its_longest_window_and_a_permits_life,
            ledger_clear),
        cmocka_unit_test_setup(test_no_window_overflows_where_what_was_in_flight_at_the_loss_arrives_late,
                               ledger_clear),
        cmocka_unit_test_setup(test_a_loss_closes_the_bucket_for_the_longest_window_that_anybody_asks_with,
                               ledger_clear),
        cmocka_unit_test_setup(test_whoever_asks_with_a_longer_window_closes_for_that, ledger_clear),
        cmocka_unit_test_setup(test_a_loss_while_the_bucket_is_closed_closes_it_anew, ledger_clear),
        cmocka_unit_test_setup(test_a_bucket_that_upstream_closed_hides_no_loss, ledger_clear),
        cmocka_unit_test_setup(test_a_loss_shortens_nothing_that_upstream_closed, ledger_clear),
        cmocka_unit_test_setup(test_what_was_granted_before_the_notice_is_of_that_loss_whenever_it_counts_to,
                               ledger_clear),
        cmocka_unit_test_setup(test_what_was_granted_after_the_notice_is_of_another_loss, ledger_clear),
        cmocka_unit_test_setup(test_a_notice_counts_for_nothing_where_the_bucket_was_opened_by_hand, ledger_clear),
        cmocka_unit_test_setup(test_the_moment_of_a_notice_is_put_later_by_another_node, ledger_clear),
        cmocka_unit_test_setup(test_whoever_only_looks_closes_the_bucket_too, ledger_clear),
        cmocka_unit_test_setup(test_a_witness_that_counts_no_more_may_be_gone, ledger_clear),
        cmocka_unit_test_setup(test_a_witness_is_kept_for_as_long_as_it_counts_whoever_asks, ledger_clear),
        cmocka_unit_test_setup(test_a_permit_that_is_gone_is_no_witness, ledger_clear),
    };
    return cmocka_run_group_tests(tests, ledger_start, ledger_end);
}
