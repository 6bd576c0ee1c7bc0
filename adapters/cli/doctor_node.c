/* Is a Redis fit to hold its part? By what it says of itself: each master of a cluster for itself, and their clocks
 * against each other. */
#include "doctor.h"
#include "duration.h"
#include <adapters/redis/store.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIS_MAJOR_MIN 7       /* SET with NX and GET */
#define NODES_APART_MAX_MS 1000 /* CLOCK_DIFFERENCE_MS of ledger.lua: what it allows for after a failover */
#define CUT_MS 2                /* of an answer's time and of the clocks: each is in whole milliseconds */
#define WHOSE_BYTES (DOCTOR_NODE_BYTES + 32)

static void check_version(struct doctor *doctor, const char *node, const char *info)
{
    char version[DOCTOR_VALUE_BYTES], role[DOCTOR_VALUE_BYTES];
    releve_doctor_info(info, "redis_version", version);
    releve_doctor_info(info, "role", role);
    if (strtod(version, NULL) < REDIS_MAJOR_MIN)
        BAD(doctor, RELEVE_E_REDIS, "Redis", "%sversion %.40s: %d or later is needed", node, version, REDIS_MAJOR_MIN);
    else if (node[0] != '\0')
        OK(doctor, "Redis", "%sversion %.40s", node, version);
    else
        OK(doctor, "Redis", "version %.40s at %s, prefix %s", version, doctor->config.redis.address,
           doctor->config.prefix);
    if (strcmp(role, "slave") == 0)
        BAD(doctor, RELEVE_E_REDIS, "Redis", "%sis a replica, and takes no writes: name its master in RELEVE_REDIS",
            node);
}

/* What it keeps when it is restarted, the ledger of the quota among it. */
static void check_append_only_file(struct doctor *doctor, const char *node, const char *fsync)
{
    const struct releve_redis_url *redis = &doctor->config.redis;
    bool everysec = strcmp(fsync, "everysec") == 0, is_safe = *fsync == '\0' || strcmp(fsync, "always") == 0;
    const char *last = everysec ? "its last second" : "what was not written to its disk yet, some 30 s";
    if (is_safe)
        OK(doctor, "Redis", "%skeeps what it is given (append-only file)", node);
    else if (redis->replicas > 0 && (redis->where == RELEVE_REDIS_CLUSTER || redis->where == RELEVE_REDIS_SENTINEL))
        DOUBTFUL(doctor, "Redis",
                 "%skeeps what it is given (append-only file), but appendfsync is %s: where its machine crashes and it "
                 "is back before it is replaced, %s is lost at all nodes, permits too, and the quota may be exceeded: "
                 "CONFIG SET appendfsync always, and in redis.conf",
                 node, fsync, last);
    else
        OK(doctor, "Redis",
           "%skeeps what it is given (append-only file; as appendfsync is %s, a crash of its machine loses %s, permits "
           "too)",
           node, fsync, last);
}

static void check_persistence(struct doctor *doctor, const char *node, const struct releve_store_node *said)
{
    char aof[DOCTOR_VALUE_BYTES], snapshot[DOCTOR_VALUE_BYTES];
    releve_doctor_info(said->info, "aof_last_write_status", aof);
    releve_doctor_info(said->info, "rdb_last_bgsave_status", snapshot);
    if (strcmp(aof, "err") == 0 || strcmp(snapshot, "err") == 0)
        BAD(doctor, RELEVE_E_REDIS, "Redis",
            "%sits last write to disk failed: see its log, and whether the disk is full", node);
    else if (releve_doctor_info_number(said->info, "aof_enabled") != 0)
        check_append_only_file(doctor, node, said->fsync);
    else if (said->is_durable)
        DOUBTFUL(doctor, "Redis",
                 "%skeeps snapshots only: what came after the last one is lost when it is killed, and with it how much "
                 "of the quota is used: CONFIG SET appendonly yes, and appendonly yes in redis.conf",
                 node);
    else
        BAD(doctor, RELEVE_E_REDIS, "Redis",
            "%skeeps nothing on disk: its restart forgets days, results and how much of the quota is used: CONFIG SET "
            "appendonly yes, and appendonly yes in redis.conf",
            node);
}

/* Lines "slave0:ip=127.0.0.1,port=7003,state=online,offset=...": one that only loads yet acknowledges nothing. */
static unsigned count_replicas(const char *info)
{
    unsigned count = 0;
    const char *next;
    for (const char *line = info; line != NULL; line = next) {
        size_t bytes = strcspn(line, "\r\n"), name = strlen("slave");
        next = strchr(line, '\n');
        if (next != NULL)
            next++;
        if (strncmp(line, "slave", name) != 0 || line[name] < '0' || line[name] > '9')
            continue;
        const char *state = strstr(line, ",state=online");
        count += state != NULL && state < line + bytes;
    }
    return count;
}

static void check_replicas(struct doctor *doctor, const char *node, const char *info)
{
    unsigned wanted = doctor->config.redis.replicas, there = count_replicas(info);
    doctor->lonely = doctor->lonely || there < wanted;
    if (there < wanted)
        DOUBTFUL(doctor, "Redis",
                 "%s%u of the %u replica%s that RELEVE_REDIS wants (replicas=) %s connected: until then nothing is "
                 "granted or stored there, and upstream is not asked here: start what is missing, or lower replicas=",
                 node, there, wanted, wanted == 1 ? "" : "s", there == 1 ? "is" : "are");
    else if (wanted == there && wanted > 0)
        OK(doctor, "Redis", "%s%u replica%s connected, and %u wanted (replicas=)", node, there, there == 1 ? "" : "s",
           wanted);
    else if (wanted > 0)
        OK(doctor, "Redis",
           "%s%u replicas connected, and %u wanted (replicas=): a permit that only %u of them %s is lost where another "
           "one takes over; with replicas=%u it is not, and work waits while one of them is away",
           node, there, wanted, wanted, wanted == 1 ? "has" : "have", there);
}

