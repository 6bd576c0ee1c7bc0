/* Reply lists that take nothing: each is news once, few lines are said, and what is remembered is bounded. */
#include <adapters/redis/refused_lists.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

static struct releve_refused_lists lists;
static size_t others;

static int begin(void **state)
{
    (void)state;
    lists = (struct releve_refused_lists){.count = 0};
    return 0;
}

static enum releve_refused_lists_news refuse(const char *name, bool dropped, releve_time now)
{
    return releve_refused_lists_note(&lists, name, dropped, now, &others);
}

static void test_a_list_is_news_once_and_again_when_it_was_forgotten(void **state)
{
    (void)state;
    releve_time now = RELEVE_HOUR_MS;
    assert_int_equal(refuse("a", false, now), RELEVE_REFUSED_LISTS_REFUSED);
    for (int i = 0; i < 10; i++)
        assert_int_equal(refuse("a", false, now += RELEVE_REFUSED_LISTS_AGAIN_MS), RELEVE_REFUSED_LISTS_OLD);
    assert_int_equal(refuse("a", true, now), RELEVE_REFUSED_LISTS_DROPPED);
    assert_int_equal(refuse("a", true, now += RELEVE_REFUSED_LISTS_AGAIN_MS), RELEVE_REFUSED_LISTS_OLD);
    assert_int_equal(refuse("a", false, now + RELEVE_REFUSED_LISTS_FORGOTTEN_MS), RELEVE_REFUSED_LISTS_REFUSED);
}

static void test_of_many_lists_a_line_is_said_now_and_then_with_how_many_there_are(void **state)
{
    (void)state;
    assert_int_equal(refuse("a", false, 1), RELEVE_REFUSED_LISTS_REFUSED);
    assert_int_equal(others, 0);
    assert_int_equal(refuse("b", false, 2), RELEVE_REFUSED_LISTS_OLD);
    assert_int_equal(refuse("c", false, 3), RELEVE_REFUSED_LISTS_OLD);
    assert_int_equal(refuse("d", false, 1 + RELEVE_REFUSED_LISTS_SAY_MS), RELEVE_REFUSED_LISTS_REFUSED);
    assert_int_equal(others, 2);
}

static void test_a_list_is_not_counted_beside_itself_nor_when_it_takes_something_again(void **state)
{
    (void)state;
    assert_int_equal(refuse("a", false, 1), RELEVE_REFUSED_LISTS_REFUSED);
    for (char name[] = "b"; *name <= 'd'; (*name)++)
        assert_int_equal(refuse(name, false, 2), RELEVE_REFUSED_LISTS_OLD);
    releve_refused_lists_remove(&lists, "c");
    assert_int_equal(refuse("b", false, 1 + RELEVE_REFUSED_LISTS_SAY_MS), RELEVE_REFUSED_LISTS_REFUSED);
    assert_int_equal(others, 1); /* d, which is counted now; said it is when it refuses again */
    assert_int_equal(refuse("e", false, 1 + 2 * RELEVE_REFUSED_LISTS_SAY_MS), RELEVE_REFUSED_LISTS_REFUSED);
    assert_int_equal(others, 0);
    assert_int_equal(refuse("d", false, 1 + 3 * RELEVE_REFUSED_LISTS_SAY_MS), RELEVE_REFUSED_LISTS_REFUSED);
    assert_int_equal(others, 0);
}

static void test_of_more_lists_than_are_remembered_those_that_are_remembered_count(void **state)
{
    (void)state;
    char name[RELEVE_REPLY_TO_BYTES];
    assert_int_equal(refuse("first", false, 1), RELEVE_REFUSED_LISTS_REFUSED);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < RELEVE_REFUSED_LISTS_MAX + 2; i++) {
            (void)snprintf(name, sizeof name, "list%d", i);
            assert_int_equal(refuse(name, false, 2 + i), RELEVE_REFUSED_LISTS_OLD);
        }
    assert_int_equal(refuse("last", false, 1 + RELEVE_REFUSED_LISTS_SAY_MS), RELEVE_REFUSED_LISTS_REFUSED);
    assert_int_equal(others, RELEVE_REFUSED_LISTS_MAX - 1);
}

static void test_a_list_rests_for_a_while_unless_it_takes_something(void **state)
{
    (void)state;
    (void)refuse("a", false, 1);
    (void)refuse("b", false, 1);
    assert_true(releve_refused_lists_has(&lists, "a", RELEVE_REFUSED_LISTS_AGAIN_MS));
    assert_false(releve_refused_lists_has(&lists, "a", 1 + RELEVE_REFUSED_LISTS_AGAIN_MS));
    releve_refused_lists_remove(&lists, "a");
    assert_false(releve_refused_lists_has(&lists, "a", 2));
    size_t at = 0;
    assert_string_equal(releve_refused_lists_next(&lists, &at, 2), "b");
    assert_null(releve_refused_lists_next(&lists, &at, 2));
}

static void test_the_list_that_refused_longest_ago_makes_room(void **state)
{
    (void)state;
    char name[RELEVE_REPLY_TO_BYTES];
    for (int i = 0; i <= RELEVE_REFUSED_LISTS_MAX; i++) {
        (void)snprintf(name, sizeof name, "list%d", i);
        (void)refuse(name, false, 1 + i);
    }
    assert_int_equal(lists.count, RELEVE_REFUSED_LISTS_MAX);
    assert_false(releve_refused_lists_has(&lists, "list0", RELEVE_REFUSED_LISTS_MAX));
    assert_true(releve_refused_lists_has(&lists, "list1", RELEVE_REFUSED_LISTS_MAX));
    assert_true(releve_refused_lists_has(&lists, name, RELEVE_REFUSED_LISTS_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_list_is_news_once_and_again_when_it_was_forgotten, begin),
        cmocka_unit_test_setup(test_of_many_lists_a_line_is_said_now_and_then_with_how_many_there_are, begin),
        cmocka_unit_test_setup(test_a_list_is_not_counted_beside_itself_nor_when_it_takes_something_again, begin),
        cmocka_unit_test_setup(test_of_more_lists_than_are_remembered_those_that_are_remembered_count, begin),
        cmocka_unit_test_setup(test_a_list_rests_for_a_while_unless_it_takes_something, begin),
        cmocka_unit_test_setup(test_the_list_that_refused_longest_ago_makes_room, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
