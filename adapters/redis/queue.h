/* The queues in Redis, as a worker uses them (docs/redis.md).
 *
 *   {releve}:jobs:high ──BLMOVE──▶ …:jobs:high:moving ──take.lua──▶ …:worker:<name>:jobs ──finish.lua──▶ gone
 *
 * A job leaves its queue by way of a list that all workers share into the worker's own, and that list only together
 * with its result (releve_store_finish) or back to the head of its queue. A worker beats every few seconds; whoever
 * beats next takes the jobs of a worker that has stopped back to their queues. Law 4. */
#ifndef RELEVE_REDIS_QUEUE_H
#define RELEVE_REDIS_QUEUE_H

#include <adapters/redis/store.h>
#include <releve/error.h>
#include <releve/job.h>
#include <uv.h>

#define RELEVE_BEAT_MS (5 * RELEVE_SECOND_MS)
#define RELEVE_DEAD_AFTER_MS (15 * RELEVE_SECOND_MS) /* since the last beat; found at most one beat later */

/* Jobs of a class that a worker holds at once: the backlog stays in Redis (law 6). */
#define RELEVE_PREFETCH_HIGH 128
#define RELEVE_PREFETCH_NORMAL 256
#define RELEVE_PREFETCH_LOW 128
/* Where jobs that it holds wait for a part of Redis that is away, others are taken beside them: so many at most, of all
 * classes. Together with the above that is what the core has room for (RELEVE_CORE_JOBS_MAX). */
#define RELEVE_PREFETCH_BESIDE 512

struct releve_queue;

struct releve_queue_options {
    const struct releve_redis_url *redis; /* as struct releve_store_options */
    const char *prefix;
    const char *worker; /* unique among living workers */
    bool drain;         /* do not wait for jobs: `dry` is called when the queues are empty */
    void *data;
    /* Required. The civil clock, UTC: which day it is for jobs that name none. */
    releve_time (*civil)(void *data);
    /* Required. A job to run; give it back with releve_queue_release when it has ended. */
    void (*job)(void *data, const struct releve_job *job);
    /* Required. With `drain`: nothing is in the queues now. May be called again. */
    void (*dry)(void *data);
    /* Required. The worker was silent for so long that its jobs were given to others: forget them, and leave. */
    void (*lost)(void *data);
    /* So many messages that dead workers had taken went back to their queues. May be NULL. */
    void (*taken_over)(void *data, size_t count);
    /* A message that is a job has a member that no job has, which is ignored: its name. */
    void (*stray)(void *data, const char *field);
    /* A message that is no job was buried: why. */
    void (*buried)(void *data, const char *why);
    /* A reply list takes nothing, or what it did not take is dropped: one line. Nothing else waits for it. */
    void (*undelivered)(void *data, const char *line);
    /* Redis answered and refused: one line. It is asked again with the next beat. */
    void (*refused)(void *data, const char *why);
    void (*link)(void *data, bool up, const char *why);
    /* How many jobs of each class wait for Redis for long; asked with every beat. May be NULL: none. */
    void (*held_up)(void *data, size_t counts[RELEVE_CLASSES]);
};

/* `ready` is called once: with RELEVE_OK when the worker has joined, or why Redis cannot be reached. Where Redis
 * refuses to let it join, it asks again with every beat. */
struct releve_queue *releve_queue_open(uv_loop_t *loop, const struct releve_queue_options *options,
                                       void (*ready)(void *data, const struct releve_error *error));

/* The job has ended, and its result is written: there is room for another one of its class. */
void releve_queue_release(struct releve_queue *queue, const struct releve_job *job);

/* Takes no more jobs, but keeps beating. */
void releve_queue_stop(struct releve_queue *queue);

/* Gives what is left in the worker's list back to the heads of the queues, leaves the workers, closes; `closed` is
 * called when the memory is gone. Waits for Redis for at most a few seconds: what could not be given back by then is
 * taken back by other workers. */
void releve_queue_close(struct releve_queue *queue, void (*closed)(void *data), void *data);

#endif
