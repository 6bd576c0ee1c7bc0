/* Day JSON, as docs/redis.md has it: one compact object a day, the same bytes for both generations but for `source`
 * and `fetched_at`; and documents. Pure. */
#ifndef RELEVE_REDIS_DAY_JSON_H
#define RELEVE_REDIS_DAY_JSON_H

#include <engine/runtime/store.h>
#include <releve/text.h>

/* Appends the JSON of one day of a batch. The entry's reading, where it has one, is of the batch's kind. */
void releve_day_json_write(struct releve_text *json, const struct releve_day_batch *batch,
                           const struct releve_day_entry *entry);

/* Appends the JSON of a document that came with the batch; one without members says that upstream has none. */
void releve_day_json_document(struct releve_text *json, const struct releve_day_batch *batch,
                              const struct releve_document *document);

#endif
