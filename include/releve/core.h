/* The core: one step function that takes every decision.
 *
 * An event and its time go in, actions come out; the core has no clock, no socket and no thread. The runtime
 * (engine/runtime) carries out the actions and brings back what they led to. Laws 1, 2, 4, 5 and 6 are decided here. */
#ifndef RELEVE_CORE_H
#define RELEVE_CORE_H

#include <releve/error.h>
#include <releve/job.h>
#include <releve/judged_answer.h>
#include <releve/keep.h>
#include <releve/notice.h>
#include <releve/plan.h>
#include <releve/point.h>
#include <releve/quota.h>
#include <releve/reading.h>

#define RELEVE_CORE_JOBS_MAX 1024                         /* jobs under way at once; the backlog waits outside */
#define RELEVE_CORE_CHUNKS_MAX (2 * RELEVE_CORE_JOBS_MAX) /* chunks under way at once, of all jobs */
#define RELEVE_BUCKETS_MAX 8                              /* quota buckets */
#define RELEVE_JOB_CHUNKS_MAX 8                           /* open chunks of one job */
#define RELEVE_CHUNK_TRIES_MAX 8                          /* tries of a chunk in one job run */
#define RELEVE_SUPPLEMENT_TRIES_MAX 3                     /* tries of what another API adds to a document */
/* Requests that only save others (for an activation, a preflight) are not worth waiting for longer than that. Longer
 * than a permit's life: what is in flight counts for that long in what the ledger replies. */
#define RELEVE_SAVING_WAIT_MAX_MS (1 * RELEVE_MINUTE_MS)
#define RELEVE_PREFLIGHT_TRIES_MAX 3                   /* failures in a row; then jobs begin without it */
#define RELEVE_PREFLIGHT_MAX_MS (1 * RELEVE_MINUTE_MS) /* and so they do after that time */
/* In a row, of any usage points: then nobody is asked when he was activated for RELEVE_BACKOFF_MAX_MS. */
#define RELEVE_ACTIVATION_FAILURES_MAX 3
#define RELEVE_SPOILED_TRIES_MAX 3 /* tries of a day that comes unusable among good ones */
#define RELEVE_BACKOFF_MIN_MS (1 * RELEVE_SECOND_MS)
#define RELEVE_BACKOFF_MAX_MS (15 * RELEVE_MINUTE_MS)
#define RELEVE_POINT_FAILURES_MAX 3 /* transient failures in a row before a usage point is paused */
#define RELEVE_POINT_PAUSE_MIN_MS (5 * RELEVE_SECOND_MS) /* doubles with each pause, up to BACKOFF_MAX */
#define RELEVE_SICK_REQUESTS_MAX 8 /* failures in a row before a usage point is given up for this run */
#define RELEVE_SICK_WAIT_MAX 19    /* permits that healthy usage points get before one that fails gets one */
#define RELEVE_SICK_SLOTS 4        /* of so many requests in flight, one may be of a usage point that fails */
/* How long a command goes on where only usage points that fail are left; their requests are over by then. Together with
 * a transfer that was under way before, less than a minute. */
#define RELEVE_SICK_ALONE_MS (25 * RELEVE_SECOND_MS)
#define RELEVE_SICK_ALONE_WAIT_MS (2 * RELEVE_SECOND_MS) /* between two tries of them, at most */
/* Where the ledger lets them wait for longer than that, this time does not run. */
#define RELEVE_SICK_PERMIT_MS (5 * RELEVE_SECOND_MS)
#define RELEVE_GIVEN_UP_MAX 3        /* chunks given up in a row before the rest of the job is given up */
#define RELEVE_EMPTY_CHUNKS_MAX 4    /* newest chunks all empty: the job goes on in class low */
#define RELEVE_CLASS_WAIT_MAX 9      /* permits that others get before a class with work gets one */
#define RELEVE_UNREACHED_FIRST_MAX 6 /* attempts before any usage point was answered; then RELEVE_ACTION_STOP */
#define RELEVE_OUTAGE_POINTS_MIN \
    3 /* usage points that answered before and fail now, with no answer between: an outage */
