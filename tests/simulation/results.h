/* What a job's result has to fulfil, given what is true and what is stored: laws 2, 3 and 4. */
#ifndef RELEVE_SIMULATION_RESULTS_H
#define RELEVE_SIMULATION_RESULTS_H

#include "store_model.h"

/* At the moment at which the result is written. */
void results_check(struct store *store, const struct job_record *job, const struct releve_result *result);

#endif
