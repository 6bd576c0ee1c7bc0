/* Daily duty: jobs that come every day, at the same minutes after midnight in Paris, for the newest days of each
 * series; now and then one that reaches deeper. So a world lasts for months, through midnights and both clock changes.
 */
#ifndef RELEVE_SIMULATION_DUTY_H
#define RELEVE_SIMULATION_DUTY_H

#include "simulation.h"

/* As scenario.duty has it, from now on until it ends. */
void duty_begin(struct simulation *simulation);

#endif
