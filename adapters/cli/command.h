/* A command of the command line, and what all commands share: exit codes, the log, lines to people. */
#ifndef RELEVE_CLI_COMMAND_H
#define RELEVE_CLI_COMMAND_H

#include <getopt.h>
#include <releve/error.h>
#include <releve/job.h>
#include <releve/quota.h>
#include <stdbool.h>

/* Of what was begun and interrupted. */
#define RELEVE_KEPT ": what was fetched is kept"

/* The help of --adopt, for backfill and worker. */
#define RELEVE_ADOPT_HELP                                                              \
    "  --adopt            give this RELEVE_PREFIX to RELEVE_UPSTREAM where it\n"       \
    "                     belongs to another one, and keep its days: those of both\n"  \
    "                     are mixed then, knowingly (the simulator is at another\n"    \
    "                     port, a proxy came in between). Stop what still runs with\n" \
    "                     the old one first. Usually another RELEVE_PREFIX is the\n"   \
    "                     answer, not this\n"

struct releve_command {
    const char *name;
    const char *summary;     /* one line, for the list of commands */
    const char *help;        /* everything after the usage line's "releve NAME"; NULL: it has its own --help */
    const char *interrupted; /* what follows "interrupted by SIGINT" in its last line; NULL: nothing */
    bool ends_by_signal;     /* to be told is how it ends: exit code 0 */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
};

extern const struct releve_command releve_command_backfill;
extern const struct releve_command releve_command_bench;
extern const struct releve_command releve_command_consent;
extern const struct releve_command releve_command_consent_url;
extern const struct releve_command releve_command_coverage;
extern const struct releve_command releve_command_dead;
extern const struct releve_command releve_command_doctor;
extern const struct releve_command releve_command_enqueue;
extern const struct releve_command releve_command_export;
extern const struct releve_command releve_command_get;
extern const struct releve_command releve_command_forget;
extern const struct releve_command releve_command_plan;
extern const struct releve_command releve_command_points;
extern const struct releve_command releve_command_sandbox;
extern const struct releve_command releve_command_show;
extern const struct releve_command releve_command_serve;
extern const struct releve_command releve_command_status;
extern const struct releve_command releve_command_token;
extern const struct releve_command releve_command_verify;
extern const struct releve_command releve_command_worker;

/* "releve: TEXT" on stderr; returns the exit code of the error. */
int releve_command_fail(const struct releve_error *error);

/* Applies each option of the command line to `data`; 0, or the exit code where something is wrong (said on stderr). */
int releve_command_parse(const char *command, int argc, char **argv, const struct option *options,
                         enum releve_code (*apply)(void *data, int option, const char *value,
                                                   struct releve_error *error),
                         void *data);

/* Reads the value of --priority. */
enum releve_code releve_command_priority(const char *value, enum releve_class *class_, struct releve_error *error);

/* Reads the value of --concurrency. */
enum releve_code releve_command_concurrency(const char *value, unsigned *concurrency, struct releve_error *error);

/* Nobody reads standard output any more: the pipe is closed. */
bool releve_command_is_unread(void);

/* What was printed has to arrive: returns `code`, or that of a failure to write (said on stderr), or 141 where nobody
 * reads it any more. */
int releve_command_flush(int code);

#endif
