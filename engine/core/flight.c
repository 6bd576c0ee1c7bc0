/* Flight: a chunk that holds a permit, from its claim to its answer, is counted for its series, its direction, its
 * usage point and the core: by these counts the scheduler keeps its limits. Law 5. */
#include "calls.h"
#include <assert.h>

void releve_flight_begin(struct releve_core *core, struct chunk *chunk)
{
    struct series *series = chunk->series;
    chunk->of_sick = series->point->failures > 0;
    chunk->in_flight_since = core->now;
    core->sick_in_flight += chunk->of_sick;
    core->in_flight++;
    series->in_flight++;
    series->direction->in_flight++;
    series->point->in_flight++;
    series->point->inquiring = series->point->inquiring || chunk->request == RELEVE_REQUEST_ACTIVATION;
    core->inquiries_in_flight += chunk->request == RELEVE_REQUEST_ACTIVATION;
}

void releve_flight_end(struct releve_core *core, struct chunk *chunk)
{
    struct series *series = chunk->series;
    assert(series->in_flight > 0 && core->in_flight > 0);
    core->sick_in_flight -= chunk->of_sick;
    if (chunk->of_sick || series->point->failures > 0)
        core->sick_again_at = core->now + RELEVE_SICK_WAIT_MAX * (core->now - chunk->in_flight_since);
    core->in_flight--;
    series->in_flight--;
    series->direction->in_flight--;
    series->point->in_flight--;
    series->point->inquiring = series->point->inquiring && chunk->request != RELEVE_REQUEST_ACTIVATION;
    core->inquiries_in_flight -= chunk->request == RELEVE_REQUEST_ACTIVATION;
}
