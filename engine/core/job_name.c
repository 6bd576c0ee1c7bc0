/* Names of job classes and end states, as Redis and the command line write them (docs/redis.md). */
#include <assert.h>
#include <releve/job.h>
#include <string.h>

static const char *const classes[RELEVE_CLASSES] = {"high", "normal", "low"};
static const char *const states[RELEVE_JOB_STATES] = {"done", "partial", "failed", "not_applicable"};

const char *releve_class_name(enum releve_class class_)
{
    assert(class_ < RELEVE_CLASSES);
    return classes[class_];
}

bool releve_class_parse(const char *text, size_t length, enum releve_class *class_)
{
    for (int i = 0; i < RELEVE_CLASSES; i++) {
        if (strlen(classes[i]) == length && memcmp(classes[i], text, length) == 0) {
            *class_ = (enum releve_class)i;
            return true;
        }
    }
    return false;
}

const char *releve_job_state_name(enum releve_job_state state)
{
    assert(state < RELEVE_JOB_STATES);
    return states[state];
}
