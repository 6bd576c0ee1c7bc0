/* CLUSTER SLOTS: of a reply of any shape each slot has an owner that is in the list, or none, and the hosts are such as
 * can be shown. The input writes a reply, as Redis's documentation does: [[0 5460 ["127.0.0.1" 7000 "id" []]]], with _
 * for nothing and 'OK' for a status. */
#include <adapters/redis/slot_map.h>

#include "fuzz.h"

#define DEPTH_MAX 7       /* as deep as hiredis reads */
#define REPLIES_MAX 20000 /* in one input */

struct writing {
    const uint8_t *at, *end;
    size_t replies;
};

static redisReply *make(int type)
{
    redisReply *reply = calloc(1, sizeof *reply);
    MUST(reply != NULL);
    reply->type = type;
    return reply;
}

static redisReply *make_string(struct writing *in, int type)
{
    uint8_t quote = *in->at++;
    const uint8_t *begin = in->at;
    while (in->at < in->end && *in->at != quote)
        in->at++;
    redisReply *reply = make(type);
    reply->str = fuzz_string(begin, (size_t)(in->at - begin));
    reply->len = (size_t)(in->at - begin);
    in->at += in->at < in->end;
    return reply;
}

static redisReply *make_number(struct writing *in)
{
    redisReply *reply = make(REDIS_REPLY_INTEGER);
    bool negative = *in->at == '-';
    uint64_t value = 0;
    in->at += negative;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++)
        value = value * 10 + (uint64_t)(*in->at - '0');
    reply->integer = (long long)(value & INT64_MAX);
    if (negative)
        reply->integer = -reply->integer;
    return reply;
}

static redisReply *read_reply(struct writing *in, int depth);

static redisReply *make_array(struct writing *in, int depth)
{
    redisReply *reply = make(REDIS_REPLY_ARRAY), *element;
    in->at++;
    while ((element = read_reply(in, depth + 1)) != NULL) {
        reply->element = realloc(reply->element, (reply->elements + 1) * sizeof *reply->element);
        MUST(reply->element != NULL);
        reply->element[reply->elements++] = element;
    }
    return reply;
}

/* NULL at the end of an array, or of all. */
static redisReply *read_reply(struct writing *in, int depth)
{
    while (in->at < in->end && in->replies < REPLIES_MAX) {
        uint8_t byte = *in->at;
        in->replies++;
        if (byte == '[' && depth < DEPTH_MAX)
            return make_array(in, depth);
        if (byte == '"')
            return make_string(in, REDIS_REPLY_STRING);
        if (byte == '\'')
            return make_string(in, REDIS_REPLY_STATUS);
        if (byte == '-' || (byte >= '0' && byte <= '9'))
            return make_number(in);
        in->at++;
        if (byte == '_')
            return make(REDIS_REPLY_NIL);
        if (byte == ']')
            return NULL;
    }
    return NULL;
}

static void check_map(const struct releve_slot_map *map)
{
    unsigned served = 0;
    MUST(map->count <= RELEVE_NODES_MAX);
    for (size_t slot = 0; slot < RELEVE_SLOTS; slot++) {
        bool is_served = map->owner[slot] != RELEVE_NOBODY;
        MUST(!is_served || (map->owner[slot] < map->count && map->master[map->owner[slot]]));
        served += is_served;
    }
    MUST(served == map->served);
    for (size_t i = 0; i < map->count; i++) {
        MUST(fuzz_is_line(map->nodes[i].host));
        MUST(strspn(map->ids[i], "0123456789abcdef") == strlen(map->ids[i]));
        MUST(map->nodes[i].port >= 1 && map->nodes[i].port <= 65535);
        for (size_t j = 0; j < i; j++)
            MUST(map->nodes[i].port != map->nodes[j].port || strcmp(map->nodes[i].host, map->nodes[j].host) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct releve_slot_map map;
    static const struct releve_redis_seed asked = {.host = "127.0.0.1", .port = 7000};
    struct releve_error error = {.code = RELEVE_OK};
    struct writing in = {data, data + size, 0};
    redisReply *reply = read_reply(&in, 0);
    if (reply == NULL)
        return 0;
    if (releve_slot_map_read(reply, &asked, "redis://127.0.0.1:7000", &map, &error) == RELEVE_OK)
        check_map(&map);
    else
        MUST(error.code == RELEVE_E_REDIS && fuzz_is_line(error.text));
    freeReplyObject(reply);
    return 0;
}
