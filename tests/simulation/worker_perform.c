/* What the core wants, checked against the laws and carried out as engine/runtime/perform.c does. */
#include "worker.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct job_record *job_of(struct worker *worker, const struct releve_job *job)
{
    struct store *store = &worker->simulation->store;
    return &store->jobs[store_job_of(store, job)];
}

/* --- law 2: nothing that is known is asked again ---------------------------------------------------------- */

static bool is_known(const struct worker *worker, const struct job_record *job, releve_day day)
{
    const struct store *store = &worker->simulation->store;
    const struct scenario *scenario = &worker->simulation->scenario;
    bool exact = scenario->workers == 1 && scenario->crash_us == 0 && scenario->drain_us == 0 &&
                 scenario->redis_cut == 0 && scenario->redis_error == 0;
    if (exact)
        return store_is_final(store, job->point, job->wish.kind, day);
    const uint8_t *seen = worker->seen[(size_t)job->point * RELEVE_MEASURES + job->wish.kind];
    return seen != NULL && seen[day - store->first_day] != 0;
}

/* A chunk reaches from one unknown day to another; the shortest that upstream accepts needs one only, and a search for
 * the first day may begin anywhere. */
static void check_thrift(struct worker *worker, const struct job_record *job, struct releve_span span)
{
    const struct simulation *simulation = worker->simulation;
    const struct usage_point *point = &simulation->upstream.points[job->point];
    if (simulation->store.refreshed[(size_t)job->point * RELEVE_MEASURES + job->wish.kind])
        return;
    bool first = is_known(worker, job, span.first), last = is_known(worker, job, span.end - 1);
    bool searches = point->activation != RELEVE_DAY_NONE || point->consent != RELEVE_DAY_NONE ||
                    simulation->scenario.history_short_days > 0 ||
                    job->begun_today != upstream_today(&simulation->upstream);
    bool shortest = releve_span_days(span) <= simulation->scenario.days_min;
    if ((shortest && first && last) || (!shortest && (last || (first && !searches))))
        world_break(&worker->simulation->world,
                    "law 2 (thrift): worker %u asks for [%d, %d[ of point %u, kind %d: %s known", worker->index,
                    span.first, span.end, job->point, (int)job->wish.kind,
                    first && last ? "both ends are"
                    : first       ? "the first day is"
                                  : "the last day is");
}

static void send_chunk(struct worker *worker, const struct releve_action *action)
{
    struct simulation *simulation = worker->simulation;
    struct job_record *job = job_of(worker, action->job);
    struct worker_chunk *chunk = &worker->chunks[action->handle];
    world_tell(&simulation->world, "worker %u: chunk %u of job %s [%d, %d[: point %u, kind %d, [%d, %d[", worker->index,
               (unsigned)action->handle, job->wish.id, job->wish.span.first, job->wish.span.end, job->point,
               (int)action->job->kind, action->span.first, action->span.end);
    if (chunk->sent || chunk->storing)
        world_break(&simulation->world, "law 6 (bounds): chunk %u is sent twice at once", (unsigned)action->handle);
    *chunk =
        (struct worker_chunk){.sent = true, .job = store_job_of(&simulation->store, action->job), .span = action->span};
    check_thrift(worker, job, action->span);
    job->sends++;
    worker_send_request(worker, action, false);
    if (worker->in_flight > simulation->scenario.concurrency)
        world_break(&simulation->world, "law 6 (bounds): %u requests in flight, %u allowed", worker->in_flight,
                    simulation->scenario.concurrency);
    worker->returns_in_a_row = 0;
}

/* --- law 3: what is stored is what was said ------------------------------------------------------------------ */

static void check_entry(struct worker *worker, const struct releve_action *action, const struct job_record *job,
                        const struct releve_day_entry *entry)
{
    struct simulation *simulation = worker->simulation;
    const struct upstream *upstream = &simulation->upstream;
    enum releve_kind kind = action->job->kind;
    releve_time civil = upstream_civil(upstream);
    bool recent = entry->day >= upstream_today(upstream) - RELEVE_RECENT_DAYS;
    const struct releve_reading *reading = entry->reading;
    bool right = releve_span_has(worker->chunks[action->handle].span, entry->day);
    if (reading != NULL)
        right = right && reading->day == entry->day &&
                reading->value == upstream_value(upstream, job->point, kind, entry->day) &&
                entry->state == (reading->complete ? RELEVE_DAY_COMPLETE : RELEVE_DAY_PARTIAL);
    else
        right = right && entry->state == (recent ? RELEVE_DAY_PENDING : RELEVE_DAY_HOLE);
    bool again = recent && entry->state != RELEVE_DAY_COMPLETE;
    right = right && (again ? entry->recheck_after > civil && entry->recheck_after < civil + 36 * RELEVE_HOUR_MS
                            : entry->recheck_after == RELEVE_TIME_NEVER);
    bool forgets = upstream->points[job->point].forgetful;
    if (entry->state == RELEVE_DAY_HOLE && !forgets)
        right = right && upstream_day(upstream, job->point, kind, entry->day, civil) == RELEVE_DAY_HOLE;
    if (!right)
        world_break(&simulation->world, "law 3 (truth): worker %u stores day %d of point %u, kind %d as %c",
                    worker->index, entry->day, job->point, (int)kind, (char)entry->state);
}

/* Every whole day that came is kept. */
static void check_nothing_lost(struct worker *worker, const struct releve_action *action)
{
    size_t next = 0;
    for (size_t i = 0; i < action->answer->readings_count; i++) {
        const struct releve_reading *reading = &action->answer->readings[i];
        while (next < action->entries_count && action->entries[next].day < reading->day)
            next++;
        if (reading->complete && (next == action->entries_count || action->entries[next].day != reading->day))
            world_break(&worker->simulation->world, "law 3 (truth): worker %u loses day %d", worker->index,
                        reading->day);
    }
}

