/* Starts children, listens for their end and for signals, and cleans up behind them. */
#include "children.h"
#include "interrupt.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOT_STARTED 127 /* an exit code, as a shell has it */
#define WALK_FDS 8      /* descriptors for the removal of the directory */
#define CLOSE_LOOK_MS 1000

/* --- the janitor ------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    (void)remove(path);
    return 0;
}

/* Keeper and server of an embedded Redis hold this lock until both are gone. */
static void wait_for_redis(const char *directory)
{
    char path[PATH_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/" RELEVE_CHILDREN_REDIS "/server.lock", directory);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    while (fd >= 0 && flock(fd, LOCK_EX) != 0 && errno == EINTR) {
    }
    if (fd >= 0)
        (void)close(fd);
}

/* In a session of its own and with the signals still held: nobody ends it before its work is done. */
static void run_janitor(const char *directory, int gone_fd) __attribute__((noreturn));
static void run_janitor(const char *directory, int gone_fd)
{
    char byte;
    (void)setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
    while (read(gone_fd, &byte, 1) < 0 && errno == EINTR) {
    }
    wait_for_redis(directory);
    (void)nftw(directory, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS);
    _exit(0);
}

/* --- beginning ------------------------------------------------------------------------------------------------ */

static void hold_signals(struct releve_children *children)
{
    (void)signal(SIGCHLD, SIG_DFL);
    sigemptyset(&children->heard);
    sigaddset(&children->heard, SIGCHLD);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++) {
        int number = releve_interrupts[i];
        if (!releve_interrupt_is_heeded(number))
            continue;
        (void)signal(number, SIG_DFL);
        sigaddset(&children->heard, number);
    }
    (void)sigprocmask(SIG_BLOCK, &children->heard, &children->usual);
}

static enum releve_code make_directory(struct releve_children *children, struct releve_error *error)
{
    const char *place = getenv("TMPDIR");
    if (place == NULL || place[0] != '/' || strlen(place) >= PATH_MAX - 64)
        place = "/tmp";
    (void)snprintf(children->directory, sizeof children->directory, "%s/releve-bench-XXXXXX", place);
    if (mkdtemp(children->directory) != NULL)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_SYSTEM,
                       "no temporary directory can be made in %.200s: %s; name another in TMPDIR", place,
                       strerror(errno));
}

enum releve_code releve_children_open(struct releve_children *children, struct releve_error *error)
{
    int alive[2];
    memset(children, 0, sizeof *children);
    ssize_t length = readlink("/proc/self/exe", children->program, sizeof children->program - 1);
    if (length <= 0)
        return releve_fail(error, RELEVE_E_SYSTEM, "/proc/self/exe cannot be read: %s; mount /proc", strerror(errno));
    if (pipe2(alive, O_CLOEXEC) != 0)
        return releve_fail(error, RELEVE_E_SYSTEM, "no pipe: %s", strerror(errno));
    hold_signals(children);
    enum releve_code code = make_directory(children, error);
    if (code != RELEVE_OK)
        return code;
    pid_t janitor = fork();
    if (janitor == 0) {
        (void)close(alive[1]);
        run_janitor(children->directory, alive[0]);
    }
    (void)close(alive[0]);
    if (janitor < 0) {
        (void)rmdir(children->directory);
        return releve_fail(error, RELEVE_E_SYSTEM, "this machine gives no more processes: %s", strerror(errno));
    }
    children->list[children->count++].pid = janitor;
    children->alive_fd = alive[1];
    return RELEVE_OK;
}

/* --- children -------------------------------------------------------------------------------------------------- */

static void append_to(const char *name, const char *suffix, int as_fd)
{
    char file[NAME_MAX];
    (void)snprintf(file, sizeof file, "%s.%s", name, suffix);
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || dup2(fd, as_fd) < 0)
        _exit(NOT_STARTED);
}

/* A process group of its own: Ctrl-C on a terminal is for the parent alone, which ends its children as it sees fit. */
static void run_child(const struct releve_children *children, pid_t parent, const char *const words[],
                      const char *secret) __attribute__((noreturn));
static void run_child(const struct releve_children *children, pid_t parent, const char *const words[],
                      const char *secret)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before prctl */
        _exit(NOT_STARTED);
    (void)setpgid(0, 0);
    (void)fcntl(children->alive_fd, F_SETFD, 0);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (chdir(children->directory) != 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        (secret != NULL && setenv("CLIENT_SECRET", secret, 1) != 0))
        _exit(NOT_STARTED);
    append_to(words[1], "out", STDOUT_FILENO);
    append_to(words[1], "err", STDERR_FILENO);
    (void)sigprocmask(SIG_SETMASK, &children->usual, NULL);
    (void)execv(children->program, (char *const *)words);
    (void)dprintf(STDERR_FILENO, "cannot run %s: %s\n", children->program, strerror(errno));
    _exit(NOT_STARTED);
}

struct releve_child *releve_children_start(struct releve_children *children, const char *const words[],
                                           const char *secret)
{
    assert(children->count < RELEVE_CHILDREN_MAX);
    struct releve_child *child = &children->list[children->count++];
    pid_t parent = getpid();
    *child = (struct releve_child){.command = words[1], .pid = fork(), .code = NOT_STARTED};
    if (child->pid == 0)
        run_child(children, parent, words, secret);
    if (child->pid < 0)
        child->pid = 0;
    return child;
}

static void reap(struct releve_children *children)
{
    for (size_t i = 0; i < children->count; i++) {
        struct releve_child *child = &children->list[i];
        int status;
        if (child->pid == 0 || wait4(child->pid, &status, WNOHANG, &child->usage) != child->pid)
            continue;
        child->pid = 0;
        child->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

bool releve_children_wait(struct releve_children *children, int wait_ms)
{
    const struct timespec limit = {.tv_sec = wait_ms / 1000, .tv_nsec = wait_ms % 1000 * 1000000L};
    int number = sigtimedwait(&children->heard, NULL, &limit);
    if (number > 0 && number != SIGCHLD)
        children->interrupted = number;
    reap(children);
    return children->interrupted == 0;
}

void releve_children_tail(const struct releve_children *children, const char *file, char *out, size_t bytes)
{
    char path[PATH_MAX + NAME_MAX];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", children->directory, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = 0;
    if (fd >= 0 && fstat(fd, &status) == 0) {
        off_t from = status.st_size >= (off_t)bytes ? status.st_size - (off_t)bytes + 1 : 0;
        length = pread(fd, out, bytes - 1, from);
    }
    if (fd >= 0)
        (void)close(fd);
    if (length > 0 && out[length - 1] == '\n')
        length--;
    out[length > 0 ? length : 0] = '\0';
}

/* Kills them: nothing of theirs is kept. */
void releve_children_close(struct releve_children *children)
{
    bool left = children->count > 0;
    if (!left)
        return;
    reap(children);
    for (size_t i = 1; i < children->count; i++)
        if (children->list[i].pid != 0)
            (void)kill(children->list[i].pid, SIGKILL);
    (void)close(children->alive_fd);
    children->interrupted = 0;
    while (left && releve_children_wait(children, CLOSE_LOOK_MS)) {
        left = false;
        for (size_t i = 0; i < children->count; i++)
            left = left || children->list[i].pid != 0;
    }
}
