/* Carries out the core's actions. No decision is taken here. */
#include "state.h"

static releve_handle job_handle(const struct slot *slot)
{
    return (releve_handle)(slot - slot->runtime->jobs);
}

static void on_known(void *data, const struct releve_error *error, const struct releve_coverage *coverage,
                     const struct releve_point_facts *facts)
{
    const struct slot *slot = data;
    struct releve_event event = {
        .type = RELEVE_EVENT_KNOWN, .handle = job_handle(slot), .error = error, .coverage = coverage, .facts = facts};
    releve_runtime_post(slot->runtime, &event);
}

static void on_stored(void *data, const struct releve_error *error)
{
    const struct slot *slot = data;
    struct releve_event event = {
        .type = RELEVE_EVENT_STORED, .handle = (releve_handle)(slot - slot->runtime->chunks), .error = error};
    releve_runtime_post(slot->runtime, &event);
}

static void on_finished(void *data, const struct releve_error *error)
{
    const struct slot *slot = data;
    struct releve_event event = {.type = RELEVE_EVENT_FINISHED, .handle = job_handle(slot), .error = error};
    releve_runtime_post(slot->runtime, &event);
}

/* The answer that has just come outlives its step: its days may have to be written again, or another one adds to it. */
static void keep_answer(struct releve_runtime *runtime, struct slot *slot, const struct releve_answer *answer)
{
    if (runtime->under_way == NULL || answer != &runtime->under_way->answer)
        return; /* it is kept already, and being written again */
    releve_runtime_end_kept(runtime, slot);
    slot->kept = runtime->under_way;
    runtime->under_way = NULL;
}

/* Once, also where they have to be written again. */
static void count_days(struct releve_meter *meter, struct slot *slot, const struct releve_action *action)
{
    if (slot->counted)
        return;
    slot->counted = true;
    enum releve_kind kind = action->job->kind;
    for (size_t i = 0; i < action->entries_count; i++)
        releve_meter_count_day(meter, kind, action->entries[i].state);
}

static void store_days(struct releve_runtime *runtime, const struct releve_action *action, releve_time civil)
{
    struct slot *slot = &runtime->chunks[action->handle];
    keep_answer(runtime, slot, action->answer);
    count_days(&runtime->meter, slot, action);
    struct releve_day_batch batch = {
        .prm = action->job->prm,
        .kind = action->job->kind,
        .source = runtime->io.dialect->name,
        .quality = action->answer->quality,
        .fetched_at = civil,
        .entries = action->entries,
        .count = action->entries_count,
        .keep_days = runtime->options.keep.days[action->job->kind],
        .documents = action->answer->documents,
        .documents_count = action->answer->documents_count,
        .claim = {runtime->process, action->permit},
    };
    runtime->io.store_ops->put_days(runtime->io.store, &batch, on_stored, slot);
}

static void close_bucket(struct releve_runtime *runtime, const struct releve_action *action)
{
    runtime->writes++;
    runtime->io.store_ops->bucket_close(runtime->io.store, runtime->ledgers[action->bucket].bucket, action->wait_ms,
                                        releve_runtime_written, runtime);
}

static void learn(struct releve_runtime *runtime, const struct releve_action *action, releve_time civil)
{
    runtime->writes++;
    runtime->io.store_ops->learn(runtime->io.store, action->job->prm, action->lesson, civil, releve_runtime_written,
                                 runtime);
}

static void forget(struct releve_runtime *runtime, const struct releve_action *action)
{
    runtime->writes++;
    runtime->io.store_ops->forget_job(runtime->io.store, action->job->id, releve_runtime_written, runtime);
}

static void give_back(const struct releve_runtime_options *options, const struct releve_action *action)
{
    if (options->given_back != NULL)
        options->given_back(options->data, action->result);
}

static void notice(const struct releve_runtime_options *options, const struct releve_action *action)
{
    if (action->notice == RELEVE_NOTICE_REDIS_REFUSED) {
        if (options->refused != NULL)
            options->refused(options->data, action->error->text);
    } else if (options->notice != NULL) {
        options->notice(options->data, action);
    }
}

static void end_job(struct releve_runtime *runtime, const struct releve_action *action)
{
    static const struct releve_error none = {.code = RELEVE_OK};
    const struct releve_runtime_options *options = &runtime->options;
    if (action->error == NULL || action->error->code == RELEVE_OK)
        runtime->meter.jobs[action->result->job.kind][action->result->state]++;
    options->ended(options->data, action->result, action->error != NULL ? action->error : &none);
}

static void stop(const struct releve_runtime_options *options, const struct releve_action *action)
{
    struct releve_error error;
    if (action->code == RELEVE_E_REDIS)
        error = *action->error;
    else if (action->code == RELEVE_E_CREDENTIALS && options->token != NULL)
        releve_fail(&error, action->code,
                    "%s refuses the token: check CONSO_TOKEN, and that it is still valid (%s: %s)", options->upstream,
                    action->reason->code, action->reason->text);
    else if (action->code == RELEVE_E_CREDENTIALS)
        releve_fail(&error, action->code, "%s refuses the credentials: check CLIENT_ID and CLIENT_SECRET (%s: %s)",
                    options->upstream, action->reason->code, action->reason->text);
    else
        releve_fail(&error, action->code,
                    "no answer to work with from %s: check RELEVE_UPSTREAM, then run the same command again (%s: %s)",
                    options->upstream, action->reason->code, action->reason->text);
    options->stopped(options->data, &error);
}

void releve_runtime_perform(struct releve_runtime *runtime, const struct releve_action *action)
{
    const struct releve_io *io = &runtime->io;
    releve_time civil = io->host_ops->civil(io->host);
    switch (action->type) {
    case RELEVE_ACTION_BEGIN:
        io->store_ops->begin(io->store, action->job, civil, on_known, &runtime->jobs[action->handle]);
        break;
    case RELEVE_ACTION_ASK:
        releve_request_ask(runtime, action);
        break;
    case RELEVE_ACTION_RETURN:
        releve_request_return(runtime, action);
        break;
    case RELEVE_ACTION_CLOSE:
        close_bucket(runtime, action);
        break;
    case RELEVE_ACTION_CLAIM:
        releve_request_claim(runtime, action);
        break;
    case RELEVE_ACTION_UNCLAIM:
        releve_request_unclaim(runtime, action);
        break;
    case RELEVE_ACTION_SEND_TOKEN:
        releve_request_send_token(runtime, action);
        break;
    case RELEVE_ACTION_SEND_PREFLIGHT:
        releve_request_send_preflight(runtime, action);
        break;
    case RELEVE_ACTION_SEND:
        releve_request_send(runtime, action);
        break;
    case RELEVE_ACTION_KEEP:
        keep_answer(runtime, &runtime->chunks[action->handle], action->answer);
        break;
    case RELEVE_ACTION_STORE:
        store_days(runtime, action, civil);
        break;
    case RELEVE_ACTION_LEARN:
        learn(runtime, action, civil);
        break;
    case RELEVE_ACTION_FINISH:
        io->store_ops->finish(io->store, action->result, on_finished, &runtime->jobs[action->handle]);
        break;
    case RELEVE_ACTION_ENDED:
        end_job(runtime, action);
        break;
    case RELEVE_ACTION_FORGET:
        forget(runtime, action);
        break;
    case RELEVE_ACTION_GIVE_BACK:
        give_back(&runtime->options, action);
        break;
    case RELEVE_ACTION_NOTICE:
        notice(&runtime->options, action);
        break;
    case RELEVE_ACTION_STOP:
        stop(&runtime->options, action);
        break;
    }
}
