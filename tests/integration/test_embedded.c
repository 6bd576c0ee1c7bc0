/* The embedded Redis: shared by all users of a directory, gone with the last of them however they went, and with
 * everything in it at the next start. Users are processes here, because that is what they are. */
#include <adapters/redis/embedded.h>
#include <adapters/redis/url.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "redis_server.h"

/* A process that uses the server until it is killed. */
struct user {
    pid_t pid;
    char line[RELEVE_REDIS_PATH_BYTES + RELEVE_ERROR_BYTES]; /* its socket, or the error's text */
    bool started;
};

static char base[64];

static int make_base(void **state)
{
    (void)state;
    (void)snprintf(base, sizeof base, "/tmp/releve-test-XXXXXX");
    assert_non_null(mkdtemp(base));
    return 0;
}

static int remove_base(void **state)
{
    (void)state;
    redis_server_remove_directory(base);
    return 0;
}

static void use(const char *directory, int report)
{
    struct releve_redis_url url = {.where = RELEVE_REDIS_EMBEDDED};
    struct releve_error error = {.text = ""};
    (void)snprintf(url.path, sizeof url.path, "%s", directory != NULL ? directory : "");
    bool ok = releve_embedded_start(&url, &error) == RELEVE_OK;
    (void)dprintf(report, "%c%s", ok ? '+' : '-', ok ? url.path : error.text);
    (void)close(report);
    if (!ok)
        _exit(releve_code_exit(error.code)); /* as a command ends */
    for (;;)
        (void)pause();
}

static int launch(struct user *user, const char *directory)
{
    int report[2];
    assert_int_equal(pipe2(report, O_CLOEXEC), 0);
    user->pid = fork();
    assert_true(user->pid >= 0);
    if (user->pid == 0) {
        (void)close(report[0]);
        use(directory, report[1]);
    }
    (void)close(report[1]);
    return report[0];
}

