/* The keeper: a small process of its own that runs the embedded redis-server for as long as it has users, and
 * ends it when the kernel says that the last of them is gone. */
#ifndef RELEVE_REDIS_KEEPER_H
#define RELEVE_REDIS_KEEPER_H

#define RELEVE_KEEPER_LINE_BYTES 256 /* longest log line that is kept, to be reported */

struct releve_keeper {
    const char *program;    /* redis-server, with its path */
    const char *directory;  /* absolute */
    const char *socket;     /* absolute */
    const char *users_lock; /* file on which each user holds a shared flock */
    int guard_fd;           /* holds an exclusive flock; lives as long as the keeper or the server does */
    int report_fd;          /* one line goes here: "ok", or why the server does not run */
};

/* Runs in a process of its own, a fresh fork without threads; never returns. Closes every other descriptor. */
void releve_keeper_run(const struct releve_keeper *keeper) __attribute__((noreturn));

#endif