#define RELEVE_TOKEN_MARGIN_MS (5 * RELEVE_MINUTE_MS) /* renewed so long before it expires */
#define RELEVE_TOKEN_TRIES_MAX 6                  /* token failures in a row; then RELEVE_ACTION_STOP, unless patient */
#define RELEVE_TOKEN_BAD_BODIES_MAX 3             /* the same, where the last of them was a body without a token */
#define RELEVE_OUTAGE_MAX_MS (1 * RELEVE_HOUR_MS) /* upstream out of reach for so long: likewise */
#define RELEVE_TOKEN_LIFE_MAX_S (24 * 3600)       /* believed for no longer */
#define RELEVE_CLOSED_MAX_MS (1 * RELEVE_HOUR_MS) /* a throttle answer closes a bucket for no longer */
#define RELEVE_CLOSED_MARGIN_MS (1 * RELEVE_SECOND_MS) /* clocks differ: closed so much longer than told */
/* Where there is no quota: how long a door that was open is not looked at again. */
#define RELEVE_DOOR_LOOK_MS (1 * RELEVE_SECOND_MS)

/* How long a permit occupies the ledger where its request is never heard of again. */
#define RELEVE_PERMIT_LIFE_MS (40 * RELEVE_SECOND_MS)
/* The part of that life that is kept back for what the request may still spend on the way. */
#define RELEVE_PERMIT_SLACK_MS (2 * RELEVE_SECOND_MS)
/* The hard limit of one transfer; less where its permit ends before. */
#define RELEVE_TRANSFER_TIMEOUT_MS (30 * RELEVE_SECOND_MS)
/* A permit that leaves less than that for the transfer came too late, and is given back. */
#define RELEVE_TRANSFER_TIMEOUT_MIN_MS (10 * RELEVE_SECOND_MS)
/* Before days that another worker asks for are looked at again. */
#define RELEVE_CLAIM_BUSY_MS (1 * RELEVE_SECOND_MS)
/* A claim that is never given up (a crash) ends by itself. Longer than an answer and its storing usually take; where
 * they take longer, the days may be asked for twice, as after any failure. Nothing is sent under a claim whose reply
 * took as long. */
#define RELEVE_CLAIM_LIFE_MS (15 * RELEVE_SECOND_MS)
/* A claim without a reply for so long is waited for on, but neither its place in flight nor its permit is kept for it:
 * the part of Redis that it is about may be away, and others have work. Longer than a Redis that is well takes. */
#define RELEVE_CLAIM_LATE_MS (5 * RELEVE_SECOND_MS)
/* Answers that may wait to be stored, and the days in them, beyond as many answers as may be in flight: a part of Redis
 * that is away must not keep those back whose days are elsewhere. At 1000 requests an hour that many answers last for a
 * quarter of an hour at least. In memory a week of a curve is 36 kB then, a year of energy 0.2 MB, one of registers
 * 0.4 MB: so 10 MB, 19 MB and 40 MB at most (measured). */
#define RELEVE_LATE_ANSWERS_MAX 256
#define RELEVE_LATE_DAYS_MAX 32768
/* A job that has waited for Redis for so long is held up: a worker takes others beside it. */
#define RELEVE_HELD_UP_MS (5 * RELEVE_SECOND_MS)
/* Before a Redis that refuses to judge a permit is asked again: whoever runs it has to look. */
#define RELEVE_LEDGER_REFUSED_MS (10 * RELEVE_SECOND_MS)
/* Redis refuses permits, claims or days for so long, and takes none: then RELEVE_ACTION_STOP, where somebody waits for
 * the end (neither patient nor queued). With a question on its way that is within 30 s. */
#define RELEVE_REFUSED_MAX_MS (20 * RELEVE_SECOND_MS)
/* Before results and days that Redis refused are written again. */
#define RELEVE_WRITE_AGAIN_MS (10 * RELEVE_SECOND_MS)

