/* Carries out the core's actions. No decision is taken here. */
#include "state.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* What a store reply is about. */
struct reference {
    struct reference *next; /* among those whose result Redis refused */
    struct releve_runtime *runtime;
    releve_handle handle;
    struct releve_result *result; /* of a FINISH; owned */
    releve_prm prm;               /* of a STORE: the days are claimed until they are there */
    enum releve_kind kind;
    char claim[RELEVE_PERMIT_ID_BYTES];
};

static struct reference *refer(struct releve_runtime *runtime, releve_handle handle)
{
    struct reference *reference = calloc(1, sizeof *reference);
    if (reference == NULL)
        abort(); /* as for exchanges */
    reference->runtime = runtime;
    reference->handle = handle;
    return reference;
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    struct reference *reference = data;
    struct releve_event event = {
        .type = RELEVE_EVENT_KNOWN, .handle = reference->handle, .error = error, .coverage = coverage, .facts = facts};
    if (!reference->runtime->closing)
        releve_runtime_step(reference->runtime, &event);
    free(reference);
}

static void on_stored(void *data, const struct releve_error *error)
{
    struct reference *reference = data;
    struct releve_event event = {.type = RELEVE_EVENT_STORED, .handle = reference->handle, .error = error};
    releve_runtime_unclaim(reference->runtime, reference->prm, reference->kind, reference->claim);
    if (!reference->runtime->closing)
        releve_runtime_step(reference->runtime, &event);
    free(reference);
}

static void on_finished(void *data, const struct releve_error *error);

static void on_again(uv_timer_t *timer)
{
    struct releve_runtime *runtime = timer->data;
    struct reference *reference = runtime->refused;
    runtime->refused = NULL;
    while (reference != NULL) {
        struct reference *next = reference->next;
        reference->next = NULL;
        releve_store_finish(runtime->store, reference->result, on_finished, reference);
        reference = next;
    }
}

static void free_reference(struct reference *reference)
{
    free(reference->result);
    free(reference);
}

void releve_runtime_drop_refused(struct releve_runtime *runtime)
{
    while (runtime->refused != NULL) {
        struct reference *next = runtime->refused->next;
        free_reference(runtime->refused);
        runtime->refused = next;
    }
}

static void on_finished(void *data, const struct releve_error *error)
{
    struct reference *reference = data;
    struct releve_runtime *runtime = reference->runtime;
    if (runtime->closing) {
        free_reference(reference);
        return;
    }
    if (error->code != RELEVE_OK && runtime->options.worker[0] != '\0') {
        /* Somebody waits for it, and the job is still in the worker's list: the result is written again until it
         * stands. Meanwhile no other job takes its place. */
        if (runtime->refused == NULL && runtime->options.refused != NULL)
            runtime->options.refused(runtime->options.data, error->text);
        reference->next = runtime->refused;
        runtime->refused = reference;
        uv_timer_start(&runtime->again, on_again, RESULT_AGAIN_MS, 0);
        return;
    }
    runtime->options.ended(runtime->options.data, reference->result, error);
    struct releve_event event = {.type = RELEVE_EVENT_FINISHED, .handle = reference->handle};
    releve_runtime_step(runtime, &event);
    free_reference(reference);
}

/* Learned facts and closed doors are worth repeating at the next occasion, not worth stopping for. */
static void on_noted(void *data, const struct releve_error *error)
{
    releve_runtime_noted(data, error);
}

static void store_days(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct releve_day_batch batch = {
        .prm = action->job->prm,
        .kind = action->job->kind,
        .source = runtime->dialect->name,
        .quality = action->answer->quality,
        .fetched_at = releve_clock_civil(runtime->options.today),
        .entries = action->entries,
        .count = action->entries_count,
    };
    struct reference *reference = refer(runtime, action->handle);
    reference->prm = action->job->prm;
    reference->kind = action->job->kind;
    releve_runtime_hand_over_claim(runtime, reference->claim);
    releve_store_put_days(runtime->store, &batch, on_stored, reference);
}

static void finish(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct reference *reference = refer(runtime, action->handle);
    reference->result = malloc(sizeof *reference->result);
    if (reference->result == NULL)
        abort(); /* as for exchanges */
    *reference->result = *action->result;
    releve_store_finish(runtime->store, reference->result, on_finished, reference);
}

/* A job that came from a queue goes back there with the worker's list; of any other nothing must be left. */
static void give_back(struct releve_runtime *runtime, const struct releve_result *so_far)
{
    if (runtime->options.worker[0] == '\0') {
        runtime->notes++;
        releve_store_forget_job(runtime->store, so_far->job.id, on_noted, runtime);
    }
    if (runtime->options.given_back != NULL)
        runtime->options.given_back(runtime->options.data, so_far);
}

static void stop(struct releve_runtime *runtime, const struct releve_action *action)
{
    struct releve_error error;
    if (action->code == RELEVE_E_CREDENTIALS)
        releve_fail(&error, action->code, "%s refuses the credentials: check CLIENT_ID and CLIENT_SECRET (%s: %s)",
                    runtime->options.upstream, action->reason->code, action->reason->text);
    else
        releve_fail(&error, action->code,
                    "no answer to work with from %s: check RELEVE_UPSTREAM, then run the same command again (%s: %s)",
                    runtime->options.upstream, action->reason->code, action->reason->text);
    runtime->options.stopped(runtime->options.data, &error);
}

void releve_runtime_perform(struct releve_runtime *runtime, const struct releve_action *action)
{
    const struct releve_runtime_options *options = &runtime->options;
    releve_time civil = releve_clock_civil(options->today);
    switch (action->type) {
    case RELEVE_ACTION_BEGIN:
        releve_store_begin(runtime->store, action->job, civil, on_known, refer(runtime, action->handle));
        break;
    case RELEVE_ACTION_ASK:
        releve_runtime_ask(runtime, action->bucket, action->urgent);
        break;
    case RELEVE_ACTION_RETURN:
        releve_runtime_return(runtime, action->bucket);
        break;
    case RELEVE_ACTION_CLOSE:
        runtime->notes++;
        releve_store_bucket_close(runtime->store, runtime->buckets[action->bucket].name, action->wait_ms, on_noted,
                                  runtime);
        break;
    case RELEVE_ACTION_SEND_TOKEN:
        releve_runtime_send_token(runtime, action->bucket);
        break;
    case RELEVE_ACTION_SEND:
        releve_runtime_send(runtime, action);
        break;
    case RELEVE_ACTION_STORE:
        store_days(runtime, action);
        break;
    case RELEVE_ACTION_LEARN:
        runtime->notes++;
        releve_store_learn(runtime->store, action->job->prm, action->facts, civil, on_noted, runtime);
        break;
    case RELEVE_ACTION_FINISH:
        finish(runtime, action);
        break;
    case RELEVE_ACTION_GIVE_BACK:
        give_back(runtime, action->result);
        break;
    case RELEVE_ACTION_NOTICE:
        if (options->notice != NULL)
            options->notice(options->data, action);
        break;
    case RELEVE_ACTION_STOP:
        stop(runtime, action);
        break;
    }
}
