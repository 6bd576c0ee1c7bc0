/* A real redis-server for one test: on a Unix socket in a directory of its own, gone with the test. */
#ifndef RELEVE_TESTS_REDIS_SERVER_H
#define RELEVE_TESTS_REDIS_SERVER_H

#include <hiredis/hiredis.h>
#include <sys/types.h>

struct redis_server {
    pid_t pid; /* 0 while it is not running */
    char directory[64];
    char socket[96];
    char url[112];     /* for releve_store_open */
    char sentinel[96]; /* its configuration, where it is a sentinel; "" else */
};

/* Makes the directory, starts the server there and waits until it serves. `extra`: more arguments, up to a
 * NULL; may be NULL. What it holds is kept in an append-only file. Fails the test where it cannot. */
void redis_server_start(struct redis_server *server, const char *const *extra);

/* The same of a sentinel: `text` is what its configuration holds beside the socket and the directory. */
void redis_server_start_sentinel(struct redis_server *server, const char *text);

/* SIGKILL, and waits for its end. */
void redis_server_kill(struct redis_server *server);

/* Starts it again with the data that it had. */
void redis_server_restart(struct redis_server *server, const char *const *extra);

/* The same, but waits only until it has logged `line`. */
void redis_server_restart_until(struct redis_server *server, const char *const *extra, const char *line);

/* Kills it and removes its directory. */
void redis_server_end(struct redis_server *server);

/* A blocking connection, to look at what is there; redisFree it. */
redisContext *redis_server_connect(const struct redis_server *server);

/* An item for `list`, and REPLICAOF a Redis on that port, in one go: whoever waits for the item has it, and what stands
 * behind that meets a replica. */
void redis_server_push_and_demote(const struct redis_server *server, int master_port);

/* Runs one command on a connection of its own; freeReplyObject the reply. */
redisReply *redis_server_command(const struct redis_server *server, const char *format, ...);

/* The same of a command whose reply is a number. */
long long redis_server_integer(const struct redis_server *server, const char *command);

/* Waits until a replica of it acknowledges what is written. */
void redis_server_await_replica(const struct redis_server *server);

/* Removes a directory and what is in it. */
void redis_server_remove_directory(const char *directory);

#endif
