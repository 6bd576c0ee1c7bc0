/* The list of usage points: each once, ascending, in memory that is bounded by what is different in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <adapters/cli/prm_list.h>
#include <cmocka.h>
#include <stdlib.h>

#define DIFFERENT 10000
#define STEP 7919 /* a prime: all of them in an order that is none */

static void test_each_is_in_it_once_and_in_order(void **state)
{
    (void)state;
    struct releve_prm_list list = {0};
    for (size_t i = 0; i < 3 * DIFFERENT; i++)
        assert_true(releve_prm_list_add(&list, i * STEP % DIFFERENT, DIFFERENT));
    releve_prm_list_close(&list);
    assert_int_equal(list.count, DIFFERENT);
    for (size_t i = 0; i < DIFFERENT; i++)
        assert_int_equal(list.prms[i], i);
    free(list.prms);
}

static void test_repetitions_take_no_memory(void **state)
{
    (void)state;
    struct releve_prm_list list = {0};
    for (size_t i = 0; i < 1000000; i++)
        assert_true(releve_prm_list_add(&list, i % 100, DIFFERENT));
    assert_int_equal(list.room, RELEVE_PRM_LIST_FIRST);
    releve_prm_list_close(&list);
    assert_int_equal(list.count, 100);
    free(list.prms);
}

static void test_it_ends_where_there_are_too_many(void **state)
{
    (void)state;
    struct releve_prm_list list = {0};
    size_t added = 0;
    while (added < 10 * DIFFERENT && releve_prm_list_add(&list, added, DIFFERENT))
        added++;
    assert_in_range(added, DIFFERENT, 2 * DIFFERENT);
    assert_int_equal(list.count, added);
    free(list.prms);
}

static void test_an_empty_one_is_closed(void **state)
{
    (void)state;
    struct releve_prm_list list = {0};
    releve_prm_list_close(&list);
    assert_int_equal(list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_is_in_it_once_and_in_order),
        cmocka_unit_test(test_repetitions_take_no_memory),
        cmocka_unit_test(test_it_ends_where_there_are_too_many),
        cmocka_unit_test(test_an_empty_one_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
