/* What the command line needs of the engine beside include/releve/engine.h. Private: not installed.
 *
 * It is an engine like any other, whose jobs come from elsewhere (a selection, a queue), and which is looked into: for
 * the progress display, for what other commands do with the same connection to Redis. */
#ifndef RELEVE_LIBRARY_PARTS_H
#define RELEVE_LIBRARY_PARTS_H

#include <adapters/redis/store.h>
#include <engine/runtime/dialect.h>
#include <releve/engine.h>
#include <releve/runtime.h>

struct releve_engine_more {
    const struct releve_redis_url *redis; /* instead of options.redis: it may be the socket of an embedded one */
    const char *worker;                   /* whose list the jobs are in; NULL: they come from no queue */
    bool keeps_nothing;                   /* as in struct releve_runtime_options */
    bool names_points_whole;              /* in the text of notices */
    bool drains;                          /* somebody waits for the end, although it is patient */
    /* All may be NULL, and get the options' data. `next`: as in struct releve_runtime_options; the jobs are as they
     * are to be done. It is asked where none waits that was submitted. */
    bool (*next)(void *data, struct releve_job *job);
    void (*authorized)(void *data, const struct releve_service *services, size_t count);
    /* It is connected to Redis, and may wait for more before `ready`: for replicas, as a rule. It is not to be closed
     * from here. */
    void (*connected)(void *data);
};

/* As releve_engine_open; `more` is copied. */
enum releve_code releve_engine_open_with(struct releve_engine **engine, uv_loop_t *loop,
                                         const struct releve_engine_options *options,
                                         const struct releve_engine_more *more, struct releve_error *error);

/* Until it is closed. */
struct releve_store *releve_engine_store(const struct releve_engine *engine);
/* From `ready` on; NULL before. */
struct releve_runtime *releve_engine_runtime(const struct releve_engine *engine);

/* For how long Redis has not served, 1 ms at least, and why, one line: a connection to it is lost, its cluster does not
 * serve, or too few replicas acknowledge what is written (docs/design.md, Failover). 0 and "" where it serves. */
struct releve_redis_outage {
    releve_time away_ms;
    const char *why; /* until the loop goes on */
};
struct releve_redis_outage releve_engine_redis_outage(const struct releve_engine *engine);

/* How an upstream with that interface is asked. */
const struct releve_dialect *releve_engine_dialect(enum releve_api api);

#endif
