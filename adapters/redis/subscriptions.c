/* Which kinds usage points have by the services that are subscribed: a fact of the usage point (facts.h), read and
 * written for many at once. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <releve/memory.h>
#include <stdlib.h>

/* "daily_consumption,consumption_load_curve" */
static void add_kinds(struct releve_words *words, releve_kinds kinds)
{
    bool first = true;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++) {
        if ((kinds & RELEVE_KIND_BIT(kind)) == 0)
            continue;
        if (!first)
            releve_text_byte(&words->text, ',');
        releve_text_puts(&words->text, releve_kind_facts(kind)->name);
        first = false;
    }
    releve_words_end(words);
}

/* Many usage points: each has a script of its own, as it has a slot of its own, and all are asked for together. */
struct roll_call {
    size_t open;               /* that have not answered */
    struct releve_error error; /* of the first that was refused */
    size_t count;
    char *due; /* '1' or '0' for each */
    releve_store_due reply;
    releve_store_done done; /* the other one is NULL */
    void *data;
};

struct roll_entry {
    struct roll_call *call;
    size_t place;
};

static struct roll_call *open_roll(size_t count, releve_store_due reply, releve_store_done done, void *data)
{
    struct roll_call *call = releve_alloc(1, sizeof *call);
    *call = (struct roll_call){.open = count, .count = count, .reply = reply, .done = done, .data = data};
    call->due = releve_alloc(count + 1, 1);
    return call;
}

static void on_entry(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct roll_entry entry = *(struct roll_entry *)data;
    struct roll_call *call = entry.call;
    free(data);
    if (error->code != RELEVE_OK && call->error.code == RELEVE_OK)
        call->error = *error;
    call->due[entry.place] = reply != NULL && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1 ? '1' : '0';
    if (--call->open > 0)
        return;
    if (call->reply != NULL)
        call->reply(call->data, &call->error, call->error.code == RELEVE_OK ? call->due : "");
    else
        call->done(call->data, &call->error);
    free(call->due);
    free(call);
}

static void send_entry(struct releve_store *store, struct roll_call *call, size_t place, const char *what,
                       const struct releve_script *script, struct releve_words *words)
{
    struct roll_entry *entry = releve_alloc(1, sizeof *entry);
    *entry = (struct roll_entry){call, place};
    releve_nodes_send(&store->nodes, what, script, words, on_entry, entry);
}

void releve_store_services_due(struct releve_store *store, const releve_prm *prms, size_t count, releve_kinds kinds,
                               releve_day newest, releve_time now, releve_store_due reply, void *data)
{
    assert(count > 0 && count <= RELEVE_SERVICES_POINTS_MAX);
    struct roll_call *call = open_roll(count, reply, NULL, data);
    char oldest[RELEVE_TIME_TEXT];
    releve_utc_format(now - RELEVE_SERVICES_HOLD_MS, oldest);
    enum releve_kind wanted[RELEVE_MEASURES];
    size_t wanted_count = 0;
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((kinds & RELEVE_KIND_BIT(kind)) != 0)
            wanted[wanted_count++] = kind;
    releve_day last = newest != RELEVE_DAY_NONE ? newest : 0; /* nobody has a day of 1970 */
    for (size_t i = 0; i < count; i++) {
        struct releve_words words = {.count = 0};
        releve_words_script(&words, &releve_script_services_due, 1 + wanted_count);
        releve_key_point(&words, store->prefix, prms[i]);
        for (size_t k = 0; k < wanted_count; k++)
            releve_key_day(&words, store->prefix, prms[i], wanted[k], last);
        releve_words_add(&words, oldest);
        for (size_t k = 0; k < wanted_count; k++)
            releve_words_add(&words, releve_kind_facts(wanted[k])->name);
        send_entry(store, call, i, "read which kinds usage points have", &releve_script_services_due, &words);
    }
}

void releve_store_put_services(struct releve_store *store, const struct releve_service *services, size_t count,
                               releve_time now, releve_store_done done, void *data)
{
    assert(count > 0 && count <= RELEVE_SERVICES_POINTS_MAX);
    struct roll_call *call = open_roll(count, NULL, done, data);
    char at[RELEVE_TIME_TEXT];
    releve_utc_format(now, at);
    for (size_t i = 0; i < count; i++) {
        struct releve_words words = {.count = 0};
        releve_words_script(&words, &releve_script_put_services, 1);
        releve_key_point(&words, store->prefix, services[i].prm);
        releve_words_add(&words, at);
        add_kinds(&words, services[i].kinds);
        send_entry(store, call, i, "store which kinds usage points have", &releve_script_put_services, &words);
    }
}
