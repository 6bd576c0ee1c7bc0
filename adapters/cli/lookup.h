/* A command that only reads Redis: connects, does its reading, disconnects. Never a request to upstream. */
#ifndef RELEVE_CLI_LOOKUP_H
#define RELEVE_CLI_LOOKUP_H

#include "config.h"
#include <adapters/redis/store.h>

struct releve_lookup {
    uv_loop_t loop;
    struct releve_store *store;
    void (*start)(void *data);
    void *data;
    const struct releve_config *config;
    bool guarded;
    bool ended;
    struct releve_error error;
};

/* Opens the store of `config` on a loop of its own, calls `start` when it is connected, and runs until
 * releve_lookup_end was called. Returns RELEVE_OK, or why it could not be done: where it is `guarded`, also if
 * the data in Redis are of another upstream than the configured one (of any, where none is configured). */
enum releve_code releve_lookup_run(struct releve_lookup *lookup, struct releve_config *config, bool guarded,
                                   void (*start)(void *data), void *data, struct releve_error *error);

/* Ends it; `error` may be NULL or RELEVE_OK. */
void releve_lookup_end(struct releve_lookup *lookup, const struct releve_error *error);

#endif
