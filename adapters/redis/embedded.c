/* Starting the embedded Redis, or finding the one that runs. Three lock files in its directory:
 *  users.lock   shared by every user for its life; the keeper waits for the exclusive one
 *  start.lock   exclusive while somebody looks for the server or starts it
 *  server.lock  the guard: exclusive, held by keeper and server together, so that never two servers write
 * flock belongs to the open file description: a lock that is meant for this process alone is never left in a
 * descriptor that a child keeps. */
#include <adapters/redis/embedded.h>
#include <adapters/redis/keeper.h>
#include <adapters/redis/url.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <limits.h>
#include <poll.h>
#include <releve/digest.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS (60 * 1000) /* to read a large append-only file takes its time */
#define PING_MS 2000         /* a local server that takes longer is not well */
#define AGAIN_MS 20          /* between looks at a server that is starting or ending */
#define SOCKET_NAME "redis.sock"

struct place {
    char directory[PATH_MAX];
    char socket[RELEVE_REDIS_SOCKET_PATH_MAX + 1];
    char users_lock[PATH_MAX + 16], start_lock[PATH_MAX + 16], server_lock[PATH_MAX + 16];
};

/* --- where ---------------------------------------------------------------------------------------------- */

static enum releve_code fail_path(struct releve_error *error, const char *what, const char *path, const char *why)
{
    return releve_fail(error, RELEVE_E_CONFIG,
                       "embedded Redis: cannot %s %.200s: %s; name another directory in "
                       "RELEVE_REDIS=embedded:DIR",
                       what, path, why);
}

static enum releve_code fail_start(struct releve_error *error, const struct place *place, const char *why)
{
    return releve_fail(
        error, RELEVE_E_REDIS,
        "embedded Redis: cannot start a server in %.200s: %s; this machine is short of something, or set "
        "RELEVE_REDIS",
        place->directory, why);
}

/* Makes the directory and those above it, readable to its owner alone. */
static bool make_directories(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        bool there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!there)
            return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static enum releve_code find_directory(const char *wanted, char out[PATH_MAX], struct releve_error *error)
{
    char path[PATH_MAX];
    const char *data_home = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    int written;
    if (wanted != NULL && wanted[0] != '\0')
        written = snprintf(path, sizeof path, "%s", wanted);
    else if (data_home != NULL && data_home[0] == '/') /* the XDG specification: relative ones are ignored */
        written = snprintf(path, sizeof path, "%s/releve", data_home);
    else if (home != NULL && home[0] == '/')
        written = snprintf(path, sizeof path, "%s/.local/share/releve", home);
    else
        return releve_fail(error, RELEVE_E_CONFIG,
                           "embedded Redis: neither XDG_DATA_HOME nor HOME is set; write RELEVE_REDIS=embedded:DIR");
    if (written < 0 || (size_t)written >= sizeof path - 32)
        return fail_path(error, "use", path, "the path is too long");
    if (!make_directories(path))
        return fail_path(error, "make", path, strerror(errno));
    if (realpath(path, out) == NULL || strlen(out) >= PATH_MAX - 32)
        return fail_path(error, "use", path, "it has no usable absolute path");
    struct stat status;
    if (stat(out, &status) != 0 || !S_ISDIR(status.st_mode) || access(out, R_OK | W_OK | X_OK) != 0)
        return fail_path(error, "use", out, "it is no directory that you may write to");
    return RELEVE_OK;
}

/* A directory for the socket where the data's own path is too long for one. Whoever could write to it could
 * put himself between us and Redis: it must be ours alone. */
static enum releve_code find_short_directory(char out[64], struct releve_error *error)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct stat status;
    if (runtime != NULL && runtime[0] == '/' && strlen(runtime) < 48)
        (void)snprintf(out, 64, "%s", runtime);
    else
        (void)snprintf(out, 64, "/tmp/releve-%u", (unsigned)geteuid());
    (void)mkdir(out, 0700); /* it may be there; what it is, is looked at now */
    if (lstat(out, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & 022) != 0)
        return fail_path(error, "put a socket into", out, "it is not a directory of yours alone");
    return RELEVE_OK;
}

static enum releve_code find_place(const char *directory, struct place *place, struct releve_error *error)
{
    enum releve_code code = find_directory(directory, place->directory, error);
    if (code != RELEVE_OK)
        return code;
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/" SOCKET_NAME, place->directory);
    if (strlen(path) > RELEVE_REDIS_SOCKET_PATH_MAX) {
        char short_directory[64];
        code = find_short_directory(short_directory, error);
        if (code != RELEVE_OK)
            return code;
        (void)snprintf(path, sizeof path, "%s/releve-%016llx.sock", short_directory,
                       (unsigned long long)releve_digest(place->directory));
    }
    assert(strlen(path) <= RELEVE_REDIS_SOCKET_PATH_MAX);
    memcpy(place->socket, path, strlen(path) + 1);
    (void)snprintf(place->users_lock, sizeof place->users_lock, "%s/users.lock", place->directory);
    (void)snprintf(place->start_lock, sizeof place->start_lock, "%s/start.lock", place->directory);
    (void)snprintf(place->server_lock, sizeof place->server_lock, "%s/server.lock", place->directory);
    return RELEVE_OK;
}

/* --- locks, and the server ------------------------------------------------------------------------------ */

