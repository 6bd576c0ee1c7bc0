/* See witness.h. A process has a handful of buckets: they are looked through. */
#include <adapters/redis/witness.h>
#include <stdio.h>
#include <string.h>

static struct releve_witness *look_up(struct releve_witnesses *witnesses, const char *bucket)
{
    for (size_t i = 0; i < witnesses->count; i++)
        if (strcmp(witnesses->of[i].bucket, bucket) == 0)
            return &witnesses->of[i];
    return NULL;
}

const struct releve_witness *releve_witness_find(struct releve_witnesses *witnesses, const char *bucket)
{
    const struct releve_witness *witness = look_up(witnesses, bucket);
    return witness != NULL && witness->permit[0] != '\0' ? witness : NULL;
}

void releve_witness_note(struct releve_witnesses *witnesses, const char *bucket, const struct releve_quota *quota,
                         const redisReply *permit, const redisReply *score)
{
    struct releve_witness *witness = look_up(witnesses, bucket);
    if (permit->type != REDIS_REPLY_STRING || score->type != REDIS_REPLY_STRING || permit->len == 0 ||
        permit->len >= sizeof witness->permit || score->len == 0 || score->len >= sizeof witness->score)
        return;
    if (witness == NULL) {
        if (witnesses->count == RELEVE_WITNESSES_MAX)
            return;
        witness = &witnesses->of[witnesses->count++];
        (void)snprintf(witness->bucket, sizeof witness->bucket, "%s", bucket);
    }
    memcpy(witness->permit, permit->str, permit->len + 1);
    memcpy(witness->score, score->str, score->len + 1);
    witness->quota = *quota;
}

void releve_witness_drop(struct releve_witnesses *witnesses, const char *bucket, const char *permit)
{
    struct releve_witness *witness = look_up(witnesses, bucket);
    if (witness != NULL && strcmp(witness->permit, permit) == 0)
        witness->permit[0] = '\0';
}
