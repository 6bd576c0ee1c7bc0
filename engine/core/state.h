/* What the core keeps: usage points and their series, jobs, chunks under way, buckets, the token.
 *
 *   point ──▶ series[kind] ──▶ jobs      those that run, in the order in which they began
 *                          └─▶ chunks    those under way: a chunk's outcome belongs to the series, and to all its jobs
 *   job ──▶ series, chunk ──▶ series, and ──▶ job that opened it: its requests are counted there
 *
 * All tables have a fixed size; a handle is an index into one. Seen by the files of engine/core only (calls.h). */
#ifndef RELEVE_CORE_STATE_H
#define RELEVE_CORE_STATE_H

#include <releve/core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define POINTS_MAX RELEVE_CORE_JOBS_MAX

/* Why a range is refused as beginning too early. */
enum floor_cause { FLOOR_ACTIVATION, FLOOR_CONSENT, FLOOR_HISTORY, FLOORS };

/* One kind of one usage point: what jobs and chunks share. */
struct series {
    struct point *point;
    enum releve_kind kind;
    TAILQ_HEAD(, job) jobs; /* that run; a job that is still beginning joins when the store has said what is known */
    TAILQ_HEAD(, chunk)
    open; /* chunks of those jobs, from the moment when they are planned until their days are stored
           * or given up */
    struct direction *direction;
    bool heard;        /* upstream has answered something about it: it need not be approached with one request */
    bool answered;     /* in this run */
    unsigned failures; /* transient failures in a row */
    struct releve_reason last_failure; /* where there are some */
    unsigned in_flight;                /* chunks that hold a permit */
    uint64_t absent_by;     /* the permit of the request by which the usage point lacks it; 0: none in this run */
    releve_time sick_until; /* given up until then, for the jobs that are under way */
    struct releve_reason sickness;
    struct releve_floor history; /* where upstream keeps less of it than its rules say */
};

/* What upstream says of one direction holds for its kinds, and not for the other direction. */
struct direction {
    struct point *point;
    struct releve_floor activation, consent;
    releve_day unbelieved[FLOORS]; /* what the store has as too early, and a job that refreshes does not believe */
    enum releve_standing standing;
    struct releve_reason reason; /* unless OPEN */
    uint64_t closed_by;          /* likewise: the last permit that was asked for before; 0: an earlier run said so */
    unsigned refreshes;          /* jobs under way that do not believe what an earlier run learned of it */
    bool heard;                  /* something is known of it: it need not be approached with one request at a time */
    unsigned in_flight;          /* chunks that hold a permit */
    unsigned searching;          /* open chunks that look for the first day */
    unsigned supplements;        /* open chunks of documents that another API adds to */
};

struct point {
    releve_prm prm;
    struct series series[RELEVE_KINDS];
    struct direction directions[RELEVE_ASPECTS];
    uint64_t failed_round; /* the upstream's round in which a kind of it failed that had answered */
    unsigned jobs;         /* jobs under way that are about it; 0: the slot is free */
    unsigned in_flight;    /* chunks that hold a permit */
    unsigned late_claims;  /* chunks whose claim has had no reply for long */
    unsigned storing;      /* chunks whose answer waits to be stored */
    unsigned failures; /* transient failures in a row, of all kinds: while there are some, it goes behind the others */
    struct releve_reason last_failure;
    unsigned pauses; /* pauses since the last success */
    releve_time paused_until;
    uint64_t turn[RELEVE_CLASSES]; /* when it last had a permit, in permits; the lowest is next */
    bool unknown;                  /* there is no such usage point */
    struct releve_reason unknown_reason;
    uint64_t unknown_by; /* as closed_by */
    bool distrusted;     /* answered 401 to a fresh token: its 401s say nothing about tokens */
    bool inquiring;      /* a chunk asks when it was activated */
    bool inquired;       /* that was answered, or will not be */
    bool inquiry_failed; /* the latter, as the request failed */
};

enum job_phase {
    JOB_FREE,
    JOB_BEGINNING, /* the store looks up what is known */
    JOB_UNBEGUN,   /* Redis refused that: it is looked up again */
    JOB_RUNNING,
    JOB_FINISHING, /* its result is being written */
    JOB_REFUSED    /* Redis refused the result: it is written again */
};

