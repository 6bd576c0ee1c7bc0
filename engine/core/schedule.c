/* The scheduler: which chunk gets the next permit, and when a permit is worth asking for. Laws 2, 5 and 6.
 *
 * Class high goes first, but a class with work waits for at most RELEVE_CLASS_WAIT_MAX permits of others. Within a
 * class, usage points take turns, and so do the jobs of a usage point; within a job, newest days first. */
#include "calls.h"
#include <assert.h>

/* One document may come with another's answer: so they are asked for one after the other. */
static bool must_wait_for_another_document(const struct series *series)
{
    const struct chunk *own = TAILQ_FIRST(&series->open);
    bool supplement = own != NULL && own->request == RELEVE_REQUEST_SUPPLEMENT;
    return releve_kind_is_document(series->kind) &&
           (series->direction->in_flight > 0 || (series->direction->supplements > 0 && !supplement));
}

/* While nothing is known of a usage point or of a direction, or one or a kind of it just failed, one request at a time
 * is enough to learn more: a revoked consent or a broken meter must not cost sixteen. */
static bool must_wait(const struct series *series)
{
    const struct point *point = series->point;
    bool heard = point->directions[RELEVE_CONSUMPTION].heard || point->directions[RELEVE_PRODUCTION].heard;
    return (!series->direction->heard && series->direction->in_flight > 0) ||
           ((!heard || point->failures > 0) && point->in_flight > 0) ||
           (series->failures > 0 && series->in_flight > 0) || must_wait_for_another_document(series) ||
           (point->inquiring && !releve_kind_is_document(series->kind));
}

/* Usage points that fail may hang until the time-out: they get a few of the requests in flight, and no more. And where
 * only such are left, what could not be over in time is not begun. */
static bool is_crowded_out(const struct releve_core *core, const struct series *series)
{
    if (releve_permit_alone_until(core) - core->now < RELEVE_TRANSFER_TIMEOUT_MIN_MS)
        return true;
    unsigned slots = core->options.concurrency / RELEVE_SICK_SLOTS;
    return series->point->failures > 0 && core->sick_in_flight >= (slots > 0 ? slots : 1);
}

/* Answers or claims wait for Redis. */
static bool lags(const struct releve_core *core)
{
    return core->late_count > 0 || core->storing_count >= core->options.concurrency;
}

/* Answers are in memory until they are stored. */
static bool is_full_of_answers(const struct releve_core *core)
{
    return core->storing_count >= core->options.concurrency + RELEVE_LATE_ANSWERS_MAX ||
           (core->storing_count >= core->options.concurrency && core->storing_days >= RELEVE_LATE_DAYS_MAX);
}

/* Redis may be divided, and a part of it away: then what is about that part waits, and the rest goes on. Which usage
 * points are there shows when they wait. So while some do, each has one request, and then none until Redis has
 * answered: what waits grows by one answer, or one claim, of each usage point there. */
static bool must_wait_for_redis(const struct releve_core *core, const struct point *point)
{
    return lags(core) && (point->late_claims > 0 || point->storing > 0 || point->in_flight > 0);
}

/* An API that may not be subscribed is approached with one request. */
static bool must_wait_to_inquire(const struct releve_core *core, const struct job *job)
{
    return !core->inquiry_heard && core->inquiries_in_flight > 0 &&
           releve_demand_request(core, job) == RELEVE_REQUEST_ACTIVATION;
}

/* Does the next new chunk of this job lie where upstream may still refuse it as too early? */
static bool must_search(const struct job *job)
{
    return releve_floor_doubts(releve_cut_floor(job->series), job->newest_missing);
}

static bool may_open(const struct releve_core *core, const struct job *job)
{
    const struct series *series = job->series;
    if (job->newest_missing == RELEVE_DAY_NONE || job->open == RELEVE_JOB_CHUNKS_MAX ||
        core->chunks_count == RELEVE_CORE_CHUNKS_MAX)
        return false;
    if ((!series->heard || series->failures > 0) && !TAILQ_EMPTY(&series->open))
        return false;
    return series->direction->searching == 0 || !must_search(job);
}

static struct chunk *due_chunk(const struct releve_core *core, const struct job *job, releve_time *next)
{
    struct chunk *chunk;
    TAILQ_FOREACH(chunk, &job->series->open, link) {
        if (chunk->job != job || chunk->phase != CHUNK_WAITING)
            continue;
        if (chunk->not_before <= core->now)
            return chunk;
        *next = releve_earlier(*next, chunk->not_before);
    }
    return NULL;
}

/* Could this job use a permit now? Where only time is missing, lowers *next to the moment when it can. */
static bool is_ready(const struct releve_core *core, const struct job *job, releve_time *next)
{
    if (job->newest_missing == RELEVE_DAY_NONE && job->open == 0)
        return false;
    const struct point *point = job->series->point;
    if (must_wait(job->series) || is_crowded_out(core, job->series) || must_wait_to_inquire(core, job) ||
        must_wait_for_redis(core, point))
        return false;
    releve_time retry_at = RELEVE_TIME_NEVER;
    bool ready = due_chunk(core, job, &retry_at) != NULL || may_open(core, job);
    releve_time when = ready ? core->now : retry_at;
    if (point->paused_until > core->now && when != RELEVE_TIME_NEVER) {
        when = when > point->paused_until ? when : point->paused_until;
        ready = false;
    }
    if (!ready)
        *next = releve_earlier(*next, when);
    return ready;
}

