/* A whole run: a world from its seed, workers, jobs that come; and what must hold at its end. */
#ifndef RELEVE_SIMULATION_SIMULATION_H
#define RELEVE_SIMULATION_SIMULATION_H

#include "worker.h"

void simulation_open(struct simulation *simulation, const struct scenario *scenario);
void simulation_close(struct simulation *simulation);

/* Jobs as the scenario has them; or add your own with simulation_submit before the run. */
void simulation_draw_jobs(struct simulation *simulation);

/* Some days of the span are known, in runs, as many as the seed says for that usage point. */
void simulation_know_some_days(struct simulation *simulation, unsigned point, enum releve_kind kind,
                               struct releve_span span);

/* The job comes `at_us`. Returns its number. */
size_t simulation_submit(struct simulation *simulation, unsigned point, enum releve_kind kind, struct releve_span span,
                         enum releve_class class_, bool refresh, int64_t at_us);

/* Until nothing is left to do, a law is broken, or virtual time reaches `until_us`. */
void simulation_run(struct simulation *simulation, int64_t until_us);

/* What can only be seen when all is over. */
void simulation_check_end(struct simulation *simulation);

#endif
