/* Job messages, which anybody may push: what is read as jobs is written, and read again as the same jobs; what is no
 * job gets one line, and can be buried. */
#include "adapters/redis/job_json.h"
#include "fuzz.h"
#include <cjson/cJSON.h>

#define NOW ((releve_time)1795078800000) /* 2026-11-19T09:00:00Z */

static bool is_word(const char *text, size_t bytes_max)
{
    MUST(memchr(text, '\0', bytes_max));
    for (const char *at = text; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return *text != '\0';
}

static void check_job(const struct releve_job *job, releve_day today)
{
    MUST(job->kind < RELEVE_KINDS && job->class_ < RELEVE_CLASSES && job->prm < 100000000000000u);
    MUST(is_word(job->id, sizeof job->id));
    MUST(job->reply_to[0] == '\0' || is_word(job->reply_to, sizeof job->reply_to));
    struct releve_span history = releve_kind_history(job->kind, today);
    int days = releve_span_days(job->span);
    MUST(days >= 0 && days <= RELEVE_JOB_DAYS_MAX);
    MUST(days == 0 || (job->span.first >= history.first && job->span.end <= history.end));
}

/* A worker keeps a job in these words, and whoever takes it over reads them. */
static void check_words(const struct releve_job *job, releve_day today)
{
    struct releve_job again[RELEVE_KINDS];
    char stray[RELEVE_STRAY_BYTES];
    struct releve_error error;
    size_t count = 0;
    char *words = releve_job_json_write(job);
    /* Whatever queue it lies in and whenever it is read. */
    MUST(releve_job_json_read(words, strlen(words), today, NOW + 1,
                              (enum releve_class)((job->class_ + 1) % RELEVE_CLASSES), again, &count, stray,
                              &error) == RELEVE_OK);
    MUST(count == 1 && stray[0] == '\0');
    char *words_again = releve_job_json_write(&again[0]);
    MUST(strcmp(words, words_again) == 0);
    MUST(again[0].prm == job->prm && again[0].kind == job->kind && again[0].class_ == job->class_);
    MUST(again[0].span.first == job->span.first && again[0].span.end == job->span.end);
    MUST(again[0].refresh == job->refresh && strcmp(again[0].reply_to, job->reply_to) == 0);
    MUST(strcmp(again[0].id, job->id) == 0);
    free(words_again);
    free(words);
}

static void check_burial(const char *text, size_t size, const char *why)
{
    const struct releve_burial burial = {text, size, size, why, RELEVE_NORMAL, 0};
    char *buried = releve_job_json_bury(&burial), reply_to[RELEVE_REPLY_TO_BYTES];
    char *answer = releve_job_json_answer(&burial, reply_to);
    MUST(!answer || (memchr(reply_to, '\0', sizeof reply_to) && fuzz_is_line(answer)));
    free(answer);
    cJSON *json = cJSON_Parse(buried);
    MUST(cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "raw")));
    MUST(strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "error")), why) == 0);
    for (const char *at = buried; *at != '\0'; at++)
        MUST(*at >= ' ' && *at <= '~');
    cJSON_Delete(json);
    free(buried);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct releve_job jobs[RELEVE_KINDS];
    char stray[RELEVE_STRAY_BYTES];
    struct releve_error error = {.code = RELEVE_OK};
    size_t count = 0;
    releve_day today = releve_paris_day(NOW);
    char *text = fuzz_string(data, size);
    if (releve_job_json_read(text, size, today, NOW, RELEVE_NORMAL, jobs, &count, stray, &error) == RELEVE_OK) {
        MUST(count >= 1 && count <= RELEVE_KINDS);
        for (size_t i = 0; i < count; i++) {
            MUST(i == 0 || jobs[i].kind > jobs[i - 1].kind);
            check_job(&jobs[i], today);
            check_words(&jobs[i], today);
        }
    } else {
        MUST(error.code == RELEVE_E_USAGE && fuzz_is_line(error.text));
        check_burial(text, size, error.text);
    }
    free(text);
    return 0;
}