struct job {
    enum job_phase phase;
    releve_time begun_at; /* BEGINNING: the store is asked since then */
    struct series *series;
    TAILQ_ENTRY(job) link;       /* in series->jobs, where RUNNING */
    struct releve_job submitted; /* as it came */
    enum releve_class class_;    /* may have become low */
    struct releve_coverage coverage;
    struct releve_coverage known; /* as the store had it at the beginning: what a refresh must not lose */
    unsigned open;                /* chunks that it opened */
    bool deep;                    /* wants days that are older than all that is known, by several requests */
    bool touched;                 /* coverage or chunks changed: what follows is to be looked up again */
    releve_day newest_missing;    /* RELEVE_DAY_NONE where no day is left to plan */
    bool had_data;                /* days with values were known before */
    unsigned empties;             /* answers without any data since the beginning */
    unsigned given_up;            /* chunks given up in a row */
    bool hopeless;                /* so many that the rest was given up too */
    uint64_t turn;                /* among the jobs of its usage point, as above */
    int requests;
    bool absent;                 /* not applicable */
    bool doubted;                /* a refresh: the usage point or the kind was refused before */
    struct releve_result result; /* its failures as they come; the rest is filled in at its end */
};

/* The right to send one request. */
struct permit {
    uint64_t number;
    releve_time over_at; /* its request must be over by then: counted from the question, whenever the grant came */
};

enum chunk_phase {
    CHUNK_FREE,
    CHUNK_WAITING,  /* for a permit */
    CHUNK_CLAIMING, /* has a permit; its days are being claimed */
    CHUNK_LATE,     /* likewise, and for so long that it is not in flight any more: its permit has gone back */
    CHUNK_SENT,
    CHUNK_STORING,
    CHUNK_REFUSED /* Redis refused its days: they are written again */
};

struct chunk {
    enum chunk_phase phase;
    struct series *series;
    TAILQ_ENTRY(chunk) link; /* in series->open */
    struct job *job;         /* that opened it */
    struct releve_chunk_span span;
    bool searching;              /* may be refused as too early */
    enum releve_request request; /* the next one, or the one that is under way */
    bool of_sick;                /* CLAIMING, SENT: its usage point had failed when it got its permit */
    unsigned tries;              /* transient failures */
    unsigned stale;              /* 401s */
    uint64_t token;              /* generation of the token that it was sent with */
    struct permit permit;        /* CLAIMING to STORING: the claim on its days has the permit's number */
    releve_time in_flight_since;
    releve_time claim_ends;    /* CLAIMING: it lasts until then at least; counted from the question */
    releve_time not_before;    /* WAITING: not sent before */
    releve_time storing_since; /* STORING */
    /* STORING, REFUSED: the state of each asked day (MISSING: it is not kept, FAILED: it could not be used), and what
     * is to be stored of `answer`; both owned, the answer is not. */
    char *outcomes;
    struct releve_day_entry *entries;
    size_t entries_count;
    const struct releve_answer *answer;
    unsigned
        spoils; /* answers in which some days could not be used; their outcome is FAILED until they are asked again */
    struct releve_reason spoiled; /* why */
};

struct bucket {
    bool asking;
    struct permit permit;      /* that is asked for, or was granted last */
    bool urgent;               /* the ledger knows that somebody urgent waits here */
    releve_time ask_at;        /* the ledger said that asking is useless before */
    releve_time open_until;    /* where there is no quota: its door is taken to be open until then */
    releve_time due_at;        /* news that came while asking: they may be newer than the reply */
    releve_time refused_since; /* Redis refuses to judge since then; RELEVE_TIME_NEVER where it does not */
};

enum token_phase { TOKEN_NONE, TOKEN_ASKED, TOKEN_VALID };

