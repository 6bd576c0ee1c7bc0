/* One connection to Redis that stays: dials it (and looks the host up at every attempt, as its address may change),
 * names itself (AUTH, SELECT), asks which sort of Redis it is and what that keeps on disk, checks that it
 * answers (PING), and connects again with growing delays when it was lost. What is sent over it is its owner's affair.
 *
 * Another sort of Redis than the address is for (server.h) ends the first attempt with RELEVE_E_CONFIG, as does a name
 * that no sentinel knows. Where the connection was up before, the right one is waited for, as if nobody answered.
 *
 * Where the address names sentinels, they are asked at every attempt where the master is, and it is asked whether it is
 * one (ROLE). What passes by itself in a failover (it is not there, or is none) ends the first attempt only after
 * RELEVE_RECONNECT_MAX_MS; that no sentinel knows it ends it at once. While the connection is up they are asked every
 * RELEVE_MASTER_CHECK_MS whether it still is the master: one that was cut off from them and replaced lives on and takes
 * commands. */
#ifndef RELEVE_REDIS_CONNECTION_H
#define RELEVE_REDIS_CONNECTION_H

#include <adapters/redis/closing.h>
#include <adapters/redis/dial.h>
#include <adapters/redis/sentinels.h>
#include <adapters/redis/server.h>
#include <adapters/redis/url.h>
#include <releve/calendar.h>
#include <stdbool.h>
#include <uv.h>

#define RELEVE_RECONNECT_FIRST_MS 100 /* wait before the first attempt to reconnect; doubles */
#define RELEVE_RECONNECT_MAX_MS (10 * RELEVE_SECOND_MS)
#define RELEVE_COMMAND_TIMEOUT_MS (10 * RELEVE_SECOND_MS) /* no reply for so long: the peer is dead */
#define RELEVE_LOADING_MAX_MS (60 * RELEVE_SECOND_MS)     /* a Redis that still reads its data at the first connect */
#define RELEVE_LOADING_PING_MS 100
/* For the handshake where sentinels watch: a master that stands still is being replaced, and they know it in seconds.
 */
#define RELEVE_MASTER_HANDSHAKE_MS (3 * RELEVE_SECOND_MS)
/* How long a client may talk to a master that was replaced and does not know it. Each time is one question to one
 * sentinel. */
#define RELEVE_MASTER_CHECK_MS (10 * RELEVE_SECOND_MS)
#define RELEVE_PLACE_BYTES (2 * RELEVE_REDIS_SEED_TEXT + RELEVE_REDIS_MASTER_BYTES + 32)
#define RELEVE_RUN_ID_BYTES 41 /* what INFO calls run_id, and NUL */

enum releve_connection_state {
    RELEVE_CONNECTION_WAITING,    /* for the next attempt */
    RELEVE_CONNECTION_CONNECTING, /* until PING is answered */
    RELEVE_CONNECTION_UP,
    RELEVE_CONNECTION_FAILED, /* the first attempt failed: no other follows */
    RELEVE_CONNECTION_CLOSING
};

struct releve_connection;

/* None is called from within a function of this header, but for `down` from releve_connection_drop. */
struct releve_connection_events {
    void (*up)(void *data);
    void (*down)(void *data, const char *why);                    /* only after up */
    void (*failed)(void *data, const struct releve_error *error); /* the first attempt; never where patient */
    void (*closed)(void *data);                                   /* the memory is the owner's again */
};

/* Owned by the caller; its fields are read only to others. */
struct releve_connection {
    uv_loop_t *loop;
    const struct releve_redis_url *url; /* must live as long */
    struct releve_connection_events events;
    void *data;
    const char *remedy; /* what to do where nobody answers; NULL for the usual advice */
    /* Where not NULL: writes to `chosen`, which `url` points to, where to connect to next; before each attempt. */
    void (*choose)(void *data, struct releve_redis_url *chosen);
    void *choose_data;
    struct releve_redis_url *chosen;
    /* Where neither NULL nor "": the node of a cluster that belongs at the address, by its id. Another one that answers
     * there is taken for an absence. The owner may change it. */
    const char *node_id;
    bool patient; /* the first attempt is repeated like the others */
    bool been_up;
    char run_id[RELEVE_RUN_ID_BYTES];         /* of the process that answers; "" where no replicas are wanted */
    bool no_append_only_file, no_save_points; /* as Redis said in the latest handshake; false where it did not */
    enum releve_connection_state state;
    struct releve_sentinels *sentinels; /* being asked; NULL else */
    size_t first_sentinel;              /* to be asked, modulo their number */
    struct releve_redis_seed master;    /* as they named it for this attempt */
    releve_time check_ms;               /* between two questions whether it still is that one */
    size_t check_sentinel;              /* to be asked next time, modulo their number */
    size_t denials;                     /* of sentinels in a row that name another one */
    size_t first_denial;                /* the first of them: they are asked one after the other */
    releve_time opened_ms;
    char place[RELEVE_PLACE_BYTES]; /* for people: where the sentinels say that it is; "" before */
    struct releve_dial dial;        /* its context is there where state is UP */
    releve_time timeout_ms;         /* for the lookup, the handshake at each address, and the owner's commands */
    releve_time delay_ms;           /* before the next attempt */
    releve_time loading_since_ms;
    bool counts_masters;           /* CLUSTER INFO is asked, which decides whether this Redis is the right sort */
    uv_timer_t attempt_timer;      /* next attempt, next PING while Redis loads, or next check of the master */
    struct releve_closing closing; /* the dial and the timer */
};

/* The first attempt starts in the next turn of the loop. Where SIGPIPE would end the process it is ignored
 * from here on. */
void releve_connection_open(struct releve_connection *connection, uv_loop_t *loop, const struct releve_redis_url *url,
                            bool patient, const struct releve_connection_events *events, void *data);

/* The owner has found the peer dead: cuts the connection, calls `down` and connects again. */
void releve_connection_drop(struct releve_connection *connection, const char *why);

/* It makes no attempt: what is to be sent over it waits. Call it right after releve_connection_open. */
void releve_connection_hold(struct releve_connection *connection);

/* As if the first attempt had failed so; it is not up. */
void releve_connection_fail(struct releve_connection *connection, const struct releve_error *error);

/* `closed` follows. Replies to what was sent no longer come. */
void releve_connection_close(struct releve_connection *connection);

#endif
