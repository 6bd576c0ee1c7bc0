/* fork, exec, and the log line that says that it serves: no sleeping, no port to race for. */
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"
#include "redis_server.h"

#define ARGUMENTS_MAX 48

static void run(const struct redis_server *server, const char *const *extra, int log_fd)
{
    const char *arguments[ARGUMENTS_MAX] = {"redis-server",
                                            "--port",
                                            "0",
                                            "--unixsocket",
                                            server->socket,
                                            "--unixsocketperm",
                                            "700",
                                            "--appendonly",
                                            "yes",
                                            "--appendfsync",
                                            "always",
                                            "--save",
                                            "",
                                            "--dir",
                                            server->directory,
                                            "--daemonize",
                                            "no",
                                            "--logfile",
                                            "",
                                            "--enable-debug-command",
                                            "yes"};
    int count = 0;
    while (arguments[count] != NULL)
        count++;
    for (; extra != NULL && *extra != NULL && count + 1 < ARGUMENTS_MAX; extra++)
        arguments[count++] = *extra;
    const char *const sentinel[] = {"redis-server", server->sentinel, "--sentinel", NULL};
    const char *const *all = server->sentinel[0] != '\0' ? sentinel : arguments;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves nothing behind */
    (void)dup2(log_fd, STDOUT_FILENO);
    (void)dup2(log_fd, STDERR_FILENO);
    (void)close_range(STDERR_FILENO + 1, ~0U, 0); /* hiredis's sockets would stay open in it */
    (void)execvp("redis-server", (char *const *)(uintptr_t)all);
    _exit(127);
}

void redis_server_restart_until(struct redis_server *server, const char *const *extra, const char *wanted)
{
    int log[2];
    char line[512] = "";
    assert_int_equal(server->pid, 0);
    assert_int_equal(pipe2(log, O_CLOEXEC), 0);
    server->pid = fork();
    assert_true(server->pid >= 0);
    if (server->pid == 0)
        run(server, extra, log[1]);
    (void)close(log[1]);
    FILE *lines = fdopen(log[0], "r");
    assert_non_null(lines);
    while (fgets(line, sizeof line, lines) != NULL && strstr(line, wanted) == NULL) {
    }
    if (strstr(line, wanted) == NULL)
        fail_msg("redis-server did not start: %s", line);
    (void)fclose(lines); /* it ignores SIGPIPE: what it logs from here on is lost */
}

void redis_server_restart(struct redis_server *server, const char *const *extra)
{
    redis_server_restart_until(server, extra, "eady to accept connections");
}

static void make_place(struct redis_server *server)
{
    memset(server, 0, sizeof *server);
    (void)snprintf(server->directory, sizeof server->directory, "/tmp/releve-test-XXXXXX");
    assert_non_null(mkdtemp(server->directory));
    (void)snprintf(server->socket, sizeof server->socket, "%s/redis.sock", server->directory);
    (void)snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
}

void redis_server_start(struct redis_server *server, const char *const *extra)
{
    make_place(server);
    redis_server_restart(server, extra);
}

void redis_server_start_sentinel(struct redis_server *server, const char *text)
{
    make_place(server);
    (void)snprintf(server->sentinel, sizeof server->sentinel, "%s/sentinel.conf", server->directory);
    FILE *file = fopen(server->sentinel, "w");
    assert_non_null(file);
    (void)fprintf(file, "unixsocket %s\ndir %s\n%s", server->socket, server->directory, text);
    assert_int_equal(fclose(file), 0);
    redis_server_restart_until(server, NULL, "+monitor master");
}

void redis_server_kill(struct redis_server *server)
{
    assert_true(server->pid > 0);
    assert_int_equal(kill(server->pid, SIGKILL), 0);
    assert_int_equal(waitpid(server->pid, NULL, 0), server->pid);
    server->pid = 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

void redis_server_remove_directory(const char *directory)
{
    (void)nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void redis_server_end(struct redis_server *server)
{
    if (server->pid > 0)
        redis_server_kill(server);
    redis_server_remove_directory(server->directory);
}

redisContext *redis_server_connect(const struct redis_server *server)
{
    redisContext *context = redisConnectUnix(server->socket);
    assert_non_null(context);
    if (context->err != 0)
        fail_msg("%s: %s", server->socket, context->errstr);
    assert_int_equal(redisSetTimeout(context, (struct timeval){.tv_sec = AWAIT_MAX_S}), REDIS_OK);
    return context;
}

redisReply *redis_server_command(const struct redis_server *server, const char *format, ...)
{
    redisContext *context = redis_server_connect(server);
    va_list list;
    va_start(list, format);
    redisReply *reply = redisvCommand(context, format, list);
    va_end(list);
    if (reply == NULL)
        fail_msg("%s: %s: %s", server->socket, format, context->errstr);
    redisFree(context);
    return reply;
}

void redis_server_push_and_demote(const struct redis_server *server, int master_port)
{
    redisContext *context = redis_server_connect(server);
    redisAppendCommand(context, "LPUSH list item");
    redisAppendCommand(context, "REPLICAOF 127.0.0.1 %d", master_port);
    for (int i = 0; i < 2; i++) {
        redisReply *reply;
        assert_int_equal(redisGetReply(context, (void **)&reply), REDIS_OK);
        assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
        freeReplyObject(reply);
    }
    redisFree(context);
}

long long redis_server_integer(const struct redis_server *server, const char *command)
{
    redisReply *reply = redis_server_command(server, command);
    assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
    long long value = reply->integer;
    freeReplyObject(reply);
    return value;
}

static bool is_acknowledged(redisContext *context)
{
    freeReplyObject(redisCommand(context, "SET acknowledged x"));
    redisReply *reply = redisCommand(context, "WAIT 1 1000");
    bool acknowledged = reply->integer == 1;
    freeReplyObject(reply);
    freeReplyObject(redisCommand(context, "DEL acknowledged"));
    return acknowledged;
}

void redis_server_await_replica(const struct redis_server *server)
{
    redisContext *context = redis_server_connect(server);
    await(is_acknowledged(context), (void)0);
    redisFree(context);
}
