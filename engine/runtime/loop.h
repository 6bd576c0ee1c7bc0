/* The machine as the runtime sees it, on a libuv loop: the boot clock, the wall clock, one timer, the kernel's chance.
 */
#ifndef RELEVE_RUNTIME_LOOP_H
#define RELEVE_RUNTIME_LOOP_H

#include "io.h"
#include <uv.h>

extern const struct releve_host_ops releve_loop_ops;

/* `today`: the day to pretend, or RELEVE_DAY_NONE. Adds one timer to the loop, which counts as active while the alarm
 * is set. */
struct releve_host *releve_loop_open(uv_loop_t *loop, releve_day today);

/* The alarm rings no more. `closed` (may be NULL) is called when the memory is gone and nothing of it is on the loop.
 */
void releve_loop_close(struct releve_host *host, void (*closed)(void *data), void *data);

#endif
