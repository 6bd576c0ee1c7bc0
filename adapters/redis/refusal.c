/* See refusal.h. Replies are foreign bytes, and may quote keys: what is no printable ASCII becomes a blank. */
#include <adapters/redis/refusal.h>
#include <ctype.h>
#include <string.h>

#define LINE_BYTES 400 /* of a reply: leaves room for what was attempted */

/* The first word of an error reply, and what to do. https://redis.io/docs/latest/develop/reference/protocol-spec/ says
 * that the first word is the kind of the error. */
static const struct {
    const char *word, *remedy;
} remedies[] = {
    {"OOM", "it is full: raise maxmemory, or remove what is not needed"},
    {"READONLY", "it is a replica: name its master in RELEVE_REDIS, or make it one (REPLICAOF NO ONE)"},
    {"MISCONF", "it cannot write to its disk: make room there, and see its log"},
    {"NOREPLICAS", "too few replicas are connected: bring them back, or lower min-replicas-to-write"},
    {"MASTERDOWN", "it is a replica without its master: name the master in RELEVE_REDIS"},
    {"NOPERM", "its user may not do this: docs/redis.md says what a worker needs"},
    {"BUSY", "somebody's script keeps it busy: see SLOWLOG, or end it with SCRIPT KILL"},
    {"MOVED", "it is a cluster: name a single Redis in RELEVE_REDIS"},
    {"CROSSSLOT", "it is a cluster: name a single Redis in RELEVE_REDIS"},
};

static void copy_line(const redisReply *reply, char line[LINE_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < (size_t)reply->len && used + 1 < LINE_BYTES; i++)
        line[used++] = isprint((unsigned char)reply->str[i]) ? reply->str[i] : ' ';
    line[used] = '\0';
}

static const char *find_remedy(const char *line)
{
    size_t word_bytes = strcspn(line, " ");
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
        if (strlen(remedies[i].word) == word_bytes && strncmp(remedies[i].word, line, word_bytes) == 0)
            return remedies[i].remedy;
    return NULL;
}

enum releve_code releve_refusal_explain(const char *what, const char *address, const redisReply *reply,
                                        struct releve_error *error)
{
    char line[LINE_BYTES];
    copy_line(reply, line);
    const char *remedy = find_remedy(line);
    char *script = strstr(line, " script: "); /* where in which script: of no use to whoever reads it */
    if (remedy != NULL && script != NULL)
        *script = '\0';
    if (remedy == NULL)
        return releve_fail(error, RELEVE_E_REDIS, "cannot %s: Redis at %s answers: %s", what, address, line);
    return releve_fail(error, RELEVE_E_REDIS, "cannot %s: Redis at %s answers: %.120s; %s", what, address, line,
                       remedy);
}

static bool begins(const redisReply *reply, const char *word)
{
    return reply->type == REDIS_REPLY_ERROR && strncmp(reply->str, word, strlen(word)) == 0;
}

bool releve_refusal_is_of_a_key(const redisReply *reply)
{
    return begins(reply, "WRONGTYPE ");
}

bool releve_refusal_is_of_a_command(const redisReply *reply)
{
    return begins(reply, "NOPERM ") || begins(reply, "ERR ");
}

enum releve_code releve_refusal_blame(const char *what, const redisReply *found, struct releve_error *error)
{
    char line[LINE_BYTES];
    copy_line(found, line);
    return releve_fail(error, RELEVE_E_REDIS, "cannot %s: %s", what, line);
}
