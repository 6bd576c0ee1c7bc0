/* Bodies of registers (docs/enedis.md, Registers): one series of the meter's total, and the registers that add up to
 * it. */
#ifndef RELEVE_SANDBOX_REGISTERS_H
#define RELEVE_SANDBOX_REGISTERS_H

#include "series.h"

/* What stands behind the range in such a body, to its end. */
void sandbox_registers_write(const struct sandbox_measure *measure, const struct sandbox_series *series,
                             struct releve_text *body);

#endif
