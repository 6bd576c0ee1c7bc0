/* See mark.h. WAIT is about what was written before it in the order in which replicas get it, whoever wrote it: so a
 * write that changes nothing stands for all before it. */
#include <adapters/redis/mark.h>
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

struct await_call {
    size_t open;
    struct releve_error error; /* of the first that was refused */
    releve_store_done done;
    void *data;
};

static void on_marked(void *data, const struct releve_error *error)
{
    struct await_call *call = data;
    if (error->code != RELEVE_OK && call->error.code == RELEVE_OK)
        call->error = *error;
    if (--call->open > 0)
        return;
    struct await_call ended = *call;
    free(call);
    ended.done(ended.data, &ended.error);
}

void releve_store_await_replicas(struct releve_store *store, const char *what, const releve_prm *prms,
                                 size_t prms_count, releve_store_done done, void *data)
{
    assert(store->url.replicas > 0 && done != NULL);
    struct await_call *call = releve_alloc(1, sizeof *call);
    *call = (struct await_call){.open = 1 + prms_count, .done = done, .data = data};
    for (size_t i = 0; i <= prms_count; i++) {
        struct releve_words words = {.count = 0};
        releve_words_script(&words, &releve_script_mark, 1);
        if (i < prms_count)
            releve_key_mark(&words, store->prefix, prms[i]);
        else
            releve_key_of_queue(&words, store->prefix, RELEVE_KEY_MARK);
        releve_call_keep(store, what, &releve_script_mark, &words, on_marked, call);
    }
}