/* A search for the first day: the newest missing day alone, where none was accepted yet; else the newer half of what
 * lies between the newest refused day and it. */
static void narrow(const struct releve_floor *floor, const struct releve_plan_limits *limits,
                   struct releve_chunk_span *span)
{
    releve_day newest = span->wanted.end - 1, earliest = releve_floor_earliest(floor);
    releve_day middle = newest;
    if (floor->first != RELEVE_DAY_NONE) {
        if (newest - earliest >= limits->days_max)
            return;
        releve_day doubtful = floor->first < newest ? floor->first : newest; /* what is newer was accepted */
        middle = earliest + (doubtful - earliest + 1) / 2;
        middle = middle < newest ? middle : newest;
    }
    struct releve_chunk_span part;
    if (middle > span->wanted.first && releve_plan_widen((struct releve_span){middle, newest + 1}, limits, &part))
        *span = part;
}

/* The next chunk of the job's plan; days that cannot be asked today are left for tomorrow. */
static struct chunk *open_next(struct releve_core *core, struct job *job)
{
    const struct releve_floor *floor = releve_cut_floor(job->series);
    releve_cut_job(core, job); /* midnight may have passed since the job came */
    struct releve_plan_limits limits = releve_limits_of(core, job->series);
    if (releve_floor_forbids(floor, limits.earliest))
        limits.earliest = releve_floor_earliest(floor);
    struct releve_chunk_span span;
    while (!releve_plan_next(&job->coverage, &limits, &span)) {
        if (releve_span_days(span.wanted) == 0)
            return NULL;
        releve_coverage_replace(&job->coverage, span.wanted, RELEVE_DAY_MISSING, RELEVE_DAY_PENDING);
        job->touched = true;
    }
    bool searching = releve_floor_doubts(floor, span.wanted.first);
    if (searching)
        narrow(floor, &limits, &span);
    else
        releve_plan_take_along(&job->coverage, &limits, &span);
    return releve_series_open(core, job, &span, searching);
}

/* What is best among the jobs of each class, of healthy usage points or of those that fail. */
struct best {
    struct job *of_class[RELEVE_CLASSES];
    bool any;
};

/* Usage points that fail are behind the others of all classes, but not for ever. A request that hangs occupies its
 * permit until the time-out, so their share is one of time as well as of permits. */
static bool is_turn_of_failing(struct releve_core *core, const struct best *healthy, const struct best *failing)
{
    bool due =
        core->sick_waits >= RELEVE_SICK_WAIT_MAX && core->sick_in_flight == 0 && core->now >= core->sick_again_at;
    bool theirs = failing->any && (!healthy->any || due);
    core->sick_waits = theirs ? 0 : core->sick_waits + failing->any; /* its work may be in another bucket */
    return theirs;
}

/* The class that the next permit is for, of those that have work; the others wait one more permit. Two classes may come
 * to their limit at once, and then one of them waits for the other: so they are served one permit before it. */
static int choose_class(struct releve_core *core, const struct best *best, const struct best *others)
{
    int chosen = -1;
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        bool overdue = core->class_waits[i] >= RELEVE_CLASS_WAIT_MAX - 1;
        if (best->of_class[i] != NULL && (chosen < 0 || (overdue && core->class_waits[i] > core->class_waits[chosen])))
            chosen = i;
    }
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        bool has_work = best->of_class[i] != NULL || others->of_class[i] != NULL;
        core->class_waits[i] = i == chosen ? 0 : core->class_waits[i] + has_work; /* likewise */
    }
    return chosen;
}

static bool goes_before(const struct job *job, const struct job *other)
{
    if (other == NULL)
        return true;
    const struct point *point = job->series->point, *others = other->series->point;
    if (point != others)
        return point->turn[job->class_] < others->turn[other->class_];
    return job->turn < other->turn;
}

/* Looks at every job: some 17 us at 1024 of them (bench/core.c), less than what the permit costs Redis. */
static void find_best(struct releve_core *core, unsigned bucket, struct best *healthy, struct best *failing)
{
    releve_time ignored = RELEVE_TIME_NEVER;
    for (size_t i = 0; i < core->jobs_end; i++) {
        struct job *job = &core->jobs[i];
        if (job->phase != JOB_RUNNING || releve_demand_bucket(core, job) != bucket || !is_ready(core, job, &ignored))
            continue;
        struct best *best = job->series->point->failures > 0 ? failing : healthy;
        struct job **place = &best->of_class[job->class_];
        best->any = true;
        if (goes_before(job, *place))
            *place = job;
    }
}

