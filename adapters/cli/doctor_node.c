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
static void check_persistence(struct doctor *doctor, const char *node, const struct releve_store_node *said)
{
    char aof[DOCTOR_VALUE_BYTES], snapshot[DOCTOR_VALUE_BYTES];
    releve_doctor_info(said->info, "aof_last_write_status", aof);
    releve_doctor_info(said->info, "rdb_last_bgsave_status", snapshot);
    if (strcmp(aof, "err") == 0 || strcmp(snapshot, "err") == 0)
        BAD(doctor, RELEVE_E_REDIS, "Redis",
            "%sits last write to disk failed: see its log, and whether the disk is full", node);
    else if (releve_doctor_info_number(said->info, "aof_enabled") != 0)
        OK(doctor, "Redis", "%skeeps what it is given (append-only file)", node);
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

/* INFO has it since Redis 7.0. */
static void check_clock(struct doctor *doctor, struct doctor_node *node, const struct releve_store_node *said)
{
    char whose[WHOSE_BYTES];
    releve_time redis_ms = (releve_time)(releve_doctor_info_number(said->info, "server_time_usec") / 1000);
    if (redis_ms <= 0)
        return;
    node->has_clock = true;
    node->ahead_least_ms = redis_ms - releve_clock_civil(RELEVE_DAY_NONE);
    node->ahead_most_ms = node->ahead_least_ms + said->took_ms + CUT_MS;
    (void)snprintf(whose, sizeof whose, "%sRedis's clock", node->title);
    releve_doctor_clock(doctor, whose, node->ahead_least_ms,
                        " (the quota counts by Redis's alone, days by this machine's)");
}

void releve_doctor_node(void *data, const struct releve_store_node *said)
{
    struct doctor *doctor = data;
    doctor->nodes = releve_realloc(doctor->nodes, (doctor->nodes_count + 1) * sizeof *doctor->nodes);
    struct doctor_node *node = &doctor->nodes[doctor->nodes_count++];
    *node = (struct doctor_node){.info = releve_strdup(said->info)};
    if (said->name[0] != '\0')
        (void)snprintf(node->title, sizeof node->title, "%.*s: ", DOCTOR_NODE_BYTES - 3, said->name);
    check_version(doctor, node->title, said->info);
    check_persistence(doctor, node->title, said);
    check_replicas(doctor, node->title, said->info);
    check_clock(doctor, node, said);
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
    releve_time apart_ms = last->ahead_least_ms - first->ahead_most_ms;
    char apart[RELEVE_DURATION_TEXT];
    releve_duration_format(apart_ms > 0 ? apart_ms : 0, apart);
    if (apart_ms >= NODES_APART_MAX_MS)
        DOUBTFUL(
            doctor, "clock",
            "%.*s's clock is %s ahead of %.*s's: where nodes differ by 1 s or more the quota may be exceeded after "
            "a failover: set all by NTP",
            (int)strcspn(last->title, " ") - 1, last->title, apart, (int)strcspn(first->title, " ") - 1, first->title);
    else
        OK(doctor, "clock", "those of the cluster's nodes agree within 1 s");
}

void releve_doctor_nodes_free(struct doctor *doctor)
{
    for (size_t i = 0; i < doctor->nodes_count; i++)
        free(doctor->nodes[i].info);
    free(doctor->nodes);
    doctor->nodes = NULL;
    doctor->nodes_count = 0;
}
