/* The name of Redis's host: looked up beside the loop, every address tried, and anew at every connection. The resolver
 * is replaced for one name; everything else is real. */
#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redis_server.h"
#include "store_fixture.h"

#define NAME "redis.test"
#define SOON_MS 100

static struct redis_server server, sentinel;
static struct store_fixture f;
static int port;

/* What NAME resolves to: numeric addresses up to a NULL. */
static const char *const *resolved;
static atomic_int questions;
static bool is_mute; /* the resolver answers nothing until `answer` is posted */
static sem_t answer, answered;

typedef int resolver(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);

/* In front of the C library's, for libuv and hiredis too. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    resolver *real = (resolver *)(uintptr_t)dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || strcmp(node, NAME) != 0)
        return real(node, service, hints, found);
    (void)atomic_fetch_add(&questions, 1);
    if (is_mute) {
        while (sem_wait(&answer) != 0) {
        }
        (void)sem_post(&answered);
    }
    struct addrinfo **end = found;
    *found = NULL;
    for (size_t i = 0; resolved[i] != NULL; i++) {
        if (real(resolved[i], service, hints, end) != 0)
            continue;
        while (*end != NULL)
            end = &(*end)->ai_next;
    }
    return *found != NULL ? 0 : EAI_NONAME;
}

static int free_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t bytes = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, bytes), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &bytes), 0);
    (void)close(fd);
    return ntohs(name.sin_port);
}

static void start_at(const char *address)
{
    char text[16];
    port = free_port();
    (void)snprintf(text, sizeof text, "%d", port);
    const char *const extra[] = {"--bind", address, "--port", text, NULL};
    redis_server_start(&server, extra);
}

static int begin(void **state)
{
    (void)state;
    static const char *const nowhere[] = {NULL};
    resolved = nowhere;
    is_mute = false;
    atomic_store(&questions, 0);
    (void)sem_init(&answer, 0, 0);
    (void)sem_init(&answered, 0, 0);
    memset(&server, 0, sizeof server);
    memset(&sentinel, 0, sizeof sentinel);
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (server.directory[0] != '\0')
        redis_server_end(&server);
    if (sentinel.directory[0] != '\0')
        redis_server_end(&sentinel);
    (void)sem_destroy(&answer);
    (void)sem_destroy(&answered);
    return 0;
}

static void open_by_name(releve_time timeout_ms)
{
    char url[64];
    (void)snprintf(url, sizeof url, "redis://" NAME ":%d", port);
    fixture_open(&f, url, timeout_ms);
}

static void expect_open(void)
{
    if (f.ready.error.code != RELEVE_OK)
        fail_msg("%s", f.ready.error.text);
}

static void test_a_name_that_is_not_known_is_said_with_the_address(void **state)
{
    (void)state;
    port = 6379;
    open_by_name(0);
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(f.ready.error.text, "redis://" NAME ":6379/0: its host name is not resolved"));
    fixture_close(&f);
    assert_int_equal(atomic_load(&questions), 1);
}

static void test_a_resolver_that_does_not_answer_is_given_up_and_holds_nobody(void **state)
{
    (void)state;
    is_mute = true;
    port = 6379;
    open_by_name(SOON_MS); /* comes back: the loop turned while the resolver was asked */
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(f.ready.error.text, "its host name is not resolved: no answer within 100 ms"));
    fixture_close(&f);
    (void)sem_post(&answer);
    while (sem_wait(&answered) != 0) {
    }
}

/* A process of its own: what keeps a loop, or a process that exits, would keep the tests. */
static void run_to_its_end(void (*life)(void))
{
    int status;
    (void)fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        life();
        exit(EXIT_SUCCESS);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child); /* what never ends is the test's time-out */
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
}

static void ask_twice_and_leave(void)
{
    is_mute = true; /* and stays so */
    port = 6379;
    for (int i = 0; i < 2; i++) {
        open_by_name(SOON_MS);
        fixture_close(&f);
    }
}

static void test_a_resolver_that_never_answers_keeps_no_process_from_its_end(void **state)
{
    (void)state;
    run_to_its_end(ask_twice_and_leave);
}

