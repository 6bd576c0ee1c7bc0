/* Who exists: the clients that Enedis publishes for its sandbox (docs/enedis.md, Sandbox clients), and the
 * population. */
#ifndef RELEVE_SANDBOX_CLIENTS_H
#define RELEVE_SANDBOX_CLIENTS_H

#include <releve/calendar.h>
#include <releve/kind.h>
#include <releve/usage_point.h>
#include <stdbool.h>
#include <stdint.h>

#define SANDBOX_CLIENT_0 UINT64_C(22516914714270) /* the plainest one: its documents are whole */

#define SANDBOX_POPULATION_FIRST UINT64_C(30000000000000)
#define SANDBOX_POPULATION_MAX 1000000u

#define SANDBOX_NEVER INT32_MAX /* an activation that refuses every range */

/* How often the meter records. */
enum sandbox_pace {
    SANDBOX_PACE_30,       /* PT30M */
    SANDBOX_PACE_10,       /* PT10M */
    SANDBOX_PACE_SWITCHED, /* PT30M until noon of SANDBOX_SWITCH_DAY, PT10M from then on */
    SANDBOX_PACE_60,       /* PT60M */
    SANDBOX_PACE_HOUR,     /* the same, written PT1H */
    SANDBOX_PACES
};

#define SANDBOX_SWITCH_YEAR 2026
#define SANDBOX_SWITCH_MONTH 3
#define SANDBOX_SWITCH_DAY 10

struct sandbox_client {
    releve_prm prm;
    bool consumption, production;             /* which directions it has */
    bool curve;                               /* the load curve is recorded */
    bool holes;                               /* nothing on Tuesdays and Wednesdays */
    bool refused;                             /* the consent was revoked */
    releve_day activation[RELEVE_DIRECTIONS]; /* the first day of each, or SANDBOX_NEVER */
    releve_day
        told[RELEVE_DIRECTIONS]; /* what synth_contrat_auto says of it: the truth, unless control says otherwise */
    enum sandbox_pace pace;
    int contracted_va; /* 3000, 6000, 9000 or 12000 */
};

/* False where nobody has that PRM. */
bool sandbox_client_find(releve_prm prm, uint32_t population, struct sandbox_client *client);

/* The number of the usage point's authorization (autorisationId), which is the same at any time and with any seed; and
 * whose it is: false where it is nobody's. */
uint64_t sandbox_client_authorization(releve_prm prm);
bool sandbox_client_by_authorization(uint64_t number, uint32_t population, releve_prm *prm);

/* Whether that direction is there: the meter has it, and it was activated at some time. */
bool sandbox_client_has(const struct sandbox_client *client, enum releve_direction direction);

/* Whether that client has a hole on that day. */
bool sandbox_client_hole(const struct sandbox_client *client, releve_day day);

#endif
