/* What Redis's refusals mean, for whoever reads the line. */
#include <adapters/redis/refusal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static const char *explain(const char *said, bool in_cluster)
{
    static struct releve_error error;
    static char text[256];
    (void)strncpy(text, said, sizeof text - 1);
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text, .len = strlen(text)};
    assert_int_equal(releve_refusal_explain("store days", "redis://host:1", in_cluster, &reply, &error),
                     RELEVE_E_REDIS);
    return error.text;
}

static void test_keys_of_several_slots_are_no_matter_of_the_address_in_a_cluster(void **state)
{
    (void)state;
    static const char said[] = "CROSSSLOT Keys in request don't hash to the same slot";
    assert_string_equal(explain(said, false),
                        "cannot store days: Redis at redis://host:1 is a node of a cluster: write "
                        "redis+cluster://, not redis://, in RELEVE_REDIS (CROSSSLOT)");
    assert_string_equal(explain(said, true),
                        "cannot store days: Redis at redis://host:1 was sent keys of several slots of its cluster at "
                        "once, which is a mistake of releve's: please report it, and the name of the reply list where "
                        "there is one (CROSSSLOT)");
}

static void test_what_is_said_in_several_words_is_known_by_all_of_them(void **state)
{
    (void)state;
    assert_non_null(
        strstr(explain("ERR WAIT cannot be used with replica instances. Please", false), " is a replica: "));
    assert_string_equal(explain("ERR WAIT was renamed", false),
                        "cannot store days: Redis at redis://host:1 answers: ERR WAIT was renamed");
    assert_string_equal(explain("OOMPH", false), "cannot store days: Redis at redis://host:1 answers: OOMPH");
}

static void test_an_answer_is_one_line(void **state)
{
    (void)state;
    assert_string_equal(explain("ERR \x1b[2J\nx", true),
                        "cannot store days: Redis at redis://host:1 answers: ERR  [2J x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_several_slots_are_no_matter_of_the_address_in_a_cluster),
        cmocka_unit_test(test_what_is_said_in_several_words_is_known_by_all_of_them),
        cmocka_unit_test(test_an_answer_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
