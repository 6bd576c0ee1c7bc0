/* What the facts of a usage point say of one of its kinds. */
#include <releve/point.h>

#define NO_FLOOR                                \
    {                                           \
        RELEVE_DAY_NONE, RELEVE_DAY_NONE, false \
    }
#define NOTHING                                     \
    {                                               \
        .activation = NO_FLOOR, .consent = NO_FLOOR \
    }

const struct releve_point_facts releve_facts_unknown = {.directions = {NOTHING, NOTHING, NOTHING}};
_Static_assert(RELEVE_ASPECTS == 3, "nothing is known of each");

bool releve_floor_is_bottomless(const struct releve_floor *floor)
{
    return floor->after == RELEVE_DAY_NONE || floor->doubted;
}

enum releve_standing releve_facts_standing(const struct releve_point_facts *facts, enum releve_kind kind,
                                           const struct releve_reason **why)
{
    const struct releve_direction_facts *direction = &facts->directions[releve_kind_facts(kind)->direction];
    bool absent = (facts->absent_kinds & RELEVE_KIND_BIT(kind)) != 0;
    const struct releve_reason *reason = facts->unknown                                ? &facts->unknown_reason
                                         : direction->standing != RELEVE_STANDING_OPEN ? &direction->reason
                                         : absent                                      ? &facts->absent[kind]
                                                                                       : NULL;
    if (why != NULL)
        *why = reason;
    if (facts->unknown)
        return RELEVE_STANDING_REFUSED;
    return direction->standing == RELEVE_STANDING_OPEN && absent ? RELEVE_STANDING_ABSENT : direction->standing;
}

releve_time releve_direction_absent_ms(enum releve_direction direction)
{
    return direction == RELEVE_CONSUMPTION ? RELEVE_NEWBORN_HOLDS_MS : RELEVE_ABSENCE_HOLDS_MS;
}

bool releve_facts_are_unserved(const struct releve_point_facts *facts, enum releve_kind kind, bool has_come)
{
    return (facts->unserved & RELEVE_KIND_BIT(kind)) != 0 && !has_come;
}
