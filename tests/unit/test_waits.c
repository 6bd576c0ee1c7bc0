/* Which writes a WAIT speaks for, and how replicas are looked for that do not answer. */
#include <adapters/redis/waits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct releve_waits waits;
static const char command_a, command_b;

static int begin(void **state)
{
    (void)state;
    waits = (struct releve_waits){0};
    return 0;
}

/* One that wants replicas is written, with a WAIT behind it if none is under way. */
static uint64_t write_one(bool asks)
{
    uint64_t number = releve_waits_write(&waits);
    assert_int_equal(releve_waits_ask(&waits), asks);
    return number;
}

static enum releve_waits_verdict answer(long long acknowledged, unsigned wanted, releve_time now)
{
    enum releve_waits_verdict verdict = releve_waits_judge(&waits, true, acknowledged, wanted, now);
    releve_waits_end(&waits);
    return verdict;
}

static enum releve_waits_turn turn(const char *command)
{
    return releve_waits_turn(&waits, RELEVE_REPLICAS_REPEAT, command);
}

static void test_a_wait_speaks_for_what_was_written_before_it_and_for_nothing_behind(void **state)
{
    (void)state;
    uint64_t before = write_one(true), behind = write_one(false), behind_too = write_one(false);
    assert_true(releve_waits_cover(&waits, before));
    assert_false(releve_waits_cover(&waits, behind));
    assert_int_equal(answer(1, 1, 0), RELEVE_WAITS_ENOUGH);
    assert_false(releve_waits_cover(&waits, behind));
    assert_true(releve_waits_ask(&waits)); /* one more, for both */
    assert_false(releve_waits_cover(&waits, before));
    assert_true(releve_waits_cover(&waits, behind));
    assert_true(releve_waits_cover(&waits, behind_too));
}

static void test_one_wait_at_a_time_is_under_way_and_none_where_nothing_wants_it(void **state)
{
    (void)state;
    assert_false(releve_waits_ask(&waits));
    (void)write_one(true);
    assert_false(releve_waits_ask(&waits));
    assert_int_equal(releve_waits_judge(&waits, true, 1, 1, 0), RELEVE_WAITS_ENOUGH);
    (void)write_one(false); /* those that it was about are still told */
    releve_waits_end(&waits);
    assert_true(releve_waits_ask(&waits));
    (void)answer(1, 1, 0);
    assert_false(releve_waits_ask(&waits));
}

static void test_what_was_never_written_is_covered_by_no_wait(void **state)
{
    (void)state;
    assert_false(releve_waits_cover(&waits, 0));
    (void)write_one(true);
    assert_false(releve_waits_cover(&waits, 0));
}

static void test_fewer_replicas_than_wanted_are_too_few(void **state)
{
    (void)state;
    static const struct {
        long long acknowledged;
        unsigned wanted;
        enum releve_waits_verdict verdict;
    } cases[] = {{0, 1, RELEVE_WAITS_TOO_FEW}, {1, 1, RELEVE_WAITS_ENOUGH},
                 {2, 1, RELEVE_WAITS_ENOUGH},  {1, 2, RELEVE_WAITS_TOO_FEW},
                 {2, 2, RELEVE_WAITS_ENOUGH},  {RELEVE_WAITS_REFUSED, 1, RELEVE_WAITS_NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)begin(NULL);
        (void)write_one(true);
        assert_int_equal(answer(cases[i].acknowledged, cases[i].wanted, 0), cases[i].verdict);
        assert_int_equal(waits.away, cases[i].verdict == RELEVE_WAITS_TOO_FEW);
    }
}

static void test_a_cut_takes_the_wait_with_it_and_no_write_keeps_its_number(void **state)
{
    (void)state;
    uint64_t before = write_one(true), behind = write_one(false);
    releve_waits_cut(&waits);
    assert_false(releve_waits_cover(&waits, before));
    assert_false(releve_waits_cover(&waits, behind));
    assert_false(releve_waits_ask(&waits));
    (void)write_one(true); /* nothing of the old connection is under way */
}

