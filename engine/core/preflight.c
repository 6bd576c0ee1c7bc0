/* The preflight: before the first jobs begin, upstream is asked who has which kinds, for many usage points at once
 * (docs/design.md, Preflight). What it saves is never worth much waiting: whatever keeps it from being answered ends
 * it. Knows nothing of usage points: the runtime asks, part by part, and keeps what is told. */
#include "calls.h"
#include <assert.h>

void releve_preflight_begin(struct releve_core *core)
{
    assert(core->preflight.phase == PREFLIGHT_NONE);
    if (!core->draining)
        core->preflight = (struct preflight){.phase = PREFLIGHT_DUE, .ends_at = core->now + RELEVE_PREFLIGHT_MAX_MS};
}

bool releve_preflight_is_due(const struct releve_core *core)
{
    return core->preflight.phase == PREFLIGHT_DUE;
}

void releve_preflight_end(struct releve_core *core)
{
    if (core->preflight.phase == PREFLIGHT_DUE)
        core->preflight.phase = PREFLIGHT_NONE;
}

void releve_preflight_send(struct releve_core *core, struct permit permit)
{
    core->preflight.phase = PREFLIGHT_ASKED;
    core->preflight.permit = permit;
    core->in_flight++;
    core->requests++;
    core->preflights++;
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_SEND_PREFLIGHT);
    action->bucket = core->options.preflight_bucket;
    action->permit = permit.number;
    action->deadline = releve_earlier(releve_permit_deadline(core, permit), core->now + RELEVE_TRANSFER_TIMEOUT_MIN_MS);
}

static void give_up(struct releve_core *core, const struct releve_answer *answer)
{
    core->preflight.phase = PREFLIGHT_NONE;
    releve_emit_notice(core, RELEVE_NOTICE_NO_PREFLIGHT, NULL, &answer->reason, 0);
}

static void try_again(struct releve_core *core, const struct releve_answer *answer)
{
    struct preflight *preflight = &core->preflight;
    core->retries++;
    if (++preflight->failures >= RELEVE_PREFLIGHT_TRIES_MAX)
        give_up(core, answer);
    else
        preflight->not_before = core->now + releve_emit_backoff(core, RELEVE_BACKOFF_MIN_MS, preflight->failures - 1);
}

void releve_preflight_answer(struct releve_core *core, const struct releve_answer *answer, bool more)
{
    struct preflight *preflight = &core->preflight;
    unsigned bucket = core->options.preflight_bucket;
    assert(preflight->phase == PREFLIGHT_ASKED && core->in_flight > 0);
    core->in_flight--;
    preflight->phase = PREFLIGHT_DUE;
    if (answer->verdict != RELEVE_UNREACHED && answer->verdict != RELEVE_TRANSIENT)
        releve_reach_note_answer(core);
    switch (answer->verdict) {
    case RELEVE_DATA:
        preflight->failures = 0;
        preflight->phase = more ? PREFLIGHT_DUE : PREFLIGHT_NONE;
        break;
    case RELEVE_UNREACHED:
        releve_emit_return(core, bucket, preflight->permit); /* nothing was sent */
        try_again(core, answer);
        break;
    case RELEVE_TOKEN_STALE:
        releve_reach_discard_token(core, answer);
        try_again(core, answer);
        break;
    case RELEVE_TRANSIENT:
        try_again(core, answer);
        break;
    case RELEVE_THROTTLED:
        releve_reach_close(core, bucket, answer);
        preflight->phase = PREFLIGHT_NONE;
        break;
    case RELEVE_API_REFUSED: /* so that the next run need not ask */
        releve_emit_close(core, bucket, RELEVE_KIND_REFUSED_MS);
        give_up(core, answer);
        break;
    default:
        give_up(core, answer);
        break;
    }
}
