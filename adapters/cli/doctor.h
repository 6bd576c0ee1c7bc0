/* What the parts of releve doctor share: each looks at something and adds findings. Private to doctor*.c.
 *
 *   doctor.c           the command, settings and where they come from
 *   doctor_memory.c    Redis: has it room for what is to come, and evicts it nothing?
 *   doctor_redis.c     Redis: version, persistence, clock, whose data it holds, quotas
 *   doctor_upstream.c  upstream: token, clock, and with a usage point the APIs
 */
#ifndef RELEVE_CLI_DOCTOR_H
#define RELEVE_CLI_DOCTOR_H

#include "findings.h"
#include "lookup.h"
#include "prm_list.h"
#include "session.h"
#include <engine/runtime/bucket.h>

struct doctor {
    struct releve_session session; /* first: callbacks get it */
    struct releve_findings findings;
    struct releve_config config;
    bool json, has_prm;
    releve_prm prm;
    struct releve_lookup lookup;
    struct releve_prm_list points; /* that there is something of in Redis */
    char *info;                    /* of Redis, while they are counted */
    const char *families[RELEVE_FAMILIES_MAX];
    int families_count, family;                /* the one whose quota is asked for */
    releve_time waits_ms[RELEVE_FAMILIES_MAX]; /* until its next permit is due */
    uint64_t began_ms;                         /* of upstream's part */
    size_t next;                               /* kind to ask */
    bool mismatched;                           /* the data in Redis are another upstream's: said */
    bool refused;                              /* upstream gives no token, or cannot be used or waited for: said */
    bool token_said;
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

/* Asks for a token, and, where there is a usage point, each API about it. */
void releve_doctor_upstream(struct doctor *doctor);

/* A finding about two clocks; `why` follows where they disagree. */
void releve_doctor_clock(struct doctor *doctor, const char *whose, releve_time ahead_ms, const char *why);

#endif
