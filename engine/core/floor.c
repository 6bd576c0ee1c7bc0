/* Floors: where the data of a usage point begins (activation, consent), and how deep upstream's history really is.
 *
 * Upstream refuses a whole range that begins too early and does not say which day would do. What is newer than the
 * refused start is searched by halving, and every accepted half brings its data along: 7 days take at most 3 more
 * requests. See docs/design.md, Floors. */
#include "state.h"

bool releve_floor_is_known(const struct releve_floor *floor)
{
    return floor->after != RELEVE_DAY_NONE || floor->first != RELEVE_DAY_NONE;
}

bool releve_floor_forbids(const struct releve_floor *floor, releve_day first)
{
    return floor != NULL && floor->after != RELEVE_DAY_NONE && first <= floor->after;
}

bool releve_floor_doubts(const struct releve_floor *floor, releve_day first)
{
    return floor != NULL && (floor->first == RELEVE_DAY_NONE || first < floor->first);
}

void releve_floor_refuse(struct releve_floor *floor, releve_day first)
{
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
    if (releve_floor_forbids(floor, first))
        floor->after = RELEVE_DAY_NONE; /* as above */
    return true;
}
