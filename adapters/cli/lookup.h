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
    /* As in store.h. NULL: a lost connection ends it, as somebody waits for the answer. `start` may set it. */
    void (*on_link)(void *data, bool up, const char *why);
    bool ended;
    uint64_t began_ms, shown_ms; /* loop time: when it began, when it was last shown how far it is */
    bool shown;                  /* a line of that stands on the terminal */
    struct releve_error error;
};

/* Opens the store of `config` on a loop of its own, calls `start` when it is connected, and runs until
 * releve_lookup_end was called. Returns RELEVE_OK, or why it could not be done: where it is `guarded`, also if
 * the data in Redis are of another upstream than the configured one (of any, where none is configured). */
enum releve_code releve_lookup_run(struct releve_lookup *lookup, struct releve_config *config, bool guarded,
                                   void (*start)(void *data), void *data, struct releve_error *error);

/* The same, not guarded, for whoever asks what is wrong: a cluster that is not there yet is waited for for this long
 * only. */
#define RELEVE_LOOKUP_INSPECT_MS (10 * RELEVE_SECOND_MS)
enum releve_code releve_lookup_inspect(struct releve_lookup *lookup, struct releve_config *config,
                                       void (*start)(void *data), void *data, struct releve_error *error);

/* The same for whoever asks what goes on: of a cluster the master that has the queue is enough. Where others are away,
 * on_link is told right after `start`, which has set it. */
enum releve_code releve_lookup_glance(struct releve_lookup *lookup, struct releve_config *config,
                                      void (*start)(void *data), void *data, struct releve_error *error);

/* It has read `done` of `all` series. A look that takes long says so on a terminal, now and then, on stderr. */
#define RELEVE_LOOKUP_SILENT_MS 1000 /* before it says so for the first time */
void releve_lookup_advance(struct releve_lookup *lookup, uint64_t done, uint64_t all);

/* Erases that line, where `fd` is a terminal too: to be called before something is written there while it reads. */
void releve_lookup_hide(struct releve_lookup *lookup, int fd);

/* Ends it; `error` may be NULL or RELEVE_OK. A lost connection ends it as well, without a word to whoever has handles
 * on its loop: he sets on_link, and ends it himself. */
void releve_lookup_end(struct releve_lookup *lookup, const struct releve_error *error);

#endif
