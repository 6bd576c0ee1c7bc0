/* The hash of a job, as producers, workers and the end of a job write it. */
#ifndef RELEVE_REDIS_JOB_FIELDS_H
#define RELEVE_REDIS_JOB_FIELDS_H

#include <adapters/redis/words.h>
#include <releve/job.h>

/* The fields and values of a job's hash that do not change; its state is the caller's. */
#define RELEVE_JOB_FIELDS 5
void releve_job_fields(struct releve_words *words, const struct releve_job *job);

#endif
