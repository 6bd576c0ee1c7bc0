/* Delays are uniform in what the scenario says; each fault has its own die. */
#include "network_model.h"

struct journey network_draw(struct world *world, const struct scenario *scenario, int64_t timeout_us, int64_t slack_us)
{
    struct journey journey = {.fate = FATE_ANSWERED};
    if (world_chance(world, scenario->unreached))
        journey.fate = FATE_UNREACHED;
    else if (world_chance(world, scenario->lost_request))
        journey.fate = FATE_LOST;
    else if (world_chance(world, scenario->lost_answer))
        journey.fate = FATE_UNANSWERED;
    else if (world_chance(world, scenario->reset))
        journey.fate = FATE_RESET;
    journey.arrival_us = scenario->up_us + world_below(world, scenario->up_jitter_us);
    if (world_chance(world, scenario->straggler))
        journey.arrival_us = world_between(world, 0, timeout_us + slack_us);
    journey.first_byte_us = journey.arrival_us + scenario->down_us + world_below(world, scenario->down_jitter_us);
    /* Somebody in between may reset the connection while the request is still on its way behind him. */
    if (journey.fate == FATE_RESET && world_below(world, 2) == 0) {
        journey.first_byte_us = journey.arrival_us - world_below(world, slack_us);
        journey.first_byte_us = journey.first_byte_us < 1 ? 1 : journey.first_byte_us;
    }
    journey.end_us = journey.first_byte_us + world_below(world, scenario->down_us);
    return journey;
}
