/* One look at Redis after the other, until somebody says that it is enough. Redis may go away meanwhile: what was asked
 * of it is answered when it is back (store.h), and until then whoever watches hears that it is away. */
#ifndef RELEVE_CLI_WATCH_H
#define RELEVE_CLI_WATCH_H

#include <releve/calendar.h>
#include <releve/error.h>
#include <stdbool.h>
#include <uv.h>

#define RELEVE_WATCH_MS (2 * RELEVE_SECOND_MS)          /* between two looks */
#define RELEVE_WATCH_PATIENCE_MS (5 * RELEVE_SECOND_MS) /* a look that takes longer: Redis does not answer */
#define RELEVE_WATCH_SIGNALS 2                          /* SIGINT, SIGTERM */

enum releve_watch_state {
    RELEVE_WATCH_OFF,  /* before it begins, and when it is closed */
    RELEVE_WATCH_IDLE, /* until the next look */
    RELEVE_WATCH_LOOKING
};

struct releve_watch_options {
    void (*look)(void *data);             /* begins a look; releve_watch_found follows */
    void (*away)(void *data);             /* Redis is away: at once, and again every RELEVE_WATCH_MS */
    void (*back)(void *data);             /* the first look after that was answered */
    void (*told)(void *data, int number); /* that signal came: it is enough */
    void *data;
};

/* Owned by the caller; zeroed until it begins; its fields are read only to others. */
struct releve_watch {
    struct releve_watch_options options;
    enum releve_watch_state state;
    uv_timer_t timer;
    uv_signal_t signals[RELEVE_WATCH_SIGNALS];
    uint64_t asked_ms;            /* loop time: when the latest look began */
    bool link_up;                 /* the connection to Redis */
    bool part_lost;               /* one that looks may not need; `why` says which */
    bool away;                    /* and that was told */
    uint64_t lost_ms;             /* loop time: since when, where it is away or the connection is lost; 0 else */
    char why[RELEVE_ERROR_BYTES]; /* one line */
};

/* The first look begins at once. From now on the signals have no other effect than `told`. */
void releve_watch_begin(struct releve_watch *watch, uv_loop_t *loop, const struct releve_watch_options *options);

/* A look has ended. Where that is an error, Redis refused to answer: it is away, and is looked at again. */
void releve_watch_found(struct releve_watch *watch, const struct releve_error *error);

/* The connection was lost, or is there again: as store.h tells it. */
void releve_watch_link(struct releve_watch *watch, bool up, const char *why);

/* The same of a part of Redis, where looks go on without it: no news, unless a look waits. */
void releve_watch_part(struct releve_watch *watch, const char *why);

/* Since when Redis is away. */
releve_time releve_watch_away_ms(const struct releve_watch *watch);

/* No callback follows. The loop gives the handles back; the memory lives as long. */
void releve_watch_close(struct releve_watch *watch);

#endif