static void ask_too_often(void)
{
    is_mute = true;
    port = 6379;
    for (int i = 0; i <= RELEVE_LOOKUPS_MAX; i++) {
        open_by_name(1);
        bool refused = strstr(f.ready.error.text, "questions are with the resolver") != NULL;
        if (refused != (i == RELEVE_LOOKUPS_MAX))
            exit(EXIT_FAILURE);
        fixture_close(&f);
    }
    /* Where it answers, there is room again. */
    static const char *const nowhere[] = {NULL};
    resolved = nowhere;
    is_mute = false;
    for (int i = 0; i < RELEVE_LOOKUPS_MAX; i++)
        (void)sem_post(&answer);
    do {
        open_by_name(0);
        fixture_close(&f);
    } while (strstr(f.ready.error.text, "questions are with the resolver") != NULL);
}

static void test_so_many_questions_are_with_the_resolver_and_no_more(void **state)
{
    (void)state;
    run_to_its_end(ask_too_often);
}

static void test_every_address_is_tried_in_turn(void **state)
{
    (void)state;
    static const char *const addresses[] = {"::1", "127.0.0.9", "127.0.0.1", NULL};
    resolved = addresses;
    start_at("127.0.0.1");
    open_by_name(0);
    expect_open();
    fixture_close(&f);
}

static void test_an_address_of_ipv6_is_one_like_others(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.9", "::1", NULL};
    const struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has_ipv6 = fd >= 0 && bind(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (!has_ipv6)
        skip();
    resolved = addresses;
    start_at("::1");
    open_by_name(0);
    expect_open();
    fixture_close(&f);
}

static void test_where_nobody_answers_the_first_attempt_fails_after_the_last_address(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.8", "127.0.0.9", NULL};
    resolved = addresses;
    port = 1;
    open_by_name(0);
    assert_int_equal(f.ready.error.code, RELEVE_E_REDIS);
    assert_non_null(strstr(f.ready.error.text, "refused"));
    fixture_close(&f);
}

static void test_a_host_that_moved_is_found_again(void **state)
{
    (void)state;
    static const char *const before[] = {"127.0.0.1", NULL}, *const after[] = {"127.0.0.2", NULL};
    char text[16];
    resolved = before;
    start_at("127.0.0.1");
    open_by_name(0);
    expect_open();
    (void)snprintf(text, sizeof text, "%d", port);
    const char *const moved[] = {"--bind", "127.0.0.2", "--port", text, NULL};
    redis_server_kill(&server);
    resolved = after;
    redis_server_restart(&server, moved);
    await_calls(&f, &f.ups, 1);
    fixture_close(&f);
    assert_true(atomic_load(&questions) >= 2);
}

static void open_by_sentinel(int sentinel_port)
{
    char url[96];
    (void)snprintf(url, sizeof url, "redis+sentinel://" NAME ":%d/mymaster?replicas=0", sentinel_port);
    fixture_open(&f, url, 0);
}

static void test_every_address_of_a_sentinel_is_tried_in_turn(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.9", "127.0.0.1", NULL};
    char text[128];
    resolved = addresses;
    start_at("127.0.0.1");
    int sentinel_port = free_port();
    (void)snprintf(text, sizeof text, "bind 127.0.0.1\nport %d\nsentinel monitor mymaster 127.0.0.1 %d 1\n",
                   sentinel_port, port);
    redis_server_start_sentinel(&sentinel, text);
    open_by_sentinel(sentinel_port);
    expect_open();
    fixture_close(&f);
}

static void test_a_sentinel_is_passed_over_when_its_name_is_not_known_or_nobody_answers_there(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.8", "127.0.0.9", NULL};
    open_by_sentinel(1);
    assert_non_null(strstr(f.ready.error.text, "(" NAME ":1: "));
    assert_null(strstr(f.ready.error.text, "refused"));
    fixture_close(&f);
    resolved = addresses;
    open_by_sentinel(1);
    assert_non_null(strstr(f.ready.error.text, "(" NAME ":1: Connection refused)"));
    fixture_close(&f);
}

int main(void)
{
#define one(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        one(test_a_name_that_is_not_known_is_said_with_the_address),
        one(test_a_resolver_that_does_not_answer_is_given_up_and_holds_nobody),
        one(test_a_resolver_that_never_answers_keeps_no_process_from_its_end),
        one(test_so_many_questions_are_with_the_resolver_and_no_more),
        one(test_every_address_is_tried_in_turn),
        one(test_an_address_of_ipv6_is_one_like_others),
        one(test_where_nobody_answers_the_first_attempt_fails_after_the_last_address),
        one(test_a_host_that_moved_is_found_again),
        one(test_every_address_of_a_sentinel_is_tried_in_turn),
        one(test_a_sentinel_is_passed_over_when_its_name_is_not_known_or_nobody_answers_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
