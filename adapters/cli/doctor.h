/* What the parts of releve doctor share: each looks at something and adds findings. Private to doctor*.c.
 *
 *   doctor.c             the command, settings and where they come from
 *   doctor_bystanders.c  Redis: replicas, sentinels, and nodes of a cluster that RELEVE_REDIS names
 *   doctor_memory.c      Redis: has it room for what is to come, and evicts it nothing?
 *   doctor_node.c        Redis: version, persistence, replicas and clock of each node
 *   doctor_redis.c       Redis: whose data it holds, quotas
 *   doctor_upstream.c    upstream: token, clock, and with a usage point the APIs
 */
#ifndef RELEVE_CLI_DOCTOR_H
#define RELEVE_CLI_DOCTOR_H

#include "findings.h"
#include "lookup.h"
#include "prm_list.h"
#include "session.h"
#include <adapters/redis/store.h>
#include <engine/runtime/bucket.h>

#define DOCTOR_NODE_BYTES (RELEVE_REDIS_SEED_TEXT + 2)

/* One Redis, as it answered. */
struct doctor_node {
    char title[DOCTOR_NODE_BYTES]; /* stands in front of its findings: "127.0.0.1:7000: ", "" for the only one */
    char *info;
    bool has_clock;
    releve_time ahead_least_ms, ahead_most_ms; /* of this machine's clock: in between, by how long the answer took */
};

struct doctor {
    struct releve_session session; /* first: callbacks get it */
    struct releve_findings findings;
    struct releve_config config;
    bool json, has_prm;
    releve_prm prm;
    struct releve_lookup lookup;
    struct releve_prm_list points;     /* that there is something of in Redis */
    struct doctor_node *nodes;         /* while they are counted */
    size_t nodes_count, masters_count; /* replicas stand behind the masters */
    const char *families[RELEVE_FAMILIES_MAX];
    int families_count, family;                /* the one whose quota is asked for */
    releve_time waits_ms[RELEVE_FAMILIES_MAX]; /* until its next permit is due */
    uint64_t began_ms;                         /* of upstream's part */
    size_t next;                               /* kind to ask */
    bool mismatched;                           /* the data in Redis are another upstream's: said */
    bool refused;                              /* upstream gives no token, or cannot be used or waited for: said */
    bool token_said;
    bool lonely; /* a Redis has too few replicas: it grants nothing, and whoever asks would wait for ever */
};
RELEVE_SESSION_FIRST(struct doctor);

#define FOUND(doctor, health, code, area, ...) \
    releve_findings_add(&(doctor)->findings, RELEVE_HEALTH_##health, code, area, __VA_ARGS__)
#define OK(doctor, area, ...) FOUND(doctor, OK, RELEVE_OK, area, __VA_ARGS__)
#define DOUBTFUL(doctor, area, ...) FOUND(doctor, DOUBTFUL, RELEVE_E_PARTIAL, area, __VA_ARGS__)
#define BAD(doctor, code, area, ...) FOUND(doctor, BAD, code, area, __VA_ARGS__)

#define DOCTOR_VALUE_BYTES 320                 /* of a setting, or of a line of INFO */
#define DOCTOR_QUOTA_MS (5 * RELEVE_SECOND_MS) /* a permit that is due later is not waited for ... */
#define DOCTOR_MAX_MS (40 * RELEVE_SECOND_MS)  /* ... and all that upstream is asked not for longer than this */

/* False where Redis cannot be asked, which is said. */
bool releve_doctor_redis(struct doctor *doctor);

/* What one node of Redis says of its memory in INFO, and whether it has room for a year more of `points` usage points.
 * `node` stands in front of each finding: "" where there is only one, else "127.0.0.1:7000: ". */
void releve_doctor_memory(struct doctor *doctor, const char *node, const char *info, size_t points);

/* Its maxmemory, in bytes; 0 where it has none: then nobody has to count usage points. */
double releve_doctor_memory_limit(const char *info);

/* The value of a line "name:value" of INFO; "" where there is none. */
void releve_doctor_info(const char *info, const char *name, char out[DOCTOR_VALUE_BYTES]);
/* The same as a number; 0 where it is none. */
double releve_doctor_info_number(const char *info, const char *name);

/* What one Redis says of itself; `data` is the doctor. Then the clocks against each other, where there are several. */
void releve_doctor_node(void *data, const struct releve_store_node *said);
void releve_doctor_replica(struct doctor *doctor, const char *name, const struct releve_store_node *said);
void releve_doctor_nodes_clocks(struct doctor *doctor);
void releve_doctor_nodes_free(struct doctor *doctor);

/* Those that nothing is asked of while all is well, each for itself: what RELEVE_REDIS names beside the masters, and
 * replicas, which may be masters next. */
void releve_doctor_bystanders(struct doctor *doctor);

/* Asks for a token, and, where there is a usage point, each API about it. */
void releve_doctor_upstream(struct doctor *doctor);

/* A finding about two clocks; `why` follows where they disagree. */
void releve_doctor_clock(struct doctor *doctor, const char *whose, releve_time ahead_ms, const char *why);

#endif
