/* See job_fields.h (docs/redis.md, Results). */
#include <adapters/redis/job_fields.h>

void releve_job_fields(struct releve_words *words, const struct releve_job *job)
{
    char prm[RELEVE_PRM_TEXT];
    releve_prm_format(job->prm, prm);
    releve_words_field(words, "prm", prm);
    releve_words_field(words, "kind", releve_kind_facts(job->kind)->name);
    if (releve_kind_is_document(job->kind)) { /* it has no days; every job has as many fields (accept.lua) */
        releve_words_field(words, "start", "");
        releve_words_field(words, "end", "");
    } else {
        releve_words_day_field(words, "start", job->span.first);
        releve_words_day_field(words, "end", job->span.end);
    }
    releve_words_time_field(words, "created_at", job->created_at);
}
