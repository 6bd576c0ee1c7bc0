/* The life of the keeper. Its arms:
 *  - a thread blocked in flock(users, LOCK_EX): the kernel grants it when the last user is gone, by SIGKILL too;
 *  - a pidfd of the server, and the pipe of its log, which must be read or the server would stand still;
 *  - PR_SET_PDEATHSIG: a keeper that is killed takes its server with it;
 *  - the guard: a lock that server and keeper share, so that no two servers ever write one directory. */
#include <adapters/redis/keeper.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define RESTARTS_MAX 5                     /* of a server that dies while it has users */
#define RESTART_FIRST_MS 100               /* before the first of them; doubles */
#define SETTLED_MS (60 * 1000)             /* a server that lived so long is not dying early: the count begins anew */
#define STOP_MS (10 * 1000)                /* from SIGTERM to SIGKILL; with fsync always nothing is lost by either */
#define READY "eady to accept connections" /* "Ready ..." or "The server is now ready ...", by Redis's version */

struct server {
    pid_t pid;
    int pid_fd;
    int log_fd;
    char line[RELEVE_KEEPER_LINE_BYTES]; /* the one that is being read */
    size_t line_bytes;
    char last[RELEVE_KEEPER_LINE_BYTES]; /* the last whole one */
    bool ready;
};

enum happening { SERVER_READY, SERVER_GONE, USERS_GONE, TIME_OUT };

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void report(const struct releve_keeper *keeper, const char *text)
{
    if (write(keeper->report_fd, text, strlen(text)) < 0) {
        /* The starter is gone. Nobody else wants to know. */
    }
}

/* --- the server --------------------------------------------------------------------------------------- */

static void server_exec(const struct releve_keeper *keeper, pid_t parent, int log_fd) __attribute__((noreturn));
static void server_exec(const struct releve_keeper *keeper, pid_t parent, int log_fd)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before prctl */
        _exit(1);
    (void)fcntl(keeper->guard_fd, F_SETFD, 0); /* inherited: the guard holds until this one is gone too */
    (void)dup2(log_fd, STDOUT_FILENO);
    (void)dup2(log_fd, STDERR_FILENO);
    (void)execl(keeper->program, "redis-server", "--port", "0", "--unixsocket", keeper->socket, "--unixsocketperm",
                "700", "--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir", keeper->directory,
                "--daemonize", "no", "--logfile", "", (char *)NULL);
    (void)dprintf(STDOUT_FILENO, "cannot run %s: %s\n", keeper->program, strerror(errno));
    _exit(127);
}

static bool server_start(const struct releve_keeper *keeper, struct server *server)
{
    int log[2];
    memset(server, 0, sizeof *server);
    if (pipe2(log, O_CLOEXEC) != 0)
        return false;
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0)
        server_exec(keeper, parent, log[1]);
    (void)close(log[1]);
    server->log_fd = log[0];
    server->pid_fd = server->pid > 0 ? pidfd_open(server->pid, 0) : -1;
    if (server->pid_fd >= 0)
        return true;
    if (server->pid > 0) {
        (void)kill(server->pid, SIGKILL);
        (void)waitpid(server->pid, NULL, 0);
    }
    (void)close(server->log_fd);
    return false;
}

/* The server has ended. */
static void server_reap(struct server *server)
{
    (void)waitpid(server->pid, NULL, 0);
    (void)close(server->pid_fd);
    (void)close(server->log_fd);
}

static void server_stop(struct server *server)
{
    struct pollfd end = {.fd = server->pid_fd, .events = POLLIN};
    (void)close(server->log_fd); /* Redis ignores SIGPIPE; a full pipe would hold it up */
    server->log_fd = -1;
    (void)kill(server->pid, SIGTERM);
    int64_t until = now_ms() + STOP_MS;
    while (now_ms() < until) {
        if (poll(&end, 1, (int)(until - now_ms())) > 0)
            break;
    }
    (void)kill(server->pid, SIGKILL); /* to a zombie it does nothing */
    server_reap(server);
}

/* Takes in what the server logs; false at the end of its log. */
static bool server_read_log(struct server *server)
{
    char bytes[4096];
    ssize_t count = read(server->log_fd, bytes, sizeof bytes);
    if (count <= 0)
        return count < 0 && errno == EINTR;
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] != '\n') {
            if (server->line_bytes + 1 < sizeof server->line)
                server->line[server->line_bytes++] = bytes[i];
            continue;
        }
        server->line[server->line_bytes] = '\0';
        if (server->line_bytes > 0)
            memcpy(server->last, server->line, server->line_bytes + 1);
        server->ready = server->ready || strstr(server->line, READY) != NULL;
        server->line_bytes = 0;
    }
    return true;
}

