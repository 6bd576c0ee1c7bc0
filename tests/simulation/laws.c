/* See laws.h. Law 1 is checked by the gateway (upstream_model.c), law 4 by the store (results.c). */
#include "laws.h"
#include <releve/memory.h>
#include <string.h>

#define CHUNKS_WATCHED_MAX (3 * RELEVE_CONCURRENCY_MAX)
#define RETURNS_IN_A_ROW_MAX (30 + RELEVE_CONCURRENCY_MAX)
#define END_WAITS_MS (3 * RELEVE_HOUR_MS) /* a refused end is not asked again before, or before 08:30 */

struct watched {
    const void *chunk; /* NULL: free */
    uint64_t permit;
    bool claimed, sent, storing, inquires;
    size_t job;
    unsigned point;
    enum releve_kind kind;
    struct releve_span wanted, asked;
    int64_t chosen_us; /* when its claim was asked for */
    int64_t claimed_us;
    releve_day *whole; /* days that its last answer brought whole, ascending */
    size_t whole_count;
};

/* The usage point, the direction or the kind is refused or not there. */
struct closing {
    int64_t since_us;
    releve_time until;
};

struct watch {
    struct watched chunks[CHUNKS_WATCHED_MAX];
    unsigned storing, returns_in_a_row;
    uint64_t granted, sent, unreached, returned; /* permits */
    size_t series_count;
    uint8_t **seen; /* as store.days: days that this runtime was told are final */
    /* What upstream refused in this life. */
    releve_day end_refused;
    int64_t end_refused_us;
    releve_time end_refused_until;
    bool too_long[RELEVE_MEASURES];
    int64_t too_long_us[RELEVE_MEASURES];
    struct closing *closings; /* of each series */
};

struct watch *laws_watch_new(const struct simulation *simulation)
{
    struct watch *watch = releve_alloc(1, sizeof *watch);
    watch->series_count = (size_t)simulation->scenario.points * RELEVE_MEASURES;
    watch->seen = releve_alloc(watch->series_count, sizeof *watch->seen);
    watch->closings = releve_alloc(watch->series_count, sizeof *watch->closings);
    watch->end_refused = RELEVE_DAY_NONE;
    return watch;
}

void laws_watch_free(struct watch *watch)
{
    for (size_t i = 0; i < CHUNKS_WATCHED_MAX; i++)
        free(watch->chunks[i].whole);
    for (size_t i = 0; i < watch->series_count; i++)
        free(watch->seen[i]);
    free(watch->seen);
    free(watch->closings);
    free(watch);
}

static struct watched *find(const struct worker *worker, const void *chunk)
{
    for (size_t i = 0; i < CHUNKS_WATCHED_MAX; i++)
        if (worker->watch->chunks[i].chunk == chunk)
            return &worker->watch->chunks[i];
    abort(); /* the table is larger than what can be under way; and what ends was begun */
}

static void forget(struct watched *watched)
{
    free(watched->whole);
    *watched = (struct watched){0};
}

/* --- law 2: nothing that is known is asked again ----------------------------------------------------- */

static uint8_t *seen_days(struct worker *worker, unsigned point, enum releve_kind kind)
{
    uint8_t **seen = &worker->watch->seen[(size_t)point * RELEVE_MEASURES + kind];
    if (*seen == NULL)
        *seen = releve_alloc((size_t)worker->simulation->store.days_count, 1);
    return *seen;
}

void laws_note_known(struct worker *worker, const struct releve_job *job, const struct releve_coverage *coverage)
{
    const struct store *store = &worker->simulation->store;
    unsigned point = worker_point(worker, job->prm);
    uint8_t *seen = seen_days(worker, point, job->kind);
    for (releve_day day = coverage->span.first; day < coverage->span.end; day++)
        if (releve_coverage_get(coverage, day) != RELEVE_DAY_MISSING && store_is_final(store, point, job->kind, day))
            seen[day - store->first_day] = 1;
}

