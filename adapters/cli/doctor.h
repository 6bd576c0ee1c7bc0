/* What the parts of releve doctor share: each looks at something and adds findings. Private to doctor*.c.
 *
 *   doctor.c           the command, settings and where they come from
 *   doctor_redis.c     Redis: version, persistence, eviction, clock, whose data it holds, quotas
 *   doctor_upstream.c  upstream: token, clock, and with a usage point the APIs
 */
#ifndef RELEVE_CLI_DOCTOR_H
#define RELEVE_CLI_DOCTOR_H

#include "findings.h"
#include "lookup.h"
#include "session.h"
#include <engine/runtime/bucket.h>

struct doctor {
    struct releve_session session; /* first: callbacks get it */
    struct releve_findings findings;
    struct releve_config config;
    bool json, has_prm;
    releve_prm prm;
    struct releve_lookup lookup;
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

/* Asks for a token, and, where there is a usage point, each API about it. */
void releve_doctor_upstream(struct doctor *doctor);

/* A finding about two clocks; `why` follows where they disagree. */
void releve_doctor_clock(struct doctor *doctor, const char *whose, releve_time ahead_ms, const char *why);

#endif
