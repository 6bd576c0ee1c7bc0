/* The laws, checked at the seams between the runtime and its store and network: what a worker claims, sends, stores and
 * returns, against what is true and what it knows. A chunk is known by the `data` of its callbacks. */
#ifndef RELEVE_SIMULATION_LAWS_H
#define RELEVE_SIMULATION_LAWS_H

#include "worker.h"

struct watch *laws_watch_new(const struct simulation *simulation);
void laws_watch_free(struct watch *watch);

/* The store said what is known: of a job that begins, of days that were put. */
void laws_note_known(struct worker *worker, const struct releve_job *job, const struct releve_coverage *coverage);
void laws_note_put(struct worker *worker, unsigned point, enum releve_kind kind, const struct releve_day_entry *entries,
                   size_t count);

/* A failover took that day: it may be asked for again. */
void laws_note_lost(struct worker *worker, unsigned point, enum releve_kind kind, releve_day day);

void laws_check_claim(struct worker *worker, const void *chunk, const struct releve_job *job, struct releve_span span,
                      uint64_t permit);
/* `at_us`: when the store granted it, where it did. */
void laws_note_claimed(struct worker *worker, const void *chunk, bool granted, int64_t at_us);
void laws_note_unclaim(struct worker *worker, uint64_t permit);
void laws_check_send(struct worker *worker, const void *chunk, const struct upstream_request *request);
/* Of any request, the token's too: when it must be over. */
void laws_check_deadline(struct worker *worker, const void *chunk, const struct upstream_request *request,
                         releve_time deadline);
void laws_note_answer(struct worker *worker, const void *chunk, const struct releve_answer *answer);
void laws_check_put(struct worker *worker, const void *chunk, const struct releve_day_batch *batch);
void laws_check_lesson(struct worker *worker, unsigned point, const struct releve_lesson *lesson);
void laws_note_stored(struct worker *worker, const void *chunk, bool stored);
void laws_note_grant(struct worker *worker);
void laws_note_unreached(struct worker *worker);
void laws_check_return(struct worker *worker);
/* The runtime says that nothing is under way. */
void laws_check_idle(struct worker *worker);
void laws_check_close(struct worker *worker, releve_time wait_ms);

#endif