#define RELEVE_KIND_REFUSED_MS (1 * RELEVE_HOUR_MS) /* an API that is not subscribed is asked again after */
/* Days come late (docs/enedis.md, Freshness): "no data" means "not yet" for RELEVE_SETTLED_DAYS. When a day is
 * asked again depends on its age; any request that is due earlier and can reach it takes it along. */
#define RELEVE_SETTLED_DAYS 15                 /* older days are as they will stay */
#define RELEVE_RECENT_DAYS 2                   /* J-1 and J-2 are asked again some hours later */
#define RELEVE_RECHECK_MS (3 * RELEVE_HOUR_MS) /* namely so many */
#define RELEVE_LATE_DAYS 5                     /* up to J-5 each morning; older ones once, when they are settled ... */
#define RELEVE_SETTLED_TOGETHER_DAYS 7         /* ... so many days at once: they share a request */
#define RELEVE_PUBLISHED_MINUTE (8 * 60 + 30)  /* J-1 is not asked again before 08:30 in Paris */

struct releve_core;

struct releve_core_options {
    unsigned concurrency;                        /* requests in flight: 1..RELEVE_CONCURRENCY_MAX */
    int days_min;                                /* shortest request that upstream accepts: 1 or 2 */
    unsigned buckets_count;                      /* 1..RELEVE_BUCKETS_MAX */
    struct releve_keep keep;                     /* how long days are kept: an older one is not asked for */
    releve_kinds unserved;                       /* kinds that this upstream does not have: never asked for */
    unsigned bucket_of[RELEVE_KINDS];            /* the quota bucket of each other kind */
    unsigned supplement_bucket_of[RELEVE_KINDS]; /* of the request that adds to a document, where there is one */
    unsigned token_bucket;                       /* the one of token requests */
    bool token_given;                            /* there is a token from the beginning, and never another one */
    bool tells_activation;                       /* an API tells when a usage point was activated ... */
    unsigned activation_bucket;                  /* ... in this bucket, which is not that of measures */
    unsigned preflight_bucket;                   /* likewise for who has which kinds, where that can be asked */
    releve_time closed_ms;                       /* how long a throttle answer without a usable time closes a bucket */
    bool patient;   /* never stops for an upstream that gives no token or cannot be reached */
    bool unlimited; /* there is no quota: only closed doors keep a request back */
    bool queued;    /* jobs come from a queue: a result that Redis refuses is written until it stands */
    uint64_t seed;  /* of the jitter */
};

/* A job or a chunk under way. */
typedef uint32_t releve_handle;

/* How a token request carries the application's credentials (docs/enedis.md, Token). */
enum releve_token_form {
    RELEVE_TOKEN_BASIC,  /* as HTTP Basic: the documented form */
    RELEVE_TOKEN_IN_FORM /* as client_id and client_secret among the parameters */
};

/* What a chunk asks for next. */
enum releve_request {
    RELEVE_REQUEST_MAIN,       /* its days, or its document */
    RELEVE_REQUEST_ACTIVATION, /* before deep history: when the usage point was activated, which another API tells */
    RELEVE_REQUEST_SUPPLEMENT  /* what another API adds to a document that has come */
};

/* What became of a claim on the days of a chunk: two workers never ask for the same days at the same moment. */
enum releve_claim {
    RELEVE_CLAIM_GRANTED,
    RELEVE_CLAIM_BUSY, /* another claim overlaps: its days will be there, or free again, soon */
    RELEVE_CLAIM_KNOWN /* a day that must not be known has been stored meanwhile */
};

/* Which ends of a claimed span must not be known. */
enum releve_claim_ends {
    RELEVE_CLAIM_ANY,          /* neither: somebody wants these days although they are known */
    RELEVE_CLAIM_LAST_MISSING, /* the last: a search for the first day may begin anywhere */
    RELEVE_CLAIM_BOTH_MISSING
};