struct chunk *releve_schedule_choose(struct releve_core *core, unsigned bucket)
{
    for (;;) {
        struct best healthy = {{NULL}, false}, failing = {{NULL}, false};
        releve_time ignored = RELEVE_TIME_NEVER;
        find_best(core, bucket, &healthy, &failing);
        if (!healthy.any && !failing.any)
            return NULL;
        bool theirs = is_turn_of_failing(core, &healthy, &failing);
        const struct best *best = theirs ? &failing : &healthy;
        int class_ = choose_class(core, best, theirs ? &healthy : &failing);
        assert(class_ >= 0); /* there is one */
        struct job *job = best->of_class[class_];
        struct chunk *chunk = due_chunk(core, job, &ignored);
        if (chunk != NULL && releve_limits_forbid(core, chunk)) { /* they changed while it waited */
            releve_series_dissolve(core, chunk, RELEVE_DAY_MISSING);
            releve_cut_job(core, job);
            job->newest_missing = releve_coverage_newest(&job->coverage, RELEVE_DAY_MISSING, job->coverage.span.end);
            continue;
        }
        if (chunk == NULL)
            chunk = open_next(core, job);
        if (chunk == NULL) { /* what it still missed cannot be asked */
            job->newest_missing = RELEVE_DAY_NONE;
            job->touched = true;
            continue;
        }
        chunk->request = releve_demand_request(core, job);
        job->turn = job->series->point->turn[class_] = ++core->turn;
        /* What is left of it is looked up again before the next permit. */
        job->newest_missing = releve_coverage_newest(&job->coverage, RELEVE_DAY_MISSING, job->coverage.span.end);
        return chunk;
    }
}

/* Requests in flight, and those that will be as soon as the ledger says yes. */
static bool is_full(const struct releve_core *core)
{
    unsigned slots = core->in_flight;
    for (unsigned i = 0; i < core->options.buckets_count; i++)
        slots += core->buckets[i].asking;
    return slots >= core->options.concurrency;
}

/* Work of class high asks at once, so that the ledger keeps the next permit for it, also from other workers. */
static void ask(struct releve_core *core, unsigned index, bool urgent)
{
    struct bucket *bucket = &core->buckets[index];
    if (bucket->asking)
        return;
    if (bucket->ask_at > core->now && (!urgent || bucket->urgent)) {
        core->deadline = releve_earlier(core->deadline, bucket->ask_at);
        return;
    }
    if (is_full(core))
        return; /* the ledger's replies and upstream's answers bring us here again */
    bucket->asking = true;
    bucket->urgent = urgent;
    bucket->due_at = RELEVE_TIME_NEVER;
    bucket->permit = releve_permit_new(core);
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_ASK);
    action->granted = core->now < bucket->open_until;
    if (core->options.unlimited && !action->granted)
        bucket->open_until = core->now + RELEVE_DOOR_LOOK_MS; /* unless the reply says otherwise */
    action->bucket = index;
    action->permit = bucket->permit.number;
    action->urgent = urgent;
}

void releve_schedule_ask(struct releve_core *core)
{
    core->deadline = RELEVE_TIME_NEVER;
    bool paused = core->upstream.paused_until > core->now;
    if (core->draining || releve_series_are_refused(core) || core->in_flight >= core->options.concurrency ||
        is_full_of_answers(core))
        return;
    if (core->token.phase == TOKEN_VALID && core->now >= core->token.expires_at)
        core->token.phase = TOKEN_NONE;

    bool wanted[RELEVE_BUCKETS_MAX] = {false}, urgent[RELEVE_BUCKETS_MAX] = {false};
    bool any = false, any_urgent = false;
    if (core->preflight.ends_at <= core->now)
        releve_preflight_end(core);
    if (releve_preflight_is_due(core)) {
        core->deadline = core->preflight.ends_at;
        any = wanted[core->options.preflight_bucket] = core->preflight.not_before <= core->now;
        if (!any)
            core->deadline = releve_earlier(core->deadline, core->preflight.not_before);
    }
    for (size_t i = 0; i < core->jobs_end; i++) {
        const struct job *job = &core->jobs[i];
        if (job->phase != JOB_RUNNING)
            continue;
        unsigned bucket = releve_demand_bucket(core, job);
        bool high = job->class_ == RELEVE_HIGH;
        if (wanted[bucket] && (urgent[bucket] || !high))
            continue; /* the ledger's reply brings us here again */
        if (!is_ready(core, job, &core->deadline))
            continue;
        wanted[bucket] = any = true;
        urgent[bucket] = urgent[bucket] || high;
        any_urgent = any_urgent || high;
    }
    any = any || core->token.wanted;
    any_urgent = any_urgent || core->token.wanted;
    if (!any || core->token.phase == TOKEN_ASKED)
        return;
    if (paused) {
        core->deadline = core->upstream.paused_until;
        return;
    }
    if (core->token.phase == TOKEN_NONE) {
        if (core->token.not_before > core->now)
            core->deadline = releve_earlier(core->deadline, core->token.not_before);
        else
            ask(core, core->options.token_bucket, any_urgent);
        return;
    }
    /* In turn, so that with few slots one bucket does not take them all. */
    for (unsigned i = 0; i < core->options.buckets_count; i++) {
        unsigned index = (unsigned)((core->turn + i) % core->options.buckets_count);
        if (wanted[index])
            ask(core, index, urgent[index]);
    }
}
