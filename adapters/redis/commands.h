/* Commands that are kept until they are answered: sent in order over a connection, and sent again in order
 * when it was lost on the way. So every command given here may be run twice without harm. The order holds also where
 * Redis does not know a script, and for what replicas have not acknowledged. */
#ifndef RELEVE_REDIS_COMMANDS_H
#define RELEVE_REDIS_COMMANDS_H

#include <adapters/redis/connection.h>
#include <adapters/redis/waits.h>
#include <adapters/redis/words.h>
#include <engine/runtime/meter.h>
#include <releve/error.h>
#include <stddef.h>

/* Law 6: beyond either of these, a command fails with RELEVE_E_REDIS at once. A worker has some dozens under
 * way; what fills this is a Redis that is away while work goes on. */
#define RELEVE_COMMANDS_MAX 10000
#define RELEVE_COMMANDS_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* Scripts that a connection is known to have sent; if there should be more, some are sent again. */
#define RELEVE_TAUGHT_MAX 32

/* A Lua script, made from its file at build time by embed_lua.py. */
struct releve_script {
    const char *name;
    const char *text;
    size_t text_bytes;
    const char *sha1;
};
extern const struct releve_script releve_script_accept;
extern const struct releve_script releve_script_begin;
extern const struct releve_script releve_script_check_days;
extern const struct releve_script releve_script_claim;
extern const struct releve_script releve_script_dead;
extern const struct releve_script releve_script_diagnose;
extern const struct releve_script releve_script_enqueue;
extern const struct releve_script releve_script_erase_jobs;
extern const struct releve_script releve_script_erase_list;
extern const struct releve_script releve_script_erase_point;
extern const struct releve_script releve_script_erase_results;
extern const struct releve_script releve_script_find_keys;
extern const struct releve_script releve_script_finish;
extern const struct releve_script releve_script_give_back;
extern const struct releve_script releve_script_known;
extern const struct releve_script releve_script_known_points;
extern const struct releve_script releve_script_ledger;
extern const struct releve_script releve_script_mark;
extern const struct releve_script releve_script_overview;
extern const struct releve_script releve_script_pulse;
extern const struct releve_script releve_script_put_days;
extern const struct releve_script releve_script_put_documents;
extern const struct releve_script releve_script_put_services;
extern const struct releve_script releve_script_replies_due;
extern const struct releve_script releve_script_reply;
extern const struct releve_script releve_script_services_due;
extern const struct releve_script releve_script_take;
extern const struct releve_script releve_script_workers;

/* error->code is RELEVE_OK and reply is there (never an error reply), or the reason and reply is NULL. */
typedef void (*releve_commands_reply)(void *data, const redisReply *reply, const struct releve_error *error);

struct releve_command;

/* What nodes.h keeps of a command that goes from one connection to another; zeroed until then. */
struct releve_route {
    unsigned redirects;    /* in a row */
    bool asking;           /* ASKING goes in front of it: its slot is on its way to this node */
    bool unserved;         /* waits because the cluster does not serve it, and counts as such */
    releve_time split_ms;  /* loop time of the first refusal because keys are at two nodes; 0 for none */
    releve_time alien_ms;  /* the same of a key within a script */
    releve_time astray_ms; /* the same as it was sent to a node that no map has */
};

/* Commands that have no reply yet. */
struct releve_load {
    size_t count, bytes;
};

/* Of a connection that is one of several (nodes.h). */
struct releve_commands_hooks {
    /* An error reply. True: the command is no longer here; releve_commands_put has put it elsewhere, or will. */
    bool (*refused)(void *data, struct releve_command *command, const redisReply *reply);
    /* It is answered, whatever the answer is: nobody waits for it any more. Its route is to be zero. */
    void (*answered)(void *data, struct releve_command *command);
    /* The peer has said nothing for half of its time. */
    void (*silent)(void *data);
};