/* A descriptor above stdio with that lock on it; -1 with errno. */
static int lock_file(const char *path, int operation)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0 && fd <= STDERR_FILENO) { /* stdio was closed: leave its numbers alone */
        int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        (void)close(fd);
        fd = higher;
    }
    while (fd >= 0 && flock(fd, operation) != 0) {
        if (errno == EINTR)
            continue;
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static bool answers(const char *socket)
{
    const struct timeval patience = {.tv_sec = PING_MS / 1000, .tv_usec = PING_MS % 1000 * 1000};
    redisContext *context = redisConnectUnixWithTimeout(socket, patience);
    bool pong = false;
    if (context != NULL && context->err == 0 && redisSetTimeout(context, patience) == REDIS_OK) {
        redisReply *reply = redisCommand(context, "PING");
        pong = reply != NULL && reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "PONG") == 0;
        freeReplyObject(reply);
    }
    if (context != NULL)
        redisFree(context);
    return pong;
}

static bool find_program(char out[PATH_MAX])
{
    const char *path = getenv("PATH");
    for (const char *from = path != NULL ? path : "/usr/local/bin:/usr/bin:/bin"; from != NULL;) {
        size_t bytes = strcspn(from, ":");
        int written = snprintf(out, PATH_MAX, "%.*s/redis-server", (int)bytes, from);
        if (bytes > 0 && from[0] == '/' && written < PATH_MAX && access(out, X_OK) == 0)
            return true;
        from = from[bytes] == ':' ? from + bytes + 1 : NULL;
    }
    return false;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One line from the keeper: "ok", or why not. */
static enum releve_code hear(int fd, const struct place *place, struct releve_error *error)
{
    char line[RELEVE_KEEPER_LINE_BYTES + 1];
    size_t used = 0;
    int64_t until = now_ms() + START_MS;
    while (used + 1 < sizeof line) {
        int64_t left = until - now_ms();
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            return releve_fail(error, RELEVE_E_REDIS,
                               "embedded Redis: the server in %.200s is not up after 60 s; see "
                               "what its append-only file is like, or set RELEVE_REDIS",
                               place->directory);
        if (poll(&readable, 1, (int)left) <= 0)
            continue;
        ssize_t count = read(fd, line + used, sizeof line - 1 - used);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        used += (size_t)count;
        if (used == 2 && memcmp(line, "ok", 2) == 0)
            return RELEVE_OK;
    }
    line[used] = '\0';
    return releve_fail(error, RELEVE_E_REDIS,
                       "embedded Redis: the server in %.150s did not start: %.200s; put that "
                       "right, or set RELEVE_REDIS",
                       place->directory, used > 0 ? line : "its keeper was killed");
}

/* Starts keeper and server. The guard goes to them: here it is closed, and so it is theirs alone. */
static enum releve_code start_server(const struct place *place, int guard_fd, struct releve_error *error)
{
    char program[PATH_MAX];
    int report[2];
    if (!find_program(program))
        return releve_fail(error, RELEVE_E_REDIS,
                           "embedded Redis: no redis-server in PATH; install redis-server or set RELEVE_REDIS");
    if (pipe2(report, O_CLOEXEC) != 0)
        return fail_start(error, place, strerror(errno));
    int report_fd = fcntl(report[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    struct releve_keeper keeper = {program, place->directory, place->socket, place->users_lock, guard_fd, report_fd};
    pid_t middle = report_fd >= 0 ? fork() : -1;
    if (middle == 0) {
        pid_t child = fork(); /* an orphan at once: nobody has to wait for it */
        if (child == 0)
            releve_keeper_run(&keeper);
        _exit(child > 0 ? 0 : 1);
    }
    int failed = errno;
    (void)close(report[1]);
    if (report_fd >= 0)
        (void)close(report_fd);
    enum releve_code code;
    if (middle < 0) {
        code = fail_start(error, place, strerror(failed));
    } else {
        while (waitpid(middle, NULL, 0) < 0 && errno == EINTR) {
        }
        code = hear(report[0], place, error);
    }
    (void)close(report[0]);
    return code;
}

/* Under start.lock: a server that answers, or a new one where nobody holds the guard. */
static enum releve_code find_or_start(const struct place *place, struct releve_error *error)
{
    const struct timespec pause = {.tv_nsec = AGAIN_MS * 1000000L};
    for (int64_t until = now_ms() + START_MS; now_ms() < until; (void)nanosleep(&pause, NULL)) {
        if (answers(place->socket))
            return RELEVE_OK;
        int guard_fd = lock_file(place->server_lock, LOCK_EX | LOCK_NB);
        if (guard_fd >= 0) {
            enum releve_code code = start_server(place, guard_fd, error);
            (void)close(guard_fd);
            return code;
        }
        if (errno != EWOULDBLOCK)
            return fail_path(error, "lock", place->server_lock, strerror(errno));
        /* A server is starting, ending, or being started again by its keeper. */
    }
    return releve_fail(error, RELEVE_E_REDIS,
                       "embedded Redis: the server in %.200s runs, but has not answered for "
                       "60 s; end it, or set RELEVE_REDIS",
                       place->directory);
}

enum releve_code releve_embedded_start(struct releve_redis_url *url, struct releve_error *error)
{
    struct place place;
    assert(url->where == RELEVE_REDIS_EMBEDDED);
    enum releve_code code = find_place(url->path, &place, error);
    if (code != RELEVE_OK)
        return code;
    int start_fd = lock_file(place.start_lock, LOCK_EX);
    if (start_fd < 0)
        return fail_path(error, "lock", place.start_lock, strerror(errno));
    /* Waits while a keeper that has lost its last user puts its server to rest. Never closed where all is
     * well: it is what counts this process as a user until the kernel closes it. */
    int users_fd = lock_file(place.users_lock, LOCK_SH);
    if (users_fd < 0)
        code = fail_path(error, "lock", place.users_lock, strerror(errno));
    else
        code = find_or_start(&place, error);
    if (code != RELEVE_OK && users_fd >= 0)
        (void)close(users_fd);
    (void)close(start_fd);
    if (code == RELEVE_OK)
        releve_redis_url_of_socket(place.socket, url);
    return code;
}