enum releve_event_type {
    RELEVE_EVENT_TICK,        /* nothing but the time */
    RELEVE_EVENT_JOB,         /* .job: a new job; only where releve_core_room() > 0 */
    RELEVE_EVENT_KNOWN,       /* .handle of a job, .coverage and .facts; or .error: Redis refused */
    RELEVE_EVENT_PERMIT,      /* .bucket, .wait_ms: 0 granted, else when to ask again; or .error: Redis refused */
    RELEVE_EVENT_DUE,         /* .bucket, .wait_ms: the next permit is due then (somebody's request is over) */
    RELEVE_EVENT_CLAIMED,     /* .handle of a chunk, .claim; .coverage of its days where it is not granted; or .error */
    RELEVE_EVENT_ANSWER,      /* .handle of a chunk, .answer */
    RELEVE_EVENT_TOKEN,       /* .answer of the token endpoint */
    RELEVE_EVENT_STORED,      /* .handle of a chunk: its days are there and its claim is gone; or .error */
    RELEVE_EVENT_FINISHED,    /* .handle of a job: its result is written; or .error */
    RELEVE_EVENT_PREFLIGHT,   /* who has which kinds is to be asked: jobs wait until that has ended */
    RELEVE_EVENT_PREFLIGHTED, /* .answer: of one request of it; .more: there are others */
    RELEVE_EVENT_WANT_TOKEN,  /* a token is to be had, whether there is something to ask or not; with a given one:
                                 nothing */
    RELEVE_EVENT_DRAIN        /* no new requests; what is in flight ends; jobs are given back */
};

/* Where .error is named, NULL or RELEVE_OK says that there is none. */
struct releve_event {
    enum releve_event_type type;
    releve_time now;   /* ms of a clock that never goes back and counts on in suspend: waits, deadlines */
    releve_time civil; /* UTC, may jump: which day it is in Paris */
    releve_handle handle;
    unsigned bucket;
    releve_time wait_ms;
    enum releve_claim claim;
    bool more;
    const struct releve_job *job;
    const struct releve_coverage *coverage;
    const struct releve_point_facts *facts;
    const struct releve_answer *answer;
    const struct releve_error *error;
};

enum releve_action_type {
    RELEVE_ACTION_BEGIN,      /* .handle, .job: look up what is known -> KNOWN */
    RELEVE_ACTION_ASK,        /* .bucket, .permit, .urgent, .granted: ask the ledger for a permit -> PERMIT */
    RELEVE_ACTION_RETURN,     /* .bucket, .permit: it is not needed, nothing was sent under it */
    RELEVE_ACTION_CLOSE,      /* .bucket, .wait_ms: close it for everybody */
    RELEVE_ACTION_CLAIM,      /* .handle, .permit, .job, .wanted, .ends: claim the days of a chunk -> CLAIMED */
    RELEVE_ACTION_UNCLAIM,    /* .permit, .job: give the claim up, nothing is to be stored */
    RELEVE_ACTION_SEND_TOKEN, /* .bucket, .permit, .deadline, .token_form: ask for a token -> TOKEN */
    RELEVE_ACTION_SEND, /* .handle, .bucket, .permit, .deadline, .job, .span, .request: send the chunk -> ANSWER */
    RELEVE_ACTION_SEND_PREFLIGHT, /* .bucket, .permit, .deadline: ask for the next part -> PREFLIGHTED */
    RELEVE_ACTION_KEEP,   /* .handle, .answer: it lives until the next answer of this chunk has been judged, which adds
                           * to it */
    RELEVE_ACTION_STORE,  /* .handle, .permit, .job, .answer, .entries: store them, end the claim -> STORED. The answer
                           * lives until that comes without an error: what Redis refused is written again */
    RELEVE_ACTION_LEARN,  /* .job (for its PRM), .lesson: keep it */
    RELEVE_ACTION_FINISH, /* .handle, .result: write it -> FINISHED */
    RELEVE_ACTION_ENDED,  /* .result, which is written; or .error: it could not be, and will not be */
    RELEVE_ACTION_FORGET, /* .job: it comes from no queue, and nothing of it may be left where it is given back */
    RELEVE_ACTION_GIVE_BACK, /* .result so far: the job is not done and will not be (drain); forgotten here */
    RELEVE_ACTION_NOTICE,    /* .notice, .job, .reason, .wait_ms: for people */
    RELEVE_ACTION_STOP       /* .code, .reason (RELEVE_E_REDIS: .error): going on is pointless; the core drains */
};

