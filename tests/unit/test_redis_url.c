/* RELEVE_REDIS: every form that is promised, and how long each part may be. What is said of other forms is in
 * test_redis_url_wrong.c. */
#include <adapters/redis/url.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct releve_redis_url parse(const char *text)
{
    struct releve_redis_url url;
    struct releve_error error = {.text = ""};
    if (releve_redis_url_parse(text, &url, &error) != RELEVE_OK)
        fail_msg("%s: %s", text, error.text);
    return url;
}

static void refuse(const char *text, const char *said)
{
    struct releve_redis_url url;
    struct releve_error error = {.text = ""};
    assert_int_equal(releve_redis_url_parse(text, &url, &error), RELEVE_E_CONFIG);
    assert_int_equal(error.code, RELEVE_E_CONFIG);
    assert_null(strchr(error.text, '\n'));
    assert_non_null(strstr(error.text, "releve --help has all forms")); /* its end: nothing is cut */
    if (strstr(error.text, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, said);
}

static void test_a_host_alone_has_the_usual_port_and_database_zero(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("redis://example.org");
    assert_int_equal(url.where, RELEVE_REDIS_TCP);
    assert_string_equal(url.host, "example.org");
    assert_int_equal(url.port, 6379);
    assert_int_equal(url.db, 0);
    assert_string_equal(url.user, "");
    assert_string_equal(url.password, "");
    assert_string_equal(url.address, "redis://example.org:6379/0");
    assert_int_equal(parse("redis://example.org/").db, 0);
}

static void test_user_password_port_and_database_are_read(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("redis://ada:p%40s%2Fs%25@10.0.0.7:6380/12");
    assert_string_equal(url.user, "ada");
    assert_string_equal(url.password, "p@s/s%");
    assert_string_equal(url.host, "10.0.0.7");
    assert_int_equal(url.port, 6380);
    assert_int_equal(url.db, 12);
    assert_string_equal(url.address, "redis://10.0.0.7:6380/12");
}

static void test_a_password_needs_no_user_and_may_hold_colons_and_ats(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("redis://:a:b@c@host");
    assert_string_equal(url.user, "");
    assert_string_equal(url.password, "a:b@c");
    assert_string_equal(url.host, "host");
}

static void test_an_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("redis://:x@[::1]:7000/1");
    assert_string_equal(url.host, "::1");
    assert_int_equal(url.port, 7000);
    assert_string_equal(url.address, "redis://[::1]:7000/1");
    assert_int_equal(parse("redis://[fe80::1]").port, 6379);
}

static void test_a_unix_socket_has_an_absolute_path_and_maybe_a_database(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("unix:///run/redis/a%20b.sock?db=3");
    assert_int_equal(url.where, RELEVE_REDIS_UNIX);
    assert_string_equal(url.path, "/run/redis/a b.sock");
    assert_int_equal(url.db, 3);
    assert_string_equal(url.address, "unix:///run/redis/a b.sock?db=3");
    assert_string_equal(parse("unix:///tmp/r").address, "unix:///tmp/r");
}

static void test_a_unix_socket_may_have_a_password_and_a_user(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("unix://ada:p%40s%2Fs%25@/run/redis/a@b.sock?db=3");
    assert_int_equal(url.where, RELEVE_REDIS_UNIX);
    assert_string_equal(url.user, "ada");
    assert_string_equal(url.password, "p@s/s%");
    assert_string_equal(url.path, "/run/redis/a@b.sock");
    assert_int_equal(url.db, 3);
    assert_string_equal(url.address, "unix:///run/redis/a@b.sock?db=3");
    url = parse("unix://:a:b@c@/r");
    assert_string_equal(url.user, "");
    assert_string_equal(url.password, "a:b@c");
    assert_string_equal(url.path, "/r");
    assert_string_equal(parse("unix:///a@/r").path, "/a@/r");
}

