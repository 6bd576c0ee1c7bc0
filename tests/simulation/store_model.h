/* What Redis holds in the simulation: days, what was learned, the queue, results. It survives every crash.
 *
 * Checks what is written, when it is written: law 3 (nothing that upstream did not say) and law 4 (one result a job,
 * after its days, every day accounted for). */
#ifndef RELEVE_SIMULATION_STORE_MODEL_H
#define RELEVE_SIMULATION_STORE_MODEL_H

#include "upstream_model.h"
#include <engine/runtime/store.h>

struct day_record {
    char state; /* 0: none */
    releve_time recheck_after;
    int64_t put_us;
    char owed; /* the state that a failover took, until whoever was not told of it yet writes it again; 0: none */
};

/* A reason that holds for a while. */
struct reason_record {
    bool known;
    releve_time at;
    struct releve_reason reason;
};

struct direction_record {
    struct releve_floor activation, consent;
    releve_time activation_at, consent_at;
    struct reason_record refused, absent;
};

struct point_record {
    struct direction_record directions[RELEVE_DIRECTIONS];
    releve_day reach[RELEVE_DIRECTIONS]; /* the oldest start that was heard to be accepted; RELEVE_DAY_NONE */
    struct reason_record absent[RELEVE_MEASURES], unknown;
};

#define STORE_PROCESS_SHIFT 32 /* in the names of permits and claims: the process above, its permit below */

/* The days of a chunk that a worker is about to ask for. */
struct claim_record {
    unsigned point;
    enum releve_kind kind;
    struct releve_span span;
    uint64_t name;
    int64_t until_us;
};

enum job_place { JOB_NOT_YET, JOB_QUEUED, JOB_TAKEN, JOB_ENDED };

struct job_record {
    struct releve_job wish;
    unsigned point;
    enum job_place place;
    unsigned taken; /* how often */
    releve_time taken_civil;
    unsigned in_flight; /* chunks of this job, now */
    int sends;          /* requests for it in this run of it */
    int inquiries;      /* beside those: about an activation */
    bool alone;         /* no other job is about its usage point and kind */
    int64_t submitted_us, ended_us;
    struct releve_cost cost; /* what a plan said when it was begun; of the last run */
    int requests_exact;      /* that it takes where the activation is known */
    int requests_max;        /* that it may take, with what a search and a stricter upstream may cost */
    int64_t looked_up_us;    /* when its worker asked the store what is known */
    releve_day begun_today;
    releve_day begun_reach; /* the oldest start that had been accepted by then in its direction; RELEVE_DAY_NONE */
    struct releve_result result;
};

struct replication;
struct store {
    struct world *world;
    const struct scenario *scenario;
    const struct upstream *upstream;
    releve_day first_day; /* of the records */
    int days_count;
    struct day_record **days; /* [point * RELEVE_MEASURES + kind], NULL where none is known */
    bool *refreshed;          /* likewise: a refresh job is about it */
    size_t *last_jobs;        /* likewise: the number of the last job about it, plus one */
    struct point_record *points;
    struct job_record *jobs;
    size_t jobs_count, jobs_capacity, ended;
    size_t *queues[RELEVE_CLASSES]; /* job numbers; taken from `heads` on */
    size_t heads[RELEVE_CLASSES], tails[RELEVE_CLASSES], queue_capacity;
    struct claim_record *claims;
    size_t claims_count, claims_capacity;
    uint64_t days_stored;
    world_happens on_jobs; /* there are jobs in the queue again */
    void *on_jobs_owner;
    bool on_jobs_planned;
    struct replication *replication;
};

void store_open(struct store *store, struct world *world, const struct scenario *scenario,
                const struct upstream *upstream);
void store_close(struct store *store);

/* A new job that is not in the queue yet; `wish.id` is given. Returns its number. */
size_t store_add_job(struct store *store, unsigned point, const struct releve_job *wish);
size_t store_job_of(const struct store *store, const struct releve_job *job);
void store_enqueue(struct store *store, size_t number, bool in_front);
bool store_take(struct store *store, struct releve_job *job);

/* A day is known before anything begins. */
void store_know(struct store *store, unsigned point, enum releve_kind kind, releve_day day);

enum releve_day_state store_day(const struct store *store, unsigned point, enum releve_kind kind, releve_day day);
/* Known, and never to be asked again. */
bool store_is_final(const struct store *store, unsigned point, enum releve_kind kind, releve_day day);

/* The operations of engine/runtime/store.h. */
void store_begin(struct store *store, const struct releve_job *job, struct releve_coverage *coverage,
                 struct releve_point_facts *facts);
enum releve_claim store_claim(struct store *store, unsigned point, enum releve_kind kind, struct releve_span span,
                              enum releve_claim_ends ends, uint64_t name, struct releve_coverage *coverage);
void store_unclaim(struct store *store, uint64_t name);
void store_put(struct store *store, unsigned point, enum releve_kind kind, const struct releve_day_entry *entries,
               size_t count);
void store_learn(struct store *store, unsigned point, const struct releve_lesson *lesson, releve_time civil);
void store_finish(struct store *store, const struct releve_result *result);

struct write;
/* A failover takes back what had not reached the replica. */
void store_undo(struct store *store, const struct write *write);

#endif
