/* See replies.h. Each reply is delivered by a script in the list's slot, which leaves a mark there: so it may be
 * repeated, by whomever, until it has left the stream. */
#include <adapters/redis/keys.h>
#include <adapters/redis/replies.h>
#include <inttypes.h>
#include <releve/digest.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 4            /* of a reply, as replies.lua answers them */
#define MARK_S (24 * 3600) /* a reply that was delivered leaves the stream within that time */
#define OLD_AT_ONCE 100    /* in one look; a worker looks at every beat */

/* Replies that were found in the stream together. */
struct look {
    struct releve_replies *replies;
    size_t open; /* deliveries without an end */
    void (*done)(void *data);
    void *data;
};

struct delivery {
    struct releve_replies *replies;
    char *number;      /* in the stream */
    struct look *look; /* NULL: nobody waits for it */
};

static void close_one(struct look *look)
{
    if (look == NULL || --look->open > 0)
        return;
    look->replies->looking = false;
    if (look->done != NULL)
        look->done(look->data);
    free(look);
}

static void on_taken_out(void *data, const redisReply *reply, const struct releve_error *error)
{
    (void)reply, (void)error; /* else it is delivered once more, and its mark says that it was */
    close_one(data);
}

static void on_delivered(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct delivery *delivery = data;
    struct releve_nodes *nodes = delivery->replies->nodes;
    (void)reply;
    delivery->replies->under_way--;
    if (error->code == RELEVE_OK) {
        struct releve_words words = {.count = 0};
        releve_words_add(&words, "XDEL");
        releve_key_of_queue(&words, nodes->prefix, "replies");
        releve_words_add(&words, delivery->number);
        releve_nodes_send(nodes, "take a reply out", NULL, &words, on_taken_out, delivery->look);
    } else {
        close_one(delivery->look); /* it stays, for the next look */
    }
    free(delivery->number);
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

static void deliver(struct releve_replies *replies, struct look *look, redisReply *const *part)
{
    struct releve_nodes *nodes = replies->nodes;
    const char *number = part[0]->str, *list = part[1]->str, *id = part[2]->str, *json = part[3]->str;
    struct delivery *delivery = releve_alloc(1, sizeof *delivery);
    *delivery = (struct delivery){replies, releve_strdup(number), look};
    replies->under_way++;
    if (look != NULL)
        look->open++;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_reply, 2);
    releve_words_add(&words, list);
    add_mark(&words, nodes->prefix, list, number, id);
    releve_words_add(&words, json);
    releve_words_format(&words, "%d", MARK_S);
    releve_nodes_send_replicated(nodes, RELEVE_REPLICAS_REPEAT, "deliver a result", &releve_script_reply, &words,
                                 on_delivered, delivery);
}

static void deliver_all(struct releve_replies *replies, struct look *look, const redisReply *answer)
{
    if (answer == NULL || answer->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i + PARTS <= answer->elements && replies->under_way < RELEVE_REPLIES_UNDER_WAY_MAX; i += PARTS) {
        redisReply *const *part = &answer->element[i];
        bool are_texts = true;
        for (size_t k = 0; k < PARTS; k++)
            are_texts = are_texts && part[k]->type == REDIS_REPLY_STRING;
        if (are_texts)
            deliver(replies, look, part);
    }
}

void releve_replies_deliver(struct releve_replies *replies, const redisReply *answer)
{
    deliver_all(replies, NULL, answer);
}

static void on_old(void *data, const redisReply *answer, const struct releve_error *error)
{
    struct look *look = data;
    if (error->code == RELEVE_OK)
        deliver_all(look->replies, look, answer);
    close_one(look);
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
    *look = (struct look){replies, 1, done, data};
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_replies_due, 1);
    releve_key_of_queue(&words, replies->nodes->prefix, "replies");
    releve_words_format(&words, "%lld", (long long)age_ms);
    releve_words_format(&words, "%d", OLD_AT_ONCE);
    releve_nodes_send(replies->nodes, "look for results to deliver", &releve_script_replies_due, &words, on_old, look);
}