void laws_note_put(struct worker *worker, unsigned point, enum releve_kind kind, const struct releve_day_entry *entries,
                   size_t count)
{
    uint8_t *seen = seen_days(worker, point, kind);
    for (size_t i = 0; i < count; i++)
        if (entries[i].recheck_after == RELEVE_TIME_NEVER)
            seen[entries[i].day - worker->simulation->store.first_day] = 1;
}

void laws_note_lost(struct worker *worker, unsigned point, enum releve_kind kind, releve_day day)
{
    seen_days(worker, point, kind)[day - worker->simulation->store.first_day] = 0;
}

/* One process that hears all, and whose every word is kept. */
static bool is_exact(const struct scenario *scenario)
{
    return scenario->workers == 1 && scenario->crash_us == 0 && scenario->drain_us == 0 && scenario->redis_cut == 0 &&
           scenario->redis_error == 0;
}

static bool is_known(struct worker *worker, const struct watched *chunk, releve_day day)
{
    const struct store *store = &worker->simulation->store;
    const struct scenario *scenario = &worker->simulation->scenario;
    if (is_exact(scenario))
        return store_is_final(store, chunk->point, chunk->kind, day);
    return seen_days(worker, chunk->point, chunk->kind)[day - store->first_day] != 0;
}

/* A search may begin anywhere; and what begins too early since midnight is searched. */
static bool may_search(const struct worker *worker, const struct watched *chunk)
{
    const struct simulation *simulation = worker->simulation;
    const struct usage_direction *direction = upstream_direction(&simulation->upstream, chunk->point, chunk->kind);
    bool searches = direction->activation != RELEVE_DAY_NONE || direction->consent != RELEVE_DAY_NONE ||
                    direction->absent_until > 0 || simulation->scenario.history_short_days > 0;
    releve_day today = upstream_today(&simulation->upstream);
    for (size_t i = 0; i < worker->jobs_count && !searches; i++) {
        const struct job_record *job = &simulation->store.jobs[worker->jobs[i]];
        searches = job->point == chunk->point && job->wish.kind == chunk->kind && job->begun_today != today;
    }
    return searches;
}

/* What the plan is about reaches from one unknown day to another. What comes along costs nothing. */
static void check_thrift(struct worker *worker, const struct watched *chunk)
{
    const struct simulation *simulation = worker->simulation;
    if (simulation->store.refreshed[(size_t)chunk->point * RELEVE_MEASURES + chunk->kind])
        return;
    struct releve_span span = chunk->wanted;
    bool first = is_known(worker, chunk, span.first), last = is_known(worker, chunk, span.end - 1);
    if (last || (first && !may_search(worker, chunk)))
        world_break(&worker->simulation->world,
                    "law 2 (thrift): worker %u asks for [%d, %d[ of point %u, kind %d: %s known", worker->index,
                    span.first, span.end, chunk->point, (int)chunk->kind,
                    first && last ? "both ends are"
                    : first       ? "the first day is"
                                  : "the last day is");
}

/* Two workers never ask for the same days at the same moment, while both claims last. */
static void check_alone(struct worker *worker, const struct watched *chunk)
{
    struct simulation *simulation = worker->simulation;
    if (simulation->replication.failovers > 0)
        return; /* a claim may be lost: it is not waited for */
    for (unsigned i = 0; i < simulation->scenario.workers; i++) {
        const struct worker *other = simulation->workers[i];
        for (size_t j = 0; other != worker && other->alive && j < CHUNKS_WATCHED_MAX; j++) {
            const struct watched *theirs = &other->watch->chunks[j];
            bool lasts = simulation->world.now_us - theirs->claimed_us < RELEVE_CLAIM_LIFE_MS * 1000;
            if (theirs->sent && lasts && theirs->point == chunk->point && theirs->kind == chunk->kind &&
                releve_span_days(releve_span_cut(theirs->wanted, chunk->wanted)) > 0)
                world_break(&simulation->world,
                            "law 2 (thrift): workers %u and %u ask for the same days of point %u, kind %d at once",
                            worker->index, other->index, chunk->point, (int)chunk->kind);
        }
    }
}

