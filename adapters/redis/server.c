/* See server.h. */
#include <adapters/redis/server.h>
#include <stdlib.h>
#include <string.h>

/* Behind "name:"; NULL where there is none. */
static const char *find_field(const redisReply *info, const char *name)
{
    const char *found = info->type == REDIS_REPLY_STRING ? strstr(info->str, name) : NULL;
    return found != NULL ? found + strlen(name) : NULL;
}

enum releve_server releve_server_read(const redisReply *info)
{
    static const struct {
        const char *mode;
        enum releve_server is;
    } modes[] = {
        {"standalone", RELEVE_SERVER_SINGLE}, {"cluster", RELEVE_SERVER_NODE}, {"sentinel", RELEVE_SERVER_SENTINEL}};
    const char *mode = find_field(info, "redis_mode:");
    for (size_t i = 0; mode != NULL && i < sizeof modes / sizeof modes[0]; i++)
        if (strncmp(mode, modes[i].mode, strlen(modes[i].mode)) == 0)
            return modes[i].is;
    return RELEVE_SERVER_UNTOLD;
}

unsigned releve_server_read_masters(const redisReply *info)
{
    const char *size = find_field(info, "cluster_size:");
    return size != NULL ? (unsigned)strtoul(size, NULL, 10) : 0;
}

enum releve_code releve_server_check(enum releve_server server, unsigned masters, const struct releve_redis_url *url,
                                     struct releve_error *error)
{
    bool is_cluster = url->where == RELEVE_REDIS_CLUSTER;
    char place[RELEVE_REDIS_SEED_TEXT] = "host:port"; /* of a socket it is not known */
    if (url->where == RELEVE_REDIS_SENTINEL)
        return RELEVE_OK; /* what sentinels name is theirs to say */
    if (url->where != RELEVE_REDIS_UNIX) {
        struct releve_redis_seed seed = {.port = url->port};
        memcpy(seed.host, url->host, sizeof seed.host);
        (void)releve_redis_seed_format(&seed, place);
    }
    if (server == RELEVE_SERVER_SENTINEL)
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "what answers at %s is a sentinel, which holds no data; write redis+sentinel://%.160s/NAME in "
            "RELEVE_REDIS, with the NAME of its sentinel.conf",
            url->address, place);
    if (server == RELEVE_SERVER_SINGLE && is_cluster)
        return releve_fail(error, RELEVE_E_CONFIG,
                           "Redis at %s is no node of a cluster but a single one; write redis://%.160s, not "
                           "redis+cluster://, in RELEVE_REDIS",
                           url->address, place);
    if (server == RELEVE_SERVER_NODE && !is_cluster && masters > 1)
        return releve_fail(
            error, RELEVE_E_CONFIG,
            "Redis at %s is a node of a cluster of %u masters; write redis+cluster://%.160s, and more of "
            "its nodes, in RELEVE_REDIS",
            url->address, masters, place);
    return RELEVE_OK;
}
