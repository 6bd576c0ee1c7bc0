/* One ring of instants per bucket, one moving mark per window: each arrival costs O(1), amortised. */
#include "audit.h"
#include <assert.h>
#include <releve/memory.h>
#include <string.h>

#define FIRST_CAPACITY 1024u

const char *sandbox_bucket_name(enum sandbox_bucket bucket)
{
    static const char *const names[SANDBOX_BUCKETS] = {
        [SANDBOX_BUCKET_V5] = "v5",
        [SANDBOX_BUCKET_OAUTH2] = "oauth2",
        [SANDBOX_BUCKET_MESURE_SYNCHRONE] = "mesure_synchrone_auto",
        [SANDBOX_BUCKET_SITUATION_CONTRAT] = "situation_contrat_auto",
        [SANDBOX_BUCKET_SYNTH_CONTRAT] = "synth_contrat_auto",
        [SANDBOX_BUCKET_COMPTAGE] = "comptage_auto",
        [SANDBOX_BUCKET_DONNEES_GENERALES] = "donnees_generales_auto",
        [SANDBOX_BUCKET_SUBSCRIBED_SERVICES] = "subscribed_services",
        [SANDBOX_BUCKET_CONSO] = "conso",
        [SANDBOX_BUCKET_UNKNOWN] = "other",
    };
    assert(bucket < SANDBOX_BUCKETS);
    return names[bucket];
}

void sandbox_audit_init(struct sandbox_audit *audit, const struct releve_quota *quota)
{
    *audit = (struct sandbox_audit){.quota = *quota};
}

void sandbox_audit_free(struct sandbox_audit *audit)
{
    for (int i = 0; i < SANDBOX_BUCKETS; i++)
        free(audit->arrivals[i].at_us);
    *audit = (struct sandbox_audit){0};
}

void sandbox_audit_reset(struct sandbox_audit *audit)
{
    struct releve_quota quota = audit->quota;
    sandbox_audit_free(audit);
    audit->quota = quota;
}

/* What was counted by windows of `old` goes on where `quota` has one of that length. */
static void carry(const struct releve_quota *old, const struct releve_quota *quota,
                  uint64_t max_in_window[RELEVE_QUOTA_WINDOWS_MAX])
{
    uint64_t max[RELEVE_QUOTA_WINDOWS_MAX] = {0};
    for (size_t i = 0; i < quota->windows_count; i++) {
        for (size_t j = 0; j < old->windows_count; j++) {
            if (old->windows[j].span_ms == quota->windows[i].span_ms)
                max[i] = max_in_window[j];
        }
    }
    memcpy(max_in_window, max, sizeof max);
}

void sandbox_audit_set_quota(struct sandbox_audit *audit, const struct releve_quota *quota)
{
    const struct releve_quota old = audit->quota;
    carry(&old, quota, audit->max_in_window);
    audit->quota = *quota;
    for (int i = 0; i < SANDBOX_BUCKETS; i++) {
        struct sandbox_arrivals *arrivals = &audit->arrivals[i];
        carry(&old, quota, arrivals->max_in_window);
        for (size_t j = 0; j < RELEVE_QUOTA_WINDOWS_MAX; j++)
            arrivals->first_in[j] = arrivals->oldest;
    }
}

static int64_t *slot(struct sandbox_arrivals *arrivals, uint64_t number)
{
    return &arrivals->at_us[number & (arrivals->capacity - 1)];
}

/* Makes room for one more; where the limit forbids it, the oldest is forgotten. */
static void grow(struct sandbox_arrivals *arrivals)
{
    if (arrivals->end - arrivals->oldest < arrivals->capacity)
        return;
    size_t capacity = arrivals->capacity > 0 ? 2 * arrivals->capacity : FIRST_CAPACITY;
    if (capacity > SANDBOX_ARRIVALS_MAX) {
        arrivals->oldest++;
        return;
    }
    int64_t *at_us = releve_alloc(capacity, sizeof *at_us);
    for (uint64_t n = arrivals->oldest; n < arrivals->end; n++)
        at_us[n & (capacity - 1)] = *slot(arrivals, n);
    free(arrivals->at_us);
    arrivals->at_us = at_us;
    arrivals->capacity = capacity;
}

static void raise_to(uint64_t *max, uint64_t number)
{
    if (number > *max)
        *max = number;
}

const struct releve_window *sandbox_audit_arrive(struct sandbox_audit *audit, enum sandbox_bucket bucket,
                                                 int64_t now_us)
{
    assert(bucket < SANDBOX_BUCKETS);
    struct sandbox_arrivals *arrivals = &audit->arrivals[bucket];
    arrivals->requests++;
    if (audit->quota.windows_count == 0)
        return NULL;
    grow(arrivals);

    const struct releve_window *violated = NULL;
    uint64_t kept = arrivals->end; /* first arrival that some window still holds */
    for (size_t i = 0; i < audit->quota.windows_count; i++) {
        const struct releve_window *window = &audit->quota.windows[i];
        uint64_t *first = &arrivals->first_in[i];
        if (*first < arrivals->oldest)
            *first = arrivals->oldest;
        while (*first < arrivals->end && *slot(arrivals, *first) <= now_us - window->span_ms * 1000)
            (*first)++;
        uint64_t held = arrivals->end - *first;
        if (held >= window->limit && (violated == NULL || window->span_ms > violated->span_ms))
            violated = window;
        raise_to(&arrivals->max_in_window[i], held + 1);
        raise_to(&audit->max_in_window[i], held + 1);
        kept = *first < kept ? *first : kept;
    }
    arrivals->oldest = kept;
    assert(arrivals->oldest == arrivals->end || *slot(arrivals, arrivals->end - 1) <= now_us);
    *slot(arrivals, arrivals->end++) = now_us;
    arrivals->violations += violated != NULL;
    audit->violations += violated != NULL;
    return violated;
}
