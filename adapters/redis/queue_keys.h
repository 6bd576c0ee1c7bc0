/* What producers and workers agree on: the queues' keys, and the hash of a job that waits in one. */
#ifndef RELEVE_REDIS_QUEUE_KEYS_H
#define RELEVE_REDIS_QUEUE_KEYS_H

#include <adapters/redis/commands.h>
#include <releve/job.h>

/* The key without the prefix: "jobs:high", "jobs", "jobs:low". */
const char *releve_queue_key(enum releve_class class_);

/* Adds the fields and values of a queued job's hash. */
#define RELEVE_JOB_FIELDS 6
void releve_job_fields(struct releve_arguments *arguments, const struct releve_job *job);

#endif
