/* Which kinds usage points have by the services that are subscribed: a fact of the usage point (facts.h), read and
 * written for many at once. */
#include <adapters/redis/store_internal.h>
#include <assert.h>
#include <string.h>

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

static void decode_due(const struct releve_call *call, const redisReply *reply, const struct releve_error *error)
{
    struct releve_error odd;
    if (reply != NULL && (size_t)reply->len != call->points_count) {
        error = releve_call_odd(call, &odd);
        reply = NULL;
    }
    call->to.due(call->data, error, reply != NULL ? reply->str : "");
}

void releve_store_services_due(struct releve_store *store, const releve_prm *prms, size_t count, releve_kinds kinds,
                               releve_day newest, releve_time now, releve_store_due reply, void *data)
{
    assert(count > 0 && count <= RELEVE_SERVICES_POINTS_MAX);
    struct releve_words words = {.count = 0};
    char oldest[RELEVE_TIME_TEXT];
    releve_words_script(&words, &releve_script_services_due, count);
    for (size_t i = 0; i < count; i++)
        releve_store_point_key(store, &words, prms[i]);
    releve_utc_format(now - RELEVE_SERVICES_HOLD_MS, oldest);
    releve_words_add(&words, oldest);
    releve_words_format(&words, "%s:day:", store->prefix);
    if (newest != RELEVE_DAY_NONE)
        releve_text_day(&words.text, newest);
    releve_words_end(&words);
    for (enum releve_kind kind = 0; kind < RELEVE_MEASURES; kind++)
        if ((kinds & RELEVE_KIND_BIT(kind)) != 0)
            releve_words_add(&words, releve_kind_facts(kind)->name);
    struct releve_call call = {.what = "read which kinds usage points have",
                               .type = REDIS_REPLY_STRING,
                               .decode = decode_due,
                               .to.due = reply,
                               .data = data,
                               .points_count = count};
    releve_call_send(store, &call, &releve_script_services_due, &words);
}

void releve_store_put_services(struct releve_store *store, const struct releve_service *services, size_t count,
                               releve_time now, releve_store_done done, void *data)
{
    assert(count > 0 && count <= RELEVE_SERVICES_POINTS_MAX);
    struct releve_words words = {.count = 0};
    char at[RELEVE_TIME_TEXT];
    releve_words_script(&words, &releve_script_put_services, count);
    for (size_t i = 0; i < count; i++)
        releve_store_point_key(store, &words, services[i].prm);
    releve_utc_format(now, at);
    releve_words_add(&words, at);
    for (size_t i = 0; i < count; i++)
        add_kinds(&words, services[i].kinds);
    releve_call_done(store, "store which kinds usage points have", &releve_script_put_services, &words, done, data);
}
