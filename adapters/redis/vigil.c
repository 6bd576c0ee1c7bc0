/* See vigil.h. */
#include <adapters/redis/store_internal.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

struct look {
    struct releve_store *store;
    char bucket[RELEVE_BUCKET_BYTES];
    char permit[RELEVE_WITNESS_PERMIT_BYTES];
};

/* What is missing is judged by the ledger's script: it may count no more, or be known to be missing. */
static void on_score(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct look look = *(struct look *)data;
    free(data);
    look.store->vigil.unanswered--;
    if (error->code != RELEVE_OK || reply->type != REDIS_REPLY_NIL || look.store->phase != STORE_OPEN)
        return;
    const struct releve_witness *witness = releve_witness_find(&look.store->witnesses, look.bucket);
    if (witness != NULL && strcmp(witness->permit, look.permit) == 0)
        releve_store_bucket_notice(look.store, look.bucket, &witness->quota);
}

static void look_for(struct releve_store *store, const struct releve_witness *witness)
{
    struct look *look = releve_alloc(1, sizeof *look);
    look->store = store;
    (void)snprintf(look->bucket, sizeof look->bucket, "%s", witness->bucket);
    (void)snprintf(look->permit, sizeof look->permit, "%s", witness->permit);
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "ZSCORE");
    releve_words_format(&words, "%s:quota:{%s}", store->prefix, witness->bucket);
    releve_words_add(&words, witness->permit);
    store->vigil.unanswered++;
    releve_nodes_send(&store->nodes, "look for a permit", NULL, &words, on_score, look);
}

static void on_timer(uv_timer_t *timer)
{
    struct releve_store *store = timer->data;
    if (store->phase != STORE_OPEN || store->vigil.unanswered > 0)
        return;
    for (size_t i = 0; i < store->witnesses.count; i++)
        if (store->witnesses.of[i].permit[0] != '\0')
            look_for(store, &store->witnesses.of[i]);
}

void releve_vigil_init(struct releve_store *store, uv_loop_t *loop)
{
    (void)uv_timer_init(loop, &store->vigil.timer); /* cannot fail */
    store->vigil.timer.data = store;
}

void releve_vigil_begin(struct releve_store *store)
{
    if (store->phase == STORE_OPEN && !uv_is_active((const uv_handle_t *)&store->vigil.timer))
        (void)uv_timer_start(&store->vigil.timer, on_timer, RELEVE_VIGIL_MS, RELEVE_VIGIL_MS);
}

void releve_vigil_close(struct releve_store *store, uv_close_cb closed)
{
    uv_close((uv_handle_t *)&store->vigil.timer, closed);
}
