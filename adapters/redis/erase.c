/* What Redis holds of usage points, found and erased in small steps: a script looks at a bounded number of keys,
 * messages or results, says where it stopped, and lets others have their turn. A step may be repeated without harm, and
 * a sweep that was broken off is simply begun again. What is erased counts when Redis's replicas have erased it too
 * (docs/design.md, Failover): whoever is told so is told it of all. */
#include <adapters/redis/erase.h>
#include <adapters/redis/mark.h>
#include <adapters/redis/queue.h>
#include <adapters/redis/refusal.h>
#include <adapters/redis/store_internal.h>
#include <adapters/redis/walk.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

/* What one step looks at: a millisecond or a few of Redis's time. */
#define KEYS_AT_ONCE 500 /* SCAN's COUNT */
#define MESSAGES_AT_ONCE 200
#define RESULTS_AT_ONCE 100
#define CURSOR_BYTES 64 /* two numbers of 64 bits */

/* Messages first, so that no worker takes one while the rest is erased; then the workers' own lists, among the keys. */
static const struct step {
    const struct releve_script *script;
    const char
        *key; /* of the queue, which the script is given; NULL: it looks at all, and others see to what it finds */
    int at_once;
} steps[] = {
    {&releve_script_erase_list, "jobs:high", MESSAGES_AT_ONCE},
    {&releve_script_erase_list, "jobs:high:moving", MESSAGES_AT_ONCE},
    {&releve_script_erase_list, "jobs", MESSAGES_AT_ONCE},
    {&releve_script_erase_list, "jobs:moving", MESSAGES_AT_ONCE},
    {&releve_script_erase_list, "jobs:low", MESSAGES_AT_ONCE},
    {&releve_script_erase_list, "jobs:low:moving", MESSAGES_AT_ONCE},
    {&releve_script_erase_list, "jobs:dead", MESSAGES_AT_ONCE},
    {&releve_script_find_keys, NULL, KEYS_AT_ONCE},
    {&releve_script_erase_results, "results", RESULTS_AT_ONCE},
    {&releve_script_erase_results, "replies", RESULTS_AT_ONCE},
};
#define STEPS (sizeof steps / sizeof steps[0])

static const char *const names[RELEVE_TRACES] = {
    [RELEVE_TRACE_DAYS] = "days",         [RELEVE_TRACE_DOCUMENTS] = "documents", [RELEVE_TRACE_JOBS] = "jobs",
    [RELEVE_TRACE_MESSAGES] = "messages", [RELEVE_TRACE_RESULTS] = "results",     [RELEVE_TRACE_FACTS] = "facts",
    [RELEVE_TRACE_CLAIMS] = "claims",     [RELEVE_TRACE_RUNNING] = "running",     [RELEVE_TRACE_ASKED] = "asked",
};

struct sweep {
    struct releve_store *store;
    const releve_prm *prms;
    size_t prms_count;
    enum releve_sweep mode;
    struct releve_traces *traces; /* one for each usage point */
    struct releve_traces *before; /* what they were when the walk through all keys began */
    struct releve_walk walk;
    size_t step;               /* under way */
    char cursor[CURSOR_BYTES]; /* where it goes on; "" at its beginning */
    unsigned open;             /* scripts that see to what was found, without an answer */
    struct releve_error error; /* of the first of them that was refused */
    releve_store_done done;
    void *data;
};

const char *releve_trace_name(enum releve_trace trace)
{
    assert(trace < RELEVE_TRACES);
    return names[trace];
}

static const char *what_of(const struct sweep *sweep)
{
    return sweep->mode == RELEVE_SWEEP_ERASE ? "erase a usage point" : "look for what is held of a usage point";
}

static void end(struct sweep *sweep)
{
    struct sweep ended = *sweep;
    free(sweep->before);
    free(sweep);
    ended.done(ended.data, &ended.error);
}

static void send_step(struct sweep *sweep);

static bool is_walk(const struct sweep *sweep)
{
    return sweep->step < STEPS && steps[sweep->step].key == NULL;
}

static void fail(struct sweep *sweep, const struct releve_error *error)
{
    if (sweep->error.code == RELEVE_OK)
        sweep->error = *error;
}

static void begin_step(struct sweep *sweep);

static void on_turn(void *data, enum releve_walk_turn turn)
{
    struct sweep *sweep = data;
    /* What was erased is not met again; what stays is. */
    size_t first = sweep->mode == RELEVE_SWEEP_ERASE ? RELEVE_TRACES_ERASED : 0;
    for (size_t i = 0; turn == RELEVE_WALK_AGAIN && i < sweep->prms_count; i++)
        for (size_t trace = first; trace < RELEVE_TRACES; trace++)
            sweep->traces[i].of[trace] = sweep->before[i].of[trace];
    if (turn == RELEVE_WALK_FAILED)
        fail(sweep, &sweep->walk.error);
    if (turn == RELEVE_WALK_FAILED) {
        end(sweep);
    } else if (turn == RELEVE_WALK_END) {
        sweep->step++;
        begin_step(sweep);
    } else {
        sweep->cursor[0] = '\0';
        send_step(sweep);
    }
}

