/* See slot_map.h: [[first slot, last slot, [host, port, id, [name, value, ...]], [a replica], ...], ...] */
#include <adapters/redis/slot_map.h>
#include <stdio.h>
#include <string.h>

static const redisReply *string_at(const redisReply *array, size_t i)
{
    return i < array->elements && array->element[i]->type == REDIS_REPLY_STRING ? array->element[i] : NULL;
}

/* The metadata of a node (Redis 7): its IP address is there where its host name is unknown. */
static const redisReply *ip_of(const redisReply *node)
{
    const redisReply *more = node->elements > 3 ? node->element[3] : NULL;
    for (size_t i = 0; more != NULL && more->type == REDIS_REPLY_ARRAY && i + 1 < more->elements; i += 2) {
        const redisReply *name = string_at(more, i);
        if (name != NULL && strcmp(name->str, "ip") == 0)
            return string_at(more, i + 1);
    }
    return NULL;
}

/* "" where it has none, or one that is none. */
static void read_id(const redisReply *node, char id[RELEVE_NODE_ID_BYTES])
{
    const redisReply *found = string_at(node, 2);
    bool is_one = found != NULL && (size_t)found->len < RELEVE_NODE_ID_BYTES &&
                  strspn(found->str, "0123456789abcdef") == (size_t)found->len;
    (void)snprintf(id, RELEVE_NODE_ID_BYTES, "%s", is_one ? found->str : "");
}

static bool read_node(const redisReply *node, const struct releve_redis_seed *asked, struct releve_redis_seed *seed)
{
    if (node->type != REDIS_REPLY_ARRAY || node->elements < 2 || node->element[1]->type != REDIS_REPLY_INTEGER ||
        node->element[1]->integer < 1 || node->element[1]->integer > 65535)
        return false;
    const redisReply *host = string_at(node, 0);
    if (host != NULL && strcmp(host->str, "?") == 0)
        host = ip_of(node);
    bool is_known = host != NULL && host->str[0] != '\0';
    if (is_known &&
        ((size_t)host->len >= sizeof seed->host || !releve_redis_host_is_plain(host->str, (size_t)host->len)))
        return false;
    (void)snprintf(seed->host, sizeof seed->host, "%s", is_known ? host->str : asked->host);
    seed->port = (int)node->element[1]->integer;
    return true;
}

/* Its number; map->count where there is no room for it. */
static size_t number_of(struct releve_slot_map *map, const struct releve_redis_seed *seed)
{
    size_t i = 0;
    while (i < map->count && (map->nodes[i].port != seed->port || strcmp(map->nodes[i].host, seed->host) != 0))
        i++;
    if (i == map->count && i < RELEVE_NODES_MAX) {
        map->nodes[map->count] = *seed;
        map->master[map->count++] = false;
    }
    return i;
}

static bool read_range(const redisReply *range, long long *first, long long *last)
{
    if (range->type != REDIS_REPLY_ARRAY || range->elements < 3 || range->element[0]->type != REDIS_REPLY_INTEGER ||
        range->element[1]->type != REDIS_REPLY_INTEGER)
        return false;
    *first = range->element[0]->integer;
    *last = range->element[1]->integer;
    return *first >= 0 && *first <= *last && *last < RELEVE_SLOTS;
}

enum releve_code releve_slot_map_read(const redisReply *reply, const struct releve_redis_seed *asked,
                                      const char *address, struct releve_slot_map *map, struct releve_error *error)
{
    map->count = 0;
    map->served = 0;
    for (size_t i = 0; i < RELEVE_SLOTS; i++)
        map->owner[i] = RELEVE_NOBODY;
    bool makes_sense = reply->type == REDIS_REPLY_ARRAY;
    for (size_t i = 0; makes_sense && i < reply->elements; i++) {
        long long first = 0, last = 0;
        makes_sense = read_range(reply->element[i], &first, &last);
        for (size_t j = 2; makes_sense && j < reply->element[i]->elements; j++) {
            struct releve_redis_seed seed;
            makes_sense = read_node(reply->element[i]->element[j], asked, &seed);
            size_t number = makes_sense ? number_of(map, &seed) : 0;
            if (makes_sense && number < RELEVE_NODES_MAX)
                read_id(reply->element[i]->element[j], map->ids[number]);
            if (makes_sense && number == RELEVE_NODES_MAX)
                return releve_fail(error, RELEVE_E_REDIS, "Redis at %s: its cluster has more than %d nodes", address,
                                   RELEVE_NODES_MAX);
            for (long long slot = first; makes_sense && j == 2 && slot <= last; slot++) {
                map->served += map->owner[slot] == RELEVE_NOBODY;
                map->owner[slot] = (uint16_t)number;
                map->master[number] = true;
            }
        }
    }
    if (makes_sense)
        return RELEVE_OK;
    return releve_fail(error, RELEVE_E_REDIS,
                       "Redis at %s answers CLUSTER SLOTS with something else than nodes; is it a Redis?", address);
}
