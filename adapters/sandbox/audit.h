/* The strict audit of arrivals (law 1 as the gateway sees it): exact sliding windows, per bucket.
 *
 * An arrival at t is a violation where some window ]t - W, t] holds its limit already. Every arrival counts,
 * refused ones too: a client that hammers stays in violation. Knows no HTTP and no clock. */
#ifndef RELEVE_SANDBOX_AUDIT_H
#define RELEVE_SANDBOX_AUDIT_H

#include <releve/quota.h>
#include <stddef.h>
#include <stdint.h>

/* What counts together: everything in v5; in 2026 each API family and the token. */
enum sandbox_bucket {
    SANDBOX_BUCKET_V5,
    SANDBOX_BUCKET_OAUTH2,
    SANDBOX_BUCKET_MESURE_SYNCHRONE,
    SANDBOX_BUCKET_SITUATION_CONTRAT,
    SANDBOX_BUCKET_SYNTH_CONTRAT,
    SANDBOX_BUCKET_COMPTAGE,
    SANDBOX_BUCKET_DONNEES_GENERALES,
    SANDBOX_BUCKET_SUBSCRIBED_SERVICES,
    SANDBOX_BUCKET_CONSO,   /* the gateway for private persons */
    SANDBOX_BUCKET_UNKNOWN, /* paths that are no API */
    SANDBOX_BUCKETS
};

/* "v5", "other", or the first segment of its paths. */
const char *sandbox_bucket_name(enum sandbox_bucket bucket);

/* Arrivals remembered per bucket: four times the largest limit, so that violations are always exact;
 * max_in_window is exact up to this. */
#define SANDBOX_ARRIVALS_MAX (4u * 1024u * 1024u)

struct sandbox_arrivals {
    int64_t *at_us; /* a ring of `capacity`, a power of two */
    size_t capacity;
    uint64_t oldest; /* numbers of arrivals: [oldest, end[ are remembered */
    uint64_t end;
    uint64_t first_in[RELEVE_QUOTA_WINDOWS_MAX]; /* first arrival inside each window */
    uint64_t requests, violations;
    uint64_t max_in_window[RELEVE_QUOTA_WINDOWS_MAX];
};

struct sandbox_audit {
    struct releve_quota quota;
    struct sandbox_arrivals arrivals[SANDBOX_BUCKETS];
    uint64_t violations;                              /* of all buckets */
    uint64_t max_in_window[RELEVE_QUOTA_WINDOWS_MAX]; /* of any bucket, by window of the quota */
};

void sandbox_audit_init(struct sandbox_audit *audit, const struct releve_quota *quota);
void sandbox_audit_free(struct sandbox_audit *audit);

/* Forgets every arrival and every count; the quota stays. */
void sandbox_audit_reset(struct sandbox_audit *audit);

/* A new quota judges from now on, with the arrivals that are still remembered. max_in_window goes on for
 * windows of the same length, else starts at 0. */
void sandbox_audit_set_quota(struct sandbox_audit *audit, const struct releve_quota *quota);

/* Counts an arrival; `now_us` never goes back. Returns the longest window violated, or NULL. */
const struct releve_window *sandbox_audit_arrive(struct sandbox_audit *audit, enum sandbox_bucket bucket,
                                                 int64_t now_us);

#endif
