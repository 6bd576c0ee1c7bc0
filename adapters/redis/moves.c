/* See moves.h. CLUSTER NODES has a line for each node, "<id> <address> <flags> <master> <ping> <pong> <config epoch>
 * <link> <slot> <slot> ..."; only in that of the node that answers do slots stand that are on their way:
 * "[1234->-<id>]" leaves it and "[1234-<-<id>]" comes to it. Who gets a slot takes a config epoch that is higher than
 * any other
 * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redis-cluster-live-reconfiguration). */
#include <adapters/redis/moves.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_BEFORE_SLOTS 8
#define FIELD_FLAGS 2
#define FIELD_CONFIG_EPOCH 6

static bool has_flag(const char *flags, size_t bytes, const char *flag)
{
    for (const char *at = flags, *end = flags + bytes; at < end; at += strcspn(at, ", ") + 1)
        if (strcspn(at, ", ") == strlen(flag) && strncmp(at, flag, strlen(flag)) == 0)
            return true;
    return false;
}

/* `line` ends where `end` is. */
static bool add_line(struct releve_moves *moves, const char *line, const char *end)
{
    uint64_t moving = 0, config = 0;
    bool is_own = false;
    size_t field = 0, bytes;
    for (const char *at = line; at < end; at += bytes + (at + bytes < end), field++) {
        bytes = strcspn(at, " \n");
        if (field == FIELD_FLAGS)
            is_own = has_flag(at, bytes, "myself");
        else if (field == FIELD_CONFIG_EPOCH)
            config = strtoull(at, NULL, 10);
        else if (field >= FIELDS_BEFORE_SLOTS && *at == '[')
            moving++;
    }
    if (!is_own || field < FIELDS_BEFORE_SLOTS)
        return false;
    moves->moving += moving;
    moves->config += config; /* each only grows */
    return true;
}

bool releve_moves_add(struct releve_moves *moves, const char *text)
{
    for (const char *line = text; *line != '\0';) {
        const char *end = line + strcspn(line, "\n");
        if (add_line(moves, line, end))
            return true;
        line = *end == '\0' ? end : end + 1;
    }
    return false;
}

static void ask_next(struct releve_moves *moves);

static void on_nodes(void *data, const redisReply *reply, const struct releve_error *error)
{
    struct releve_moves *moves = data;
    moves->changed = releve_nodes_epoch(moves->nodes) != moves->epoch;
    if (!moves->changed && error->code != RELEVE_OK)
        moves->error = *error;
    else if (!moves->changed && (reply->type != REDIS_REPLY_STRING || !releve_moves_add(moves, reply->str)))
        (void)releve_fail(&moves->error, RELEVE_E_REDIS, "cannot %s: Redis answers CLUSTER NODES with something else",
                          moves->what);
    else if (!moves->changed && ++moves->node < releve_nodes_count(moves->nodes)) {
        ask_next(moves);
        return;
    }
    moves->done(moves->data);
}

static void ask_next(struct releve_moves *moves)
{
    struct releve_words words = {.count = 0};
    releve_words_add(&words, "CLUSTER");
    releve_words_add(&words, "NODES");
    releve_nodes_send_to(moves->nodes, moves->node, moves->what, NULL, &words, on_nodes, moves);
}

void releve_moves_begin(struct releve_moves *moves, struct releve_nodes *nodes, const char *what,
                        void (*done)(void *data), void *data)
{
    *moves = (struct releve_moves){
        .nodes = nodes, .what = what, .epoch = releve_nodes_epoch(nodes), .done = done, .data = data};
    if (nodes->cluster == NULL)
        done(data);
    else
        ask_next(moves);
}