static void hear(struct user *user, int report)
{
    char text[sizeof user->line + 1];
    size_t used = 0;
    ssize_t count;
    while ((count = read(report, text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)count;
    text[used] = '\0';
    assert_true(used > 0);
    user->started = text[0] == '+';
    memcpy(user->line, text + 1, used);
    (void)close(report);
}

static struct user start_user(const char *directory)
{
    struct user user;
    hear(&user, launch(&user, directory));
    return user;
}

static struct user start_good_user(const char *directory)
{
    struct user user = start_user(directory);
    if (!user.started)
        fail_msg("%s", user.line);
    return user;
}

static void kill_user(struct user *user)
{
    assert_int_equal(kill(user->pid, SIGKILL), 0);
    assert_int_equal(waitpid(user->pid, NULL, 0), user->pid);
}

static redisContext *connect_to(const struct user *user)
{
    redisContext *context = redisConnectUnix(user->line);
    assert_non_null(context);
    if (context->err != 0)
        fail_msg("%s: %s", user->line, context->errstr);
    return context;
}

/* The reply as text. */
static void command(const struct user *user, const char *text, char out[64])
{
    redisContext *context = connect_to(user);
    redisReply *reply = redisCommand(context, text);
    assert_non_null(reply);
    (void)snprintf(out, 64, "%s", reply->str != NULL ? reply->str : "(nil)");
    freeReplyObject(reply);
    redisFree(context);
}

static pid_t server_pid(const struct user *user)
{
    redisContext *context = connect_to(user);
    redisReply *reply = redisCommand(context, "INFO server");
    assert_non_null(reply);
    const char *line = strstr(reply->str, "process_id:");
    assert_non_null(line);
    pid_t pid = (pid_t)atoi(line + strlen("process_id:"));
    freeReplyObject(reply);
    redisFree(context);
    return pid;
}

/* A descriptor that becomes readable when that process has ended. */
static int watch_process(pid_t pid)
{
    int fd = pidfd_open(pid, 0);
    assert_true(fd >= 0);
    return fd;
}

static bool has_ended(int fd, int wait_ms)
{
    struct pollfd end = {.fd = fd, .events = POLLIN};
    return poll(&end, 1, wait_ms) == 1;
}

static void await_end(int fd)
{
    assert_true(has_ended(fd, -1)); /* what never ends is the test's time-out */
    (void)close(fd);
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    int parent = 0;
    assert_int_equal(sscanf(strrchr(text, ')') + 1, " %*c %d", &parent), 1);
    return (pid_t)parent;
}

static void test_users_of_one_directory_share_one_server_until_the_last_is_killed(void **state)
{
    (void)state;
    char directory[128], text[64];
    (void)snprintf(directory, sizeof directory, "%s/deep/er", base);
    struct user a = start_good_user(directory), b = start_good_user(directory);
    assert_string_equal(a.line, b.line);
    pid_t server = server_pid(&a);
    assert_int_equal(server_pid(&b), server);
    int server_end = watch_process(server), keeper_end = watch_process(parent_of(server));
    struct stat status;
    assert_int_equal(stat(directory, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);

    command(&a, "SET said once", text);
    kill_user(&a);
    command(&b, "GET said", text);
    assert_string_equal(text, "once");
    assert_false(has_ended(server_end, 0));
    kill_user(&b);
    await_end(server_end);
    await_end(keeper_end);

    struct user c = start_good_user(directory);
    command(&c, "GET said", text);
    assert_string_equal(text, "once");
    assert_int_not_equal(server_pid(&c), server);
    server_end = watch_process(server_pid(&c));
    kill_user(&c);
    await_end(server_end);
}

static void test_many_that_start_at_once_start_one_server(void **state)
{
    (void)state;
    struct user users[8];
    int reports[8];
    char directory[128];
    (void)snprintf(directory, sizeof directory, "%s/crowd", base);
    /* Three times, the last users of a round dying while the next round begins. */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 8; i++)
            reports[i] = launch(&users[i], directory);
        for (int i = 0; i < 8; i++) {
            hear(&users[i], reports[i]);
            if (!users[i].started)
                fail_msg("%s", users[i].line);
        }
        pid_t server = server_pid(&users[0]);
        int server_end = watch_process(server);
        for (int i = 1; i < 8; i++)
            assert_int_equal(server_pid(&users[i]), server);
        for (int i = 0; i < 8; i++)
            kill_user(&users[i]);
        if (round == 2)
            await_end(server_end);
        else
            (void)close(server_end);
    }
}

static void test_a_server_that_dies_is_started_again_with_its_data(void **state)
{
    (void)state;
    char directory[128], text[64];
    (void)snprintf(directory, sizeof directory, "%s/mortal", base);
    struct user a = start_good_user(directory);
    command(&a, "SET said once", text);
    pid_t first = server_pid(&a);
    int first_end = watch_process(first), keeper_end = watch_process(parent_of(first));
    assert_int_equal(kill(first, SIGKILL), 0);
    await_end(first_end);
    struct user b = start_good_user(directory); /* waits for the keeper's new one, and starts none of its own */
    pid_t second = server_pid(&b);
    assert_int_not_equal(second, first);
    command(&a, "GET said", text);
    assert_string_equal(text, "once");
    kill_user(&a);
    kill_user(&b);
    await_end(keeper_end);
}

static void test_a_killed_keeper_takes_its_server_along_and_the_next_user_starts_anew(void **state)
{
    (void)state;
    char directory[128];
    (void)snprintf(directory, sizeof directory, "%s/orphan", base);
    struct user a = start_good_user(directory);
    pid_t server = server_pid(&a);
    int server_end = watch_process(server);
    assert_int_equal(kill(parent_of(server), SIGKILL), 0);
    await_end(server_end);
    struct user b = start_good_user(directory);
    server_end = watch_process(server_pid(&b));
    kill_user(&a);
    kill_user(&b);
    await_end(server_end);
}

static void test_a_path_too_long_for_a_socket_gets_one_elsewhere(void **state)
{
    (void)state;
    char directory[256];
    (void)snprintf(directory, sizeof directory, "%s/%0150d", base, 7);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", base, 1), 0);
    struct user a = start_good_user(directory);
    assert_int_equal(strncmp(a.line, base, strlen(base)), 0);
    assert_null(strstr(a.line, "0000000000000007/"));
    int server_end = watch_process(server_pid(&a));
    kill_user(&a);
    await_end(server_end);
}

static void test_a_relative_directory_and_the_default_one_are_made_absolute(void **state)
{
    (void)state;
    assert_int_equal(chdir(base), 0);
    struct user a = start_good_user("odd %41?");
    char expected[160];
    (void)snprintf(expected, sizeof expected, "%s/odd %%41?/redis.sock", base);
    assert_string_equal(a.line, expected);
    int server_end = watch_process(server_pid(&a));
    kill_user(&a);
    await_end(server_end);
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(setenv("XDG_DATA_HOME", base, 1), 0);
    a = start_good_user(NULL);
    (void)snprintf(expected, sizeof expected, "%s/releve/redis.sock", base);
    assert_string_equal(a.line, expected);
    server_end = watch_process(server_pid(&a));
    kill_user(&a);
    await_end(server_end);
}

static void expect_refusal(const char *directory, int exit_code, const char *said)
{
    int status;
    struct user user = start_user(directory);
    assert_int_equal(waitpid(user.pid, &status, 0), user.pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), exit_code);
    assert_null(strchr(user.line, '\n'));
    assert_false(user.started);
    if (strstr(user.line, said) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", user.line, said);
}

static void test_what_keeps_the_server_from_starting_is_said(void **state)
{
    (void)state;
    char directory[128], path[160];
    (void)snprintf(directory, sizeof directory, "%s/file", base);
    FILE *file = fopen(directory, "w");
    assert_non_null(file);
    (void)fclose(file);
    expect_refusal(directory, 2, "no directory that you may write to");
    (void)snprintf(directory, sizeof directory, "%s/file/below/it", base);
    expect_refusal(directory, 2, "cannot make ");
    (void)snprintf(directory, sizeof directory, "/proc/releve-nowhere");
    expect_refusal(directory, 2, "name another directory in RELEVE_REDIS=embedded:DIR");

    (void)snprintf(directory, sizeof directory, "%s/taken", base);
    (void)snprintf(path, sizeof path, "%s/appendonlydir", directory);
    assert_int_equal(mkdir(directory, 0700), 0);
    file = fopen(path, "w"); /* where Redis wants a directory */
    assert_non_null(file);
    (void)fclose(file);
    expect_refusal(directory, 4, "did not start: ");

    char *search = strdup(getenv("PATH"));
    assert_int_equal(setenv("PATH", base, 1), 0);
    (void)snprintf(directory, sizeof directory, "%s/none", base);
    expect_refusal(directory, 4, "install redis-server or set RELEVE_REDIS");
    assert_int_equal(setenv("PATH", search, 1), 0);
    free(search);
}

int main(void)
{
#define with_base(test) cmocka_unit_test_setup_teardown(test, make_base, remove_base)
    const struct CMUnitTest tests[] = {
        with_base(test_users_of_one_directory_share_one_server_until_the_last_is_killed),
        with_base(test_many_that_start_at_once_start_one_server),
        with_base(test_a_server_that_dies_is_started_again_with_its_data),
        with_base(test_a_killed_keeper_takes_its_server_along_and_the_next_user_starts_anew),
        with_base(test_a_path_too_long_for_a_socket_gets_one_elsewhere),
        with_base(test_a_relative_directory_and_the_default_one_are_made_absolute),
        with_base(test_what_keeps_the_server_from_starting_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
