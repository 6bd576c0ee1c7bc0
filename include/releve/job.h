/* A job: the days of a span that somebody wants for one usage point and one kind; and its result.
 *
 * All functions may be called from any thread and from any callback. Strings that they return are constants. */
#ifndef RELEVE_JOB_H
#define RELEVE_JOB_H

#include <releve/calendar.h>
#include <releve/declare.h>
#include <releve/kind.h>
#include <releve/span.h>
#include <releve/usage_point.h>
#include <releve/verdict.h>
#include <stdbool.h>

RELEVE_DECLARE_BEGIN

/* Who waits for it. High goes first, but every class with work gets one permit in ten. */
enum releve_class { RELEVE_HIGH, RELEVE_NORMAL, RELEVE_LOW, RELEVE_CLASSES };

/* "high", "normal", "low"; `class_` is below RELEVE_CLASSES. */
const char *releve_class_name(enum releve_class class_);
/* Reads exactly `length` bytes as one of these. False, and *class_ untouched, where they are none. */
bool releve_class_parse(const char *text, size_t length, enum releve_class *class_);

#define RELEVE_JOB_ID_BYTES 97    /* 1..96 printable ASCII characters, no blank, and NUL */
#define RELEVE_REPLY_TO_BYTES 257 /* a Redis list's name */
#define RELEVE_FAILURES_MAX 16    /* failed spans that a result lists; the last one absorbs the rest */

struct releve_job {
    char id[RELEVE_JOB_ID_BYTES];
    releve_prm prm;
    enum releve_kind kind;
    struct releve_span span; /* at most RELEVE_JOB_DAYS_MAX days */
    enum releve_class class_;
    bool refresh;                         /* ask for days that are known too */
    char reply_to[RELEVE_REPLY_TO_BYTES]; /* "" for none */
    releve_time created_at;               /* UTC */
    enum releve_class queue;              /* it was taken from, whatever its message names; of a job of no queue: any */
};

enum releve_job_state {
    RELEVE_JOB_DONE,           /* all obtained, holes included */
    RELEVE_JOB_PARTIAL,        /* some days failed */
    RELEVE_JOB_FAILED,         /* nothing obtained */
    RELEVE_JOB_NOT_APPLICABLE, /* this usage point has no such kind */
    RELEVE_JOB_STATES
};

/* "done", "partial", "failed", "not_applicable", as docs/redis.md has them; `state` is below RELEVE_JOB_STATES. */
const char *releve_job_state_name(enum releve_job_state state);

struct releve_failure {
    struct releve_span span;
    struct releve_reason reason;
};

/* How a job ended. days = complete + partial + holes + pending + failed; `cut` days of the span lie
 * before the activation, the consent or the history and count in none of them. */
struct releve_result {
    struct releve_job job;
    enum releve_job_state state;
    int days, complete, partial, holes, pending, failed, cut;
    int requests;                /* sent to upstream for this job, repetitions included */
    struct releve_reason reason; /* why it failed, or is not applicable; code "" otherwise */
    releve_time finished_at;     /* UTC */
    size_t failures_count;
    struct releve_failure failures[RELEVE_FAILURES_MAX]; /* ascending, not touching where the reason is the same */
};

RELEVE_DECLARE_END

#endif
