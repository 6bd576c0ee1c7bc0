/* A day that is named appears as named; else chance decides. */
#include "publication.h"
#include "chance.h"

#define USUAL_DAYS 1 /* a day appears on the next one */

/* How many days after itself `day` is due, by chance. */
static int drawn_days(const struct sandbox_settings *settings, const struct sandbox_tardiness *tardiness,
                      uint64_t topic, releve_prm prm, enum releve_kind kind, releve_day day)
{
    if (tardiness->rate <= 0 || tardiness->days_max <= USUAL_DAYS)
        return USUAL_DAYS;
    uint64_t own = sandbox_chance(settings->seed, topic, prm * RELEVE_MEASURES + (uint64_t)kind);
    uint64_t chance = sandbox_chance(own, topic, (uint64_t)day);
    if (sandbox_fraction(chance) >= tardiness->rate)
        return USUAL_DAYS;
    return USUAL_DAYS + 1 + (int)(sandbox_mix(chance) % (uint64_t)(tardiness->days_max - USUAL_DAYS));
}

static int named_days(const struct sandbox_late *late, releve_day day)
{
    for (int i = 0; i < late->count; i++) {
        if (late->items[i].day == day)
            return late->items[i].appears_after;
    }
    return 0;
}

/* Whether a day that is due so many days after itself is there. */
static bool due(releve_day day, int days, releve_day published_end)
{
    return day + days - USUAL_DAYS < published_end;
}

enum sandbox_presence sandbox_publication(const struct sandbox_settings *settings, const struct sandbox_point *own,
                                          releve_prm prm, enum releve_kind kind, releve_day day,
                                          releve_day published_end)
{
    int days = named_days(&own->late, day);
    if (days == 0)
        days = named_days(&settings->late, day);
    if (days == 0)
        days = drawn_days(settings, &settings->tardy, SANDBOX_TOPIC_LATE, prm, kind, day);
    if (!due(day, days, published_end))
        return SANDBOX_ABSENT;
    if (releve_kind_facts(kind)->quantity != RELEVE_LOAD_CURVE)
        return SANDBOX_THERE;
    days = drawn_days(settings, &settings->partial, SANDBOX_TOPIC_PARTIAL, prm, kind, day);
    return due(day, days, published_end) ? SANDBOX_THERE : SANDBOX_HALF;
}
