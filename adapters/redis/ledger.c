/* Permits (law 1). All judging is in ledger.lua, by Redis's own clock; here are only its words. */
#include <adapters/redis/replicas.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

static const struct releve_quota no_quota = {.windows_count = 0};
static const struct releve_permit no_permit = {0, 0};

static void decode_permit(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    call->to.permit(call->data, error, reply != NULL ? (releve_time)reply->integer : 0);
}

/* What was asked of a permit, where the answer says more than when the next one is due. */
struct question {
    struct releve_store *store;
    char bucket[RELEVE_BUCKET_BYTES];
    struct releve_quota quota;
    struct releve_permit permit;
    char witness[RELEVE_WITNESS_PERMIT_BYTES]; /* that it goes with; "": none */
    releve_store_permit reply;
    void *data;
};

static struct question *question_of(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                    struct releve_permit permit, releve_store_permit reply, void *data)
{
    struct question *question = releve_alloc(1, sizeof *question);
    *question = (struct question){.store = store, .quota = *quota, .permit = permit, .reply = reply, .data = data};
    (void)snprintf(question->bucket, sizeof question->bucket, "%s", bucket);
    const struct releve_witness *witness = releve_witness_find(&store->witnesses, bucket);
    if (witness != NULL)
        memcpy(question->witness, witness->permit, sizeof question->witness);
    return question;
}

static void on_given_back(void *data, const struct releve_error *error, releve_time wait_ms)
{
    (void)data, (void)error, (void)wait_ms; /* else it ages out */
}

/* A permit that may be lost with its master is none. Whoever asks again does so under another name, so it is given
 * back: that may be lost as well, and then it ages out. */
static releve_time refuse_unacknowledged(const struct question *question, const char *what, struct releve_error *missed,
                                         const struct releve_error **error)
{
    char key[RELEVE_PREFIX_BYTES + RELEVE_BUCKET_BYTES + sizeof ":quota:{}"], why[RELEVE_ERROR_BYTES];
    if (question->store->phase == STORE_OPEN)
        releve_store_permit_return(question->store, question->bucket, &question->quota, question->permit, on_given_back,
                                   NULL);
    (void)snprintf(key, sizeof key, "%s:quota:{%s}", question->store->prefix, question->bucket);
    if (!releve_nodes_miss_replicas(&question->store->nodes, key, why))
        return RELEVE_UNACKNOWLEDGED_MS;
    (void)releve_fail(missed, RELEVE_E_REDIS, "cannot %s: %s", what, why);
    *error = missed;
    return 0;
}

/* The script has closed the bucket. */
static releve_time say_forgotten(const struct question *question, releve_time closed_ms)
{
    struct releve_store *store = question->store;
    releve_witness_drop(&store->witnesses, question->bucket, question->witness);
    if (store->phase == STORE_OPEN && store->on_forgotten != NULL)
        store->on_forgotten(store->link_data, question->bucket, closed_ms);
    return closed_ms;
}

static void decode_asked(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct question *question = call->data;
    struct releve_error odd;
    releve_time wait_ms = 0;
    if (reply != NULL && reply->type == REDIS_REPLY_NIL)
        wait_ms = refuse_unacknowledged(question, call->what, &odd, &error);
    else if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        wait_ms = (releve_time)reply->integer;
    else if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1)
        wait_ms = say_forgotten(question, (releve_time)reply->element[0]->integer);
    else if (reply != NULL)
        error = releve_call_odd(call, &odd);
    question->reply(question->data, error, wait_ms);
    free(question);
}

static void decode_settled(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct question *question = call->data;
    struct releve_error odd;
    bool is_good = reply != NULL && reply->elements == 3;
    if (is_good) {
        releve_witness_note(&question->store->witnesses, question->bucket, &question->quota, reply->element[1],
                            reply->element[2]);
        releve_vigil_begin(question->store);
    } else if (reply != NULL)
        error = releve_call_odd(call, &odd);
    question->reply(question->data, error, is_good ? (releve_time)reply->element[0]->integer : 0);
    free(question);
}

/* Where replicas are missing it is not known whether the bucket stays closed: the next look tries again. */
static void decode_noticed(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct question *question = call->data;
    (void)error;
    if (reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements == 1)
        (void)say_forgotten(question, (releve_time)reply->element[0]->integer);
    else if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        releve_witness_drop(&question->store->witnesses, question->bucket, question->witness);
    free(question);
}