/* INFO has it since Redis 7.0. `said` is of now. */
static void note_clock(struct doctor_node *node, const struct releve_store_node *said)
{
    releve_time redis_ms = (releve_time)(releve_doctor_info_number(said->info, "server_time_usec") / 1000);
    if (redis_ms <= 0)
        return;
    node->has_clock = true;
    node->ahead_least_ms = redis_ms - releve_clock_civil(RELEVE_DAY_NONE);
    node->ahead_most_ms = node->ahead_least_ms + said->took_ms + CUT_MS;
}

static void check_clock(struct doctor *doctor, const struct doctor_node *node)
{
    char whose[WHOSE_BYTES];
    if (!node->has_clock)
        return;
    (void)snprintf(whose, sizeof whose, "%sRedis's clock", node->title);
    releve_doctor_clock(doctor, whose, node->ahead_least_ms,
                        " (the quota counts by Redis's alone, days by this machine's)");
}

static struct doctor_node *add_node(struct doctor *doctor, const char *name, const struct releve_store_node *said)
{
    doctor->nodes = releve_realloc(doctor->nodes, (doctor->nodes_count + 1) * sizeof *doctor->nodes);
    struct doctor_node *node = &doctor->nodes[doctor->nodes_count++];
    *node = (struct doctor_node){.info = releve_strdup(said->info)};
    if (name[0] != '\0')
        (void)snprintf(node->title, sizeof node->title, "%.*s: ", DOCTOR_NODE_BYTES - 3, name);
    note_clock(node, said);
    return node;
}

void releve_doctor_node(void *data, const struct releve_store_node *said)
{
    struct doctor *doctor = data;
    const struct doctor_node *node = add_node(doctor, said->name, said);
    doctor->masters_count++;
    check_version(doctor, node->title, said->info);
    check_persistence(doctor, node->title, said);
    check_replicas(doctor, node->title, said->info);
    check_clock(doctor, node);
}

/* It may be the next master: then it keeps what there is, and its clock counts. */
void releve_doctor_replica(struct doctor *doctor, const char *name, const struct releve_store_node *said)
{
    const struct doctor_node *node = add_node(doctor, name, said);
    const struct releve_redis_url *redis = &doctor->config.redis;
    if (releve_doctor_info_number(said->info, "aof_enabled") == 0 && !said->is_durable)
        DOUBTFUL(doctor, "Redis",
                 "%sa replica, keeps nothing on disk: as a master it would forget all when it is restarted: CONFIG SET "
                 "appendonly yes, and appendonly yes in redis.conf",
                 node->title);
    else if (redis->where != RELEVE_REDIS_TCP && *said->fsync != '\0' && strcmp(said->fsync, "always") != 0)
        DOUBTFUL(doctor, "Redis",
                 "%sa replica, has appendfsync %s: as a master it might come back without what it acknowledged: CONFIG "
                 "SET appendfsync always, and in redis.conf",
                 node->title, said->fsync);
}

/* Without what stands behind it in front of findings. */
static const char *name_of(const struct doctor_node *node)
{
    return node->title[0] != '\0' ? node->title : "the master";
}

static int name_length(const struct doctor_node *node)
{
    return node->title[0] != '\0' ? (int)strcspn(node->title, " ") - 1 : (int)strlen(name_of(node));
}

/* Only what is certain is said, however long the answers took. */
void releve_doctor_nodes_clocks(struct doctor *doctor)
{
    const struct doctor_node *first = NULL, *last = NULL; /* the clocks that are surely the furthest apart */
    for (size_t i = 0; i < doctor->nodes_count; i++) {
        const struct doctor_node *node = &doctor->nodes[i];
        if (!node->has_clock)
            continue;
        if (first == NULL || node->ahead_most_ms < first->ahead_most_ms)
            first = node;
        if (last == NULL || node->ahead_least_ms > last->ahead_least_ms)
            last = node;
    }
    if (doctor->nodes_count < 2 || first == NULL)
        return;
    size_t replicas = doctor->nodes_count - doctor->masters_count;
    releve_time apart_ms = last->ahead_least_ms - first->ahead_most_ms;
    char apart[RELEVE_DURATION_TEXT];
    releve_duration_format(apart_ms > 0 ? apart_ms : 0, apart);
    if (apart_ms >= NODES_APART_MAX_MS)
        DOUBTFUL(
            doctor, "clock",
            "%.*s's clock is %s ahead of %.*s's: where nodes differ by 1 s or more the quota may be exceeded after "
            "a failover: set all by NTP",
            name_length(last), name_of(last), apart, name_length(first), name_of(first));
    else
        OK(doctor, "clock", "those of %zu master%s and %zu replica%s agree within 1 s", doctor->masters_count,
           doctor->masters_count == 1 ? "" : "s", replicas, replicas == 1 ? "" : "s");
}

void releve_doctor_nodes_free(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->nodes_count; i++)
        free(doctor->nodes[i].info);
    free(doctor->nodes);
    doctor->nodes = NULL;
    doctor->nodes_count = 0;
}
