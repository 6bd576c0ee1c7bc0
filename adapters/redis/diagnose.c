/* A command that Redis refused on account of a key's type: which key is it? */
#include <adapters/redis/commands_internal.h>
#include <adapters/redis/refusal.h>
#include <adapters/redis/wire.h>
#include <stdlib.h>
#include <string.h>

static void on_diagnosed(void *data, const redisReply *found, const struct releve_error *error)
{
    struct releve_command *refused = data;
    if (error->code == RELEVE_OK && found->type == REDIS_REPLY_STRING)
        (void)releve_refusal_blame(refused->what, found, &refused->error);
    refused->reply(refused->data, NULL, &refused->error);
    releve_command_free(refused);
}

/* Asks which key is to blame; the refused command is answered when that is known. Its keys are read from what was sent,
 * so that a command that is not refused pays nothing: a script says how many it has, and no other command that is sent
 * here has more than two. What is no key of ours among them does no harm. */
void releve_command_diagnose(struct releve_command *refused)
{
    const char *at = refused->wire;
    size_t bytes, count = (size_t)strtoull(at + 1, NULL, 10), first = 1, keys = 2;
    at = strchr(at, '\n') + 1;
    if (refused->script != NULL) {
        (void)releve_wire_next_word(&at, &bytes); /* EVALSHA */
        (void)releve_wire_next_word(&at, &bytes); /* its SHA-1 */
        keys = (size_t)strtoull(releve_wire_next_word(&at, &bytes), NULL, 10);
        first = 3;
    } else {
        (void)releve_wire_next_word(&at, &bytes);
        if (refused->commands->hooks != NULL)
            keys = 1; /* a node of a cluster looks at keys of one slot only */
    }
    if (keys > count - first)
        keys = count - first;
    struct releve_words words = {.count = 0};
    releve_words_script(&words, &releve_script_diagnose, keys);
    for (size_t i = 0; i < keys; i++) {
        const char *key = releve_wire_next_word(&at, &bytes);
        releve_words_add_bytes(&words, key, bytes);
    }
    releve_words_add(&words, refused->commands->prefix);
    struct releve_commands *commands = refused->commands;
    refused->commands = NULL; /* the question may move to another node, and live longer than this one */
    releve_commands_send(commands, refused->what, &releve_script_diagnose, &words, on_diagnosed, refused);
}
