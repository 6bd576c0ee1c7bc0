/* See refusal.h. Replies are foreign bytes, and may quote keys: what is no printable ASCII becomes a blank. */
#include <adapters/redis/refusal.h>
#include <ctype.h>
#include <string.h>

#define LINE_BYTES 400 /* of a reply: leaves room for what was attempted */
/* What a WAIT is told that comes behind its master's demotion: there is no other word for it. */
#define WAIT_AT_A_REPLICA "ERR WAIT cannot be used with replica instances"

#define IS_A_REPLICA                                                                                                  \
    "is a replica: name its master in RELEVE_REDIS (or sentinels, redis+sentinel://, which know it), or make it one " \
    "(REPLICAOF NO ONE)"

/* The first word of an error reply is mostly its kind
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors). What it means: "Redis at ...", and
 * then. */
static const struct {
    const char *word, *meaning, *in_cluster; /* the latter: where it means something else there; NULL for the same */
} refusals[] = {
    {"OOM", "is full: raise maxmemory, or remove what is not needed", NULL},
    {"READONLY", IS_A_REPLICA, NULL},
    {WAIT_AT_A_REPLICA, IS_A_REPLICA, NULL},
    {"MISCONF", "cannot write to its disk: make room there, and see its log", NULL},
    {"NOREPLICAS", "has too few replicas: bring them back, or lower min-replicas-to-write", NULL},
    {"MASTERDOWN", "is a replica without its master: name the master in RELEVE_REDIS", NULL},
    {"NOPERM", "does not let its user do this: docs/redis.md says what a worker needs", NULL},
    {"BUSY", "is kept busy by somebody's script: end it with SCRIPT KILL", NULL},
    {"MOVED", "is a node of a cluster: write redis+cluster://, not redis://, in RELEVE_REDIS", NULL},
    {"CLUSTERDOWN", "is a node of a cluster that does not serve: write redis+cluster://, not redis://, in RELEVE_REDIS",
     "says that not all slots of its cluster are served: see CLUSTER INFO"},
    {"CROSSSLOT", "is a node of a cluster: write redis+cluster://, not redis://, in RELEVE_REDIS",
     "was sent keys of several slots of its cluster at once, which is a mistake of releve's: please report it, and the "
     "name of the reply list where there is one"},
};

static void copy_line(const redisReply *reply, char line[LINE_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < (size_t)reply->len && used + 1 < LINE_BYTES; i++)
        line[used++] = isprint((unsigned char)reply->str[i]) ? reply->str[i] : ' ';
    line[used] = '\0';
}

static bool begins_with_words(const char *line, const char *words)
{
    size_t bytes = strlen(words);
    return strncmp(line, words, bytes) == 0 && !isalnum((unsigned char)line[bytes]);
}

enum releve_code releve_refusal_explain(const char *what, const char *address, bool in_cluster, const redisReply *reply,
                                        struct releve_error *error)
{
    char line[LINE_BYTES];
    copy_line(reply, line);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (begins_with_words(line, refusals[i].word))
            return releve_fail(error, RELEVE_E_REDIS, "cannot %s: Redis at %s %s (%s)", what, address,
                               in_cluster && refusals[i].in_cluster != NULL ? refusals[i].in_cluster
                                                                            : refusals[i].meaning,
                               refusals[i].word);
    return releve_fail(error, RELEVE_E_REDIS, "cannot %s: Redis at %s answers: %s", what, address, line);
}

static bool begins(const redisReply *reply, const char *word)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, word, strlen(word)) == 0;
}

bool releve_refusal_is_of_a_key(const redisReply *reply)
{
    return begins(reply, "WRONGTYPE ");
}

bool releve_refusal_is_of_a_wait(const redisReply *reply)
{
    return begins(reply, "UNBLOCKED ");
}

bool releve_refusal_is_of_a_command(const redisReply *reply)
{
    return begins(reply, "NOPERM ") || begins(reply, "ERR ");
}

bool releve_refusal_is_of_a_failover(const redisReply *reply)
{
    return begins(reply, "READONLY ") || begins(reply, "MASTERDOWN ") || begins(reply, "LOADING ") ||
           begins(reply, "UNBLOCKED ") || begins(reply, WAIT_AT_A_REPLICA);
}

enum releve_code releve_refusal_blame(const char *what, const redisReply *found, struct releve_error *error)
{
    char line[LINE_BYTES];
    copy_line(found, line);
    return releve_fail(error, RELEVE_E_REDIS, "cannot %s: %s", what, line);
}
