/* Keys and fields of queued jobs (DESIGN 4). */
#include <adapters/redis/queue_keys.h>

const char *releve_queue_key(enum releve_class class_)
{
    static const char *const keys[RELEVE_CLASSES] = {
        [RELEVE_HIGH] = "jobs:high", [RELEVE_NORMAL] = "jobs", [RELEVE_LOW] = "jobs:low"};
    return keys[class_];
}

void releve_job_fields(struct releve_arguments *arguments, const struct releve_job *job)
{
    char prm[RELEVE_PRM_TEXT], start[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT], created_at[RELEVE_TIME_TEXT];
    releve_prm_format(job->prm, prm);
    releve_day_format(job->span.first, start);
    releve_day_format(job->span.end, end);
    releve_utc_format(job->created_at, created_at);
    const struct {
        const char *name, *value;
    } fields[RELEVE_JOB_FIELDS] = {{"state", "queued"}, {"prm", prm}, {"kind", releve_kind_facts(job->kind)->name},
                                   {"start", start},    {"end", end}, {"created_at", created_at}};
    for (size_t i = 0; i < RELEVE_JOB_FIELDS; i++) {
        releve_arguments_text(arguments, fields[i].name);
        releve_arguments_format(arguments, "%s", fields[i].value);
    }
}
