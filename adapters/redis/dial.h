/* The way to one Redis: looks the host up, connects to its addresses in turn until one answers, and waits for each no
 * longer than it is told. What is said there, and what counts as an answer, is its owner's affair. */
#ifndef RELEVE_REDIS_DIAL_H
#define RELEVE_REDIS_DIAL_H

#include <adapters/redis/lookup.h>
#include <hiredis/async.h>
#include <releve/calendar.h>
#include <uv.h>

/* None is called from within a function of this header. */
struct releve_dial_events {
    /* A connection to one address begins: what is sent now goes as soon as the socket takes it. */
    void (*opened)(void *data, redisAsyncContext *context);
    /* The host has no address, or none within the time. */
    void (*unresolved)(void *data, const char *why);
    /* None of the addresses answered, of the last one `why`; or the one that did is gone. */
    void (*lost)(void *data, const char *why);
};

/* Owned by the caller; its fields are read only to others. */
struct releve_dial {
    uv_loop_t *loop;
    const struct releve_dial_events *events;
    void *data;
    struct releve_lookup *lookup;      /* under way; NULL else */
    struct releve_addresses addresses; /* of the host */
    const char *host, *path;           /* one of them */
    int port;
    size_t next_address;        /* to try */
    redisAsyncContext *context; /* NULL: there is none. Its `data` is the dial, and NULL once it is cut */
    releve_time lookup_ms, answer_ms;
    uv_timer_t timer; /* the beginning, then the time-outs */
    void (*closed)(void *data);
};

/* `events` must live as long. */
void releve_dial_init(struct releve_dial *dial, uv_loop_t *loop, const struct releve_dial_events *events, void *data);

/* Where nothing is dialled or stands; `host` and `path` must live until it is. Begins when the loop looks at its
 * timers, waits `lookup_ms` for the addresses, and `answer_ms` at each of them until releve_dial_answered. */
void releve_dial_host(struct releve_dial *dial, const char *host, int port, releve_time lookup_ms,
                      releve_time answer_ms);
void releve_dial_socket(struct releve_dial *dial, const char *path, releve_time answer_ms);

/* The answer may take `answer_ms` from now; or as long as it likes, until the next wait. */
void releve_dial_wait(struct releve_dial *dial);
void releve_dial_pause(struct releve_dial *dial);

/* This address is the one: no time-out runs any more, and no other is tried when it is lost. */
void releve_dial_answered(struct releve_dial *dial);

/* Ends whatever there is. No event follows. */
void releve_dial_hang_up(struct releve_dial *dial);

/* `closed` follows, and nothing else. */
void releve_dial_close(struct releve_dial *dial, void (*closed)(void *data));

/* For hiredis's callbacks: the `data` of whoever dialled. NULL where there is no reply, or the context was cut: hiredis
 * calls back for every command also while it frees a context. */
void *releve_dial_owner(const redisAsyncContext *context, const redisReply *reply);

#endif