/* --- law 2: nothing that is refused is asked again ---------------------------------------------------- */

static struct closing *closing_of(const struct worker *worker, unsigned point, enum releve_kind kind)
{
    return &worker->watch->closings[(size_t)point * RELEVE_MEASURES + kind];
}

/* What was learned keeps jobs that are looked up later from asking; where Redis did not keep it, nothing does. */
static void check_refusals(struct worker *worker, const struct releve_job *job, const struct watched *chunk)
{
    struct simulation *simulation = worker->simulation;
    const struct closing *closing = closing_of(worker, chunk->point, chunk->kind);
    if (!job->refresh && simulation->scenario.redis_error == 0 && simulation->replication.failovers == 0 &&
        simulation->store.jobs[chunk->job].looked_up_us > closing->since_us &&
        upstream_civil(&simulation->upstream) < closing->until)
        world_break(&simulation->world,
                    "law 2 (thrift): worker %u asks for [%d, %d[ of point %u, kind %d in job %zu: that is refused",
                    worker->index, chunk->wanted.first, chunk->wanted.end, chunk->point, (int)chunk->kind, chunk->job);
}

/* `end` and length: what had been chosen before the refusal was heard may still leave. */
static void check_range(struct worker *worker, const struct watched *chunk)
{
    struct simulation *simulation = worker->simulation;
    const struct watch *watch = worker->watch;
    if (chunk->asked.end == watch->end_refused && chunk->chosen_us > watch->end_refused_us &&
        upstream_civil(&simulation->upstream) < watch->end_refused_until)
        world_break(&simulation->world, "law 2 (thrift): worker %u asks for an end that is too recent again",
                    worker->index);
    if (watch->too_long[chunk->kind] && chunk->chosen_us > watch->too_long_us[chunk->kind] &&
        releve_span_days(chunk->asked) == releve_kind_facts(chunk->kind)->call_days_max)
        world_break(&simulation->world, "law 2 (thrift): worker %u asks for a range that is too long again",
                    worker->index);
}

static void note_refused_range(struct worker *worker, const struct watched *chunk, enum releve_verdict verdict)
{
    struct watch *watch = worker->watch;
    releve_time civil = upstream_civil(&worker->simulation->upstream);
    if (verdict == RELEVE_TOO_LONG) {
        watch->too_long[chunk->kind] = true;
        watch->too_long_us[chunk->kind] = worker->simulation->world.now_us;
    }
    if (verdict != RELEVE_END_TOO_RECENT)
        return;
    releve_time morning = releve_paris_midnight(releve_paris_day(civil)) + RELEVE_PUBLISHED_MINUTE * RELEVE_MINUTE_MS;
    watch->end_refused = chunk->asked.end;
    watch->end_refused_us = worker->simulation->world.now_us;
    watch->end_refused_until = civil + END_WAITS_MS;
    if (civil < morning && morning < watch->end_refused_until)
        watch->end_refused_until = morning;
}

/* --- law 3: what was learned is so, of that direction -------------------------------------------------- */

static bool is_true_floor(const struct releve_floor *floor, releve_day latest, releve_day earliest)
{
    return (floor->after == RELEVE_DAY_NONE || floor->after < latest) &&
           (floor->first == RELEVE_DAY_NONE || floor->first >= earliest);
}

static bool is_told(const struct upstream *upstream, unsigned point, const struct releve_lesson *lesson,
                    releve_time civil)
{
    enum releve_direction which = releve_kind_facts(lesson->kind)->direction;
    return upstream_told(upstream, point, which, civil) == lesson->floor.first;
}

