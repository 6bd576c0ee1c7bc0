/* The names of keys (docs/redis.md): each of the functions adds one to a command's words. What one script touches lies
 * in one slot of a cluster, which is chosen by the part of a name that stands in braces. There are three sorts of
 * slots: that of the queue, which has all that jobs go through; one for each usage point; one for each bucket of a
 * quota. */
#ifndef RELEVE_REDIS_KEYS_H
#define RELEVE_REDIS_KEYS_H

#include <adapters/redis/words.h>
#include <releve/job.h>
#include <stdbool.h>
#include <stddef.h>

/* --- the queue's slot: {releve}:... --- */

/* "jobs:dead", "workers", "results", ... */
void releve_key_of_queue(struct releve_words *words, const char *prefix, const char *name);
/* A key that is there only while a script runs, so that this writes in any case (replicas.lua). */
#define RELEVE_KEY_MARK "mark"
/* The queue of a class, and the list by way of which its messages go to workers. */
void releve_key_jobs(struct releve_words *words, const char *prefix, enum releve_class class_);
void releve_key_moving(struct releve_words *words, const char *prefix, enum releve_class class_);
void releve_key_job(struct releve_words *words, const char *prefix, const char *id);
/* What a worker has taken and not finished. */
void releve_key_holding(struct releve_words *words, const char *prefix, const char *worker);
/* The number of what a process said last. */
void releve_key_counted(struct releve_words *words, const char *prefix, const char *process);
/* The note of the latest job that was queued for what is missing of a series. */
void releve_key_missing(struct releve_words *words, const char *prefix, releve_prm prm, enum releve_kind kind);

/* --- the slot of a usage point: releve:...:{<prm>} --- */

/* What was learned of it. */
void releve_key_point(struct releve_words *words, const char *prefix, releve_prm prm);
void releve_key_mark(struct releve_words *words, const char *prefix, releve_prm prm);
void releve_key_claims(struct releve_words *words, const char *prefix, releve_prm prm, enum releve_kind kind);
/* A day of a measure; of a document's kind, the document, whatever the day is. */
void releve_key_day(struct releve_words *words, const char *prefix, releve_prm prm, enum releve_kind kind,
                    releve_day day);

/* The part of a key by which Redis Cluster chooses its slot, for another key that has to lie there: `name` without
 * braces is one as a whole. False where no other key can be made to lie in the slot of this one. */
bool releve_hash_tag(const char *name, const char **tag, size_t *tag_bytes);

#endif
