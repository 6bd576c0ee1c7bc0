/* "Not yet" and "never": until when a day without data may still get some, and when it is worth a question. Pure
 * (docs/design.md, Retries). Law 3. */
#include "calls.h"

/* When J-1 is usually published on that day. */
static releve_time publication(releve_day today)
{
    return releve_paris_midnight(today) + RELEVE_PUBLISHED_MINUTE * RELEVE_MINUTE_MS;
}

releve_time releve_freshness_next_morning(const struct releve_core *core)
{
    return publication(core->civil < publication(core->today) ? core->today : core->today + 1);
}

/* "Not yet" is asked again: the youngest days some hours later, then each morning, then once when they are settled. */
releve_time releve_freshness_recheck_after(const struct releve_core *core, releve_day day)
{
    int age_days = core->today - day;
    releve_day next = core->civil < publication(core->today) ? core->today : core->today + 1;
    releve_time hours = core->civil + RELEVE_RECHECK_MS;
    if (age_days <= RELEVE_RECENT_DAYS && next > core->today && hours < releve_paris_midnight(core->today + 1))
        return hours;
    if (age_days > RELEVE_LATE_DAYS) {
        releve_day newest = day - day % RELEVE_SETTLED_TOGETHER_DAYS + RELEVE_SETTLED_TOGETHER_DAYS - 1;
        releve_day settled = newest + RELEVE_SETTLED_DAYS + 1;
        next = settled > next ? settled : next;
    }
    return publication(next);
}

bool releve_freshness_is_settled(const struct releve_core *core, releve_day day)
{
    return day < core->today - RELEVE_SETTLED_DAYS;
}