static bool is_true(const struct worker *worker, unsigned point, const struct releve_lesson *lesson)
{
    const struct upstream *upstream = &worker->simulation->upstream;
    const struct usage_point *it = &upstream->points[point];
    const struct usage_direction *direction = upstream_direction(upstream, point, lesson->kind);
    bool corrected = direction->corrected_at != RELEVE_TIME_NEVER;
    releve_time civil = upstream_civil(upstream);
    /* Before it was corrected, or since. */
    bool told = is_told(upstream, point, lesson, civil) ||
                is_told(upstream, point, lesson, worker->simulation->scenario.civil_ms);
    releve_day earliest = corrected ? direction->corrected : direction->activation;
    switch (lesson->type) {
    case RELEVE_LESSON_ACTIVATION: /* what was told stands beside what days have shown */
        return is_true_floor(&lesson->floor,
                             direction->absent_until > 0 ? upstream_today(upstream) : direction->activation,
                             told && lesson->floor.first < earliest ? lesson->floor.first : earliest);
    case RELEVE_LESSON_TOLD:
        return lesson->floor.after + 1 == lesson->floor.first && told;
    case RELEVE_LESSON_CONSENT:
        return is_true_floor(&lesson->floor, direction->consent, direction->consent);
    case RELEVE_LESSON_REFUSED:
        return direction->refused;
    case RELEVE_LESSON_ABSENT: /* a minute: what answers take, and midnight */
        return upstream_was_absent(upstream, point, lesson->kind, civil - RELEVE_MINUTE_MS);
    case RELEVE_LESSON_NO_KIND:
        return (it->kinds & RELEVE_KIND_BIT(lesson->kind)) == 0;
    case RELEVE_LESSON_UNKNOWN:
        return it->unknown;
    case RELEVE_LESSON_REFUTED:
        return !direction->refused && !it->unknown; /* that it lacks the kind is a lesson of its own */
    }
    return false;
}

static void close_series(struct worker *worker, unsigned point, const struct releve_lesson *lesson)
{
    enum releve_direction direction = releve_kind_facts(lesson->kind)->direction;
    releve_time civil = upstream_civil(&worker->simulation->upstream), until = 0;
    if (lesson->type == RELEVE_LESSON_REFUSED || lesson->type == RELEVE_LESSON_UNKNOWN)
        until = civil + RELEVE_REFUSAL_HOLDS_MS;
    else if (lesson->type == RELEVE_LESSON_ABSENT)
        until = civil + releve_direction_absent_ms(direction);
    else if (lesson->type == RELEVE_LESSON_NO_KIND)
        until = civil + RELEVE_ABSENCE_HOLDS_MS;
    else if (lesson->type != RELEVE_LESSON_REFUTED)
        return;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        bool concerned = lesson->type == RELEVE_LESSON_UNKNOWN || kind == lesson->kind ||
                         (lesson->type != RELEVE_LESSON_NO_KIND && releve_kind_facts(kind)->direction == direction);
        for (unsigned i = 0; concerned && i < worker->simulation->scenario.workers; i++) {
            const struct worker *other = worker->simulation->workers[i];
            bool hears = other == worker || (lesson->type == RELEVE_LESSON_REFUTED && other->watch != NULL);
            if (hears) /* what somebody refutes, nobody has to believe */
                *closing_of(other, point, kind) = (struct closing){worker->simulation->world.now_us, until};
        }
    }
}

void laws_check_lesson(struct worker *worker, unsigned point, const struct releve_lesson *lesson)
{
    if (!is_true(worker, point, lesson))
        world_break(&worker->simulation->world,
                    "law 3 (truth): worker %u learns of point %u, kind %d what is not so (lesson %d: after %d, first "
                    "%d)",
                    worker->index, point, (int)lesson->kind, (int)lesson->type, lesson->floor.after,
                    lesson->floor.first);
    close_series(worker, point, lesson);
}

