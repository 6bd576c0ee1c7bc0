/* Jobs of an engine: submitted, waiting, handed to the runtime, ended. The runtime has room for RELEVE_CORE_JOBS_MAX at
 * once; the others wait here, by class, and there is a limit to that too (law 6). */
#include "inside.h"
#include <assert.h>
#include <engine/runtime/clock.h>
#include <releve/memory.h>
#include <stdlib.h>
#include <string.h>

#define HIGH_ROOM_JOBS 256 /* of RELEVE_CORE_JOBS_MAX, that only those of class high get */
#define PRM_MAX UINT64_C(99999999999999)

/* --- submitting ------------------------------------------------------------------------------------------ */

static bool is_id(const char id[RELEVE_JOB_ID_BYTES])
{
    size_t length = strnlen(id, RELEVE_JOB_ID_BYTES);
    for (size_t i = 0; i < length; i++)
        if (id[i] <= ' ' || id[i] > '~')
            return false;
    return length < RELEVE_JOB_ID_BYTES;
}

/* The days that upstream serves, and that are kept, of those that are asked for. */
static enum releve_code cut_span(const struct releve_engine *engine, struct releve_job *job, struct releve_error *error)
{
    char first[RELEVE_DAY_TEXT], end[RELEVE_DAY_TEXT];
    releve_day today = releve_paris_day(releve_clock_civil(engine->options.today));
    struct releve_span history = releve_keep_history(&engine->keep, job->kind, today);
    if (releve_kind_is_document(job->kind)) {
        job->span = history;
        return RELEVE_OK;
    }
    job->span.first = job->span.first != 0 ? job->span.first : history.first;
    job->span.end = job->span.end != 0 ? job->span.end : history.end;
    job->span = releve_span_cut(job->span, history);
    if (releve_span_days(job->span) > 0)
        return RELEVE_OK;
    releve_day_format(history.first, first);
    releve_day_format(history.end, end);
    return releve_fail(error, RELEVE_E_USAGE,
                       "span: no day of it is one that upstream serves and that is kept: %s to %s (excluded)", first,
                       end);
}

enum releve_code releve_engine_check_job(const struct releve_job *job, struct releve_error *error)
{
    if (job->prm > PRM_MAX)
        return releve_fail(error, RELEVE_E_USAGE, "prm: has more than %d digits", RELEVE_PRM_DIGITS);
    if ((unsigned)job->kind >= RELEVE_KINDS || (unsigned)job->class_ >= RELEVE_CLASSES)
        return releve_fail(error, RELEVE_E_USAGE, "kind or class_: there is none of that number");
    if (!is_id(job->id))
        return releve_fail(error, RELEVE_E_USAGE, "id: at most %d printable characters, no blank",
                           RELEVE_JOB_ID_BYTES - 1);
    if (strnlen(job->reply_to, RELEVE_REPLY_TO_BYTES) == RELEVE_REPLY_TO_BYTES)
        return releve_fail(error, RELEVE_E_USAGE, "reply_to: at most %d bytes", RELEVE_REPLY_TO_BYTES - 1);
    return RELEVE_OK;
}

enum releve_code releve_engine_submit(struct releve_engine *engine, const struct releve_job *job,
                                      struct releve_job *accepted, struct releve_error *error)
{
    struct releve_job whole = *job;
    assert(engine->phase != ENGINE_CLOSING);
    if (engine->draining)
        return releve_fail(error, RELEVE_E_INTERRUPTED, "the engine begins nothing any more");
    if (releve_engine_check_job(job, error) != RELEVE_OK || cut_span(engine, &whole, error) != RELEVE_OK)
        return error->code;
    if (engine->waiting_count == RELEVE_ENGINE_WAITING_MAX)
        return releve_fail(error, RELEVE_E_SYSTEM, "%d jobs wait already: submit it again when others ended",
                           RELEVE_ENGINE_WAITING_MAX);
    if (whole.id[0] == '\0')
        releve_job_id_new(whole.id);
    if (whole.created_at == 0)
        whole.created_at = releve_clock_civil(engine->options.today);
    struct waiting *waiting = releve_alloc(1, sizeof *waiting);
    waiting->job = whole;
    STAILQ_INSERT_TAIL(&engine->waiting[whole.class_], waiting, link);
    engine->waiting_count++;
    if (engine->phase == ENGINE_OPEN)
        releve_runtime_wake(engine->runtime);
    if (accepted != NULL)
        *accepted = whole;
    return RELEVE_OK;
}

/* --- to the runtime and back ------------------------------------------------------------------------------------ */

/* Of those that wait the next one; NULL where none may go. A job of class high finds room also where the others have
 * taken all of theirs. */
static struct waiting *next_waiting(struct releve_engine *engine)
{
    for (int class_ = RELEVE_HIGH; class_ < RELEVE_CLASSES; class_++)
        if (!STAILQ_EMPTY(&engine->waiting[class_]) &&
            (class_ == RELEVE_HIGH || engine->under_way < RELEVE_CORE_JOBS_MAX - HIGH_ROOM_JOBS))
            return STAILQ_FIRST(&engine->waiting[class_]);
    return NULL;
}

static void remove_waiting(struct releve_engine *engine, struct waiting *waiting)
{
    STAILQ_REMOVE_HEAD(&engine->waiting[waiting->job.class_], link);
    engine->waiting_count--;
    free(waiting);
}

bool releve_engine_next_job(void *data, struct releve_job *job)
{
    struct releve_engine *engine = data;
    if (engine->draining)
        return false;
    struct waiting *waiting = next_waiting(engine);
    bool there = waiting != NULL;
    if (there) {
        *job = waiting->job;
        remove_waiting(engine, waiting);
    } else {
        there = engine->more.next != NULL && engine->more.next(engine->options.data, job);
    }
    engine->under_way += there;
    return there;
}

void releve_engine_end_job(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct releve_engine *engine = data;
    engine->under_way--;
    engine->options.ended(engine->options.data, result, error);
}

static void give_back(struct releve_engine *engine, const struct releve_result *so_far)
{
    if (engine->options.given_back != NULL)
        engine->options.given_back(engine->options.data, so_far);
}

void releve_engine_give_back_job(void *data, const struct releve_result *so_far)
{
    struct releve_engine *engine = data;
    engine->under_way--;
    give_back(engine, so_far);
}

/* Jobs that were never begun: they come back as well, once it drains. */
void releve_engine_give_back_waiting(struct releve_engine *engine)
{
    for (int class_ = RELEVE_HIGH; class_ < RELEVE_CLASSES; class_++)
        while (engine->phase != ENGINE_CLOSING && !STAILQ_EMPTY(&engine->waiting[class_])) {
            struct waiting *waiting = STAILQ_FIRST(&engine->waiting[class_]);
            struct releve_result so_far = {.job = waiting->job};
            remove_waiting(engine, waiting);
            give_back(engine, &so_far);
        }
}

void releve_engine_drop_waiting(struct releve_engine *engine)
{
    for (int class_ = RELEVE_HIGH; class_ < RELEVE_CLASSES; class_++)
        while (!STAILQ_EMPTY(&engine->waiting[class_]))
            remove_waiting(engine, STAILQ_FIRST(&engine->waiting[class_]));
}
