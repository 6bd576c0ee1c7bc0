/* RELEVE_REDIS: of each wrong address one line says what is wrong with it and what to do, and never shows a password.
 */
#include <adapters/redis/url.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define BEGINNING "RELEVE_REDIS: "
#define END "; releve --help has all forms"
#define FORMS "begin it with redis://, redis+cluster://, redis+sentinel://, unix:// or embedded"
#define PERCENT "a % is not followed by two hexadecimal digits (percent-encoding); write %25 for the character %"
#define LATE_AT "an @ stands behind a /, ? or #; in a password, write %2F for /, %3F for ? and %23 for #"
#define NO_PORT \
    "the port behind a host and : is no number between 1 and 65535; a password stands before the host, as in "
#define NO_USER "what stands before @ is no user:password; write :password@ where there is no user"
#define NO_MASTER                                                                                                    \
    "the name of the master is missing; write it behind the sentinels and /, as their sentinel.conf does (sentinel " \
    "monitor NAME)"
#define NOT_ABSOLUTE "the path of the socket is not absolute; write unix:///path, and %2F for a / in a password"

static const struct {
    const char *address, *said; /* between BEGINNING and END */
} wrong[] = {
    /* --- its beginning --- */
    {"", "it is empty; name a Redis (redis://host), or leave it out for a private one"},
    {"localhost:6379", "this is no address of a Redis; " FORMS},
    {"user:s3cret@localhost", "this is no address of a Redis; " FORMS},
    {"s3cret:x://h", "this is no address of a Redis; " FORMS},
    {"http://user:s3cret@host", "http:// is no address of a Redis; " FORMS},
    {"redis+other://:s3cret@s-1/m", "redis+other:// is no address of a Redis; " FORMS},
    {"redis:host", "this is no address of a Redis; " FORMS},
    {"Redis://:s3cret@host", "its beginning is written in small letters, as in redis://"},
    {"EMBEDDED", "its beginning is written in small letters, as in redis://"},
    {"/run/redis/redis.sock", "a path alone is no address of a Redis; write unix:///path for a socket"},
    {"rediss://:s3cret@host", "rediss:// needs a hiredis with TLS, and this one was built without it; use redis:// "
                              "through a tunnel, or a Unix socket"},
    {"rediss+cluster://:s3cret@a", "rediss:// needs a hiredis with TLS, and this one was built without it; use "
                                   "redis:// through a tunnel, or a Unix socket"},
    {"embedded/s3cret", "behind embedded only : and a directory may stand"},
    {"embedded:a\nb", "the directory behind embedded: holds a control character"},
    /* --- user and password --- */
    {"redis://s3cret@host", NO_USER},
    {"unix://s3cret@/tmp/r", NO_USER},
    {"redis://user:@host", "the password before @ is empty; leave out all before @ where none is wanted"},
    {"redis://:s3cret%zz@host", "in the password, " PERCENT},
    {"redis://:s3cret%4@host", "in the password, " PERCENT},
    {"redis://s3cret%:x@host", "in the user, " PERCENT},
    {"redis://:s3cret%00@host", "the password holds a control character; leave it out"},
    {"redis://:s3/cret@host", LATE_AT},
    {"redis://:70000/s3cret@host", LATE_AT},
    {"redis://host/99999@s3cret", LATE_AT},
    {"redis+cluster://:s3?cret@a,b", LATE_AT},
    {"redis+sentinel://:s3#cret@s-1/m?sentinel-password=p@q", LATE_AT},
    /* --- hosts and ports --- */
    {"redis://", "a host is missing; write redis://host"},
    {"redis://:s3cret@", "a host is missing; write redis://host"},
    {"redis://:s3cret", "a host is missing; write redis://host"},
    {"redis://:s3cret@/3", "a host is missing; write redis://host"},
    {"redis://:s3cret@ho%0ast", "a host holds a control character; leave it out"},
    {"redis://:s3cret@ho%st", "in a host, " PERCENT},
    {"redis://:s3cret@host:70000", "port 70000 is not between 1 and 65535 (redis://host:70000)"},
    {"redis://:s3cret@host:0/3", "port 0 is not between 1 and 65535 (redis://host:0)"},
    {"redis://[::1]:65536", "port 65536 is not between 1 and 65535 (redis://[::1]:65536)"},
    {"redis+cluster://:s3cret@a,b:99999", "port 99999 is not between 1 and 65535 (redis+cluster://b:99999)"},
    {"redis://:s3cret@host:", "no port follows the : behind a host; leave the : out where it is port 6379"},
    {"redis+sentinel://s-1:/m", "no port follows the : behind a host; leave the : out where it is port 26379"},
    {"redis://user:s3cret", NO_PORT "redis://:password@host"},
    {"redis://user:700000", NO_PORT "redis://:password@host"},
    {"redis://:s3cret@host:12x", NO_PORT "redis://:password@host"},
    {"redis+cluster://a,b:s3cret", NO_PORT "redis+cluster://:password@host"},
    {"redis://::1", "an IPv6 address stands in [ ]; write [address] or [address]:port"},
    {"redis://:s3cret@fe80::1:6379", "an IPv6 address stands in [ ]; write [address] or [address]:port"},
    {"redis://:s3cret@[::1", "the [ of an IPv6 address is not closed; write [address] or [address]:port"},
    {"redis://:s3cret@[::1]x", "behind the ] of an IPv6 address only :port may stand"},
    {"redis://:s3cret@[]:7000", "a host is missing; write redis://host"},
    {"redis://:s3cret@a,b", "several hosts are a cluster or sentinels; write redis+cluster://host,host or "
                            "redis+sentinel://host,host/NAME"},
    {"redis+cluster://", "a host is missing; write redis+cluster://host"},
    {"redis+cluster://:s3cret@a,", "host 2 is missing; a comma stands between two hosts"},
    {"redis+cluster://:s3cret@,a", "host 1 is missing; a comma stands between two hosts"},
    {"redis+cluster://:s3cret@a,,b", "host 2 is missing; a comma stands between two hosts"},
    {"redis+cluster://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", "more than 16 hosts are named; some of them are enough"},
    {"redis+sentinel://:s3cret@/m", "a host is missing; write redis+sentinel://host"},
    /* --- databases and masters --- */
    {"redis://:s3cret@host/x", "the database is no number between 0 and 65535"},
    {"redis://:s3cret@host/-1", "the database is no number between 0 and 65535"},
    {"redis://:s3cret@host/0/1", "the database is no number between 0 and 65535"},
    {"redis://:s3cret@host/99999", "database 99999 is not between 0 and 65535"},
    {"redis://host#3", "a # stands where / and the database, or ?, may stand; write %23 in a password"},
    {"redis+cluster://:s3cret@a/0", "a cluster has no database but 0; leave out what stands behind the hosts"},
    {"redis+cluster://:s3cret@a/1?replicas=1",
     "a cluster has no database but 0; leave out what stands behind the hosts"},
    {"redis+sentinel://:s3cret@s-1", NO_MASTER},
    {"redis+sentinel://:s3cret@s-1/", NO_MASTER},
    {"redis+sentinel://:s3cret@s-1?replicas=1", NO_MASTER},
    {"redis+sentinel://:s3cret@s-1//0", NO_MASTER},
    {"redis+sentinel://:s3cret@s-1/s3%20cret",
     "the name of the master has other characters than letters, digits and . - _"},
    {"redis+sentinel://:s3cret@s-1/m/x", "the database is no number between 0 and 65535"},
    {"redis+sentinel://:s3cret@s-1/m/0/1", "the database is no number between 0 and 65535"},
    /* --- what stands behind ? --- */
    {"redis://:s3cret@host/1?timeout=3",
     "timeout= cannot stand behind ?; only ?replicas=N may, behind the database (/N)"},
    {"redis://:s3cret@host?db=3", "db= cannot stand behind ?; only ?replicas=N may, behind the database (/N)"},
    {"redis://:s3cret@host/1?sentinel-password=s3cret",
     "sentinel-password= cannot stand behind ?; only ?replicas=N may, behind the database (/N)"},
    {"redis://host?s3cret",
     "what is no name=value cannot stand behind ?; only ?replicas=N may, behind the database (/N)"},
    {"redis://:s3cret@host/?replicas=6", "replicas=6 is not between 0 and 5"},
    {"redis://:s3cret@host?replicas=-1", "replicas= is no number between 0 and 5"},
    {"redis+cluster://:s3cret@a?db=0", "db= cannot stand behind ?; only ?replicas=N may"},
    {"redis+cluster://:s3cret@a?replicas=99", "replicas=99 is not between 0 and 5"},
    {"redis+cluster://:s3cret@a?replicas=", "replicas= is no number between 0 and 5"},
    {"redis+cluster://:s3cret@a?", "what is no name=value cannot stand behind ?; only ?replicas=N may"},
    {"redis+cluster://:s3cret@a?replicas=1&", "what is no name=value cannot stand behind ?; only ?replicas=N may"},
    {"redis+sentinel://:s3cret@s-1/m?db=1",
     "db= cannot stand behind ?; only ?replicas=N and ?sentinel-password=... may, joined by &"},
    {"redis+sentinel://:s3cret@s-1/m?sentinel-password=s3cret%zz", "in the value of sentinel-password=, " PERCENT},
    {"redis+sentinel://:s3cret@s-1/m?sentinel-password=",
     "sentinel-password= is empty; leave it out where sentinels want none"},
    {"redis+sentinel://s-1/m?sentinel-password=a&s3cret=",
     "what stands behind sentinel-password= and & cannot; in a password, write %26 for &"},
    {"unix:///tmp/r?db=", "db= is no number between 0 and 65535"},
    {"unix:///r?db=3,replicas=1", "db= is no number between 0 and 65535"},
    {"unix:///tmp/r?password=s3cret", "password= cannot stand behind ?; only ?db=N and ?replicas=N may, joined by &"},
    /* --- sockets --- */
    {"unix://relative", NOT_ABSOLUTE},
    {"unix://:s3cret@tmp/r", NOT_ABSOLUTE},
    {"unix://:s3/cret@/tmp/r", NOT_ABSOLUTE},
    {"unix://:s3cret@", NOT_ABSOLUTE},
    {"unix://user:@/tmp/r", "the password before @ is empty; leave out all before @ where none is wanted"},
    {"unix://:s3cret%zz@/tmp/r", "in the password, " PERCENT},
    {"unix:///tmp/%0a", "the path of the socket holds a control character; leave it out"},
};