/* `length_ms`: the life of a permit, how long its request may still be on its way, or how long a bucket is closed. */
static void run_script(struct releve_store *store, const struct releve_call *call, const char *operation,
                       const char *bucket, const struct releve_quota *quota, struct releve_permit permit,
                       releve_time length_ms)
{
    assert(strlen(bucket) < RELEVE_BUCKET_BYTES && quota->windows_count <= RELEVE_QUOTA_WINDOWS_MAX);
    struct releve_words words = {.count = 0};
    static const char *const notes[] = {"",       ":closed", ":waiting", ":longest",  ":windows",
                                        ":first", ":streak", ":node",    ":forgotten"};
    releve_words_script(&words, &releve_script_ledger, sizeof notes / sizeof notes[0]);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        releve_words_format(&words, "%s:quota:{%s}%s", store->prefix, bucket, notes[i]);
    releve_words_add(&words, operation);
    char process[RELEVE_PROCESS_TEXT];
    releve_process_format(permit.process, process);
    releve_words_add(&words, process);
    releve_words_format(&words, "%" PRIx64, permit.number);
    releve_words_format(&words, "%lld", (long long)length_ms);
    releve_words_add(&words, ""); /* Redis's clock */
    releve_words_format(&words, "%s:quota:{%s}:due", store->prefix, bucket);
    /* Whoever only looks changes nothing in the ledger, and may see what another clock says. */
    bool names = call->decode == decode_asked || call->decode == decode_noticed; /* its witness */
    bool judges = names || call->decode == decode_permit || call->decode == decode_settled ||
                  call->replicas != RELEVE_REPLICAS_ANY;
    if (store->url.replicas > 0 && judges)
        releve_words_run_id(&words);
    else
        releve_words_add(&words, "");
    const struct releve_witness *witness = names ? releve_witness_find(&store->witnesses, bucket) : NULL;
    releve_words_add(&words, witness != NULL ? witness->permit : "");
    releve_words_add(&words, witness != NULL ? witness->score : "");
    for (size_t i = 0; i < quota->windows_count; i++) {
        releve_words_format(&words, "%u", (unsigned)quota->windows[i].limit);
        releve_words_format(&words, "%lld", (long long)quota->windows[i].span_ms);
    }
    releve_call_send(store, call, &releve_script_ledger, &words);
}

static struct releve_call permit_call(const char *what, releve_store_permit reply, void *data)
{
    return (struct releve_call){
        .what = what, .type = REDIS_REPLY_INTEGER, .decode = decode_permit, .to.permit = reply, .data = data};
}

void releve_store_permit_ask(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                             bool urgent, struct releve_permit permit, releve_store_permit reply, void *data)
{
    assert(permit.process > 0 && permit.number > 0);
    struct releve_call call = {.what = "ask for a permit",
                               .replicas = RELEVE_REPLICAS_TELL,
                               .type = RELEVE_REPLY_ANY,
                               .decode = decode_asked,
                               .data = question_of(store, bucket, quota, permit, reply, data)};
    run_script(store, &call, urgent ? "ask urgent" : "ask", bucket, quota, permit, RELEVE_PERMIT_LIFE_MS);
}

void releve_store_bucket_notice(struct releve_store *store, const char *bucket, const struct releve_quota *quota)
{
    struct releve_call call = {.what = "notice that a permit is missing",
                               .replicas = RELEVE_REPLICAS_TELL,
                               .type = RELEVE_REPLY_ANY,
                               .decode = decode_noticed,
                               .data = question_of(store, bucket, quota, no_permit, NULL, NULL)};
    run_script(store, &call, "notice", bucket, quota, no_permit, RELEVE_PERMIT_LIFE_MS);
}

void releve_store_permit_settle(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                struct releve_permit permit, releve_time way_ms, releve_store_permit reply, void *data)
{
    struct releve_call call = {.what = "settle a permit",
                               .type = REDIS_REPLY_ARRAY,
                               .decode = decode_settled,
                               .data = question_of(store, bucket, quota, permit, reply, data)};
    run_script(store, &call, "settle", bucket, quota, permit, way_ms);
}

