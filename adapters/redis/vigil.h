/* Looks every few seconds whether the witnesses (witness.h) are still in Redis, for a process that asks for nothing:
 * one that waits for its next permit, or for jobs. So a loss is noticed before a process that starts then, and has no
 * witness, is granted much. A look is one ZSCORE for each bucket; it is no question for a permit. Law 1. */
#ifndef RELEVE_REDIS_VIGIL_H
#define RELEVE_REDIS_VIGIL_H

#include <uv.h>

#define RELEVE_VIGIL_MS 5000 /* as often as a process says what it does (RELEVE_PULSE_MS) */

struct releve_store;

struct releve_vigil {
    uv_timer_t timer; /* runs from the first witness on */
};

void releve_vigil_init(struct releve_store *store, uv_loop_t *loop);

/* There is a witness. */
void releve_vigil_begin(struct releve_store *store);

/* `closed` is called with the timer's handle, whose data is the store. */
void releve_vigil_close(struct releve_store *store, uv_close_cb closed);

#endif
