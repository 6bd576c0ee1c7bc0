/* What the quota lets through, in virtual time, next to what could be (issue: quotas). */
#ifndef RELEVE_SIMULATION_THROUGHPUT_H
#define RELEVE_SIMULATION_THROUGHPUT_H

/* Prints the figures next to their bounds; 0 where all are reached. */
int throughput_print(void);

#endif
