/* Children of this process, which run other commands of the same program, and a directory for what they leave: neither
 * outlives this process, however it ends.
 *
 * The kernel kills each child with its parent. A janitor, a process of its own, waits until all of them are gone and
 * the embedded Redis in the directory too, and removes the directory. */
#ifndef RELEVE_CLI_CHILDREN_H
#define RELEVE_CLI_CHILDREN_H

#include <limits.h>
#include <releve/error.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#define RELEVE_CHILDREN_MAX 72
#define RELEVE_CHILDREN_REDIS "redis" /* the folder in the directory where an embedded Redis may be */

struct releve_child {
    const char *command;
    pid_t pid; /* 0: there is none (any more) */
    int code;  /* how it ended: its exit code, 128 + the signal that killed it; 127: it could not be started */
    struct rusage usage;
};

struct releve_children {
    char program[PATH_MAX];
    char directory[PATH_MAX];
    struct releve_child list[RELEVE_CHILDREN_MAX]; /* the first one is the janitor */
    size_t count;
    int alive_fd;          /* held by this process and all children: the janitor sees when the last of them is gone */
    sigset_t heard, usual; /* the signals that are waited for here, and the mask that children begin with */
    int interrupted;       /* the signal that came; 0: none */
};

/* Makes the directory and starts the janitor. From now on the signals that end a command are held, and only heard by
 * releve_children_wait. */
enum releve_code releve_children_open(struct releve_children *children, struct releve_error *error);

/* Starts {"releve", COMMAND, ..., NULL} in the directory; COMMAND has to stay. Standard output and error are appended
 * to COMMAND.out and COMMAND.err there. `secret`: its CLIENT_SECRET, or NULL. */
struct releve_child *releve_children_start(struct releve_children *children, const char *const words[],
                                           const char *secret);

/* Waits until a child has ended, a signal came, or so long. False once there was a signal. */
bool releve_children_wait(struct releve_children *children, int wait_ms);

/* The end of a file in the directory, as a string without its last newline; "" where there is none yet. */
void releve_children_tail(const struct releve_children *children, const char *file, char *out, size_t bytes);

/* Ends all children, and waits until nothing is left; a further signal is enough of waiting, and the janitor does the
 * rest alone. */
void releve_children_close(struct releve_children *children);

#endif
