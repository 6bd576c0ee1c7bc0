/* The operations of engine/runtime/store.h, as a worker of the simulation has them: each is sent over its connection.
 */
#include "laws.h"
#include "operation.h"
#include <releve/memory.h>
#include <string.h>

/* Names are unique in this world: so many permits no process asks for. */
static uint64_t name_of(struct releve_permit permit)
{
    return permit.process << STORE_PROCESS_SHIFT | permit.number;
}

static void bind(struct releve_store *store, const char *upstream, releve_store_bound reply, void *data)
{
    struct operation *operation = operation_make(store, OP_BIND, data);
    (void)upstream;
    operation->reply.bound = reply;
    operation_send(store, operation);
}

static void number_process(struct releve_store *store, releve_store_number reply, void *data)
{
    struct operation *operation = operation_make(store, OP_NUMBER, data);
    operation->reply.number = reply;
    operation_send(store, operation);
}

static void begin(struct releve_store *store, const struct releve_job *job, releve_time now, releve_store_known known,
                  void *data)
{
    struct operation *operation = operation_make(store, OP_BEGIN, data);
    store->simulation->store.jobs[store_job_of(&store->simulation->store, job)].looked_up_us =
        store->simulation->world.now_us;
    operation->reply.known = known;
    operation->point = worker_point(store->worker, job->prm);
    operation->job = *job;
    operation->civil = now;
    operation_send(store, operation);
}

static void ask_claim(struct releve_store *store, const struct releve_job *job, struct releve_span span,
                      enum releve_claim_ends ends, struct releve_permit claim_, releve_time now,
                      releve_store_claimed claimed, void *data)
{
    laws_check_claim(store->worker, data, job, span, name_of(claim_));
    struct operation *operation = operation_make(store, OP_CLAIM, data);
    operation->reply.claimed = claimed;
    operation->point = worker_point(store->worker, job->prm);
    operation->kind = job->kind;
    operation->span = span;
    operation->ends = ends;
    operation->permit = name_of(claim_);
    operation->civil = now;
    operation_send(store, operation);
}

static void unclaim(struct releve_store *store, releve_prm prm, enum releve_kind kind, struct releve_permit claim_,
                    releve_store_done done, void *data)
{
    laws_note_unclaim(store->worker, name_of(claim_));
    struct operation *operation = operation_make(store, OP_UNCLAIM, data);
    operation->reply.done = done;
    operation->point = worker_point(store->worker, prm);
    operation->kind = kind;
    operation->permit = name_of(claim_);
    operation_send(store, operation);
}

static void put_days(struct releve_store *store, const struct releve_day_batch *batch, releve_store_done done,
                     void *data)
{
    laws_check_put(store->worker, data, batch);
    struct operation *operation = operation_make(store, OP_PUT, data);
    operation->reply.done = done;
    operation->point = worker_point(store->worker, batch->prm);
    operation->kind = batch->kind;
    operation->permit = name_of(batch->claim);
    operation->entries_count = batch->count;
    operation->entries = releve_alloc(batch->count, sizeof *operation->entries);
    memcpy(operation->entries, batch->entries, batch->count * sizeof *operation->entries);
    operation_send(store, operation);
}

static void learn(struct releve_store *store, releve_prm prm, const struct releve_lesson *lesson, releve_time now,
                  releve_store_done done, void *data)
{
    struct operation *operation = operation_make(store, OP_LEARN, data);
    operation->reply.done = done;
    operation->point = worker_point(store->worker, prm);
    laws_check_lesson(store->worker, operation->point, lesson);
    operation->lesson = *lesson;
    operation->civil = now;
    operation_send(store, operation);
}

static void finish(struct releve_store *store, const struct releve_result *result, releve_store_done done, void *data)
{
    struct operation *operation = operation_make(store, OP_FINISH, data);
    operation->reply.done = done;
    operation->result = *result;
    world_tell(&store->simulation->world,
               "worker %u: job %s is %s: %d complete, %d partial, %d holes, %d pending, %d failed, %d cut; %d requests",
               store->worker->index, result->job.id, releve_job_state_name(result->state), result->complete,
               result->partial, result->holes, result->pending, result->failed, result->cut, result->requests);
    operation_send(store, operation);
}

static void forget_job(struct releve_store *store, const char *id, releve_store_done done, void *data)
{
    struct operation *operation = operation_make(store, OP_FORGET, data);
    (void)id;
    operation->reply.done = done;
    operation_send(store, operation);
}

static void use_permit(struct releve_store *store, enum operation_type type, const char *bucket,
                       struct releve_permit permit, releve_time wait_ms, releve_store_permit reply, void *data)
{
    struct operation *operation = operation_make(store, type, data);
    operation->reply.permit = reply;
    operation->bucket = worker_bucket(bucket);
    operation->permit = name_of(permit);
    operation->wait_ms = wait_ms;
    operation_send(store, operation);
}

static void permit_ask(struct releve_store *store, const char *bucket, const struct releve_quota *quota, bool urgent,
                       struct releve_permit permit, releve_store_permit reply, void *data)
{
    (void)quota, (void)urgent;
    store->buckets[worker_bucket(bucket)].asked_at = worker_now(store->worker);
    store->asked_at[permit.number % ASKED_REMEMBERED] = worker_now(store->worker);
    use_permit(store, OP_ASK, bucket, permit, 0, reply, data);
}

static void permit_settle(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                          struct releve_permit permit, releve_time way_ms, releve_store_permit reply, void *data)
{
    (void)quota;
    use_permit(store, OP_SETTLE, bucket, permit, way_ms, reply, data);
}

static void permit_return(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                          struct releve_permit permit, releve_store_permit reply, void *data)
{
    (void)quota;
    laws_check_return(store->worker);
    use_permit(store, OP_RETURN, bucket, permit, 0, reply, data);
}

static void bucket_close(struct releve_store *store, const char *bucket, releve_time wait_ms, releve_store_done done,
                         void *data)
{
    laws_check_close(store->worker, wait_ms);
    struct operation *operation = operation_make(store, OP_CLOSE, data);
    operation->reply.done = done;
    operation->bucket = worker_bucket(bucket);
    operation->wait_ms = wait_ms;
    operation_send(store, operation);
}

static void bucket_watch(struct releve_store *store, const char *bucket,
                         void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data)
{
    unsigned index = worker_bucket(bucket);
    struct watched_bucket *watched = &store->buckets[index];
    watched->due = due;
    watched->data = data;
    memcpy(watched->name, bucket, strlen(bucket) + 1);
    worker_store_hear(store, index, 0); /* the subscription begins */
}

releve_time worker_store_asked_at(const struct releve_store *store, uint64_t permit)
{
    return store->asked_at[(permit & ((UINT64_C(1) << STORE_PROCESS_SHIFT) - 1)) % ASKED_REMEMBERED];
}

releve_time worker_store_last_asked_at(const struct releve_store *store, unsigned bucket)
{
    return store->buckets[bucket].asked_at;
}

const struct releve_store_ops worker_store_ops = {
    .bind = bind,
    .number_process = number_process,
    .begin = begin,
    .claim = ask_claim,
    .unclaim = unclaim,
    .put_days = put_days,
    .learn = learn,
    .finish = finish,
    .forget_job = forget_job,
    .permit_ask = permit_ask,
    .permit_settle = permit_settle,
    .permit_return = permit_return,
    .bucket_close = bucket_close,
    .bucket_watch = bucket_watch,
};
