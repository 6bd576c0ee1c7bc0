/* How long a permit is good for. Law 1 rests on it: no request may be under way when its permit has aged out of the
 * ledger (docs/design.md, Ledger). */
#include "calls.h"

/* Counted from the question: the grant may come much later, and Redis counts from it. */
struct permit releve_permit_new(struct releve_core *core)
{
    return (struct permit){++core->permits, core->now + RELEVE_PERMIT_LIFE_MS - RELEVE_PERMIT_SLACK_MS};
}

bool releve_permit_is_late(const struct releve_core *core, struct permit permit)
{
    return releve_earlier(permit.over_at, releve_permit_alone_until(core)) - core->now < RELEVE_TRANSFER_TIMEOUT_MIN_MS;
}

releve_time releve_permit_alone_until(const struct releve_core *core)
{
    bool alone = core->sick_alone_since != RELEVE_TIME_NEVER;
    return alone ? core->sick_alone_since + RELEVE_SICK_ALONE_MS : RELEVE_TIME_NEVER;
}

releve_time releve_permit_deadline(const struct releve_core *core, struct permit permit)
{
    releve_time until = releve_permit_alone_until(core);
    return releve_earlier(releve_earlier(core->now + RELEVE_TRANSFER_TIMEOUT_MS, permit.over_at), until);
}
