/* What producers and workers agree on: the queues' keys, and the hash of a job that waits in one. */
#ifndef RELEVE_REDIS_QUEUE_KEYS_H
#define RELEVE_REDIS_QUEUE_KEYS_H

#include <adapters/redis/words.h>
#include <releve/job.h>

/* The key without the prefix: "jobs:high", "jobs", "jobs:low". */
const char *releve_queue_key(enum releve_class class_);

/* The fields and values of a job's hash that do not change; its state is the caller's. */
#define RELEVE_JOB_FIELDS 5
void releve_job_fields(struct releve_words *words, const struct releve_job *job);

#endif
