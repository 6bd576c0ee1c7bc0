/* How long a backfill takes and how many requests, in virtual time, next to what arithmetic allows. */
#ifndef RELEVE_SIMULATION_BACKFILL_H
#define RELEVE_SIMULATION_BACKFILL_H

/* Prints the figures as the programs of bench/ do, for backfills of up to so many usage points; 0 where all bounds
 * hold. */
int backfill_print(unsigned points_max);

#endif
