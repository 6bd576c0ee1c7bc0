/* See dead.h. A step that is repeated, as its reply was lost, finds what is left there: nothing is put back twice.
 * Whoever is told that something was done is told its end when Redis's replicas have it (docs/design.md, Failover). */
#include <adapters/redis/dead.h>
#include <adapters/redis/job_fields.h>
#include <adapters/redis/mark.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <inttypes.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define WHAT "look at dead messages"
#define STEP_MESSAGES 200 /* of 5 kB at most: some milliseconds of Redis's time */
#define CURSOR_BYTES 24   /* a number of 64 bits and its NUL */

struct dead_call {
    struct releve_store *store;
    const struct releve_dead_request *request;
    char cursor[CURSOR_BYTES];
    uint64_t epoch; /* of the nodes, when it began */
    releve_store_each_dead each;
    releve_store_done done;
    void *data;
};

static void send_step(struct dead_call *call);

static void hand_out(const struct dead_call *call, const redisReply *reply)
{
    static const char *const fates[RELEVE_DEAD_FATES] = {[RELEVE_DEAD_FOUND] = "found",
                                                         [RELEVE_DEAD_REQUEUED] = "requeued",
                                                         [RELEVE_DEAD_DROPPED] = "dropped",
                                                         [RELEVE_DEAD_KEPT] = "kept"};
    for (size_t i = 1; i + 2 < reply->elements; i += 3) {
        const redisReply *id = reply->element[i], *fate = reply->element[i + 1], *text = reply->element[i + 2];
        int which = releve_name_find(fates, RELEVE_DEAD_FATES, fate->str, (size_t)fate->len);
        assert(which >= 0);
        call->each(call->data, id->str, (enum releve_dead_fate)which, text->str, (size_t)text->len);
    }
}

static void end(struct dead_call *call, const struct releve_error *error)
{
    struct dead_call ended = *call;
    free(call);
    ended.done(ended.data, error);
}

/* All steps went over one connection; what replicas have behind the last one is all of it. It is not the steps
 * themselves that are repeated until they have it, as a repeated one cannot say any more what it has found. */
static void on_kept(void *data, const struct releve_error *error)
{
    struct dead_call *call = data;
    struct releve_error lost;
    if (error->code == RELEVE_OK && releve_nodes_epoch(&call->store->nodes) != call->epoch) {
        (void)releve_fail(&lost, RELEVE_E_REDIS,
                          "cannot %s: the connection to Redis is another one than before, and what was done may be "
                          "lost: see what is there, then say it again",
                          WHAT);
        error = &lost;
    }
    end(call, error);
}

static void on_step(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct dead_call *call = data;
    if (error->code == RELEVE_OK) {
        assert(reply->type == REDIS_REPLY_ARRAY && reply->elements % 3 == 1);
        hand_out(call, reply);
        (void)snprintf(call->cursor, sizeof call->cursor, "%s", reply->element[0]->str);
        if (call->cursor[0] != '\0') {
            send_step(call);
            return;
        }
    }
    if (error->code == RELEVE_OK && call->request->operation != RELEVE_DEAD_LOOK && call->store->url.replicas > 0)
        releve_store_await_replicas(call->store, WHAT, NULL, 0, on_kept, call);
    else
        end(call, error);
}

static void send_step(struct dead_call *call)
{
    static const char *const operations[] = {
        [RELEVE_DEAD_LOOK] = "look", [RELEVE_DEAD_REQUEUE] = "requeue", [RELEVE_DEAD_DROP] = "drop"};
    const struct releve_dead_request *request = call->request;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_dead, 1 + RELEVE_CLASSES);
    releve_key_of_queue(&words, call->store->prefix, "jobs:dead");
    for (enum releve_class class_ = 0; class_ < RELEVE_CLASSES; class_++)
        releve_key_jobs(&words, call->store->prefix, class_);
    releve_words_add(&words, operations[request->operation]);
    releve_words_add(&words, call->cursor);
    releve_words_format(&words, "%d", STEP_MESSAGES);
    releve_words_add(&words, request->has_class ? releve_class_name(request->class_) : "");
    for (size_t i = 0; i < request->ids_count; i++)
        releve_words_add(&words, request->ids[i]);
    releve_nodes_send(&call->store->nodes, WHAT, &releve_script_dead, &words, on_step, call);
}

void releve_store_dead(struct releve_store *store, const struct releve_dead_request *request,
                       releve_store_each_dead each, releve_store_done done, void *data)
{
    assert(request->ids_count <= RELEVE_DEAD_IDS_MAX && each != NULL && done != NULL);
    struct dead_call *call = releve_alloc(1, sizeof *call);
    *call = (struct dead_call){.store = store,
                               .request = request,
                               .epoch = releve_nodes_epoch(&store->nodes),
                               .each = each,
                               .done = done,
                               .data = data};
    if (request->oldest > 0)
        (void)snprintf(call->cursor, sizeof call->cursor, "%" PRIu64, request->oldest);
    send_step(call);
}
