/* Result JSON, as docs/redis.md has it: how a job ended. Pure. */
#ifndef RELEVE_REDIS_RESULT_JSON_H
#define RELEVE_REDIS_RESULT_JSON_H

#include <releve/job.h>

#define RELEVE_RESULT_ERROR_BYTES (RELEVE_REASON_CODE_BYTES + RELEVE_REASON_TEXT_BYTES + 2)

/* One compact object: {"id","state","prm","kind","start","end","days","complete","partial","holes","pending",
 * "failed","cut","requests","error","created_at","finished_at","failures":[{"start","end","code","message"}]};
 * `error` is null or "CODE: text". The caller frees it. */
char *releve_result_json(const struct releve_result *result);

/* "CODE: text", or "" where the job has no error of its own. */
void releve_result_error(const struct releve_result *result, char out[RELEVE_RESULT_ERROR_BYTES]);

#endif