struct token {
    enum token_phase phase;
    uint64_t generation;
    releve_time expires_at;
    struct permit permit; /* ASKED */
    bool wanted;          /* also where there is nothing to ask */
    unsigned failures;    /* in a row */
    releve_time since;    /* of the first of those */
    releve_time not_before;
    enum releve_token_form form;
    struct releve_answer refusal; /* of the Basic credentials, while nobody knows whether the other form works; its
                                   * verdict is RELEVE_CREDENTIALS_REFUSED then, and else 0 */
};

enum preflight_phase { PREFLIGHT_NONE, PREFLIGHT_DUE, PREFLIGHT_ASKED };

struct preflight {
    enum preflight_phase phase;
    struct permit permit; /* ASKED */
    unsigned failures;    /* in a row */
    releve_time not_before, ends_at;
};

/* Upstream as a whole: while it cannot be reached, that is nobody's failure in particular. */
struct upstream {
    bool reached;      /* ever, in this run */
    bool served;       /* likewise: some usage point was answered */
    unsigned failures; /* attempts in a row that did not reach it */
    releve_time since; /* of the first of those */
    releve_time paused_until;
    uint64_t round;                /* counts answers that were no failures */
    unsigned troubled;             /* usage points that answered before and failed in this round */
    releve_day end_refused;        /* the last end that was refused as too recent; RELEVE_DAY_NONE where none was */
    releve_time end_refused_until; /* on the civil clock: believed until then */
    bool shortened[RELEVE_KINDS];  /* the longest range of that kind is refused: one day less is asked for */
};

struct releve_core {
    struct releve_core_options options;
    releve_time now, civil;
    releve_day today; /* of `civil`, in Paris */
    uint64_t random;
    bool draining;
    struct job jobs[RELEVE_CORE_JOBS_MAX];
    struct point points[POINTS_MAX];
    struct chunk chunks[RELEVE_CORE_CHUNKS_MAX];
    size_t jobs_count, chunks_count, storing_count; /* storing: REFUSED ones too */
    size_t storing_days;                            /* in those answers */
    unsigned claiming_count, late_count;            /* chunks whose claim has no reply: CLAIMING, LATE */
    releve_time claims_late_at; /* when the next of them may be late; RELEVE_TIME_NEVER: there are none */
    size_t refused_count;       /* chunks whose days Redis refused, and that wait to be written again */
    size_t jobs_end;            /* one past the highest slot in use */
    releve_time begins_refused_since, claims_refused_since, stores_refused_since; /* as in struct bucket */
    struct bucket buckets[RELEVE_BUCKETS_MAX];
    struct token token;
    struct preflight preflight;
    struct upstream upstream;
    unsigned in_flight;         /* permits that are used: chunks that are claimed or sent, the token request */
    uint64_t permits;           /* asked for so far: their numbers */
    releve_time write_again_at; /* when refused results and days are written again; RELEVE_TIME_NEVER: there are none */
    uint64_t turn;              /* permits used so far */
    unsigned class_waits[RELEVE_CLASSES]; /* permits that others got while this class had work */
    releve_time kind_refused_until[RELEVE_KINDS];
    struct releve_reason kind_refusal[RELEVE_KINDS];
    releve_time supplement_refused_until[RELEVE_KINDS]; /* likewise the API that adds to a document */
    releve_time activation_refused_until;               /* likewise the one that tells activations */
    uint64_t inquiry_discarded; /* the token that was discarded as that API refused it; 0: none since it answered */
    unsigned inquiry_failures;  /* of that API, in a row */
    bool inquiry_heard;         /* that API has answered, or failed: it need not be approached with one request */
    unsigned inquiries_in_flight;
    releve_time deadline;
    uint64_t requests, inquiries, preflights, throttled, retries;
    struct releve_actions *out;
    struct releve_reason redis_refusal; /* of the event under way */
    struct releve_lesson lessons[4];    /* of the LEARN actions under way, in turn */
    unsigned lessons_count;
    unsigned sick_in_flight;      /* permits that are used for usage points that had failed when they were granted */
    releve_time sick_again_at;    /* while healthy ones have work, one that fails gets no permit before */
    unsigned sick_waits;          /* permits that healthy usage points got while one that fails had work */
    releve_time sick_alone_since; /* since when only such usage points are left; RELEVE_TIME_NEVER: others are */
};

#endif
