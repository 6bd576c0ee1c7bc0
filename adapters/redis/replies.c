/* See replies.h. Each reply is delivered by a script in the list's slot, which leaves a mark there: so it may be
 * repeated, by whomever, until it has left the stream. */
#include <adapters/redis/keys.h>
#include <adapters/redis/replies.h>
#include <inttypes.h>
#include <releve/digest.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define PARTS 4            /* of a reply, as replies.lua answers them */
#define MARK_S (24 * 3600) /* a reply that was delivered leaves the stream within that time, where a worker runs */
/* One look, and a worker looks at every beat: its pages, how many of a page's entries are looked at, and how many of
 * those are answered, which are not of a list that has just refused. */
#define PAGES_MAX 20
#define LOOKED_AT 1000
#define ANSWERED_MAX 100

/* Replies that were found in the stream together. */
struct look {
    struct releve_replies *replies;
    releve_time age_ms;
    unsigned pages;
    size_t open; /* deliveries without an end, and one while the stream is being read */
    void (*done)(void *data);
    void *data;
};

struct delivery {
    struct releve_replies *replies;
    char number[RELEVE_REPLY_NUMBER_BYTES]; /* in the stream */
    char list[RELEVE_REPLY_TO_BYTES];
    size_t place;       /* where it was sent to */
    releve_time age_ms; /* since the job's end */
    struct look *look;  /* NULL: nobody waits for it */
    UT_hash_handle hh;
};

static void close_one(struct look *look)
{
    if (look == NULL || --look->open > 0)
        return;
    if (look->done != NULL)
        look->done(look->data);
    free(look);
}

static void on_taken_out(void *data, const redisReply *reply, const struct releve_error *error)
{
    (void)reply, (void)error; /* else it is delivered once more, and its mark says that it was */
    close_one(data);
}

static void take_out(const struct delivery *delivery)
{
    struct releve_nodes *nodes = delivery->replies->nodes;
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "XDEL");
    releve_key_of_queue(&words, nodes->prefix, "replies");
    releve_words_add(&words, delivery->number);
    releve_nodes_send(nodes, "take a reply out", NULL, &words, on_taken_out, delivery->look);
}

static releve_time now_of(const struct releve_replies *replies)
{
    return (releve_time)uv_now(replies->nodes->loop);
}

static void say(const struct delivery *delivery, enum releve_refused_lists_news news, size_t others,
                const struct releve_error *error)
{
    const struct releve_replies *replies = delivery->replies;
    char line[RELEVE_ERROR_BYTES + RELEVE_REPLY_TO_BYTES + 256], more[64] = "";
    if (others > 0)
        (void)snprintf(more, sizeof more, " (and %s%zu other lists)",
                       others == RELEVE_REFUSED_LISTS_MAX - 1 ? "at least " : "", others);
    if (news == RELEVE_REFUSED_LISTS_DROPPED)
        (void)snprintf(line, sizeof line,
                       "the reply list %s%s has taken nothing for %d h, and its results are dropped: they are in "
                       "{%s}:results and at their jobs as long as those last; %s",
                       delivery->list, more, (int)(RELEVE_REPLIES_REFUSED_MAX_MS / RELEVE_HOUR_MS),
                       replies->nodes->prefix, error->text);
    else
        (void)snprintf(line, sizeof line,
                       "the reply list %s%s takes nothing: %s; put that right, and its results follow: they wait in "
                       "{%s}:replies, are tried again every %d s, and dropped after %d h",
                       delivery->list, more, error->text, replies->nodes->prefix,
                       (int)(RELEVE_REFUSED_LISTS_AGAIN_MS / RELEVE_SECOND_MS),
                       (int)(RELEVE_REPLIES_REFUSED_MAX_MS / RELEVE_HOUR_MS));
    replies->say(replies->data, line);
}

/* Redis has answered and refused. Somebody is to hear of it; then it need not be kept for ever. */
static void on_refused(struct delivery *delivery, const struct releve_error *error)
{
    struct releve_replies *replies = delivery->replies;
    bool dropped = replies->say != NULL && delivery->age_ms >= RELEVE_REPLIES_REFUSED_MAX_MS;
    size_t others;
    enum releve_refused_lists_news news =
        releve_refused_lists_note(&replies->refused, delivery->list, dropped, now_of(replies), &others);
    if (replies->say != NULL && news != RELEVE_REFUSED_LISTS_OLD)
        say(delivery, news, others, error);
    if (dropped)
        take_out(delivery);
    else
        close_one(delivery->look); /* it stays, for a later look */
}

static void on_delivered(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct delivery *delivery = data;
    struct releve_replies *replies = delivery->replies;
    HASH_DEL(replies->under_way, delivery);
    replies->at_place[delivery->place]--;
    if (error->code == RELEVE_OK && reply->type == REDIS_REPLY_INTEGER) {
        releve_refused_lists_remove(&replies->refused, delivery->list);
        take_out(delivery);
    } else if (error->code == RELEVE_E_REDIS) {
        on_refused(delivery, error);
    } else {
        close_one(delivery->look); /* too few replicas have it, or this is the end: it stays */
    }
    free(delivery);
}

