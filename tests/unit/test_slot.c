/* Hash slots, against values that CLUSTER KEYSLOT of Redis 7.0 gives; and which word of a command is its key. */
#include <adapters/redis/slot.h>
#include <hiredis/hiredis.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static void test_a_key_has_the_slot_that_redis_gives_it(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        int slot;
    } known[] = {
        {"", 0},
        {"foo", 12182},
        {"bar", 5061},
        {"{user1000}.following", 3443},
        {"foo{}{bar}", 8363},
        {"foo{{bar}}zap", 4015},
        {"foo{bar}{zap}", 5061},
        {"foo{bar", 15278},
        {"}{foo}", 12182},
        {"{}foo", 9500},
        {"releve:point:{22516914714270}", 15359},
        {"{releve}:jobs:high", 3280},
        {"releve:quota:{mesure_synchrone_auto.0123456789abcdef}:closed", 6754},
    };
    assert_int_equal(releve_slot_of_key("123456789", 9), 0x31c3); /* the check value of CRC-16/XMODEM */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (releve_slot_of_key(known[i].key, strlen(known[i].key)) != known[i].slot)
            fail_msg("%s: %d", known[i].key, releve_slot_of_key(known[i].key, strlen(known[i].key)));
}

static void expect_slot(int slot, const char *const *words)
{
    struct releve_words list = {.count = 0};
    const char *values[8];
    int count = 0;
    for (; words[count] != NULL; count++) {
        releve_words_add(&list, words[count]);
        values[count] = words[count];
    }
    char *wire = NULL;
    assert_true(redisFormatCommandArgv(&wire, count, values, NULL) > 0);
    assert_int_equal(releve_slot_of_words(&list), slot);
    assert_int_equal(releve_slot_of_wire(wire), slot);
    redisFreeCommand(wire);
    releve_words_free(&list);
}

#define EXPECT(slot, ...) expect_slot(slot, (const char *const[]){__VA_ARGS__, NULL})

static void test_a_command_goes_by_its_first_key(void **state)
{
    (void)state;
    int foo = releve_slot_of_key("foo", 3);
    EXPECT(foo, "GET", "foo");
    EXPECT(foo, "MGET", "foo", "bar");
    EXPECT(foo, "EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "1", "foo", "bar");
    EXPECT(foo, "EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "1", "x{foo}");
    EXPECT(RELEVE_SLOT_NODE, "EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0", "foo");
    EXPECT(RELEVE_SLOT_NODE, "EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0");
    EXPECT(RELEVE_SLOT_NODE, "SCAN", "0");
    EXPECT(RELEVE_SLOT_ANY, "PING");
    EXPECT(RELEVE_SLOT_NODE, "INFO", "memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_has_the_slot_that_redis_gives_it),
        cmocka_unit_test(test_a_command_goes_by_its_first_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
