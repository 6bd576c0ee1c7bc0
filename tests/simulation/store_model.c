/* Days, facts and the queue; what a result has to fulfil is in results.c. */
#include "replication.h"
#include "results.h"
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_BEFORE 1140 /* what any history can reach, before the first day */
#define DAYS_AFTER 400   /* the run may last so long */

static void *zeros(size_t count, size_t bytes)
{
    void *memory = calloc(count > 0 ? count : 1, bytes);
    if (memory == NULL)
        abort();
    return memory;
}

void store_open(struct store *store, struct world *world, const struct scenario *scenario,
                const struct upstream *upstream)
{
    *store = (struct store){.world = world, .scenario = scenario, .upstream = upstream};
    store->first_day = upstream_today(upstream) - DAYS_BEFORE;
    store->days_count = DAYS_BEFORE + scenario->duty.days + DAYS_AFTER;
    store->days = zeros((size_t)scenario->points * RELEVE_MEASURES, sizeof *store->days);
    store->refreshed = zeros((size_t)scenario->points * RELEVE_MEASURES, sizeof *store->refreshed);
    store->last_jobs = zeros((size_t)scenario->points * RELEVE_MEASURES, sizeof *store->last_jobs);
    store->points = zeros(scenario->points, sizeof *store->points);
    for (unsigned i = 0; i < scenario->points; i++)
        for (int d = 0; d < RELEVE_DIRECTIONS; d++) {
            store->points[i].directions[d].activation = store->points[i].directions[d].consent = RELEVE_FLOOR_UNKNOWN;
            store->points[i].reach[d] = RELEVE_DAY_NONE;
        }
}

void store_close(struct store *store)
{
    for (size_t i = 0; i < (size_t)store->scenario->points * RELEVE_MEASURES; i++)
        free(store->days[i]);
    for (int i = 0; i < RELEVE_CLASSES; i++)
        free(store->queues[i]);
    free(store->days);
    free(store->refreshed);
    free(store->last_jobs);
    free(store->points);
    free(store->jobs);
    free(store->claims);
}

/* --- the queue -------------------------------------------------------------------------------------- */

size_t store_add_job(struct store *store, unsigned point, const struct releve_job *wish)
{
    if (store->jobs_count == store->jobs_capacity) {
        store->jobs_capacity = store->jobs_capacity == 0 ? 64 : store->jobs_capacity * 2;
        store->jobs = realloc(store->jobs, store->jobs_capacity * sizeof *store->jobs);
        if (store->jobs == NULL)
            abort();
    }
    size_t number = store->jobs_count++;
    struct job_record *job = &store->jobs[number];
    memset(job, 0, sizeof *job);
    job->wish = *wish;
    job->point = point;
    (void)snprintf(job->wish.id, sizeof job->wish.id, "%zu", number);
    return number;
}

size_t store_job_of(const struct store *store, const struct releve_job *job)
{
    size_t number = (size_t)strtoul(job->id, NULL, 10);
    assert(number < store->jobs_count);
    (void)store;
    return number;
}

static bool is_empty(const struct store *store, int class_)
{
    return store->heads[class_] == store->tails[class_];
}

/* Rings that grow: one slot stays free. */
static void grow_queues(struct store *store)
{
    size_t old = store->queue_capacity, capacity = old == 0 ? 1024 : old * 2;
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        size_t *ring = zeros(capacity, sizeof *ring), count = 0;
        for (; !is_empty(store, i); store->heads[i] = (store->heads[i] + 1) % old)
            ring[count++] = store->queues[i][store->heads[i]];
        free(store->queues[i]);
        store->queues[i] = ring;
        store->heads[i] = 0;
        store->tails[i] = count;
    }
    store->queue_capacity = capacity;
}

void store_enqueue(struct store *store, size_t number, bool in_front)
{
    struct job_record *job = &store->jobs[number];
    int i = (int)job->wish.class_;
    if (store->queue_capacity == 0 || (store->tails[i] + 1) % store->queue_capacity == store->heads[i])
        grow_queues(store);
    if (job->place == JOB_ENDED)
        return;
    job->place = JOB_QUEUED;
    if (in_front) {
        store->heads[i] = (store->heads[i] + store->queue_capacity - 1) % store->queue_capacity;
        store->queues[i][store->heads[i]] = number;
    } else {
        store->queues[i][store->tails[i]] = number;
        store->tails[i] = (store->tails[i] + 1) % store->queue_capacity;
    }
    if (!store->on_jobs_planned)
        world_at(store->world, store->world->now_us, store->on_jobs, store->on_jobs_owner, NULL, false);
    store->on_jobs_planned = true;
}