static void test_embedded_takes_a_directory_or_none(void **state)
{
    (void)state;
    assert_int_equal(parse("embedded").where, RELEVE_REDIS_EMBEDDED);
    assert_string_equal(parse("embedded").path, "");
    assert_string_equal(parse("embedded:").path, "");
    assert_string_equal(parse("embedded:some/where%20x").path, "some/where%20x");
}

static void test_a_cluster_is_named_by_some_of_its_nodes(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("redis+cluster://ada:a,b%40c@node-1,[::1]:7001,10.0.0.3:7002?replicas=2");
    assert_int_equal(url.where, RELEVE_REDIS_CLUSTER);
    assert_string_equal(url.user, "ada");
    assert_string_equal(url.password, "a,b@c");
    assert_int_equal(url.seeds_count, 3);
    assert_string_equal(url.seeds[0].host, "node-1");
    assert_int_equal(url.seeds[0].port, 6379);
    assert_string_equal(url.seeds[1].host, "::1");
    assert_int_equal(url.seeds[1].port, 7001);
    assert_string_equal(url.seeds[2].host, "10.0.0.3");
    assert_int_equal(url.seeds[2].port, 7002);
    assert_int_equal(url.replicas, 2);
    assert_string_equal(url.address, "redis+cluster://node-1:6379,[::1]:7001,10.0.0.3:7002?replicas=2");
    assert_int_equal(parse(url.address).seeds_count, 3);
    assert_string_equal(parse("redis+cluster://node-1/").address, "redis+cluster://node-1:6379");
    assert_int_equal(parse("redis+cluster://node-1").replicas, 1);
    assert_int_equal(parse("redis+cluster://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a").seeds_count, RELEVE_REDIS_SEEDS_MAX);
}

static void test_sentinels_are_named_with_the_master_that_they_watch(void **state)
{
    (void)state;
    struct releve_redis_url url =
        parse("redis+sentinel://ada:p%40s@s-1,[::1],s-3:5000/my.Master_1-2/7?sentinel-password=a%26b%3D&replicas=0");
    assert_int_equal(url.where, RELEVE_REDIS_SENTINEL);
    assert_string_equal(url.user, "ada");
    assert_string_equal(url.password, "p@s");
    assert_string_equal(url.sentinel_password, "a&b=");
    assert_int_equal(url.seeds_count, 3);
    assert_string_equal(url.seeds[0].host, "s-1");
    assert_int_equal(url.seeds[0].port, 26379);
    assert_string_equal(url.seeds[1].host, "::1");
    assert_int_equal(url.seeds[1].port, 26379);
    assert_int_equal(url.seeds[2].port, 5000);
    assert_string_equal(url.master, "my.Master_1-2");
    assert_int_equal(url.db, 7);
    assert_int_equal(url.replicas, 0);
    assert_string_equal(url.address, "redis+sentinel://s-1:26379,[::1]:26379,s-3:5000/my.Master_1-2/7?replicas=0");
    url = parse("redis+sentinel://s-1/m");
    assert_int_equal(url.db, 0);
    assert_int_equal(url.replicas, 1);
    assert_string_equal(url.sentinel_password, "");
    assert_string_equal(url.address, "redis+sentinel://s-1:26379/m/0");
    assert_string_equal(parse("redis+sentinel://s-1/m/?replicas=1").address, url.address);
    assert_string_equal(parse(url.address).address, url.address);
}

static void test_the_name_of_a_master_has_127_bytes_at_most(void **state)
{
    (void)state;
    char text[RELEVE_REDIS_MASTER_BYTES + 64] = "redis+sentinel://s/";
    memset(text + strlen(text), 'm', RELEVE_REDIS_MASTER_BYTES - 1);
    assert_int_equal(strlen(parse(text).master), RELEVE_REDIS_MASTER_BYTES - 1);
    text[strlen(text)] = 'm';
    refuse(text, "the name of the master is longer than 127 bytes");
}

