/* What an engine is made of. Private to adapters/library.
 *
 *   options.c  what it is told: read, checked, taken over
 *   engine.c   its life: Redis, the runtime, how it stops, how it ends; reading and looking
 *   jobs.c     jobs: submitted, waiting, with the runtime, ended
 *   notices.c  what happens on the way, in words
 *
 * engine.c calls the others, and they do not call each other. */
#ifndef RELEVE_LIBRARY_INSIDE_H
#define RELEVE_LIBRARY_INSIDE_H

#include "parts.h"
#include <engine/runtime/io.h>
#include <sys/queue.h>

/* A job that was submitted, until the runtime pulls it. */
struct waiting {
    STAILQ_ENTRY(waiting) link;
    struct releve_job job;
};

enum engine_phase {
    ENGINE_CONNECTING, /* no job is begun yet */
    ENGINE_OPEN,
    ENGINE_STOPPED, /* it never became ready */
    ENGINE_CLOSING
};

struct releve_engine {
    struct releve_engine_options options; /* what points to memory is copied, or NULL behind the opening */
    struct releve_engine_more more;
    enum engine_phase phase;
    bool draining; /* no job is begun any more */
    uv_loop_t *loop;
    struct releve_redis_url redis;
    char upstream[RELEVE_UPSTREAM_BYTES]; /* in normal form */
    char prefix[RELEVE_PREFIX_BYTES];
    struct releve_quota quota;
    struct releve_keep keep;
    struct releve_io io;
    struct releve_runtime *runtime; /* NULL before Redis is there */
    uint64_t redis_lost_ms;         /* loop time: since when Redis does not serve; 0: it does */
    char redis_why[RELEVE_ERROR_BYTES];
    uv_timer_t soon; /* what has to be said from the loop */
    STAILQ_HEAD(waiting_list, waiting) waiting[RELEVE_CLASSES];
    size_t waiting_count, under_way;
    int closing_parts; /* that are not gone yet */
    void (*closed)(void *data);
    void *closed_data;
};

/* --- options.c ---------------------------------------------------------------------------------------------- */

/* Takes the options over, all but the credentials: RELEVE_E_CONFIG where one is wrong. */
enum releve_code releve_engine_read_options(struct releve_engine *engine, struct releve_error *error);
/* The credentials too: nothing that the caller owns is pointed to any more. */
void releve_engine_own_options(struct releve_engine *engine);
void releve_engine_wipe_credentials(struct releve_engine *engine);

/* --- jobs.c --------------------------------------------------------------------------------------------------- */

/* RELEVE_E_USAGE where usage point, kind, class, id or list cannot be. */
enum releve_code releve_engine_check_job(const struct releve_job *job, struct releve_error *error);
/* Callbacks of the runtime: `data` is the engine. */
bool releve_engine_next_job(void *data, struct releve_job *job);
void releve_engine_end_job(void *data, const struct releve_result *result, const struct releve_error *error);
void releve_engine_give_back_job(void *data, const struct releve_result *so_far);
/* Jobs that were never begun come back, as it drains; or are forgotten, as it is closed. */
void releve_engine_give_back_waiting(struct releve_engine *engine);
void releve_engine_drop_waiting(struct releve_engine *engine);

#endif
