/* Who takes part only when something fails: replicas, sentinels, and the nodes of a cluster that RELEVE_REDIS names.
 * One that is away is noticed by nobody until then. */
#include "doctor.h"
#include <adapters/redis/sentinels.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_MS (3 * RELEVE_SECOND_MS) /* one that answers nothing for so long is taken for away */

/* --- one Redis, at its own address ----------------------------------------------------------------------------------
 */

/* A question to one of them, on a loop of its own. */
struct hearing {
    struct doctor *doctor;
    const char *name;
    bool is_replica; /* else it need only answer */
    struct releve_lookup lookup;
};

static void on_info(void *data, const struct releve_store_node *said)
{
    struct hearing *hearing = data;
    if (hearing->is_replica)
        releve_doctor_replica(hearing->doctor, hearing->name, said);
}

static void on_done(void *data, const struct releve_error *error)
{
    struct hearing *hearing = data;
    releve_lookup_end(&hearing->lookup, error);
}

static void start(void *data)
{
    struct hearing *hearing = data;
    releve_store_each_info(hearing->lookup.store, on_info, on_done, hearing);
}

static bool hear(struct doctor *doctor, const struct releve_redis_seed *seed, bool is_replica,
                 struct releve_error *error)
{
    static struct releve_config config;
    static struct hearing hearing;
    char name[RELEVE_REDIS_SEED_TEXT];
    hearing =
        (struct hearing){.doctor = doctor, .name = releve_redis_seed_format(seed, name), .is_replica = is_replica};
    config = doctor->config;
    releve_redis_url_of_seed(&doctor->config.redis, seed, &config.redis);
    config.redis.where = RELEVE_REDIS_TCP;
    config.redis.any_server = true; /* a node of a cluster, mostly */
    config.redis.replicas = 0;
    enum releve_code code = releve_lookup_run(&hearing.lookup, &config, false, start, &hearing, error);
    explicit_bzero(&config, sizeof config);
    return code == RELEVE_OK;
}

/* --- replicas -------------------------------------------------------------------------------------------------------
 */

/* The value of "name=" in a line of fields that commas part; its length, 0 where there is none. */
static size_t find_field(const char *line, size_t bytes, const char *name, const char **value)
{
    size_t length = strlen(name);
    for (const char *at = line, *end = line + bytes; at < end; at += strcspn(at, ",\r\n") + 1)
        if (strncmp(at, name, length) == 0) {
            *value = at + length;
            return strcspn(*value, ",\r\n");
        }
    return 0;
}

static void hear_replica(struct doctor *doctor, const char *of, const struct releve_redis_seed *seed)
{
    struct releve_error error;
    char name[RELEVE_REDIS_SEED_TEXT];
    if (!hear(doctor, seed, true, &error))
        DOUBTFUL(doctor, "Redis", "%sits replica %s is not reached from here, and may be the next master: %s", of,
                 releve_redis_seed_format(seed, name), error.text);
}

/* Lines "slave0:ip=127.0.0.1,port=7003,state=online,offset=...". */
static void hear_replicas(struct doctor *doctor, const char *of, const char *info)
{
    for (unsigned i = 0;; i++) {
        char key[32], line[DOCTOR_VALUE_BYTES];
        const char *host = "", *port = "";
        struct releve_redis_seed seed = {.port = 0};
        (void)snprintf(key, sizeof key, "slave%u", i);
        releve_doctor_info(info, key, line);
        size_t bytes = strlen(line), host_bytes = find_field(line, bytes, "ip=", &host);
        if (bytes == 0)
            return;
        if (find_field(line, bytes, "port=", &port) > 0)
            seed.port = atoi(port);
        if (strstr(line, ",state=online") == NULL || !releve_redis_host_is_plain(host, host_bytes) ||
            host_bytes >= sizeof seed.host)
            continue;
        memcpy(seed.host, host, host_bytes);
        hear_replica(doctor, of, &seed);
    }
}

/* --- what RELEVE_REDIS names -----------------------------------------------------------------------------------------
 */

