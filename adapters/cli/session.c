/* Runs an engine under signals, and says what it notices. */
#include "session.h"
#include "log.h"
#include "reasons.h"
#include <engine/runtime/bucket.h>
#include <engine/runtime/clock.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void releve_session_say(struct releve_session *session, const char *format, ...)
{
    va_list arguments;
    if (session->options.quiet)
        return;
    va_start(arguments, format);
    if (session->options.progress != NULL)
        releve_progress_clear(session->options.progress);
    fputs("releve: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

/* From the end of one session to the beginning of the next a signal has to wait: nobody would hear it, and its default
 * is to kill. */
static void hold_signals(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++)
        sigaddset(&set, releve_interrupts[i]);
    (void)sigprocmask(how, &set, NULL);
}

void releve_session_hear(const struct releve_command *command)
{
    releve_interrupt_at_once(command);
    hold_signals(SIG_UNBLOCK);
}

static void close_handle(void *handle)
{
    uv_close(handle, NULL);
}

void releve_session_end(struct releve_session *session)
{
    if (session->closing)
        return;
    session->closing = true;
    hold_signals(SIG_BLOCK);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++)
        close_handle(&session->signals[i]);
    close_handle(&session->tick);
    close_handle(&session->deadline);
    close_handle(&session->outage);
    releve_pulse_close(&session->pulse);
    if (session->options.closing != NULL)
        session->options.closing(session);
    if (session->engine != NULL)
        releve_engine_close(session->engine, NULL, NULL);
}

static void on_deadline(uv_timer_t *timer)
{
    releve_session_end(timer->data);
}

/* From now on nothing new is begun, and the end comes by itself or by the clock. */
static void begin_drain(struct releve_session *session, const struct releve_error *error)
{
    if (error != NULL && session->error.code == RELEVE_OK)
        session->error = *error;
    session->draining = true;
    uv_timer_start(&session->deadline, on_deadline, RELEVE_DRAIN_MS, 0);
    if (session->options.drain != NULL)
        session->options.drain(session);
}

static void drain(struct releve_session *session, const struct releve_error *error)
{
    if (session->draining || session->closing)
        return;
    begin_drain(session, error);
    if (session->runtime != NULL)
        releve_engine_drain(session->engine);
    else
        releve_session_end(session); /* nothing is under way yet */
}

