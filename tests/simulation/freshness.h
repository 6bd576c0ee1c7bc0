/* Days that come late, in pieces or never: what becomes of them under daily duty, and what that costs. */
#ifndef RELEVE_SIMULATION_FRESHNESS_H
#define RELEVE_SIMULATION_FRESHNESS_H

/* Prints the figures next to their bounds; 0 where all hold. */
int freshness_print(void);

#endif
