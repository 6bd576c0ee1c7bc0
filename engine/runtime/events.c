/* The queue of events: everything that callbacks bring, in the order in which it came. Law 6: an event answers an
 * operation that the core has under way, or is news of a bucket, of which the next run gets rid; so the queue holds
 * what one turn of the loop brings. */
#include "state.h"
#include <releve/memory.h>

static void wake(struct releve_runtime *runtime)
{
    if (!runtime->running) /* else the run that is under way comes by here */
        runtime->io.host_ops->set_alarm(runtime->io.host, 0);
}

void releve_runtime_wake(struct releve_runtime *runtime)
{
    if (runtime->phase != RUNTIME_CLOSED)
        wake(runtime);
}

static void copy_event(struct posted *posted, const struct releve_event *event)
{
    posted->event = *event;
    if (event->answer != NULL) {
        posted->answer = *event->answer;
        posted->event.answer = &posted->answer;
    }
    if (event->error != NULL) {
        posted->error = *event->error;
        posted->event.error = &posted->error;
    }
    if (event->coverage != NULL) {
        posted->coverage = *event->coverage;
        posted->event.coverage = &posted->coverage;
    }
    if (event->facts != NULL) {
        posted->facts = *event->facts;
        posted->event.facts = &posted->facts;
    }
}

void releve_runtime_post(struct releve_runtime *runtime, const struct releve_event *event)
{
    struct posted *posted = STAILQ_FIRST(&runtime->spare);
    if (posted != NULL)
        STAILQ_REMOVE_HEAD(&runtime->spare, link);
    else
        posted = releve_alloc(1, sizeof *posted);
    copy_event(posted, event);
    if (runtime->phase == RUNTIME_CLOSED) {
        releve_runtime_end_event(runtime, posted);
        return;
    }
    STAILQ_INSERT_TAIL(&runtime->events, posted, link);
    wake(runtime);
}

struct posted *releve_runtime_next_event(struct releve_runtime *runtime)
{
    struct posted *posted = STAILQ_FIRST(&runtime->events);
    if (posted != NULL)
        STAILQ_REMOVE_HEAD(&runtime->events, link);
    return posted;
}

void releve_runtime_end_event(struct releve_runtime *runtime, struct posted *posted)
{
    if (posted->event.answer != NULL)
        runtime->io.dialect->answer_free(&posted->answer);
    STAILQ_INSERT_HEAD(&runtime->spare, posted, link);
}

void releve_runtime_end_kept(struct releve_runtime *runtime, struct slot *slot)
{
    if (slot->kept != NULL)
        releve_runtime_end_event(runtime, slot->kept);
    slot->kept = NULL;
}

void releve_runtime_drop_events(struct releve_runtime *runtime)
{
    struct posted *posted;
    for (size_t i = 0; i < RELEVE_CORE_CHUNKS_MAX; i++)
        releve_runtime_end_kept(runtime, &runtime->chunks[i]);
    while ((posted = releve_runtime_next_event(runtime)) != NULL)
        releve_runtime_end_event(runtime, posted);
    while ((posted = STAILQ_FIRST(&runtime->spare)) != NULL) {
        STAILQ_REMOVE_HEAD(&runtime->spare, link);
        free(posted);
    }
}

/* Learned facts and closed doors are worth repeating at the next occasion, not worth stopping for. */
void releve_runtime_written(void *data, const struct releve_error *error)
{
    struct releve_runtime *runtime = data;
    runtime->writes--;
    if (runtime->phase == RUNTIME_CLOSED)
        return;
    if (error->code != RELEVE_OK && runtime->options.refused != NULL)
        runtime->options.refused(runtime->options.data, error->text);
    if (runtime->writes == 0)
        wake(runtime); /* who waits for the end waits for this too */
}
