/* Claims: the days of a chunk are claimed before it is sent (docs/design.md, Claims). Law 5: a claim to which Redis
 * does not answer delays no other usage point for long. What a reply means is in react.c. */
#include "calls.h"
#include <assert.h>

void releve_claim_days(struct releve_core *core, struct chunk *chunk, struct permit permit)
{
    chunk->phase = CHUNK_CLAIMING;
    chunk->permit = permit;
    chunk->claim_ends = core->now + RELEVE_CLAIM_LIFE_MS;
    releve_flight_begin(core, chunk);
    core->claiming_count++;
    core->claims_late_at = releve_earlier(core->claims_late_at, core->now + RELEVE_CLAIM_LATE_MS);
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_CLAIM);
    action->handle = releve_emit_chunk_handle(core, chunk);
    action->permit = permit.number;
    action->job = &chunk->job->submitted;
    action->wanted = chunk->span.wanted;
    action->ends = releve_series_refreshes(chunk) ? RELEVE_CLAIM_ANY
                   : chunk->searching             ? RELEVE_CLAIM_LAST_MISSING
                                                  : RELEVE_CLAIM_BOTH_MISSING;
}

static void stop_counting(struct releve_core *core, struct chunk *chunk)
{
    unsigned bucket = releve_demand_bucket_of(core, chunk->series->kind, chunk->request);
    releve_flight_end(core, chunk);
    releve_emit_return(core, bucket, chunk->permit);
    chunk->phase = CHUNK_LATE;
    chunk->series->point->late_claims++;
    core->claiming_count--;
    core->late_count++;
}

void releve_claims_look(struct releve_core *core)
{
    if (core->claims_late_at > core->now)
        return;
    core->claims_late_at = RELEVE_TIME_NEVER;
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX; i++) {
        struct chunk *chunk = &core->chunks[i];
        releve_time late_at = chunk->in_flight_since + RELEVE_CLAIM_LATE_MS;
        if (chunk->phase == CHUNK_CLAIMING && late_at <= core->now)
            stop_counting(core, chunk);
        else if (chunk->phase == CHUNK_CLAIMING)
            core->claims_late_at = releve_earlier(core->claims_late_at, late_at);
    }
}

bool releve_claim_is_in_time(struct releve_core *core, struct chunk *chunk)
{
    assert(chunk->phase == CHUNK_CLAIMING || chunk->phase == CHUNK_LATE);
    bool in_time = chunk->phase == CHUNK_CLAIMING;
    if (in_time) {
        core->claiming_count--;
        if (core->claiming_count == 0)
            core->claims_late_at = RELEVE_TIME_NEVER;
        return true;
    }
    chunk->series->point->late_claims--;
    core->late_count--;
    chunk->phase = CHUNK_WAITING;
    chunk->not_before = core->now;
    chunk->job->touched = true;
    return false;
}