/* What was accepted is not "before the activation" for a job that begins later. Exact where nothing gets lost. */
static void note_reach(struct worker *worker, const struct watched *chunk, enum releve_verdict verdict)
{
    releve_day *reach =
        &worker->simulation->store.points[chunk->point].reach[releve_kind_facts(chunk->kind)->direction];
    bool accepted = verdict == RELEVE_DATA || verdict == RELEVE_NO_DATA;
    bool refused = verdict == RELEVE_BEFORE_ACTIVATION || verdict == RELEVE_BEFORE_CONSENT;
    if (!is_exact(&worker->simulation->scenario))
        return;
    if (accepted && (*reach == RELEVE_DAY_NONE || chunk->asked.first < *reach))
        *reach = chunk->asked.first;
    else if (refused && chunk->asked.first >= *reach)
        *reach = RELEVE_DAY_NONE;
}

/* --- what is under way ------------------------------------------------------------------------------- */

void laws_check_claim(struct worker *worker, const void *chunk, const struct releve_job *job, struct releve_span span,
                      uint64_t permit)
{
    for (size_t i = 0; i < CHUNKS_WATCHED_MAX; i++)
        if (worker->watch->chunks[i].chunk == chunk)
            world_break(&worker->simulation->world, "law 6 (bounds): a chunk is claimed while it is under way");
    struct watched *watched = find(worker, NULL);
    *watched = (struct watched){
        .chunk = chunk,
        .permit = permit,
        .job = store_job_of(&worker->simulation->store, job),
        .point = worker_point(worker, job->prm),
        .kind = job->kind,
        .wanted = span,
        .chosen_us = worker->simulation->world.now_us,
    };
    worker->watch->returns_in_a_row = 0;
    check_refusals(worker, job, watched);
}

void laws_note_claimed(struct worker *worker, const void *chunk, bool granted, int64_t at_us)
{
    struct watched *watched = find(worker, chunk);
    watched->claimed = granted;
    watched->claimed_us = at_us;
    if (!granted)
        forget(watched);
}

void laws_note_unclaim(struct worker *worker, uint64_t permit)
{
    for (size_t i = 0; i < CHUNKS_WATCHED_MAX; i++)
        if (worker->watch->chunks[i].chunk != NULL && worker->watch->chunks[i].permit == permit)
            forget(&worker->watch->chunks[i]);
}

static void check_days(struct worker *worker, const struct watched *watched, const struct upstream_request *request)
{
    const struct simulation *simulation = worker->simulation;
    if (worker_point(worker, simulation->upstream.points[request->point].prm) != watched->point ||
        request->kind != watched->kind || request->span.first > watched->wanted.first ||
        request->span.end < watched->wanted.end)
        world_break(&worker->simulation->world, "law 2 (thrift): worker %u sends other days than it has claimed",
                    worker->index);
    check_thrift(worker, watched);
    check_range(worker, watched);
    check_alone(worker, watched);
}

void laws_check_send(struct worker *worker, const void *chunk, const struct upstream_request *request)
{
    struct simulation *simulation = worker->simulation;
    struct watched *watched = find(worker, chunk);
    watched->asked = request->span;
    watched->inquires = request->inquiry;
    world_tell(&simulation->world, "worker %u: job %zu asks for point %u, kind %d, [%d, %d[%s", worker->index,
               watched->job, watched->point, (int)watched->kind, request->span.first, request->span.end,
               request->inquiry ? ": when it was activated" : "");
    if (!watched->claimed || watched->sent || watched->storing)
        world_break(&simulation->world, "law 2 (thrift): worker %u sends what it has not claimed", worker->index);
    if (!request->inquiry)
        check_days(worker, watched, request);
    if (worker->draining && simulation->world.now_us > worker->drained_us)
        world_break(&simulation->world, "drain: worker %u sends a new request", worker->index);
    watched->sent = true;
    simulation->store.jobs[watched->job].sends += !request->inquiry;
    simulation->store.jobs[watched->job].inquiries += request->inquiry;
    worker->watch->returns_in_a_row = 0;
}