/* A step that was repeated, or a sweep that was, may have found nothing any more where replicas still have it. */
static void on_replicas(void *data, const struct releve_error *error)
{
    struct sweep *sweep = data;
    if (error->code != RELEVE_OK)
        fail(sweep, error);
    end(sweep);
}

/* From its beginning. */
static void begin_step(struct sweep *sweep)
{
    sweep->cursor[0] = '\0';
    if (sweep->step == STEPS && sweep->mode == RELEVE_SWEEP_ERASE && sweep->store->url.replicas > 0) {
        releve_store_await_replicas(sweep->store, what_of(sweep), sweep->prms, sweep->prms_count, on_replicas, sweep);
    } else if (sweep->step == STEPS) {
        end(sweep);
    } else if (is_walk(sweep)) {
        memcpy(sweep->before, sweep->traces, sweep->prms_count * sizeof *sweep->traces);
        releve_walk_begin(&sweep->walk, &sweep->store->nodes, what_of(sweep), on_turn, sweep);
    } else {
        send_step(sweep);
    }
}

static void proceed(struct sweep *sweep)
{
    if (sweep->error.code != RELEVE_OK) {
        struct releve_error error = sweep->error;
        sweep->error.code = RELEVE_OK;
        if (is_walk(sweep) && releve_walk_recover(&sweep->walk))
            return;
        sweep->error = error;
        end(sweep);
    } else if (sweep->cursor[0] != '\0') {
        send_step(sweep);
    } else if (is_walk(sweep)) {
        releve_walk_next(&sweep->walk);
    } else {
        sweep->step++;
        begin_step(sweep);
    }
}

/* --- what a script answers ------------------------------------------------------------------------------------ */

/* "<prm> <what>", and how many. */
static bool add_count(struct sweep *sweep, const redisReply *name, const redisReply *number)
{
    releve_prm prm;
    if (name->type != REDIS_REPLY_STRING || number->type != REDIS_REPLY_INTEGER || number->integer < 0 ||
        name->len <= RELEVE_PRM_DIGITS || !releve_prm_parse(name->str, RELEVE_PRM_DIGITS, &prm))
        return false;
    const char *what = name->str + RELEVE_PRM_DIGITS + 1;
    int trace = releve_name_find(names, RELEVE_TRACES, what, strlen(what));
    for (size_t i = 0; i < sweep->prms_count; i++)
        if (sweep->prms[i] == prm && trace >= 0) {
            sweep->traces[i].of[trace] += (uint64_t)number->integer;
            return true;
        }
    return false;
}

/* As named.lua answers. */
static bool read_counts(struct sweep *sweep, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 1)
        return false;
    for (size_t i = 1; i < reply->elements; i += 2)
        if (!add_count(sweep, reply->element[i], reply->element[i + 1]))
            return false;
    return true;
}

/* Where the step goes on; "" at its end. */
static bool read_cursor(struct sweep *sweep, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 1 || reply->element[0]->type != REDIS_REPLY_STRING ||
        (size_t)reply->element[0]->len >= sizeof sweep->cursor)
        return false;
    memcpy(sweep->cursor, reply->element[0]->str, (size_t)reply->element[0]->len + 1);
    return true;
}

static void fail_odd(struct sweep *sweep)
{
    struct releve_error odd;
    (void)releve_fail(&odd, RELEVE_E_REDIS, "cannot %s: Redis answers something else than was asked", what_of(sweep));
    fail(sweep, &odd);
}

/* --- the keys that were found ----------------------------------------------------------------------------------- */

static void close_one(struct sweep *sweep)
{
    if (--sweep->open == 0)
        proceed(sweep);
}

static void on_diagnosed(void *data, const redisReply *found, const struct releve_error *error)
{
    struct sweep *sweep = data;
    struct releve_error blame;
    if (error->code == RELEVE_OK && found->type == REDIS_REPLY_STRING) {
        (void)releve_refusal_blame(what_of(sweep), found, &blame);
        error = &blame;
    }
    if (error->code != RELEVE_OK)
        fail(sweep, error);
    else
        fail_odd(sweep); /* it has been put right meanwhile */
    close_one(sweep);
}

/* The script has met a key that holds something else than it should, so that nobody knows whose it is. */
static void diagnose(struct sweep *sweep, const redisReply *key)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_diagnose, 1);
    releve_words_add_bytes(&words, key->str, (size_t)key->len);
    releve_words_add(&words, sweep->store->prefix);
    releve_nodes_send(&sweep->store->nodes, what_of(sweep), &releve_script_diagnose, &words, on_diagnosed, sweep);
}

static void on_seen(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct sweep *sweep = data;
    if (error->code == RELEVE_OK && reply->type == REDIS_REPLY_STRING) {
        diagnose(sweep, reply);
        return;
    }
    if (error->code != RELEVE_OK)
        fail(sweep, error);
    else if (!read_counts(sweep, reply))
        fail_odd(sweep);
    close_one(sweep);
}