/* --- waiting ------------------------------------------------------------------------------------------ */

struct users {
    int lock_fd;  /* our own: an inherited one would be a user's */
    int event_fd; /* readable once the last user is gone */
};

static void *wait_for_last_user(void *data)
{
    const struct users *users = data;
    while (flock(users->lock_fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            break; /* no lock to be had on this file system: better to end than to stay for ever */
    }
    (void)eventfd_write(users->event_fd, 1);
    return NULL;
}

static bool users_open(const struct releve_keeper *keeper, struct users *users)
{
    pthread_t thread;
    users->lock_fd = open(keeper->users_lock, O_RDWR | O_CLOEXEC);
    users->event_fd = eventfd(0, EFD_CLOEXEC);
    return users->lock_fd >= 0 && users->event_fd >= 0 && pthread_create(&thread, NULL, wait_for_last_user, users) == 0;
}

/* Waits until the server becomes ready (where `for_ready`), ends, or has no user any more. */
static enum happening server_wait(struct server *server, const struct users *users, bool for_ready)
{
    bool log_open = true;
    for (;;) {
        struct pollfd fds[] = {{.fd = server->pid_fd, .events = POLLIN},
                               {.fd = log_open ? server->log_fd : -1, .events = POLLIN},
                               {.fd = users->event_fd, .events = POLLIN}};
        if (poll(fds, 3, -1) < 0)
            continue;
        if (fds[1].revents != 0)
            log_open = server_read_log(server);
        else if (fds[0].revents != 0)
            return SERVER_GONE; /* and its log is read to the end */
        if (for_ready && server->ready)
            return SERVER_READY;
        if (fds[2].revents != 0)
            return USERS_GONE;
    }
}

static enum happening pause_ms(const struct users *users, int64_t wait_ms)
{
    struct pollfd gone = {.fd = users->event_fd, .events = POLLIN};
    int64_t until = now_ms() + wait_ms;
    for (int64_t left = wait_ms; left > 0; left = until - now_ms()) {
        if (poll(&gone, 1, (int)left) > 0)
            return USERS_GONE;
    }
    return TIME_OUT;
}

/* --- the life ----------------------------------------------------------------------------------------- */

static void close_all_but(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);
    assert(low > STDERR_FILENO && low != high);
    if (low > 3)
        (void)close_range(3, low - 1, 0);
    if (high > low + 1)
        (void)close_range(low + 1, high - 1, 0);
    (void)close_range(high + 1, ~0U, 0);
}

/* A session of its own, nothing of the starter's left: no descriptor, no signal setting, no directory. */
static void detach(const struct releve_keeper *keeper)
{
    (void)setsid();
    close_all_but(keeper->guard_fd, keeper->report_fd);
    int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    if (null > STDERR_FILENO)
        (void)close(null);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN); /* the starter may be gone when it is told */
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (chdir("/") != 0) {
        /* Then some directory stays in use; no harm. */
    }
}

/* Keeps a server that has been ready once: until the users are gone, or it cannot be kept. */
static void keep(const struct releve_keeper *keeper, struct server *server, const struct users *users)
{
    int restarts = 0;
    int64_t wait_ms = RESTART_FIRST_MS, started = now_ms();
    for (;;) {
        if (server_wait(server, users, false) == USERS_GONE) {
            server_stop(server);
            return;
        }
        server_reap(server);
        if (now_ms() - started >= SETTLED_MS) {
            restarts = 0;
            wait_ms = RESTART_FIRST_MS;
        }
        if (restarts++ == RESTARTS_MAX || pause_ms(users, wait_ms) == USERS_GONE)
            return;
        wait_ms *= 2;
        started = now_ms();
        if (!server_start(keeper, server))
            return;
    }
}

void releve_keeper_run(const struct releve_keeper *keeper)
{
    struct server server;
    struct users users;
    detach(keeper);
    if (!users_open(keeper, &users) || !server_start(keeper, &server)) {
        report(keeper, "this machine gives no more processes or descriptors");
        _exit(1);
    }
    switch (server_wait(&server, &users, true)) {
    case SERVER_READY:
        report(keeper, "ok");
        (void)close(keeper->report_fd);
        keep(keeper, &server, &users);
        break;
    case SERVER_GONE:
        server_reap(&server);
        report(keeper, server.last[0] != '\0' ? server.last : "redis-server ended without a word");
        _exit(1);
    case USERS_GONE:
    case TIME_OUT:
        server_stop(&server);
        break;
    }
    _exit(0); /* only now the lock of the users is free again, and the guard */
}