bool store_take(struct store *store, struct releve_job *job)
{
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        if (is_empty(store, i))
            continue;
        struct job_record *record = &store->jobs[store->queues[i][store->heads[i]]];
        store->heads[i] = (store->heads[i] + 1) % store->queue_capacity;
        if (record->place == JOB_ENDED) { /* what its dead worker had sent came through after all */
            i--;
            continue;
        }
        struct write *write = replication_note(store->replication, REPLICATION_QUEUE_SHARD, WRITE_TAKE);
        if (write != NULL)
            write->job = (size_t)(record - store->jobs);
        record->place = JOB_TAKEN;
        record->in_flight = 0;
        record->sends = record->inquiries = 0;
        if (record->taken++ == 0)
            record->taken_civil = upstream_civil(store->upstream);
        *job = record->wish;
        return true;
    }
    return false;
}

/* --- days ------------------------------------------------------------------------------------------- */

static struct day_record *record_of(const struct store *store, unsigned point, enum releve_kind kind, releve_day day)
{
    struct day_record *records = store->days[(size_t)point * RELEVE_MEASURES + kind];
    assert(day >= store->first_day && day < store->first_day + store->days_count);
    return records == NULL ? NULL : &records[day - store->first_day];
}

static struct day_record *make_record(struct store *store, unsigned point, enum releve_kind kind, releve_day day)
{
    struct day_record **records = &store->days[(size_t)point * RELEVE_MEASURES + kind];
    if (*records == NULL)
        *records = zeros((size_t)store->days_count, sizeof **records);
    return record_of(store, point, kind, day);
}

/* As span.lua does it: what may be asked again counts as missing. */
enum releve_day_state store_day(const struct store *store, unsigned point, enum releve_kind kind, releve_day day)
{
    const struct day_record *record = record_of(store, point, kind, day);
    if (record == NULL || record->state == 0 || record->recheck_after < upstream_civil(store->upstream))
        return RELEVE_DAY_MISSING;
    return (enum releve_day_state)record->state;
}

bool store_is_final(const struct store *store, unsigned point, enum releve_kind kind, releve_day day)
{
    const struct day_record *record = record_of(store, point, kind, day);
    return record != NULL && record->state != 0 && record->recheck_after == RELEVE_TIME_NEVER;
}

void store_know(struct store *store, unsigned point, enum releve_kind kind, releve_day day)
{
    releve_day today = upstream_today(store->upstream);
    enum releve_day_state truth = upstream_day(store->upstream, point, kind, day, upstream_civil(store->upstream));
    bool settled = day < today - RELEVE_SETTLED_DAYS;
    const struct usage_point *it = &store->upstream->points[point];
    const struct usage_direction *direction = upstream_direction(store->upstream, point, kind);
    if (it->unknown || direction->refused || direction->absent_until > 0 || (it->kinds & RELEVE_KIND_BIT(kind)) == 0 ||
        truth == RELEVE_DAY_MISSING || (!settled && truth != RELEVE_DAY_COMPLETE) ||
        day < upstream_first_day(store->upstream, point, kind, today))
        return;
    *make_record(store, point, kind, day) = (struct day_record){(char)truth, RELEVE_TIME_NEVER, 0, 0};
}

static struct write *note(struct store *store, unsigned point, enum write_type type)
{
    struct write *write =
        replication_note(store->replication, replication_shard_of_point(store->replication, point), type);
    if (write != NULL)
        write->point = point;
    return write;
}

static int worth(char state)
{
    return state == RELEVE_DAY_COMPLETE ? 2 : state == RELEVE_DAY_PARTIAL ? 1 : 0;
}

/* As put_days.lua: a better day is not replaced by a worse one. Only requests that were under way together may bring
 * both; where nobody else asks and nothing gets lost, a day that was complete before is not asked again. */