void releve_store_permit_return(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                struct releve_permit permit, releve_store_permit reply, void *data)
{
    struct releve_call call = permit_call("give a permit back", reply, data);
    run_script(store, &call, "return", bucket, quota, permit, 0);
}

void releve_store_bucket_close(struct releve_store *store, const char *bucket, releve_time wait_ms,
                               releve_store_done done, void *data)
{
    struct releve_call call = releve_call_of("close a bucket", done, data);
    call.replicas = RELEVE_REPLICAS_REPEAT;
    if (wait_ms < 0)
        wait_ms = 0;
    if (wait_ms > RELEVE_QUOTA_WINDOW_MS_MAX) /* law 6: no quota can mean a longer wait than its longest window */
        wait_ms = RELEVE_QUOTA_WINDOW_MS_MAX;
    run_script(store, &call, "close", bucket, &no_quota, no_permit, wait_ms);
}

static void decode_usage(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct releve_ledger_usage usage = {.next_ms = 0};
    if (reply != NULL && reply->elements == 2 + call->windows_count) {
        usage.next_ms = reply->element[0]->integer;
        usage.closed_ms = reply->element[1]->integer;
        for (size_t i = 0; i < call->windows_count; i++)
            usage.used[i] = (uint32_t)reply->element[2 + i]->integer;
    }
    call->to.usage(call->data, error, reply != NULL ? &usage : NULL);
}

void releve_store_bucket_usage(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                               releve_store_usage reply, void *data)
{
    struct releve_call call = {.what = "read how full a bucket is",
                               .type = REDIS_REPLY_ARRAY,
                               .decode = decode_usage,
                               .to.usage = reply,
                               .data = data,
                               .windows_count = quota->windows_count};
    run_script(store, &call, "usage", bucket, quota, no_permit, 0);
}

static void decode_permits(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    size_t count = reply != NULL ? reply->elements : 0;
    releve_time *over_ms = releve_alloc(count, sizeof *over_ms);
    for (size_t i = 0; i < count; i++)
        over_ms[i] = (releve_time)reply->element[i]->integer;
    call->to.permits(call->data, error, over_ms, count);
    free(over_ms);
}

void releve_store_bucket_permits(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                 releve_store_permits reply, void *data)
{
    struct releve_call call = {.what = "read the permits of a bucket",
                               .type = REDIS_REPLY_ARRAY,
                               .decode = decode_permits,
                               .to.permits = reply,
                               .data = data};
    run_script(store, &call, "permits", bucket, quota, no_permit, 0);
}

static void decode_stricter(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct releve_quota quota = {.windows_count = 0};
    size_t count = reply != NULL ? reply->elements / 2 : 0;
    for (size_t i = 0; i < count && i < RELEVE_QUOTA_WINDOWS_MAX; i++)
        quota.windows[quota.windows_count++] = (struct releve_window){(uint32_t)reply->element[2 * i]->integer,
                                                                      (releve_time)reply->element[2 * i + 1]->integer};
    char text[RELEVE_QUOTA_TEXT];
    releve_quota_format(&quota, text);
    call->to.text(call->data, error, quota.windows_count > 0 ? text : "");
}

void releve_store_bucket_stricter(struct releve_store *store, const char *bucket, const struct releve_quota *quota,
                                  releve_store_text reply, void *data)
{
    struct releve_call call = {.what = "read what others keep to in a bucket",
                               .type = REDIS_REPLY_ARRAY,
                               .decode = decode_stricter,
                               .to.text = reply,
                               .data = data};
    run_script(store, &call, "stricter", bucket, quota, no_permit, 0);
}

void releve_store_bucket_watch(struct releve_store *store, const char *bucket,
                               void (*due)(void *data, const char *bucket, releve_time wait_ms), void *data)
{
    assert(strlen(bucket) < RELEVE_BUCKET_BYTES && due != NULL && store->phase == STORE_OPEN);
    if (!store->watching) {
        store->watching = true;
        store->parts.open++;
        releve_watcher_open(&store->watcher, &store->nodes, &store->url, store);
    }
    char channel[RELEVE_CHANNEL_BYTES];
    int written = snprintf(channel, sizeof channel, "%s:quota:{%s}:due", store->prefix, bucket);
    assert(written > 0 && (size_t)written < sizeof channel);
    (void)written;
    releve_watcher_add(&store->watcher, channel, bucket, due, data);
}
