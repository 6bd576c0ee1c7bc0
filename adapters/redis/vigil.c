/* See vigil.h. */
#include <adapters/redis/store_internal.h>
#include <releve/memory.h>
#include <stdio.h>
#include <string.h>

struct look {
    struct releve_store *store;
    size_t at; /* in the witnesses, of which none goes */
    char permit[RELEVE_WITNESS_PERMIT_BYTES];
};

/* What is missing is judged by the ledger's script: it may count no more, or be known to be missing. */
static void on_score(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct look look = *(struct look *)data;
    struct releve_witness *witness = &look.store->witnesses.of[look.at];
    free(data);
    witness->is_looked_for = false;
    if (error->code != RELEVE_OK || reply->type != REDIS_REPLY_NIL || look.store->phase != STORE_OPEN)
        return;
    if (strcmp(witness->permit, look.permit) == 0) /* there may be a newer one by now, or none */
        releve_store_bucket_notice(look.store, witness->bucket, &witness->quota);
}

static void look_for(struct releve_store *store, size_t at)
{
    struct releve_witness *witness = &store->witnesses.of[at];
    struct look *look = releve_alloc(1, sizeof *look);
    struct releve_words words = {.count = 0};
    *look = (struct look){.store = store, .at = at};
    (void)snprintf(look->permit, sizeof look->permit, "%s", witness->permit);
    releve_words_add(&words, "ZSCORE");
    releve_words_format(&words, "%s:quota:{%s}", store->prefix, witness->bucket);
    releve_words_add(&words, witness->permit);
    witness->is_looked_for = true;
    releve_nodes_send(&store->nodes, "look for a permit", NULL, &words, on_score, look);
}

static void on_timer(uv_timer_t *timer)
{
    struct releve_store *store = timer->data;
    for (size_t i = 0; store->phase == STORE_OPEN && i < store->witnesses.count; i++)
        if (store->witnesses.of[i].permit[0] != '\0' && !store->witnesses.of[i].is_looked_for)
            look_for(store, i);
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