static void store_days(struct worker *worker, const struct releve_action *action)
{
    struct simulation *simulation = worker->simulation;
    const struct job_record *job = job_of(worker, action->job);
    for (size_t i = 0; i < action->entries_count; i++)
        check_entry(worker, action, job, &action->entries[i]);
    check_nothing_lost(worker, action);
    struct operation *operation = worker_make_operation(worker, OP_PUT);
    operation->handle = action->handle;
    operation->point = job->point;
    operation->job = *action->job;
    operation->entries_count = action->entries_count;
    operation->entries = malloc(action->entries_count * sizeof *operation->entries);
    if (operation->entries == NULL)
        abort();
    memcpy(operation->entries, action->entries, action->entries_count * sizeof *operation->entries);
    worker->chunks[action->handle].storing = true;
    if (++worker->storing > 2 * simulation->scenario.concurrency)
        world_break(&simulation->world, "law 6 (bounds): %u answers wait for the store", worker->storing);
    worker_send_operation(worker, operation);
}

/* --- permits -------------------------------------------------------------------------------------------------- */

static void ask(struct worker *worker, unsigned bucket)
{
    struct operation *operation = worker_make_operation(worker, OP_ASK);
    struct worker_bucket *mine = &worker->buckets[bucket];
    mine->permit = world_random(&worker->simulation->world);
    mine->asked_at_ms = worker->simulation->world.now_us / 1000;
    operation->bucket = bucket;
    operation->permit = mine->permit;
    worker_send_operation(worker, operation);
}

#define RETURNS_IN_A_ROW_MAX 30

static void give_permit_back(struct worker *worker, unsigned bucket)
{
    struct operation *operation = worker_make_operation(worker, OP_RETURN);
    operation->bucket = bucket;
    operation->permit = worker->buckets[bucket].permit;
    worker_send_operation(worker, operation);
    worker->simulation->returned++;
    if (++worker->returns_in_a_row > RETURNS_IN_A_ROW_MAX)
        world_break(&worker->simulation->world, "liveness: worker %u asks for permits and gives each back",
                    worker->index);
}

static void close_bucket(struct worker *worker, const struct releve_action *action)
{
    if (action->wait_ms <= 0 || action->wait_ms > RELEVE_CLOSED_MAX_MS + RELEVE_CLOSED_MARGIN_MS)
        world_break(&worker->simulation->world, "law 6 (bounds): a bucket is closed for %lld ms",
                    (long long)action->wait_ms);
    struct operation *operation = worker_make_operation(worker, OP_CLOSE);
    operation->bucket = action->bucket;
    operation->wait_ms = action->wait_ms;
    worker_send_operation(worker, operation);
}

/* --- jobs ----------------------------------------------------------------------------------------------------- */

static void begin_job(struct worker *worker, const struct releve_action *action)
{
    struct operation *operation = worker_make_operation(worker, OP_BEGIN);
    operation->handle = action->handle;
    operation->job = *action->job;
    worker_send_operation(worker, operation);
}

static void learn(struct worker *worker, const struct releve_action *action)
{
    struct operation *operation = worker_make_operation(worker, OP_LEARN);
    operation->point = job_of(worker, action->job)->point;
    operation->facts = *action->facts;
    operation->civil = upstream_civil(&worker->simulation->upstream);
    worker_send_operation(worker, operation);
}

static void finish_job(struct worker *worker, const struct releve_action *action)
{
    struct operation *operation = worker_make_operation(worker, OP_FINISH);
    operation->handle = action->handle;
    operation->result = *action->result;
    world_tell(&worker->simulation->world,
               "worker %u: job %s is %s: %d complete, %d partial, %d holes, %d pending, %d "
               "failed, %d cut; %d requests",
               worker->index, action->result->job.id, releve_job_state_name(action->result->state),
               action->result->complete, action->result->partial, action->result->holes, action->result->pending,
               action->result->failed, action->result->cut, action->result->requests);
    worker_send_operation(worker, operation);
}

static void give_job_back(struct worker *worker, const struct releve_job *job)
{
    struct store *store = &worker->simulation->store;
    size_t number = store_job_of(store, job);
    world_tell(&worker->simulation->world, "worker %u: gives job %s back", worker->index, job->id);
    worker_drop_job(worker, number);
    store_enqueue(store, number, true);
}

void worker_perform(struct worker *worker, const struct releve_action *action)
{
    switch (action->type) {
    case RELEVE_ACTION_BEGIN:
        begin_job(worker, action);
        break;
    case RELEVE_ACTION_ASK:
        ask(worker, action->bucket);
        break;
    case RELEVE_ACTION_RETURN:
        give_permit_back(worker, action->bucket);
        break;
    case RELEVE_ACTION_CLOSE:
        close_bucket(worker, action);
        break;
    case RELEVE_ACTION_SEND_TOKEN:
        worker->returns_in_a_row = 0;
        worker_send_request(worker, action, true);
        break;
    case RELEVE_ACTION_SEND:
        send_chunk(worker, action);
        break;
    case RELEVE_ACTION_STORE:
        store_days(worker, action);
        break;
    case RELEVE_ACTION_LEARN:
        learn(worker, action);
        break;
    case RELEVE_ACTION_FINISH:
        finish_job(worker, action);
        break;
    case RELEVE_ACTION_GIVE_BACK:
        give_job_back(worker, &action->result->job);
        break;
    case RELEVE_ACTION_NOTICE:
        break;
    case RELEVE_ACTION_STOP:
        worker->simulation->stopped = true;
        worker->draining = true;
        break;
    }
}