/* A request must be over before its permit ages out, and is not sent where it cannot be. */
void laws_check_deadline(struct worker *worker, const void *chunk, const struct upstream_request *request,
                         releve_time deadline)
{
    struct world *world = &worker->simulation->world;
    releve_time asked_at = request->token_request ? worker_store_last_asked_at(worker->store, request->bucket)
                                                  : worker_store_asked_at(worker->store, find(worker, chunk)->permit);
    bool counts = worker->simulation->scenario.quota.windows_count > 0; /* else there are no permits to speak of */
    worker->watch->sent++;
    if (counts && deadline > asked_at + RELEVE_PERMIT_LIFE_MS - RELEVE_PERMIT_SLACK_MS)
        world_break(world, "law 1 (quota): worker %u lets a request run %lld ms beyond its permit", worker->index,
                    (long long)(deadline - asked_at - RELEVE_PERMIT_LIFE_MS + RELEVE_PERMIT_SLACK_MS));
    if (deadline - worker_now(worker) < RELEVE_TRANSFER_TIMEOUT_MIN_MS ||
        deadline - worker_now(worker) > RELEVE_TRANSFER_TIMEOUT_MS)
        world_break(world, "law 6 (bounds): worker %u gives a request %lld ms", worker->index,
                    (long long)(deadline - worker_now(worker)));
}

void laws_note_answer(struct worker *worker, const void *chunk, const struct releve_answer *answer)
{
    struct watched *watched = find(worker, chunk);
    watched->sent = false;
    if (watched->inquires)
        return; /* its claim goes now */
    note_refused_range(worker, watched, answer->verdict);
    note_reach(worker, watched, answer->verdict);
    if (answer->verdict != RELEVE_DATA && answer->verdict != RELEVE_NO_DATA) {
        forget(watched);
        return;
    }
    watched->whole = releve_alloc(answer->readings_count, sizeof *watched->whole);
    for (size_t i = 0; i < answer->readings_count; i++)
        if (answer->readings[i].complete)
            watched->whole[watched->whole_count++] = answer->readings[i].day;
}

/* --- law 3: what is stored is what was said ---------------------------------------------------------- */

static void check_entry(struct worker *worker, const struct watched *chunk, const struct releve_day_entry *entry)
{
    struct simulation *simulation = worker->simulation;
    const struct upstream *upstream = &simulation->upstream;
    releve_time civil = upstream_civil(upstream);
    bool recent = entry->day >= upstream_today(upstream) - RELEVE_SETTLED_DAYS;
    const struct releve_reading *reading = entry->reading;
    bool right = releve_span_has(chunk->asked, entry->day);
    if (reading != NULL)
        right = right && reading->day == entry->day &&
                reading->value == upstream_value(upstream, chunk->point, chunk->kind, entry->day) &&
                entry->state == (reading->complete ? RELEVE_DAY_COMPLETE : RELEVE_DAY_PARTIAL);
    else
        right = right && entry->state == (recent ? RELEVE_DAY_PENDING : RELEVE_DAY_HOLE);
    bool again = recent && entry->state != RELEVE_DAY_COMPLETE;
    releve_time latest = releve_paris_midnight(entry->day + RELEVE_SETTLED_DAYS + RELEVE_SETTLED_TOGETHER_DAYS + 1);
    right = right && (again ? entry->recheck_after > civil && entry->recheck_after < latest
                            : entry->recheck_after == RELEVE_TIME_NEVER);
    bool forgets = upstream->points[chunk->point].forgetful;
    if (entry->state == RELEVE_DAY_HOLE && !forgets)
        right = right && upstream_day(upstream, chunk->point, chunk->kind, entry->day, civil) == RELEVE_DAY_HOLE;
    if (!right)
        world_break(&simulation->world, "law 3 (truth): worker %u stores day %d of point %u, kind %d as %c",
                    worker->index, entry->day, chunk->point, (int)chunk->kind, (char)entry->state);
}