static bool was_heard(const struct doctor *doctor, const struct releve_redis_seed *seed)
{
    char name[RELEVE_REDIS_SEED_TEXT];
    size_t bytes = strlen(releve_redis_seed_format(seed, name));
    for (size_t i = 0; i < doctor->nodes_count; i++)
        if (strncmp(doctor->nodes[i].title, name, bytes) == 0 && doctor->nodes[i].title[bytes] == ':')
            return true;
    return false;
}

static void hear_seeds(struct doctor *doctor)
{
    const struct releve_redis_url *redis = &doctor->config.redis;
    for (size_t i = 0; i < redis->seeds_count; i++) {
        struct releve_error error;
        char name[RELEVE_REDIS_SEED_TEXT];
        if (!was_heard(doctor, &redis->seeds[i]) && !hear(doctor, &redis->seeds[i], false, &error))
            DOUBTFUL(doctor, "Redis", "%s, which RELEVE_REDIS names, does not answer: %s",
                     releve_redis_seed_format(&redis->seeds[i], name), error.text);
    }
}

/* --- sentinels -------------------------------------------------------------------------------------------------- */

struct testimony {
    struct releve_redis_seed master;
    bool names_one;
    char why[RELEVE_ERROR_BYTES];
};

static void on_named(void *data, const struct releve_redis_seed *master, size_t sentinel,
                     const struct releve_error *why)
{
    struct testimony *testimony = data;
    (void)sentinel;
    testimony->names_one = master != NULL;
    if (master != NULL)
        testimony->master = *master;
    for (size_t i = 0; why->text[i] != '\0' && i + 1 < sizeof testimony->why; i++) /* foreign bytes */
        testimony->why[i] = why->text[i] >= ' ' && why->text[i] <= '~' ? why->text[i] : ' ';
}

static void ask_sentinel(const struct releve_redis_url *redis, size_t sentinel, struct testimony *testimony)
{
    struct releve_redis_url one = *redis;
    uv_loop_t loop;
    one.seeds[0] = redis->seeds[sentinel];
    one.seeds_count = 1;
    *testimony = (struct testimony){.names_one = false};
    uv_loop_init(&loop);
    (void)releve_sentinels_ask(&loop, &one, 0, SILENT_MS, on_named, testimony);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&loop);
    explicit_bzero(&one, sizeof one);
}

static void hear_sentinels(struct doctor *doctor)
{
    const struct releve_redis_url *redis = &doctor->config.redis;
    char first[RELEVE_REDIS_SEED_TEXT] = "", sentinel[RELEVE_REDIS_SEED_TEXT], master[RELEVE_REDIS_SEED_TEXT];
    size_t agree = 0;
    for (size_t i = 0; i < redis->seeds_count; i++) {
        struct testimony testimony;
        ask_sentinel(redis, i, &testimony);
        (void)releve_redis_seed_format(&redis->seeds[i], sentinel);
        if (!testimony.names_one) {
            DOUBTFUL(doctor, "Redis",
                     "the sentinel %s does not say where the master is: start it, or correct "
                     "RELEVE_REDIS: %s",
                     sentinel, testimony.why);
            continue;
        }
        (void)releve_redis_seed_format(&testimony.master, master);
        if (first[0] == '\0')
            (void)snprintf(first, sizeof first, "%s", master);
        agree += strcmp(first, master) == 0;
        if (strcmp(first, master) != 0)
            DOUBTFUL(doctor, "Redis",
                     "the sentinel %s says that the master is %s, others say %s: a failover is under "
                     "way, or they do not know each other: SENTINEL MASTER %s at each",
                     sentinel, master, first, redis->master);
    }
    if (agree > 0)
        OK(doctor, "Redis", "the master is %s now, as %zu of the %zu sentinels say", first, agree, redis->seeds_count);
}

void releve_doctor_bystanders(struct doctor *doctor)
{
    size_t masters = doctor->masters_count;
    if (doctor->config.redis.where == RELEVE_REDIS_SENTINEL)
        hear_sentinels(doctor);
    for (size_t i = 0; doctor->config.redis.replicas > 0 && i < masters; i++) {
        const struct doctor_node master = doctor->nodes[i]; /* they move when there are more */
        hear_replicas(doctor, master.title, master.info);
    }
    if (doctor->config.redis.where == RELEVE_REDIS_CLUSTER)
        hear_seeds(doctor);
}
