/* Errors of Redis: one that names another node names a slot that there is and a host that can be shown, and what is
 * told of any is one line. */
#include <adapters/redis/redirection.h>
#include <adapters/redis/refusal.h>
#include <adapters/redis/slot.h>

#include "fuzz.h"

static void check_target(const struct releve_redirection *redirection)
{
    char text[RELEVE_REDIS_HOST_BYTES + 64];
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = text};
    bool moved = redirection->type == RELEVE_REDIRECTION_MOVED;
    MUST(redirection->slot >= 0 && redirection->slot < RELEVE_SLOTS);
    MUST(redirection->node.port >= 1 && redirection->node.port <= 65535);
    MUST(redirection->node.host[0] == '\0' || fuzz_is_line(redirection->node.host));
    MUST(redirection->host_unknown == (strcmp(redirection->node.host, "?") == 0));
    int bytes = snprintf(text, sizeof text, "%s %d %s:%d", moved ? "MOVED" : "ASK", redirection->slot,
                         redirection->node.host, redirection->node.port);
    reply.len = (size_t)bytes;
    struct releve_redirection again = releve_redirection_of(&reply);
    MUST(again.type == redirection->type && again.slot == redirection->slot);
    MUST(again.node.port == redirection->node.port && strcmp(again.node.host, redirection->node.host) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_error error;
    redisReply reply = {.type = REDIS_REPLY_ERROR, .str = fuzz_string(data, size), .len = size};
    struct releve_redirection redirection = releve_redirection_of(&reply);
    if (redirection.type == RELEVE_REDIRECTION_MOVED || redirection.type == RELEVE_REDIRECTION_ASK)
        check_target(&redirection);
    for (int in_cluster = 0; in_cluster <= 1; in_cluster++) {
        MUST(releve_refusal_explain("store days", "redis://h:1", in_cluster, &reply, &error) == RELEVE_E_REDIS);
        MUST(fuzz_is_line(error.text));
    }
    (void)releve_refusal_is_of_a_key(&reply);
    (void)releve_refusal_is_of_a_command(&reply);
    (void)releve_refusal_is_of_a_failover(&reply);
    free(reply.str);
    return 0;
}