static void test_while_replicas_are_away_one_command_looks_for_them(void **state)
{
    (void)state;
    assert_int_equal(turn(&command_a), RELEVE_WAITS_WRITE);
    assert_int_equal(turn(&command_b), RELEVE_WAITS_WRITE);
    (void)write_one(true);
    assert_int_equal(answer(0, 1, 0), RELEVE_WAITS_TOO_FEW);
    assert_int_equal(turn(&command_a), RELEVE_WAITS_KEEP); /* it has just been tried */
    releve_waits_resume(&waits);
    assert_int_equal(turn(&command_a), RELEVE_WAITS_WRITE);
    assert_int_equal(turn(&command_b), RELEVE_WAITS_KEEP);
    assert_int_equal(releve_waits_turn(&waits, RELEVE_REPLICAS_TELL, &command_b), RELEVE_WAITS_TELL);
    assert_int_equal(turn(&command_a), RELEVE_WAITS_WRITE); /* again over another connection, or with its script */
    (void)write_one(true);
    assert_int_equal(answer(1, 1, 0), RELEVE_WAITS_ENOUGH);
    assert_int_equal(turn(&command_b), RELEVE_WAITS_WRITE);
}

static void test_the_next_command_looks_where_the_one_that_looked_is_gone(void **state)
{
    (void)state;
    (void)write_one(true);
    (void)answer(0, 1, 0);
    releve_waits_resume(&waits);
    assert_int_equal(turn(&command_a), RELEVE_WAITS_WRITE);
    releve_waits_end_probe(&waits, &command_b, true); /* another one */
    assert_int_equal(turn(&command_b), RELEVE_WAITS_KEEP);
    releve_waits_end_probe(&waits, &command_a, true); /* b has its turn after the pause, and not before */
    assert_int_equal(turn(&command_b), RELEVE_WAITS_KEEP);
    releve_waits_resume(&waits);
    assert_int_equal(turn(&command_b), RELEVE_WAITS_WRITE);
    releve_waits_end_probe(&waits, &command_b, false);
    assert_int_equal(turn(&command_a), RELEVE_WAITS_WRITE);
}

static void test_a_wait_that_nothing_waits_for_says_nothing_of_the_replicas(void **state)
{
    (void)state;
    (void)write_one(true);
    (void)releve_waits_judge(&waits, false, 0, 1, 0);
    assert_false(waits.away);
}

static void test_too_few_is_said_after_a_while_and_once_and_so_is_its_end(void **state)
{
    (void)state;
    releve_time now = RELEVE_HOUR_MS;
    (void)write_one(true);
    (void)answer(0, 1, now);
    assert_false(releve_waits_miss(&waits, now + 5 * RELEVE_SECOND_MS - 1));
    assert_true(releve_waits_miss(&waits, now + 5 * RELEVE_SECOND_MS));
    assert_false(releve_waits_miss(&waits, now + 6 * RELEVE_SECOND_MS));
    assert_false(releve_waits_find(&waits));
    (void)write_one(true);
    (void)answer(1, 1, now + 7 * RELEVE_SECOND_MS);
    assert_true(releve_waits_find(&waits));
    assert_false(releve_waits_find(&waits));
}

static void test_how_long_it_lasts_counts_from_the_first_and_anew_on_another_connection(void **state)
{
    (void)state;
    (void)write_one(true);
    (void)answer(0, 1, 0);
    (void)write_one(true);
    (void)answer(0, 1, RELEVE_UNACKNOWLEDGED_MAX_MS - 1);
    assert_false(releve_waits_is_over(&waits, RELEVE_UNACKNOWLEDGED_MAX_MS - 1));
    assert_true(releve_waits_is_over(&waits, RELEVE_UNACKNOWLEDGED_MAX_MS));
    releve_waits_cut(&waits);
    releve_waits_begin(&waits, RELEVE_UNACKNOWLEDGED_MAX_MS);
    assert_false(releve_waits_is_over(&waits, 2 * RELEVE_UNACKNOWLEDGED_MAX_MS - 1));
    assert_int_equal(turn(&command_a), RELEVE_WAITS_WRITE);
    assert_int_equal(turn(&command_b), RELEVE_WAITS_KEEP); /* whether the new one has replicas is not known yet */
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_wait_speaks_for_what_was_written_before_it_and_for_nothing_behind),
        TEST(test_one_wait_at_a_time_is_under_way_and_none_where_nothing_wants_it),
        TEST(test_what_was_never_written_is_covered_by_no_wait),
        TEST(test_fewer_replicas_than_wanted_are_too_few),
        TEST(test_a_cut_takes_the_wait_with_it_and_no_write_keeps_its_number),
        TEST(test_while_replicas_are_away_one_command_looks_for_them),
        TEST(test_the_next_command_looks_where_the_one_that_looked_is_gone),
        TEST(test_a_wait_that_nothing_waits_for_says_nothing_of_the_replicas),
        TEST(test_too_few_is_said_after_a_while_and_once_and_so_is_its_end),
        TEST(test_how_long_it_lasts_counts_from_the_first_and_anew_on_another_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