/* The mark that a reply was delivered: a key in the slot of the list. An id is anybody's text, and is not kept. */
static void add_mark(struct releve_words *words, const char *prefix, const char *list, const char *number,
                     const char *id)
{
    const char *tag;
    size_t tag_bytes;
    (void)releve_hash_tag(list, &tag, &tag_bytes); /* job_json.c lets no other list pass */
    releve_text_puts(&words->text, "{");
    releve_text_add(&words->text, tag, tag_bytes);
    releve_words_format(words, "}:%s:replied:%s:%016" PRIx64, prefix, number, releve_digest(id));
}

/* Whether it is worth sending now; else it stays in the stream. */
static bool is_due(struct releve_replies *replies, const char *number, const char *list, size_t *place)
{
    struct delivery *same;
    HASH_FIND_STR(replies->under_way, number, same);
    return same == NULL && HASH_COUNT(replies->under_way) < RELEVE_REPLIES_UNDER_WAY_MAX &&
           !releve_refused_lists_has(&replies->refused, list, now_of(replies)) &&
           releve_nodes_serves(replies->nodes, list, place) && replies->at_place[*place] < RELEVE_REPLIES_AT_A_NODE_MAX;
}

static void deliver(struct releve_replies *replies, struct look *look, releve_time redis_ms, redisReply *const *part)
{
    struct releve_nodes *nodes = replies->nodes;
    const char *number = part[0]->str, *list = part[1]->str, *id = part[2]->str, *json = part[3]->str;
    size_t place;
    if (!is_due(replies, number, list, &place))
        return;
    struct delivery *delivery = releve_alloc(1, sizeof *delivery);
    *delivery = (struct delivery){.replies = replies, .place = place, .look = look};
    (void)snprintf(delivery->number, sizeof delivery->number, "%s", number);
    (void)snprintf(delivery->list, sizeof delivery->list, "%s", list);
    delivery->age_ms = redis_ms - (releve_time)strtoll(number, NULL, 10);
    HASH_ADD_STR(replies->under_way, number, delivery);
    replies->at_place[place]++;
    if (look != NULL)
        look->open++;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_reply, 2);
    releve_words_add(&words, list);
    add_mark(&words, nodes->prefix, list, number, id);
    releve_words_add(&words, json);
    releve_words_format(&words, "%d", MARK_S);
    /* Not REPEAT: while replicas are away it would be kept here, and others behind it. */
    releve_nodes_send_replicated(nodes, RELEVE_REPLICAS_TELL, "deliver a result", &releve_script_reply, &words,
                                 on_delivered, delivery);
}

static bool is_reply(redisReply *const *part)
{
    for (size_t i = 0; i < PARTS; i++)
        if (part[i]->type != REDIS_REPLY_STRING)
            return false;
    return part[0]->len < RELEVE_REPLY_NUMBER_BYTES && part[1]->len < RELEVE_REPLY_TO_BYTES;
}

void releve_replies_deliver(struct releve_replies *replies, const redisReply *answer)
{
    if (answer == NULL || answer->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i + PARTS <= answer->elements; i += PARTS)
        if (is_reply(&answer->element[i])) /* it has just been written: it has no age */
            deliver(replies, NULL, 0, &answer->element[i]);
}

/* --- what is in the stream ---------------------------------------------------------------------------------------- */

static void read_page(struct look *look);

static void on_page(void *data, const redisReply *answer, const struct releve_error *error)
{
    struct look *look = data;
    struct releve_replies *replies = look->replies;
    enum { BEHIND, NOW, FIRST };
    bool is_good = error->code == RELEVE_OK && answer->type == REDIS_REPLY_ARRAY && answer->elements >= FIRST &&
                   answer->element[BEHIND]->type == REDIS_REPLY_STRING &&
                   answer->element[NOW]->type == REDIS_REPLY_STRING;
    if (is_good) {
        releve_time redis_ms = (releve_time)strtoll(answer->element[NOW]->str, NULL, 10);
        (void)snprintf(replies->behind, sizeof replies->behind, "%s", answer->element[BEHIND]->str);
        for (size_t i = FIRST; i + PARTS <= answer->elements; i += PARTS)
            if (is_reply(&answer->element[i]))
                deliver(replies, look, redis_ms, &answer->element[i]);
    }
    if (is_good && replies->behind[0] != '\0' && ++look->pages < PAGES_MAX) {
        read_page(look);
        return;
    }
    replies->looking = false;
    close_one(look);
}

static void read_page(struct look *look)
{
    struct releve_replies *replies = look->replies;
    struct releve_words words = {.count = 0};
    const char *refused;
    size_t at = 0;
    releve_words_script(&words, &releve_script_replies_due, 1);
    releve_key_of_queue(&words, replies->nodes->prefix, "replies");
    releve_words_format(&words, "%lld", (long long)look->age_ms);
    releve_words_format(&words, "%d", ANSWERED_MAX);
    releve_words_format(&words, "%d", LOOKED_AT);
    releve_words_add(&words, replies->behind);
    while ((refused = releve_refused_lists_next(&replies->refused, &at, now_of(replies))) != NULL)
        releve_words_add(&words, refused);
    releve_nodes_send(replies->nodes, "look for results to deliver", &releve_script_replies_due, &words, on_page, look);
}

void releve_replies_deliver_old(struct releve_replies *replies, releve_time age_ms, void (*done)(void *data),
                                void *data)
{
    if (replies->looking) { /* it would find the same ones */
        if (done != NULL)
            done(data);
        return;
    }
    replies->looking = true;
    struct look *look = releve_alloc(1, sizeof *look);
    *look = (struct look){.replies = replies, .age_ms = age_ms, .open = 1, .done = done, .data = data};
    read_page(look);
}
