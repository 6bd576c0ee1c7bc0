/* See replies.h. Each reply is delivered by a script in the list's slot, which leaves a mark there: so it may be
 * repeated, by whomever, until it has left the stream. */
#include <adapters/redis/keys.h>
#include <adapters/redis/replies.h>
#include <inttypes.h>
#include <releve/digest.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 4                            /* of a reply, as replies.lua answers them */
#define MARK_S (24 * 3600)                 /* a reply that was delivered leaves the stream within that time */
#define OVERDUE_MS (10 * RELEVE_SECOND_MS) /* then whoever was to deliver it is late, or dead */
#define OVERDUE_AT_ONCE 100                /* in one look; a worker looks at every beat */

struct delivery {
    struct releve_commands *commands;
    char *number; /* in the stream */
};

static void on_taken_out(void *data, const redisReply *reply, const struct releve_error *error)
{
    (void)data, (void)reply, (void)error; /* else it is delivered once more, and its mark says that it was */
}

static void on_delivered(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct delivery *delivery = data;
    (void)reply;
    if (error->code == RELEVE_OK) {
        struct releve_words words = {.count = 0};
        releve_words_add(&words, "XDEL");
        releve_key_of_queue(&words, delivery->commands->prefix, "replies");
        releve_words_add(&words, delivery->number);
        releve_commands_send(delivery->commands, "take a reply out", NULL, &words, on_taken_out, NULL);
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

static void deliver(struct releve_commands *commands, const char *number, const char *list, const char *id,
                    const char *json)
{
    struct delivery *delivery = releve_alloc(1, sizeof *delivery);
    *delivery = (struct delivery){commands, releve_strdup(number)};
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_reply, 2);
    releve_words_add(&words, list);
    add_mark(&words, commands->prefix, list, number, id);
    releve_words_add(&words, json);
    releve_words_format(&words, "%d", MARK_S);
    releve_commands_send(commands, "deliver a result", &releve_script_reply, &words, on_delivered, delivery);
}

void releve_replies_deliver(struct releve_commands *commands, const redisReply *replies)
{
    if (replies == NULL || replies->type != REDIS_REPLY_ARRAY)
        return;
    for (size_t i = 0; i + PARTS <= replies->elements; i += PARTS) {
        redisReply *const *part = &replies->element[i];
        bool are_texts = true;
        for (size_t k = 0; k < PARTS; k++)
            are_texts = are_texts && part[k]->type == REDIS_REPLY_STRING;
        if (are_texts)
            deliver(commands, part[0]->str, part[1]->str, part[2]->str, part[3]->str);
    }
}

static void on_due(void *data, const redisReply *reply, const struct releve_error *error)
{
    if (error->code == RELEVE_OK)
        releve_replies_deliver(data, reply);
}

void releve_replies_deliver_overdue(struct releve_commands *commands)
{
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_replies_due, 1);
    releve_key_of_queue(&words, commands->prefix, "replies");
    releve_words_format(&words, "%lld", (long long)OVERDUE_MS);
    releve_words_format(&words, "%d", OVERDUE_AT_ONCE);
    releve_commands_send(commands, "look for results to deliver", &releve_script_replies_due, &words, on_due, commands);
}