struct releve_commands {
    struct releve_connection connection;
    const char *prefix;
    void (*ready)(void *data, const struct releve_error *error); /* once */
    void (*on_link)(void *data, bool up, const char *why);
    void (*closed)(void *data);
    void *data;
    bool been_ready;                                /* `ready` was called */
    struct releve_error failure;                    /* of the first attempt, where the connection failed */
    struct releve_command *sent, *waiting, *doomed; /* doomed: failed; answered in the next turn of the loop */
    struct releve_command *unacknowledged;          /* too few replicas had them; the first one is tried next */
    struct releve_command *untaught;                /* Redis has forgotten their script (teach.c) */
    struct releve_load load;                        /* all but the doomed ones */
    struct releve_load *total;                      /* of all nodes together (law 6); NULL: this is the only one */
    const struct releve_commands_hooks *hooks;      /* NULL where this is the only connection */
    uint64_t *epoch;                                /* grows with each connection after the first: its own, or the
                                                       one of all nodes */
    uint64_t *numbers;                              /* the latest command's: its own count, or that of all nodes */
    struct releve_latencies *measured;              /* where latencies are counted: its own, or those of all nodes */
    releve_time heard_ms;                           /* loop time of the last reply */
    uint64_t own_epoch, own_numbers;
    const struct releve_script *taught[RELEVE_TAUGHT_MAX]; /* scripts that were sent over this connection */
    size_t taught_count;
    struct releve_latencies latencies; /* of replies, from when the command was sent last */
    releve_time down_ms;               /* loop time: when the connection was lost last; 0 where it never was */
    struct releve_waits waits;         /* of this connection; in loop time */
    bool impatient;                    /* releve_nodes_set_impatient */
    uv_timer_t watch_timer, doom_timer, replicas_timer;
    struct releve_closing closing; /* the connection and three timers */
};

/* `commands` is the caller's and lives until `closed`; so does `prefix`, that of all keys. */
void releve_commands_open(struct releve_commands *commands, uv_loop_t *loop, const struct releve_redis_url *url,
                          const char *prefix, void (*ready)(void *data, const struct releve_error *error),
                          void (*on_link)(void *data, bool up, const char *why), void *data);

/* `what` (static text, "store days") begins the error message. `script` is NULL for plain commands. Frees the words. */
void releve_commands_send(struct releve_commands *commands, const char *what, const struct releve_script *script,
                          struct releve_words *words, releve_commands_reply reply, void *data);

/* The same, followed by WAIT where the address names replicas: the reply comes when they have what was written. */
void releve_commands_send_replicated(struct releve_commands *commands, enum releve_replicas replicas, const char *what,
                                     const struct releve_script *script, struct releve_words *words,
                                     releve_commands_reply reply, void *data);

/* The same behind another command, in one go: whatever that one replies is skipped, so that it may be large. Its errors
 * are skipped too; what comes of it is for the script to find out. Sent again, both are. Frees the words of both. */
void releve_commands_send_behind(struct releve_commands *commands, struct releve_words *prelude, const char *what,
                                 const struct releve_script *script, struct releve_words *words,
                                 releve_commands_reply reply, void *data);

/* --- for nodes.h ---------------------------------------------------------------------------------------- */

/* All that has no reply, the oldest first; only while the connection is not up. NULL for none. With hooks, what waits
 * where the first attempt failed is to be taken in `ready`. */
struct releve_command *releve_commands_take(struct releve_commands *commands);

/* The first of those; the rest is in *list. NULL at its end. */
struct releve_command *releve_command_next(struct releve_command **list);

/* It is sent here, or waits here. */
void releve_commands_put(struct releve_commands *commands, struct releve_command *command);

/* It fails here, in the next turn of the loop: "cannot <what>: <why>". */
void releve_commands_fail(struct releve_commands *commands, struct releve_command *command, const char *why);

/* Too few replicas have acknowledged anything for so long that it was said, and this connection is impatient: why, in
 * one line. */
bool releve_commands_miss_replicas(const struct releve_commands *commands, char why[RELEVE_ERROR_BYTES]);

struct releve_route *releve_command_route(struct releve_command *command);
const char *releve_command_wire(const struct releve_command *command);
/* To any Redis; what fails before its turn was not. */
bool releve_command_was_sent(const struct releve_command *command);

/* For how long the peer has said nothing although it was asked something; 0 where it owes no reply. */
releve_time releve_commands_silent_ms(const struct releve_commands *commands);

/* Commands that have no reply yet, without those that are kept back as replicas are away. */
size_t releve_commands_unanswered(const struct releve_commands *commands);

/* Whatever has no reply yet gets RELEVE_E_INTERRUPTED, then `closed` is called. */
void releve_commands_close(struct releve_commands *commands, void (*closed)(void *data));

#endif