/* What pointers name belongs to the core (or to the event) and is valid until the next step. */
struct releve_action {
    enum releve_action_type type;
    releve_handle handle;
    unsigned bucket;
    uint64_t permit; /* the how-manieth that this core asks for; the claim that is made under it has the same number */
    releve_time wait_ms;
    releve_time deadline; /* SEND, SEND_TOKEN: nothing of the request may leave after it; on the clock of `now` */
    enum releve_token_form token_form;
    struct releve_span span;   /* asked for */
    struct releve_span wanted; /* CLAIM: the part of it that the plan is about */
    enum releve_claim_ends ends;
    bool urgent;                  /* ASK: it is for a job of class high */
    enum releve_request request;  /* SEND, NOTICE_ANSWERED */
    bool granted;                 /* ASK: it is known to be granted, and nobody has to be asked */
    const struct releve_job *job; /* NULL in a NOTICE that is of no job */
    const struct releve_answer *answer;
    const struct releve_day_entry *entries;
    size_t entries_count;
    const struct releve_lesson *lesson;
    const struct releve_result *result;
    enum releve_notice notice;
    enum releve_verdict verdict; /* of a NOTICE_ANSWERED */
    enum releve_code code;
    const struct releve_reason *reason;
    const struct releve_error *error;
};

/* Grows as needed; one list is used again for every step. */
struct releve_actions {
    struct releve_action *items;
    size_t count;
    size_t capacity;
};

struct releve_core *releve_core_new(const struct releve_core_options *options);
void releve_core_free(struct releve_core *core);

/* Reacts to one event; `out` is emptied first. The order of the actions is the order to carry them out in. */
void releve_core_step(struct releve_core *core, const struct releve_event *event, struct releve_actions *out);

/* When it next wants a TICK; RELEVE_TIME_NEVER where it waits for an answer, or for nothing. */
releve_time releve_core_deadline(const struct releve_core *core);

/* For how many more jobs there is room now; 0 while it drains. */
size_t releve_core_room(const struct releve_core *core);

/* How many jobs of each queue have waited for Redis for RELEVE_HELD_UP_MS: to hear what is known, or for days of their
 * usage point to be claimed or stored. Costs a look at each job: for once in some seconds. */
void releve_core_count_held_up(const struct releve_core *core, releve_time now, size_t counts[RELEVE_CLASSES]);

/* Nothing under way: no job, no request, no write. */
bool releve_core_idle(const struct releve_core *core);

/* The days of the jobs under way, of one kind. */
struct releve_tally {
    uint64_t complete, partial, holes, pending, failed, cut;
    uint64_t left;          /* days that are missing or asked */
    uint64_t requests_left; /* about how many requests they will take */
};

/* For progress and status. Costs a look at every day of every job under way: for once a second. */
struct releve_core_view {
    size_t jobs;         /* under way */
    unsigned in_flight;  /* requests, token included */
    uint64_t requests;   /* sent so far, token included */
    uint64_t inquiries;  /* of those: about activations ... */
    uint64_t preflights; /* ... and about who has which kinds */
    uint64_t throttled;  /* throttle answers so far */
    uint64_t retries;    /* transient failures so far */
    unsigned sick_left;  /* usage points under way, where only such are left as fail; else 0 */
    /* Upstream cannot be reached, fails for all or gives no token, in ms: 0 where that is not so. Nothing else is sent
     * until the next try. */
    releve_time away_ms;  /* since the first failure; 1 at least */
    releve_time retry_ms; /* until the next try; 0: it is due, or under way */
    releve_time quiet_ms; /* nothing is in flight although there are jobs, and nothing is sent for so long; else 0 */
    struct releve_tally kinds[RELEVE_KINDS];
};
struct releve_core_view releve_core_look(const struct releve_core *core, releve_time now);

void releve_actions_free(struct releve_actions *actions);

#endif
