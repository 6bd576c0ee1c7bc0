/* What nodes of a cluster say of each other, where it is odd. */
#include <adapters/redis/redirection.h>
#include <adapters/redis/slot_map.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct releve_redirection read_error(const char *said)
{
    static char text[256];
    (void)strncpy(text, said, sizeof text - 1);
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text, .len = strlen(text)};
    return releve_redirection_of(&reply);
}

static void test_a_host_that_would_steer_a_terminal_is_none(void **state)
{
    (void)state;
    assert_int_equal(read_error("MOVED 1 h\x1b[2J:1").type, RELEVE_REDIRECTION_NONE);
    assert_int_equal(read_error("ASK 1 h x:1").type, RELEVE_REDIRECTION_NONE);
    assert_int_equal(read_error("ASK 1 h:1").type, RELEVE_REDIRECTION_ASK);
    assert_int_equal(read_error("MOVED 1 fe80::1%eth0:1").type, RELEVE_REDIRECTION_MOVED);
}

static void test_a_map_with_such_a_host_is_none(void **state)
{
    (void)state;
    static struct releve_slot_map map;
    static const struct releve_redis_seed asked = {.host = "h", .port = 1};
    struct releve_error error;
    char name[] = "h\ni";
    redisReply zero = {.type = REDIS_REPLY_INTEGER}, port = {.type = REDIS_REPLY_INTEGER, .integer = 1};
    redisReply host = {.type = REDIS_REPLY_STRING, .str = name, .len = strlen(name)};
    redisReply *address[] = {&host, &port};
    redisReply node = {.type = REDIS_REPLY_ARRAY, .elements = 2, .element = address};
    redisReply *parts[] = {&zero, &zero, &node};
    redisReply range = {.type = REDIS_REPLY_ARRAY, .elements = 3, .element = parts};
    redisReply *ranges[] = {&range};
    redisReply reply = {.type = REDIS_REPLY_ARRAY, .elements = 1, .element = ranges};
    assert_int_equal(releve_slot_map_read(&reply, &asked, "redis://h:1", &map, &error), RELEVE_E_REDIS);
    name[1] = '-';
    assert_int_equal(releve_slot_map_read(&reply, &asked, "redis://h:1", &map, &error), RELEVE_OK);
    assert_int_equal(map.served, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_that_would_steer_a_terminal_is_none),
        cmocka_unit_test(test_a_map_with_such_a_host_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