static void put(struct store *store, struct day_record *record, const struct releve_day_entry *entry)
{
    bool exact = store->scenario->workers == 1 && store->scenario->crash_us == 0;
    bool better = worth(record->state) > worth((char)entry->state);
    if (exact && better && record->state == RELEVE_DAY_COMPLETE &&
        store->world->now_us - record->put_us > RELEVE_PERMIT_LIFE_MS * 1000)
        world_break(store->world, "law 3 (truth): day %d was complete and becomes %c", entry->day, (char)entry->state);
    store->days_stored++;
    if (!better)
        *record = (struct day_record){(char)entry->state, entry->recheck_after, store->world->now_us, 0};
    else if (record->recheck_after != RELEVE_TIME_NEVER)
        record->recheck_after = entry->recheck_after;
}

void store_put(struct store *store, unsigned point, enum releve_kind kind, const struct releve_day_entry *entries,
               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct day_record *record = make_record(store, point, kind, entries[i].day);
        struct write *write = note(store, point, WRITE_DAY);
        if (write != NULL) {
            write->kind = kind;
            write->day = entries[i].day;
            write->record = *record;
            record->owed = 0;
        }
        put(store, record, &entries[i]);
    }
}

/* --- claims ------------------------------------------------------------------------------------------ */

#define CLAIM_LIFE_US (RELEVE_CLAIM_LIFE_MS * 1000)

void store_unclaim(struct store *store, uint64_t name)
{
    for (size_t i = store->claims_count; i-- > 0;)
        if (store->claims[i].name == name) {
            struct write *write = note(store, store->claims[i].point, WRITE_UNCLAIM);
            if (write != NULL)
                write->claim = store->claims[i];
            store->claims[i] = store->claims[--store->claims_count];
        }
}

static void add_claim(struct store *store, const struct claim_record *claim)
{
    if (store->claims_count == store->claims_capacity) {
        store->claims_capacity = store->claims_capacity == 0 ? 64 : store->claims_capacity * 2;
        store->claims = releve_realloc(store->claims, store->claims_capacity * sizeof *store->claims);
    }
    store->claims[store->claims_count++] = *claim;
}

static bool is_of_one_process(uint64_t name, uint64_t other)
{
    return name >> STORE_PROCESS_SHIFT == other >> STORE_PROCESS_SHIFT;
}

/* Claims that have run out are forgotten. A process minds its own chunks itself: one may reach over another's days. */
static bool is_busy(struct store *store, unsigned point, enum releve_kind kind, struct releve_span span, uint64_t name)
{
    bool busy = false;
    for (size_t i = store->claims_count; i-- > 0;) {
        const struct claim_record *claim = &store->claims[i];
        if (claim->until_us <= store->world->now_us)
            store->claims[i] = store->claims[--store->claims_count];
        else if (claim->point == point && claim->kind == kind && !is_of_one_process(claim->name, name))
            busy = busy || releve_span_days(releve_span_cut(claim->span, span)) > 0;
    }
    return busy;
}

static bool is_known(const struct store *store, unsigned point, enum releve_kind kind, struct releve_span span,
                     enum releve_claim_ends ends)
{
    bool first = store_day(store, point, kind, span.first) != RELEVE_DAY_MISSING;
    bool last = store_day(store, point, kind, span.end - 1) != RELEVE_DAY_MISSING;
    return (ends == RELEVE_CLAIM_BOTH_MISSING && first) || (ends != RELEVE_CLAIM_ANY && last);
}

enum releve_claim store_claim(struct store *store, unsigned point, enum releve_kind kind, struct releve_span span,
                              enum releve_claim_ends ends, uint64_t name, struct releve_coverage *coverage)
{
    releve_coverage_init(coverage, span);
    enum releve_claim claim = is_busy(store, point, kind, span, name)    ? RELEVE_CLAIM_BUSY
                              : is_known(store, point, kind, span, ends) ? RELEVE_CLAIM_KNOWN
                                                                         : RELEVE_CLAIM_GRANTED;
    for (releve_day day = span.first; claim != RELEVE_CLAIM_GRANTED && day < span.end; day++)
        releve_coverage_set(coverage, day, store_day(store, point, kind, day));
    if (claim != RELEVE_CLAIM_GRANTED)
        return claim;
    store_unclaim(store, name);
    struct write *write = note(store, point, WRITE_CLAIM);
    if (write != NULL)
        write->number = name;
    add_claim(store, &(struct claim_record){point, kind, span, name, store->world->now_us + CLAIM_LIFE_US});
    return claim;
}

