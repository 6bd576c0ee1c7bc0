/* What the core keeps: jobs, the usage points that they are about, chunks under way, buckets, the token.
 *
 *   job ──> point      several jobs share what is known of their usage point
 *   chunk ──> job      a chunk belongs to the job that opened it; jobs of the same usage point and kind share
 *                      its outcome
 *
 * All tables have a fixed size; a handle is an index into one. Seen by the files of engine/core only. */
#ifndef RELEVE_CORE_STATE_H
#define RELEVE_CORE_STATE_H

#include <releve/core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POINTS_MAX RELEVE_CORE_JOBS_MAX
#define CHUNKS_MAX (RELEVE_CORE_JOBS_MAX * 2) /* open chunks of all jobs */
#define NONE UINT32_MAX

enum floor_cause { FLOOR_ACTIVATION, FLOOR_CONSENT, FLOOR_HISTORY, FLOORS };

struct point {
    releve_prm prm;
    unsigned jobs;      /* jobs under way that are about it; 0: the slot is free */
    unsigned chunks;    /* open chunks */
    unsigned in_flight; /* those that are SENT */
    unsigned searching; /* those that look for the first day */
    bool heard;         /* something is known of it: it need not be approached with one request at a time */
    unsigned failures;  /* transient failures in a row */
    unsigned pauses;    /* pauses since the last success */
    releve_time paused_until;
    uint64_t turn[RELEVE_CLASSES]; /* when it last had a permit, in permits; the lowest is next */
    struct releve_floor activation, consent;
    bool refused;
    struct releve_reason refusal;
    bool distrusted; /* answered 401 to a fresh token: its 401s say nothing about tokens */
};

enum job_phase { JOB_FREE, JOB_BEGINNING, JOB_RUNNING, JOB_FINISHING };

struct job {
    enum job_phase phase;
    struct releve_job wish;   /* as it was submitted */
    enum releve_class class_; /* may have become low */
    struct point *point;
    struct releve_coverage coverage;
    struct releve_coverage known;              /* as the store told it: what a refresh must not lose */
    struct chunk *open[RELEVE_JOB_CHUNKS_MAX]; /* chunks that it opened */
    unsigned open_count;
    bool touched;                /* coverage or chunks changed: what follows is to be looked up again */
    releve_day newest_missing;   /* RELEVE_DAY_NONE where no day is left to plan */
    bool waits;                  /* days of it are in a chunk under way */
    bool heard;                  /* upstream has answered something about this kind of this usage point */
    bool had_data;               /* days with values were known before */
    unsigned empties;            /* answers without any data since the beginning */
    unsigned given_up;           /* chunks given up in a row */
    bool hopeless;               /* so many that the rest was given up too */
    struct releve_floor history; /* where upstream keeps less of it than its rules say */
    uint64_t turn;               /* among the jobs of its usage point, as above */
    int requests;
    bool absent;                 /* not applicable */
    bool doubted;                /* a refresh: the usage point or the kind was refused before */
    struct releve_reason reason; /* of the last failure, or why it is not applicable */
    struct releve_result result; /* its failures as they come; the rest is filled in at its end */
};

enum chunk_phase { CHUNK_FREE, CHUNK_WAITING, CHUNK_SENT, CHUNK_STORING };

struct chunk {
    enum chunk_phase phase;
    struct job *job;
    struct releve_chunk_span span;
    bool searching;         /* may be refused as too early */
    unsigned tries;         /* transient failures */
    unsigned stale;         /* 401s */
    uint64_t token;         /* generation of the token that it was sent with */
    releve_time not_before; /* WAITING: not sent before */
    char *outcomes;         /* STORING: the state of each asked day, owned */
};

struct bucket {
    bool asking;
    bool urgent;        /* the ledger knows that somebody urgent waits here */
    releve_time ask_at; /* the ledger said that asking is useless before */
    releve_time due_at; /* news that came while asking: they may be newer than the reply */
};

enum token_phase { TOKEN_NONE, TOKEN_ASKED, TOKEN_VALID };

struct token {
    enum token_phase phase;
    uint64_t generation;
    releve_time expires_at;
    unsigned failures; /* in a row */
    releve_time not_before;
};

/* Upstream as a whole: while it cannot be reached, that is nobody's failure in particular. */
struct upstream {
    bool reached;      /* ever, in this run */
    unsigned failures; /* attempts in a row that did not reach it */
    releve_time since; /* of the first of those */
    releve_time paused_until;
};

struct releve_core {
    struct releve_core_options options;
    releve_time now, civil;
    releve_day today; /* of `civil`, in Paris */
    uint64_t random;
    bool draining;
    struct job jobs[RELEVE_CORE_JOBS_MAX];
    struct point points[POINTS_MAX];
    struct chunk chunks[CHUNKS_MAX];
    size_t jobs_count, chunks_count, storing_count;
    size_t jobs_end, chunks_end; /* one past the highest slot in use */
    struct bucket buckets[RELEVE_BUCKETS_MAX];
    struct token token;
    struct upstream upstream;
    unsigned in_flight;
    uint64_t turn;                        /* permits used so far */
    unsigned class_waits[RELEVE_CLASSES]; /* permits that others got while this class had work */
    releve_time kind_refused_until[RELEVE_KINDS];
    struct releve_reason kind_refusal[RELEVE_KINDS];
    releve_time deadline;
    uint64_t requests, throttled, retries;
    struct releve_actions *out;
    struct releve_day_entry entries[RELEVE_JOB_DAYS_MAX]; /* of the STORE action under way */
    struct releve_point_facts facts[4];                   /* of the LEARN actions under way, in turn */
    unsigned facts_next;
};

