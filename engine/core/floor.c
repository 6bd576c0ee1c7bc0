/* Floors: where the data of a usage point begins (activation, consent), and how deep upstream's history really is.
 *
 * Upstream refuses a whole range that begins too early and does not say which day would do. What is newer than the
 * refused start is searched: the newest day first, because a direction that does not exist refuses that too, then by
 * halving; and every accepted part brings its data along. See docs/design.md, Floors. */
#include "calls.h"

bool releve_floor_is_known(const struct releve_floor *floor)
{
    return floor->after != RELEVE_DAY_NONE || floor->first != RELEVE_DAY_NONE;
}

releve_day releve_floor_earliest(const struct releve_floor *floor)
{
    return floor->after == RELEVE_DAY_NONE || floor->doubted ? floor->after : floor->after + 1;
}

bool releve_floor_forbids(const struct releve_floor *floor, releve_day first)
{
    return floor != NULL && first < releve_floor_earliest(floor);
}

bool releve_floor_doubts(const struct releve_floor *floor, releve_day first)
{
    return floor != NULL && (floor->first == RELEVE_DAY_NONE || first < floor->first);
}

/* One refusal may be a mistake, and would cut all that is older: a second one in the search, of that day or of a newer
 * one, has to agree. */
void releve_floor_refuse(struct releve_floor *floor, releve_day first)
{
    floor->doubted = floor->after == RELEVE_DAY_NONE;
    if (floor->after == RELEVE_DAY_NONE || floor->after < first)
        floor->after = first;
    if (floor->first != RELEVE_DAY_NONE && floor->first <= floor->after)
        floor->first = RELEVE_DAY_NONE; /* upstream changed its mind: what it says now counts */
}

bool releve_floor_accept(struct releve_floor *floor, releve_day first)
{
    if (!releve_floor_doubts(floor, first))
        return false;
    floor->first = first;
    if (first <= floor->after) { /* as above */
        floor->after = RELEVE_DAY_NONE;
        floor->doubted = false;
    }
    return true;
}