/* Every whole day that came is kept. */
static void check_nothing_lost(struct worker *worker, const struct watched *chunk, const struct releve_day_batch *batch)
{
    size_t next = 0;
    for (size_t i = 0; i < chunk->whole_count; i++) {
        while (next < batch->count && batch->entries[next].day < chunk->whole[i])
            next++;
        if (next == batch->count || batch->entries[next].day != chunk->whole[i])
            world_break(&worker->simulation->world, "law 3 (truth): worker %u loses day %d", worker->index,
                        chunk->whole[i]);
    }
}

void laws_check_put(struct worker *worker, const void *chunk, const struct releve_day_batch *batch)
{
    struct watched *watched = find(worker, chunk);
    for (size_t i = 0; i < batch->count; i++)
        check_entry(worker, watched, &batch->entries[i]);
    check_nothing_lost(worker, watched, batch);
    watched->storing = true;
    if (++worker->watch->storing > 2 * worker->simulation->scenario.concurrency + RELEVE_LATE_ANSWERS_MAX)
        world_break(&worker->simulation->world, "law 6 (bounds): %u answers wait for the store",
                    worker->watch->storing);
}

/* What Redis refused is written again, or given up by a worker that drains. */
void laws_note_stored(struct worker *worker, const void *chunk, bool stored)
{
    struct watched *watched = find(worker, chunk);
    worker->watch->storing--;
    watched->storing = false;
    if (stored)
        forget(watched);
}

/* --- permits ----------------------------------------------------------------------------------------- */

void laws_check_return(struct worker *worker)
{
    worker->simulation->returned++;
    worker->watch->returned++;
    if (++worker->watch->returns_in_a_row > RETURNS_IN_A_ROW_MAX)
        world_break(&worker->simulation->world, "liveness: worker %u asks for permits and gives each back",
                    worker->index);
}

void laws_note_grant(struct worker *worker)
{
    worker->watch->granted++;
}

void laws_note_unreached(struct worker *worker)
{
    worker->watch->unreached++;
}

/* Every permit was sent or returned, and one whose request did not leave was returned too; nothing is under way, and no
 * claim is left (but where Redis refused to end it). */
void laws_check_idle(struct worker *worker)
{
    struct simulation *simulation = worker->simulation;
    const struct watch *watch = worker->watch;
    struct world *world = &simulation->world;
    if (!worker_store_is_quiet(worker->store) || worker_transport_in_flight(worker->transport) > 0)
        world_break(world, "idle: worker %u has something under way", worker->index);
    bool counts = simulation->scenario.quota.windows_count > 0;
    if (counts && watch->granted != watch->sent - watch->unreached + watch->returned)
        world_break(world,
                    "law 1 (quota): worker %u had %llu permits, sent %llu requests of which %llu did not leave, and "
                    "returned %llu",
                    worker->index, (unsigned long long)watch->granted, (unsigned long long)watch->sent,
                    (unsigned long long)watch->unreached, (unsigned long long)watch->returned);
    if (releve_runtime_look(worker->runtime).requests != watch->sent)
        world_break(world, "law 4 (delivery): worker %u counts %llu requests, it sent %llu", worker->index,
                    (unsigned long long)releve_runtime_look(worker->runtime).requests, (unsigned long long)watch->sent);
    for (size_t i = 0; i < CHUNKS_WATCHED_MAX && simulation->scenario.redis_error == 0; i++)
        if (watch->chunks[i].chunk != NULL)
            world_break(world, "law 2 (thrift): worker %u is idle and holds a claim", worker->index);
}

void laws_check_close(struct worker *worker, releve_time wait_ms)
{
    if (wait_ms <= 0 || wait_ms > RELEVE_CLOSED_MAX_MS + RELEVE_CLOSED_MARGIN_MS)
        world_break(&worker->simulation->world, "law 6 (bounds): a bucket is closed for %lld ms", (long long)wait_ms);
}