/* --- what was learned -------------------------------------------------------------------------------- */

static bool read_reason(const struct reason_record *record, releve_time civil, releve_time holds_ms,
                        struct releve_reason *reason)
{
    if (!record->known || civil - record->at >= holds_ms)
        return false;
    *reason = record->reason;
    return true;
}

static void read_facts(const struct point_record *point, releve_time civil, struct releve_point_facts *facts)
{
    *facts = releve_facts_unknown;
    for (int i = 0; i < RELEVE_DIRECTIONS; i++) {
        const struct direction_record *record = &point->directions[i];
        struct releve_direction_facts *direction = &facts->directions[i];
        direction->activation = record->activation;
        direction->activation.doubted =
            record->activation.after != RELEVE_DAY_NONE && civil - record->activation_at >= RELEVE_ACTIVATION_HOLDS_MS;
        if (civil - record->consent_at < RELEVE_REFUSAL_HOLDS_MS)
            direction->consent = record->consent;
        if (read_reason(&record->refused, civil, RELEVE_REFUSAL_HOLDS_MS, &direction->reason))
            direction->standing = RELEVE_STANDING_REFUSED;
        else if (read_reason(&record->absent, civil, releve_direction_absent_ms((enum releve_direction)i),
                             &direction->reason))
            direction->standing = RELEVE_STANDING_ABSENT;
    }
    for (int kind = 0; kind < RELEVE_MEASURES; kind++)
        if (read_reason(&point->absent[kind], civil, RELEVE_ABSENCE_HOLDS_MS, &facts->absent[kind]))
            facts->absent_kinds |= RELEVE_KIND_BIT(kind);
    facts->unknown = read_reason(&point->unknown, civil, RELEVE_REFUSAL_HOLDS_MS, &facts->unknown_reason);
}

/* Requests for one search: the range that is refused, the newest day alone, and halving. */
static int search_requests_max(int days_max)
{
    int requests = 2;
    for (int days = 1; days < days_max; days *= 2)
        requests++;
    return requests;
}

/* The plan for what upstream has, a search for each floor, and what is under way when a range turns out to be too
 * early, too long or too recent: all that a job may have open. Ranges that are too long come back one by one, and each
 * is planned anew between others that are still under way: in two pieces. */
static int requests_max(const struct store *store, struct job_record *job, const struct releve_coverage *coverage)
{
    const struct usage_direction *direction = upstream_direction(store->upstream, job->point, job->wish.kind);
    int longest = releve_kind_facts(job->wish.kind)->call_days_max;
    bool shortened = (store->scenario->shortened_kinds & RELEVE_KIND_BIT(job->wish.kind)) != 0;
    struct releve_coverage left = *coverage;
    struct releve_plan_limits limits = {
        .days_max = longest - shortened,
        .days_min = store->scenario->days_min,
        .earliest = releve_kind_history(job->wish.kind, job->begun_today).first,
        .latest = job->begun_today,
    };
    if (direction->corrected_at == RELEVE_TIME_NEVER)
        limits.earliest = upstream_first_day(store->upstream, job->point, job->wish.kind, job->begun_today);
    (void)releve_coverage_replace(&left, (struct releve_span){left.span.first, limits.earliest}, RELEVE_DAY_MISSING,
                                  RELEVE_DAY_CUT);
    bool activated = direction->activation != RELEVE_DAY_NONE || direction->absent_until > 0;
    int searches = activated + (direction->consent != RELEVE_DAY_NONE);
    bool waits = store->scenario->end_closed_ms > 0 && job->wish.span.end >= job->begun_today;
    int wasted = (searches > 0 || waits || shortened) ? RELEVE_JOB_CHUNKS_MAX + waits : 0;
    wasted += shortened ? RELEVE_JOB_CHUNKS_MAX : 0;
    job->requests_exact = releve_plan_chunks(&left, &limits);
    return job->requests_exact + searches * search_requests_max(longest) + wasted;
}