/* ARGV as in named.lua. */
static void add_arguments(const struct sweep *sweep, struct releve_words *words)
{
    releve_words_add(words, sweep->mode == RELEVE_SWEEP_ERASE ? "erase" : "look");
    releve_words_add(words, sweep->cursor);
    releve_words_format(words, "%d", steps[sweep->step].at_once);
    releve_words_add(words, sweep->store->prefix);
    releve_words_format(words, "%lld", (long long)RELEVE_DEAD_AFTER_MS);
    for (size_t i = 0; i < sweep->prms_count; i++)
        releve_words_format(words, RELEVE_PRM_FORMAT, sweep->prms[i]);
}

/* What looks is sent as ever. */
static void send_script(struct sweep *sweep, const struct releve_script *script, struct releve_words *words,
                        releve_commands_reply reply)
{
    enum releve_replicas replicas = sweep->mode == RELEVE_SWEEP_ERASE ? RELEVE_REPLICAS_REPEAT : RELEVE_REPLICAS_ANY;
    releve_nodes_send_replicated(&sweep->store->nodes, replicas, what_of(sweep), script, words, reply, sweep);
}

/* Sees to keys of one slot. They are freed. */
static void see_to(struct sweep *sweep, const struct releve_script *script, struct releve_words *keys)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, script, keys->count);
    releve_words_append(&words, keys);
    add_arguments(sweep, &words);
    sweep->open++;
    send_script(sweep, script, &words, on_seen);
}

static bool begins(const redisReply *key, const char *beginning)
{
    return strncmp(key->str, beginning, strlen(beginning)) == 0;
}

/* Keys of one page: those of the queue together, and those of each usage point. */
static void see_to_page(struct sweep *sweep, const redisReply *page)
{
    struct releve_words of_queue = {.count = 0};
    char mark[RELEVE_PREFIX_BYTES + 4];
    (void)snprintf(mark, sizeof mark, "{%s}:", sweep->store->prefix);
    releve_key_of_queue(&of_queue, sweep->store->prefix, "workers");
    for (size_t i = 1; i < page->elements; i++)
        if (begins(page->element[i], mark))
            releve_words_add_bytes(&of_queue, page->element[i]->str, page->element[i]->len);
    if (of_queue.count > 1)
        see_to(sweep, &releve_script_erase_jobs, &of_queue);
    else
        releve_words_free(&of_queue);
    for (size_t point = 0; point < sweep->prms_count; point++) {
        struct releve_words of_point = {.count = 0};
        (void)snprintf(mark, sizeof mark, "{" RELEVE_PRM_FORMAT "}", sweep->prms[point]);
        for (size_t i = 1; i < page->elements; i++)
            if (strstr(page->element[i]->str, mark) != NULL)
                releve_words_add_bytes(&of_point, page->element[i]->str, page->element[i]->len);
        if (of_point.count > 0)
            see_to(sweep, &releve_script_erase_point, &of_point);
        else
            releve_words_free(&of_point);
    }
}

/* --- the steps -------------------------------------------------------------------------------------------------- */

static void on_step(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct sweep *sweep = data;
    bool finds = steps[sweep->step].key == NULL;
    sweep->open = 1;
    if (error->code != RELEVE_OK)
        fail(sweep, error);
    else if (!read_cursor(sweep, reply) || (!finds && !read_counts(sweep, reply)))
        fail_odd(sweep);
    else if (finds)
        see_to_page(sweep, reply);
    close_one(sweep);
}

static void send_step(struct sweep *sweep)
{
    const struct step *step = &steps[sweep->step];
    struct releve_words words = {.count = 0};
    releve_words_script(&words, step->script, step->key != NULL ? 1 : 0);
    if (step->key != NULL)
        releve_key_of_queue(&words, sweep->store->prefix, step->key);
    add_arguments(sweep, &words);
    if (is_walk(sweep))
        releve_nodes_send_to(&sweep->store->nodes, sweep->walk.node, what_of(sweep), step->script, &words, on_step,
                             sweep);
    else
        send_script(sweep, step->script, &words, on_step);
}

void releve_store_sweep(struct releve_store *store, const releve_prm *prms, size_t prms_count, enum releve_sweep mode,
                        struct releve_traces *traces, releve_store_done done, void *data)
{
    assert(prms_count >= 1 && prms_count <= RELEVE_SWEEP_POINTS_MAX && done != NULL);
    struct sweep *sweep = releve_alloc(1, sizeof *sweep);
    *sweep = (struct sweep){.store = store,
                            .prms = prms,
                            .prms_count = prms_count,
                            .mode = mode,
                            .traces = traces,
                            .done = done,
                            .data = data};
    memset(traces, 0, prms_count * sizeof *traces);
    sweep->before = releve_alloc(prms_count, sizeof *traces);
    begin_step(sweep);
}
