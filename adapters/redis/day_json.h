/* Day JSON, as DESIGN 4 has it: one compact object a day, the same bytes for both generations but for `source`
 * and `fetched_at`. Pure. */
#ifndef RELEVE_REDIS_DAY_JSON_H
#define RELEVE_REDIS_DAY_JSON_H

#include <adapters/redis/store.h>

/* The JSON of one day of a batch. The caller frees it; NULL where memory is short. The entry's reading, where
 * it has one, is of the batch's kind. */
char *releve_day_json_write(const struct releve_day_batch *batch, const struct releve_day_entry *entry);

#endif
