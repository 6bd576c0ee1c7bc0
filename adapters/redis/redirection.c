/* See redirection.h. The texts are those of Redis 7.0. */
#include <adapters/redis/redirection.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_MAX 16383

static const struct {
    const char *word;
    enum releve_redirection_type type;
} kinds[] = {
    {"TRYAGAIN ", RELEVE_REDIRECTION_SPLIT},
    {"UNBLOCKED ", RELEVE_REDIRECTION_AGAIN},
    {"CLUSTERDOWN ", RELEVE_REDIRECTION_AWAY},
    {"LOADING ", RELEVE_REDIRECTION_AWAY},
    {"MASTERDOWN ", RELEVE_REDIRECTION_AWAY},
    {"READONLY ", RELEVE_REDIRECTION_AWAY},
    {"ERR WAIT cannot be used with replica ", RELEVE_REDIRECTION_AWAY}, /* replaced before the WAIT had its turn */
};

/* Of a script whose first key was served, and then another one was not. */
static const struct {
    const char *text;
    enum releve_redirection_type type;
} of_scripts[] = {
    {"Script attempted to access a non local key", RELEVE_REDIRECTION_ALIEN},
    {"Script attempted to execute a command while the cluster is down", RELEVE_REDIRECTION_AWAY},
    {"Script attempted to execute a write command while the cluster is down", RELEVE_REDIRECTION_AWAY},
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "<slot> <host>:<port>": an IPv6 address has no brackets there. */
static bool read_target(const char *text, struct releve_redirection *redirection)
{
    char *end;
    long slot = strtol(text, &end, 10);
    const char *port = strrchr(text, ':');
    if (end == text || *end != ' ' || slot < 0 || slot > SLOT_MAX || port == NULL || port < end)
        return false;
    const char *host = end + 1;
    long number = strtol(port + 1, &end, 10);
    size_t bytes = (size_t)(port - host);
    if (end == port + 1 || *end != '\0' || number < 1 || number > 65535 || bytes >= sizeof redirection->node.host ||
        !releve_redis_host_is_plain(host, bytes))
        return false;
    redirection->slot = (int)slot;
    redirection->node.port = (int)number;
    redirection->host_unknown = bytes == 1 && host[0] == '?';
    memcpy(redirection->node.host, host, bytes);
    redirection->node.host[bytes] = '\0';
    return true;
}

struct releve_redirection releve_redirection_of(const redisReply *reply)
{
    struct releve_redirection redirection = {.type = RELEVE_REDIRECTION_NONE};
    const char *text = reply->str;
    if (begins(text, "MOVED ") && read_target(text + strlen("MOVED "), &redirection))
        redirection.type = RELEVE_REDIRECTION_MOVED;
    else if (begins(text, "ASK ") && read_target(text + strlen("ASK "), &redirection))
        redirection.type = RELEVE_REDIRECTION_ASK;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (begins(text, kinds[i].word))
            redirection.type = kinds[i].type;
    for (size_t i = 0; i < sizeof of_scripts / sizeof of_scripts[0]; i++)
        if (begins(text, "ERR ") && strstr(text, of_scripts[i].text) != NULL)
            redirection.type = of_scripts[i].type;
    return redirection;
}
