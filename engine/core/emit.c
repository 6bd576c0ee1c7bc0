/* What leaves the core: actions, notices, what was learned; and how long a wait is that grows. */
#include "calls.h"
#include <assert.h>
#include <releve/memory.h>

struct releve_action *releve_emit(struct releve_core *core, enum releve_action_type type)
{
    struct releve_actions *out = core->out;
    if (out->count == out->capacity) {
        out->capacity = out->capacity == 0 ? 64 : out->capacity * 2;
        out->items = releve_realloc(out->items, out->capacity * sizeof *out->items);
    }
    struct releve_action *action = &out->items[out->count++];
    *action = (struct releve_action){.type = type};
    return action;
}

void releve_actions_free(struct releve_actions *actions)
{
    free(actions->items);
    *actions = (struct releve_actions){0};
}

struct releve_action *releve_emit_notice(struct releve_core *core, enum releve_notice notice, const struct job *job,
                                         const struct releve_reason *reason, releve_time wait_ms)
{
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_NOTICE);
    action->notice = notice;
    action->job = job == NULL ? NULL : &job->submitted;
    action->reason = reason;
    action->wait_ms = wait_ms;
    return action;
}

struct releve_lesson *releve_emit_lesson(struct releve_core *core, enum releve_lesson_type type, const struct job *job,
                                         struct releve_span span)
{
    assert(core->lessons_count < sizeof core->lessons / sizeof core->lessons[0]);
    struct releve_lesson *lesson = &core->lessons[core->lessons_count++];
    *lesson = (struct releve_lesson){.type = type, .kind = job->series->kind, .span = span};
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_LEARN);
    action->job = &job->submitted;
    action->lesson = lesson;
    return lesson;
}

releve_handle releve_emit_job_handle(const struct releve_core *core, const struct job *job)
{
    return (releve_handle)(job - core->jobs);
}

releve_handle releve_emit_chunk_handle(const struct releve_core *core, const struct chunk *chunk)
{
    return (releve_handle)(chunk - core->chunks);
}

releve_time releve_emit_doubled(releve_time min_ms, unsigned n)
{
    releve_time wait = min_ms;
    for (unsigned i = 0; i < n && wait < RELEVE_BACKOFF_MAX_MS; i++)
        wait *= 2;
    return wait < RELEVE_BACKOFF_MAX_MS ? wait : RELEVE_BACKOFF_MAX_MS;
}

/* splitmix64 (Steele, Lea, Flood 2014): small, and good enough to spread retries. */
static uint64_t next_random(struct releve_core *core)
{
    uint64_t z = core->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

releve_time releve_emit_backoff(struct releve_core *core, releve_time min_ms, unsigned n)
{
    return (releve_time)(next_random(core) % (uint64_t)(releve_emit_doubled(min_ms, n) + 1));
}

releve_time releve_earlier(releve_time a, releve_time b)
{
    return a < b ? a : b;
}

releve_time releve_later(releve_time a, releve_time b)
{
    return a > b ? a : b;
}

bool releve_failed(const struct releve_error *error)
{
    return error != NULL && error->code != RELEVE_OK;
}

void releve_emit_refusal(struct releve_core *core, const struct job *job, const struct releve_error *error)
{
    if (core->write_again_at != RELEVE_TIME_NEVER)
        return;
    core->write_again_at = core->now + RELEVE_WRITE_AGAIN_MS;
    releve_emit_notice(core, RELEVE_NOTICE_REDIS_REFUSED, job, NULL, RELEVE_WRITE_AGAIN_MS)->error = error;
}

void releve_emit_close(struct releve_core *core, unsigned bucket, releve_time wait_ms)
{
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_CLOSE);
    action->bucket = bucket;
    action->wait_ms = wait_ms;
}

void releve_emit_return(struct releve_core *core, unsigned bucket, struct permit permit)
{
    struct releve_action *action = releve_emit(core, RELEVE_ACTION_RETURN);
    action->bucket = bucket;
    action->permit = permit.number;
}