void releve_session_drain(struct releve_session *session)
{
    drain(session, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct releve_session *session = handle->data;
    if (session->draining) {
        releve_session_end(session);
        return;
    }
    struct releve_error error;
    releve_fail(&error, RELEVE_E_INTERRUPTED, "interrupted by %s" RELEVE_KEPT, releve_interrupt_name(number));
    releve_session_say(session, "ending what is in flight (at most %d s; once more: at once)",
                       (int)(RELEVE_DRAIN_MS / RELEVE_SECOND_MS));
    drain(session, &error);
}

static void on_tick(uv_timer_t *timer)
{
    struct releve_session *session = timer->data;
    session->options.tick(session);
}

/* --- what the runtime says ---------------------------------------------------------------------------------- */

/* Days that Redis refused: a command that somebody waits for goes on with the others, and ends as the work of Redis. */
static void note_refused_days(struct releve_session *session, const struct releve_result *result)
{
    for (size_t i = 0; i < result->failures_count && !session->options.patient; i++)
        if (session->error.code == RELEVE_OK && strcmp(result->failures[i].reason.code, "redis") == 0)
            releve_fail(&session->error, RELEVE_E_REDIS, "Redis refused days: %s; then run the same command again",
                        result->failures[i].reason.text);
}

/* What is refused for more than this kind is said once for all kinds of it, and to a command that somebody waits for
 * also how to ask all the same. */
static void say_wide(struct releve_session *session, const struct releve_job *job, const struct releve_reason *reason,
                     const char *line)
{
    /* That Redis remembers it by now, for a job that began later, is no news. */
    struct releve_reason news = *reason;
    char refusal[RELEVE_REASONS_TEXT], said[RELEVE_LOG_LINE_BYTES];
    news.since = 0;
    releve_reasons_format(&news, job->kind, refusal);
    (void)snprintf(said, sizeof said, RELEVE_PRM_FORMAT " %s", job->prm, refusal);
    if (!releve_refusals_note(&session->told, said, (releve_time)uv_now(&session->loop)))
        return;
    if (session->options.worker != NULL)
        releve_session_say(session, "%s", line);
    else if (reason->since != 0)
        releve_session_say(session, "%s" RELEVE_REASONS_REMEDY, line, job->prm);
    else
        releve_session_say(session, "%s; not asked again for %d h, unless with --refresh", line,
                           (int)(RELEVE_REFUSAL_HOLDS_MS / RELEVE_HOUR_MS));
}

/* A command answers to whoever named the usage points; what a worker writes is a log. */
static bool names_points_whole(const struct releve_session *session)
{
    return session->options.worker == NULL || session->options.config->log >= RELEVE_LOG_DEBUG;
}

static void log_failures(struct releve_session *session, const struct releve_result *result)
{
    for (size_t i = 0; i < result->failures_count; i++) {
        char line[RELEVE_LOG_LINE_BYTES];
        const struct releve_reason *reason = &result->failures[i].reason;
        releve_log_failure(result, i, names_points_whole(session), line);
        if (releve_reasons_is_wide(reason))
            say_wide(session, &result->job, reason, line);
        else
            releve_session_say(session, "%s", line);
    }
}

static void on_ended(void *data, const struct releve_result *result, const struct releve_error *error)
{
    struct releve_session *session = data;
    log_failures(session, result);
    note_refused_days(session, result);
    if (error->code != RELEVE_OK) {
        releve_session_say(session, "the result of a job could not be written: %s", error->text);
        if (!session->options.patient)
            session->error = *error;
    }
    session->options.ended(session, result, error);
}

static void on_idle(void *data)
{
    struct releve_session *session = data;
    if (session->draining || session->options.idle == NULL)
        releve_session_end(session);
    else
        session->options.idle(session);
}

static void on_stopped(void *data, const struct releve_error *error)
{
    struct releve_session *session = data;
    if (session->runtime == NULL) { /* it could not begin */
        session->error = *error;
        if (error->code == RELEVE_E_CONFIG && releve_store_is_up(session->store)) /* the days are another upstream's */
            releve_config_add_place(session->options.config, &session->error);
        releve_session_end(session);
    } else if (!session->draining) {
        begin_drain(session, error); /* the engine drains by itself */
    }
}

static void on_outage(uv_timer_t *timer)
{
    struct releve_session *session = timer->data;
    if (session->error.code == RELEVE_OK)
        releve_fail(&session->error, RELEVE_E_REDIS,
                    "Redis has been gone for %d minutes: start it again, then run the same command again",
                    (int)(RELEVE_REDIS_GONE_MS / RELEVE_MINUTE_MS));
    releve_session_end(session);
}

void releve_session_say_refused(struct releve_session *session, const char *why)
{
    if (releve_refusals_note(&session->refusals, why, (releve_time)uv_now(&session->loop)))
        releve_session_say(session, "Redis refused: %s", why);
}

static void on_notice(void *data, const struct releve_engine_notice *notice)
{
    struct releve_session *session = data;
    if (session->options.notice != NULL && session->options.notice(session, notice))
        return;
    switch (notice->type) {
    case RELEVE_NOTICE_REDIS_REFUSED:
        releve_session_say_refused(session, notice->said);
        return;
    case RELEVE_NOTICE_REDIS_GONE:
        if (!session->options.patient)
            uv_timer_start(&session->outage, on_outage, RELEVE_REDIS_GONE_MS, 0);
        break;
    case RELEVE_NOTICE_REDIS_BACK:
        uv_timer_stop(&session->outage);
        break;
    case RELEVE_NOTICE_IN_CLEAR: /* by the names of the settings */
        releve_session_say(session,
                           "CLIENT_SECRET goes in clear to RELEVE_UPSTREAM %s, and who is on the way can read it: use "
                           "https://",
                           session->options.config->upstream);
        return;
    case RELEVE_NOTICE_REDIS_AWAITED:
    case RELEVE_NOTICE_NOT_DURABLE:
    case RELEVE_NOTICE_ADOPTED:
        break;
    default:
        if ((int)notice->level > (int)session->options.config->log)
            return;
    }
    releve_session_say(session, "%s", notice->text);
}

/* Two quotas under one ledger: said, as one of the two is wrong. */
static void on_stricter(void *data, const struct releve_error *error, const char *text)
{
    struct releve_session *session = data;
    const struct releve_quota *quota = &session->options.config->quota;
    char own[RELEVE_QUOTA_TEXT];
    if (session->closing || error->code != RELEVE_OK || strcmp(text, session->stricter) == 0)
        return;
    (void)snprintf(session->stricter, sizeof session->stricter, "%s", text);
    if (*text == '\0')
        return; /* they ask no more */
    releve_quota_format(quota, own);
    releve_session_say(session,
                       "RELEVE_QUOTA is %s here, and others who share this Redis, prefix and CLIENT_ID keep to %s: "
                       "of each window the lower limit holds while they ask; give all of them the same",
                       own, text);
}

void releve_session_compare_quotas(struct releve_session *session)
{
    const struct releve_config *config = session->options.config;
    char bucket[RELEVE_BUCKET_BYTES];
    if (config->quota.windows_count == 0)
        return; /* asked for by word: it keeps to nobody's */
    releve_bucket_name(releve_config_dialect(config)->families[RELEVE_DAILY_CONSUMPTION], config->client_id, bucket);
    releve_store_bucket_stricter(session->store, bucket, &config->quota, on_stricter, session);
}

static void begin_pulse(struct releve_session *session)
{
    if (session->options.command == NULL || session->closing)
        return;
    releve_pulse_begin(&session->pulse, &(struct releve_pulse_options){
                                            .command = session->options.command,
                                            .worker = session->options.worker,
                                            .civil = session->began_at,
                                            .store = session->store,
                                            .engine = session->engine,
                                            .count = session->options.count,
                                            .data = session,
                                        });
}

static void on_connected(void *data)
{
    begin_pulse(data);
}

static void on_ready(void *data)
{
    struct releve_session *session = data;
    session->runtime = releve_engine_runtime(session->engine);
    releve_session_compare_quotas(session);
    if (session->options.tick_ms > 0)
        uv_timer_start(&session->tick, on_tick, session->options.tick_ms, session->options.tick_ms);
    if (session->options.ready != NULL)
        session->options.ready(session);
    if (session->options.command != NULL && !session->closing)
        releve_pulse_hurry(&session->pulse);
}

/* --- the loop -------------------------------------------------------------------------------------------------- */

static void open_handles(struct releve_session *session)
{
    uv_loop_init(&session->loop);
    for (size_t i = 0; i < RELEVE_INTERRUPTS; i++) {
        uv_signal_init(&session->loop, &session->signals[i]);
        session->signals[i].data = session;
        if (releve_interrupt_is_heeded(releve_interrupts[i]))
            uv_signal_start(&session->signals[i], on_signal, releve_interrupts[i]);
    }
    hold_signals(SIG_UNBLOCK);
    uv_timer_init(&session->loop, &session->tick);
    uv_timer_init(&session->loop, &session->deadline);
    uv_timer_init(&session->loop, &session->outage);
    releve_pulse_init(&session->pulse, &session->loop);
    session->tick.data = session->deadline.data = session->outage.data = session;
}

static void open_engine(struct releve_session *session)
{
    const struct releve_config *config = session->options.config;
    const struct releve_engine_options options = {
        .upstream = config->upstream,
        .api = config->api,
        .client_id = config->client_id,
        .client_secret = config->client_secret,
        .token = config->token[0] != '\0' ? config->token : NULL,
        .prefix = config->prefix,
        .adopt = session->options.adopt,
        .keep = &config->keep,
        .quota = &config->quota,
        .concurrency = session->options.concurrency,
        .patient = session->options.patient,
        .today = config->today,
        .data = session,
        .ready = on_ready,
        .ended = on_ended,
        .given_back = session->options.given_back,
        .idle = on_idle,
        .stopped = on_stopped,
        .notice = on_notice,
    };
    const struct releve_engine_more more = {
        .redis = &config->redis,
        .worker = session->options.worker,
        .keeps_nothing = session->options.keeps_nothing,
        .names_points_whole = names_points_whole(session),
        .drains = session->options.drains,
        .next = session->options.next,
        .authorized = session->options.authorized,
        .connected = on_connected,
    };
    if (releve_engine_open_with(&session->engine, &session->loop, &options, &more, &session->error) == RELEVE_OK)
        session->store = releve_engine_store(session->engine);
    else
        releve_session_end(session);
}

enum releve_code releve_session_run(struct releve_session *session, const struct releve_session_options *options)
{
    memset(session, 0, sizeof *session);
    session->options = *options;
    session->began_at = releve_clock_civil(options->config->today);
    open_handles(session);
    open_engine(session);
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    session->engine = NULL;
    session->store = NULL;
    session->runtime = NULL;
    int status = uv_loop_close(&session->loop);
    if (status != 0)
        releve_session_say(session, "libuv: %s", uv_strerror(status));
    if (options->progress != NULL)
        releve_progress_end(options->progress);
    return session->error.code;
}
