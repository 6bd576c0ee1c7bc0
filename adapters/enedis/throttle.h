/* When a throttled caller may come back, as upstream says it in its several ways. */
#ifndef ENEDIS_THROTTLE_H
#define ENEDIS_THROTTLE_H

#include "fault.h"
#include <stdint.h>

/* In ms from `now`; negative where upstream says nonsense (the core judges that), RELEVE_RETRY_UNKNOWN where it
 * says nothing. `retry_after` is the header's value or "". */
int64_t enedis_throttle_wait_ms(const struct enedis_fault *fault, const char *retry_after, releve_time now);

#endif