static void test_of_a_wrong_address_one_line_says_what_is_wrong_and_what_to_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct releve_redis_url url;
        struct releve_error error = {.text = ""};
        char expected[RELEVE_ERROR_BYTES];
        (void)snprintf(expected, sizeof expected, BEGINNING "%s" END, wrong[i].said);
        if (releve_redis_url_parse(wrong[i].address, &url, &error) != RELEVE_E_CONFIG ||
            error.code != RELEVE_E_CONFIG || strcmp(error.text, expected) != 0)
            fail_msg("\"%s\": \"%s\", not \"%s\"", wrong[i].address, error.text, expected);
        assert_null(strstr(error.text, "s3cret"));
        assert_null(strchr(error.text, '\n'));
    }
}

static void test_a_long_host_before_a_wrong_port_cuts_nothing_else(void **state)
{
    (void)state;
    struct releve_redis_url url;
    struct releve_error error = {.text = ""};
    char address[RELEVE_REDIS_HOST_BYTES + 32] = "redis://";
    memset(address + strlen(address), 'h', RELEVE_REDIS_HOST_BYTES - 1);
    memcpy(address + strlen(address), ":70000", sizeof ":70000");
    assert_int_equal(releve_redis_url_parse(address, &url, &error), RELEVE_E_CONFIG);
    assert_non_null(strstr(error.text, "port 70000 is not"));
    assert_non_null(strstr(error.text, "70000)" END));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_a_wrong_address_one_line_says_what_is_wrong_and_what_to_do),
        cmocka_unit_test(test_a_long_host_before_a_wrong_port_cuts_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