/* --- core.c ------------------------------------------------------------------------------------- */

/* Appends an action of that type; the caller fills in the rest. */
struct releve_action *releve_core_act(struct releve_core *core, enum releve_action_type type);
struct releve_action *releve_core_notice(struct releve_core *core, enum releve_notice notice, const struct job *job,
                                         const struct releve_reason *reason, releve_time wait_ms);
/* A LEARN action about the job's usage point; the caller sets what was learned. */
struct releve_point_facts *releve_core_learn(struct releve_core *core, struct job *job);
releve_handle releve_core_job_handle(const struct releve_core *core, const struct job *job);
releve_handle releve_core_chunk_handle(const struct releve_core *core, const struct chunk *chunk);

/* Exponential back-off with full jitter: uniform in [0, min(max, min_ms * 2^n)]. */
releve_time releve_core_backoff(struct releve_core *core, releve_time min_ms, unsigned n);

/* --- chunk.c: open chunks and what becomes of their days ------------------------------------------ */

struct chunk *releve_chunk_open(struct releve_core *core, struct job *job, const struct releve_chunk_span *span,
                                bool searching);
/* Its days become `state` in every job that wants them, and the slot is free. */
void releve_chunk_dissolve(struct releve_core *core, struct chunk *chunk, enum releve_day_state state);
/* The same with the states kept in chunk->outcomes. */
void releve_chunk_conclude(struct releve_core *core, struct chunk *chunk);
/* Its days are given up in every job that wants them. */
void releve_chunk_fail(struct releve_core *core, struct chunk *chunk, const struct releve_reason *reason);
/* While a chunk is under way or waits for its next try, its days may come from elsewhere: from a chunk that reaches
 * over it, or from another worker. What is left of such a waiting chunk is planned anew. */
void releve_chunk_replan_overtaken(struct releve_core *core, struct chunk *chunk);
/* The same for all chunks of that job's usage point and kind. */
void releve_chunks_replan_overtaken(struct releve_core *core, const struct job *job);
/* Does a job that refreshes wait for a day of that chunk? */
bool releve_chunk_refreshes(const struct releve_core *core, const struct chunk *chunk);
/* Does any job wait for that day of that chunk? */
bool releve_chunk_wants(const struct releve_core *core, const struct chunk *chunk, releve_day day);

/* --- work.c: jobs from arrival to result -------------------------------------------------------- */

void releve_job_arrive(struct releve_core *core, const struct releve_job *wish);
void releve_job_known(struct releve_core *core, struct job *job, const struct releve_event *event);
/* Days of `part` that are in state `from` are given up. */
void releve_job_fail(struct job *job, struct releve_span part, enum releve_day_state from,
                     const struct releve_reason *reason);
/* All that is not under way is given up: missing days, and chunks that wait for another try. */
void releve_job_give_up(struct releve_core *core, struct job *job, const struct releve_reason *reason);
void releve_job_absent(struct releve_core *core, struct job *job, const struct releve_reason *reason);
/* Ends each job that has nothing left to ask. */
void releve_jobs_settle(struct releve_core *core);
/* What the job came to so far, with its failures in order. */
struct releve_result *releve_job_sum_up(struct releve_core *core, struct job *job);
void releve_job_forget(struct releve_core *core, struct job *job);
void releve_jobs_give_back(struct releve_core *core);

/* --- floor.c: where data begins ------------------------------------------------------------------ */

struct releve_floor *releve_floor_of(struct job *job, enum floor_cause cause);
/* The newest day that is known to be too early for this job; RELEVE_DAY_NONE where none is. */
releve_day releve_floor_after(struct job *job, struct releve_floor **which);
/* Cuts what is too early from all jobs of the point (from this one, for FLOOR_HISTORY). */
void releve_floor_refused(struct releve_core *core, struct job *job, enum floor_cause cause, releve_day first);
void releve_floor_accepted(struct releve_core *core, struct job *job, releve_day first);
/* Forgets what lies before the floor and before the history in this job. */
void releve_floor_cut(struct releve_core *core, struct job *job);

/* --- schedule.c: what is asked next -------------------------------------------------------------- */

/* Takes the best chunk of that bucket, opened if it is new; NULL where there is none. */
struct chunk *releve_schedule_take(struct releve_core *core, unsigned bucket);
/* Asks for permits where there is work, and sets core->deadline. */
void releve_schedule_ask(struct releve_core *core);

/* --- react.c: what an answer means for the work ----------------------------------------------------- */

void releve_react_answer(struct releve_core *core, struct chunk *chunk, const struct releve_answer *answer);
/* The chunk was not sent: others are about its days. */
void releve_react_taken(struct releve_core *core, struct chunk *chunk, const struct releve_event *event);
void releve_react_token(struct releve_core *core, const struct releve_answer *answer);

#endif
