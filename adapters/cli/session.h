/* A session: an engine (adapters/library) on a loop of its own, with signals, lines for people and a bounded end. What
 * backfill and worker have in common. */
#ifndef RELEVE_CLI_SESSION_H
#define RELEVE_CLI_SESSION_H

#include "config.h"
#include "interrupt.h"
#include "progress.h"
#include "pulse.h"
#include "refusals.h"
#include <adapters/library/parts.h>
#include <stddef.h>
#include <uv.h>

#define RELEVE_DRAIN_MS (10 * RELEVE_SECOND_MS)     /* what is in flight may take so long after a signal */
#define RELEVE_REDIS_GONE_MS (5 * RELEVE_MINUTE_MS) /* how long a command that somebody waits for waits for Redis */

struct releve_session_options {
    const struct releve_config *config;
    unsigned concurrency;
    const char *worker;               /* NULL: jobs come from no queue */
    bool adopt;                       /* makes the prefix the configured upstream's, whosever it was */
    bool quiet;                       /* no line is written: whoever runs it says what is to be said */
    bool keeps_nothing;               /* as in struct releve_runtime_options */
    bool patient;                     /* runs for ever: waits for Redis and upstream however long they are gone */
    bool drains;                      /* patient, but somebody waits for the end */
    const char *command;              /* as releve status has it; NULL: it is not shown there */
    struct releve_progress *progress; /* taken off the terminal before a line is written; NULL for none */
    uint64_t tick_ms;                 /* how often `tick` is called once it is ready; 0: never */
    /* `data` of each of the following is the session. As in struct releve_runtime_options. Without the first three
     * there are no jobs: such a session ends when what it asks for besides has ended. */
    bool (*next)(void *data, struct releve_job *job);
    void (*ended)(void *data, const struct releve_result *result, const struct releve_error *error);
    void (*idle)(void *data);
    void (*given_back)(void *data, const struct releve_result *so_far);
    void (*authorized)(void *data, const struct releve_service *services, size_t count);
    struct releve_job_counts (*count)(void *data); /* for releve status; required where there is a `command` */
    /* Of what the runtime notices: true where it is the command's own affair, and not to be said. May be NULL. */
    bool (*notice)(void *data, const struct releve_engine_notice *notice);
    void (*tick)(void *data);
    void (*ready)(void *data);   /* connected */
    void (*drain)(void *data);   /* a signal came, or going on is pointless: take no more jobs */
    void (*closing)(void *data); /* the end: close your own handles */
};

struct releve_session {
    struct releve_session_options options;
    uv_loop_t loop;
    struct releve_engine *engine;   /* NULL where it could not be opened */
    struct releve_store *store;     /* the engine's */
    struct releve_runtime *runtime; /* likewise; NULL before it is ready */
    uv_signal_t signals[RELEVE_INTERRUPTS];
    uv_timer_t tick, deadline, outage;
    struct releve_pulse pulse;
    releve_time began_at; /* civil; it is ready later, where Redis is waited for */
    bool draining, closing;
    struct releve_refusals refusals;  /* Redis's */
    struct releve_refusals told;      /* upstream's, of more than one kind */
    char stricter[RELEVE_QUOTA_TEXT]; /* what others keep to, as it was said; "" for nothing */
    struct releve_error error;        /* why it ends early; RELEVE_OK else */
};

/* A command's own struct begins with its session, so that each callback gets both. */
#define RELEVE_SESSION_FIRST(type) _Static_assert(offsetof(type, session) == 0, "callbacks get the session")

/* Runs until releve_session_end, a signal or a failure; `error` of the session says which. Returns its code. */
enum releve_code releve_session_run(struct releve_session *session, const struct releve_session_options *options);

/* Everything is done. */
void releve_session_end(struct releve_session *session);

/* Nobody wants more of it: what is in flight is ended, and nothing new begun, as after a signal. */
void releve_session_drain(struct releve_session *session);

/* A session has ended, and the command goes on with something else: a signal ends it at once again. */
void releve_session_hear(const struct releve_command *command);

/* A line on stderr, without harm to the progress display. */
void releve_session_say(struct releve_session *session, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what Redis refused: said when it is news, and again only after a while. */
void releve_session_say_refused(struct releve_session *session, const char *why);

/* Says where others share the ledger and keep to less than RELEVE_QUOTA; once for each less. */
void releve_session_compare_quotas(struct releve_session *session);

#endif
