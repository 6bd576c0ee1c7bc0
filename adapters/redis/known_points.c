/* Which usage points there are keys of, and what is remembered of each. Nothing is written, and no usage point is kept
 * here: memory is bounded by one step through the keys. */
#include <adapters/redis/facts.h>
#include <adapters/redis/store_internal.h>
#include <adapters/redis/walk.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

#define STEP_KEYS 1000  /* that Redis looks at in one step, in about 1 ms: it answers nobody else meanwhile */
#define CURSOR_BYTES 24 /* a number of 64 bits and its NUL */

/* --- which ones -------------------------------------------------------------------------------------- */

struct scan_call {
    struct releve_store *store;
    struct releve_walk walk;
    char cursor[CURSOR_BYTES];
    releve_store_each_point each;
    releve_store_done done;
    void *data;
};

static void scan_next(struct scan_call *call);

/* False where somebody has heard enough. */
static bool hand_out(const struct scan_call *call, const redisReply *prms)
{
    for (size_t at = 0; at + RELEVE_PRM_DIGITS <= (size_t)prms->len; at += RELEVE_PRM_DIGITS) {
        releve_prm prm;
        if (releve_prm_parse(prms->str + at, RELEVE_PRM_DIGITS, &prm) && !call->each(call->data, prm))
            return false;
    }
    return true;
}

static void end(struct scan_call *call, const struct releve_error *error)
{
    struct scan_call ended = *call;
    struct releve_error why = *error;
    free(call);
    ended.done(ended.data, &why);
}

static void on_turn(void *data, enum releve_walk_turn turn)
{
    static const struct releve_error none = {.code = RELEVE_OK};
    struct scan_call *call = data;
    if (turn == RELEVE_WALK_END || turn == RELEVE_WALK_FAILED) {
        end(call, turn == RELEVE_WALK_END ? &none : &call->walk.error);
        return;
    }
    (void)snprintf(call->cursor, sizeof call->cursor, "0");
    scan_next(call);
}

static void on_step(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct scan_call *call = data;
    if (error->code != RELEVE_OK && releve_walk_recover(&call->walk))
        return;
    if (error->code == RELEVE_OK) {
        assert(reply->type == REDIS_REPLY_ARRAY && reply->elements == 2);
        assert(reply->element[0]->type == REDIS_REPLY_STRING && reply->element[1]->type == REDIS_REPLY_STRING);
        (void)snprintf(call->cursor, sizeof call->cursor, "%s", reply->element[0]->str);
        if (hand_out(call, reply->element[1])) {
            if (strcmp(call->cursor, "0") != 0)
                scan_next(call);
            else
                releve_walk_next(&call->walk);
            return;
        }
    }
    end(call, error);
}

static void scan_next(struct scan_call *call)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_known_points, 0);
    releve_words_add(&words, call->cursor);
    releve_words_format(&words, "%s:point:{", call->store->prefix);
    releve_words_format(&words, "%s:day:{", call->store->prefix);
    releve_words_format(&words, "%d", STEP_KEYS);
    releve_nodes_send_to(&call->store->nodes, call->walk.node, "look for usage points", &releve_script_known_points,
                         &words, on_step, call);
}

void releve_store_known_points(struct releve_store *store, releve_store_each_point each, releve_store_done done,
                               void *data)
{
    assert(each != NULL && done != NULL);
    struct scan_call *call = releve_alloc(1, sizeof *call);
    *call = (struct scan_call){.store = store, .each = each, .done = done, .data = data};
    releve_walk_begin(&call->walk, &store->nodes, "look for usage points", on_turn, call);
}

/* --- what is remembered ------------------------------------------------------------------------------ */

static void decode_recalled(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct releve_point_record record;
    if (reply != NULL)
        releve_facts_recall(reply, &record);
    call->to.recalled(call->data, error, reply != NULL ? &record : NULL);
}

void releve_store_recall(struct releve_store *store, releve_prm prm, releve_store_recalled recalled, void *data)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "HGETALL");
    releve_key_point(&words, store->prefix, prm);
    struct releve_call call = {.what = "read what is known of a usage point",
                               .type = REDIS_REPLY_ARRAY,
                               .decode = decode_recalled,
                               .to.recalled = recalled,
                               .data = data};
    releve_call_send(store, &call, NULL, &words);
}
