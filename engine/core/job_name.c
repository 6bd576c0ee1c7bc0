/* Names of job classes and end states, as Redis and the command line write them (docs/redis.md). */
#include <assert.h>
#include <releve/job.h>
#include <releve/text.h>

static const char *const classes[RELEVE_CLASSES] = {"high", "normal", "low"};
static const char *const states[RELEVE_JOB_STATES] = {"done", "partial", "failed", "not_applicable"};

const char *releve_class_name(enum releve_class class_)
{
    assert(class_ < RELEVE_CLASSES);
    return classes[class_];
}

bool releve_class_parse(const char *text, size_t length, enum releve_class *class_)
{
    int found = releve_name_find(classes, RELEVE_CLASSES, text, length);
    if (found >= 0)
        *class_ = (enum releve_class)found;
    return found >= 0;
}

const char *releve_job_state_name(enum releve_job_state state)
{
    assert(state < RELEVE_JOB_STATES);
    return states[state];
}
