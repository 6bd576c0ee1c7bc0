/* What upstream accepts of a range at present: its date rules, and where it is stricter than them for a while; and what
 * is worth asking for, as it is kept. */
#include "calls.h"

releve_day releve_limits_latest(const struct releve_core *core)
{
    const struct upstream *upstream = &core->upstream;
    bool holds = upstream->end_refused == core->today && core->civil < upstream->end_refused_until;
    return holds ? core->today - 1 : core->today;
}

static int days_max(const struct releve_core *core, enum releve_kind kind)
{
    return releve_kind_facts(kind)->call_days_max - core->upstream.shortened[kind];
}

struct releve_span releve_limits_history(const struct releve_core *core, enum releve_kind kind)
{
    return releve_keep_history(&core->options.keep, kind, core->today);
}

struct releve_plan_limits releve_limits_of(const struct releve_core *core, const struct series *series)
{
    struct releve_plan_limits limits =
        releve_plan_limits_of(series->kind, releve_limits_latest(core), core->options.days_min);
    releve_day kept = releve_keep_first(&core->options.keep, series->kind, core->today);
    limits.earliest = kept > limits.earliest ? kept : limits.earliest;
    limits.days_max = days_max(core, series->kind);
    limits.settled = core->today - RELEVE_SETTLED_DAYS;
    return limits;
}

bool releve_limits_forbid(const struct releve_core *core, const struct chunk *chunk)
{
    struct releve_span asked = chunk->span.asked;
    return asked.end > releve_limits_latest(core) || releve_span_days(asked) > days_max(core, chunk->series->kind);
}
