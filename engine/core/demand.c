/* Demand: what a job asks for next, and which bucket its permit is of. Pure. */
#include "calls.h"

unsigned releve_demand_bucket_of(const struct releve_core *core, enum releve_kind kind, enum releve_request request)
{
    switch (request) {
    case RELEVE_REQUEST_SUPPLEMENT:
        return core->options.supplement_bucket_of[kind];
    case RELEVE_REQUEST_ACTIVATION:
        return core->options.activation_bucket;
    default:
        return core->options.bucket_of[kind];
    }
}

/* Deep history of which nobody knows where it begins: another API may tell, for a request that costs nothing of what
 * measures may spend. */
static bool wants_activation(const struct releve_core *core, const struct job *job)
{
    const struct series *series = job->series;
    return core->options.tells_activation && job->deep && core->activation_refused_until <= core->now &&
           !series->point->inquired && releve_floor_is_bottomless(&series->direction->activation);
}

enum releve_request releve_demand_request(const struct releve_core *core, const struct job *job)
{
    if (wants_activation(core, job))
        return RELEVE_REQUEST_ACTIVATION;
    const struct chunk *chunk = TAILQ_FIRST(&job->series->open); /* of a document there is one at most */
    bool supplement = chunk != NULL && chunk->request == RELEVE_REQUEST_SUPPLEMENT;
    return supplement ? RELEVE_REQUEST_SUPPLEMENT : RELEVE_REQUEST_MAIN;
}

unsigned releve_demand_bucket(const struct releve_core *core, const struct job *job)
{
    return releve_demand_bucket_of(core, job->series->kind, releve_demand_request(core, job));
}