static void test_replicas_of_one_redis_are_named_where_they_are_wanted(void **state)
{
    (void)state;
    struct releve_redis_url url = parse("redis://:s3cret@host/3?replicas=2");
    assert_int_equal(url.db, 3);
    assert_int_equal(url.replicas, 2);
    assert_string_equal(url.address, "redis://host:6379/3?replicas=2");
    assert_int_equal(parse("redis://host?replicas=5").replicas, RELEVE_REDIS_REPLICAS_MAX);
    assert_int_equal(parse("redis://host").replicas, 0);
    url = parse("unix:///r?db=3&replicas=1");
    assert_int_equal(url.db, 3);
    assert_int_equal(url.replicas, 1);
    assert_string_equal(url.address, "unix:///r?db=3&replicas=1");
    assert_string_equal(parse("unix:///r?replicas=1").address, "unix:///r?replicas=1");
}

static void test_the_hosts_together_fit_into_the_address_for_people(void **state)
{
    (void)state;
    char text[2 * RELEVE_REDIS_ADDRESS_BYTES] = "redis+cluster://";
    size_t before = strlen(text), room = RELEVE_REDIS_ADDRESS_BYTES - 1 - before;
    memset(text + before, 'h', room / 2 - 5);
    memcpy(text + before + room / 2 - 5, ":7000,", 6);
    memset(text + before + room / 2 + 1, 'h', room - room / 2 - 6);
    memcpy(text + before + room - 5, ":7001", 6);
    assert_string_equal(parse(text).address, text);
    memcpy(text + before + room - 5, "h:7001", 7);
    refuse(text, "too long together");
}

static void test_texts_too_long_for_their_place_are_refused(void **state)
{
    (void)state;
    char text[4096] = "unix:///";
    memset(text + 8, 'a', RELEVE_REDIS_SOCKET_PATH_MAX - 1);
    assert_int_equal(strlen(parse(text).path), RELEVE_REDIS_SOCKET_PATH_MAX);
    text[strlen(text)] = 'a';
    refuse(text, "longer than the 107 bytes");
    memset(text, 0, sizeof text);
    memcpy(text, "redis://", 8);
    memset(text + 8, 'h', RELEVE_REDIS_HOST_BYTES);
    refuse(text, "a host is too long: longer than 255 bytes");
    memset(text, 0, sizeof text);
    memcpy(text, "embedded:", 9);
    memset(text + 9, 'd', RELEVE_REDIS_PATH_BYTES);
    refuse(text, "the directory behind embedded: is too long: longer than 1023 bytes");
    memset(text, 0, sizeof text);
    memcpy(text, "redis://:", 9);
    memset(text + 9, 'p', RELEVE_REDIS_SECRET_BYTES);
    memcpy(text + 9 + RELEVE_REDIS_SECRET_BYTES, "@h", 2);
    refuse(text, "the password is too long: longer than 511 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_alone_has_the_usual_port_and_database_zero),
        cmocka_unit_test(test_user_password_port_and_database_are_read),
        cmocka_unit_test(test_a_password_needs_no_user_and_may_hold_colons_and_ats),
        cmocka_unit_test(test_an_ipv6_address_stands_in_brackets),
        cmocka_unit_test(test_a_unix_socket_has_an_absolute_path_and_maybe_a_database),
        cmocka_unit_test(test_a_unix_socket_may_have_a_password_and_a_user),
        cmocka_unit_test(test_embedded_takes_a_directory_or_none),
        cmocka_unit_test(test_a_cluster_is_named_by_some_of_its_nodes),
        cmocka_unit_test(test_sentinels_are_named_with_the_master_that_they_watch),
        cmocka_unit_test(test_the_name_of_a_master_has_127_bytes_at_most),
        cmocka_unit_test(test_replicas_of_one_redis_are_named_where_they_are_wanted),
        cmocka_unit_test(test_the_hosts_together_fit_into_the_address_for_people),
        cmocka_unit_test(test_texts_too_long_for_their_place_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
