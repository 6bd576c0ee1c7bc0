/* By what a process sees that Redis has forgotten what was sent: of each bucket the last of its own permits that was
 * used, and how long that counts (ledger.lua). It goes along with each question, and is looked for where nothing is
 * asked (vigil.h). Law 1. */
#ifndef RELEVE_REDIS_WITNESS_H
#define RELEVE_REDIS_WITNESS_H

#include <engine/runtime/store.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>

#define RELEVE_WITNESS_PERMIT_BYTES 40 /* of two numbers of 16 digits at most, and NUL */
#define RELEVE_WITNESSES_MAX 32        /* buckets of which one is kept; of others nothing is seen */

struct releve_witness {
    char bucket[RELEVE_BUCKET_BYTES];
    char permit[RELEVE_WITNESS_PERMIT_BYTES]; /* as it stands in the ledger; "": none */
    char score[24];                           /* microseconds of Redis's clock */
    struct releve_quota quota;                /* that it was asked for with */
    bool is_looked_for; /* no reply yet (vigil.h): once at a time, so that a Redis that is away gets no heap of looks */
};

struct releve_witnesses {
    struct releve_witness of[RELEVE_WITNESSES_MAX];
    size_t count;
};

/* NULL where there is none. Valid until the next call. */
const struct releve_witness *releve_witness_find(struct releve_witnesses *witnesses, const char *bucket);

/* What `settle` answered: strings; nothing where they are empty, too long, or of one bucket too many. */
void releve_witness_note(struct releve_witnesses *witnesses, const char *bucket, const struct releve_quota *quota,
                         const redisReply *permit, const redisReply *score);

/* That permit was missing, and is not looked for again. There may be a newer one by now, which stays. */
void releve_witness_drop(struct releve_witnesses *witnesses, const char *bucket, const char *permit);

#endif