void store_begin(struct store *store, const struct releve_job *job, struct releve_coverage *coverage,
                 struct releve_point_facts *facts)
{
    struct job_record *record = &store->jobs[store_job_of(store, job)];
    const struct point_record *point = &store->points[record->point];
    releve_time civil = upstream_civil(store->upstream);
    releve_coverage_init(coverage, job->span);
    for (releve_day day = job->span.first; day < job->span.end; day++)
        releve_coverage_set(coverage, day, store_day(store, record->point, job->kind, day));
    read_facts(point, civil, facts);
    record->begun_today = upstream_today(store->upstream);
    record->begun_reach = point->reach[releve_kind_facts(job->kind)->direction];
    record->cost = releve_plan_cost(job, coverage, facts, record->begun_today, store->scenario->days_min);
    record->requests_max = requests_max(store, record, coverage);
}

static void keep_reason(struct reason_record *record, const struct releve_lesson *lesson, releve_time civil)
{
    *record = (struct reason_record){true, civil, lesson->reason};
}

void store_learn(struct store *store, unsigned point, const struct releve_lesson *lesson, releve_time civil)
{
    struct point_record *record = &store->points[point];
    struct direction_record *direction = &record->directions[releve_kind_facts(lesson->kind)->direction];
    struct write *write = note(store, point, WRITE_FACTS);
    if (write != NULL) {
        write->facts = releve_alloc(1, sizeof *write->facts);
        *write->facts = *record;
    }
    switch (lesson->type) {
    case RELEVE_LESSON_ACTIVATION:
    case RELEVE_LESSON_TOLD:
        direction->activation = lesson->floor;
        direction->activation_at = civil;
        break;
    case RELEVE_LESSON_CONSENT:
        direction->consent = lesson->floor;
        direction->consent_at = civil;
        break;
    case RELEVE_LESSON_REFUSED:
        keep_reason(&direction->refused, lesson, civil);
        break;
    case RELEVE_LESSON_ABSENT:
        keep_reason(&direction->absent, lesson, civil);
        direction->activation = RELEVE_FLOOR_UNKNOWN;
        break;
    case RELEVE_LESSON_NO_KIND:
        keep_reason(&record->absent[lesson->kind], lesson, civil);
        break;
    case RELEVE_LESSON_UNKNOWN:
        keep_reason(&record->unknown, lesson, civil);
        break;
    case RELEVE_LESSON_REFUTED:
        direction->refused.known = direction->absent.known = false;
        record->absent[lesson->kind].known = record->unknown.known = false;
        break;
    }
}

void store_finish(struct store *store, const struct releve_result *result)
{
    struct job_record *job = &store->jobs[store_job_of(store, &result->job)];
    if (job->place == JOB_ENDED)
        return; /* written before a crash: the first one counts */
    if (job->taken == 1 && result->requests != job->sends)
        world_break(store->world, "law 4 (delivery): job %s tells of %d requests, it sent %d", job->wish.id,
                    result->requests, job->sends);
    results_check(store, job, result);
    struct write *write = replication_note(store->replication, REPLICATION_QUEUE_SHARD, WRITE_RESULT);
    if (write != NULL)
        write->job = (size_t)(job - store->jobs);
    job->result = *result;
    job->place = JOB_ENDED;
    job->ended_us = store->world->now_us;
    store->ended++;
}

/* --- what a failover takes ------------------------------------------------------------------------------ */

static void undo_day(struct store *store, const struct write *write)
{
    struct day_record *record = record_of(store, write->point, write->kind, write->day);
    char owed = worth(record->owed) > worth(record->state) ? record->owed : record->state;
    *record = write->record;
    if (record->owed == 0 || worth(owed) >= worth(record->owed))
        record->owed = owed;
}

static void drop_claim(struct store *store, uint64_t name)
{
    for (size_t i = store->claims_count; i-- > 0;)
        if (store->claims[i].name == name)
            store->claims[i] = store->claims[--store->claims_count];
}

void store_undo(struct store *store, const struct write *write)
{
    switch (write->type) {
    case WRITE_DAY:
        undo_day(store, write);
        break;
    case WRITE_FACTS:
        store->points[write->point] = *write->facts;
        break;
    case WRITE_CLAIM:
        drop_claim(store, write->number);
        break;
    case WRITE_UNCLAIM:
        add_claim(store, &write->claim);
        break;
    case WRITE_TAKE:
        if (store->jobs[write->job].place == JOB_TAKEN)
            store_enqueue(store, write->job, true);
        break;
    case WRITE_RESULT:
        store->jobs[write->job].place = JOB_TAKEN;
        store->ended--;
        break;
    case WRITE_LEDGER:
    case WRITE_NUMBER:
        break; /* not here */
    }
}
