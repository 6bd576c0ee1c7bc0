/* A command of the command line, and what all commands share: exit codes, the log, lines to people. */
#ifndef RELEVE_CLI_COMMAND_H
#define RELEVE_CLI_COMMAND_H

#include <releve/error.h>
#include <releve/job.h>

struct releve_command {
    const char *name;
    const char *summary; /* one line, for the list of commands */
    const char *help;    /* everything after the usage line's "releve NAME"; NULL: it has its own --help */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
};

extern const struct releve_command releve_command_backfill;
extern const struct releve_command releve_command_enqueue;
extern const struct releve_command releve_command_plan;
extern const struct releve_command releve_command_sandbox;
extern const struct releve_command releve_command_show;
extern const struct releve_command releve_command_status;
extern const struct releve_command releve_command_worker;

/* "releve: TEXT" on stderr; returns the exit code of the error. */
int releve_command_fail(const struct releve_error *error);

/* The same for a usage error, with where to find help. */
int releve_command_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* An argument that is no option; returns the exit code. */
int releve_command_stray(const char *command, const char *word);

/* Reads the value of --priority. */
enum releve_code releve_command_priority(const char *value, enum releve_class *class_, struct releve_error *error);

/* Reads the value of --concurrency. */
#define RELEVE_CONCURRENCY_DEFAULT 16
enum releve_code releve_command_concurrency(const char *value, unsigned *concurrency, struct releve_error *error);

/* What was printed has to arrive: returns `code`, or that of a failure to write (said on stderr). */
int releve_command_flush(int code);

/* getopt's '?' and ':' in one clear line; returns the exit code. */
int releve_command_bad_option(const char *command, int argc, char **argv, int result);

#endif
