/* Law 5: a usage point that always fails delays no other. The bound, and its check. */
#ifndef RELEVE_SIMULATION_ISOLATION_H
#define RELEVE_SIMULATION_ISOLATION_H

#include "worker.h"

/* For worlds of the `isolation` flavour: one worker, no quota, all jobs at once, nothing fails but the sick. */
void isolation_check(struct simulation *simulation);

#endif
